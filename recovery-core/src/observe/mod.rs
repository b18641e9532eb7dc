//! What retried calls tell: events, metrics and counts.
//!
//! A call that succeeds at its first attempt tells nothing, and pays nothing for all this. Everything
//! else is told once, in one place.
//!
//! # Counts
//! [`sites`] lists every retried function that has ever failed in this process, with its counts: for
//! a status page, a bot's `!status`, a test. They need no feature and no subscriber.
//!
//! # Events
//! With the feature `tracing` (on by default), under the target `recovery`:
//!
//! | message | level | fields |
//! |---|---|---|
//! | `retry.scheduled` | WARN | `name`, `attempt`, `max`, `delay_ms`, `waited_ms`, `kind`, `error` |
//! | `retry.recovered` | INFO | `name`, `attempt`, `waited_ms` |
//! | `retry.gave_up` | WARN; DEBUG when the first error was not one to retry | `name`, `attempt`, `max`, `waited_ms`, `kind`, `reason`, `error` |
//! | `breaker.opened` | WARN | `name`, `failures`, `slow`, `calls`: those by which it was decided |
//! | `breaker.half_open` | INFO | `name` |
//! | `breaker.closed` | INFO | `name` |
//! | `gateway.connected` | INFO | `shard`, `resumed` |
//! | `gateway.disconnected` | WARN | `shard`, `cause`, `reason`, `resume`: how the next one begins, `delay_ms` |
//! | `gateway.paused` | WARN | `shard`, `in_hand`: so many that nothing is read at present |
//! | `gateway.stopped` | INFO | `shard` |
//! | `client.start_failed` | WARN | `error`, `delay_ms` |
//! | `client.renewal_failed` | DEBUG | `error`, `delay_ms`: of the client of botrs that a new access token calls for |
//! | `client.drain_cut_short` | WARN | `in_hand`, `limit_ms` |
//! | `handler.panicked` | ERROR | `event`, `panic`: its message |
//! | `handler.timed_out` | ERROR | `event`, `limit_ms` |
//! | `journal.failed` | ERROR | `error` |
//! | `journal.recovered` | INFO | |
//! | `journal.damaged` | ERROR | `lines`; `kept`: the name of the copy; `not_kept`: why there is none |
//! | `health.changed` | WARN when degraded or unhealthy, else INFO | `state`, `reasons` |
//! | `outbox.kept` | INFO | `scene`, `cause`: the kind of the failure, or `order` where it waits behind another, `left_ms`: how long it can be sent |
//! | `outbox.refused` | ERROR | `scene`, `reason`: why a reply that could be sent later is not kept |
//! | `outbox.delivered` | INFO | `scene`, `kept_for_ms` |
//! | `outbox.dropped` | WARN | `scene`, `reason`: `window_closed`, `may_have_arrived` or `refused`, `kept_for_ms` |
//! | `state.save_failed` | ERROR | `error`; once, until it succeeds |
//! | `state.save_recovered` | INFO | |
//! | `state.damaged` | ERROR | `reason`, `kept`: where it is now, unless it was missing, `restored`: what has taken its place |
//! | `state.backup_failed` | WARN | `error`: why a database's copy of an earlier time could not be made anew |
//! | `state.set_aside` | ERROR | `path`: of a file that somebody else has changed, `kept`: where it is now |
//! | `errors.alert` | ERROR | `count`, `rate`, `threshold`, `window_ms`, `by_kind`, `by_operation` |
//! | `errors.all_clear` | INFO | `count`, `errors`, `lasted_ms` |
//! | `errors.alert_failed` | WARN | `sink`, `error` |
//! | `systemd.watchdog_withheld` | ERROR | |
//! | `systemd.notify_failed` | WARN | `error` |
//!
//! Those of `gateway`, `client`, `handler`, `journal` and `outbox` are a bot's, with the feature `botrs`; those of
//! `health` and `errors` need the feature `watch`, those of `state` and `systemd` the features of these names.
//!
//! `reason` is the [`StopReason`](crate::StopReason) in snake case. `max` is left out where attempts
//! are not counted; `attempt` is 0 where a call was refused before its first. `error` is there when
//! the error type implements `Display`; the `name` of a breaker, when it has one.
//!
//! # Metrics
//! With the feature `metrics`, through the [`metrics`](https://docs.rs/metrics) facade, to whatever
//! recorder the program has installed:
//!
//! | metric | type | labels | what it is |
//! |---|---|---|---|
//! | `recovery_calls_total` | counter | `name`, `result`, `retried`, `reason` | calls that failed at least once, when they end |
//! | `recovery_retries_total` | counter | `name`, `kind` | retries that were scheduled, by the kind of the failure |
//! | `recovery_retry_delay_seconds` | histogram | `name` | the waits before them |
//! | `recovery_breaker_state` | gauge | `name` | of a breaker with a name: 0 closed, 1 half-open, 2 open |
//! | `recovery_budget_available` | gauge | `name` | retries left in a budget with a name, after each that it is asked for |
//! | `recovery_gateway_connected` | gauge | `shard` | 1 while the shard is connected, else 0 |
//! | `recovery_gateway_disconnects_total` | counter | `cause` | connections that ended or could not be made |
//! | `recovery_gateway_events_total` | counter | `shard` | events that have come, READY, RESUMED and repeated ones included |
//! | `recovery_events_handled_total` | counter | `result` | their ends: `handled`, `panicked`, `timed_out`, `unreadable`, `duplicate`, `cut_off` |
//! | `recovery_events_in_hand` | gauge | | events that wait for their handler, or whose handler runs |
//! | `recovery_handler_failures_total` | counter | `cause` | handlers that `panicked` or `timed_out` |
//! | `recovery_health_state` | gauge | | 0 healthy, 1 degraded, 2 starting, 3 unhealthy |
//! | `recovery_replies_total` | counter | `scene`, `result` | replies and active messages: `sent`, `already_delivered`, `pending`, `kept`, `failed`, `dropped` |
//! | `recovery_outbox_total` | counter | `result` | replies that were `kept`, `refused`, `delivered` later, `dropped` |
//! | `recovery_outbox_waiting` | gauge | | replies that wait in the outbox |
//! | `recovery_errors_total` | counter | `kind` | errors that an `ErrorMonitor` was told of |
//!
//! `result` is `ok` or `error`; `retried` is `false` where a call ended with its first attempt, or
//! before it; `reason` is that of the event, `none` after a success. `describe_metrics` gives the
//! recorder their descriptions and units. The conventions are those of Prometheus: base units, and
//! `_total` for counters.

mod event;
#[cfg(feature = "botrs")]
mod gateway_events;
#[cfg(feature = "watch")]
mod health_events;
#[cfg(feature = "metrics")]
mod metric_events;
#[cfg(feature = "botrs")]
mod outbox_events;
#[cfg(feature = "redb")]
mod redb_events;
mod sites;
#[cfg(feature = "state")]
mod state_events;
#[cfg(all(feature = "systemd", unix))]
mod systemd_events;
#[cfg(feature = "tracing")]
mod tracing_events;
#[cfg(feature = "watch")]
mod watch_events;

pub(crate) use event::{Told, breaker_changed, budget_asked, gave_up, recovered, scheduled};
#[cfg(feature = "botrs")]
pub(crate) use gateway_events::{
    drain_cut_short, event_ended, event_received, gateway_connected, gateway_disconnected,
    gateway_paused, gateway_stopped, handler_panicked, handler_timed_out, journal_damaged,
    journal_failed, journal_recovered, renewal_failed, start_failed,
};
#[cfg(feature = "watch")]
pub(crate) use health_events::health_changed;
#[cfg(feature = "metrics")]
pub use metric_events::describe_metrics;
#[cfg(feature = "botrs")]
pub(crate) use outbox_events::{
    outbox_delivered, outbox_dropped, outbox_kept, outbox_refused, outbox_waiting, reply_ended,
};
#[cfg(feature = "redb")]
pub(crate) use redb_events::state_backup_failed;
#[doc(hidden)]
pub use sites::SiteStats;
pub use sites::{SiteReport, sites};
#[cfg(feature = "state")]
pub(crate) use state_events::{
    state_damaged, state_save_failed, state_save_recovered, state_set_aside,
};
#[cfg(all(feature = "systemd", unix))]
pub(crate) use systemd_events::{notify_failed, watchdog_withheld};
#[cfg(feature = "watch")]
pub(crate) use watch_events::{alert_cleared, alert_failed, alert_raised, error_recorded};

/// Milliseconds, as events give them.
#[cfg(all(feature = "tracing", feature = "watch"))]
fn millis(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
