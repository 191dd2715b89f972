//! One binary for all integration tests.

mod laws;
mod scenario;
mod theory;
