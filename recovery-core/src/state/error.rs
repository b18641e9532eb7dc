//! Why a state cannot be loaded or saved.

use std::io;
use std::path::PathBuf;

use crate::classify::{Classify, Effect, ErrorKind};

/// Why a state cannot be loaded or saved, and what to do about it.
///
/// Whatever the error, what was on the disk is still there.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StateError {
    /// The system refused to make, read or write something.
    #[error("cannot {action} `{}`: {cause}{}", path.display(), advice(cause))]
    Io {
        /// What was to be done: `read`, `write`, ..
        action: &'static str,
        /// With what.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// Another process, or another part of this one, has it.
    #[error(
        "`{}` is in use by {}: two writers would undo each other's work; end the other one, or give each its own",
        path.display(),
        holder.as_deref().unwrap_or("another process")
    )]
    InUse {
        /// What is in use.
        path: PathBuf,
        /// Who has it, as far as that is known.
        holder: Option<String>,
    },
    /// It is damaged, and there is no earlier generation that is not. Nothing was changed.
    #[error(
        "`{}` is damaged ({reason}), and no earlier generation of it can be read: put a backup in its place, or move it away to begin anew",
        path.display()
    )]
    Damaged {
        /// What is damaged.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A newer version of the program has written it.
    #[error(
        "`{}` has version {found}, and this program knows {known} at most: update the program, or move the file away to begin anew",
        path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u32,
        /// The newest that is known here.
        known: u32,
    },
    /// It is intact, but is not a state as the program has it now.
    #[error(
        "`{}` (version {version}) is intact, but does not fit the program's state: {reason}; raise the version and give a migration, or move it away to begin anew",
        path.display()
    )]
    Incompatible {
        /// The file.
        path: PathBuf,
        /// The version that it was written in.
        version: u32,
        /// What does not fit.
        reason: String,
    },
    /// The state cannot be written in the form that the store has.
    #[error("the state cannot be written as JSON: {reason}")]
    Unwritable {
        /// What cannot be written.
        reason: String,
    },
}

fn advice(cause: &io::Error) -> &'static str {
    match cause.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "; free some space",
        io::ErrorKind::PermissionDenied => {
            "; run as its owner, or give this user the right to read and write it and its folder"
        }
        io::ErrorKind::ReadOnlyFilesystem => "; choose a folder that can be written to",
        _ => "",
    }
}

/// A disk may be full now and not later, so what the system refuses to write is worth another try; the rest
/// needs someone to look at it.
impl Classify for StateError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Io { cause, .. } if cause.kind() == io::ErrorKind::PermissionDenied => {
                ErrorKind::Forbidden
            }
            Self::Io { .. } => ErrorKind::Server,
            Self::InUse { .. } => ErrorKind::Conflict,
            _ => ErrorKind::InvalidInput,
        }
    }

    fn effect(&self) -> Effect {
        Effect::Unknown
    }
}
