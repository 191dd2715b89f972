//! What one more of each limit buys: paired finite differences at the limits that bind.

use std::collections::BTreeMap;

use crate::measure::{Comparison, Results};
use crate::plan::{Capacity, Plan, Servers};

use super::{Case, ExperimentError, Options, run_all};

/// Share by which a limit is raised.
const STEP: f64 = 0.1;

/// A limit that was raised by a tenth (at least by one unit), beside the plan as it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Upgrade {
    /// Name of the link, pool or station.
    pub limit: String,
    /// `bandwidth`, `units`, `servers`.
    pub what: &'static str,
    /// How much was added: bit/s, units, servers.
    pub added: f64,
    /// What it buys: A is the plan as it is, B with the upgrade.
    pub bought: Comparison,
}

/// A limit that could be raised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Limit {
    Link(usize),
    Pool(usize),
    Station(usize),
}

/// Raises each of the `most` limits that bind most, one at a time, with the same random numbers: the
/// results as they are, and the upgrades in the order in which limits bind.
///
/// A link binds by the time of flows that it holds back; a pool and a station by those who were
/// refused or waited. Bandwidth that is drawn by law is no limit that can be raised.
///
/// # Errors
/// As [`run_all`].
pub fn upgrades(
    case: &Case,
    most: usize,
    threshold: f64,
    options: &Options<'_, '_>,
) -> Result<(Results, Vec<Upgrade>), ExperimentError> {
    let base = run_all(std::slice::from_ref(case), options)?.remove(0);
    let mut raised = Vec::new();
    for limit in binding(&case.plan, &base).into_iter().take(most) {
        let mut variant = case.clone();
        if let Some((limit, what, added)) = raise(&mut variant.plan, limit) {
            raised.push((limit, what, added, variant));
        }
    }
    let cases: Vec<Case> = raised.iter().map(|r| r.3.clone()).collect();
    let results = if cases.is_empty() { Vec::new() } else { run_all(&cases, options)? };
    let upgrade = |((limit, what, added, _), with): ((String, _, _, _), Results)| Upgrade {
        limit,
        what,
        added,
        bought: Comparison::of(&base, &with, threshold),
    };
    let list = raised.into_iter().zip(results).map(upgrade).collect();
    Ok((base, list))
}

/// The limits that bind, most first.
#[expect(clippy::cast_precision_loss, reason = "shares")]
fn binding(plan: &Plan, results: &Results) -> Vec<Limit> {
    let mut weights: BTreeMap<Limit, f64> = BTreeMap::new();
    let bound = results.workloads.iter().flat_map(|w| &w.binding);
    let all: u64 = bound.clone().flat_map(|b| &b.flow_ns_by_window).sum();
    for it in bound {
        // Of links the direction stands behind the name.
        let name = it.limit.rsplit_once(' ').map_or(it.limit.as_str(), |(name, _)| name);
        let name = name.strip_suffix(" both").unwrap_or(name);
        let time: u64 = it.flow_ns_by_window.iter().sum();
        if let Some(i) = plan.links.iter().position(|l| l.name == name) {
            *weights.entry(Limit::Link(i)).or_default() += time as f64 / all.max(1) as f64;
        }
    }
    for it in &results.pools {
        let share = (it.refused + it.timed_out) as f64 / it.asked.max(1) as f64;
        let waited = it.waits.quantile(0.99).is_some_and(|ns| ns > 0);
        if let Some(i) = plan.pools.iter().position(|p| p.name == it.name)
            && (share > 0.0 || waited)
        {
            weights.insert(Limit::Pool(i), share.max(1e-3));
        }
    }
    for it in &results.stations {
        let share = (it.refused + it.timed_out) as f64 / it.arrived.max(1) as f64;
        let waited = it.waits.quantile(0.5).is_some_and(|ns| ns > 0);
        if let Some(i) = plan.stations.iter().position(|s| s.name == it.name)
            && (share > 0.0 || waited)
        {
            weights.insert(Limit::Station(i), share.max(1e-3));
        }
    }
    let mut list: Vec<(Limit, f64)> = weights.into_iter().filter(|w| w.1 > 0.0).collect();
    list.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    list.into_iter().map(|w| w.0).collect()
}

/// Raises a limit; its name, what it is of, and by how much. None if it can't be.
#[expect(clippy::cast_precision_loss, reason = "a capacity")]
fn raise(plan: &mut Plan, limit: Limit) -> Option<(String, &'static str, f64)> {
    match limit {
        Limit::Link(i) => {
            let link = &mut plan.links[i];
            let added = match &mut link.capacity {
                Capacity::Fixed(rate) => {
                    let before = *rate;
                    *rate = rate.scaled(1.0 + STEP);
                    rate.bps() - before.bps()
                }
                Capacity::Elastic { start, ceiling, .. } => {
                    let before = *ceiling;
                    *start = start.scaled(1.0 + STEP);
                    *ceiling = ceiling.scaled(1.0 + STEP);
                    ceiling.bps() - before.bps()
                }
                Capacity::Random { .. } => return None,
            };
            (added > 0).then(|| (link.name.clone(), "bandwidth", added as f64))
        }
        Limit::Pool(i) => {
            let pool = &mut plan.pools[i];
            let more = (pool.units / 10).max(1);
            pool.units += more;
            Some((pool.name.clone(), "units", more as f64))
        }
        Limit::Station(i) => {
            let station = &mut plan.stations[i];
            let Servers::Count(servers) = &mut station.servers else { return None };
            let more = (*servers / 10).max(1);
            *servers += more;
            Some((station.name.clone(), "servers", f64::from(more)))
        }
    }
}
