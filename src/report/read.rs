//! Reads a `results.json`, and refuses one whose numbers contradict each other.

use std::path::Path;

use super::error::ReadError;
use super::findings::windows;
use crate::measure::Results;

/// More windows than any run makes: lowering allows far fewer.
const MOST_WINDOWS: usize = 10_000_000;

/// A century: sums of two times stay far inside 64 bits.
const LONGEST_NS: u64 = 100 * 366 * 86_400 * 1_000_000_000;

/// Reads what [`write_all`](super::write_all) wrote as `results.json`.
///
/// # Errors
/// [`ReadError`], which names the path: it can't be read, is no results file, or is damaged.
pub fn read_results(path: &Path) -> Result<Results, ReadError> {
    let io = |source| ReadError::Io { path: path.to_path_buf(), source };
    let bytes = std::fs::read(path).map_err(io)?;
    let results: Results = serde_json::from_slice(&bytes)
        .map_err(|source| ReadError::Format { path: path.to_path_buf(), source })?;
    check(&results).map_err(|reason| ReadError::Damaged { path: path.to_path_buf(), reason })?;
    Ok(results)
}

/// What the other modules rely on; a file from outside may hold anything.
fn check(r: &Results) -> Result<(), String> {
    let s = &r.settings;
    if s.horizon_ns > 0 && s.window_ns == 0 {
        return Err("windows of no length".into());
    }
    if s.window_ns > 0 && s.horizon_ns.div_ceil(s.window_ns) > MOST_WINDOWS as u64 {
        return Err("more windows than a run can have".into());
    }
    if s.horizon_ns.max(s.window_ns).max(s.start_of_day_ns) > LONGEST_NS {
        return Err("times beyond a century".into());
    }
    sum("workloads", r.workloads.iter().map(|w| w.offered))?;
    let most = windows(s);
    let fits = |what: &str, list: &[u64]| match list.len() <= most {
        true => Ok(()),
        false => Err(format!("{what}: {} values for {most} windows", list.len())),
    };
    for w in &r.workloads {
        let ended = sum(&w.name, w.errors.values().copied().chain([w.ok, w.unfinished]))?;
        let heads = || w.by_replication.values();
        sum(&w.name, heads().map(|h| h.bytes))?;
        sum(&w.name, heads().flat_map(|h| [h.offered, h.ok, h.errors]))?;
        if ended != w.offered {
            return Err(format!("{}: offered is not ok + errors + unfinished", w.name));
        }
        let lists = [
            &w.offered_by_window,
            &w.ok_by_window,
            &w.bytes_by_window,
            &w.latency_sum_us_by_window,
            &w.latency_max_by_window,
            &w.busy_us_by_window,
        ];
        let bound = w.binding.iter().map(|b| &b.flow_ns_by_window);
        for list in lists.into_iter().chain(w.errors_by_window.values()).chain(bound) {
            fits(&w.name, list)?;
        }
    }
    for l in &r.links {
        for list in
            [&l.bytes_by_window, &l.capacity_by_window, &l.full_ns_by_window, &l.lost_by_window]
        {
            fits(&l.name, list)?;
        }
    }
    for p in &r.pools {
        for list in [&p.used_us_by_window, &p.size_us_by_window] {
            fits(&p.name, list)?;
        }
        sum(&p.name, [p.refused, p.timed_out].into_iter())?;
    }
    for st in &r.stations {
        for list in [&st.busy_us_by_window, &st.servers_us_by_window] {
            fits(&st.name, list)?;
        }
        sum(&st.name, [st.refused, st.timed_out].into_iter())?;
    }
    for it in &r.scalers {
        let lists = [&it.running_us_by_window, &it.starting_us_by_window, &it.wanted_us_by_window];
        for list in lists {
            fits(&it.name, list)?;
        }
    }
    for sel in &r.selectors {
        for list in sel.chosen_by_window.iter().chain(&sel.stale_by_window) {
            fits(&sel.name, list)?;
        }
        let all = sel.chosen_by_window.iter().chain(&sel.stale_by_window).flatten();
        sum(&sel.name, all.copied())?;
    }
    Ok(())
}

/// The sum, or why it can't be a count.
fn sum(what: &str, mut list: impl Iterator<Item = u64>) -> Result<u64, String> {
    list.try_fold(0_u64, u64::checked_add).ok_or_else(|| format!("{what}: counts overflow"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::{SettingsSeen, WorkloadResults};

    #[test]
    fn contradictions_are_damage() {
        let mut r = Results::default();
        assert_eq!(check(&r), Ok(()));
        r.settings = SettingsSeen { horizon_ns: 10, ..SettingsSeen::default() };
        assert_eq!(check(&r), Err("windows of no length".into()));
        r.settings.window_ns = 5;
        r.workloads = vec![WorkloadResults {
            name: "w".into(),
            offered: 3,
            ok: 2,
            unfinished: 1,
            ..WorkloadResults::default()
        }];
        assert_eq!(check(&r), Ok(()));
        r.workloads[0].ok_by_window = vec![1, 1, 0];
        assert_eq!(check(&r), Err("w: 3 values for 2 windows".into()));
        r.workloads[0].ok = u64::MAX;
        assert_eq!(check(&r), Err("w: counts overflow".into()));
        r.workloads[0].ok = 9;
        assert!(check(&r).is_err());
    }

    #[test]
    fn errors_name_the_file() {
        let missing = read_results(Path::new("no/such/results.json")).unwrap_err();
        assert!(missing.to_string().contains("no/such/results.json"));
    }
}
