//! Integration tests, one module per room.

mod scenario;
mod scenario_bad;
