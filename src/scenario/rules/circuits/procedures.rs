//! The decision table of the document: by which procedure each service is reached from premises.

use super::super::super::kinds::backend::Reach;
use super::super::super::kinds::{Specs, Thing};
use super::chain::service_block;

/// How a service of the cloud is reached from premises (C-01, C-43 of the inventory): a row of the
/// table that `check` prints.
///
/// ```
/// use highwater::scenario::{Source, load_text};
/// # let text = r#"
/// # version = 1
/// # [backend.oss]
/// # bandwidth = "1 Gbps"
/// # service = "1 ms"
/// # reach = "100.64"
/// # [workload.w]
/// # path = ["backend.oss"]
/// # arrivals = { poisson = { rate = "1/s" } }
/// # request = "1 kB"
/// # response = "1 kB"
/// # "#;
/// let source = Source { path: "demo.toml".into(), text: text.into() };
/// let loaded = load_text(source, std::path::Path::new("."), &[]).unwrap();
/// assert_eq!(loaded.procedures[0].service, "backend.oss");
/// assert!(loaded.procedures[0].procedure.starts_with("route 100.64.0.0/10"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Procedure {
    /// `backend.oss`
    pub service: String,
    /// Where its addresses are: `vpc`, `100.64` or `public`.
    pub class: &'static str,
    /// What is to be done.
    pub procedure: &'static str,
}

/// A row for each service that states its class, by name.
pub(in super::super::super) fn procedures(specs: &Specs) -> Vec<Procedure> {
    let row = |backend: &Thing<super::super::super::kinds::backend::Backend>| {
        let door = &backend.spec.door;
        let (class, procedure) = match door.reach.as_ref()?.value {
            Reach::Vpc if clashes(door.vpc.as_ref().map(|v| v.name.as_str()), specs) => {
                ("vpc", "PrivateLink: its VPC clashes with premises")
            }
            Reach::Vpc => ("vpc", "direct, once circuit and VPC are routed"),
            Reach::Service if premises_clash(specs) => {
                ("100.64", "PrivateLink: premises use 100.64.0.0/10 themselves")
            }
            Reach::Service if door.security_group.is_some() => {
                ("100.64", "PrivateLink: access to it is to be controlled")
            }
            Reach::Service => ("100.64", "route 100.64.0.0/10 on the transit router"),
            Reach::Public => ("public", "its public endpoint, over the Internet"),
        };
        Some(Procedure { service: backend.full(), class, procedure })
    };
    specs.backend.values().filter_map(row).collect()
}

/// Whether a site is in the cloud's own block.
fn premises_clash(specs: &Specs) -> bool {
    specs.site.values().any(|s| s.spec.cidr.is_some_and(|b| b.overlaps(service_block())))
}

/// Whether a site has addresses of a VPC.
fn clashes(vpc: Option<&str>, specs: &Specs) -> bool {
    let block = vpc.and_then(|name| specs.vpc.get(name)?.spec.cidr);
    let Some(block) = block else { return false };
    specs.site.values().any(|s| s.spec.cidr.is_some_and(|own| own.overlaps(block)))
}
