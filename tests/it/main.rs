//! One binary for all integration tests.

mod house;
mod laws;
mod report;
mod scenario;
mod scenario_bad;
mod theory;
