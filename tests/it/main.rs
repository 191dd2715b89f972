//! One binary for all integration tests.

mod laws;
mod report;
mod scenario;
mod theory;
