//! How long what can fail by itself is up and down.

use crate::random::Dist;
use crate::units::Span;

use super::{Component, ComponentId, Plan};

/// A component's life: up for an exponential time, down until its repair, and so on for ever.
///
/// In the long run it is up for the share up / (up + down) of the time, whatever the laws (alternating
/// renewal processes; Barlow & Proschan 1975).
///
/// ```
/// use highwater::plan::{Life, Repair};
/// use highwater::units::Span;
/// let life = Life {
///     up: Span::from_secs(999 * 3_600),
///     down: Span::from_secs(3_600),
///     repair: Repair::Exponential,
/// };
/// assert!((life.availability() - 0.999).abs() < 1e-12);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Life {
    /// Mean time from a repair to the next failure (MTBF), above 0.
    pub up: Span,
    /// Mean time from a failure to its repair (MTTR), above 0.
    pub down: Span,
    /// How repairs vary.
    pub repair: Repair,
}

/// The law of repair times around their mean.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Repair {
    /// Exponential: many short ones, some long ones.
    Exponential,
    /// Always the mean.
    Fixed,
    /// Lognormal, with this standard deviation of the logarithm (not below 0).
    Lognormal {
        /// Standard deviation of the logarithm.
        sigma: f64,
    },
}

#[expect(clippy::cast_precision_loss, reason = "times to one part in 2^53")]
const fn nanos(span: Span) -> f64 {
    span.nanos() as f64
}

impl Life {
    /// The long-run share of time in which it is up.
    pub fn availability(&self) -> f64 {
        nanos(self.up) / (nanos(self.up) + nanos(self.down))
    }

    /// The law of times to failure, ns.
    pub const fn failure_law(&self) -> Dist {
        Dist::exponential(nanos(self.up))
    }

    /// The law of repair times, ns.
    pub fn repair_law(&self) -> Dist {
        match self.repair {
            Repair::Exponential => Dist::exponential(nanos(self.down)),
            Repair::Fixed => Dist::constant(nanos(self.down)),
            Repair::Lognormal { sigma } => Dist::lognormal_of_mean(nanos(self.down), sigma),
        }
    }

    /// Whether times are above 0 and the spread is a number.
    pub(super) fn is_valid(&self) -> bool {
        let spread = match self.repair {
            Repair::Lognormal { sigma } => (0.0..=Self::MOST_SIGMA).contains(&sigma),
            Repair::Exponential | Repair::Fixed => true,
        };
        self.up.nanos() > 0 && self.down.nanos() > 0 && spread
    }

    /// Greatest spread of lognormal repairs: beyond, draws are 0 for all but one in thousands.
    pub const MOST_SIGMA: f64 = 4.0;
}

impl Plan {
    /// What can fail by itself: things that were declared, not parts of them, groups and gates.
    pub fn elements(&self) -> impl Iterator<Item = (ComponentId, &Component)> {
        let all = (0..).map(ComponentId).zip(&self.components);
        all.filter(|(_, c)| !c.label.is_empty() && c.of.is_empty())
    }
}
