//! What those who watch were told, replication by replication.

use super::super::findings::float;
use super::{Sheet, row};
use crate::measure::Results;

/// alerts.csv: each level in each replication that reached it or broke an objective, and its lead on
/// the breach of each workload's objectives.
pub(super) fn alerts(results: &Results) -> Sheet {
    let head =
        ["alert", "level", "from", "replication", "first_s", "workload", "breached_s", "lead_s"];
    let mut sheet = Sheet::new(&head);
    let seconds = |ns: Option<&u64>| ns.map(|ns| float(*ns) / 1e9);
    let judged = || results.workloads.iter().filter(|w| !w.objectives.is_empty());
    for alert in &results.alerts {
        for level in &alert.levels {
            for replication in &results.settings.replications {
                let first = seconds(level.first.get(replication));
                let mut add = |workload: &str, breached: Option<f64>| {
                    let lead = first.zip(breached).map(|(first, breached)| breached - first);
                    if first.is_some() || breached.is_some() {
                        sheet.rows.push(row![
                            &alert.name,
                            &level.level,
                            level.from,
                            u64::from(*replication),
                            first,
                            workload,
                            breached,
                            lead,
                        ]);
                    }
                };
                if judged().next().is_none() {
                    add("", None);
                }
                for w in judged() {
                    add(&w.name, seconds(w.breached.get(replication)));
                }
            }
        }
    }
    sheet
}
