//! Rules of PrivateLink, EAS, MaxCompute and circuits that need several things at once: who may connect, through which names, to
//! which resources, from which regions and addresses. Rules of one thing alone stand with its kind.
//!
//! Each complaint has the id of its inventory row as code, the document as its reason, and the fix
//! as its help; `coverage` lists all rows. One file per subject.

mod access;
mod addresses;
mod backends;
mod circuits;
mod eas;
mod egress;
mod forms;
mod names;
mod regions;
mod resources;
mod routes;
mod versions;

pub use circuits::Procedure;
pub(super) use circuits::procedures;
pub(crate) use regions::default_bandwidth;

use super::context::{Context, Ref};
use super::kinds::endpoint::Endpoint;
use super::kinds::site::Site;
use super::kinds::{Kind, Specs, Thing};
use super::traffic::{Background, Workload};

/// A workload whose connections go through an endpoint.
struct Visit<'a> {
    workload: &'a Thing<Workload>,
    endpoint: &'a Thing<Endpoint>,
    /// The step that names the endpoint.
    step: &'a Ref,
    /// Where the path begins on premises.
    site: Option<&'a Thing<Site>>,
}

/// Applies every rule.
pub(crate) fn check(workloads: &[Thing<Workload>], specs: &Specs, cx: &Context) {
    let visits = visits(workloads, specs);
    access::check(specs, cx);
    addresses::check(&visits, specs, cx);
    backends::check(specs, cx);
    circuits::check(workloads, specs, cx);
    eas::check(workloads, specs, cx);
    egress::check(workloads, specs, cx);
    forms::check(&visits, specs, cx);
    names::check(&visits, specs, cx);
    regions::check(specs, cx);
    resources::check(specs, cx);
    routes::check(workloads, specs, cx);
    versions::check(specs, cx);
}

/// Applies the rules of traffic without requests.
pub(crate) fn check_backgrounds(backgrounds: &[Thing<Background>], specs: &Specs, cx: &Context) {
    circuits::check_backgrounds(backgrounds, specs, cx);
}

pub(crate) use circuits::check_meetings;

/// Whether two VPCs are one, or connected: it holds both ways.
fn connected(one: &str, other: &str, specs: &Specs) -> bool {
    let leads = |from: &str, to: &str| {
        let vpc = specs.vpc.get(from);
        vpc.is_some_and(|v| v.spec.connected_to.iter().any(|c| c.name == to))
    };
    one == other || leads(one, other) || leads(other, one)
}

fn visits<'a>(workloads: &'a [Thing<Workload>], specs: &'a Specs) -> Vec<Visit<'a>> {
    let mut found = Vec::new();
    for workload in workloads {
        let steps = workload.spec.way.steps(specs);
        let site = steps.first().filter(|s| s.what.kind == Site::NAME && !s.against);
        let site = site.and_then(|s| specs.site.get(&s.what.name));
        for step in steps.iter().filter(|s| s.what.kind == Endpoint::NAME) {
            if let Some(endpoint) = specs.endpoint.get(&step.what.name) {
                found.push(Visit { workload, endpoint, step: &step.what, site });
            }
        }
    }
    found
}

/// The rest of an entry of a security group for one port.
fn to_port(port: Option<u16>) -> String {
    port.map_or(String::new(), |port| format!(", ports = \"{port}\""))
}
