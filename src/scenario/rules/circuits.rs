//! Circuits: how they are chosen, what they share, when they come, and how long they last. What lies
//! between them and a service is looked at in `chain`, addresses in `plan`.

use super::super::context::{Context, Ref};
use super::super::diagnostic::{Diagnostic, Severity};
use super::super::kinds::circuit::Circuit;
use super::super::kinds::circuit_group::{By, CircuitGroup, Mode};
use super::super::kinds::express_connect_router::ExpressConnectRouter;
use super::super::kinds::vbr::Vbr;
use super::super::kinds::vpn::Vpn;
use super::super::kinds::{Kind, Specs, Thing};
use super::super::read::Day;
use super::super::traffic::Workload;
use crate::units::Rate;

mod chain;
mod hops;
mod plan;
mod procedures;
mod qos;

/// The document, as reasons cite it.
macro_rules! said {
    ($text:literal) => {
        concat!($text, " (cloud services over Express Connect)")
    };
}
use said;

pub(super) fn check(workloads: &[Thing<Workload>], specs: &Specs, cx: &Context) {
    for circuit in specs.circuit.values() {
        in_time(circuit, cx);
        room_to_grow(circuit, cx);
        in_steps(circuit, cx);
    }
    for vbr in specs.vbr.values() {
        leads_on(vbr, cx);
    }
    for group in specs.circuit_group.values() {
        detection(group, cx);
        failover_group(group, cx);
        one_way_back(group, specs, cx);
        // A member that could not be read has been complained about.
        let members = group.spec.members.iter();
        let circuits: Option<Vec<_>> =
            members.map(|m| Thing::<CircuitGroup>::circuit(m, specs)).collect();
        if let Some(circuits) = circuits {
            if access_points(group, &circuits, cx) {
                shared_risks(group, &circuits, cx);
                declared_risks(&circuits, specs, cx);
            }
            outgrown(group, &circuits, specs, cx);
        }
    }
    chain::check(workloads, specs, cx);
    plan::check(workloads, specs, cx);
    hops::check(workloads, specs, cx);
    qos::check(workloads, specs, cx);
}

pub use procedures::Procedure;
pub(in super::super) use procedures::procedures;
pub(super) use qos::check_backgrounds;
pub(crate) use qos::check_meetings;

/// Days since some day, by the calendar.
fn day_number(day: Day) -> i64 {
    // Years that begin in March have their odd day at the end.
    let (year, month) = match day.1 {
        1 | 2 => (i64::from(day.0) - 1, i64::from(day.1) + 9),
        month => (i64::from(day.0), i64::from(month) - 3),
    };
    365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + i64::from(day.2)
}

const DAY: u64 = 86_400_000_000_000;

/// C-07, C-08: circuits come late, and are not for a while only.
fn in_time(circuit: &Thing<Circuit>, cx: &Context) {
    let order = &circuit.spec.order;
    let days = order.lead_time.nanos().div_ceil(DAY);
    if let (Some(ordered), Some(needed)) = (order.ordered, &order.needed_by) {
        let (start, end) = (day_number(ordered), day_number(needed.value));
        let late = start.saturating_add(i64::try_from(days).unwrap_or(i64::MAX)) - end;
        if late > 0 {
            let message = format!("`{}` comes {late} days after it is needed", circuit.full());
            cx.complain(
                Diagnostic::warning("C-08", needed.place, message)
                    .label(format!("{} days after the order, and it takes {days}", end - start))
                    .reason(said!("a circuit takes time, limited by carrier and data centre"))
                    .help(format!(
                        "order it {late} days earlier, or need it later and bridge the time by a `vpn`"
                    )),
            );
        }
    }
    let Some(needed) = order.needed_for.as_ref().filter(|n| n.value.0 < order.lead_time) else {
        return;
    };
    let message =
        format!("`{}` is needed for {}, and takes {days} days", circuit.full(), needed.value.0);
    cx.complain(
        Diagnostic::new(Severity::Note, "C-07", needed.place, message)
            .reason(said!("circuits are for long-term, stable needs of high bandwidth"))
            .help("declare a `vpn` instead: an IPsec connection is there at once"),
    );
}

/// C-17: no step of capacity before its lead time is over.
fn in_steps(circuit: &Thing<Circuit>, cx: &Context) {
    let lead = circuit.spec.order.lead_time;
    for upgrade in &circuit.spec.upgrades {
        let (at, given) = (&upgrade.at, upgrade.ordered_before);
        let ordered_before = given.unwrap_or(at.value);
        if ordered_before >= lead {
            continue;
        }
        let message = format!(
            "`{}` has its port of {} {ordered_before} after the order",
            circuit.full(),
            upgrade.port.value.0
        );
        let label = match given {
            Some(_) => format!("that takes {lead}"),
            None => format!("ordered at the start of the run; that takes {lead}"),
        };
        cx.complain(
            Diagnostic::error("C-17", at.place, message)
                .label(label)
                .reason(said!("circuits are not elastic: their scale-out takes long"))
                .help(format!("ordered_before = \"{lead}\", or a later `at`")),
        );
    }
}

/// Months for which a circuit is sized, at least.
const AHEAD: u32 = 3;

/// C-18: full before another one can be there.
fn room_to_grow(circuit: &Thing<Circuit>, cx: &Context) {
    let Some(growth) = &circuit.spec.growth else { return };
    let lead = circuit.spec.order.lead_time.nanos().div_ceil(30 * DAY);
    let ahead = AHEAD.max(u32::try_from(lead).unwrap_or(u32::MAX)).min(120);
    let port = circuit.spec.port.value.0;
    let Some(full) = (0..=ahead).find(|m| growth.value.after(*m) > as_f64(port)) else { return };
    let message = format!("`{}` is full {}", circuit.full(), in_months(full));
    cx.complain(
        Diagnostic::warning("C-18", growth.place, message)
            .also(circuit.spec.port.place, "its port")
            .label(format!("a circuit takes {lead} months"))
            .reason(said!(
                "circuits are not elastic: size them for the growth of 3 months at least"
            ))
            .help("order another one now, or a larger `port`"),
    );
}

fn in_months(months: u32) -> String {
    match months {
        0 => "today".into(),
        1 => "in a month".into(),
        n => format!("in {n} months"),
    }
}

#[expect(clippy::cast_precision_loss, reason = "rates far below 2^53 bit/s")]
const fn as_f64(rate: Rate) -> f64 {
    rate.bps() as f64
}

/// Z-10: who would carry on when all circuits are lost is outgrown first.
fn outgrown(
    group: &Thing<CircuitGroup>,
    circuits: &[&Thing<Circuit>],
    specs: &Specs,
    cx: &Context,
) {
    let vpns = group.spec.standby.iter().filter(|m| m.kind == Vpn::NAME);
    let vpns: Vec<&Ref> = vpns.collect();
    let (Some(first), Some(growth)) = (vpns.first(), growth_of(circuits)) else { return };
    let found = vpns.iter().filter_map(|v| specs.vpn.get(&v.name));
    let carried: f64 = found.map(|v| as_f64(v.spec.bandwidth.value)).sum();
    let load = |months: u32| growth.iter().map(|g| g.after(months)).sum::<f64>();
    let Some(short) = (0..=AHEAD).find(|m| load(*m) > carried) else { return };
    let message = format!(
        "the loss of all circuits of `{}` is not survived {}",
        group.full(),
        match short {
            0 => "today".into(),
            n => format!("any more {}", in_months(n)),
        }
    );
    cx.complain(
        Diagnostic::warning("Z-10", first.place, message)
            .label("outgrown before the circuits are")
            .reason(said!(
                "the VPN keeps connectivity when all circuits fail, as far as it carries"
            ))
            .help("give the vpn more `bandwidth`, or add another one to `standby`"),
    );
}

/// What all circuits state of their growth, each once; none where one states nothing.
fn growth_of(circuits: &[&Thing<Circuit>]) -> Option<Vec<super::super::kinds::circuit::Growth>> {
    let firsts = circuits
        .iter()
        .enumerate()
        .filter(|(i, c)| circuits[..*i].iter().all(|other| other.name != c.name));
    firsts.map(|(_, c)| c.spec.growth.as_ref().map(|g| g.value)).collect()
}

/// C-31, C-40: where a border router leads, and how it knows.
fn leads_on(vbr: &Thing<Vbr>, cx: &Context) {
    let Some(up) = &vbr.spec.uplink else { return };
    if up.kind != ExpressConnectRouter::NAME {
        let message = format!("`{}` leads to `{}` by itself", vbr.full(), up.full());
        cx.complain(
            Diagnostic::warning("C-31", up.place, message)
                .reason(said!("an ECR and a TR are advised for the uplink, rather than the VBR"))
                .help(
                    "put an express_connect_router between: uplink = \"express_connect_router.x\"",
                ),
        );
        return;
    }
    let Some(routes) = vbr.spec.is_static.as_ref().filter(|s| s.value) else { return };
    let message = format!("`{}` has static routes, and `{}`", vbr.full(), up.full());
    cx.complain(
        Diagnostic::error("C-40", routes.place, message)
            .also(up.place, "its uplink")
            .reason(said!("with an ECR, virtual border routers have no static routing"))
            .help("routing = \"bgp\""),
    );
}

/// C-30, C-41: how fast a cut is noticed.
fn detection(group: &Thing<CircuitGroup>, cx: &Context) {
    let spec = &group.spec;
    let alone = spec.members.len() + spec.standby.len() < 2;
    let (code, by) = match spec.detection.by {
        By::Bfd => return,
        _ if alone || spec.failover.is_some() => return,
        By::Bgp => ("C-30", "by BGP alone"),
        By::Probe => ("C-41", "by probes alone"),
    };
    let message = format!("`{}` notices a cut {by}", group.full());
    let until = match spec.detection.by {
        By::Probe => "flows fall into a black hole until enough probes are lost",
        _ => "flows fall into a black hole until the hold time is over",
    };
    cx.complain(
        Diagnostic::warning(code, spec.detection.place, message)
            .label(until)
            .reason("run BGP with BFD on circuits (cloud services over Express Connect)")
            .help("detection = { bfd = { interval = \"1 s\", multiplier = 3 } }"),
    );
}

/// C-41: what makes a failover group.
fn failover_group(group: &Thing<CircuitGroup>, cx: &Context) {
    let spec = &group.spec;
    let Some(failover) = &spec.failover else { return };
    const WHY: &str =
        said!("BFD and a failover group switch fast; a group has exactly two VBRs, both with BFD");
    let routers = spec.members.iter().filter(|m| m.kind == Vbr::NAME).count();
    if (routers, spec.members.len()) != (2, 2) {
        let message = format!("`{}` has not exactly two border routers", group.full());
        cx.complain(
            Diagnostic::error("C-41", spec.members_place, message)
                .also(failover.place, "it is a failover group")
                .reason(WHY)
                .help("name two VBRs as members, or leave failover_group out"),
        );
    }
    if spec.detection.by != By::Bfd {
        let message = format!("the failover group `{}` has no BFD", group.full());
        cx.complain(
            Diagnostic::error("C-41", failover.place, message)
                .also(spec.detection.place, "it detects by this")
                .reason(WHY)
                .help("detection = { bfd = { interval = \"1 s\", multiplier = 3 } }"),
        );
    }
}

/// C-27: answers that must take the way of their requests.
fn one_way_back(group: &Thing<CircuitGroup>, specs: &Specs, cx: &Context) {
    let Some(symmetric) = group.spec.symmetric.as_ref().filter(|s| s.value) else { return };
    if group.mode(specs) != Mode::Ecmp {
        return;
    }
    let message = format!("`{}` needs source-in source-out, and shares by ECMP", group.full());
    cx.complain(
        Diagnostic::warning("C-27", symmetric.place, message)
            .reason(said!("prefer ECMP unless source-in source-out is required"))
            .help("mode = \"active_standby\", or leave `symmetric` out if no device needs it"),
    );
}

/// C-21, C-23, C-24: access points and providers of the members. Whether there are two points.
fn access_points(group: &Thing<CircuitGroup>, circuits: &[&Thing<Circuit>], cx: &Context) -> bool {
    let spec = &group.spec;
    let mut points: Vec<_> = circuits.iter().map(|c| &c.spec.access_point.name).collect();
    points.sort();
    points.dedup();
    if points.len() < 2 {
        let message = format!("every member of `{}` ends at one access point", group.full());
        cx.complain(
            Diagnostic::warning("C-21", spec.members_place, message)
                .label(format!("all at `{}`", points.first().map_or("", |p| p.as_str())))
                .reason(
                    "connect to at least 2 access points by independent circuits (cloud services \
                     over Express Connect)",
                )
                .help("end one of the circuits at another access point"),
        );
        return false;
    }
    for (i, one) in circuits.iter().enumerate() {
        for other in circuits[..i].iter().filter(|c| c.name != one.name) {
            let (Some(a), Some(b)) = (&one.spec.isp, &other.spec.isp) else { continue };
            if a.value != b.value {
                continue;
            }
            let together = one.spec.access_point.name == other.spec.access_point.name;
            let (severity, code, where_to, reason, help) = match together {
                false => (
                    Severity::Note,
                    "C-23",
                    "different access points",
                    said!("use different providers for different access points"),
                    "order one of them from another provider",
                ),
                true => (
                    Severity::Warning,
                    "C-24",
                    "one access point",
                    said!("circuits at an access point should be from different ISPs"),
                    "order one of them from another provider",
                ),
            };
            let message = format!(
                "`{}` and `{}` reach {where_to} through one provider",
                other.name, one.name
            );
            cx.complain(
                Diagnostic::new(severity, code, a.place, message)
                    .also(b.place, "the same provider")
                    .reason(reason)
                    .help(help),
            );
        }
    }
    true
}

/// C-11, C-25: what fails several members at once.
fn shared_risks(group: &Thing<CircuitGroup>, circuits: &[&Thing<Circuit>], cx: &Context) {
    let Some((first, others)) = circuits.split_first() else { return };
    let differ = others.iter().any(|c| c.name != first.name);
    if let Some(cpe) = first.spec.cpe.as_ref().filter(|_| differ) {
        let same = |c: &&Thing<Circuit>| c.spec.cpe.as_ref().is_some_and(|o| o.name == cpe.name);
        if others.iter().all(same) {
            let message =
                format!("all circuits of `{}` end on one device, `{}`", group.full(), cpe.full());
            let complaint = Diagnostic::warning("C-11", cpe.place, message).reason(said!(
                "a circuit runs from the gateway device on premises: one device is a single point \
                 of failure"
            ));
            cx.complain(complaint.help("end one of the circuits on another `cpe`"));
        }
    }
    let mut told: Vec<String> = Vec::new();
    for (i, one) in circuits.iter().enumerate() {
        // Providers are compared by name.
        let isp = one.spec.isp.as_ref().map(|isp| isp.value.as_str());
        for risk in one.spec.risks.iter().filter(|r| Some(r.full().as_str()) != isp) {
            let named = |c: &&&Thing<Circuit>| {
                c.name != one.name && c.spec.risks.iter().any(|r| r.full() == risk.full())
            };
            let Some(other) = circuits[..i].iter().find(named) else { continue };
            if told.contains(&risk.full()) {
                continue;
            }
            told.push(risk.full());
            let message = format!("`{}` fails `{}` and `{}`", risk.full(), other.name, one.name);
            cx.complain(
                Diagnostic::warning("C-25", risk.place, message)
                    .label("shared by members of one group")
                    .reason(said!(
                        "access routes and campus lines should be as diverse as possible"
                    ))
                    .help("lead one of the circuits another way"),
            );
        }
    }
}

/// C-25: what a `[risk.x]` takes down of one group.
fn declared_risks(circuits: &[&Thing<Circuit>], specs: &Specs, cx: &Context) {
    for risk in specs.risk.values() {
        let takes = |c: &Thing<Circuit>, m: &Ref| {
            let parts = c.spec.risks.iter().chain(&c.spec.cpe).chain([&c.spec.access_point]);
            m.full() == c.full() || parts.into_iter().any(|part| part.full() == m.full())
        };
        let by = |c: &Thing<Circuit>| risk.spec.members.iter().find(|m| takes(c, m));
        let mut taken = circuits.iter().filter_map(|c| Some((*c, by(c)?)));
        let Some((first, _)) = taken.next() else { continue };
        let Some((second, member)) = taken.find(|(c, _)| c.name != first.name) else { continue };
        let message = format!("`{}` fails `{}` and `{}`", risk.full(), first.name, second.name);
        cx.complain(
            Diagnostic::warning("C-25", member.place, message)
                .label("shared by members of one group")
                .reason(said!("access routes and campus lines should be as diverse as possible"))
                .help("lead one of the circuits another way"),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_between_days() {
        let between = |a, b| day_number(b) - day_number(a);
        assert_eq!(between(Day(2026, 1, 1), Day(2026, 4, 1)), 90);
        assert_eq!(between(Day(2024, 2, 28), Day(2024, 3, 1)), 2);
        assert_eq!(between(Day(2026, 2, 28), Day(2026, 3, 1)), 1);
        assert_eq!(between(Day(2025, 12, 31), Day(2026, 1, 1)), 1);
        assert_eq!(between(Day(2000, 1, 1), Day(2001, 1, 1)), 366);
        assert_eq!(between(Day(2100, 1, 1), Day(2101, 1, 1)), 365);
    }
}
