//! highwater: a discrete-event simulator of traffic through cloud endpoints, proxies and circuits.
//!
//! ```text
//! ROOF    cli         flags, terminal, exit codes
//! 4       experiment  replications, sweeps      report    Results -> summary, files, charts, page
//! 3       scenario    text -> Spec -> Plan
//! 2       sim         a running World           measure   facts -> Results
//! 1       plan        the lowered network
//! GROUND  kernel, units, random
//! ```
//!
//! A room knows those below it and nothing above; `ARCHITECTURE.md` says what each must never know.

pub mod cli;
pub mod experiment;
pub mod kernel;
pub mod measure;
pub mod plan;
pub mod random;
pub mod report;
pub mod scenario;
pub mod sim;
pub mod units;
