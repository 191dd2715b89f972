//! Sweeps are cut, shared out and put together to the same bytes.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

/// A fresh folder for one test, below the build's own.
pub(crate) fn folder(name: &str) -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("study").join(name);
    let _ = fs::remove_dir_all(&dir);
    dir
}

pub(crate) fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_highwater"));
    command.args(args).env("NO_COLOR", "1").stdin(Stdio::null());
    command
}

/// A sweep of seven loads with three replications each, of about a tenth of a second.
fn sweep(out: &Path, more: &[&str]) -> Command {
    let out = out.to_string_lossy();
    let mut args = vec![
        "sweep",
        "scenarios/mm1.toml",
        "--set",
        "run.length=10 min",
        "--replications",
        "3",
        "--vary",
        "workload.requests.arrivals.poisson.rate=20/s,30/s,40/s,50/s,60/s,70/s,90/s",
        "--quiet",
        "--out",
        &out,
    ];
    args.extend(more);
    command(&args)
}

pub(crate) fn text(done: &Output) -> String {
    String::from_utf8_lossy(&done.stderr).into_owned()
}

pub(crate) fn done(mut command: Command) -> Output {
    let done = command.output().expect("the program starts");
    assert!(matches!(done.status.code(), Some(0 | 1)), "{}", text(&done));
    done
}

/// Every file below a folder with its content, but for the lock.
pub(crate) fn files(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    fn walk(dir: &Path, root: &Path, all: &mut BTreeMap<String, Vec<u8>>) {
        for entry in fs::read_dir(dir).expect("the folder is there") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                walk(&path, root, all);
            } else if !path.ends_with(".highwater.lock") {
                let name = path.strip_prefix(root).expect("inside").to_string_lossy().into_owned();
                all.insert(name, fs::read(&path).expect("a file"));
            }
        }
    }
    let mut all = BTreeMap::new();
    walk(dir, dir, &mut all);
    all
}

pub(crate) fn same(a: &BTreeMap<String, Vec<u8>>, b: &BTreeMap<String, Vec<u8>>, what: &str) {
    let names = |of: &BTreeMap<String, Vec<u8>>| of.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(a), names(b), "{what}");
    for (name, content) in a {
        assert!(*content == b[name], "{what}: {name} differs");
    }
}

#[test]
fn threads_shares_and_interruptions_change_no_byte() {
    let whole = folder("whole");
    done(sweep(&whole, &["--threads", "1"]));
    let whole = files(&whole);
    assert!(whole.contains_key("sweep.csv") && whole.contains_key("points/0007/results.json"));
    assert!(!whole.keys().any(|f| f.starts_with("pieces") || f == "study.json"));

    let two = folder("two");
    done(sweep(&two, &["--threads", "2"]));
    same(&whole, &files(&two), "two threads");

    for shares in [1, 3, 7] {
        let dirs: Vec<PathBuf> = (1..=shares)
            .map(|k| {
                let dir = folder(&format!("share-{k}-of-{shares}"));
                done(sweep(&dir, &["--shard", &format!("{k}/{shares}")]));
                dir
            })
            .collect();
        let merged = folder(&format!("merged-{shares}"));
        let mut args = vec!["merge".to_owned(), "--quiet".into(), "--out".into()];
        args.push(merged.to_string_lossy().into_owned());
        // In any order.
        args.extend(dirs.iter().rev().map(|d| d.to_string_lossy().into_owned()));
        done(command(&args.iter().map(String::as_str).collect::<Vec<_>>()));
        same(&whole, &files(&merged), &format!("{shares} shares"));
    }

    let cut = folder("cut");
    let (mut kills, mut state) = (0, 1_u64);
    loop {
        let mut child: Child = sweep(&cut, &["--resume"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        // Anywhere from before the first piece to the writing of the last file.
        std::thread::sleep(Duration::from_millis(20 + (state >> 33) % 150));
        if kills < 20 && child.try_wait().expect("it can be asked").is_none() {
            child.kill().expect("it can be killed");
            child.wait().expect("it ends");
            kills += 1;
            continue;
        }
        let code = child.wait().expect("it ends").code();
        assert!(matches!(code, Some(0 | 1)), "{code:?}");
        if !cut.join("study.json").exists() {
            break;
        }
    }
    assert!(kills >= 1, "it was never cut");
    same(&whole, &files(&cut), &format!("{kills} kills"));
}

#[test]
fn what_does_not_fit_together_is_refused_by_name() {
    let refused = |command: Command, what: &str| {
        let mut command = command;
        let done = command.output().expect("the program starts");
        assert_eq!(done.status.code(), Some(2), "{}", text(&done));
        assert!(text(&done).contains(what), "wanted {what:?} in {}", text(&done));
    };
    let dirs: Vec<PathBuf> = (1..=3).map(|k| folder(&format!("fit-{k}"))).collect();
    for (k, dir) in dirs.iter().enumerate() {
        done(sweep(dir, &["--shard", &format!("{}/3", k + 1)]));
    }
    let out = folder("fit");
    let merge = |dirs: &[&Path]| {
        let mut command = command(&["merge", "--out"]);
        command.arg(&out).args(dirs);
        command
    };
    refused(
        merge(&[&dirs[0], &dirs[2]]),
        "7 of 21 runs are missing, the first is replication 1 of point 3",
    );
    refused(merge(&[&dirs[0], &dirs[2]]), "given are the shares 1/3, 3/3");
    let copy = folder("fit-copy");
    for (name, content) in files(&dirs[0]) {
        let path = copy.join(name);
        fs::create_dir_all(path.parent().expect("inside")).expect("a folder");
        fs::write(path, content).expect("a file");
    }
    refused(merge(&[&dirs[0], &dirs[1], &dirs[2], &copy]), "both hold replication 0 of point 1");
    let other = folder("fit-other");
    done(sweep(&other, &["--seed", "99", "--shard", "2/3"]));
    refused(merge(&[&dirs[0], &other, &dirs[2]]), "the scenario was changed since");
    refused(merge(&[&dirs[0], &folder("fit-none")]), "holds no unfinished study");
    refused(sweep(&dirs[1], &["--shard", "2/3"]), "go on with --resume");
    refused(sweep(&dirs[1], &["--shard", "1/3", "--resume"]), "it is share 2/3, not share 1/3");
    refused(sweep(&dirs[1], &["--seed", "99", "--shard", "2/3", "--resume"]), "another study");
    refused(sweep(&folder("fit-new"), &["--shard", "4/3"]), "K/N");
    assert!(!out.join("manifest.toml").exists(), "a refused merge writes nothing");
    done(merge(&[&dirs[0], &dirs[1], &dirs[2]]));
    assert!(out.join("manifest.toml").exists());
}

/// What `emit` prints runs, and gives the same bytes: here by a stand-in for Slurm, which runs each
/// task at once.
#[cfg(unix)]
#[test]
fn an_emitted_job_gives_the_bytes_of_the_whole() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let place = folder("emit");
    let tools = place.join("tools");
    fs::create_dir_all(&tools).expect("a folder");
    symlink(env!("CARGO_BIN_EXE_highwater"), tools.join("highwater")).expect("a link");
    let here = std::env::current_dir().expect("a folder");
    symlink(here.join("scenarios"), place.join("scenarios")).expect("a link");
    let sbatch = "#!/bin/bash\nset -e\nlast=1\n\
                  for w in \"$@\"; do case $w in --array=1-*) last=${w#--array=1-};; esac; done\n\
                  job=$(cat)\n\
                  for i in $(seq $last); do SLURM_ARRAY_TASK_ID=$i bash -c \"$job\" >&2; done\n\
                  echo 7\n";
    fs::write(tools.join("sbatch"), sbatch).expect("a file");
    let mode = fs::Permissions::from_mode(0o755);
    fs::set_permissions(tools.join("sbatch"), mode).expect("a mode");
    let path = format!("{}:{}", tools.display(), std::env::var("PATH").unwrap_or_default());
    let inside = |mut command: Command| {
        command.current_dir(&place).env("PATH", &path);
        command
    };
    let rate = "workload.requests.arrivals.poisson.rate=20/s..80/s:4";
    let cut = ["sweep", "scenarios/mm1.toml", "--set", "run.length=5 min", "--vary", rate];
    let emit = |target: &str| {
        let args = [&["emit", target, "--shards", "3", "--"][..], &cut].concat();
        String::from_utf8(done(inside(command(&args))).stdout).expect("text")
    };
    fs::write(place.join("job.sh"), emit("slurm")).expect("a file");
    let mut bash = Command::new("bash");
    bash.arg("job.sh");
    done(inside(bash));
    let merged = files(&place.join("output/mm1-sweep"));
    fs::remove_dir_all(place.join("output")).expect("it is there");
    done(inside(command(&cut)));
    same(&files(&place.join("output/mm1-sweep")), &merged, "an array of three");
    for target in ["kubernetes", "parallel"] {
        let text = emit(target);
        assert!(text.contains("/3") && text.contains("highwater merge"), "{text}");
    }
    let run = inside(command(&["emit", "slurm", "--", "run", "scenarios/mm1.toml"]));
    let refused = { run }.output().expect("it starts");
    assert_eq!(refused.status.code(), Some(2), "{}", text(&refused));
}

/// A Latin hypercube visits each stratum of each axis once; a zip advances together.
#[test]
fn points_of_a_sweep() {
    let points = |more: &[&str]| -> Vec<Vec<String>> {
        let out = folder("points");
        let shown = out.to_string_lossy();
        let mut args = vec!["sweep", "scenarios/mm1.toml", "--quiet", "--out", &shown];
        args.extend(["--set", "run.length=2 min", "--set", "run.warmup=1 s"]);
        args.extend(["--replications", "1"]);
        args.extend(more);
        done(command(&args));
        let table = fs::read_to_string(out.join("sweep.csv")).expect("sweep.csv");
        let rows = table.lines().filter(|l| l.contains(",availability,"));
        rows.map(|l| l.split(',').skip(1).take(2).map(str::to_owned).collect()).collect()
    };
    let rate = "workload.requests.arrivals.poisson.rate=10/s..60/s:6";
    let length = "run.length=2 min,3 min,4 min,5 min,6 min,7 min";
    let zipped = points(&["--zip", rate, "--zip", length]);
    assert_eq!(zipped.len(), 6);
    assert_eq!(zipped[0], ["10/s", "2 min"]);
    assert_eq!(zipped[5], ["60/s", "7 min"]);
    let latin = points(&["--latin", "6", "--vary", rate, "--vary", length]);
    for axis in 0..2 {
        let mut seen: Vec<&str> = latin.iter().map(|p| p[axis].as_str()).collect();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), 6, "{latin:?}");
    }
    assert_ne!(latin, zipped);
}

/// Main effects are means by value less the mean of all, so that those of a key sum to nothing over a
/// whole grid; two keys give a picture.
#[test]
fn effects_of_a_grid() {
    let out = folder("effects");
    let shown = out.to_string_lossy();
    let rate = "workload.requests.arrivals.poisson.rate=20/s..80/s:4";
    let mean = "station.server.service.exponential.mean=\"6 ms\",\"8 ms\",\"10 ms\"";
    let mut args = vec!["sweep", "scenarios/mm1.toml", "--quiet", "--out", &shown];
    args.extend([
        "--set",
        "run.length=5 min",
        "--replications",
        "2",
        "--vary",
        rate,
        "--vary",
        mean,
    ]);
    done(command(&args));
    assert!(out.join("charts/grid.svg").exists());
    let read = |file: &str| fs::read_to_string(out.join(file)).expect("a table");
    let rows = read("effects.csv");
    let of = |key: &str| -> Vec<(f64, f64)> {
        let mine = rows.lines().filter(|l| l.contains(key) && l.contains("latency.p99"));
        let cells = mine.map(|l| l.rsplit(',').take(2).map(|c| c.parse().unwrap()).collect());
        cells.map(|c: Vec<f64>| (c[1], c[0])).collect()
    };
    let (rates, means) = (of("poisson.rate"), of("exponential.mean"));
    assert_eq!((rates.len(), means.len()), (4, 3), "{rows}");
    for list in [&rates, &means] {
        let sum: f64 = list.iter().map(|e| e.1).sum();
        assert!(sum.abs() < 1e-6 * list[0].0, "{list:?}");
        assert!(list.windows(2).all(|w| w[0].0 < w[1].0), "busier is slower: {list:?}");
    }
}

/// A piece that was damaged is refused by its name.
#[test]
fn a_damaged_piece_is_named() {
    let dir = folder("damaged");
    done(sweep(&dir, &["--shard", "1/3"]));
    let piece = dir.join("pieces/0001.json");
    let content = fs::read(&piece).expect("a piece");
    fs::write(dir.join("pieces/0002.json"), &content).expect("a file");
    let rest: Vec<PathBuf> = [2, 3].map(|k| folder(&format!("damaged-{k}"))).to_vec();
    for (k, dir) in rest.iter().enumerate() {
        done(sweep(dir, &["--shard", &format!("{}/3", k + 2)]));
    }
    let mut merge = command(&["merge", "--out"]);
    let done = merge.arg(folder("damaged-out")).arg(&dir).args(&rest).output().expect("it starts");
    assert_eq!(done.status.code(), Some(74), "{}", text(&done));
    assert!(text(&done).contains("0002.json is damaged"), "{}", text(&done));
}

#[cfg(unix)]
#[test]
fn an_interruption_says_how_to_go_on() {
    let dir = folder("interrupted");
    let child = sweep(&dir, &["--set", "run.length=2 h"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    while !dir.join("study.json").exists() {
        std::thread::sleep(Duration::from_millis(5));
    }
    std::thread::sleep(Duration::from_millis(100));
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).expect("it can be told");
    let done = child.wait_with_output().expect("it ends");
    assert_eq!(done.status.code(), Some(130), "{}", text(&done));
    let said = text(&done);
    assert!(said.contains("of 21 runs are kept in") && said.contains("--resume"), "{said}");
}
