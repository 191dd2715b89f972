//! Integration tests, one module per room.

mod scenario;
