//! Where the solutions are to be had: regions of Internet access, zones of VPC connections.
//!
//! | fact | source |
//! |---|---|
//! | 14 regions of Internet access | M-23 (000) |
//! | 15 regions of VPC connections, with their 42 zones | M-24 (000) |
//! | Shanghai Finance Cloud: VPC only, one zone | M-25 (000) |
//! | ids of regions | "Regions and zones" of the vendor (A) |
//! | which supported region is the nearest | great circle between the cities (D) |

use super::super::super::context::{Context, Ref};
use super::super::super::diagnostic::{Diagnostic, nearest};
use super::super::super::kinds::maxcompute::MaxCompute;
use super::super::super::kinds::maxcompute::connection::Solution;
use super::super::super::kinds::{Specs, Thing};
use super::super::super::read::CloudId;
use super::super::super::reader::Given;
use super::said;

/// A region where MaxCompute can be connected.
struct Listed {
    id: &'static str,
    title: &'static str,
    /// Whether Internet access is to be had.
    internet: bool,
    /// Letters of the zones of VPC connections.
    zones: &'static str,
}

const fn listed(id: &'static str, title: &'static str, zones: &'static str) -> Listed {
    Listed { id, title, internet: true, zones }
}

/// Sorted by the document.
const LISTED: &[Listed] = &[
    listed("cn-hangzhou", "China (Hangzhou)", "HIJK"),
    listed("cn-beijing", "China (Beijing)", "FGHIL"),
    listed("cn-shanghai", "China (Shanghai)", "BEGMN"),
    listed("cn-zhangjiakou", "China (Zhangjiakou)", "ABC"),
    listed("cn-wulanchabu", "China (Ulanqab)", "BC"),
    listed("cn-shenzhen", "China (Shenzhen)", "CDEF"),
    listed("cn-hongkong", "China (Hong Kong)", "BC"),
    Listed { id: FINANCE, title: "China (Shanghai) Finance Cloud", internet: false, zones: "F" },
    listed("ap-northeast-1", "Japan (Tokyo)", "AB"),
    listed("ap-southeast-1", "Singapore", "ABC"),
    listed("ap-southeast-3", "Malaysia (Kuala Lumpur)", "AB"),
    listed("ap-southeast-5", "Indonesia (Jakarta)", "AB"),
    listed("eu-central-1", "Germany (Frankfurt)", "ABC"),
    listed("us-west-1", "US (Silicon Valley)", "AB"),
    listed("us-east-1", "US (Virginia)", "AB"),
];

const FINANCE: &str = "cn-shanghai-finance-1";

/// Regions that are on no list, each with the nearest one of Internet access.
const OTHERS: &[(&str, &str)] = &[
    ("ap-northeast-2", "cn-shanghai"),
    ("ap-southeast-6", "cn-hongkong"),
    ("ap-southeast-7", "ap-southeast-3"),
    ("cn-chengdu", "cn-shenzhen"),
    ("cn-fuzhou", "cn-hangzhou"),
    ("cn-guangzhou", "cn-shenzhen"),
    ("cn-heyuan", "cn-shenzhen"),
    ("cn-huhehaote", "cn-wulanchabu"),
    ("cn-nanjing", "cn-hangzhou"),
    ("cn-qingdao", "cn-shanghai"),
    (FINANCE, "cn-shanghai"),
    ("eu-west-1", "eu-central-1"),
    ("me-central-1", "eu-central-1"),
    ("me-east-1", "eu-central-1"),
];

fn of(id: &str) -> Option<&'static Listed> {
    LISTED.iter().find(|l| l.id == id)
}

pub(super) fn check(proxy: &Thing<MaxCompute>, specs: &Specs, cx: &Context) {
    let own = &proxy.spec.connection;
    let vswitch = own.vswitch.as_ref().and_then(|v| specs.vswitch.get(&v.name));
    let zone = vswitch.and_then(|v| specs.zone.get(&v.spec.zone.name));
    if let (Some(region), Some(zone)) = (&own.region, zone)
        && zone.spec.region.name != region.name
    {
        let message = format!("the vSwitch of `{}` is not in its region", proxy.full());
        cx.complain(
            Diagnostic::error("zone", region.place, message)
                .also(zone.spec.region.place, "the region of the vSwitch's zone")
                .help("the VPC of a connection is in the region of the project"),
        );
        return;
    }
    let region = own.region.as_ref().or_else(|| Some(&zone?.spec.region));
    let Some((named, id)) = region.and_then(|r| Some((r, id_of(r, specs)?))) else { return };
    if own.is(Solution::Internet) {
        internet(proxy, named, id, cx);
    } else if own.is(Solution::Vpc) {
        let zone = zone.and_then(|z| z.spec.id.as_ref());
        vpc(proxy, named, id, zone, cx);
    }
}

fn id_of<'s>(region: &Ref, specs: &'s Specs) -> Option<&'s Given<CloudId>> {
    specs.region.get(&region.name)?.spec.id.as_ref()
}

/// M-23, M-25: Internet access is to be had in some regions.
fn internet(proxy: &Thing<MaxCompute>, named: &Ref, id: &Given<CloudId>, cx: &Context) {
    if of(&id.value.0).is_some_and(|l| l.internet) {
        return;
    }
    let row = if id.value.0 == FINANCE { "M-25" } else { "M-23" };
    let there = LISTED.iter().filter(|l| l.internet);
    let near = OTHERS.iter().find(|(other, _)| *other == id.value.0);
    let help = match near.and_then(|(_, near)| of(near)) {
        Some(near) => format!("the nearest region with it is {}, `{}`", near.title, near.id),
        // An id that nobody knows may be misspelt.
        None => match nearest(&id.value.0, there.clone().map(|l| l.id)) {
            Some(guess) => format!("did you mean `{guess}`?"),
            None => {
                let all: Vec<_> = there.map(|l| l.id).collect();
                format!("regions with it are {}", all.join(", "))
            }
        },
    };
    let message = format!("there is no Internet access in `{}`", id.value.0);
    cx.complain(
        Diagnostic::error(row, named.place, message)
            .also(id.place, "its id")
            .also(proxy.place, "which goes out by it")
            .reason(match row {
                "M-25" => said!("Shanghai Finance Cloud is on the list of VPC connections only"),
                _ => said!("Internet access is available in 14 regions"),
            })
            .help(help),
    );
}

/// M-24, M-25: VPC connections are to be had in some zones.
fn vpc(
    proxy: &Thing<MaxCompute>,
    named: &Ref,
    id: &Given<CloudId>,
    zone: Option<&Given<CloudId>>,
    cx: &Context,
) {
    const WHY: &str = said!("VPC connections are available in the regions and zones of a list");
    let Some(region) = of(&id.value.0) else {
        let ids = LISTED.iter().map(|l| l.id);
        let help = match nearest(&id.value.0, ids.clone()) {
            Some(guess) if !OTHERS.iter().any(|(o, _)| *o == id.value.0) => {
                format!("did you mean `{guess}`?")
            }
            _ => format!("regions with them are {}", ids.collect::<Vec<_>>().join(", ")),
        };
        let message = format!("there are no VPC connections in `{}`", id.value.0);
        cx.complain(
            Diagnostic::error("M-24", id.place, message)
                .also(proxy.place, "which has one")
                .reason(WHY)
                .help(help),
        );
        return;
    };
    let letter = |id: &CloudId| id.0.chars().last().unwrap_or_default().to_ascii_uppercase();
    if let Some(zone) = zone.filter(|z| !region.zones.contains(letter(&z.value))) {
        let zones: Vec<String> = region.zones.chars().map(String::from).collect();
        let message = format!("there are no VPC connections in zone `{}`", zone.value.0);
        cx.complain(
            Diagnostic::error("M-24", zone.place, message)
                .also(proxy.place, "which has its network card there")
                .reason(WHY)
                .help(format!("zones of {} are {}", region.title, zones.join(", "))),
        );
    } else if region.zones.len() == 1 {
        let message = format!("`{}` has one zone, which it is lost with", proxy.full());
        cx.complain(
            Diagnostic::warning("M-25", named.place, message)
                .also(id.place, region.title)
                .reason(said!("Shanghai Finance Cloud has one zone on the list; inferred"))
                .help(
                    "choose a region with several zones, such as China (Shanghai), `cn-shanghai`",
                ),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::{LISTED, OTHERS, of};

    #[test]
    fn the_lists_are_those_of_the_document() {
        // M-23: 14 regions; M-24: 15 entries, 42 zones; M-25: one of them without Internet access.
        assert_eq!(LISTED.iter().filter(|l| l.internet).count(), 14);
        assert_eq!(LISTED.len(), 15);
        assert_eq!(LISTED.iter().map(|l| l.zones.len()).sum::<usize>(), 42);
        let ids: std::collections::BTreeSet<_> = LISTED.iter().map(|l| l.id).collect();
        assert_eq!(ids.len(), LISTED.len());
        for (id, near) in OTHERS {
            assert!(of(near).is_some_and(|l| l.internet), "{near}");
            assert!(of(id).is_none_or(|l| !l.internet), "{id}");
        }
    }
}
