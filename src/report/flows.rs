//! Every request of a run as a row of one CSV file: `highwater run --flows FILE`.
//!
//! Replications run in any order and at once, so each writes a part of its own beside the file;
//! [`FlowList::finish`] strings them together in order. Memory is bounded by the buffers, and the
//! file is whole or absent: until then it is what it was. A lock beside it keeps a second list of the
//! same name out meanwhile; like that of the output folder it stays behind, empty.

use std::fs::{self, File};
use std::io::{self, BufWriter, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::error::WriteError;
use super::escape::csv_cell;
use super::store;
use crate::measure::{Fact, Observer};

const HEAD: &str = "replication,workload,number,start_s,end_s,size_bytes,outcome\n";
const BUFFER: usize = 1 << 16;

/// A list of flows in the making. Dropped before [`FlowList::finish`] it leaves nothing behind.
#[derive(Debug)]
pub struct FlowList {
    path: PathBuf,
    /// Names of the workloads, as cells.
    workloads: Vec<String>,
    replications: u32,
    state: Mutex<State>,
    /// Held for its lock.
    _lock: File,
}

#[derive(Debug, Default)]
struct State {
    rows: u64,
    /// The first error of any part.
    failed: Option<io::Error>,
}

impl FlowList {
    /// Begins a list at `path` for the requests of these workloads, and locks its name. Makes sure at
    /// once that the folder can be written to: a slip in a path is told before hours of work, and
    /// leaves no stray folders.
    ///
    /// # Errors
    /// [`WriteError::NoFolder`] if there is no such folder, [`WriteError::NoFile`] if something else
    /// has that name, [`WriteError::Locked`] if another run is writing it, [`WriteError::Io`].
    pub fn create<'n>(
        path: &Path,
        workloads: impl IntoIterator<Item = &'n str>,
        replications: u32,
    ) -> Result<Self, WriteError> {
        let cell = |name: &str| match csv_cell(name) {
            cell if cell.contains([',', '"', '\n']) => format!("\"{}\"", cell.replace('"', "\"\"")),
            cell => cell,
        };
        let owned = path.to_path_buf();
        // A device or a pipe would be replaced by a file, as whoever may.
        if path.exists() && !path.is_file() {
            return Err(WriteError::NoFile { path: owned });
        }
        let folder = match path.to_string_lossy().ends_with(std::path::is_separator) {
            true => Some(path),
            false => path.parent().filter(|folder| !folder.as_os_str().is_empty()),
        };
        if let Some(folder) = folder.filter(|folder| !folder.is_dir()) {
            return Err(WriteError::NoFolder { path: owned, folder: folder.to_path_buf() });
        }
        let lock = store::lock(&beside(path, "lock"), path)?;
        remove_parts(path).map_err(|e| WriteError::io("clear the folder of", path, e))?;
        let list = Self {
            path: owned,
            workloads: workloads.into_iter().map(cell).collect(),
            replications,
            state: Mutex::default(),
            _lock: lock,
        };
        let first = list.part_path(0);
        File::create(&first).map_err(|e| WriteError::io("create", &first, e))?;
        Ok(list)
    }

    /// The part of one replication, an observer of its run: rows in the order in which requests
    /// end, then those that do not.
    pub fn part(&self, replication: u32) -> FlowPart<'_> {
        let out = match File::create(self.part_path(replication)) {
            Ok(file) => Some(BufWriter::with_capacity(BUFFER, file)),
            Err(e) => {
                self.fail(e);
                None
            }
        };
        let mut part = FlowPart { list: self, replication, out, rows: 0 };
        if replication == 0 {
            part.write(|out, _| out.write_all(HEAD.as_bytes()));
        }
        part
    }

    /// Strings the parts together under the final name; returns the number of rows.
    ///
    /// # Errors
    /// [`WriteError::Io`] with the first thing that went wrong, also in the parts.
    pub fn finish(self) -> Result<u64, WriteError> {
        let io = |e| WriteError::io("write", &self.path, e);
        if let Some(e) = self.state().failed.take() {
            return Err(io(e));
        }
        let first = self.part_path(0);
        let mut whole = File::options().write(true).open(&first).map_err(io)?;
        whole.seek(io::SeekFrom::End(0)).map_err(io)?;
        for replication in 1..self.replications {
            let path = self.part_path(replication);
            let mut part = File::open(&path).map_err(io)?;
            io::copy(&mut part, &mut whole).map_err(io)?;
            drop(part);
            fs::remove_file(&path).map_err(io)?;
        }
        whole.sync_all().map_err(io)?;
        drop(whole);
        fs::rename(&first, &self.path).map_err(io)?;
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
        // Windows can't open a folder as a file; the rename is durable there without it.
        if let Ok(folder) = File::open(folder.unwrap_or(Path::new("."))) {
            folder.sync_all().map_err(io)?;
        }
        let rows = self.state().rows;
        Ok(rows)
    }

    fn part_path(&self, replication: u32) -> PathBuf {
        beside(&self.path, &format!("{replication}.part"))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fail(&self, error: io::Error) {
        self.state().failed.get_or_insert(error);
    }
}

impl Drop for FlowList {
    fn drop(&mut self) {
        for replication in 0..self.replications {
            // Best effort: most are not there any more.
            let _ = fs::remove_file(self.part_path(replication));
        }
    }
}

/// A hidden file beside another one: `.flows.csv.lock`.
fn beside(path: &Path, what: &str) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{what}"))
}

/// Removes the parts of a run that was killed, which may have had more replications.
fn remove_parts(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let begins = beside(path, "");
    let begins = begins.file_name().unwrap_or_default().to_string_lossy();
    for entry in fs::read_dir(folder.unwrap_or(Path::new(".")))? {
        let name = entry?.file_name();
        let name = name.to_string_lossy();
        let number = name.strip_prefix(&*begins).and_then(|rest| rest.strip_suffix(".part"));
        if number.is_some_and(|n| n.parse::<u32>().is_ok()) {
            fs::remove_file(path.with_file_name(&*name))?;
        }
    }
    Ok(())
}

/// The rows of one replication.
#[derive(Debug)]
pub struct FlowPart<'l> {
    list: &'l FlowList,
    replication: u32,
    /// None after an error.
    out: Option<BufWriter<File>>,
    rows: u64,
}

impl FlowPart<'_> {
    fn write(&mut self, row: impl FnOnce(&mut BufWriter<File>, &FlowList) -> io::Result<()>) {
        if let Some(out) = &mut self.out
            && let Err(e) = row(out, self.list)
        {
            self.list.fail(e);
            self.out = None;
        }
    }

    fn row(&mut self, workload: u32, number: u64, times: [Option<u64>; 2], bytes: u64, end: &str) {
        let replication = self.replication;
        self.rows += 1;
        self.write(|out, list| {
            let name = &list.workloads[workload as usize];
            write!(out, "{replication},{name},{number}")?;
            for time in times {
                match time {
                    Some(ns) => write!(out, ",{}.{:09}", ns / 1_000_000_000, ns % 1_000_000_000)?,
                    None => out.write_all(b",")?,
                }
            }
            writeln!(out, ",{bytes},{end}")
        });
    }
}

impl Observer for FlowPart<'_> {
    fn hear(&mut self, fact: &Fact) {
        match *fact {
            Fact::Ended { workload, end, start, at, bytes, number, .. } => {
                self.row(workload, number, [Some(start), Some(at)], bytes, end.word());
            }
            Fact::Unfinished { workload, start, bytes, number, .. } => {
                self.row(workload, number, [Some(start), None], bytes, "unfinished");
            }
            _ => {}
        }
    }
}

impl Drop for FlowPart<'_> {
    fn drop(&mut self) {
        self.write(|out, _| out.flush());
        self.list.state().rows += self.rows;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::End;

    fn ended(number: u64, at: u64) -> Fact {
        let phases = [0; 7];
        Fact::Ended { workload: 0, end: End::Ok, start: 1, at, phases, bytes: 7, number }
    }

    /// A fresh folder and the names in it.
    fn folder(name: &str) -> (PathBuf, impl Fn() -> Vec<String>) {
        let folder = std::env::temp_dir().join(format!("{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let inside = folder.clone();
        let name = |e: io::Result<fs::DirEntry>| e.unwrap().file_name().into_string().unwrap();
        let names = move || {
            let mut names: Vec<_> = fs::read_dir(&inside).unwrap().map(name).collect();
            names.sort();
            names
        };
        (folder, names)
    }

    #[test]
    fn parts_come_in_order_of_replication_and_the_file_is_whole() {
        let (folder, names) = folder("flow-list");
        let path = folder.join("flows.csv");
        let list = FlowList::create(&path, ["=w"], 2).unwrap();
        let mut parts = [list.part(0), list.part(1)];
        parts[1].hear(&ended(0, 2_000_000_003));
        parts[0].hear(&ended(5, 9));
        parts[0].hear(&Fact::Unfinished { workload: 0, start: 4, at: 9, bytes: 8, number: 6 });
        drop(parts);
        assert!(!path.exists());
        assert_eq!(list.finish().unwrap(), 3);
        let expected = "0,'=w,5,0.000000001,0.000000009,7,ok\n\
                        0,'=w,6,0.000000004,,8,unfinished\n\
                        1,'=w,0,0.000000001,2.000000003,7,ok\n";
        assert_eq!(fs::read_to_string(&path).unwrap(), format!("{HEAD}{expected}"));
        assert_eq!(names(), [".flows.csv.lock", "flows.csv"], "no part is left");
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_list_that_is_given_up_leaves_what_was_there() {
        let (folder, names) = folder("flow-list-given-up");
        let path = folder.join("flows.csv");
        fs::write(&path, "of old").unwrap();
        // What a killed run left is cleared away, what is not ours is not.
        fs::write(folder.join(".flows.csv.7.part"), "left").unwrap();
        fs::write(folder.join(".flows.csv.x.part"), "of somebody").unwrap();
        let list = FlowList::create(&path, ["w"], 1).unwrap();
        list.part(0).hear(&ended(0, 2));
        drop(list);
        fs::remove_file(folder.join(".flows.csv.x.part")).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "of old");
        assert_eq!(names(), [".flows.csv.lock", "flows.csv"]);
        // A part that cannot be read fails the whole.
        let list = FlowList::create(&path, ["w"], 2).unwrap();
        list.part(0).hear(&ended(0, 2));
        assert!(matches!(list.finish(), Err(WriteError::Io { .. })));
        assert_eq!(fs::read_to_string(&path).unwrap(), "of old");
        assert_eq!(names(), [".flows.csv.lock", "flows.csv"]);
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn one_list_of_a_name_at_a_time() {
        let (folder, _) = folder("flow-list-locked");
        let path = folder.join("flows.csv");
        let list = FlowList::create(&path, ["w"], 1).unwrap();
        list.part(0).hear(&ended(0, 2));
        let refused = FlowList::create(&path, ["w"], 1).unwrap_err();
        assert!(matches!(refused, WriteError::Locked { .. }), "{refused}");
        drop(FlowList::create(&folder.join("others.csv"), ["w"], 1).unwrap());
        // Whoever was refused has not touched the parts of the other.
        assert_eq!(list.finish().unwrap(), 1);
        assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), 2);
        drop(FlowList::create(&path, ["w"], 1).unwrap());
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn names_of_other_things_are_refused() {
        let (folder, names) = folder("flow-list-names");
        let refused = |path: &Path| FlowList::create(path, ["w"], 1).unwrap_err();
        let slip = refused(&folder.join("slip").join("flows.csv"));
        assert!(slip.to_string().contains("there is no folder"), "{slip}");
        let slash = refused(&folder.join("flows.csv").join(""));
        assert!(matches!(slash, WriteError::NoFolder { .. }), "{slash}");
        for path in [folder.clone(), folder.join(".."), folder.join("")] {
            let refused = refused(&path);
            assert!(matches!(refused, WriteError::NoFile { .. }), "{refused}");
        }
        #[cfg(unix)]
        {
            // A socket stands for pipes and devices.
            let socket = folder.join("socket");
            let _held = std::os::unix::net::UnixListener::bind(&socket).unwrap();
            assert!(matches!(refused(&socket), WriteError::NoFile { .. }));
            fs::remove_file(&socket).unwrap();
        }
        assert!(names().is_empty(), "and nothing is made");
        fs::remove_dir_all(&folder).unwrap();
    }
}
