//! From values to pixels, and the ticks between.

use plotters::coord::ranged1d::Ranged;
use plotters::coord::types::RangedCoordf64;

use crate::measure::SettingsSeen;
use crate::report::format::{plain, span_unit};

/// Steps of a pixel: coordinates are exact to a hundredth.
const STEPS: f64 = 100.0;

/// A linear or logarithmic map of values to pixels, on the coordinates of plotters. Logarithms are
/// taken here, with the portable libm.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Scale {
    from: f64,
    to: f64,
    start: f64,
    end: f64,
    log: bool,
}

impl Scale {
    /// `from..to` to pixels `start..end`; an empty range is widened.
    pub(crate) fn linear(from: f64, to: f64, start: f64, end: f64) -> Self {
        let to = if to > from { to } else { from + 1.0 };
        Self { from, to, start, end, log: false }
    }

    /// Logarithmic; both ends are made positive.
    pub(crate) fn log(from: f64, to: f64, start: f64, end: f64) -> Self {
        let from = if from > 0.0 { from } else { 1.0 };
        let to = if to > from { to } else { from * 10.0 };
        Self { from: libm::log10(from), to: libm::log10(to), start, end, log: true }
    }

    /// The pixel of `x`, inside the range.
    pub(crate) fn at(&self, x: f64) -> f64 {
        let x = if self.log { libm::log10(x.max(1e-300)) } else { x };
        let axis = RangedCoordf64::from(self.from..self.to);
        #[expect(clippy::cast_possible_truncation, reason = "charts are some thousand pixels wide")]
        let limit = ((self.start * STEPS) as i32, (self.end * STEPS) as i32);
        f64::from(axis.map(&x.clamp(self.from, self.to), limit)) / STEPS
    }
}

/// A tick: where, and its label; a tick without label is a fine line.
pub(crate) type Tick = (f64, String);

/// The next of 1, 2, 5, 10, ... that is at least `x`.
fn nice_step(x: f64) -> f64 {
    let power = libm::pow(10.0, libm::floor(libm::log10(x.max(1e-12))));
    // A hair of tolerance: 0.3 / 0.1 must not be taken for more than 3.
    [1.0, 2.0, 5.0]
        .into_iter()
        .map(|s| s * power)
        .find(|s| *s >= x * (1.0 - 1e-9))
        .unwrap_or(10.0 * power)
}

/// Round ticks from 0 to just above `top`, about `many`; the last one is the end of the axis.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "few ticks")]
pub(crate) fn linear_ticks(top: f64, many: f64) -> Vec<Tick> {
    let top = if top > 0.0 && top.is_finite() { top } else { 1.0 };
    let step = nice_step(top / many);
    let n = libm::ceil(top / step - 1e-9).max(1.0) as usize;
    let decimals = (-libm::floor(libm::log10(step) + 1e-9)).max(0.0) as usize;
    (0..=n)
        .map(|i| {
            let x = crate::report::findings::float(i as u64) * step;
            (x, plain(x, decimals))
        })
        .collect()
}

/// Ticks of a latency axis: decades, with 2 and 5 where there are few; labels such as `10 ms`.
/// Returns the ends too, which enclose `least..most` (ns).
pub(crate) fn latency_ticks(least: f64, most: f64) -> (f64, f64, Vec<Tick>) {
    let (least, most) = (least.max(1.0), most.max(least.max(1.0)));
    let decades = libm::log10(most / least);
    let steps: &[f64] = match decades {
        d if d > 3.0 => &[1.0],
        d if d > 0.8 => &[1.0, 2.0, 5.0],
        _ => &[1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0],
    };
    let mut grid = Vec::new();
    let mut power = libm::pow(10.0, libm::floor(libm::log10(least)) - 1.0);
    while power <= most * 10.0 {
        grid.extend(steps.iter().map(|s| s * power));
        power *= 10.0;
    }
    let from = grid.iter().rev().find(|x| **x <= least * 1.000_001).copied().unwrap_or(least);
    let to = grid.iter().find(|x| **x >= most * 0.999_999).copied().unwrap_or(most);
    let ticks = grid.into_iter().filter(|x| *x >= from * 0.999_999 && *x <= to * 1.000_001);
    (from, to, ticks.map(|x| (x, latency_label(x))).collect())
}

/// `10 ms`, without trailing zeros.
pub(crate) fn latency_label(ns: f64) -> String {
    let (factor, unit) = match span_unit(ns) {
        // Ticks stay decimal: 1000 s rather than 16.67 min.
        (_, "min" | "h") => (1e9, "s"),
        other => other,
    };
    format!("{} {unit}", plain(ns / factor, 3))
}

/// A time axis in s, min, h or days, or of the day where the scenario says when it starts.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TimeAxis {
    /// In ns since the start.
    pub(crate) ticks: Vec<Tick>,
    /// What the axis shows, with its unit.
    pub(crate) title: &'static str,
}

impl TimeAxis {
    pub(crate) fn new(s: &SettingsSeen) -> Self {
        const S: u64 = 1_000_000_000;
        const STEPS: [u64; 24] = [
            1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 14_400,
            21_600, 43_200, 86_400, 172_800, 432_000, 864_000, 2_592_000, 8_640_000,
        ];
        if s.horizon_ns < 2 * S {
            return Self::short(s.horizon_ns);
        }
        let wanted = (s.horizon_ns / S / 9).max(1);
        let step = STEPS.into_iter().find(|x| *x >= wanted).unwrap_or(wanted);
        let of_day = s.start_of_day_ns > 0;
        let (per, unit, title) = match s.horizon_ns / S {
            0..180 => (1, "s", "time since the start, s"),
            180..10_800 => (60, "min", "time since the start, min"),
            10_800..345_600 => (3_600, "h", "time since the start, h"),
            _ => (86_400, "d", "time since the start, days"),
        };
        let title = if of_day { "time of day" } else { title };
        // Ticks of a day stand on whole steps of the day, not of the run.
        let offset = if of_day { s.start_of_day_ns / S % step } else { 0 };
        let first = if offset == 0 { 0 } else { step - offset };
        let ticks = (0..)
            .map(|i| first + i * step)
            .take_while(|t| *t <= s.horizon_ns / S)
            .map(|t| {
                let label = if of_day {
                    day_label(s.start_of_day_ns / S + t, step)
                } else {
                    #[expect(clippy::cast_precision_loss, reason = "a label")]
                    plain(t as f64 / f64::from(per), if unit == "s" { 0 } else { 2 })
                };
                (crate::report::findings::float(t * S), label)
            })
            .collect();
        Self { ticks, title }
    }

    /// Below two seconds: milliseconds and finer.
    fn short(horizon_ns: u64) -> Self {
        let top = crate::report::findings::float(horizon_ns.max(1));
        let (factor, unit) = span_unit(top / 2.0);
        let title = match unit {
            "ns" => "time since the start, ns",
            "µs" => "time since the start, µs",
            _ => "time since the start, ms",
        };
        let ticks = linear_ticks(top / factor, 8.0)
            .into_iter()
            .map(|(x, label)| (x * factor, label))
            .filter(|(x, _)| *x <= top)
            .collect();
        Self { ticks, title }
    }
}

fn day_label(secs: u64, step: u64) -> String {
    let (day, h, m, s) = (secs / 86_400, secs / 3_600 % 24, secs / 60 % 60, secs % 60);
    match step {
        86_400.. => format!("day {}", day + 1),
        60.. if day > 0 && h == 0 && m == 0 => format!("day {}", day + 1),
        60.. => format!("{h:02}:{m:02}"),
        _ => format!("{h:02}:{m:02}:{s:02}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(ticks: &[Tick]) -> Vec<&str> {
        ticks.iter().map(|t| t.1.as_str()).collect()
    }

    #[test]
    fn ticks_are_round() {
        assert_eq!(labels(&linear_ticks(97.0, 5.0)), ["0", "20", "40", "60", "80", "100"]);
        assert_eq!(labels(&linear_ticks(0.9, 4.0)), ["0", "0.5", "1"]);
        assert_eq!(linear_ticks(f64::NAN, 5.0).len(), 6);
        let (from, to, ticks) = latency_ticks(2.3e6, 41e6);
        assert_eq!((from, to), (2e6, 5e7));
        assert_eq!(labels(&ticks), ["2 ms", "5 ms", "10 ms", "20 ms", "50 ms"]);
        let (_, _, ticks) = latency_ticks(900.0, 3e9);
        assert_eq!(labels(&ticks)[..3], ["100 ns", "1 µs", "10 µs"]);
    }

    #[test]
    fn scales_map_their_ends() {
        let log = Scale::log(1.0, 100.0, 0.0, 10.0);
        assert_eq!((log.at(1.0), log.at(10.0), log.at(100.0), log.at(1e9)), (0.0, 5.0, 10.0, 10.0));
        assert_eq!(Scale::linear(0.0, 0.0, 0.0, 10.0).at(0.5), 5.0);
    }

    #[test]
    fn time_axes() {
        let hour = 3_600_000_000_000;
        let mut s = SettingsSeen { horizon_ns: 2 * hour, ..SettingsSeen::default() };
        let axis = TimeAxis::new(&s);
        assert_eq!(labels(&axis.ticks), ["0", "15", "30", "45", "60", "75", "90", "105", "120"]);
        assert_eq!(axis.title, "time since the start, min");
        // From 9:50: ticks on the quarters of the day.
        s.start_of_day_ns = 9 * hour + 50 * 60_000_000_000;
        assert_eq!(labels(&TimeAxis::new(&s).ticks)[..2], ["10:00", "10:15"]);
        s.horizon_ns = 500_000;
        assert_eq!(TimeAxis::new(&s).title, "time since the start, µs");
        s.horizon_ns = 0;
        assert!(!TimeAxis::new(&s).ticks.is_empty());
    }
}
