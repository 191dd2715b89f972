//! The clock.

use crate::units::Span;

/// A point in simulated time: whole nanoseconds since its start (u64: 584 years).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(u64);

impl Instant {
    /// The start of the simulation.
    pub const START: Self = Self(0);
    /// Later than everything.
    pub const NEVER: Self = Self(u64::MAX);

    /// The instant `ns` nanoseconds after the start.
    pub const fn from_nanos(ns: u64) -> Self {
        Self(ns)
    }
    /// Nanoseconds since the start.
    pub const fn nanos(self) -> u64 {
        self.0
    }
    /// This instant and a span later; [`Instant::NEVER`] beyond the end of time.
    #[must_use]
    pub const fn after(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.nanos()))
    }
    /// Nanoseconds since an earlier instant.
    pub const fn since(self, earlier: Self) -> u64 {
        self.0 - earlier.0
    }
}
