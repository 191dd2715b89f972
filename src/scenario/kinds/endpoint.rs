//! A PrivateLink endpoint: the private entry to a service, one network card (ENI) per zone.
//!
//! | fact | value | source |
//! |---|---|---|
//! | one ENI in each chosen zone | | P-13 (001) |
//! | bandwidth per zone grows by itself | | P-36 (001) |
//! | NLB, endpoints created after 2026-02-01 | 10 to 50 Gbps; earlier: no figure | P-40, P-41 |
//! | ALB and GWLB; CLB | 5 to 25 Gbps; up to 5 Gbps | P-42, P-43, P-45 |
//! | all zones together: the figure is lost | a key, none unless given | P-46 (001) |
//! | the provider's throttle holds in every zone's ENI | endpoint total = zones x throttle | P-48, P-50 |
//! | it is spread over several devices, reached with several connections only, may be exceeded | | P-53 to P-55 |
//! | throttle ranges | NLB 100 Mbps-50 Gbps; ALB, GWLB -25 Gbps; CLB -10,240 Mbps | X-56, X-61, X-62 |
//! | the endpoint's name resolves to ENIs of healthy zones | removed on anomaly, restored after | P-22, P-33 to P-35 |
//! | a zone without a resource that works is an anomaly, too | a key, inferred from | P-33, X-36 |
//! | a zone's name pins its zone | | P-23 |
//! | zone affinity prefers the client's own zone, if both sides enable it | | X-10 to X-13 |
//! | interface endpoints go with NLB, ALB, CLB; GWLB endpoints with GWLB | | P-08 |
//! | a GWLB endpoint is a next hop: traffic goes through appliances, and on | | P-09 |
//!
//! ```text
//!              ┌ a: delay ─ [throttle: hash over k links of L/k x overshoot] ─ [ENI, elastic] ─ LB in a
//! name (DNS) ──┤
//!              └ b: delay ─ [throttle ...] ─ [ENI] ─ LB in b
//!
//! route table (GWLB) ── own zone: delay ─ [throttle] ─ [ENI] ─ GWLB ─ appliances ─ [ENI, out] ─> next
//! ```
//!
//! Nobody publishes the probe interval, record TTL, ramp or number of devices: each is a key with a
//! default and its source. What it states beside its bandwidth is in [`terms`], its states in
//! [`life`], other regions in [`remote`]. Leaves out: what a policy lets through in detail, addresses of
//! IPv6.

pub(crate) mod life;
pub(crate) mod remote;
pub(crate) mod rules;
pub(crate) mod script;
pub(crate) mod terms;
#[cfg(test)]
mod tests;
mod ways;

use std::collections::BTreeSet;

use super::change::{Act, changes_of};
use super::endpoint_service::{EndpointService, range};
use super::load_balancer::{ANALOGUE_TTL, LoadBalancer, Product};
use super::region::way_into;
use super::selector::{MOST_BRANCHES, NEGATIVE_CACHE, RESOLVING, answering};
use super::{Kind, Specs, Thing};
use crate::plan::{
    Belief, Branch, Capacity, ComponentId, Detector, Duplex, GateId, Hop, Link, Naming, Policy,
    Rehash, Selector,
};
use crate::random::Dist;
use crate::scenario::context::{Context, Ref};
use crate::scenario::diagnostic::{Diagnostic, Place};
use crate::scenario::law::Law;
use crate::scenario::lowering::{Entry, Fragment, Handles, Lowering};
use crate::scenario::read::{Above0, Count, Day, Factor, Share};
use crate::scenario::reader::{Basis, Given, Reader};
use crate::scenario::rules::default_bandwidth;
use crate::units::{Rate, Span};
use terms::Terms;
use ways::{Behind, Card};

/// As written.
#[derive(Clone, Debug)]
pub(crate) struct Endpoint {
    pub(crate) service: Ref,
    pub(crate) zones: Vec<Ref>,
    pub(crate) vpc: Option<Ref>,
    pub(crate) terms: Terms,
    form: Option<Given<Form>>,
    created_at: Option<Given<Day>>,
    start: Option<Rate>,
    pub(crate) ceiling: Option<Given<Above0<Rate>>>,
    trigger: f64,
    ramp: Span,
    step: Span,
    pub(crate) throttle: Option<Given<Above0<Rate>>>,
    pub(crate) devices: u32,
    pub(crate) overshoot: f64,
    name: NameForm,
    zone_affinity: Option<Given<bool>>,
    record_ttl: Span,
    shared_cache: Option<Span>,
    negative_ttl: Span,
    resolver: Option<Ref>,
    detect: [Dist; 3],
    pub(crate) account: Option<String>,
    /// Resources that the provider allocated by hand, at most one per zone.
    pub(crate) by_hand: Vec<Ref>,
    throttle_delay: Span,
    pub(crate) cross_region: remote::CrossRegion,
    /// Most of all zones together: the documents have a heading for it and no figure (P-46).
    pub(crate) total_ceiling: Option<Given<Above0<Rate>>>,
    /// Whether a card behind which no resource works leaves the record, as one that is lost does.
    withdraw_empty: Option<bool>,
}

/// What the devices of a throttle let through that is switched off.
const UNTHROTTLED: Rate = Rate::from_gbps(1_000_000);

/// The form of endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Gateway,
    Gwlb,
    Interface,
    Reverse,
}

/// Words of the forms.
const FORMS: &[(&str, Form)] = &[
    ("gateway", Form::Gateway),
    ("gwlb", Form::Gwlb),
    ("interface", Form::Interface),
    ("reverse", Form::Reverse),
];

/// Which name its clients call.
#[derive(Clone, Debug)]
enum NameForm {
    /// The endpoint's domain name: every healthy zone.
    Endpoint,
    /// A zone's domain name.
    Zone(Ref),
    /// The address of a zone's ENI, without any name.
    Address(Ref),
    /// The service's own domain name, switched on for the endpoint; as written.
    Custom(Place),
}

const PROBING: Basis = Basis { source: "not published; as the health checks of NLB", mark: "D" };
const GUESSED: Basis = Basis { source: "no document gives it; chosen here", mark: "D" };
const RAMPING: Basis =
    Basis { source: "\"within minutes\", NLB: performance and limits", mark: "D" };
const DEVICES: Basis = Basis {
    source: "limit/N, N = 4, as shared bandwidth is spread; for CLB a FAQ says limit/(N-1)",
    mark: "B",
};

const EMPTY: Basis = Basis {
    source: "inferred: an empty card (no resource reachable) is an anomaly, so its record goes",
    mark: "D",
};
const ONE_FIGURE: Basis = Basis {
    source: "inferred: what a GWLB card passes on enters and leaves by it, so both directions share it",
    mark: "D",
};

impl Kind for Endpoint {
    const NAME: &'static str = "endpoint";
    const DOC: &'static str = "a PrivateLink endpoint: the private entry to a service";
    const FAILS: bool = true;
    const PATH: bool = true;
    const CAPACITY: bool = true;

    fn read(r: &Reader<'_>) -> Option<Self> {
        let service = r.req_reference("service", &["endpoint_service"]);
        let zones = r.req_references("zones", &["zone"]);
        let vpc = r.reference("vpc", &["vpc"]);
        let form = r.given_word("type", FORMS);
        let terms = Terms::read(r);
        let created_at = r.given("created_at");
        let start = r.opt::<Above0<Rate>>("start").map(|s| s.0);
        let ceiling: Option<Given<Above0<Rate>>> = r.given("ceiling");
        if let (Some(ceiling), Some(promise)) = (&ceiling, &terms.raised_limit) {
            let written = r.cx.written(ceiling.place);
            r.assume("ceiling", written.trim_matches('"'), &promise.value, "set");
        }
        let trigger = r.param::<Share>("ramp_trigger", "0.8", GUESSED);
        let ramp = r.param::<Above0<Span>>("ramp", "3 min", RAMPING);
        let step = r.param::<Above0<Span>>("ramp_step", "10 s", GUESSED);
        let throttle = r.given("throttle");
        let devices = r.param::<Count>("devices", "4", DEVICES);
        let overshoot = r.given::<Factor>("overshoot");
        let written = overshoot.as_ref().map_or("1.0".to_owned(), |o| r.cx.written(o.place));
        let (source, mark) = match overshoot.is_some() {
            true => ("the scenario", "set"),
            false => (GUESSED.source, GUESSED.mark),
        };
        r.assume("overshoot", &written, source, mark);
        let overshoot = check_overshoot(overshoot, r.cx);
        if let Some(devices) = devices.as_ref().filter(|d| d.0 as usize > MOST_BRANCHES) {
            let message = format!("{} devices are too many", devices.0);
            let complaint = Diagnostic::error("range", r.place_of("devices"), message);
            r.cx.complain(complaint.label(format!("at most {MOST_BRANCHES}")));
        }
        let name = read_name(r);
        let zone_affinity = r.given("zone_affinity");
        let record_ttl = r.param::<Span>("record_ttl", "60 s", ANALOGUE_TTL);
        let negative_ttl = r.param::<Span>("negative_ttl", "10 s", NEGATIVE_CACHE);
        let shared_cache = r.opt("shared_cache");
        let resolver = r.reference("resolver", RESOLVING);
        let probe = "{ uniform = { low = \"15 s\", high = \"25 s\" } }";
        let answer = "{ uniform = { low = \"10 s\", high = \"20 s\" } }";
        let down = r.param::<Law<Span>>("detect", probe, PROBING);
        let up = r.param::<Law<Span>>("detect_up", answer, PROBING);
        let propagate = r.param::<Law<Span>>("propagate", "1 s", GUESSED);
        let account = terms.account.as_ref().map(|a| a.value.0.clone());
        let by_hand = r.references("resources", &["load_balancer"]);
        let throttle_delay = r.quiet::<Span>("throttle_delay", "0 s");
        let cross_region = remote::CrossRegion::read(r);
        let total_ceiling = r.given("total_ceiling");
        let withdraw_empty = r.opt("withdraw_empty");
        Some(Self {
            service: service?,
            zones: zones?,
            vpc,
            terms,
            form,
            created_at,
            start,
            ceiling,
            trigger: trigger?.0,
            ramp: ramp?.0,
            step: step?.0,
            throttle,
            devices: devices?.0,
            overshoot: overshoot?,
            name: name?,
            zone_affinity,
            record_ttl: record_ttl?,
            shared_cache,
            negative_ttl: negative_ttl?,
            resolver,
            detect: [down?.dist, up?.dist, propagate?.dist],
            account,
            by_hand,
            throttle_delay: throttle_delay?,
            cross_region,
            total_ceiling,
            withdraw_empty,
        })
    }

    fn check(thing: &Thing<Self>, specs: &Specs, cx: &Context) {
        rules::check(thing, specs, cx);
    }

    fn lower(thing: &Thing<Self>, l: &mut Lowering<'_>) -> Fragment {
        let spec = &thing.spec;
        let gates = thing.gates(l);
        let (mut branches, mut entries) = (Vec::new(), Vec::new());
        for card in thing.cards(l.specs) {
            let (branch, mut entry) = branch(thing, &card, gates[0], l);
            entry.branch = u32::try_from(branches.len()).expect("few zones");
            branches.push(branch);
            entries.push(entry);
        }
        // Affinity is of the endpoint's domain name (X-11); what a custom one leads to, it inherits.
        let preferred = thing.affine(l.specs) && !thing.is_pinned();
        let resolver = spec.resolver.as_ref().and_then(|r| answering(r, l));
        let [down, up, propagate] = spec.detect.clone();
        let watched = Belief::Watched(Detector {
            label: "zone health probe".into(),
            detect_down: down,
            detect_up: up,
            propagate,
        });
        let id = if thing.is_inline(l.specs) {
            // Once, however many paths lead through it.
            l.assume(&format!("{}.bandwidth", thing.full()), "of both directions", ONE_FIGURE);
            thing.routes(branches, l)
        } else {
            l.selector(Selector {
                name: format!("{}.name", thing.full()),
                role: "dns".into(),
                policy: if preferred { Policy::Prefer } else { Policy::Random },
                branches,
                // A zone's own name is answered whether the zone works or not (P-23).
                belief: match spec.name {
                    NameForm::Endpoint | NameForm::Custom(_) => watched,
                    NameForm::Zone(_) | NameForm::Address(_) => Belief::Blind,
                },
                // Who calls an address asks nobody.
                naming: (!matches!(spec.name, NameForm::Address(_))).then_some(Naming {
                    resolver,
                    ttl: spec.record_ttl,
                    shared_cache: spec.shared_cache,
                    negative_ttl: spec.negative_ttl,
                }),
                headline: true,
            })
        };
        let [connection, state, throttle] = gates;
        thing.note(Handles { name: id, connection, state, throttle, entries }, l);
        Fragment::of(vec![Hop::Selector(id)])
    }
}

fn check_overshoot(overshoot: Option<Given<Factor>>, cx: &Context) -> Option<f64> {
    let Some(overshoot) = overshoot else { return Some(1.0) };
    if (1.0..=10.0).contains(&overshoot.value.0) {
        return Some(overshoot.value.0);
    }
    let message = format!("an overshoot of {} is out of range", overshoot.value.0);
    cx.complain(
        Diagnostic::error("P-55", overshoot.place, message)
            .label("1.0 for none, at most 10")
            .reason("traffic may occasionally exceed the throttle (PrivateLink overview)"),
    );
    None
}

fn read_name(r: &Reader<'_>) -> Option<NameForm> {
    let Some(node) = r.node("name") else { return Some(NameForm::Endpoint) };
    let text = r.opt::<String>("name")?;
    let zone = |name: &str| r.cx.resolve(name, node.place, &["zone"]);
    match text.split_once(':') {
        None if text == "endpoint" => Some(NameForm::Endpoint),
        None if text == "custom" => Some(NameForm::Custom(node.place)),
        Some(("zone", name)) => zone(name).map(NameForm::Zone),
        Some(("address", name)) => zone(name).map(NameForm::Address),
        _ => {
            let message = format!("`{text}` is not a name that an endpoint has");
            r.cx.complain(Diagnostic::error("word", node.place, message).help(
                "write \"endpoint\", \"custom\" for the service's own domain, \"zone:a\" for the \
                         name of zone a, or \"address:a\" for its address",
            ));
            None
        }
    }
}

impl Thing<Endpoint> {
    pub(crate) fn service<'s>(&self, specs: &'s Specs) -> Option<&'s Thing<EndpointService>> {
        specs.endpoint_service.get(&self.spec.service.name)
    }

    pub(crate) fn balancer<'s>(&self, specs: &'s Specs) -> Option<&'s Thing<LoadBalancer>> {
        self.service(specs)?.balancer(specs)
    }

    /// Whether both sides want zone affinity (X-10).
    fn affine(&self, specs: &Specs) -> bool {
        let own = self.spec.zone_affinity.as_ref().is_some_and(|a| a.value);
        own && self.service(specs).is_some_and(|s| s.spec.zone_affinity)
    }

    /// Whether its clients call one zone, by name or address.
    pub(crate) const fn is_pinned(&self) -> bool {
        matches!(self.spec.name, NameForm::Zone(_) | NameForm::Address(_))
    }

    /// Whether its clients call an address.
    pub(crate) const fn is_by_address(&self) -> bool {
        matches!(self.spec.name, NameForm::Address(_))
    }

    /// Where it says that its clients call the service's custom domain, if they do.
    pub(crate) const fn custom_name(&self) -> Option<Place> {
        match self.spec.name {
            NameForm::Custom(place) => Some(place),
            _ => None,
        }
    }

    /// Where it says by which name it is called, or which answer is preferred, if it does.
    pub(crate) fn name_given(&self) -> Option<Place> {
        let named = match &self.spec.name {
            NameForm::Endpoint => None,
            NameForm::Zone(zone) | NameForm::Address(zone) => Some(zone.place),
            NameForm::Custom(place) => Some(*place),
        };
        named.or(self.spec.zone_affinity.as_ref().map(|a| a.place))
    }

    /// Its form, as written or as what is behind it demands (P-08).
    pub(crate) fn form(&self, specs: &Specs) -> Form {
        let behind = self.balancer(specs).map(|b| b.spec.product);
        match (&self.spec.form, behind) {
            (Some(form), _) => form.value,
            (None, Some(Product::Gwlb)) => Form::Gwlb,
            (None, _) => Form::Interface,
        }
    }

    /// Where its form is written, or its name.
    pub(crate) fn form_place(&self) -> Place {
        self.spec.form.as_ref().map_or(self.place, |f| f.place)
    }

    /// Whether a route table leads traffic through it (P-09).
    pub(crate) fn is_inline(&self, specs: &Specs) -> bool {
        self.form(specs) == Form::Gwlb
    }

    /// The region of its zones.
    pub(crate) fn region<'s>(&self, specs: &'s Specs) -> Option<&'s Ref> {
        Some(&specs.zone.get(&self.spec.zones.first()?.name)?.spec.region)
    }

    /// The documented bandwidth between its region and its service's, the row, and the quota that
    /// raises it (X-30, X-31); none across the mainland's border (X-32), or where nothing is said.
    pub(crate) fn cross_region_default(
        &self,
        specs: &Specs,
    ) -> Option<(Rate, &'static str, &'static str)> {
        let side = |region: &Ref| specs.region.get(&region.name)?.spec.mainland;
        let own = side(self.region(specs)?)?;
        let home = side(self.service(specs)?.region(specs)?)?;
        (own == home).then(|| default_bandwidth(own))
    }

    /// What a throttle lets through a zone at most, and where it is set: the endpoint's name for a
    /// default.
    pub(crate) fn throttle_at(&self, specs: &Specs) -> Option<(Rate, Place)> {
        let own = self.spec.throttle.as_ref().map(|t| t.place);
        let theirs = self.service(specs)?.spec.default_throttle.as_ref().map(|t| t.place);
        let ceiling = self.balancer(specs).and_then(|b| self.bandwidth(b.spec.product));
        let place = own.or(theirs).unwrap_or(self.place);
        let rate = self.throttle(specs)?;
        // What cannot be set has been complained about.
        let product = self.balancer(specs).map(|b| b.spec.product);
        if product.is_some_and(|product| !range(product).contains(&rate)) {
            return None;
        }
        Some((ceiling.map_or(rate, |(_, most)| rate.min(most)), place))
    }

    /// The throttle of every zone: its own, else the service's default, else that of CLB (P-44).
    pub(crate) fn throttle(&self, specs: &Specs) -> Option<Rate> {
        self.spec.throttle.as_ref().map(|own| own.value.0).or_else(|| self.default_throttle(specs))
    }

    /// The default of its service, else that of CLB (P-44).
    fn default_throttle(&self, specs: &Specs) -> Option<Rate> {
        let service = self.service(specs)?;
        let clb = service.balancer(specs)?.spec.product == Product::Clb;
        let default = service.spec.default_throttle.as_ref().map(|d| d.value.0);
        default.or(clb.then_some(Rate::from_mbps(3_072)))
    }

    /// Its zones at any time of the run, each once.
    pub(crate) fn zones_ever(&self, specs: &Specs) -> BTreeSet<String> {
        let added = changes_of(specs, &self.full()).into_iter().filter_map(|c| match &c.spec.act {
            Act::Zone { zone, add: true } => Some(zone.name.clone()),
            _ => None,
        });
        self.spec.zones.iter().map(|z| z.name.clone()).chain(added).collect()
    }

    /// What all its zones carry together at most, where the scenario says so (P-46).
    pub(crate) fn total_ceiling(&self) -> Option<Rate> {
        self.spec.total_ceiling.as_ref().map(|total| total.value.0)
    }

    /// Bandwidth of an ENI at first and at most (P-40 to P-45), as far as documented.
    fn bandwidth(&self, product: Product) -> Option<(Rate, Rate)> {
        let ceiling = self.spec.ceiling.as_ref().map(|c| c.value.0);
        let (start, most) = match product {
            Product::Nlb => (Rate::from_gbps(10), Rate::from_gbps(50)),
            Product::Alb | Product::Gwlb => (Rate::from_gbps(5), Rate::from_gbps(25)),
            Product::Clb => (Rate::from_gbps(5), Rate::from_gbps(5)),
        };
        let recent = self.spec.created_at.as_ref().is_some_and(|day| day.value > Day(2026, 2, 1));
        let most = match ceiling {
            Some(ceiling) => ceiling,
            None if product == Product::Nlb && !recent => return None,
            None => most,
        };
        let start = self.spec.start.unwrap_or(start.min(most));
        Some((start, most))
    }
}

fn branch(
    thing: &Thing<Endpoint>,
    card: &Card,
    connection: Option<GateId>,
    l: &mut Lowering<'_>,
) -> (Branch, Entry) {
    let gate = thing.zone_gate(card, l);
    let component = |gate: GateId, l: &Lowering<'_>| l.plan.gates[gate.index()].component;
    let cut = gate.and_then(|g| component(g, l));
    let shut = connection.and_then(|g| component(g, l));
    let (hops, served, mut entry) = hops_in(thing, card, shut.into_iter().chain(cut), l);
    let served = served.filter(|_| withdrawn(thing, l));
    entry.gate = gate;
    let branch = Branch {
        name: card.name(),
        weight: 1.0,
        place: Some(l.place(&card.zone.name)),
        hops,
        watches: std::iter::once(l.component(&card.zone.full())).chain(cut).chain(served).collect(),
        listed: thing.has_at_first(card, l.specs),
        tier: 0,
    };
    (branch, entry)
}

/// Whether a card with nobody behind it is an anomaly: no document says, so it is assumed, once.
fn withdrawn(thing: &Thing<Endpoint>, l: &mut Lowering<'_>) -> bool {
    let parameter = format!("{}.withdraw_empty", thing.full());
    let (value, basis) = match thing.spec.withdraw_empty {
        None => (true, EMPTY),
        Some(value) => (value, Basis { source: "the scenario", mark: "set" }),
    };
    if !l.plan.assumptions.iter().any(|a| a.parameter == parameter) {
        l.assume(&parameter, &value.to_string(), basis);
    }
    value
}

/// The way through one network card: delay, throttle, ENI, and what is behind it; what of that must
/// be up.
fn hops_in(
    thing: &Thing<Endpoint>,
    card: &Card,
    gates: impl Iterator<Item = ComponentId>,
    l: &mut Lowering<'_>,
) -> (Vec<Hop>, Option<ComponentId>, Entry) {
    let zone = &card.zone;
    let name = format!("{}.zone-{}", thing.full(), card.name());
    let specs = l.specs;
    let mut hops = vec![way_into(zone, format!("{name}.delay"), l)];
    let mut needs = vec![
        l.component(&zone.full()),
        l.component(&thing.full()),
        l.component(&thing.spec.service.full()),
    ];
    needs.extend(gates);
    // A gateway endpoint has no network card, so none of its limits (P-12).
    let carded = thing.form(specs) != Form::Gateway;
    if let Some(throttle) = thing.first_throttle(specs).filter(|_| carded) {
        hops.push(throttle_devices(thing, throttle, &name, l));
    }
    let product = thing.balancer(specs).map_or(Product::Nlb, |b| b.spec.product);
    // What has no bandwidth has been complained about.
    let (start, ceiling) =
        thing.bandwidth(product).filter(|_| carded).unwrap_or((UNTHROTTLED, UNTHROTTLED));
    let capacity = match start < ceiling {
        true => Capacity::Elastic {
            start,
            ceiling,
            trigger: thing.spec.trigger,
            ramp: thing.spec.ramp,
            step: thing.spec.step,
        },
        false => Capacity::Fixed(ceiling),
    };
    let before = hops.len();
    let eni = l.link(Link {
        name: format!("{name}.{}", if carded { "eni" } else { "gateway" }),
        role: if carded { "eni" } else { "gateway" }.into(),
        capacity,
        duplex: Duplex::Full,
        needs,
        headline: true,
    });
    l.carries(&thing.full(), eni, 1.0);
    hops.push(Hop::Link(eni));
    if let Some(total) = thing.total_ceiling().filter(|_| carded) {
        hops.extend(l.part(&format!("{}.total", thing.full()), |l| {
            let link = l.link(Link {
                name: format!("{}.total", thing.full()),
                role: "eni".into(),
                capacity: Capacity::Fixed(total),
                duplex: Duplex::Full,
                needs: Vec::new(),
                headline: true,
            });
            vec![Hop::Link(link)]
        }));
    }
    let inside = hops.len();
    let Behind { hops: behind, resource, served } = match thing.form(specs) {
        // What the provider calls in the consumer's VPC comes next on the path (P-10).
        Form::Reverse => Behind::default(),
        _ => thing.behind(card, &name, l),
    };
    hops.extend(behind);
    if thing.is_inline(specs) {
        // What was inspected comes back through the same card and goes on.
        let back = hops[before..inside].iter().rev().filter_map(|hop| match *hop {
            Hop::Link(id) => Some(Hop::Against(id)),
            _ => None,
        });
        let back: Vec<Hop> = back.collect();
        hops.extend(back);
    }
    let (zone, replaces) = (zone.name.clone(), card.replaces.is_some());
    (hops, served, Entry { zone, branch: 0, gate: None, resource, eni, replaces })
}

/// The throttle of one zone: k links of L/k x overshoot, each connection hashed to one.
fn throttle_devices(
    thing: &Thing<Endpoint>,
    throttle: Rate,
    name: &str,
    l: &mut Lowering<'_>,
) -> Hop {
    let share = thing.spec.overshoot / f64::from(thing.spec.devices);
    let inline = thing.is_inline(l.specs);
    let device = |i: u32, l: &mut Lowering<'_>| {
        let link = l.link(Link {
            name: format!("{name}.throttle-{i}"),
            role: "throttle".into(),
            capacity: Capacity::Fixed(match throttle == UNTHROTTLED {
                true => throttle,
                false => throttle.scaled(share),
            }),
            duplex: Duplex::Full,
            needs: Vec::new(),
            headline: false,
        });
        l.throttles(&thing.full(), link, share);
        Branch {
            name: format!("device-{i}"),
            weight: 1.0,
            place: None,
            hops: if inline {
                vec![Hop::Link(link), Hop::Against(link)]
            } else {
                vec![Hop::Link(link)]
            },
            watches: Vec::new(),
            listed: true,
            tier: 0,
        }
    };
    let branches = (1..=thing.spec.devices).map(|i| device(i, l)).collect();
    Hop::Selector(l.selector(Selector {
        name: format!("{name}.throttle"),
        role: "throttle".into(),
        policy: Policy::Hash(Rehash::ModN),
        branches,
        belief: Belief::Blind,
        naming: None,
        headline: false,
    }))
}
