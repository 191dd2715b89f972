//! What the numbers say: figures that several outputs share, each computed once here.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::measure::{
    BoundSeen, FaultSeen, Gap, Headline, Histogram, LinkResults, ObjectiveSeen, Results,
    SettingsSeen, WorkloadResults, student_t_quantile,
};

/// Percentiles of the tables, with the replication's figure that gives the interval.
pub(crate) const LADDER: [(f64, &str); 5] =
    [(0.5, "p50"), (0.9, "p90"), (0.95, "p95"), (0.99, "p99"), (0.999, "p99.9")];

/// A figure over all replications and the half-width of its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Estimate {
    pub(crate) point: f64,
    pub(crate) half: Option<f64>,
}

/// The value at `i`, 0 where the list is shorter than the windows.
pub(crate) fn at(list: &[u64], i: usize) -> u64 {
    list.get(i).copied().unwrap_or(0)
}

/// A count as a float, for shares and means.
#[expect(clippy::cast_precision_loss, reason = "exact below 2^53, a figure for people beyond")]
pub(crate) fn float(n: u64) -> f64 {
    n as f64
}

/// `a / b` if there is any `b`.
#[expect(clippy::cast_precision_loss, reason = "a share")]
pub(crate) fn share(a: impl Into<u128>, b: impl Into<u128>) -> Option<f64> {
    let (a, b) = (a.into(), b.into());
    (b > 0).then(|| a as f64 / b as f64)
}

/// The sum of windows: a day of a pool of 65,000 units in ten replications exceeds 64 bits of ns.
pub(crate) fn sum<'a>(list: impl IntoIterator<Item = &'a u64>) -> u128 {
    list.into_iter().map(|x| u128::from(*x)).sum()
}

/// Number of windows; none if no run was made.
pub(crate) fn windows(settings: &SettingsSeen) -> usize {
    if settings.window_ns == 0 { 0 } else { settings.windows() }
}

/// Number of replications, at least 1 so that it can divide.
pub(crate) fn runs(settings: &SettingsSeen) -> f64 {
    settings.runs().max(1.0)
}

/// Whether window `i` lies after the warm-up.
pub(crate) fn is_measured(settings: &SettingsSeen, i: usize) -> bool {
    i as u64 * settings.window_ns >= settings.warmup_ns
}

/// Measured length of a replication in seconds.
pub(crate) fn measured_seconds(settings: &SettingsSeen) -> f64 {
    // Whole windows only, as the bytes are counted.
    let first = settings.warmup_ns.div_ceil(settings.window_ns.max(1)) * settings.window_ns;
    float(settings.horizon_ns.saturating_sub(first)) / 1e9
}

/// Half-width of the 95 % interval around a pooled figure by sectioning: the spread of the
/// replications around the pooled figure, t x sqrt(sum (q_i - q)^2 / (R (R - 1))) (Asmussen and
/// Glynn, Stochastic Simulation, 2007). For a mean it is the usual t-interval. None from one
/// replication or when one replication has no such figure.
pub(crate) fn sectioned(point: f64, each: impl Iterator<Item = Option<f64>>) -> Option<f64> {
    let values: Vec<f64> = each.collect::<Option<_>>()?;
    let n = values.len();
    if n < 2 {
        return None;
    }
    let count = float(n as u64);
    let spread: f64 = values.iter().map(|q| (q - point) * (q - point)).sum();
    Some(student_t_quantile(n - 1, 0.975) * libm::sqrt(spread / (count * (count - 1.0))))
}

fn over_runs(w: &WorkloadResults, point: f64, of: impl Fn(&Headline) -> Option<f64>) -> Estimate {
    Estimate { point, half: sectioned(point, w.by_replication.values().map(of)) }
}

/// The `q`-quantile of the latency of ok requests, ns. No interval where a replication has fewer
/// than 1/(1-q) ok requests: its percentile would only be its maximum.
pub(crate) fn latency(w: &WorkloadResults, q: f64) -> Option<Estimate> {
    let point = float(w.latency_ok.quantile(q)?);
    let of = move |h: &Headline| {
        let value = match q {
            0.5 => h.p50_ns,
            0.9 => h.p90_ns,
            0.95 => h.p95_ns,
            0.99 => h.p99_ns,
            0.999 => h.p999_ns,
            _ => None,
        };
        // 1 / (1 - q) without the rounding of 1 - 0.9.
        (float(h.ok) * (1.0 - q) > 1.0 - 1e-9).then_some(value).flatten().map(float)
    };
    Some(over_runs(w, point, of))
}

/// The mean latency of ok requests, ns.
pub(crate) fn latency_mean(w: &WorkloadResults) -> Option<Estimate> {
    Some(over_runs(w, w.latency_ok.mean()?, |h| h.mean_ns))
}

/// Share of the requests that ended or are overdue that ended ok.
pub(crate) fn availability(w: &WorkloadResults) -> Option<Estimate> {
    let point = share(w.ok, w.ok + w.errors_total() + w.overdue)?;
    Some(over_runs(w, point, |h| share(h.ok, h.ok + h.errors + h.overdue)))
}

/// Mean delivered rate after the warm-up, bit/s.
pub(crate) fn throughput(settings: &SettingsSeen, w: &WorkloadResults) -> Option<Estimate> {
    let seconds = measured_seconds(settings);
    let each = |h: &Headline| Some(float(h.bytes) * 8.0 / seconds);
    let total = w.by_replication.values().map(|h| h.bytes).fold(0, u64::saturating_add);
    let point = float(total) * 8.0 / seconds / runs(settings);
    (seconds > 0.0 && !w.by_replication.is_empty()).then(|| over_runs(w, point, each))
}

/// Mean rate of the bytes of ok requests, over the same time, bit/s.
pub(crate) fn goodput(settings: &SettingsSeen, w: &WorkloadResults) -> Option<Estimate> {
    let seconds = float(settings.horizon_ns.saturating_sub(settings.warmup_ns)) / 1e9;
    let bytes = counter(w, |h| h.ok_bytes)?;
    let scale = |x: f64| x * 8.0 / seconds;
    (seconds > 0.0).then(|| Estimate { point: scale(bytes.point), half: bytes.half.map(scale) })
}

/// A mean per replication of one counter of [`Headline`].
pub(crate) fn counter(w: &WorkloadResults, of: impl Fn(&Headline) -> u64) -> Option<Estimate> {
    let total = w.by_replication.values().map(&of).fold(0, u64::saturating_add);
    let point = share(total, w.by_replication.len() as u64)?;
    Some(over_runs(w, point, |h| Some(float(of(h)))))
}

/// Workloads in the order in which charts choose and colour them: those with objectives first,
/// then by bytes. A workload has one colour in all charts.
pub(crate) fn ranked(results: &Results) -> Vec<&WorkloadResults> {
    let mut list: Vec<&WorkloadResults> = results.workloads.iter().collect();
    let key = |w: &WorkloadResults| (w.objectives.is_empty(), Reverse(sum(&w.bytes_by_window)));
    list.sort_by_key(|w| key(w));
    list
}

/// The name of a link's direction: `circuit.c1 forward`, or `circuit.c1` where both share.
pub(crate) fn link_label(link: &LinkResults) -> String {
    match link.direction.as_str() {
        way @ ("forward" | "backward") => format!("{} {way}", link.name),
        _ => link.name.clone(),
    }
}

/// What the list of faults and changes holds.
pub(crate) fn events(results: &Results) -> &'static str {
    let planned = results.faults.iter().filter(|f| f.planned).count();
    match results.faults.len() - planned {
        0 if planned > 0 => "Changes",
        _ if planned > 0 => "Faults and changes",
        _ => "Faults",
    }
}

/// What devices that share one throttle have in common: `endpoint.shop.zone-a.throttle` of
/// `endpoint.shop.zone-a.throttle-3`, and the direction; none of another link.
fn device_of(link: &LinkResults) -> Option<(&str, &str)> {
    let (shared, number) = link.name.rsplit_once('-').filter(|_| link.role == "throttle")?;
    let is_number = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
    is_number.then_some((shared, link.direction.as_str()))
}

/// How many devices each throttle is spread over, by [`device_of`]; none that has one only.
fn devices(results: &Results) -> BTreeMap<(&str, &str), usize> {
    let mut devices = BTreeMap::new();
    for device in results.links.iter().filter_map(device_of) {
        *devices.entry(device).or_default() += 1;
    }
    devices.retain(|_, n| *n > 1);
    devices
}

/// [`links_by_peak`] with one row for the devices of a throttle: the fullest, whose name says of how
/// many it is one.
pub(crate) fn links_in_rows(results: &Results) -> Vec<(&LinkResults, String, f64, usize)> {
    let devices = devices(results);
    let mut told = BTreeSet::new();
    let mut rows = Vec::new();
    for (link, peak, at) in links_by_peak(results) {
        let mut label = link_label(link);
        if let Some((key, n)) = device_of(link).and_then(|key| Some((key, devices.get(&key)?))) {
            if !told.insert(key) {
                continue;
            }
            // Device 3 of 4, with the way behind it.
            label.insert_str(link.name.len(), &format!(" of {n}"));
        }
        rows.push((link, label, peak, at));
    }
    rows
}

/// [`binding_permille`] with the devices of a throttle summed into one limit that says their number.
pub(crate) fn binding_in_rows(results: &Results, w: &WorkloadResults) -> Vec<(String, u64)> {
    let devices = devices(results);
    let mut throttles = BTreeMap::new();
    for link in &results.links {
        if let Some((key, n)) = device_of(link).and_then(|key| Some((key, devices.get(&key)?))) {
            let way = if matches!(key.1, "forward" | "backward") { key.1 } else { "" };
            let label = format!("{} ({n} devices) {way}", key.0);
            throttles.insert(link_label(link), label.trim_end().to_owned());
        }
    }
    let mut rows: Vec<(String, u64)> = Vec::new();
    for (limit, permille) in binding_permille(&results.settings, w) {
        let limit = throttles.get(&limit).cloned().unwrap_or(limit);
        match rows.iter_mut().find(|row| row.0 == limit) {
            Some(row) => row.1 += permille,
            None => rows.push((limit, permille)),
        }
    }
    rows.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    rows
}

/// The name of a binding limit, the same as its link's in [`link_label`].
fn limit_label(limit: &str) -> String {
    if let Some(name) = limit.strip_suffix(" both ways") {
        return name.into();
    }
    for (mark, way) in [(" >", "forward"), (" <", "backward")] {
        if let Some(name) = limit.strip_suffix(mark) {
            return format!("{name} {way}");
        }
    }
    limit.into()
}

/// Mean utilization of a link over windows `range`, and none without any capacity.
pub(crate) fn utilization(link: &LinkResults, range: std::ops::Range<usize>) -> Option<f64> {
    let over = |list: &[u64]| range.clone().map(|i| u128::from(at(list, i))).sum::<u128>();
    share(over(&link.bytes_by_window), over(&link.capacity_by_window))
}

/// The greatest window utilization after the warm-up, and the window.
pub(crate) fn peak_utilization(
    settings: &SettingsSeen,
    link: &LinkResults,
) -> Option<(f64, usize)> {
    let mut best: Option<(f64, usize)> = None;
    for i in (0..windows(settings)).filter(|i| is_measured(settings, *i)) {
        if let Some(u) = utilization(link, i..i + 1)
            && best.is_none_or(|b| u > b.0)
        {
            best = Some((u, i));
        }
    }
    best
}

/// Links by peak window utilization, greatest first, with that peak and its window.
pub(crate) fn links_by_peak(results: &Results) -> Vec<(&LinkResults, f64, usize)> {
    let mut list: Vec<_> = results
        .links
        .iter()
        .filter_map(|l| peak_utilization(&results.settings, l).map(|(u, i)| (l, u, i)))
        .collect();
    list.sort_by(|a, b| b.1.total_cmp(&a.1)); // stable: ties stay in order of name
    list
}

/// What held a workload's flows back after the warm-up: shares of flow time, greatest first, in
/// tenths of a per cent that sum to exactly 1000 (largest remainders).
pub(crate) fn binding_permille(settings: &SettingsSeen, w: &WorkloadResults) -> Vec<(String, u64)> {
    let times: Vec<(&str, u128)> = w
        .binding
        .iter()
        .map(|b| {
            let all = b.flow_ns_by_window.iter().enumerate();
            let measured = all.filter(|(i, _)| is_measured(settings, *i)).map(|(_, t)| t);
            (b.limit.as_str(), sum(measured))
        })
        .filter(|(_, t)| *t > 0)
        .collect();
    let total: u128 = times.iter().map(|t| t.1).sum();
    if total == 0 {
        return Vec::new();
    }
    let mut parts: Vec<(String, u128, u128)> = times
        .iter()
        .map(|(l, t)| ((*l).to_owned(), t * 1_000 / total, t * 1_000 % total))
        .collect();
    parts.sort_by(|a, b| b.2.cmp(&a.2).then_with(|| a.0.cmp(&b.0)));
    let missing = 1_000 - parts.iter().map(|p| p.1).sum::<u128>();
    for part in parts.iter_mut().take(usize::try_from(missing).unwrap_or(0)) {
        part.1 += 1;
    }
    parts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let whole = |p: u128| u64::try_from(p).unwrap_or(1_000);
    parts.into_iter().map(|(l, p, _)| (limit_label(&l), whole(p))).collect()
}

/// Whether the objectives were met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    NoObjectives,
    Pass(usize),
    Fail { missed: usize, of: usize },
}

impl Verdict {
    pub(crate) fn of(results: &Results) -> Self {
        let all = || results.workloads.iter().flat_map(|w| &w.objectives);
        match (all().count(), all().filter(|o| !o.met).count()) {
            (0, _) => Self::NoObjectives,
            (of, 0) => Self::Pass(of),
            (of, missed) => Self::Fail { missed, of },
        }
    }
    /// The word of the first line.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::NoObjectives => "NO OBJECTIVES",
            Self::Pass(_) => "PASS",
            Self::Fail { .. } => "FAIL",
        }
    }
}

/// An objective as a bound that can be drawn and compared.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Bound {
    /// The quantile of the ok latency is at most this many ns.
    Latency { quantile: f64, limit: f64 },
    /// At least this share ends ok.
    Availability(f64),
}

impl Bound {
    /// The bound of an objective; none where it can't be drawn.
    pub(crate) fn of(objective: &ObjectiveSeen) -> Option<Self> {
        match objective.bound {
            BoundSeen::Latency { quantile, limit_ns } => {
                (quantile > 0.0 && quantile < 1.0 && limit_ns > 0)
                    .then(|| Self::Latency { quantile, limit: float(limit_ns) })
            }
            BoundSeen::Availability { share } => Some(Self::Availability(share)),
        }
    }

    /// How much of what is allowed is used; above 1 is a miss. Availability counts what is lost.
    pub(crate) fn used(self, w: &WorkloadResults) -> Option<f64> {
        match self {
            Self::Latency { quantile, limit } => {
                Some(float(w.latency_ok.quantile(quantile)?) / limit)
            }
            Self::Availability(least) => {
                let lost = 1.0 - availability(w)?.point;
                if lost == 0.0 { Some(0.0) } else { Some(lost / (1.0 - least).max(1e-12)) }
            }
        }
    }
}

/// The worst objective: missed before met, then the one with most of its allowance used.
pub(crate) fn worst(results: &Results) -> Option<(&WorkloadResults, &ObjectiveSeen)> {
    let mut best: Option<(bool, f64, &WorkloadResults, &ObjectiveSeen)> = None;
    for w in &results.workloads {
        for o in &w.objectives {
            let used = Bound::of(o).and_then(|b| b.used(w)).unwrap_or(0.0);
            let worse = best.is_none_or(|b| (!o.met, used) > (b.0, b.1));
            if worse {
                best = Some((!o.met, used, w, o));
            }
        }
    }
    best.map(|b| (b.2, b.3))
}

/// Gaps that belong to a fault and have any value, and the median of their whole length, ns:
/// detection, propagation, caches and reconnection, each at its median.
pub(crate) fn gaps_of<'r>(results: &'r Results, fault: &FaultSeen) -> Vec<(&'r Gap, f64)> {
    let median = |h: &Histogram| h.quantile(0.5).map_or(0.0, float);
    results
        .gaps
        .iter()
        .filter(|g| g.fault == fault.name && g.detect.count() > 0)
        .map(|g| {
            let parts = [&g.detect, &g.propagate, &g.cache, &g.reconnect];
            (g, parts.into_iter().map(median).sum())
        })
        .collect()
}

/// Share of a station's servers that was busy; none where they are unlimited or there never were any.
pub(crate) fn busy_share(s: &SettingsSeen, st: &crate::measure::StationResults) -> Option<f64> {
    let busy = sum(&st.busy_us_by_window);
    match st.servers_us_by_window.is_empty() {
        false => share(busy, sum(&st.servers_us_by_window)),
        true if st.servers == 0 => None,
        true => share(busy, s.horizon_ns).map(|us| us * 1e3 / runs(s) / float(st.servers)),
    }
}

/// The tightest limit in words: the link with the busiest window among those that hold somebody
/// back for 1 % of its flow time or more, else the fullest link. (A flow that is alone on a link is
/// held back by it too, so the share of flow time alone says little.)
pub(crate) fn tightest(results: &Results) -> Option<String> {
    let links = links_by_peak(results);
    let held = |label: &str| {
        let shares = results.workloads.iter().flat_map(|w| {
            let all = binding_permille(&results.settings, w).into_iter();
            all.filter(|b| b.0 == label).map(|b| (b.1, w.name.as_str()))
        });
        shares.max_by(|a, b| a.0.cmp(&b.0).then(b.1.cmp(a.1))).filter(|b| b.0 >= 10)
    };
    let binding = links.iter().find_map(|(l, u, _)| {
        let label = link_label(l);
        held(&label).map(|h| (label, *u, h))
    });
    let percent = super::format::percent;
    let s = &results.settings;
    let busy = |st: &&crate::measure::StationResults| busy_share(s, st).unwrap_or(0.0);
    let busiest = results.stations.iter().max_by(|a, b| busy(a).total_cmp(&busy(b)));
    if let Some(st) = busiest.filter(|st| busy(st) >= 0.9) {
        return Some(format!(
            "{} (its servers are busy {} of the time)",
            st.name,
            percent(busy(&st))
        ));
    }
    match binding {
        Some((label, used, (permille, workload))) => Some(format!(
            "{label} ({} used in its busiest window; holds {workload} back {} of its flow time)",
            percent(used),
            percent(float(permille) / 1_000.0)
        )),
        None => links.first().map(|(l, used, _)| {
            format!("{} ({} used in its busiest window)", link_label(l), percent(*used))
        }),
    }
}

/// What a reader should know of transfers: how connections carry bytes, workloads that do alike in
/// one line, and whose median transfer is shorter than a fluid can tell about.
pub(crate) fn transfers(results: &Results) -> Vec<String> {
    let mut alike: Vec<(&str, Vec<&str>)> = Vec::new();
    for w in results.workloads.iter().filter(|w| !w.transport.is_empty()) {
        match alike.iter_mut().find(|a| a.0 == w.transport) {
            Some((_, names)) => names.push(&w.name),
            None => alike.push((&w.transport, vec![&w.name])),
        }
    }
    let mut lines: Vec<String> =
        alike.iter().map(|(how, names)| format!("{}: {how}.", names.join(", "))).collect();
    let short = results.workloads.iter().filter(|w| w.ok > 0 && w.short * 2 > w.ok);
    let short: Vec<&str> = short.map(|w| w.name.as_str()).collect();
    if !short.is_empty() {
        lines.push(format!(
            "{}: the median transfer is shorter than 10 round trips. Losses, buffers and bursts, \
             which are not modelled, show most in such: read their percentiles as loss-free.",
            short.join(", ")
        ));
    }
    lines
}

/// The level at which a choice catches failures.
pub(crate) fn level(role: &str) -> &str {
    match role {
        "dns" => "DNS",
        "load balancer" | "backend" => "zone",
        other => other,
    }
}

/// Whether a binding limit is no resource of the network: the flow's own cap, its start, or a failure.
pub(crate) fn is_no_limit(limit: &str) -> bool {
    limit == "own cap" || limit == "down" || limit == "start-up"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::Binding;

    #[test]
    fn sectioning_by_hand() {
        // Pooled 2, replications 1, 2, 3: t(2) sqrt(2 / 6) = 4.302653 x 0.577350 = 2.484138.
        let half = sectioned(2.0, [1.0, 2.0, 3.0].into_iter().map(Some)).unwrap();
        assert!((half - 2.484_138).abs() < 1e-5);
        assert_eq!(sectioned(2.0, [Some(1.0)].into_iter()), None);
        assert_eq!(sectioned(2.0, [Some(1.0), None].into_iter()), None);
    }

    #[test]
    fn binding_shares_sum_to_a_thousand() {
        let settings = SettingsSeen { horizon_ns: 2, window_ns: 1, ..SettingsSeen::default() };
        let binding =
            |limit: &str, t| Binding { limit: limit.into(), flow_ns_by_window: vec![t; 2] };
        let w = WorkloadResults {
            binding: vec![binding("a", 1), binding("b", 1), binding("c", 1), binding("none", 0)],
            ..WorkloadResults::default()
        };
        // A third each: 333 + 333 + 333, and the missing one goes to the first by name.
        let shares = binding_permille(&settings, &w);
        assert_eq!(shares, [("a".into(), 334), ("b".into(), 333), ("c".into(), 333)]);
    }

    #[test]
    fn devices_of_one_throttle_are_one_row() {
        let link = |name: &str, used: u64| LinkResults {
            name: name.into(),
            role: if name.contains("throttle") { "throttle" } else { "eni" }.into(),
            direction: "backward".into(),
            bytes_by_window: vec![used],
            capacity_by_window: vec![10],
            ..LinkResults::default()
        };
        let names = ["e.a.throttle-1", "e.a.throttle-2", "e.b.throttle-1", "e.a.eni-1"];
        let links = names.iter().zip([3, 9, 5, 1]).map(|(name, used)| link(name, used)).collect();
        let binding =
            |limit: &str, t| Binding { limit: limit.into(), flow_ns_by_window: vec![t; 1] };
        let w = WorkloadResults {
            binding: vec![
                binding("e.a.throttle-1 <", 2),
                binding("e.a.throttle-2 <", 4),
                binding("e.b.throttle-1 <", 3),
                binding("own cap", 1),
            ],
            ..WorkloadResults::default()
        };
        let settings = SettingsSeen { horizon_ns: 1, window_ns: 1, ..SettingsSeen::default() };
        let results = Results { settings, links, ..Results::default() };
        let rows = links_in_rows(&results);
        let rows: Vec<_> = rows.iter().map(|row| (row.1.as_str(), row.2)).collect();
        // A throttle of one device is no sum, and what is no throttle has numbers of its own.
        let fullest = "e.a.throttle-2 of 2 backward";
        let shown = [(fullest, 0.9), ("e.b.throttle-1 backward", 0.5), ("e.a.eni-1 backward", 0.1)];
        assert_eq!(rows, shown);
        // Of ten: 2 + 4, 3 and 1.
        let rows = binding_in_rows(&results, &w);
        let summed = "e.a.throttle (2 devices) backward".to_owned();
        let other = "e.b.throttle-1 backward".to_owned();
        assert_eq!(rows, [(summed, 600), (other, 300), ("own cap".into(), 100)]);
    }

    #[test]
    fn limits_are_named_as_their_links() {
        for (limit, label) in [
            ("circuit.c1 forward", "circuit.c1 forward"),
            ("circuit.c1 >", "circuit.c1 forward"),
            ("circuit.c1 <", "circuit.c1 backward"),
            ("eni.a both ways", "eni.a"),
            ("own cap", "own cap"),
        ] {
            assert_eq!(limit_label(limit), label);
        }
    }

    #[test]
    fn transfers_are_told_once_for_all_that_do_alike() {
        let w = |name: &str, how: &str, short| WorkloadResults {
            name: name.into(),
            transport: how.into(),
            ok: 10,
            short,
            ..WorkloadResults::default()
        };
        let workloads = vec![w("a", "slow", 5), w("b", "fast", 6), w("c", "slow", 10)];
        let results = Results { workloads, ..Results::default() };
        let lines = transfers(&results);
        assert_eq!(lines[..2], ["a, c: slow.", "b: fast."]);
        // Just half of a's are short: its median is not.
        assert!(lines[2].starts_with("b, c: the median"), "{}", lines[2]);
    }

    #[test]
    fn empty_results_say_nothing() {
        let results = Results::default();
        assert_eq!(Verdict::of(&results), Verdict::NoObjectives);
        assert_eq!((worst(&results), tightest(&results)), (None, None));
        assert_eq!(windows(&results.settings), 0);
    }
}
