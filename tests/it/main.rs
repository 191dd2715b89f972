//! One binary for all integration tests.

mod house;
mod laws;
mod report;
mod scenario;
mod theory;
