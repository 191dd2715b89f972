//! How connections carry bytes: headers, windows, the start of a transfer.

use crate::units::{Bytes, Span};

/// What a workload's connections add to the bytes of a message, and what holds them back besides
/// the network.
///
/// ```
/// use highwater::plan::Transport;
/// // 1,448 of 1,502 bytes are payload: a message of 1,448,000 bytes loads links with 1,502,000.
/// let it = Transport { headers: 54, ..Transport::FLUID };
/// assert_eq!(it.on_wire(1_448_000), 1_502_000.0);
/// assert_eq!(Transport::FLUID.on_wire(1_448_000), 1_448_000.0);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Transport {
    /// Payload bytes of a full segment, at least 1.
    pub segment: u32,
    /// Bytes that a link carries beside the payload of a full segment.
    pub headers: u32,
    /// How a new connection starts; without it a transfer has its fair share at once.
    pub slow_start: Option<SlowStart>,
    /// Most payload bytes on the way at a time (receive window), above 0: a flow takes at most
    /// this per round trip of its path. No bound when absent.
    pub window: Option<Bytes>,
    /// How much a flow's share of a full link shrinks with its path's round trip: its weight is the
    /// workload's x (round trip / 1 ms)^-bias. 0 for none, 1 as Reno's rate does (Mathis et al.
    /// 1997), at most [`Transport::MOST_BIAS`].
    pub rtt_bias: f64,
}

/// The start of a connection that probes for its rate (RFC 5681, RFC 6928).
///
/// Each direction of a connection has a window of its own. While a window is below rate x round
/// trip, the sender sends it, idles for the rest of the round trip, and the next one is `growth`
/// times as large. A connection keeps its windows while it is reused.
#[derive(Clone, Debug, PartialEq)]
pub struct SlowStart {
    /// Segments of the first window, at least 1.
    pub initial_window: u32,
    /// Factor from one window to the next, 1.1 or more: 2 where each acknowledged byte counts, 1.5
    /// where each acknowledgement of two segments counts as one.
    pub growth: f64,
    /// A connection that was idle for this long begins anew with its first window; never when
    /// absent.
    pub idle_restart: Option<Span>,
}

impl Transport {
    /// Steepest bias: between round trips of 1 us and 1 s, weights are within a factor of 2^40.
    pub const MOST_BIAS: f64 = 2.0;

    /// Bytes and nothing else: no headers, no start, no window, no bias.
    pub const FLUID: Self =
        Self { segment: 1_448, headers: 0, slow_start: None, window: None, rtt_bias: 0.0 };

    /// Bytes that links carry for this many bytes of a message.
    #[expect(clippy::cast_precision_loss, reason = "sizes are below 2^53 bytes")]
    pub fn on_wire(&self, bytes: u64) -> f64 {
        // One division at the end: without headers the size is exactly itself.
        let segment = f64::from(self.segment);
        match self.headers {
            0 => bytes as f64,
            headers => bytes as f64 * (segment + f64::from(headers)) / segment,
        }
    }

    /// Payload bytes of a new connection's first window; none without slow start.
    pub fn first_window(&self) -> Option<u64> {
        let start = self.slow_start.as_ref()?;
        let bytes = u64::from(start.initial_window) * u64::from(self.segment);
        Some(self.window.map_or(bytes, |most| bytes.min(most.get())))
    }
}
