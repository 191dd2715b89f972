//! How a client behaves: connections, name cache, timeouts, retries. Every default is an assumption
//! of the report, with its source.

use crate::plan::{Connections, NameCache, Retries, Timeouts};
use crate::scenario::read::{Above0, Count, Factor, Share};
use crate::scenario::reader::{Basis, Reader, word};
use crate::scenario::tree::{Table, Value};
use crate::units::Span;

/// What clients remember of names.
const NAMES: &[(&str, NameCache)] = &[
    ("forever", NameCache::Forever),
    ("none", NameCache::None),
    ("prefetch", NameCache::Prefetch),
    ("ttl", NameCache::Ttl { warm: false }),
    ("warm_ttl", NameCache::Ttl { warm: true }),
];

/// Round trips before the first byte: TCP, and TLS full handshakes (RFC 9293, 5246, 8446).
const HANDSHAKES: &[(&str, u32)] = &[("none", 1), ("1.2", 3), ("1.3", 2)];

/// `names = "ttl"`, or `names = { every = "5 min" }`: M-42 and Z-01 between the extremes.
pub(super) fn names(r: &Reader<'_>) -> Option<NameCache> {
    let node = r.node("names")?;
    match node.value {
        Value::Table(_) => {
            let r = r.table("names")?;
            let every = r.req::<Above0<Span>>("every").map(|span| NameCache::Every(span.0));
            r.done();
            every
        }
        _ => word(node, r.cx, NAMES),
    }
}

const CHOSEN: Basis = Basis { source: "a common client setting, chosen here", mark: "D" };
const GLIBC: Basis = Basis { source: "resolv.conf(5): timeout and attempts of glibc", mark: "B" };

/// A reader for the table under a key, or for an empty one: defaults then apply.
fn part<'a>(r: &Reader<'a>, key: &'static str) -> Option<Reader<'a>> {
    static EMPTY: Table = Table { entries: std::collections::BTreeMap::new() };
    match r.node(key) {
        Some(node) if matches!(node.value, Value::Table(_)) => r.table(key),
        Some(_) => r.table(key),
        None => Some(Reader::new(r.cx, &EMPTY, r.place, format!("{}.{key}", r.path))),
    }
}

/// `connections = { reuse, per_client, idle_timeout, max_age, tls }`
pub(super) fn connections(r: &Reader<'_>) -> Option<Connections> {
    let r = part(r, "connections")?;
    let reuse = r.fallback::<bool>("reuse", "true", CHOSEN);
    let per_client = r.opt::<Count>("per_client").map(|n| n.0);
    let idle_timeout = match reuse {
        Some(false) => r.opt("idle_timeout").or(Some(Span::ZERO)),
        _ => r.fallback("idle_timeout", "60 s", CHOSEN),
    };
    let max_age = r.opt::<Above0<Span>>("max_age").map(|age| age.0);
    if !r.has("tls") {
        r.assume("tls", "none", CHOSEN.source, CHOSEN.mark);
    }
    let handshake = r.word("tls", HANDSHAKES).unwrap_or(1);
    r.done();
    Some(Connections {
        reuse: reuse?,
        per_client,
        idle_timeout: idle_timeout?,
        max_age,
        handshake_rtts: handshake,
    })
}

/// `timeouts = { name, name_attempts, connect, request }`
pub(super) fn timeouts(r: &Reader<'_>) -> Option<Timeouts> {
    let r = part(r, "timeouts")?;
    let name = r.fallback::<Above0<Span>>("name", "5 s", GLIBC);
    let name_attempts = r.fallback::<Count>("name_attempts", "2", GLIBC);
    let connect = r.fallback::<Above0<Span>>("connect", "5 s", CHOSEN);
    let request = r.fallback::<Above0<Span>>("request", "30 s", CHOSEN);
    r.done();
    Some(Timeouts {
        name: name?.0,
        name_attempts: name_attempts?.0,
        connect: connect?.0,
        request: request?.0,
    })
}

/// `retries = { attempts, backoff, backoff_cap, jitter, budget, re_resolve }`
pub(super) fn retries(r: &Reader<'_>) -> Option<Retries> {
    let given = r.has("retries");
    let r = part(r, "retries")?;
    let attempts = r.fallback::<Count>("attempts", if given { "3" } else { "1" }, CHOSEN);
    // Without retries the rest is never used, and no assumption.
    let used = given || r.has("attempts");
    let (backoff, cap, jitter) = match used {
        true => (
            r.fallback("backoff", "500 ms", CHOSEN),
            r.fallback("backoff_cap", "60 s", CHOSEN),
            r.fallback("jitter", "1.0", CHOSEN),
        ),
        false => (Some(Span::ZERO), Some(Span::ZERO), Some(Share(0.0))),
    };
    let budget = r.opt::<Factor>("budget").map(|b| b.0);
    let re_resolve = match used {
        true => r.fallback("re_resolve", "true", CHOSEN),
        false => r.opt("re_resolve").or(Some(true)),
    };
    r.done();
    Some(Retries {
        attempts: attempts?.0,
        backoff: backoff?,
        backoff_cap: cap?,
        jitter: jitter?.0,
        budget,
        re_resolve: re_resolve?,
    })
}
