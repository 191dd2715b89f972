//! The report from outside: what a user finds in the folder.

mod sample;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use highwater::measure::Results;
use highwater::report::{self, OutputDir, SweepPoint, WriteError};
use sample::sample;

/// A folder of its own that is gone with its owner.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("report-{name}"));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Kept on request, to be looked at.
        if std::env::var_os("HIGHWATER_KEEP").is_none() {
            let _ = fs::remove_dir_all(&self.0);
        }
    }
}

fn command() -> Vec<String> {
    ["highwater", "run", "drill-east.toml", "--set", "circuit.west.port=\"200 Mbps\""]
        .map(String::from)
        .to_vec()
}

/// Every file below `dir` by its relative name, without the lock.
fn files(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut open = vec![dir.to_path_buf()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.file_name().unwrap() != ".highwater.lock" {
                let name = path.strip_prefix(dir).unwrap().to_string_lossy().into_owned();
                found.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    found
}

fn text<'f>(files: &'f BTreeMap<String, Vec<u8>>, name: &str) -> &'f str {
    std::str::from_utf8(files.get(name).unwrap_or_else(|| panic!("{name} is missing"))).unwrap()
}

#[test]
fn the_folder_holds_everything_and_is_redrawn_from_its_results() {
    let (a, b) = (Scratch::new("a"), Scratch::new("b"));
    let paths = report::write_all(&sample(1.0), &a.0, &command()).unwrap();
    assert!(paths.iter().all(|p| p.exists()));
    let first = files(&a.0);
    assert_eq!(paths.len(), first.len());
    for name in [
        "results.json",
        "summary.csv",
        "latency-checkout.hgrm",
        "charts/utilization.svg",
        "charts/throughput.svg",
        "charts/shares-vbr.ecmp.svg",
        "report.html",
        "manifest.toml",
    ] {
        assert!(first.contains_key(name), "{name} is missing of {:?}", first.keys());
    }
    let back = report::read_results(&a.0.join("results.json")).unwrap();
    report::write_all(&back, &b.0, &command()).unwrap();
    for (name, bytes) in files(&b.0) {
        assert!(first[&name] == bytes, "{name} differs when drawn from results.json");
    }
}

#[test]
fn the_page_calls_nobody_and_is_well_formed() {
    let dir = Scratch::new("page");
    report::write_all(&sample(1.0), &dir.0, &command()).unwrap();
    let all = files(&dir.0);
    let page = text(&all, "report.html");
    assert!(page.contains("default-src 'none'"));
    for outside in ["<script", "javascript:", "src=", "<link", "@import", "<iframe", "onload"] {
        assert!(!page.contains(outside), "{outside}");
    }
    let namespaces = page.matches("http").count() - page.matches("http-equiv").count();
    assert_eq!(namespaces, 0, "no address at all");
    for (name, _) in all.iter().filter(|f| f.0.ends_with(".svg")) {
        well_formed(text(&all, name));
    }
    let ids: Vec<&str> =
        page.split(" id=\"").skip(1).map(|s| s.split('"').next().unwrap()).collect();
    let mut unique = ids.clone();
    unique.sort_unstable();
    unique.dedup();
    assert_eq!(unique.len(), ids.len(), "ids are unique in the page");
    assert!(page.len() < 1_500_000, "{} bytes", page.len());
}

/// Elements open and close in order, and no text holds a bare `<` or `&`.
fn well_formed(svg: &str) {
    let mut open: Vec<&str> = Vec::new();
    for tag in svg.split('<').skip(1) {
        let (tag, rest) = tag.split_once('>').expect("a tag ends");
        assert!(
            !rest
                .replace("&amp;", "")
                .replace("&lt;", "")
                .replace("&gt;", "")
                .replace("&quot;", "")
                .replace("&#39;", "")
                .contains('&'),
            "{rest}"
        );
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name));
        } else if !tag.ends_with('/') {
            open.push(tag.split_whitespace().next().unwrap());
        }
        assert!(!tag.contains("NaN") && !tag.contains("inf"), "{tag}");
    }
    assert!(open.is_empty());
}

#[test]
fn hostile_names_act_nowhere() {
    let mut r = sample(0.3);
    let bad = ["<script>alert(1)</script>", "=cmd|' /C calc'!A1", "../x\u{1b}[2J\u{202e}"];
    for (w, name) in r.workloads.iter_mut().zip(bad) {
        w.name = name.into();
        w.objectives.iter_mut().for_each(|o| o.measured = name.into());
    }
    r.links[0].name = bad[0].into();
    r.links[1].name = bad[1].into();
    r.selectors[0].name = bad[2].into();
    r.selectors[0].branches[0] = bad[0].into();
    r.faults[0].name = bad[0].into();
    r.identity.title = bad[0].into();
    r.identity.scenario = bad[2].into();
    r.identity.description = format!("{}\n{}", bad[0], bad[2]);
    r.notices[0].text = bad[0].into();
    r.assumptions[0].value = bad[1].into();
    let dir = Scratch::new("hostile");
    let inner = dir.0.join("in/out");
    report::write_all(&r, &inner, &[bad[0].to_owned(), bad[2].to_owned()]).unwrap();
    let all = files(&dir.0);
    assert!(all.keys().all(|n| n.starts_with("in/out/")), "{:?}", all.keys());
    for (name, bytes) in &all {
        let text = std::str::from_utf8(bytes).unwrap();
        assert!(name.ends_with(".json") || !text.contains('\u{1b}'), "ESC in {name}");
        if name.ends_with(".html") || name.ends_with(".svg") {
            assert!(!text.contains("<script"), "{name}");
        }
        if name.ends_with(".svg") {
            well_formed(text);
        }
        if name.ends_with(".csv") {
            for cell in csv_cells(text) {
                let first = cell.trim_start().chars().next();
                let formula = matches!(first, Some('=' | '+' | '@'))
                    || (first == Some('-') && cell.parse::<f64>().is_err());
                assert!(!formula, "{name}: {cell}");
            }
        }
    }
    let summary = report::summary(&r, 100);
    assert!(summary.chars().all(|c| c == '\n' || !c.is_control()));
    assert!(!summary.contains('\u{202e}'));
}

/// Cells without their quotes: enough for the text above, which has no quoted comma.
fn csv_cells(text: &str) -> impl Iterator<Item = &str> {
    text.lines().flat_map(|l| l.split(',')).map(|c| c.trim_matches('"'))
}

#[test]
fn summary_as_agreed() {
    let summary = report::summary(&sample(1.0), 100);
    for line in summary.lines() {
        assert!(line.chars().count() <= 100, "{line}");
    }
    golden("summary.txt", &summary);
}

/// Compares with `tests/golden/report/<name>`; `UPDATE_GOLDEN=1` writes it.
fn golden(name: &str, seen: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/report").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, seen).unwrap();
    }
    let wanted = fs::read_to_string(&path).unwrap_or_default();
    assert!(wanted == seen, "{name} moved; UPDATE_GOLDEN=1 rewrites it. Now:\n{seen}");
}

#[test]
fn one_replication_says_so() {
    let mut r = sample(0.2);
    r.settings.replications.truncate(1);
    for w in &mut r.workloads {
        w.by_replication.retain(|rep, _| *rep == 0);
    }
    let text = report::summary(&r, 100);
    assert!(text.contains("one replication: no interval"));
    assert!(!text.contains('±'));
}

#[test]
fn results_without_anything_are_written_too() {
    let dir = Scratch::new("empty");
    report::write_all(&Results::default(), &dir.0, &[]).unwrap();
    let all = files(&dir.0);
    assert!(text(&all, "report.html").contains("NO OBJECTIVES"));
    assert!(!all.keys().any(|n| n.ends_with(".svg")));
    report::read_results(&dir.0.join("results.json")).unwrap();
}

#[test]
fn a_second_writer_is_refused_at_once() {
    let dir = Scratch::new("lock");
    let held = OutputDir::lock(&dir.0).unwrap();
    let refused = report::write_all(&Results::default(), &dir.0, &[]);
    assert!(matches!(refused, Err(WriteError::Locked { .. })), "{refused:?}");
    drop(held);
    report::write_all(&Results::default(), &dir.0, &[]).unwrap();
}

#[test]
fn two_runs_in_one_folder_never_mix() {
    let dir = Scratch::new("mix");
    fs::write(dir.0.join("mine.txt"), "kept").unwrap();
    report::write_all(&sample(0.2), &dir.0, &command()).unwrap();
    report::write_all(&Results::default(), &dir.0, &command()).unwrap();
    let all = files(&dir.0);
    assert!(all.contains_key("mine.txt"));
    assert!(!all.keys().any(|n| n.ends_with(".hgrm") || n.ends_with(".svg")), "{:?}", all.keys());
    // Every file is in the manifest with its length and digest, but for itself and the stranger.
    let manifest: toml::Table = text(&all, "manifest.toml").parse().unwrap();
    let listed = manifest["file"].as_array().unwrap();
    assert_eq!(listed.len() + 2, all.len());
    for file in listed {
        let bytes = &all[file["path"].as_str().unwrap()];
        assert_eq!(file["bytes"].as_integer(), Some(bytes.len() as i64));
    }
}

#[test]
fn errors_name_their_path() {
    let dir = Scratch::new("errors");
    fs::write(dir.0.join("file"), "").unwrap();
    let failed = report::write_all(&Results::default(), &dir.0.join("file/x"), &[]).unwrap_err();
    assert!(failed.to_string().contains("file"), "{failed}");
    fs::write(dir.0.join("results.json"), "{}").unwrap();
    let bad = report::read_results(&dir.0.join("results.json")).unwrap_err();
    assert!(bad.to_string().contains("is not a results file"), "{bad}");
}

#[test]
fn a_sweep_leaves_a_table_histograms_and_a_chart() {
    let points: Vec<SweepPoint> = [("200 Mbps", 0.4), ("400 Mbps", 0.3), ("1 Gbps", 0.2)]
        .map(|(port, load)| SweepPoint {
            values: vec![("circuit.west.port".into(), format!("\"{port}\""))],
            results: sample(load),
        })
        .to_vec();
    let dir = Scratch::new("sweep");
    report::sweep_files(&points, &dir.0, &command()).unwrap();
    let all = files(&dir.0);
    let table = text(&all, "sweep.csv");
    assert!(table.starts_with(
        "point,circuit.west.port,workload,metric,value,half_width_95,unit\n\
         1,200 Mbps,analytics,offered,"
    ));
    for name in [
        "points/0001/latency.csv",
        "points/0002/throughput_histogram.csv",
        "points/0003/latency-telemetry.hgrm",
        "charts/response.svg",
    ] {
        assert!(all.contains_key(name), "{name}");
    }
    well_formed(text(&all, "charts/response.svg"));
    let back = report::read_results(&dir.0.join("points/0002/results.json")).unwrap();
    // By their bytes: bucket edges stand in for values after reading, so `==` of the histograms'
    // insides says less.
    let again = Scratch::new("sweep-again");
    report::write_all(&back, &again.0, &[]).unwrap();
    assert!(files(&again.0)["results.json"] == all["points/0002/results.json"]);
}

/// Many workloads, links and faults, long names, one point in time: nothing breaks.
#[test]
fn crowds_are_drawn_too() {
    let mut r = sample(0.2);
    let one = r.workloads.clone();
    for i in 0..6 {
        let mut w = one[i % 3].clone();
        w.name = format!("batch-export-to-the-warehouse-of-region-{i}");
        w.objectives.clear();
        r.workloads.push(w);
    }
    let links = r.links.clone();
    for i in 0..30 {
        let mut l = links[i % 9].clone();
        l.name = format!("cross-region.peering.frankfurt-singapore-{i}");
        r.links.push(l);
    }
    for i in 0..5_u64 {
        let mut f = r.faults[1].clone();
        f.name = format!("resolver-outage-number-{i}");
        f.from_ns += 90_000_000_000 * i;
        f.to_ns += 90_000_000_000 * i;
        r.faults.push(f);
    }
    r.settings.start_of_day_ns = 0;
    let dir = Scratch::new("crowd");
    report::write_all(&r, &dir.0, &command()).unwrap();
    for (name, bytes) in files(&dir.0).iter().filter(|f| f.0.ends_with(".svg")) {
        well_formed(std::str::from_utf8(bytes).unwrap());
        assert!(bytes.len() < 400_000, "{name}: {} bytes", bytes.len());
    }
    for line in report::summary(&r, 100).lines() {
        assert!(line.chars().count() <= 100, "{line}");
    }
}
