//! What is told of systemd's watchdog.

use std::io;

/// The program is not alive, so systemd will end it.
pub(crate) fn watchdog_withheld() {
    #[cfg(feature = "tracing")]
    tracing::error!(target: "recovery", "systemd.watchdog_withheld");
}

/// The watchdog was not reached.
pub(crate) fn notify_failed(error: &io::Error) {
    #[cfg(feature = "tracing")]
    tracing::warn!(
        target: "recovery",
        error = tracing::field::display(error),
        "systemd.notify_failed"
    );
    let _ = error;
}
