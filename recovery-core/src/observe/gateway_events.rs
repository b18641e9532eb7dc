//! What is told of a bot's connection, its handlers and its journal.

use std::fmt::Display;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

#[cfg(feature = "metrics")]
use super::metric_events;
#[cfg(feature = "tracing")]
use super::millis;
use crate::botrs::Outcome;

/// READY or RESUMED has come.
pub(crate) fn gateway_connected(shard: u32, resumed: bool) {
    #[cfg(feature = "metrics")]
    metric_events::gateway_connected(shard, true);
    #[cfg(feature = "tracing")]
    tracing::info!(target: "recovery", shard, resumed, "gateway.connected");
    let _ = (shard, resumed);
}

/// A connection has ended, or could not be made; the next follows after `delay`.
pub(crate) fn gateway_disconnected(
    shard: u32,
    cause: &'static str,
    reason: &dyn Display,
    resume: bool,
    delay: Duration,
) {
    #[cfg(feature = "metrics")]
    metric_events::gateway_disconnected(shard, cause);
    #[cfg(feature = "tracing")]
    tracing::warn!(
        target: "recovery",
        shard,
        cause,
        reason = tracing::field::display(reason),
        resume,
        delay_ms = millis(delay),
        "gateway.disconnected"
    );
    let _ = (shard, cause, reason, resume, delay);
}

/// An event has come.
pub(crate) fn event_received(shard: u32) {
    #[cfg(feature = "metrics")]
    metric_events::event_received(shard);
    let _ = shard;
}

/// An event is in hand no more.
pub(crate) fn event_ended(outcome: Outcome) {
    #[cfg(feature = "metrics")]
    metric_events::event_ended(outcome);
    let _ = outcome;
}

/// The shard is stopped.
pub(crate) fn gateway_stopped(shard: u32) {
    #[cfg(feature = "metrics")]
    metric_events::gateway_connected(shard, false);
    #[cfg(feature = "tracing")]
    tracing::info!(target: "recovery", shard, "gateway.stopped");
    let _ = shard;
}

/// The client could not begin; it tries again after `delay`.
pub(crate) fn start_failed(error: &dyn Display, delay: Duration) {
    #[cfg(feature = "tracing")]
    tracing::warn!(
        target: "recovery",
        error = tracing::field::display(error),
        delay_ms = millis(delay),
        "client.start_failed"
    );
    let _ = (error, delay);
}

/// Nothing is read from the gateway, since too many events are in hand.
pub(crate) fn gateway_paused(shard: u32, in_hand: usize) {
    #[cfg(feature = "tracing")]
    tracing::warn!(target: "recovery", shard, in_hand, "gateway.paused");
    let _ = (shard, in_hand);
}

/// The client of botrs could not be renewed; it is tried again after `delay`.
pub(crate) fn renewal_failed(error: &dyn Display, delay: Duration) {
    #[cfg(feature = "tracing")]
    tracing::debug!(
        target: "recovery",
        error = tracing::field::display(error),
        delay_ms = millis(delay),
        "client.renewal_failed"
    );
    let _ = (error, delay);
}

/// Handlers were cut off at the end.
pub(crate) fn drain_cut_short(in_hand: usize, limit: Duration) {
    #[cfg(feature = "tracing")]
    tracing::warn!(
        target: "recovery",
        in_hand,
        limit_ms = millis(limit),
        "client.drain_cut_short"
    );
    let _ = (in_hand, limit);
}

/// Not `message`, which is the name of the event itself.
pub(crate) fn handler_panicked(kind: &str, panic: &str) {
    #[cfg(feature = "metrics")]
    metric_events::handler_failed("panicked");
    #[cfg(feature = "tracing")]
    tracing::error!(target: "recovery", event = kind, panic, "handler.panicked");
    let _ = (kind, panic);
}

pub(crate) fn handler_timed_out(kind: &str, limit: Duration) {
    #[cfg(feature = "metrics")]
    metric_events::handler_failed("timed_out");
    #[cfg(feature = "tracing")]
    tracing::error!(
        target: "recovery",
        event = kind,
        limit_ms = millis(limit),
        "handler.timed_out"
    );
    let _ = (kind, limit);
}

/// The journal cannot be written; what is in memory goes on.
pub(crate) fn journal_failed(error: &io::Error) {
    #[cfg(feature = "tracing")]
    tracing::error!(
        target: "recovery",
        error = tracing::field::display(error),
        "journal.failed"
    );
    let _ = error;
}

pub(crate) fn journal_recovered() {
    #[cfg(feature = "tracing")]
    tracing::info!(target: "recovery", "journal.recovered");
}

/// Lines could not be read; the file is kept under another name, if it can be.
pub(crate) fn journal_damaged(kept: &io::Result<PathBuf>, lines: usize) {
    #[cfg(feature = "tracing")]
    tracing::error!(
        target: "recovery",
        kept = kept.as_ref().ok().map(|kept| tracing::field::display(kept.display())),
        lines,
        not_kept = kept.as_ref().err().map(tracing::field::display),
        "journal.damaged"
    );
    let _ = (kept, lines);
}
