//! How MaxCompute is connected: which solution, from which region and vSwitch, to which targets.
//!
//! | fact | source |
//! |---|---|
//! | three solutions lead out (Internet, VPC, Alibaba services), three in (PrivateLink, peering, CEN) | M-03 (000) |
//! | Internet targets are added in Project Management; validated by themselves, or by a ticket | M-12, M-13 |
//! | a VPC connection has an ENI in one vSwitch, ruled by one security group | M-15 |
//! | how many ENIs a VPC connection has | no figure: one |
//! | DataWorks' resource group must reach the source, its sandbox must list it | M-39, M-40 |
//! | an entry for a domain holds for the names below it | not said: inferred (D) |
//! | an instance's engine decides which solutions serve it | M-04 to M-06 |

use super::super::backend::Backend;
use super::super::load_balancer::LoadBalancer;
use super::super::station::Serving;
use super::super::{Kind, Specs, Thing};
use super::MaxCompute;
use crate::plan::{Capacity, Duplex, Hop, Link, Scope};
use crate::scenario::context::{Ref, Step};
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::host::Host;
use crate::scenario::lowering::{Fragment, Lowering};
use crate::scenario::read::{Above0, Read};
use crate::scenario::reader::{Given, Reader};
use crate::scenario::tree::Value;
use crate::units::Rate;

/// The six ways between MaxCompute and the rest of the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Solution {
    Internet,
    Vpc,
    AlibabaService,
    PrivateLink,
    Peering,
    Cen,
}

/// By word, sorted.
pub(crate) const SOLUTIONS: &[(&str, Solution)] = &[
    ("alibaba_service", Solution::AlibabaService),
    ("cen", Solution::Cen),
    ("internet", Solution::Internet),
    ("peering", Solution::Peering),
    ("privatelink", Solution::PrivateLink),
    ("vpc", Solution::Vpc),
];

impl Solution {
    /// Whether others reach MaxCompute by it.
    pub(crate) const fn leads_in(self) -> bool {
        matches!(self, Self::PrivateLink | Self::Peering | Self::Cen)
    }

    /// As a scenario has it.
    pub(crate) fn word(self) -> &'static str {
        SOLUTIONS.iter().find(|(_, s)| *s == self).map_or("", |(word, _)| *word)
    }
}

/// What runs a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Engine {
    Sql,
    Udf,
    Spark,
    MapReduce,
    PyOdps,
    ForeignTable,
    Lakehouse,
}

/// By word, sorted; `pyodps` stands for PyODPS and Mars.
pub(crate) const ENGINES: &[(&str, Engine)] = &[
    ("foreign_table", Engine::ForeignTable),
    ("lakehouse", Engine::Lakehouse),
    ("mapreduce", Engine::MapReduce),
    ("pyodps", Engine::PyOdps),
    ("spark", Engine::Spark),
    ("sql", Engine::Sql),
    ("udf", Engine::Udf),
];

/// How it is connected, as written.
#[derive(Clone, Debug)]
pub(crate) struct Connection {
    pub(crate) solution: Option<Given<Solution>>,
    pub(crate) region: Option<Ref>,
    pub(crate) vswitch: Option<Ref>,
    pub(crate) security_group: Option<Ref>,
    /// Internet targets entered in Project Management; the place of the table without the key.
    pub(crate) allow: Given<Vec<Allowed>>,
    pub(crate) dataworks: Option<DataWorks>,
}

/// An Internet target in Project Management.
#[derive(Clone, Debug)]
pub(crate) struct Allowed {
    pub(crate) target: Given<Host>,
    pub(crate) validated: Given<Validation>,
}

/// What came of the validation of an Internet target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Validation {
    /// Passed when it was entered.
    Automatic,
    /// It failed, a ticket was submitted when the run began.
    Ticket,
    /// It failed, and nobody has submitted a ticket.
    No,
}

const VALIDATIONS: &[(&str, Validation)] =
    &[("automatic", Validation::Automatic), ("no", Validation::No), ("ticket", Validation::Ticket)];

/// The tool that starts the jobs, with a network of its own.
#[derive(Clone, Debug)]
pub(crate) struct DataWorks {
    /// What its resource group can connect to.
    pub(crate) reaches: Given<Vec<Ref>>,
    /// Its sandbox's whitelist.
    pub(crate) sandbox: Given<Vec<Given<Host>>>,
}

/// What a job reads or writes.
const SOURCES: &[&str] = &["backend", "endpoint", "load_balancer"];

impl Connection {
    pub(super) fn read(r: &Reader<'_>) -> Self {
        Self {
            solution: r.given_word("solution", SOLUTIONS),
            region: r.reference("region", &["region"]),
            vswitch: r.reference("vswitch", &["vswitch"]),
            security_group: r.reference("security_group", &["security_group"]),
            allow: allow(r),
            dataworks: r.table("dataworks").map(dataworks),
        }
    }

    /// Whether others come in by it.
    pub(crate) fn leads_in(&self) -> bool {
        self.solution.as_ref().is_some_and(|s| s.value.leads_in())
    }

    /// Whether it is this one.
    pub(crate) fn is(&self, solution: Solution) -> bool {
        self.solution.as_ref().is_some_and(|s| s.value == solution)
    }

    /// Whether a target on the list waits for a ticket.
    pub(super) fn has_tickets(&self) -> bool {
        self.allow.value.iter().any(|a| a.validated.value == Validation::Ticket)
    }

    /// What is said of an Internet target on the list; none for one that is not there.
    pub(crate) fn allowed(&self, target: &Host) -> Option<&Allowed> {
        // The one that says most of it.
        let listed = self.allow.value.iter().filter(|a| a.target.value.covers(target));
        listed.max_by_key(|a| a.target.value.detail())
    }

    /// What must be up for the network card of a VPC connection.
    pub(super) fn card(&self, l: &mut Lowering<'_>) -> Option<Hop> {
        let vswitch = self.vswitch.as_ref().filter(|_| self.is(Solution::Vpc))?;
        let zone = l.specs.vswitch[&vswitch.name].spec.zone.full();
        Some(Hop::Need(l.component(&zone)))
    }
}

/// Network cards that VPC connections have in a vSwitch: an address each.
pub(crate) fn cards_in(vswitch: &str, specs: &Specs) -> u64 {
    let there = |m: &&Thing<MaxCompute>| {
        let own = &m.spec.connection;
        own.is(Solution::Vpc) && own.vswitch.as_ref().is_some_and(|v| v.name == vswitch)
    };
    specs.maxcompute.values().filter(there).count() as u64
}

/// The first step of a path that leads out of MaxCompute.
pub(crate) fn way_out<'s>(
    steps: &'s [Step],
    specs: &'s Specs,
) -> Option<(usize, &'s Thing<MaxCompute>)> {
    let named = |s: &'s Step| {
        (s.what.kind == MaxCompute::NAME).then(|| specs.maxcompute.get(&s.what.name)).flatten()
    };
    let found = steps.iter().enumerate().filter_map(|(i, s)| Some((i, named(s)?)));
    found.into_iter().find(|(_, m)| !m.spec.connection.leads_in())
}

/// Where a path goes: the last thing on it that serves, or its last step.
pub(super) fn destination(after: &[Step]) -> Option<&Ref> {
    let serves = |s: &&Step| [Backend::NAME, LoadBalancer::NAME, "endpoint"].contains(&s.what.kind);
    Some(&after.iter().rev().find(serves).or(after.last())?.what)
}

/// The backend that the last step of a path names, or that is behind the load balancer there.
pub(crate) fn called<'s>(after: &[Step], specs: &'s Specs) -> Option<&'s Thing<Backend>> {
    let serves = |s: &&Step| [Backend::NAME, LoadBalancer::NAME].contains(&s.what.kind);
    let step = &after.iter().rev().find(serves)?.what;
    let name = match step.kind {
        Backend::NAME => &step.name,
        _ => &specs.load_balancer.get(&step.name)?.spec.backend.name,
    };
    specs.backend.get(name)
}

/// `allow = ["aliyun.com", { target = "api.example.com", validated = "ticket" }]`
fn allow(r: &Reader<'_>) -> Given<Vec<Allowed>> {
    let place = r.place_of("allow");
    let mut value: Vec<Allowed> = Vec::new();
    for item in r.node("allow").map_or(&[][..], |node| r.list(node)) {
        let one = match &item.value {
            Value::Table(_) => Reader::of(r.cx, item, &format!("{}.allow", r.path)).and_then(|r| {
                let target = r.req::<Host>("target");
                let place = r.place_of("target");
                let validated = r
                    .given_word("validated", VALIDATIONS)
                    .unwrap_or(Given { value: Validation::Automatic, place });
                r.done();
                Some(Allowed { target: Given { value: target?, place }, validated })
            }),
            _ => Host::read(item, r.cx).map(|value| Allowed {
                target: Given { value, place: item.place },
                validated: Given { value: Validation::Automatic, place: item.place },
            }),
        };
        let Some(one) = one else { continue };
        let same = |first: &&Allowed| first.target.value == one.target.value;
        if let Some(first) = value.iter().find(same) {
            let message = format!("`{}` is named twice", one.target.value);
            r.cx.complain(
                Diagnostic::error("duplicate", one.target.place, message)
                    .also(first.target.place, "the first one"),
            );
        }
        value.push(one);
    }
    Given { value, place }
}

fn dataworks(r: Reader<'_>) -> DataWorks {
    let reaches = r.references("reaches", SOURCES);
    let sandbox = r.several::<Host>("sandbox");
    let found = DataWorks {
        reaches: Given { value: reaches, place: r.place_of("reaches") },
        sandbox: Given { value: sandbox, place: r.place_of("sandbox") },
    };
    r.done();
    found
}

/// What others call, where the solution leads in: as a backend.
#[derive(Clone, Debug)]
pub(crate) struct Served {
    bandwidth: Rate,
    serving: Serving,
}

/// Keys of what is called, which mean nothing on the way out.
const SERVES: [&str; 5] = ["queue", "rate", "servers", "service", "timeout"];

impl Served {
    /// Reads `bandwidth` and the servers where others come in.
    pub(super) fn read(r: &Reader<'_>) -> Option<Self> {
        let bandwidth = r.req::<Above0<Rate>>("bandwidth");
        let serving = Serving::read(r);
        Some(Self { bandwidth: bandwidth?.0, serving: serving? })
    }

    /// Refuses them where nobody comes in, as far as that is known.
    pub(super) fn refuse(r: &Reader<'_>, solution: Option<Solution>) {
        for key in SERVES.into_iter().filter(|key| r.has(key)) {
            if solution.is_none() {
                continue;
            }
            let message = format!("`{key}` says nothing on the way out of `{}`", r.path);
            r.cx.complain(Diagnostic::error("unknown-key", r.place_of(key), message).help(
                "what is called has its servers; with solution = \"privatelink\", \"peering\" \
                     or \"cen\" MaxCompute is called",
            ));
        }
    }

    /// Its link and its servers.
    pub(super) fn lower(&self, name: &str, l: &mut Lowering<'_>) -> Fragment {
        let needs = vec![l.component(name)];
        let link = l.link(Link {
            name: format!("{name}.link"),
            role: "backend".into(),
            capacity: Capacity::Fixed(self.bandwidth),
            duplex: Duplex::Full,
            needs: needs.clone(),
            headline: true,
        });
        l.carries(name, link, 1.0);
        let station = self.serving.station(name.to_owned(), Scope::Request, needs);
        Fragment::of(vec![Hop::Link(link), Hop::Station(l.station(station))])
    }
}

#[cfg(test)]
mod tests {
    use crate::scenario::testing::{ZONES, codes, lowered};

    const IN: &str = "[maxcompute.in]\nsolution = \"cen\"\nbandwidth = \"1 Gbps\"\n\
                      servers = 2\nservice = \"10 ms\"\n";

    #[test]
    fn who_comes_in_finds_servers() {
        assert_eq!(
            lowered(
                &format!("[transit_router.t]\n{IN}"),
                "\"transit_router.t\", \"maxcompute.in\""
            )
            .lines()
            .skip(1)
            .collect::<Vec<_>>(),
            [
                "link maxcompute.in.link: 1 Gbps [maxcompute.in]",
                "station maxcompute.in: 2 x 10 ms per request [maxcompute.in]",
            ]
        );
    }

    #[test]
    fn a_vpc_connection_has_a_card_in_a_zone() {
        // M-15: it is lost with its zone, and takes one of the 4 addresses of a /29.
        let text = format!(
            "{ZONES}[vpc.v]\nregion = \"r\"\n[vswitch.s]\nvpc = \"v\"\nzone = \"a\"\n\
             cidr = \"10.0.0.0/29\"\n[security_group.g]\ninbound = []\n[maxcompute.m]\n\
             solution = \"vpc\"\nvswitch = \"s\"\nsecurity_group = \"g\"\n"
        );
        let tree = lowered(&text, "\"maxcompute.m\", \"backend.app\"");
        assert!(tree.starts_with("need zone.a\n"), "{tree}");
        let tree = lowered(&text, "\"vswitch.s\", \"backend.app\"");
        assert!(tree.contains("pool vswitch.s.addresses: 3 addresses"), "{tree}");
    }

    #[test]
    fn complaints() {
        let seen = |keys: &str| {
            let text = format!("{ZONES}[maxcompute.m]\nsolution = \"internet\"\n{keys}\n");
            codes(&text, "\"maxcompute.m\", \"backend.app\"")
        };
        assert_eq!(
            seen("allow = [\"a.b\", { target = \"c.d\", validated = \"ticket\" }]"),
            [""; 0]
        );
        assert_eq!(seen("allow = [\"https://a.b\"]"), ["address"]);
        assert_eq!(seen("allow = [\"a.b\", \"A.B\"]"), ["duplicate"]);
        assert_eq!(seen("allow = [{ target = \"a.b\", validated = \"maybe\" }]"), ["word"]);
        assert_eq!(seen("dataworks = { reaches = [\"backend.apq\"] }"), ["unknown-name"]);
        assert_eq!(seen("servers = 2\nservice = \"1 s\""), ["unknown-key", "unknown-key"]);
        // Nothing of the proxy where nobody goes out.
        let text = format!("[transit_router.t]\n{IN}egress_ips = 2\n");
        assert_eq!(codes(&text, "\"transit_router.t\", \"maxcompute.in\""), ["unknown-key"]);
    }
}
