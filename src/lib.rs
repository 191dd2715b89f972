//! highwater: a discrete-event simulator of traffic through cloud endpoints, proxies and circuits.
pub mod measure;
pub mod plan;
pub mod random;
pub mod report;
pub mod units;
