//! What is told of replies, and of those that wait in an outbox.

use std::fmt::Display;
use std::time::Duration;

#[cfg(feature = "metrics")]
use super::metric_events;
#[cfg(feature = "tracing")]
use super::millis;

/// A reply or a message has ended so.
pub(crate) fn reply_ended(scene: Option<&'static str>, result: &'static str) {
    #[cfg(feature = "metrics")]
    metric_events::reply_ended(scene.unwrap_or("none"), result);
    let _ = (scene, result);
}

/// So many replies wait.
pub(crate) fn outbox_waiting(count: usize) {
    #[cfg(feature = "metrics")]
    metric_events::outbox_waiting(count);
    let _ = count;
}

/// A reply is kept; it can be sent for so long.
pub(crate) fn outbox_kept(scene: &'static str, cause: &'static str, left: Duration) {
    #[cfg(feature = "metrics")]
    metric_events::outbox("kept");
    #[cfg(feature = "tracing")]
    tracing::info!(target: "recovery", scene, cause, left_ms = millis(left), "outbox.kept");
    let _ = (scene, cause, left);
}

/// A reply could be sent later, but is not kept; its caller gets the error.
pub(crate) fn outbox_refused(scene: &'static str, reason: &dyn Display) {
    #[cfg(feature = "metrics")]
    metric_events::outbox("refused");
    #[cfg(feature = "tracing")]
    tracing::error!(
        target: "recovery",
        scene,
        reason = tracing::field::display(reason),
        "outbox.refused"
    );
    let _ = (scene, reason);
}

/// A kept reply has arrived.
pub(crate) fn outbox_delivered(scene: &'static str, kept_for: Duration) {
    #[cfg(feature = "metrics")]
    metric_events::outbox("delivered");
    #[cfg(feature = "tracing")]
    tracing::info!(
        target: "recovery",
        scene,
        kept_for_ms = millis(kept_for),
        "outbox.delivered"
    );
    let _ = (scene, kept_for);
}

/// A kept reply is given up.
pub(crate) fn outbox_dropped(scene: &'static str, reason: &'static str, kept_for: Duration) {
    #[cfg(feature = "metrics")]
    metric_events::outbox("dropped");
    #[cfg(feature = "tracing")]
    tracing::warn!(
        target: "recovery",
        scene,
        reason,
        kept_for_ms = millis(kept_for),
        "outbox.dropped"
    );
    let _ = (scene, reason, kept_for);
}
