//! Whether a plan leaves anything to chance.

use super::{Arrivals, Capacity, Plan, Workload};
use crate::random::Dist;

impl Plan {
    /// Whether replications can differ: false only where nothing is drawn, as in a replay of given
    /// flows over given routes. Choices count as drawn, whatever their policy.
    pub fn leaves_to_chance(&self) -> bool {
        let varies = |law: &Dist| !matches!(law, Dist::Constant { .. });
        (self.settings.outages && self.components.iter().any(|c| c.life.is_some()))
            || !self.selectors.is_empty()
            || self.workloads.iter().any(draws)
            || self.links.iter().any(|l| match &l.capacity {
                Capacity::Fixed(_) | Capacity::Elastic { .. } => false,
                Capacity::Random { law, .. } => varies(law),
            })
            || self.changes.iter().any(|c| match &c.what {
                super::What::SetLink { capacity: Capacity::Random { law, .. }, .. } => varies(law),
                _ => false,
            })
            || self
                .changes
                .iter()
                .filter_map(|c| c.after.as_ref())
                .any(|a| a.waits.iter().any(|w| varies(&w.law)))
            || self.stations.iter().any(|s| varies(&s.service))
            || self.scalers.iter().any(|s| varies(&s.start_up) || s.seats.is_some())
            || self
                .delays
                .iter()
                .any(|d| varies(&d.law) || d.local.as_ref().is_some_and(|(_, law)| varies(law)))
    }
}

/// Starts and sizes that are not given, who of several clients sends, random pauses.
fn draws(w: &Workload) -> bool {
    let given = matches!(w.arrivals, Arrivals::Trace { .. } | Arrivals::Flows { .. });
    !given || w.clients > 1 || (w.retries.attempts > 1 && w.retries.jitter > 0.0)
}
