//! When requests start.

use crate::plan::{Arrivals, FlowRow, Profile, TraceRow};
use crate::random::{Dist, Rng, Stream};
use crate::units::Span;

/// The source of intended starts of an open workload.
#[derive(Debug)]
pub(super) struct Source {
    law: Law,
    stream: Stream,
    /// Time of the last arrival, ns.
    at: u64,
}

#[derive(Debug)]
enum Law {
    Gaps {
        gap: Dist,
        profile: Option<Clock>,
    },
    Rows {
        rows: std::sync::Arc<Vec<TraceRow>>,
        next: usize,
    },
    Flows {
        rows: std::sync::Arc<Vec<FlowRow>>,
        next: usize,
    },
    /// Closed workloads and jobs have no source.
    None,
}

/// One intended start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Due {
    pub(super) at: u64,
    /// Position in the trace, if it comes from one.
    pub(super) row: Option<TraceRow>,
    /// The message, if it comes from a list of flows.
    pub(super) flow: Option<FlowRow>,
}

impl Source {
    pub(super) fn new(arrivals: &Arrivals, start_of_day: Span, stream: Stream) -> Self {
        let clock = |p: &Option<Profile>| p.as_ref().map(|p| Clock::new(p, start_of_day));
        let law = match arrivals {
            Arrivals::Poisson { per_second, .. } if *per_second <= 0.0 => Law::None,
            Arrivals::Poisson { per_second, profile } => {
                Law::Gaps { gap: Dist::exponential(1e9 / per_second), profile: clock(profile) }
            }
            Arrivals::Renewal { gap, profile } => {
                Law::Gaps { gap: gap.clone(), profile: clock(profile) }
            }
            Arrivals::Closed { .. } | Arrivals::Jobs(_) => Law::None,
            Arrivals::Trace { rows } => Law::Rows { rows: rows.clone(), next: 0 },
            Arrivals::Flows { rows, .. } => Law::Flows { rows: rows.clone(), next: 0 },
        };
        Self { law, stream, at: 0 }
    }

    /// The next intended start; none when there is no further one.
    pub(super) fn next(&mut self) -> Option<Due> {
        match &mut self.law {
            Law::None => None,
            Law::Rows { rows, next } => {
                let row = *rows.get(*next)?;
                *next += 1;
                Some(Due { at: row.at.nanos(), row: Some(row), flow: None })
            }
            Law::Flows { rows, next } => {
                let flow = *rows.get(*next)?;
                *next += 1;
                Some(Due { at: flow.at.nanos(), row: None, flow: Some(flow) })
            }
            Law::Gaps { gap, profile } => {
                let drawn = gap.sample_from(&mut self.stream);
                let ns = match profile {
                    None => drawn,
                    Some(clock) => clock.time_for(self.at, drawn),
                };
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "saturates"
                )]
                let gap = (ns + 0.5) as u64;
                self.at = self.at.saturating_add(gap);
                (self.at < u64::MAX).then_some(Due { at: self.at, row: None, flow: None })
            }
        }
    }
}

/// The next 64 bits of a stream.
pub(super) fn next_key(stream: &mut Stream) -> u64 {
    stream.next_u64()
}

/// A profile as a clock that runs at the speed of its factor: a gap drawn at factor 1 lasts until
/// the integral of the factor has grown by it. Exact for Poisson sources (time change), and the
/// natural meaning for others.
#[derive(Clone, Debug)]
pub(super) struct Clock {
    /// (start of the piece, factor there), ns; the period closes the last piece.
    points: Vec<(f64, f64)>,
    period: f64,
    /// Integral of the factor over one period.
    whole: f64,
    offset: u64,
}

impl Clock {
    #[expect(clippy::cast_precision_loss, reason = "periods are far below 104 days")]
    pub(super) fn new(profile: &Profile, start_of_day: Span) -> Self {
        let points: Vec<(f64, f64)> =
            profile.points.iter().map(|p| (p.0.nanos() as f64, p.1)).collect();
        let period = profile.period.nanos() as f64;
        let mut clock = Self {
            points,
            period,
            whole: 0.0,
            offset: start_of_day.nanos() % profile.period.nanos(),
        };
        clock.whole = (0..clock.points.len()).map(|i| clock.area(i)).sum();
        clock
    }

    /// (start, end, factor at start, factor at end) of piece `i`.
    fn piece(&self, i: usize) -> (f64, f64, f64, f64) {
        let (from, a) = self.points[i];
        let (to, b) = self.points.get(i + 1).copied().unwrap_or((self.period, self.points[0].1));
        (from, to, a, b)
    }

    fn area(&self, i: usize) -> f64 {
        let (from, to, a, b) = self.piece(i);
        (to - from) * f64::midpoint(a, b)
    }

    /// The factor at simulated time `at`.
    #[expect(clippy::cast_precision_loss, reason = "below the period")]
    pub(super) fn factor(&self, at: u64) -> f64 {
        let x = ((at % self.period_ns() + self.offset) % self.period_ns()) as f64;
        let i = self.points.partition_point(|p| p.0 <= x) - 1;
        let (from, to, a, b) = self.piece(i);
        a + (b - a) * ((x - from) / (to - from))
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it was an integer"
    )]
    fn period_ns(&self) -> u64 {
        self.period as u64
    }

    /// How long from `at` until the integral of the factor has grown by `need`.
    #[expect(clippy::cast_precision_loss, reason = "below the period")]
    fn time_for(&self, at: u64, need: f64) -> f64 {
        let rounds = (need / self.whole).floor();
        let mut need = need - rounds * self.whole;
        let mut x = ((at % self.period_ns() + self.offset) % self.period_ns()) as f64;
        let mut passed = rounds * self.period;
        let mut i = self.points.partition_point(|p| p.0 <= x) - 1;
        loop {
            let (from, to, a, b) = self.piece(i);
            let slope = (b - a) / (to - from);
            let here = a + slope * (x - from);
            let area = (to - x) * f64::midpoint(here, b);
            if need <= area && area > 0.0 {
                // slope/2 y^2 + here y = need, in the form that is stable for small slopes.
                let root = (here * here + 2.0 * slope * need).max(0.0).sqrt();
                let wait = if need > 0.0 { 2.0 * need / (here + root) } else { 0.0 };
                return passed + wait.min(to - x);
            }
            need = (need - area).max(0.0);
            passed += to - x;
            i = (i + 1) % self.points.len();
            x = self.points[i].0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_lasts_until_the_integral_of_the_factor_is_reached() {
        // Factor 1 at 0 rising to 3 at 10 s, back to 1 at 20 s. Over the first 10 s the integral
        // is 20, over the period 40.
        let profile = Profile {
            points: vec![(Span::ZERO, 1.0), (Span::from_secs(10), 3.0)],
            period: Span::from_secs(20),
        };
        let clock = Clock::new(&profile, Span::ZERO);
        let s = 1e9;
        assert!((clock.time_for(0, 20.0 * s) - 10.0 * s).abs() < 1.0);
        // 95 = two periods and 15: y + y^2/10 = 15 -> y = (-1 + sqrt 7) / 0.2 = 8.228757.
        assert!((clock.time_for(0, 95.0 * s) - 48.228_756_555 * s).abs() < 10.0);
        // y + y^2/10 = 5 -> y = (-1 + sqrt 3) / 0.2 = 3.660254.
        assert!((clock.time_for(0, 5.0 * s) - 3.660_254_037 * s).abs() < 10.0);
        assert_eq!(clock.factor(5_000_000_000), 2.0);
        assert_eq!(clock.factor(15_000_000_000), 2.0);
    }

    #[test]
    fn a_daily_profile_starts_at_the_time_of_day() {
        let hours =
            (0..24u32).map(|h| (Span::from_secs(3_600 * u64::from(h)), f64::from(h))).collect();
        let profile = Profile { points: hours, period: Span::from_secs(86_400) };
        let clock = Clock::new(&profile, Span::from_secs(9 * 3_600 + 1_800));
        assert_eq!(clock.factor(0), 9.5);
        assert_eq!(clock.factor(3_600_000_000_000), 10.5);
    }
}
