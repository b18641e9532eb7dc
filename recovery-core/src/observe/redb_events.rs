//! What is told of a state in an embedded database.

use std::fmt::Display;

/// The copy of an earlier time could not be made anew; the one before stays.
pub(crate) fn state_backup_failed(error: &dyn Display) {
    #[cfg(feature = "tracing")]
    tracing::warn!(
        target: "recovery",
        error = tracing::field::display(error),
        "state.backup_failed"
    );
    let _ = error;
}
