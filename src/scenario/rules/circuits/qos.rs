//! Classes of traffic on circuits: who has one, and what they do not go together with.

use super::super::super::context::Context;
use super::super::super::diagnostic::{Diagnostic, Place};
use super::super::super::kinds::circuit::Circuit;
use super::super::super::kinds::circuit::qos::{DEFAULT, crossed};
use super::super::super::kinds::{Specs, Thing};
use super::super::super::traffic::{Background, Workload};
use super::said;
use crate::plan::Plan;
use crate::units::Rate;

const WHY: &str = said!("the QoS of a circuit divides it among kinds of traffic");

pub(super) fn check(workloads: &[Thing<Workload>], specs: &Specs, cx: &Context) {
    let mut with_classes = None;
    for workload in workloads {
        let on = crossed(workload.spec.way.steps(specs), specs);
        known(workload, &on, specs, cx);
        if on.is_empty() {
            continue;
        }
        one_at_a_time(workload, specs, cx);
        with_classes = with_classes.or(on.first().copied());
    }
    if let Some(circuit) = with_classes {
        priorities(workloads, circuit, cx);
    }
    for circuit in specs.circuit.values().filter(|c| !c.spec.qos.is_empty()) {
        never_full(circuit, specs, cx);
    }
}

/// Background streams have no class.
pub(in super::super) fn check_backgrounds(
    backgrounds: &[Thing<Background>],
    specs: &Specs,
    cx: &Context,
) {
    for background in backgrounds {
        let on = crossed(background.spec.way.steps(specs), specs);
        let Some(circuit) = on.first() else { continue };
        let message = format!(
            "`background.{}` has no class on `{}`, which has some",
            background.name,
            circuit.full()
        );
        cx.complain(
            Diagnostic::error("C-19", background.place, message)
                .label("it would take its rate before all classes")
                .reason(WHY)
                .help("write it as a workload of some `class`, or leave `qos` of the circuit out"),
        );
    }
}

/// A class that its circuits have.
fn known(workload: &Thing<Workload>, on: &[&Thing<Circuit>], specs: &Specs, cx: &Context) {
    let Some(class) = &workload.spec.class else { return };
    let name = class.value.as_str();
    if on.is_empty() {
        let any = specs.circuit.values().any(|c| !c.spec.qos.is_empty());
        let message = format!("the class `{name}` means nothing to `workload.{}`", workload.name);
        let label = match any {
            true => "no circuit on its path has classes",
            false => "no circuit has classes",
        };
        cx.complain(
            Diagnostic::warning("C-19", class.place, message)
                .label(label)
                .reason(WHY)
                .help("give the circuits `qos`, or leave `class` out"),
        );
        return;
    }
    if let Some(circuit) = on.iter().find(|c| name != DEFAULT && !c.has_class(name)) {
        let message = format!("`{}` has no class `{name}`", circuit.full());
        let names: Vec<_> = circuit.spec.qos.iter().map(|s| s.name.as_str()).collect();
        cx.complain(
            Diagnostic::error("C-19", class.place, message)
                .also(circuit.place, "on the path")
                .reason(WHY)
                .help(format!("its classes are {}", names.join(", "))),
        );
    }
}

/// Shares are those of one link: of two in a row it would not be clear which of them decides.
fn one_at_a_time(workload: &Thing<Workload>, specs: &Specs, cx: &Context) {
    let mut before: Option<(Place, &str)> = None;
    for step in workload.spec.way.steps(specs) {
        if crossed(std::slice::from_ref(step), specs).is_empty() {
            continue;
        }
        if let Some((place, name)) = before {
            let message =
                format!("connections cross classes twice, at `{name}` and `{}`", step.what.name);
            cx.complain(
                Diagnostic::error("C-19", step.what.place, message)
                    .also(place, "here first")
                    .reason(WHY)
                    .help("leave `qos` of one of the circuits out"),
            );
            return;
        }
        before = Some((step.what.place, &step.what.name));
    }
}

/// What one circuit's classes get must not hang on what another's get.
pub(crate) fn check_meetings(plan: &Plan, classes: &[(String, Place)], cx: &Context) {
    let Some(met) = plan.divisions_that_meet() else { return };
    let [one, other, on] = met.map(|l| plan.links[l.index()].name.as_str());
    let place = |name: &str| {
        let at = classes.iter().find(|c| c.0 == name);
        at.map_or(Place::default(), |c| c.1)
    };
    let message = format!("traffic of `{one}` and `{other}` meets on `{on}`, which can be full");
    cx.complain(
        Diagnostic::error("C-19", place(one), message)
            .label("what its classes get would hang on the other's, and theirs on its")
            .also(place(other), "has classes, too")
            .reason(WHY)
            .help(format!(
                "give `{on}` the bandwidth of all circuits that lead there, with nobody else on \
                 it, or leave `qos` out of all but one of them"
            )),
    );
}

/// Classes come in orders of their own.
fn priorities(workloads: &[Thing<Workload>], circuit: &Thing<Circuit>, cx: &Context) {
    let differ =
        |w: &&Thing<Workload>| workloads.iter().any(|o| o.spec.priority != w.spec.priority);
    let stated = |w: &&Thing<Workload>| w.spec.priority_place != w.place;
    let Some(workload) = workloads.iter().filter(stated).find(differ) else { return };
    let message =
        format!("a priority of a workload does not go with classes of `{}`", circuit.full());
    cx.complain(
        Diagnostic::error("C-19", workload.spec.priority_place, message)
            .also(circuit.place, "has classes")
            .reason(WHY)
            .help("give classes of the circuit a `priority`, and none to workloads"),
    );
}

/// A port that border routers never let fill.
fn never_full(circuit: &Thing<Circuit>, specs: &Specs, cx: &Context) {
    let routers = specs.vbr.values().filter(|v| v.spec.circuit.name == circuit.name);
    let limits: Option<Vec<Rate>> = routers.map(|v| v.spec.limit()).collect();
    let Some(limits) = limits.filter(|l| !l.is_empty()) else { return };
    let all = limits.iter().fold(0, |sum: u64, limit| sum.saturating_add(limit.bps()));
    let port = &circuit.spec.port;
    if all >= port.value.0.bps() {
        return;
    }
    let message = format!("the classes of `{}` never share anything", circuit.full());
    cx.complain(
        Diagnostic::warning("C-19", circuit.place, message)
            .also(port.place, "the port that they would share")
            .label(format!("its border routers let through {} at most", Rate::from_bps(all)))
            .reason(WHY)
            .help("a larger `rate_limit` of the vbr, or none"),
    );
}
