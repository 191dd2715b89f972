//! Stations whose servers change, and instances that come and go: against closed forms, and by hand.

use highwater::measure::{Interval, Results, ScalerResults};
use highwater::plan::{
    Arrivals, Change, Connections, Hop, Lack, OnFull, Plan, Pool, PoolId, Scaler, ScalerId, Scope,
    Seats, Servers, StationId, Tracking, What,
};
use highwater::random::Dist;
use highwater::units::Span;

use crate::lab::{LEVEL, MS, plan, poisson, run, run_one, settings, station, workload};

const SECOND: f64 = 1e9;

fn change(at: u64, what: What) -> Change {
    Change { at: Span::from_secs(at), after: None, fault: None, what }
}

fn want(at: u64, instances: u32) -> Change {
    change(at, What::Want { scaler: ScalerId(0), instances })
}

fn renew(at: u64, surge: u32, unavailable: u32) -> Change {
    change(at, What::Renew { scaler: ScalerId(0), surge, unavailable })
}

/// Addresses, if there are so many.
fn pool(units: u64) -> Pool {
    Pool {
        name: "addresses".into(),
        units,
        on_full: OnFull::Refuse,
        hold_after: Span::ZERO,
        idle: None,
        scope: Scope::Connection,
        lack: Lack::Address,
    }
}

/// One server an instance, 10 s of start-up, a look every 10 s.
fn scaler(instances: u32) -> Scaler {
    Scaler {
        needs: vec![],
        name: "crew".into(),
        station: StationId(0),
        servers: 1,
        instances,
        pool: Some(PoolId(0)),
        start_up: Dist::constant(10.0 * SECOND),
        step: Span::from_secs(10),
        tracking: None,
        seats: None,
    }
}

/// The same without addresses or start-up.
fn at_once(instances: u32) -> Scaler {
    Scaler { pool: None, start_up: Dist::constant(0.0), ..scaler(instances) }
}

/// Five requests a second that take 100 ms each, at the instances of a scaler.
fn scaled(seconds: u64, units: u64, it: Scaler, changes: Vec<Change>) -> Plan {
    let hops = vec![Hop::Station(StationId(0))];
    let mut p = plan(settings(seconds, 0, 1), hops, vec![workload("w", poisson(5.0), 0)]);
    p.stations.push(station(Servers::Count(it.instances * it.servers), Dist::constant(100.0 * MS)));
    p.pools.push(pool(units));
    p.scalers.push(it);
    p.changes = changes;
    p
}

fn crew(r: &Results) -> &ScalerResults {
    &r.scalers[0]
}

/// Instances that run and that start up in each window, means.
fn counts(r: &Results) -> Vec<(f64, f64)> {
    let it = crew(r);
    let us = r.settings.window_ns as f64 / 1e3;
    let lists = it.running_us_by_window.iter().zip(&it.starting_us_by_window);
    lists.map(|(a, b)| (*a as f64 / us, *b as f64 / us)).collect()
}

/// Mean sojourn in some windows, ms.
fn sojourn(r: &Results, windows: std::ops::Range<usize>) -> f64 {
    let w = &r.workloads[0];
    let us: u64 = w.latency_sum_us_by_window[windows.clone()].iter().sum();
    us as f64 / 1e3 / w.ok_by_window[windows].iter().sum::<u64>() as f64
}

/// M/M/c: mean sojourn in units of the mean service, by Erlang C.
fn mmc(c: u32, load: f64) -> f64 {
    let a = load * f64::from(c);
    let b = (1..=c).fold(1.0, |b, n| a * b / (f64::from(n) + a * b));
    let waits = b / (1.0 - load * (1.0 - b));
    1.0 + waits / (f64::from(c) * (1.0 - load))
}

#[test]
fn a_station_is_mmc_before_and_after_its_servers_change() {
    // 30/s at 20/s a server: two servers at load 0.75, four at 0.375, two again.
    let mut p = plan(
        settings(3_000, 0, 12),
        vec![Hop::Station(StationId(0))],
        vec![workload("w", poisson(30.0), 0)],
    );
    p.stations.push(station(Servers::Count(2), Dist::exponential(50.0 * MS)));
    p.scalers.push(at_once(2));
    p.changes = vec![want(1_200, 4), want(2_100, 2)];
    let runs = run(&p);
    for (windows, c, load) in [(0..4, 2, 0.75), (4..7, 4, 0.375), (7..10, 2, 0.75)] {
        let seen: Vec<f64> = runs.iter().map(|r| sojourn(r, windows.clone())).collect();
        let interval = Interval::of_mean(&seen, LEVEL).expect("12 values");
        let theory = 50.0 * mmc(c, load);
        let half = interval.half_width.expect("12 values");
        assert!((interval.mean - theory).abs() <= half, "{c}: {interval:?}, {theory}");
        assert!(half < 0.1 * theory, "{c}: {interval:?}");
    }
}

#[test]
fn those_busy_finish_first_and_those_who_wait_begin_at_once() {
    // Four requests of 10 s at time 0 on three servers; one server from 1 s on, so that the fourth
    // begins at 10 s; none from 12 s to 30 s, which ends nothing.
    let mut p = plan(
        settings(60, 0, 1),
        vec![Hop::Station(StationId(0))],
        vec![workload("w", crate::lab::trace((0..4).map(|_| (Span::ZERO, 0))), 0)],
    );
    p.workloads[0].clients = 4;
    p.stations.push(station(Servers::Count(3), Dist::constant(10.0 * SECOND)));
    p.scalers.push(at_once(3));
    p.changes = vec![want(1, 1), want(12, 0), want(30, 3)];
    let r = run_one(&p, 0);
    let h = &r.workloads[0].latency_ok;
    assert_eq!(
        (h.count(), h.quantile(0.0), h.max()),
        (4, Some(10 * 1_000_000_000), Some(20_000_000_000))
    );
    let servers: u64 = r.stations[0].servers_us_by_window.iter().sum();
    assert_eq!(servers, (3 + 11 + 3 * 30) * 1_000_000);
}

#[test]
fn instances_that_stay_are_a_station_of_all_their_servers() {
    let mut it = scaler(4);
    it.servers = 2;
    let p = scaled(500, 4, it, vec![]);
    let mut still = p.clone();
    still.scalers.clear();
    let (a, b) = (run_one(&p, 0), run_one(&still, 0));
    assert_eq!(a.workloads, b.workloads);
    assert_eq!(a.stations[0].busy_us_by_window, b.stations[0].busy_us_by_window);
    assert_eq!((crew(&a).made, crew(&a).peak, crew(&a).failed), (4, 4, 0));
}

#[test]
fn a_counted_schedule_runs_dry_at_its_hour() {
    // 60 addresses, 22 instances at first and 5 more every hour: 57 at 7 h, 62 at 8 h.
    let schedule = (1..=10).map(|h| want(3_600 * h, 22 + 5 * u32::try_from(h).unwrap())).collect();
    let r = run_one(&scaled(36_000, 60, scaler(22), schedule), 0);
    assert_eq!(crew(&r).first_failed[&0], 8 * 3_600 * 1_000_000_000);
    assert_eq!((crew(&r).peak, r.pools[0].peak), (60, 60));
    // Tried again every 10 s for two hours, the hour of the next step included.
    assert_eq!(crew(&r).failed, 1 + (7_200 / 10 - 1) + 1);
    // One address short from the beginning: told at time 0, made when it is there.
    let free = vec![change(95, What::SetPool { pool: PoolId(0), units: 4 })];
    let r = run_one(&scaled(200, 3, scaler(4), free), 0);
    assert_eq!((crew(&r).first_failed[&0], crew(&r).failed), (0, 10));
    assert_eq!(counts(&r)[4..7], [(3.0, 0.0), (3.5, 0.5), (4.0, 0.0)]);
}

#[test]
fn a_renewal_takes_its_addresses_and_its_time() {
    // (addresses, surge, unavailable) -> (renewed in s, most at once, failed).
    let rounds = [
        ((5, 1, 0), (Some(40), 5, 0)),
        ((8, 4, 0), (Some(10), 8, 0)),
        ((8, 0, 1), (Some(40), 4, 0)),
        ((8, 0, 4), (Some(10), 4, 0)),
        ((8, 2, 2), (Some(10), 6, 0)),
        // Nothing goes before something comes, and nothing can come: from 50 s on every 10 s.
        ((4, 1, 0), (None, 4, 15)),
    ];
    for ((units, surge, unavailable), (took, peak, failed)) in rounds {
        let r = run_one(&scaled(200, units, scaler(4), vec![renew(50, surge, unavailable)]), 0);
        let it = crew(&r);
        let seen = it.renewals.max().map(|ns| ns / 1_000_000_000);
        let case = format!("{units} addresses, surge {surge}, unavailable {unavailable}");
        assert_eq!((seen, it.peak, it.failed), (took, peak, failed), "{case}");
        assert_eq!(r.workloads[0].errors_total(), 0, "{case}");
        assert_eq!(it.made - it.gone, 4, "{case}");
    }
    // Stuck until somebody frees an address: tried again at the next look.
    let free = change(85, What::SetPool { pool: PoolId(0), units: 5 });
    let r = run_one(&scaled(200, 4, scaler(4), vec![renew(50, 1, 0), free]), 0);
    assert_eq!(crew(&r).renewals.max(), Some(80_000_000_000), "90 s + 4 x 10 s");
}

#[test]
fn tracking_follows_the_load_after_its_delays() {
    // Eight servers always busy: 16 instances at half use.
    let tracking = |up, down| Tracking {
        target: 0.5,
        least: 2,
        most: 30,
        up_after: Span::from_secs(up),
        down_after: Span::from_secs(down),
    };
    let busy = |instances, tracking| {
        let it = Scaler { tracking: Some(tracking), ..scaler(instances) };
        let mut p = scaled(200, 100, it, vec![]);
        p.workloads[0].arrivals = Arrivals::Closed { workers: 8, think: Dist::constant(0.0) };
        p.workloads[0].clients = 8;
        run_one(&p, 0)
    };
    // Seen at 10 s, there at 20 s; windows of 20 s.
    let r = busy(8, tracking(0, 0));
    assert_eq!(counts(&r)[..2], [(8.0, 4.0), (16.0, 0.0)]);
    // After 30 s of looks that ask for more: wanted at 40 s, there at 50 s.
    let r = busy(8, tracking(30, 0));
    assert_eq!(counts(&r)[..4], [(8.0, 0.0), (8.0, 0.0), (12.0, 4.0), (16.0, 0.0)]);
    // 30 instances are too many from the first look on; 60 s later the others go at once.
    let r = busy(30, tracking(0, 60));
    assert_eq!(counts(&r)[2..5], [(30.0, 0.0), (23.0, 0.0), (16.0, 0.0)]);
    assert_eq!(r.workloads[0].errors_total(), 0);
    // At most 30, at least 2.
    let r = busy(8, Tracking { target: 0.1, ..tracking(0, 0) });
    assert_eq!(counts(&r)[9], (30.0, 0.0));
    let r = busy(20, Tracking { most: 12, ..tracking(0, 0) });
    assert_eq!(counts(&r)[9], (12.0, 0.0));
}

/// Clients with an open connection each.
fn seated(scope: Scope, look_up: Span, changes: Vec<Change>) -> Plan {
    let seats = Some(Seats { scope, look_up });
    let mut p = scaled(200, 100, Scaler { seats, ..scaler(4) }, changes);
    p.workloads[0].clients = 400;
    p.workloads[0].arrivals = poisson(400.0);
    p.workloads[0].connections = Connections {
        reuse: true,
        per_client: None,
        idle_timeout: Span::from_secs(1_000),
        max_age: None,
        handshake_rtts: 1,
    };
    p.stations[0].servers = Servers::Count(400);
    p.scalers[0].servers = 100;
    p
}

#[test]
fn connections_go_with_their_instance() {
    let lost = change(150, What::Displace { scaler: ScalerId(0), instances: 1 });
    let r = run_one(&seated(Scope::Connection, Span::ZERO, vec![lost.clone()]), 0);
    // A quarter of all connections are on each instance, and 400/s x 0.1 s / 4 of them have a request
    // under way.
    let still = run_one(&seated(Scope::Connection, Span::ZERO, vec![]), 0);
    let share = crew(&r).reset as f64 / still.workloads[0].connections as f64;
    assert!((0.18..0.32).contains(&share), "{share}");
    let errors = r.workloads[0].errors["reset"];
    assert!((2..=24).contains(&errors), "{errors}");
    assert_eq!(r.workloads[0].errors_total(), errors);
    // A new address before the old one goes back: three serve for 10 s.
    assert_eq!((crew(&r).made, crew(&r).gone, r.pools[0].peak), (5, 1, 5));
    assert_eq!(counts(&r)[7], (3.5, 0.5));
    // Requests alone are lost behind something that keeps the connections.
    let behind = run_one(&seated(Scope::Request, Span::ZERO, vec![lost]), 0);
    assert_eq!(crew(&behind).reset, behind.workloads[0].errors["reset"]);
    assert!((2..=24).contains(&crew(&behind).reset), "{:?}", crew(&behind));
    // Who goes in order loses nothing, and takes its idle connections along.
    let orderly = run_one(&seated(Scope::Connection, Span::ZERO, vec![want(150, 2)]), 0);
    assert_eq!((orderly.workloads[0].errors_total(), crew(&orderly).reset), (0, 0));
    assert!(orderly.workloads[0].connections > still.workloads[0].connections);
}

#[test]
fn addresses_that_are_gone_swallow_those_who_have_not_looked_since() {
    // One of four instances is replaced at once; clients look every 40 s, so that a connection finds
    // a dead address with probability 1/4 until its client looks: 100/s x 20 s / 4 = 500 are lost.
    let lost = change(100, What::Displace { scaler: ScalerId(0), instances: 1 });
    let mut p = seated(Scope::Connection, Span::from_secs(40), vec![lost]);
    p.settings.replications = 16;
    p.scalers[0].start_up = Dist::constant(0.0);
    p.workloads[0].arrivals = poisson(100.0);
    p.workloads[0].connections.reuse = false;
    p.workloads[0].timeouts.connect = Span::from_secs(1);
    let voids = |p: &Plan| -> Vec<f64> {
        run(p).iter().map(|r| r.workloads[0].errors["connect_timeout"] as f64).collect()
    };
    let interval = Interval::of_mean(&voids(&p), LEVEL).expect("16 values");
    let half = interval.half_width.expect("16 values");
    assert!((interval.mean - 500.0).abs() <= half, "{interval:?}");
    assert!(half < 75.0, "{interval:?}");
    // Never looking again loses a quarter of all to the end, looking at once nobody.
    p.settings.replications = 1;
    p.scalers[0].seats.as_mut().unwrap().look_up = Span::from_nanos(u64::MAX);
    let for_ever = voids(&p)[0] / 9_900.0;
    assert!((for_ever - 0.25).abs() < 0.02, "{for_ever}");
    p.scalers[0].seats.as_mut().unwrap().look_up = Span::ZERO;
    assert_eq!(voids(&p), [0.0]);
}

#[test]
fn replications_merge_in_any_order() {
    let mut p = scaled(200, 5, scaler(4), vec![renew(50, 2, 0)]);
    p.scalers[0].start_up = Dist::exponential(10.0 * SECOND);
    p.settings.replications = 3;
    let runs = run(&p);
    let merged = |order: [usize; 3]| {
        let mut all = runs[order[0]].clone();
        all.merge(&runs[order[1]]);
        all.merge(&runs[order[2]]);
        all
    };
    let all = merged([0, 1, 2]);
    assert_eq!(all, merged([2, 0, 1]));
    assert_eq!((all.scalers[0].renewals.count(), all.scalers[0].first_failed.len()), (3, 3));
    assert!(all.scalers[0].peak <= 5);
}

#[test]
fn a_plan_with_a_scaler_out_of_range_is_refused() {
    let sound = scaled(10, 5, scaler(4), vec![]);
    assert!(sound.validate().is_ok());
    let unsound: [fn(&mut Plan); 7] = [
        |p| p.scalers[0].servers = 0,
        |p| p.scalers[0].step = Span::ZERO,
        |p| p.scalers[0].pool = Some(PoolId(1)),
        |p| p.stations[0].servers = Servers::Unlimited,
        |p| p.scalers.push(Scaler { name: "other".into(), ..p.scalers[0].clone() }),
        |p| p.changes.push(renew(1, 0, 0)),
        |p| p.changes.push(change(1, What::Want { scaler: ScalerId(1), instances: 1 })),
    ];
    for (i, spoil) in unsound.iter().enumerate() {
        let mut p = sound.clone();
        spoil(&mut p);
        assert!(p.validate().is_err(), "{i}");
    }
}
