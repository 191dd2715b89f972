//! How connections carry bytes: `[tcp]` for the scenario, `tcp = { ... }` for one workload. What a
//! workload does not say is as the scenario says; what the scenario does not say is an assumption.

use crate::plan::{SlowStart, Transport};
use crate::scenario::context::Context;
use crate::scenario::diagnostic::{Diagnostic, Place};
use crate::scenario::read::{Above0, Count, Factor, Read};
use crate::scenario::reader::{Basis, Reader};
use crate::scenario::tree::Table;
use crate::units::{Bytes, Span};

/// Largest first window, segments, and largest segment or header, bytes.
const MOST_SEGMENTS: u32 = 10_000;
const MOST_BYTES: u64 = 65_535;
/// Growth from one window to the next.
const GROWTH: (f64, f64) = (1.1, 16.0);

const START: Basis = Basis { source: "slow start of new connections (RFC 5681)", mark: "B" };
const FIRST: Basis = Basis { source: "initial window of 10 segments (RFC 6928)", mark: "B" };
const DOUBLING: Basis = Basis {
    source: "windows double per round trip where each acknowledged byte counts (RFC 3465, RFC \
             9438); 1.5 where delayed acknowledgements are counted one by one",
    mark: "B",
};
const SEGMENT: Basis = Basis {
    source: "MTU 1500 less 40 bytes of IPv4 and TCP headers and 12 of timestamps (RFC 9293, 7323)",
    mark: "B",
};
const HEADERS: Basis = Basis {
    source: "IPv4 20, TCP 20, timestamps 12, link 2 bytes a segment: 1448 of 1502 are payload",
    mark: "C",
};
const NO_WINDOW: &str = "receivers tune their windows to the path; set it where they do not";
const NO_RESTART: &str = "a reused connection keeps its windows; RFC 5681 4.1 lets it restart";

/// What `[tcp]` or `tcp = { ... }` says.
#[derive(Clone, Debug)]
pub(crate) struct Tcp {
    slow_start: bool,
    initial_window: u32,
    growth: f64,
    segment: u32,
    headers: u32,
    window: Option<Bytes>,
    idle_restart: Option<Span>,
}

impl Tcp {
    /// Reads the scenario's `[tcp]`; every default is an assumption.
    pub(crate) fn read_all(root: &Table, cx: &Context) -> Option<Self> {
        static EMPTY: Table = Table { entries: std::collections::BTreeMap::new() };
        let r = match root.get("tcp") {
            Some(entry) => Reader::of(cx, &entry.node, "tcp")?,
            None => Reader::new(cx, &EMPTY, Place::default(), "tcp".to_owned()),
        };
        let slow_start = r.fallback("slow_start", "true", START);
        let used = slow_start != Some(false);
        let (initial_window, growth) = match used {
            true => {
                (r.fallback("initial_window", "10", FIRST), r.fallback("growth", "2", DOUBLING))
            }
            false => (r.quiet("initial_window", "10"), r.quiet("growth", "2")),
        };
        let segment = r.fallback::<Above0<Bytes>>("segment", "1448 B", SEGMENT);
        let headers = r.fallback::<Bytes>("headers", "54 B", HEADERS);
        if !r.has("window") {
            r.assume("window", "none", NO_WINDOW, "D");
        }
        if used && !r.has("idle_restart") {
            r.assume("idle_restart", "never", NO_RESTART, "D");
        }
        let tcp = Self {
            slow_start: slow_start?,
            initial_window: segments(&r, initial_window?)?,
            growth: growing(&r, growth?)?,
            segment: bytes(&r, "segment", segment?.0)?,
            headers: bytes(&r, "headers", headers?)?,
            window: r.opt::<Above0<Bytes>>("window").map(|w| w.0),
            idle_restart: r.opt("idle_restart"),
        };
        r.done();
        Some(tcp)
    }

    /// Reads a workload's `tcp = { ... }` over what the scenario says.
    pub(crate) fn or_own(&self, r: &Reader<'_>) -> Option<Self> {
        let Some(r) = r.table("tcp") else { return Some(self.clone()) };
        fn over<T: Read, U: Copy>(
            r: &Reader<'_>,
            key: &'static str,
            base: U,
            take: impl Fn(T) -> Option<U>,
        ) -> Option<U> {
            match r.has(key) {
                true => r.opt::<T>(key).and_then(take),
                false => Some(base),
            }
        }
        let slow_start = over(&r, "slow_start", self.slow_start, Some);
        let first = over(&r, "initial_window", self.initial_window, |n| segments(&r, n));
        let growth = over(&r, "growth", self.growth, |g| growing(&r, g));
        let segment =
            over(&r, "segment", self.segment, |b: Above0<Bytes>| bytes(&r, "segment", b.0));
        let headers = over(&r, "headers", self.headers, |b| bytes(&r, "headers", b));
        let window = over(&r, "window", self.window, |w: Above0<Bytes>| Some(Some(w.0)));
        let restart = over(&r, "idle_restart", self.idle_restart, |s: Span| Some(Some(s)));
        r.done();
        Some(Self {
            slow_start: slow_start?,
            initial_window: first?,
            growth: growth?,
            segment: segment?,
            headers: headers?,
            window: window?,
            idle_restart: restart?,
        })
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
