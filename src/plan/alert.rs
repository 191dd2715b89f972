//! Alerts: what somebody who watches the network is told, and when.

use crate::units::Span;

use super::{LinkId, SelectorId};

/// Levels of something that is measured period by period, or an event. It changes nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct Alert {
    /// Unique name.
    pub name: String,
    /// What is watched, in words.
    pub of: String,
    /// What is watched.
    pub on: Watched,
    /// In rising order of their thresholds; at least one, and one only for [`Watched::Belief`].
    pub levels: Vec<Level>,
}

/// One level.
#[derive(Clone, Debug, PartialEq)]
pub struct Level {
    /// Its word.
    pub word: String,
    /// A period counts if its value is at least this share, above 0 and at most 1.
    pub from: f64,
}

/// What an alert is about.
#[derive(Clone, Debug, PartialEq)]
pub enum Watched {
    /// A share of each period: the greatest of these links' directions.
    Links {
        /// Which.
        links: Vec<LinkId>,
        /// What share.
        metric: Metric,
        /// Length of a period: a whole number of windows. What the end of the run cuts off is none.
        period: Span,
        /// A level is reached at the end of a period if this many...
        need: u32,
        /// ... of so many periods up to then count, and left when they no more do.
        of: u32,
    },
    /// A branch is believed down.
    Belief {
        /// Of which choice.
        selector: SelectorId,
    },
}

/// What of a link is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metric {
    /// Bytes carried, of those that it could have carried.
    Used,
    /// Time without room while flows wanted more, of all.
    Full,
    /// Bytes of background load that did not fit, of those and what was carried.
    Lost,
}
