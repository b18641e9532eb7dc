//! What can be wrong with a database, before it is known in whose place it stands.

use std::io;
use std::path::Path;

use crate::state::StateError;
use crate::state::unfit::Unfit;

#[derive(Debug)]
pub(super) enum Fault {
    Io(io::Error),
    InUse,
    Unwritable(String),
    /// The code of the state has.
    Panicked,
    Unfit(Unfit),
}

impl Fault {
    /// As an error about `path`, with which `action` was to be done.
    pub(super) fn at(self, action: &'static str, path: &Path) -> StateError {
        match self {
            Self::Io(cause) => StateError::io(action, path)(cause),
            Self::InUse => StateError::InUse {
                path: path.to_owned(),
                holder: None,
            },
            Self::Unwritable(reason) => StateError::Unwritable { reason },
            Self::Panicked => StateError::Panicked { action: "loaded" },
            Self::Unfit(unfit) => unfit.at(path),
        }
    }

    pub(super) fn damaged(reason: impl Into<String>) -> Self {
        Unfit::Damaged(reason.into()).into()
    }

    /// It is a sound database, but not one of a state.
    pub(super) fn foreign() -> Self {
        Unfit::Incompatible {
            version: 0,
            reason: "it is a database of another program".to_owned(),
        }
        .into()
    }
}

impl From<Unfit> for Fault {
    fn from(unfit: Unfit) -> Self {
        Self::Unfit(unfit)
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<redb::Error> for Fault {
    fn from(error: redb::Error) -> Self {
        match error {
            // How redb says that a file is cut short, or none of its own.
            redb::Error::Io(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof
                ) =>
            {
                Self::damaged(error.to_string())
            }
            redb::Error::Io(error) => Self::Io(error),
            redb::Error::DatabaseAlreadyOpen | redb::Error::LockProtocolMismatch => Self::InUse,
            redb::Error::ValueTooLarge(_) => Self::Unwritable(error.to_string()),
            redb::Error::TableDoesNotExist(_) | redb::Error::TableTypeMismatch { .. } => {
                Self::foreign()
            }
            redb::Error::Corrupted(reason) => Self::damaged(reason),
            redb::Error::UpgradeRequired(_) => Self::damaged(error.to_string()),
            _ => Self::Io(io::Error::other(error.to_string())),
        }
    }
}

macro_rules! from_redb {
    ($($error:ident)*) => {$(
        impl From<redb::$error> for Fault {
            fn from(error: redb::$error) -> Self {
                redb::Error::from(error).into()
            }
        }
    )*};
}

from_redb!(CommitError DatabaseError StorageError TableError TransactionError);
