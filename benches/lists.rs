//! Lists of flows as CSV files; the generated ones are highwater's own.

use std::fmt::Write as _;

pub(crate) use highwater::experiment::validate::lists::{
    List, crowd, fabric, replay, replay_slow, shared_link, wide,
};

/// Reads `PREFIX.links.csv`, `.paths.csv` and `.flows.csv`: links `id,name,bytes_per_s`, paths
/// `id,source,target,links` (joined by `;`), flows `start_s,size_bytes,source,target,path`.
#[allow(dead_code, reason = "the tests use generated lists")]
pub(crate) fn read(prefix: &str) -> List {
    let text = |kind: &str| {
        let path = format!("{prefix}.{kind}.csv");
        std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path}: {e}"))
    };
    let last = |line: &str| line.rsplit(',').next().expect("a field").to_owned();
    let number = |field: &str| field.parse::<f64>().expect("a number");
    let capacities = text("links").lines().skip(1).map(|l| number(&last(l)) / 1e9).collect();
    let hops = |l: &str| last(l).split(';').map(|x| x.parse().expect("a link")).collect();
    let routes = text("paths").lines().skip(1).map(hops).collect();
    let flow = |line: &str| {
        let fields: Vec<&str> = line.split(',').collect();
        let (whole, part) = fields[0].split_once('.').expect("seconds with nine decimals");
        let nanos = |s: &str| s.parse::<u64>().expect("digits");
        let at = nanos(whole) * 1_000_000_000 + nanos(&format!("{part:0<9}"));
        (at, number(fields[1]), fields[4].parse().expect("a path"))
    };
    List { capacities, routes, flows: text("flows").lines().skip(1).map(flow).collect() }
}

/// Writes a list as CSV files that [`read`] reads.
#[allow(dead_code, reason = "for racing other simulators")]
pub(crate) fn write(list: &List, prefix: &str) -> std::io::Result<()> {
    let mut text = String::from("link_id,name,bytes_per_s\n");
    for (i, c) in list.capacities.iter().enumerate() {
        writeln!(text, "{i},l{i},{}", (c * 1e9).round()).expect("to a string");
    }
    std::fs::write(format!("{prefix}.links.csv"), &text)?;
    text = String::from("path_id,src,dst,links\n");
    for (i, route) in list.routes.iter().enumerate() {
        let links: Vec<String> = route.iter().map(ToString::to_string).collect();
        writeln!(text, "{i},0,0,{}", links.join(";")).expect("to a string");
    }
    std::fs::write(format!("{prefix}.paths.csv"), &text)?;
    text = String::from("start_s,size_bytes,src,dst,path_id\n");
    for (at, bytes, route) in &list.flows {
        let (s, ns) = (at / 1_000_000_000, at % 1_000_000_000);
        writeln!(text, "{s}.{ns:09},{bytes},0,0,{route}").expect("to a string");
    }
    std::fs::write(format!("{prefix}.flows.csv"), &text)
}
