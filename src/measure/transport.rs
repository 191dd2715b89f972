//! How a workload's connections carry bytes, in words.

use crate::plan::{Plan, Transport, Workload};

/// One clause per choice: start, headers, window, fairness.
pub(super) fn words(plan: &Plan, spec: &Workload) -> String {
    let kinds = kinds(plan, spec);
    let it = &spec.transport;
    let mut all = vec![start(it), headers(it), window(it), share(spec)];
    if !kinds.is_empty() {
        all.push(format!("of class {} where links have classes", kinds.join(" or ")));
    }
    all.join("; ")
}

/// The shares of divided links that a workload has, each once.
fn kinds<'p>(plan: &'p Plan, spec: &Workload) -> Vec<&'p str> {
    let at = plan.workloads.iter().position(|w| w.name == spec.name);
    let Some(workload) = at else { return Vec::new() };
    let mut kinds: Vec<&str> = Vec::new();
    for it in &plan.divisions {
        let name = it.shares[it.of[workload] as usize].name.as_str();
        if !kinds.contains(&name) {
            kinds.push(name);
        }
    }
    kinds
}

fn share(spec: &Workload) -> String {
    let weight = match (spec.weight, spec.transport.rtt_bias) {
        (1.0, 0.0) => "equal weights".into(),
        (weight, 0.0) => format!("weight {weight}"),
        (weight, bias) => format!("weight {weight} x (round trip / 1 ms)^-{bias}"),
    };
    match spec.priority {
        Workload::NORMAL => format!("max-min fair shares, {weight}"),
        first => format!("max-min fair shares, {weight}, within priority {first} (0 is first)"),
    }
}

fn start(it: &Transport) -> String {
    let Some(start) = &it.slow_start else {
        return "no TCP start-up: a transfer has its fair share at once".into();
    };
    let restart = match start.idle_restart {
        Some(span) => format!("begun anew after {span} of idleness"),
        None => "kept while it is reused".into(),
    };
    format!(
        "slow start: each connection's windows begin at {} segments of {} B, grow {}-fold per round \
         trip, and are {restart}",
        start.initial_window, it.segment, start.growth
    )
}

fn headers(it: &Transport) -> String {
    match it.headers {
        0 => "links carry payload only".into(),
        headers => format!("{} of {} B on links are payload", it.segment, it.segment + headers),
    }
}

fn window(it: &Transport) -> String {
    match it.window {
        Some(window) => format!("at most {window} per round trip"),
        None => "no largest window".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::SlowStart;

    #[test]
    fn every_choice_is_said() {
        let slow = SlowStart { initial_window: 10, growth: 2.0, idle_restart: None };
        let it = Transport { headers: 54, slow_start: Some(slow), ..Transport::FLUID };
        assert!(start(&it).starts_with("slow start: each connection's windows begin at 10 seg"));
        assert_eq!(headers(&it), "1448 of 1502 B on links are payload");
        assert_eq!(window(&it), "no largest window");
        assert!(start(&Transport::FLUID).starts_with("no TCP start-up"));
    }
}
