//! highwater: a discrete-event simulator of traffic through cloud endpoints, proxies and circuits.
pub mod kernel;
pub mod measure;
pub mod plan;
pub mod random;
pub mod units;
