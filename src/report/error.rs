//! What can go wrong while writing or reading results; every error carries its path.

use std::io;
use std::path::{Path, PathBuf};

/// Why the results could not be written. The message names the path.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The operating system refused: no space, no permission, no such device.
    #[error("cannot {doing} {}: {source}", path.display())]
    Io {
        /// `create`, `write`, `rename`.
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The folder that the file is to be in does not exist.
    #[error("cannot write {}: there is no folder {}; create it, or choose another", path.display(), folder.display())]
    NoFolder {
        /// The file.
        path: PathBuf,
        /// Its folder.
        folder: PathBuf,
    },
    /// What has the file's name is a folder, a device or a pipe.
    #[error("cannot write {}: that is no regular file; choose another name", path.display())]
    NoFile {
        /// What is there.
        path: PathBuf,
    },
    /// Another run is writing into the same folder, or the same file.
    #[error("{} is in use by another run: wait for it, or choose another", path.display())]
    Locked {
        /// The folder or file.
        path: PathBuf,
    },
    /// The results hold something that no file can: our bug.
    #[error("cannot express the results in {}: {reason}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// The reason.
        reason: String,
    },
}

impl WriteError {
    pub(crate) fn io(doing: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io { doing, path: path.to_path_buf(), source }
    }
    pub(crate) fn content(path: &str, reason: impl ToString) -> Self {
        Self::Content { path: PathBuf::from(path), reason: reason.to_string() }
    }
}

/// Why a `results.json` could not be read. The message names the path.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// It could not be opened or read.
    #[error("cannot read {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// It is not JSON of the right shape.
    #[error("{} is not a results file: {source}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What and where.
        source: serde_json::Error,
    },
    /// It is well formed, but the numbers contradict each other.
    #[error("{} is damaged: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Which numbers.
        reason: String,
    },
}
