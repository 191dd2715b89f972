//! How connections carry bytes: `[tcp]` for the scenario, `tcp = { ... }` for one workload. What a
//! workload does not say is as the scenario says; what the scenario does not say is an assumption.

use super::Workload;
use crate::plan::{Assumption, SlowStart, Transport};
use crate::scenario::context::Context;
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::kinds::Thing;
use crate::scenario::read::{Above0, Count, Factor};
use crate::scenario::reader::Reader;
use crate::scenario::tree::{Table, Value};
use crate::units::{Bytes, Span};

/// Largest first window, segments, and largest segment or header, bytes.
const MOST_SEGMENTS: u32 = 10_000;
const MOST_BYTES: u64 = 65_535;
/// Growth from one window to the next.
const GROWTH: (f64, f64) = (1.1, 16.0);

/// (key, default, source, mark): what the report says where `[tcp]` says nothing.
const ASSUMED: &[(&str, &str, &str, &str)] = &[
    ("slow_start", "true", "slow start of new connections (RFC 5681)", "B"),
    ("initial_window", "10", "initial window of 10 segments (RFC 6928)", "B"),
    (
        "growth",
        "2",
        "windows double per round trip where each acknowledged byte counts (RFC 3465, RFC 9438); \
         1.5 where delayed acknowledgements are counted one by one",
        "B",
    ),
    (
        "idle_restart",
        "never",
        "a reused connection keeps its windows; RFC 5681 4.1 lets it restart",
        "D",
    ),
    (
        "segment",
        "1448 B",
        "MTU 1500 less 40 bytes of IPv4 and TCP headers and 12 of timestamps (RFC 9293, 7323)",
        "B",
    ),
    (
        "headers",
        "54 B",
        "IPv4 20, TCP 20, timestamps 12, link 2 bytes a segment: 1448 of 1502 are payload",
        "C",
    ),
    (
        "rtt_bias",
        "0",
        "flows share a full link whatever their round trips; 1 is Reno-like (Mathis et al. 1997)",
        "D",
    ),
    ("window", "none", "receivers tune their windows to the path; set it where they do not", "D"),
];

/// What `[tcp]` or `tcp = { ... }` says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tcp {
    slow_start: bool,
    initial_window: u32,
    growth: f64,
    segment: u32,
    headers: u32,
    window: Option<Bytes>,
    idle_restart: Option<Span>,
    rtt_bias: f64,
}

impl Tcp {
    const DEFAULT: Self = Self {
        slow_start: true,
        initial_window: 10,
        growth: 2.0,
        segment: 1_448,
        headers: 54,
        window: None,
        idle_restart: None,
        rtt_bias: 0.0,
    };

    /// Reads the scenario's `[tcp]`.
    pub(crate) fn read_all(root: &Table, cx: &Context) -> Self {
        let r = root.get("tcp").and_then(|entry| Reader::of(cx, &entry.node, "tcp"));
        let Some(r) = r else { return Self::DEFAULT };
        let it = Self::DEFAULT.with(&r);
        r.done();
        it
    }

    /// Every default that one of these workloads' connections has from here is an assumption. Open
    /// connections of a list of flows have nothing from here but the shape of a start that is
    /// switched on for them.
    pub(crate) fn assume(&self, workloads: &[Thing<Workload>], root: &Table, cx: &Context) {
        let said = |key: &str| match root.get("tcp").map(|entry| &entry.node.value) {
            Some(Value::Table(table)) => table.get(key).is_some(),
            _ => false,
        };
        let whole = workloads.iter().any(|w| !w.spec.is_pure());
        let starts = workloads.iter().any(|w| w.spec.is_pure() && w.spec.tcp.slow_start);
        let segments = workloads.iter().any(|w| w.spec.is_pure() && w.spec.tcp.headers > 0);
        for &(parameter, value, source, mark) in ASSUMED {
            let used = match parameter {
                "initial_window" | "growth" | "idle_restart" => {
                    starts || (whole && self.slow_start)
                }
                "segment" => whole || starts || segments,
                _ => whole,
            };
            if used && !said(parameter) {
                cx.assume(Assumption {
                    parameter: format!("tcp.{parameter}"),
                    value: value.to_owned(),
                    source: source.split_whitespace().collect::<Vec<_>>().join(" "),
                    confidence: mark.to_owned(),
                });
            }
        }
    }

    /// Bytes and nothing else, until a workload says so.
    pub(super) const fn pure(&self) -> Self {
        let mut it = *self;
        (it.slow_start, it.headers, it.window, it.rtt_bias) = (false, 0, None, 0.0);
        it
    }

    /// Reads a workload's `tcp = { ... }` over what the scenario says.
    pub(crate) fn or_own(&self, r: &Reader<'_>) -> Self {
        let Some(r) = r.table("tcp") else { return *self };
        let it = self.with(&r);
        r.done();
        it
    }

    /// What a table says, and this where it says nothing or what cannot be read: then nothing is
    /// lowered anyway.
    fn with(&self, r: &Reader<'_>) -> Self {
        let first = r.opt::<Count>("initial_window").and_then(|n| segments(r, n));
        let segment = r.opt::<Above0<Bytes>>("segment").and_then(|b| bytes(r, "segment", b.0));
        let headers = r.opt::<Bytes>("headers").and_then(|b| bytes(r, "headers", b));
        let growth = r.opt::<Factor>("growth").and_then(|g| growing(r, g));
        let bias = r.opt::<Factor>("rtt_bias").and_then(|b| biased(r, b));
        Self {
            slow_start: r.or("slow_start", self.slow_start),
            initial_window: first.unwrap_or(self.initial_window),
            growth: growth.unwrap_or(self.growth),
            segment: segment.unwrap_or(self.segment),
            headers: headers.unwrap_or(self.headers),
            window: r.opt::<Above0<Bytes>>("window").map(|w| w.0).or(self.window),
            idle_restart: r.opt("idle_restart").or(self.idle_restart),
            rtt_bias: bias.unwrap_or(self.rtt_bias),
        }
    }

    /// In the plan's terms.
    pub(super) fn transport(&self) -> Transport {
        Transport {
            segment: self.segment,
            headers: self.headers,
            slow_start: self.slow_start.then_some(SlowStart {
                initial_window: self.initial_window,
                growth: self.growth,
                idle_restart: self.idle_restart,
            }),
            window: self.window,
            rtt_bias: self.rtt_bias,
        }
    }
}

fn segments(r: &Reader<'_>, Count(n): Count) -> Option<u32> {
    if n <= MOST_SEGMENTS {
        return Some(n);
    }
    let message = format!("a first window of {n} segments is too large");
    refuse(r, "initial_window", message, &format!("1 to {MOST_SEGMENTS}"));
    None
}

fn growing(r: &Reader<'_>, Factor(growth): Factor) -> Option<f64> {
    let (low, high) = GROWTH;
    if (low..=high).contains(&growth) {
        return Some(growth);
    }
    let message = format!("windows cannot grow {growth}-fold per round trip");
    refuse(r, "growth", message, &format!("{low} to {high}; 2 or 1.5 are usual"));
    None
}

fn biased(r: &Reader<'_>, Factor(bias): Factor) -> Option<f64> {
    if bias <= Transport::MOST_BIAS {
        return Some(bias);
    }
    let message = format!("a bias of {bias} would starve every long path");
    let rule = format!("0 to {}; 0 and 1 are usual", Transport::MOST_BIAS);
    refuse(r, "rtt_bias", message, &rule);
    None
}

fn bytes(r: &Reader<'_>, key: &'static str, bytes: Bytes) -> Option<u32> {
    if bytes.get() <= MOST_BYTES {
        return u32::try_from(bytes.get()).ok();
    }
    let message = format!("`{key}` of {bytes} is more than a packet holds");
    refuse(r, key, message, &format!("at most {MOST_BYTES} B"));
    None
}

fn refuse(r: &Reader<'_>, key: &str, message: String, rule: &str) {
    r.cx.complain(Diagnostic::error("range", r.place_of(key), message).label(rule.to_owned()));
}
