//! What is told of a state and where it is kept.

use std::fmt::Display;
use std::path::Path;

use crate::state::Damage;

/// The state cannot be saved; it is tried again.
pub(crate) fn state_save_failed(error: &dyn Display) {
    #[cfg(feature = "tracing")]
    tracing::error!(
        target: "recovery",
        error = tracing::field::display(error),
        "state.save_failed"
    );
    let _ = error;
}

pub(crate) fn state_save_recovered() {
    #[cfg(feature = "tracing")]
    tracing::info!(target: "recovery", "state.save_recovered");
}

/// The state was damaged; an earlier generation has taken its place.
pub(crate) fn state_damaged(damage: &Damage) {
    #[cfg(feature = "tracing")]
    tracing::error!(
        target: "recovery",
        reason = damage.reason.as_str(),
        kept = damage.kept.as_deref().map(|kept| tracing::field::display(kept.display())),
        restored = tracing::field::display(damage.restored.display()),
        "state.damaged"
    );
    let _ = damage;
}

/// Somebody has changed a file of the state while it was in use.
pub(crate) fn state_set_aside(path: &Path, kept: &Path) {
    #[cfg(feature = "tracing")]
    tracing::error!(
        target: "recovery",
        path = tracing::field::display(path.display()),
        kept = tracing::field::display(kept.display()),
        "state.set_aside"
    );
    let _ = (path, kept);
}
