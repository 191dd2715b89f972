//! What a study (a sweep or a drill) keeps on disk until it is whole: a head, and the results of each unit
//! (a replication at a point) or of all units of a point.
//!
//! ```text
//! study.json            the head: what is studied
//! pieces/0003-0001.json replication 1 of point 3
//! pieces/0002.json      all replications of point 2: their own pieces are gone
//! ```
//!
//! Each file is whole or absent, so that a study that was cut at any moment goes on with what is
//! there. Shares of a study are studied in folders of their own, and put together from these.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use serde::{Deserialize, Serialize};

use super::error::{ReadError, WriteError};
use super::read::read_results;
use super::store::{OutputDir, remove};
use crate::measure::{DrillHead, Results};

const HEAD: &str = "study.json";
const FOLDER: &str = "pieces";

/// What is studied.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StudyHead {
    /// `sweep` or `drill`.
    pub kind: String,
    /// Version of highwater.
    pub version: String,
    /// The scenario's short name.
    pub scenario: String,
    /// The command that makes the whole of it, word by word.
    pub command: Vec<String>,
    /// Of each point the settings that differ, and the hash of its scenario.
    pub points: Vec<StudyPoint>,
    /// The share that is studied here: number from 1, of how many.
    pub share: Option<(usize, usize)>,
    /// Of a drill: what fails in which point.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drill: Option<DrillHead>,
}

/// A point of a study.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StudyPoint {
    /// The settings that differ between points.
    pub values: Vec<(String, String)>,
    /// Hash of its scenario with these.
    pub scenario_hash: String,
    /// How many there are.
    pub replications: u32,
}

impl StudyHead {
    /// Whether both are shares of one study, or the same one. (The command is told, not compared: a
    /// path may differ.)
    fn is_of(&self, other: &Self) -> bool {
        (&self.kind, &self.version, &self.scenario, &self.points, &self.drill)
            == (&other.kind, &other.version, &other.scenario, &other.points, &other.drill)
    }

    /// How many units there are, of all shares.
    fn units(&self) -> usize {
        self.points.iter().map(|p| p.replications as usize).sum()
    }
}

/// Why a study can't go on, or be put together.
#[derive(Debug, thiserror::Error)]
pub enum StudyError {
    /// A file could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// A file could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// There is nothing of a study in a folder.
    #[error("{} holds no unfinished study and no share of one", dir.display())]
    Nothing {
        /// The folder.
        dir: PathBuf,
    },
    /// A study was begun in the folder before.
    #[error("{} holds an unfinished study with {kept} of {all} runs done: go on with --resume, or choose another folder with --out", dir.display())]
    Begun {
        /// The folder.
        dir: PathBuf,
        /// Units that are done.
        kept: usize,
        /// All of them.
        all: usize,
    },
    /// The folder holds another one.
    #[error("{} holds {what}, which is another study: {differs}; choose another folder with --out", dir.display())]
    Foreign {
        /// The folder.
        dir: PathBuf,
        /// What it holds.
        what: String,
        /// In what it differs.
        differs: String,
    },
    /// Two folders hold the same unit.
    #[error("{} and {} both hold replication {replication} of point {point}: a run counts once", first.display(), second.display())]
    Overlap {
        /// A folder.
        first: PathBuf,
        /// Another one.
        second: PathBuf,
        /// From 1.
        point: usize,
        /// From 0.
        replication: u32,
    },
    /// Units are nowhere.
    #[error(
        "{missing} of {all} runs are missing, the first is replication {replication} of point {point}{shares}"
    )]
    Gap {
        /// How many.
        missing: usize,
        /// Of how many.
        all: usize,
        /// The first one's point, from 1.
        point: usize,
        /// Its replication, from 0.
        replication: u32,
        /// The shares that were given, in words.
        shares: String,
    },
}

/// The folder of an unfinished study.
#[derive(Debug)]
pub struct Pieces {
    dir: OutputDir,
    head: StudyHead,
    /// What is kept of each point.
    kept: Mutex<BTreeMap<usize, BTreeSet<u32>>>,
}

impl Pieces {
    /// Begins a study in a folder, or goes on with the one that is there.
    ///
    /// # Errors
    /// [`StudyError::Begun`] if one was begun there and `resume` is not said;
    /// [`StudyError::Foreign`] if it is another one; [`StudyError::Write`].
    pub fn begin(dir: &Path, head: StudyHead, resume: bool) -> Result<Self, StudyError> {
        let dir = OutputDir::lock(dir)?;
        match read_head(dir.path())? {
            None => {
                // A piece without a head is of no study.
                let pieces = dir.path().join(FOLDER);
                if pieces.exists() {
                    fs::remove_dir_all(&pieces)
                        .map_err(|e| WriteError::io("remove", &pieces, e))?;
                }
                let text = serde_json::to_vec_pretty(&head).expect("it is plain data");
                dir.write(HEAD, &text)?;
            }
            Some(before) => {
                if !before.is_of(&head) || before.share != head.share {
                    return Err(foreign(dir.path(), &before, &head));
                }
                if !resume {
                    let kept = kept_in(dir.path(), &before)?.values().map(BTreeSet::len).sum();
                    let all = before.units();
                    return Err(StudyError::Begun { dir: dir.path().into(), kept, all });
                }
            }
        }
        let kept = Mutex::new(kept_in(dir.path(), &head)?);
        Ok(Self { dir, head, kept })
    }

    /// Whether the results of a unit are there.
    ///
    /// # Panics
    /// If a thread broke while it kept something.
    pub fn has(&self, point: usize, replication: u32) -> bool {
        let kept = self.kept.lock().expect("no other thread broke");
        kept.get(&point).is_some_and(|r| r.contains(&replication))
    }

    /// Writes the results of a unit; those of a point are put together when all are there.
    ///
    /// # Errors
    /// [`StudyError::Write`]; [`StudyError::Read`] if a piece was damaged meanwhile.
    ///
    /// # Panics
    /// If a thread broke while it kept something.
    pub fn keep(
        &self,
        point: usize,
        replication: u32,
        results: &Results,
    ) -> Result<(), StudyError> {
        let all = self.head.points[point].replications;
        let alone = all == 1;
        let name = piece(point, (!alone).then_some(replication));
        self.dir.write(&name, &super::results_json(results)?)?;
        let whole = {
            let mut kept = self.kept.lock().expect("no other thread broke");
            let here = kept.entry(point).or_default();
            here.insert(replication);
            here.len() == all as usize && !alone
        };
        if whole {
            let results = read_parts(self.dir.path(), point, 0..all, &self.head)?;
            self.dir.write(&piece(point, None), &super::results_json(&results)?)?;
            for r in 0..all {
                remove(&self.dir.path().join(piece(point, Some(r))))?;
            }
        }
        Ok(())
    }

    /// The folder.
    pub fn dir(&self) -> &OutputDir {
        &self.dir
    }

    /// The results of a point, judged.
    ///
    /// # Errors
    /// [`StudyError::Read`].
    pub fn point(&self, point: usize) -> Result<Results, StudyError> {
        let all = 0..self.head.points[point].replications;
        read_parts(self.dir.path(), point, all, &self.head)
    }

    /// Removes what was kept: the study is whole, and its files are written.
    ///
    /// # Errors
    /// [`StudyError::Write`].
    pub fn finish(self) -> Result<(), StudyError> {
        let pieces = self.dir.path().join(FOLDER);
        // The head last: without it nobody would look for pieces.
        if pieces.exists() {
            fs::remove_dir_all(&pieces).map_err(|e| WriteError::io("remove", &pieces, e))?;
        }
        Ok(remove(&self.dir.path().join(HEAD))?)
    }
}

/// Shares of a study, to be put together.
#[derive(Debug)]
pub struct Shares {
    head: StudyHead,
    dirs: Vec<PathBuf>,
    /// Of each point its replications with the number of their folder.
    held: Vec<BTreeMap<u32, usize>>,
}

impl Shares {
    /// Opens folders that hold shares of one study.
    ///
    /// # Errors
    /// [`StudyError::Nothing`], [`StudyError::Foreign`], [`StudyError::Overlap`] or
    /// [`StudyError::Gap`], which name folders and runs.
    pub fn open(dirs: &[PathBuf]) -> Result<Self, StudyError> {
        let mut heads = Vec::new();
        for dir in dirs {
            let head = read_head(dir)?.ok_or_else(|| StudyError::Nothing { dir: dir.clone() })?;
            heads.push(head);
        }
        let head = heads.first().cloned().ok_or(StudyError::Nothing { dir: PathBuf::new() })?;
        let mut held = vec![BTreeMap::new(); head.points.len()];
        for (i, (dir, theirs)) in dirs.iter().zip(&heads).enumerate() {
            if !theirs.is_of(&head) {
                return Err(foreign(dir, theirs, &head));
            }
            for (point, replications) in kept_in(dir, theirs)? {
                for replication in replications {
                    if let Some(other) = held[point].insert(replication, i) {
                        return Err(StudyError::Overlap {
                            first: dirs[other].clone(),
                            second: dir.clone(),
                            point: point + 1,
                            replication,
                        });
                    }
                }
            }
        }
        let all = head.units();
        let there: usize = held.iter().map(BTreeMap::len).sum();
        let lacks = |(i, here): (usize, &BTreeMap<u32, usize>)| {
            let mut wanted = 0..head.points[i].replications;
            Some((i + 1, wanted.find(|r| !here.contains_key(r))?))
        };
        let gap = held.iter().enumerate().find_map(lacks);
        if let Some((point, replication)) = gap {
            let shares: Vec<String> =
                heads.iter().filter_map(|h| h.share.map(|(k, n)| format!("{k}/{n}"))).collect();
            let shares = if shares.is_empty() {
                String::new()
            } else {
                format!("; given are the shares {}", shares.join(", "))
            };
            let missing = all - there;
            return Err(StudyError::Gap { missing, all, point, replication, shares });
        }
        let dirs = dirs.to_vec();
        Ok(Self { head: StudyHead { share: None, ..head }, dirs, held })
    }

    /// What was studied.
    pub const fn head(&self) -> &StudyHead {
        &self.head
    }

    /// The results of a point, judged.
    ///
    /// # Errors
    /// [`StudyError::Read`].
    pub fn point(&self, point: usize) -> Result<Results, StudyError> {
        let mut whole: Option<Results> = None;
        let dirs: BTreeSet<usize> = self.held[point].values().copied().collect();
        for i in dirs {
            let theirs = self.held[point].iter().filter(|h| *h.1 == i).map(|h| *h.0);
            let part = read_parts(&self.dirs[i], point, theirs, &self.head)?;
            match &mut whole {
                None => whole = Some(part),
                Some(whole) => whole.merge(&part),
            }
        }
        let mut whole = whole.expect("every point is held");
        whole.judge_again();
        Ok(whole)
    }
}

/// The file of a unit, or of all units of a point.
fn piece(point: usize, replication: Option<u32>) -> String {
    match replication {
        Some(r) => format!("{FOLDER}/{:04}-{r:04}.json", point + 1),
        None => format!("{FOLDER}/{:04}.json", point + 1),
    }
}

/// Point and replication of a piece's file name; None for any other file.
fn numbers(name: &str) -> Option<(usize, Option<u32>)> {
    let stem = name.strip_suffix(".json")?;
    let (point, replication) = match stem.split_once('-') {
        Some((point, r)) => (point, Some(r.parse().ok()?)),
        None => (stem, None),
    };
    Some((point.parse::<usize>().ok()?.checked_sub(1)?, replication))
}

fn read_head(dir: &Path) -> Result<Option<StudyHead>, ReadError> {
    let path = dir.join(HEAD);
    match fs::read(&path) {
        Ok(bytes) => serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|source| ReadError::Format { path, source }),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(ReadError::Io { path, source }),
    }
}

/// The units whose results are in a folder.
fn kept_in(dir: &Path, head: &StudyHead) -> Result<BTreeMap<usize, BTreeSet<u32>>, ReadError> {
    let folder = dir.join(FOLDER);
    let mut kept: BTreeMap<usize, BTreeSet<u32>> = BTreeMap::new();
    let names = match fs::read_dir(&folder) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(kept),
        Err(source) => return Err(ReadError::Io { path: folder, source }),
        Ok(entries) => entries,
    };
    for entry in names {
        let entry = entry.map_err(|source| ReadError::Io { path: folder.clone(), source })?;
        let name = entry.file_name();
        let Some((point, replication)) = name.to_str().and_then(numbers) else { continue };
        let all = head.points.get(point).map_or(0, |p| p.replications);
        let here = match replication {
            None => 0..all,
            Some(r) => r..all.min(r + 1),
        };
        kept.entry(point).or_default().extend(here);
    }
    Ok(kept)
}

/// Some replications of a point, put together and judged: from the file of all of them, if it is
/// there, else from their own.
fn read_parts(
    dir: &Path,
    point: usize,
    replications: impl IntoIterator<Item = u32>,
    head: &StudyHead,
) -> Result<Results, StudyError> {
    let wanted = &head.points[point];
    let whole = dir.join(piece(point, None));
    if whole.exists() {
        return read_piece(&whole, &wanted.scenario_hash, &Vec::from_iter(0..wanted.replications));
    }
    let mut all: Option<Results> = None;
    for r in replications {
        let part = read_piece(&dir.join(piece(point, Some(r))), &wanted.scenario_hash, &[r])?;
        match &mut all {
            None => all = Some(part),
            Some(all) => all.merge(&part),
        }
    }
    let mut all = all.expect("a point has a replication");
    all.judge_again();
    Ok(all)
}

/// A piece; refused if it is not of the scenario, or of other replications than its name says.
fn read_piece(path: &Path, hash: &str, replications: &[u32]) -> Result<Results, StudyError> {
    let results = read_results(path)?;
    let reason = if results.identity.scenario_hash != hash {
        "it is of another scenario"
    } else if results.settings.replications != replications {
        "it holds other replications than its name says"
    } else {
        return Ok(results);
    };
    Err(ReadError::Damaged { path: path.into(), reason: reason.into() }.into())
}

fn foreign(dir: &Path, there: &StudyHead, wanted: &StudyHead) -> StudyError {
    let hashes = |h: &StudyHead| -> Vec<String> {
        h.points.iter().map(|p| p.scenario_hash.clone()).collect()
    };
    let values = |h: &StudyHead| -> Vec<Vec<(String, String)>> {
        h.points.iter().map(|p| p.values.clone()).collect()
    };
    let runs = |h: &StudyHead| -> Vec<u32> { h.points.iter().map(|p| p.replications).collect() };
    let differs = if there.kind != wanted.kind {
        format!("a {}, not a {}", there.kind, wanted.kind)
    } else if there.scenario != wanted.scenario {
        format!("its scenario is {}, not {}", there.scenario, wanted.scenario)
    } else if there.version != wanted.version {
        format!("made by highwater {}, not {}", there.version, wanted.version)
    } else if there.points.len() != wanted.points.len() {
        format!("it has {} points, not {}", there.points.len(), wanted.points.len())
    } else if values(there) != values(wanted) {
        "its points have other values".to_owned()
    } else if runs(there) != runs(wanted) {
        format!("it has {} runs, not {}", there.units(), wanted.units())
    } else if hashes(there) != hashes(wanted) {
        "the scenario was changed since".to_owned()
    } else if there.drill != wanted.drill {
        "its failures are others, or at another time".to_owned()
    } else {
        let share = |h: &StudyHead| {
            h.share.map_or("the whole".to_owned(), |(k, n)| format!("share {k}/{n}"))
        };
        format!("it is {}, not {}", share(there), share(wanted))
    };
    let what = match there.share {
        Some((k, n)) => format!("share {k}/{n} of a {} of {}", there.kind, there.scenario),
        None => format!("a {} of {}", there.kind, there.scenario),
    };
    StudyError::Foreign { dir: dir.into(), what, differs }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_pieces_are_read_back() {
        for (point, replication) in [(0, None), (2, Some(1)), (12_345, Some(0))] {
            let name = piece(point, replication);
            let name = name.strip_prefix("pieces/").unwrap();
            assert_eq!(numbers(name), Some((point, replication)), "{name}");
        }
        for name in ["0000.json", ".0001.json.part", "a.json", "0001-x.json", "0001.txt"] {
            assert_eq!(numbers(name), None, "{name}");
        }
    }
}
