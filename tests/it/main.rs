//! One binary for all integration tests.

mod answers;
mod benches;
mod caps;
mod changes;
mod coverage;
mod documented;
mod engine;
mod fairness;
mod flows;
mod house;
mod lab;
mod laws;
mod levels;
mod plans;
mod planted;
mod program;
mod readme;
mod recovery;
mod report;
mod scenario;
mod scenario_bad;
mod startup;
mod theory;
mod told;
mod turnover;
mod validate;
