//! One binary for all integration tests.

mod scenario;
mod theory;
