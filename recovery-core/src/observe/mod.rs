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
//! | `handler.panicked` | ERROR | `event`, `message` |
//! | `handler.timed_out` | ERROR | `event`, `limit_ms` |
//! | `journal.failed` | ERROR | `error` |
//! | `journal.recovered` | INFO | |
//! | `journal.damaged` | ERROR | `lines`; `kept`: the name of the copy; `not_kept`: why there is none |
//!
//! Those from `gateway` on are a bot's, with the feature `botrs`.
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
//! | `recovery_handler_failures_total` | counter | `cause` | handlers that `panicked` or `timed_out` |
//!
//! `result` is `ok` or `error`; `retried` is `false` where a call ended with its first attempt, or
//! before it; `reason` is that of the event, `none` after a success. `describe_metrics` gives the
//! recorder their descriptions and units. The conventions are those of Prometheus: base units, and
//! `_total` for counters.

mod event;
#[cfg(feature = "botrs")]
mod gateway_events;
#[cfg(feature = "metrics")]
mod metric_events;
mod sites;
#[cfg(feature = "tracing")]
mod tracing_events;

pub(crate) use event::{Told, breaker_changed, budget_asked, gave_up, recovered, scheduled};
#[cfg(feature = "botrs")]
pub(crate) use gateway_events::{
    drain_cut_short, gateway_connected, gateway_disconnected, gateway_paused, gateway_stopped,
    handler_panicked, handler_timed_out, journal_damaged, journal_failed, journal_recovered,
    renewal_failed, start_failed,
};
#[cfg(feature = "metrics")]
pub use metric_events::describe_metrics;
#[doc(hidden)]
pub use sites::SiteStats;
pub use sites::{SiteReport, sites};
