//! Why what was found in a file is not the program's state.

use std::path::Path;

use super::StateError;

/// Why what was found is not the program's state, before it is known of which file that is to be told.
#[derive(Debug)]
pub(super) enum Unfit {
    Damaged(String),
    /// Written by a newer program.
    Newer {
        found: u32,
        known: u32,
    },
    Incompatible {
        version: u32,
        reason: String,
    },
}

impl Unfit {
    pub(super) fn at(self, path: &Path) -> StateError {
        let path = path.to_owned();
        match self {
            Self::Damaged(reason) => StateError::Damaged { path, reason },
            Self::Newer { found, known } => StateError::Newer { path, found, known },
            Self::Incompatible { version, reason } => StateError::Incompatible {
                path,
                version,
                reason,
            },
        }
    }
}
