//! The output folder: locked while it is written, every file whole or absent.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};

use super::error::WriteError;
use super::escape::digest;
use super::manifest::{self, FileSeen, Manifest};

/// Name of the lock file. It stays behind, empty; the lock itself dies with its process.
const LOCK: &str = ".highwater.lock";
const MANIFEST: &str = "manifest.toml";
/// The manifest of the run before, while a new one is being written.
const BEFORE: &str = ".manifest.before.toml";

/// A file to be written: its path inside the folder, with `/`, and its content.
pub(crate) type Output = (String, Vec<u8>);

/// An output folder that belongs to this process until dropped.
///
/// Take it before a long run, so that a second run into the same folder is refused at once.
#[derive(Debug)]
pub struct OutputDir {
    path: PathBuf,
    /// Held for its lock.
    _lock: File,
}

impl OutputDir {
    /// Creates the folder if absent and locks it.
    ///
    /// # Errors
    /// [`WriteError::Locked`] at once if another process holds it; [`WriteError::Io`].
    pub fn lock(dir: &Path) -> Result<Self, WriteError> {
        fs::create_dir_all(dir).map_err(|e| WriteError::io("create", dir, e))?;
        let lock = lock(&dir.join(LOCK), dir)?;
        Ok(Self { path: dir.to_path_buf(), _lock: lock })
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes one file: temporary name in the same folder, write, sync, rename, sync the folder.
    pub(crate) fn write(&self, name: &str, content: &[u8]) -> Result<PathBuf, WriteError> {
        let path = self.path.join(name);
        let parent = path.parent().expect("joined to the folder");
        fs::create_dir_all(parent).map_err(|e| WriteError::io("create", parent, e))?;
        let file_name = path.file_name().expect("names are not empty").to_string_lossy();
        let temporary = parent.join(format!(".{file_name}.part"));
        let written = File::create(&temporary)
            .and_then(|mut f| f.write_all(content).and_then(|()| f.sync_all()));
        if let Err(e) = written {
            // Best effort: the error that matters is the first.
            let _ = fs::remove_file(&temporary);
            return Err(WriteError::io("write", &path, e));
        }
        fs::rename(&temporary, &path).map_err(|e| WriteError::io("rename", &path, e))?;
        // Windows can't open a folder as a file; the rename is durable there without it.
        if let Ok(folder) = File::open(parent) {
            folder.sync_all().map_err(|e| WriteError::io("sync", parent, e))?;
        }
        Ok(path)
    }

    /// Replaces what a run before wrote here by `outputs`, and the manifest last; see
    /// [`Self::begin`].
    pub(crate) fn replace(
        &self,
        manifest: Manifest,
        outputs: &[Output],
    ) -> Result<Vec<PathBuf>, WriteError> {
        let mut writing = self.begin()?;
        for (name, content) in outputs {
            writing.put(name, content)?;
        }
        writing.finish(manifest)
    }

    /// Begins to replace what a run before wrote here. The manifest comes last: a folder with a
    /// manifest is complete, and nothing in it is older than the manifest.
    ///
    /// Only files that the manifest before lists are removed; others are not ours.
    pub(crate) fn begin(&self) -> Result<Writing<'_>, WriteError> {
        let (now, before) = (self.path.join(MANIFEST), self.path.join(BEFORE));
        if now.exists() {
            fs::rename(&now, &before).map_err(|e| WriteError::io("rename", &now, e))?;
        }
        let stale = fs::read_to_string(&before).map(|t| manifest::listed(&t)).unwrap_or_default();
        Ok(Writing { dir: self, stale, files: Vec::new(), paths: Vec::new() })
    }
}

/// The files of a folder, one after the other.
#[derive(Debug)]
pub(crate) struct Writing<'d> {
    dir: &'d OutputDir,
    /// What the run before left.
    stale: Vec<String>,
    files: Vec<FileSeen>,
    paths: Vec<PathBuf>,
}

impl Writing<'_> {
    /// Writes one file.
    pub(crate) fn put(&mut self, name: &str, content: &[u8]) -> Result<(), WriteError> {
        self.paths.push(self.dir.write(name, content)?);
        self.files.push(FileSeen {
            path: name.to_owned(),
            bytes: content.len() as u64,
            digest: digest(content),
        });
        Ok(())
    }

    /// Removes what the run before left, and writes the manifest; all paths in order of writing.
    pub(crate) fn finish(mut self, mut manifest: Manifest) -> Result<Vec<PathBuf>, WriteError> {
        let kept: BTreeSet<&str> = self.files.iter().map(|f| f.path.as_str()).collect();
        for name in self.stale.iter().filter(|n| !kept.contains(n.as_str())) {
            remove(&self.dir.path.join(name))?;
        }
        manifest.files = self.files;
        self.paths.push(self.dir.write(MANIFEST, manifest.to_toml().as_bytes())?);
        remove(&self.dir.path.join(BEFORE))?;
        Ok(self.paths)
    }
}

/// Takes the lock `file`, which guards `what`: another process that holds it is told at once.
pub(crate) fn lock(file: &Path, what: &Path) -> Result<File, WriteError> {
    let lock = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .open(file)
        .map_err(|e| WriteError::io("create", file, e))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(WriteError::Locked { path: what.to_path_buf() }),
        Err(TryLockError::Error(e)) => Err(WriteError::io("lock", file, e)),
    }
}

/// Removes a file that may be gone already.
pub(super) fn remove(path: &Path) -> Result<(), WriteError> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
            Err(WriteError::io("remove", path, e))
        }
        _ => Ok(()),
    }
}
