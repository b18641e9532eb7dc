//! What `/status.json` says, and the page shows. Spans of time are in milliseconds.

use std::time::Duration;

use serde::Serialize;
use tokio::time::Instant;

use super::samples::{self, Sample};
use crate::observe::SiteReport;
use crate::watch::{DisconnectCause, Finding, HealthReason};
use crate::{BreakerState, StopReason};

/// The program at one moment. What it has no source for is null, or an empty list.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    /// Another one after a restart.
    pub(super) run: String,
    pub(super) program: Program,
    pub(super) is_alive: bool,
    pub(super) is_ready: bool,
    pub(super) health: Option<HealthPart>,
    pub(super) shards: Vec<Shard>,
    pub(super) events: Option<Events>,
    pub(super) replies: Option<Replies>,
    /// How many messages wait in the outbox.
    pub(super) waiting: Option<u64>,
    pub(super) errors: Option<Errors>,
    pub(super) saves: Option<SavesPart>,
    pub(super) retries: Vec<Site>,
    pub(super) breakers: Vec<Breaker>,
    pub(super) budgets: Vec<Budget>,
    pub(super) counters: Vec<Count>,
    pub(super) samples: SamplesPart,
}

#[derive(Debug, Serialize)]
pub(super) struct Program {
    pub(super) name: String,
    pub(super) version: Option<String>,
    pub(super) up_ms: u64,
    /// What is resident, where the system tells.
    pub(super) memory_bytes: Option<u64>,
}

#[derive(Debug, Serialize)]
pub(super) struct HealthPart {
    /// `healthy`, `degraded`, `starting` or `unhealthy`.
    pub(super) state: &'static str,
    pub(super) for_ms: u64,
    pub(super) reasons: Vec<Reason>,
}

/// A finding of the health checker: words for programs, with their numbers, and a text that says it all.
#[derive(Debug, Serialize)]
pub(super) struct Reason {
    /// [`Finding::as_str`].
    pub(super) kind: &'static str,
    pub(super) counts_as: &'static str,
    pub(super) for_ms: u64,
    /// In English, without its age.
    pub(super) text: String,
    pub(super) connection: Option<u32>,
    pub(super) cause: Option<Cause>,
    pub(super) failures: Option<u32>,
    /// Who has reported it, and what.
    pub(super) component: Option<String>,
    pub(super) what: Option<String>,
}

/// How a connection ended.
#[derive(Debug, Serialize)]
pub(super) struct Cause {
    /// The `cause` of the event `gateway.disconnected`; null where the program tells its own.
    pub(super) name: Option<&'static str>,
    pub(super) text: String,
}

impl From<DisconnectCause> for Cause {
    fn from(cause: DisconnectCause) -> Self {
        Self {
            name: cause.name,
            text: cause.text,
        }
    }
}

impl From<HealthReason> for Reason {
    fn from(reason: HealthReason) -> Self {
        let mut part = Self {
            kind: reason.finding.as_str(),
            counts_as: reason.counts_as.as_str(),
            for_ms: age(reason.since),
            text: reason.finding.to_string(),
            connection: reason.finding.connection(),
            cause: None,
            failures: None,
            component: None,
            what: None,
        };
        match reason.finding {
            Finding::NotConnectedYet { cause, .. } => part.cause = cause.map(Cause::from),
            Finding::Reconnecting { cause, .. } => part.cause = Some(cause.into()),
            Finding::HandlersFailing { failures } => part.failures = Some(failures),
            Finding::Reported { component, what } => {
                (part.component, part.what) = (Some(component), Some(what));
            }
            _ => {}
        }
        part
    }
}

#[derive(Debug, Serialize)]
pub(super) struct Shard {
    pub(super) number: u32,
    /// `connecting`, `connected`, `waiting` or `stopped`.
    pub(super) state: &'static str,
    pub(super) for_ms: u64,
    /// How the last connection ended, while the next is waited for.
    pub(super) cause: Option<Cause>,
}

/// What the gateway has sent.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(super) struct Events {
    pub(super) received: u64,
    pub(super) handled: u64,
    pub(super) duplicates: u64,
    pub(super) in_hand: u64,
}

/// What has become of replies and messages.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(super) struct Replies {
    pub(super) sent: u64,
    pub(super) already_delivered: u64,
    pub(super) pending: u64,
    pub(super) kept: u64,
    pub(super) failed: u64,
    pub(super) dropped: u64,
    pub(super) attempts: u64,
}

impl Replies {
    /// Those that the platform has taken.
    pub(super) fn taken(&self) -> u64 {
        self.sent
            .saturating_add(self.already_delivered)
            .saturating_add(self.pending)
    }

    /// Those that it will not get.
    pub(super) fn lost(&self) -> u64 {
        self.failed.saturating_add(self.dropped)
    }
}

/// Errors within a window of time.
#[derive(Debug, Serialize)]
pub(super) struct Errors {
    pub(super) count: u64,
    pub(super) total: u64,
    pub(super) threshold: u64,
    pub(super) window_ms: u64,
    pub(super) is_raised: bool,
    pub(super) by_kind: Vec<Count>,
    pub(super) by_operation: Vec<Count>,
}

/// How the saving of a state stands.
#[derive(Debug, Serialize)]
pub(super) struct SavesPart {
    pub(super) saves: u64,
    pub(super) last_for_ms: Option<u64>,
    pub(super) last_bytes: u64,
    pub(super) has_unsaved_changes: bool,
    pub(super) failing_for_ms: Option<u64>,
}

#[cfg(feature = "state")]
impl From<crate::state::SaveStatus> for SavesPart {
    fn from(status: crate::state::SaveStatus) -> Self {
        Self {
            saves: status.saves,
            last_for_ms: status.last_saved.map(age),
            last_bytes: status.last_bytes,
            has_unsaved_changes: status.unsaved_changes,
            failing_for_ms: status.failing_since.map(age),
        }
    }
}

/// A retried function that has failed at least once.
#[derive(Debug, Serialize)]
pub(super) struct Site {
    pub(super) name: &'static str,
    pub(super) retries: u64,
    pub(super) recovered: u64,
    pub(super) gave_up: u64,
    pub(super) waited_ms: u64,
    /// By the reason for which calls gave up, where there were any.
    pub(super) reasons: Vec<Count>,
}

#[derive(Debug, Serialize)]
pub(super) struct Breaker {
    pub(super) name: String,
    /// `closed`, `half_open` or `open`.
    pub(super) state: &'static str,
}

#[derive(Debug, Serialize)]
pub(super) struct Budget {
    pub(super) name: String,
    pub(super) available: u32,
    pub(super) capacity: u32,
}

#[derive(Debug, Serialize)]
pub(super) struct Count {
    pub(super) name: String,
    /// Null where the source had no answer.
    pub(super) count: Option<u64>,
}

impl Count {
    pub(super) fn of(name: impl Into<String>, count: u64) -> Self {
        Self {
            name: name.into(),
            count: Some(count),
        }
    }
}

#[derive(Debug, Serialize)]
pub(super) struct SamplesPart {
    pub(super) every_ms: u64,
    /// What each value of a sample is. Values of `memory`, `waiting` and `in_hand` are levels, others count up.
    pub(super) series: Vec<String>,
    pub(super) latest: Vec<Sample>,
}

impl SamplesPart {
    pub(super) fn of(series: &[String], latest: Vec<Sample>) -> Self {
        Self {
            every_ms: millis(samples::EVERY),
            series: series.to_vec(),
            latest,
        }
    }
}

impl From<SiteReport> for Site {
    fn from(site: SiteReport) -> Self {
        let reasons = StopReason::ALL
            .iter()
            .map(|reason| (*reason, site.stopped(*reason)));
        Self {
            reasons: reasons
                .filter(|(_, count)| *count > 0)
                .map(|(reason, count)| Count::of(reason.as_str(), count))
                .collect(),
            name: site.name,
            retries: site.retries,
            recovered: site.recovered,
            gave_up: site.gave_up(),
            waited_ms: millis(site.waited),
        }
    }
}

pub(super) fn breaker_word(state: BreakerState) -> &'static str {
    match state {
        BreakerState::Closed => "closed",
        BreakerState::HalfOpen => "half_open",
        BreakerState::Open => "open",
    }
}

pub(super) fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// Since then.
pub(super) fn age(since: Instant) -> u64 {
    millis(since.elapsed())
}
