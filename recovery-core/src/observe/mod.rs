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
//!
//! `reason` is the [`StopReason`](crate::StopReason) in snake case. `max` is left out where attempts
//! are not counted; `attempt` is 0 where a call was refused before its first. `error` is there when
//! the error type implements `Display`.

mod event;
mod sites;
#[cfg(feature = "tracing")]
mod tracing_events;

pub(crate) use event::{Told, gave_up, recovered, scheduled};
#[doc(hidden)]
pub use sites::SiteStats;
pub use sites::{SiteReport, sites};
