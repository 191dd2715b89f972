//! Theory beyond the rows of `highwater validate`, which has the closed forms: what else must hold of
//! cases worked out by hand.

mod network;
mod startup;

use highwater::plan::{Arrivals, Hop, LinkId, Route};
use highwater::units::{Rate, Span};

use crate::lab::{link, plan, run_one, settings, workload};

#[test]
fn parking_lot_by_hand() {
    // Three links of 8 Mbit/s. A long flow over all three and one short flow on each: max-min gives
    // each 1/2 = 0.5 MB/s, so 1 MB takes exactly 2 s.
    let row = highwater::plan::TraceRow { at: Span::ZERO, request: 0, response: 1_000_000 };
    let trace = || Arrivals::Trace { rows: std::sync::Arc::new(vec![row]) };
    let mut p = plan(
        settings(10, 0, 1),
        (0..3).map(|i| Hop::Link(LinkId(i))).collect(),
        vec![workload("long", trace(), 0)],
    );
    for i in 0..3 {
        p.links.push(link(&format!("l{i}"), Rate::from_mbps(8)));
        p.routes.push(Route { name: format!("short{i}"), hops: vec![Hop::Link(LinkId(i))] });
        p.workloads.push(workload(&format!("short{i}"), trace(), i + 1));
    }
    for w in &run_one(&p, 0).workloads {
        assert_eq!(w.latency_ok.max(), Some(2_000_000_000), "{}", w.name);
        assert_eq!((w.offered, w.ok, w.bytes_by_window.iter().sum::<u64>()), (1, 1, 1_000_000));
        // Held back by a link all the time.
        assert_eq!(
            w.binding.iter().map(|b| b.flow_ns_by_window.iter().sum::<u64>()).sum::<u64>(),
            2_000_000_000
        );
    }
}
