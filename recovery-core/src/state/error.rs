//! Why a state cannot be loaded or saved.

use std::io;
use std::path::{Path, PathBuf};

use crate::classify::{Classify, Effect, ErrorKind};

/// Why a state cannot be loaded or saved, and what to do about it.
///
/// Whatever the error, what was on the disk is still there.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StateError {
    /// The system refused to make, read or write something.
    #[error("cannot {action} `{}`: {cause}{}", path.display(), advice(action, cause))]
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
        "`{}` is damaged ({reason}), and no earlier generation of it can be read: put a backup in its place, or move it and its `.previous` away to begin anew",
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
    /// The program panicked meanwhile.
    #[error(
        "the program panicked while the state was to be {action}: look for the panic's own message"
    )]
    Panicked {
        /// What was to be done with it: `loaded`, `saved`.
        action: &'static str,
    },
    /// The state is no longer saved.
    #[error(
        "the state is no longer saved: it was closed, or the runtime has ended; save before that"
    )]
    Closed,
}

impl StateError {
    /// What the system said when `action` was to be done with `path`.
    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |cause| Self::Io {
            action,
            path,
            cause,
        }
    }

    /// One failure may have many to be told.
    pub(super) fn copy(&self) -> Self {
        match self {
            Self::Io {
                action,
                path,
                cause,
            } => Self::Io {
                action,
                path: path.clone(),
                cause: copy_of(cause),
            },
            Self::InUse { path, holder } => Self::InUse {
                path: path.clone(),
                holder: holder.clone(),
            },
            Self::Damaged { path, reason } => Self::Damaged {
                path: path.clone(),
                reason: reason.clone(),
            },
            Self::Newer { path, found, known } => Self::Newer {
                path: path.clone(),
                found: *found,
                known: *known,
            },
            Self::Incompatible {
                path,
                version,
                reason,
            } => Self::Incompatible {
                path: path.clone(),
                version: *version,
                reason: reason.clone(),
            },
            Self::Unwritable { reason } => Self::Unwritable {
                reason: reason.clone(),
            },
            Self::Panicked { action } => Self::Panicked { action },
            Self::Closed => Self::Closed,
        }
    }
}

fn copy_of(cause: &io::Error) -> io::Error {
    match cause.raw_os_error() {
        Some(code) => io::Error::from_raw_os_error(code),
        None => io::Error::new(cause.kind(), cause.to_string()),
    }
}

fn advice(action: &str, cause: &io::Error) -> &'static str {
    match cause.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "; free some space",
        io::ErrorKind::PermissionDenied => {
            "; run as its owner, or give this user the right to read and write it and its folder"
        }
        io::ErrorKind::ReadOnlyFilesystem => "; choose a folder that can be written to",
        // Not what `InUse` says: there are file systems that have no locks.
        _ if action == "lock" => {
            "; if it is on a network drive that has no locks, choose a folder on a local disk"
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_system_without_locks_is_told_with_the_way_out() {
        // As NFS says without its lock daemon, and some FUSE file systems.
        for kind in [io::ErrorKind::Unsupported, io::ErrorKind::Other] {
            let error = StateError::io("lock", Path::new("state.json.lock"))(kind.into());
            assert!(error.to_string().ends_with("a local disk"), "{error}");
        }
        let full = StateError::io("lock", Path::new("x"))(io::ErrorKind::StorageFull.into());
        assert!(full.to_string().ends_with("free some space"), "{full}");
    }
}
