//! Lists of flows through the whole program: CSV in, `--flows` out, each end by the textbook.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use highwater::experiment::validate::lists;
use highwater::random::Draws;

fn folder(name: &str) -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&dir);
    fs::create_dir_all(&dir).expect("a folder");
    dir
}

/// A fresh folder with these files, and what runs its `s.toml`.
struct World(PathBuf);

impl World {
    fn new(name: &str, files: &[(&str, &str)]) -> Self {
        let world = Self(folder(name));
        files.iter().for_each(|(name, text)| world.write(name, text));
        world
    }

    /// The replay of `links.csv`, `paths.csv` and `flows.csv`.
    fn replay(name: &str, [links, paths, flows]: [&str; 3]) -> Self {
        let files = [("links.csv", links), ("paths.csv", paths), ("flows.csv", flows)];
        Self::new(name, &[("s.toml", SCENARIO), files[0], files[1], files[2]])
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.0.join(name), text).expect("a file");
    }

    fn scenario(&self) -> PathBuf {
        self.0.join("s.toml")
    }

    /// The rows of a run, and what it said.
    fn run(&self, more: &[&str]) -> (Vec<Vec<String>>, String) {
        let list = self.0.join("list.csv");
        let done = run(&self.scenario(), &list, more);
        let said = String::from_utf8(done.stderr).expect("text");
        assert!(done.status.success(), "{said}");
        (rows(&list), said)
    }

    /// When each row ended and how.
    fn ends(&self, more: &[&str]) -> Vec<String> {
        self.run(more).0.into_iter().map(|row| format!("{} {}", row[4], row[6])).collect()
    }
}

fn run(scenario: &Path, list: &Path, more: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_highwater"))
        .arg("run")
        .arg(scenario)
        .args(["--quiet", "--flows"])
        .arg(list)
        .arg("--out")
        .arg(list.with_extension("out"))
        .args(more)
        .output()
        .expect("the program starts")
}

/// Cells of the rows below the header.
fn rows(list: &Path) -> Vec<Vec<String>> {
    let text = fs::read_to_string(list).expect("the list");
    let head = "replication,workload,number,start_s,end_s,size_bytes,outcome";
    assert_eq!(text.lines().next(), Some(head));
    text.lines().skip(1).map(|line| line.split(',').map(str::to_owned).collect()).collect()
}

/// `"1.5"` seconds as ns.
fn ns(cell: &str) -> u64 {
    let (s, part) = cell.split_once('.').expect("nine decimals");
    assert_eq!(part.len(), 9);
    s.parse::<u64>().expect("seconds") * 1_000_000_000 + part.parse::<u64>().expect("ns")
}

const SCENARIO: &str = r#"
version = 1
[run]
length = "2 min"
window = "10 s"
[fabric.net]
links = "links.csv"
routes = "paths.csv"
[workload.replay]
arrivals = { flows = { file = "flows.csv", fabric = "net" } }
"#;

/// 2,000 flows over a fabric of 81 links, also where no two capacities are alike: at round ones many
/// flows end on a whole ns.
#[test]
fn a_replay_ends_each_flow_as_the_textbook_does() {
    replay("replay", 1_001);
    replay("replay-round", 0);
}

/// The `i`th link has `i` x `odd` bytes per second more.
fn replay(name: &str, odd: u64) {
    let mut list = lists::fabric(2_000, 25.0);
    let mut links = "link_id,name,bytes_per_s\n".to_owned();
    for (i, capacity) in (0..).zip(&mut list.capacities) {
        let bytes_per_s = (*capacity * 1e9) as u64 + i * odd;
        *capacity = bytes_per_s as f64 / 1e9;
        writeln!(links, "{i},link{i},{bytes_per_s}").expect("a string");
    }
    let mut paths = "path_id,src,dst,links\n".to_owned();
    for (i, route) in list.routes.iter().enumerate() {
        let ids: Vec<String> = route.iter().map(usize::to_string).collect();
        writeln!(paths, "{i},{},{},{}", route[0], route[3], ids.join(";")).expect("a string");
    }
    // Every 50th starts with the one before it.
    for i in (50..2_000).step_by(50) {
        list.flows[i].0 = list.flows[i - 1].0;
    }
    // The file is in another order: later halves first.
    let written: Vec<usize> = (1_000..2_000).chain(0..1_000).collect();
    let mut flows = "start_s,size_bytes,src,dst,path_id\n".to_owned();
    for (at, bytes, route) in written.iter().map(|i| list.flows[*i]) {
        let (s, part) = (at / 1_000_000_000, at % 1_000_000_000);
        writeln!(flows, "{s}.{part:09},{bytes},0,0,{route}").expect("a string");
    }
    let (rows, _) = World::replay(name, [&links, &paths, &flows]).run(&[]);
    let expected = lists::replay_slow(&list);
    assert_eq!(rows.len(), expected.len());
    let mut seen = vec![false; rows.len()];
    for row in rows {
        // Numbers are rows of the file.
        let i = written[row[2].parse::<usize>().expect("a number")];
        assert!(!std::mem::replace(&mut seen[i], true), "{row:?} twice");
        assert_eq!(ns(&row[3]), list.flows[i].0, "{row:?}");
        assert!(ns(&row[4]).abs_diff(expected[i]) <= 2, "{row:?}: expected {}", expected[i]);
        assert_eq!(row[5], list.flows[i].1.to_string());
        assert_eq!(row[6], "ok");
    }
}

/// Two flows of 1 MB on a link of 1 MB/s, the second at 0.5 s: each has half of the link from then
/// on. The first has 0.5 MB left, the second sends 0.5 MB meanwhile: the first ends at 1.5 s, the
/// second at 2 s. Propagation of 5 ms on the link and 2 ms of the fabric come on top; a handshake
/// first costs 14 ms each, and the horizon cuts off what is under way.
#[test]
fn delays_and_handshakes_by_hand() {
    let links = "ID, Rate ,delay\nx,\"8 Mbps\",5 ms\n";
    let flows = "start_ns,size,path_id\n0,1 MB,way\n500000000,1000000,way\n";
    let world = World::replay("by-hand", [links, "# comment\n\nid,links\nway,x\n", flows]);
    world.write("s.toml", &SCENARIO.replace("paths.csv\"", "paths.csv\"\ndelay = \"2 ms\""));
    assert_eq!(world.ends(&[]), ["1.507000000 ok", "2.007000000 ok"]);
    let new = "workload.replay.arrivals.flows.connection=new";
    let pure = "workload.replay.tcp={ slow_start = false, headers = \"0 B\" }";
    assert_eq!(world.ends(&["--set", new, "--set", pure]), ["1.521000000 ok", "2.021000000 ok"]);
    let short = ["--set", "run.length=1.6 s", "--set", "run.window=1 s"];
    assert_eq!(world.ends(&short), ["1.507000000 ok", " unfinished"]);
}

/// Flows far apart on one link of 1 Gbit/s, 30 ms there and back: the closed forms of
/// `theory/startup.rs`. A segment of 1,448 B is 1,502 B with its headers: 12,016 ns, or 11,584
/// without. Windows of 10, 20, 40, ... segments bind up to 1,280: 2,560 would take 30.8 ms.
#[test]
fn new_connections_shake_hands_and_start_slowly() {
    // (segments, windows that are waited for, segments after them)
    let cases = [
        (1, 0, 1),
        (10, 0, 10),
        (11, 1, 1),
        (30, 1, 20),
        (70, 2, 40),
        (150, 3, 80),
        (1_000, 6, 370),
        (5_000, 8, 2_450),
        (10_000, 8, 7_450),
    ];
    let mut flows = "start_s,size_bytes,path_id\n".to_owned();
    for (i, (segments, ..)) in cases.iter().enumerate() {
        writeln!(flows, "{}.0,{},way", 10 * i, segments * 1_448).expect("a string");
    }
    let links = "id,rate,delay\nx,1 Gbps,15 ms\n";
    let world = World::replay("new-connections", [links, "id,links\nway,x\n", &flows]);
    let new = "workload.replay.arrivals.flows.connection=new";
    let tcp = |table: &str| format!("workload.replay.tcp={table}");
    let (slow, wire) = (tcp("{ slow_start = true }"), tcp("{ headers = \"54 B\" }"));
    let (fast, bare) = (tcp("{ slow_start = false }"), tcp("{ headers = \"0 B\" }"));
    let all_slow = "tcp.slow_start=false";
    for (set, handshake, slow_start, segment_ns) in [
        (vec![new], true, true, 12_016),
        (vec![], false, false, 11_584),
        (vec![&slow], false, true, 11_584),
        (vec![&wire], false, false, 12_016),
        (vec![new, &fast], true, false, 12_016),
        (vec![new, &bare], true, true, 11_584),
        (vec![new, all_slow], true, false, 12_016),
        // The scenario's table is for new connections.
        (vec!["tcp.headers=54 B"], false, false, 11_584),
    ] {
        let more: Vec<&str> = set.iter().flat_map(|s| ["--set", s]).collect();
        let (rows, _) = world.run(&more);
        assert_eq!(rows.len(), cases.len());
        for (row, (segments, windows, rest)) in rows.iter().zip(cases) {
            let (waits, last) = match segments {
                _ if !slow_start => (0, segments),
                // Without headers 2,560 segments take 29.7 ms: that window binds too.
                10_000 if segment_ns == 11_584 => (9, 4_890),
                _ => (windows, rest),
            };
            let round_trips = waits + u64::from(handshake);
            let exact = round_trips * 30_000_000 + last * segment_ns + 15_000_000;
            let took = ns(&row[4]) - ns(&row[3]);
            assert!(took.abs_diff(exact) <= 1, "{set:?}, {segments}: {took}, by hand {exact}");
        }
    }
}

const ONE_LINK: &str = "id,rate\nx,1 Gbps\n";
const ONE_WAY: &str = "id,links\nway,x\n";

/// What a report lists under assumptions is what was used.
#[test]
fn pure_flows_assume_nothing_about_tcp() {
    let flows = "start,size,route\n0,1,way\n";
    let world = World::replay("assumed", [ONE_LINK, ONE_WAY, flows]);
    let assumed = |set: &[(&str, &str)]| -> Vec<String> {
        let set: Vec<_> = set.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect();
        let loaded = highwater::scenario::load(&world.scenario(), &set).expect("it loads");
        let all = loaded.plan.assumptions.into_iter().map(|a| a.parameter);
        all.filter_map(|p| p.strip_prefix("tcp.").map(str::to_owned)).collect()
    };
    assert_eq!(assumed(&[]), [""; 0]);
    let start = ["growth", "idle_restart", "initial_window", "segment"];
    assert_eq!(assumed(&[("workload.replay.tcp.slow_start", "true")]), start);
    assert_eq!(assumed(&[("workload.replay.tcp.headers", "54 B")]), ["segment"]);
    let new = ("workload.replay.arrivals.flows.connection", "new");
    assert_eq!(assumed(&[new]).len(), 8);
    assert_eq!(assumed(&[new, ("tcp.growth", "1.5")]).len(), 7);
}

/// A list leaves nothing to chance: one replication is all there is to see.
#[test]
fn a_replay_is_made_once_unless_asked() {
    let flows = "start,size,route\n0,1 MB,way\n0.001,2 MB,way\n";
    let world = World::replay("once", [ONE_LINK, ONE_WAY, flows]);
    let (once, said) = world.run(&[]);
    assert_eq!((once.len(), said.as_str()), (2, ""));
    let (thrice, said) = world.run(&["--replications", "3"]);
    assert!(said.contains("the 3 replications will all be the same"), "{said}");
    assert_eq!(thrice.len(), 6);
    for (i, row) in thrice.iter().enumerate() {
        assert_eq!(row[1..], once[i % 2][1..]);
    }
    // Jitter of retries is drawn, so that the usual number of replications is made.
    let retries = "workload.replay.retries={ attempts = 2 }";
    assert_eq!(world.run(&["--set", retries]).0.len(), 10);
}

/// A slip in the path of the list is told before anything runs, and makes no folders.
#[test]
fn a_list_in_no_folder_is_refused() {
    let dir = folder("no-folder");
    let list = dir.join("slip").join("list.csv");
    let done = run(Path::new("scenarios/flow-replay.toml"), &list, &[]);
    assert_eq!(done.status.code(), Some(2));
    let said = String::from_utf8(done.stderr).expect("text");
    assert!(said.contains("there is no folder") && said.contains("slip"), "{said}");
    assert_eq!(fs::read_dir(&dir).expect("the folder").count(), 0);
}

/// A second run that writes the same list is refused at once, and a run that fails leaves the old
/// one as it was.
#[test]
fn a_list_has_one_writer_and_outlives_failures() {
    let dir = folder("one-writer");
    let list = dir.join("list.csv");
    let replay = Path::new("scenarios/flow-replay.toml");
    fs::write(&list, "of old").expect("a file");
    let refused = |why: &str| {
        let done = run(replay, &list, &[]);
        let said = String::from_utf8(done.stderr).expect("text");
        assert_eq!(done.status.code(), Some(74), "{said}");
        assert!(said.contains(why) && said.contains("one-writer"), "{said}");
        assert_eq!(fs::read_to_string(&list).expect("the list"), "of old");
    };
    let other = highwater::report::FlowList::create(&list, ["w"], 1).expect("a list");
    refused("in use by another run");
    drop(other);
    // Simulated to the end, but a file is where the results' folder should be.
    let out = list.with_extension("out");
    fs::write(&out, "").expect("a file");
    refused("cannot create");
    fs::remove_file(&out).expect("the file");
    assert!(run(replay, &list, &[]).status.success());
    assert_eq!(rows(&list).len(), 400);
    let mut left: Vec<_> =
        fs::read_dir(&dir).expect("the folder").map(|e| e.expect("an entry").file_name()).collect();
    left.sort();
    assert_eq!(left, [".list.csv.lock", "list.csv", "list.out"]);
}

/// Every workload is listed, in order of replication, whatever the number of threads.
#[test]
fn a_list_of_requests_is_the_same_for_any_number_of_threads() {
    let dir = folder("threads");
    let scenario = Path::new("scenarios/mm1.toml");
    let lists = ["1", "2"].map(|threads| {
        let list = dir.join(threads);
        let more = ["--threads", threads, "--set", "run.length=3 min", "--replications", "3"];
        run(scenario, &list, &more);
        let left: Vec<_> = fs::read_dir(&dir)
            .expect("the folder")
            .map(|e| e.expect("an entry").file_name().to_string_lossy().into_owned())
            .filter(|name| name.ends_with(".part"))
            .collect();
        assert!(left.is_empty(), "{left:?}");
        rows(&list)
    });
    assert!(lists[0] == lists[1]);
    let replications: Vec<u32> = lists[0].iter().map(|row| row[0].parse().expect("0..3")).collect();
    assert!(replications.is_sorted());
    for replication in 0..3 {
        // 80/s for 180 s: 14,400, give or take five times their root.
        let n = replications.iter().filter(|r| **r == replication).count();
        assert!(n.abs_diff(14_400) < 600, "{n}");
    }
}

/// Flows over declared routes: a row takes its own, so that the refusal of one pool's unit and the
/// failure of one link concern those rows only.
#[test]
fn flows_over_declared_routes_meet_what_lies_on_them() {
    // At 1 MB/s row 0 arrives at 0.5 s and holds the pool's only unit while it is served for 10 s;
    // row 2 arrives at 0.95 s and is refused. Row 3 takes 1 ms. What row 1 sends at 2 s is lost, as
    // its link is down from 1 s to 3 s; sent again after 1 s, it takes 0.1 s.
    let flows = "start,bytes,route\n0,500 kB,x\n2,100 kB,y\n0.9,50 kB,x\n0.2,1 kB,y\n";
    let scenario = r#"
version = 1
[run]
replications = 1
length = "60 s"
window = "10 s"
[link.a]
capacity = "8 Mbps"
[component.c]
[link.b]
capacity = "8 Mbps"
needs = ["component.c"]
[pool.p]
units = 1
on_full = "refuse"
scope = "request"
[station.s]
servers = 2
service = "10 s"
scope = "request"
[route.x]
hops = ["link.a", "pool.p", "station.s"]
[route.y]
hops = ["link.b"]
[workload.w]
arrivals = { flows = { file = "flows.csv" } }
[fault.f]
component_down = "component.c"
at = "1 s"
length = "2 s"
"#;
    let world = World::new("declared", &[("s.toml", scenario), ("flows.csv", flows)]);
    let rows: Vec<String> = world
        .run(&[])
        .0
        .into_iter()
        .map(|row| format!("{} {} {}", row[2], row[4], row[6]))
        .collect();
    assert_eq!(
        rows,
        ["3 0.201000000 ok", "2 0.950000000 refused", "1 3.100000000 ok", "0 10.500000000 ok",]
    );
}

/// A flow of 1 MB at 1 MB/s. From 0.5 s on its link gives a quarter (nothing) for 1 s: 0.25 MB (none)
/// of the 0.5 MB that are left go by 1.5 s, and the rest ends at 1.75 s (2 s). Left at a half for good:
/// 1.5 s. A flow over the other link takes 1 s whatever happens. It is the same for a fabric's link, by
/// id or by name, and for a declared one.
#[test]
fn a_fault_of_a_fabrics_link_acts_as_on_a_declared_one() {
    let links = "id,rate,name\n7,8 Mbps,up.1\n8,8 Mbps,up.2\n";
    let flows = "start,size,route\n0,1 MB,a\n0,1 MB,b\n";
    let fabric = World::replay("fabric-fault", [links, "id,links\na,7\nb,8\n", flows]);
    let declared = "version = 1\n[run]\nlength = \"2 min\"\nwindow = \"10 s\"\n\
        [link.up]\ncapacity = \"8 Mbps\"\n[link.other]\ncapacity = \"8 Mbps\"\n\
        [route.a]\nhops = [\"link.up\"]\n[route.b]\nhops = [\"link.other\"]\n\
        [workload.replay]\narrivals = { flows = { file = \"flows.csv\" } }\n";
    let plain = World::new("declared-fault", &[("flows.csv", flows)]);
    for (to, length, expected) in [
        ("2 Mbps", "length = \"1 s\"", "1.750000000"),
        ("0 bps", "length = \"1 s\"", "2.000000000"),
        ("4 Mbps", "", "1.500000000"),
        ("16 Mbps", "length = \"100 ms\"", "0.900000000"),
    ] {
        let fault = |of: &str| {
            let change = format!("capacity_change = {{ of = \"{of}\", to = \"{to}\" }}");
            format!("[fault.f]\nat = \"500 ms\"\n{change}\n{length}\n")
        };
        let ends = |world: &World, base: &str, of: &str| {
            world.write("s.toml", &format!("{base}{}", fault(of)));
            let mut rows = world.run(&[]).0;
            rows.sort_by(|a, b| a[2].cmp(&b[2]));
            rows.into_iter().map(|row| row[4].clone()).collect::<Vec<_>>()
        };
        for of in ["fabric.net.7", "fabric.net.up.1"] {
            assert_eq!(ends(&fabric, SCENARIO, of), [expected, "1.000000000"], "{of} {to}");
        }
        assert_eq!(ends(&plain, declared, "link.up"), [expected, "1.000000000"], "{to}");
    }
    // Who else than the id has that name is said; the id counts.
    fabric.write("links.csv", "id,rate,name\n7,8 Mbps,8\n8,8 Mbps,up\n");
    let to = "to = \"0 bps\" }\nat = \"0 s\"\nlength = \"1 s\"\n";
    let fault = format!("[fault.f]\ncapacity_change = {{ of = \"fabric.net.8\", {to}");
    fabric.write("s.toml", &format!("{SCENARIO}{fault}"));
    let (rows, said) = fabric.run(&[]);
    assert!(said.contains("also the name of another link"), "{said}");
    let ends: Vec<_> = rows.iter().map(|row| (row[2].as_str(), row[4].as_str())).collect();
    assert_eq!(ends, [("0", "1.000000000"), ("1", "2.000000000")]);
}

/// Whatever bytes stand in the tables: a plan, or a refusal that points at a place.
#[test]
fn damaged_tables_never_panic() {
    let dir = folder("damaged");
    let whole = [
        ("links.csv", "link_id,bytes_per_s,delay\n0,250000000,5 ms\n1,1000000,1 us\n"),
        ("paths.csv", "path_id,links\n0,0;1\n1,1\n"),
        ("flows.csv", "start_s,size_bytes,path_id\n0.000068805,668742,0\n0.5,1,1\n"),
    ];
    let write = |name: &str, text: &[u8]| fs::write(dir.join(name), text).expect("a file");
    write("s.toml", SCENARIO.as_bytes());
    let spare = b"\"\n,;.#-\r\0 9\xffe\xc3s";
    let (mut refused, mut draws) = (0, Draws::new(5));
    for _ in 0..400 {
        let mut pick = |n: usize| (draws.next() % n as u64) as usize;
        let hurt = pick(3);
        for (i, (name, text)) in whole.iter().enumerate() {
            let mut bytes = text.as_bytes().to_vec();
            for _ in 0..if i == hurt { 1 + pick(4) } else { 0 } {
                let at = pick(bytes.len());
                match pick(3) {
                    0 => bytes[at] = spare[pick(spare.len())],
                    1 => bytes.insert(at, spare[pick(spare.len())]),
                    _ => bytes.truncate(at.max(1)),
                }
            }
            write(name, &bytes);
        }
        match highwater::scenario::load(&dir.join("s.toml"), &[]) {
            Ok(loaded) => assert_eq!(loaded.plan.validate(), Ok(())),
            Err(error) => {
                refused += 1;
                let said = error.to_string();
                assert!(said.contains(" --> ") && said.len() <= 16 << 10, "{said}");
            }
        }
    }
    assert!((100..400).contains(&refused), "{refused} of 400 were refused");
}
