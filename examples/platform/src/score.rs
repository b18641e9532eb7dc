//! The judge: one verdict for each command, and the numbers around it.

use std::{collections::BTreeMap, time::Duration};

use crate::{
    call::TOKEN_EXPIRED,
    fault::{Endpoint, Fault},
    ledger::Book,
    record::{CallRecord, EventRecord, Outcome},
};

/// How a run went.
///
/// Each command (an event that expects exactly one reply) gets one verdict:
/// `commands = delivered_once + lost + doubled + unresent.not_arrived`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Score {
    /// Whether the run was cut short, so that what was under way looks lost.
    pub interrupted: bool,
    /// Commands that were handed to the gateway.
    pub commands: u64,
    /// Commands whose user saw exactly one reply.
    pub delivered_once: u64,
    /// Commands whose user saw no reply, though the bot could have sent one safely.
    pub lost: u64,
    /// Those of the lost for which the bot never made a call.
    pub never_called: u64,
    /// Commands whose user saw two replies or more.
    pub doubled: u64,
    /// Commands that a careful bot leaves alone; see [`Unresent`].
    pub unresent: Unresent,
    /// How many calls met each fault.
    pub faults: BTreeMap<Fault, u64>,
    /// HTTP calls of every kind.
    pub calls: u64,
    /// Those that met a fault.
    pub calls_faulted: u64,
    /// HTTP calls refused since an earlier fault had expired their token. They meet no fault of
    /// their own.
    pub calls_with_expired_token: u64,
    /// Send calls beyond the first for the same reply.
    pub retries: u64,
    /// Send calls that were refused as repetitions of an accepted one.
    pub duplicates_refused: u64,
    /// Messages that had to wait for an audit.
    pub audits: u64,
    /// Messages that reply to nothing.
    pub unsolicited: u64,
    /// Access tokens minted.
    pub tokens_issued: u64,
    /// Sessions begun with IDENTIFY.
    pub identifies: u64,
    /// Sessions continued with RESUME.
    pub resumes: u64,
    /// Heartbeats acknowledged.
    pub heartbeats: u64,
    /// What the faults cost a delivered reply.
    pub added_latency: Latency,
}

/// Commands whose last call left the bot unable to know whether its reply was sent, in a scene
/// without a deduplication key (channels and direct messages).
///
/// Sending again could show the reply twice, so not to send again is right. These commands are
/// therefore counted apart: the ones that arrived are part of
/// [`delivered_once`](Score::delivered_once), the ones that did not are *not* part of
/// [`lost`](Score::lost).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Unresent {
    /// The reply had reached its user after all.
    pub arrived: u64,
    /// The reply had not.
    pub not_arrived: u64,
}

impl Unresent {
    /// Both kinds together.
    pub fn total(self) -> u64 {
        self.arrived + self.not_arrived
    }
}

/// The time from the first send call of a reply to the one that was accepted: 0 where no fault
/// intervened. Percentiles are by nearest rank, over the delivered replies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Latency {
    /// The median.
    pub p50: Duration,
    /// 99 of 100 replies were not later than this.
    pub p99: Duration,
    /// The latest.
    pub max: Duration,
}

impl Latency {
    fn of(mut samples: Vec<Duration>) -> Self {
        samples.sort_unstable();
        let rank = |percent: usize| {
            let rank = (samples.len() * percent).div_ceil(100).max(1);
            samples.get(rank - 1).copied().unwrap_or_default()
        };
        Self {
            p50: rank(50),
            p99: rank(99),
            max: rank(100),
        }
    }
}

impl Score {
    pub(crate) fn of(book: &Book) -> Self {
        let mut score = Self {
            commands: book.events.len() as u64,
            calls: book.calls.len() as u64,
            calls_faulted: book.faulted,
            retries: book.retries,
            audits: book.audits,
            unsolicited: book.unsolicited,
            tokens_issued: book.tokens_issued,
            identifies: book.identifies,
            resumes: book.resumes,
            heartbeats: book.heartbeats,
            ..Self::default()
        };
        for call in &book.calls {
            if let Some(fault) = call.fault {
                *score.faults.entry(fault).or_default() += 1;
            }
            score.calls_with_expired_token += u64::from(refused_for_its_token(call));
            score.duplicates_refused += u64::from(matches!(call.outcome, Outcome::Duplicate));
        }
        let mut waits = Vec::new();
        for event in &book.events {
            score.judge(event, &book.calls);
            waits.extend(added_latency(event, &book.calls));
        }
        score.added_latency = Latency::of(waits);
        score
    }

    fn judge(&mut self, event: &EventRecord, calls: &[CallRecord]) {
        let last = event.calls.last().and_then(|index| calls.get(*index));
        let in_doubt = !event.scene.deduplicates() && last.is_some_and(leaves_doubt);
        match (event.delivered.len(), in_doubt) {
            (0, true) => self.unresent.not_arrived += 1,
            (0, false) => {
                self.lost += 1;
                self.never_called += u64::from(event.calls.is_empty());
            }
            (1, _) => {
                self.delivered_once += 1;
                self.unresent.arrived += u64::from(in_doubt);
            }
            _ => self.doubled += 1,
        }
    }

    /// Whether nothing was lost and nothing was doubled.
    pub fn is_clean(&self) -> bool {
        self.lost == 0 && self.doubled == 0
    }
}

fn refused_for_its_token(call: &CallRecord) -> bool {
    let code = Some(TOKEN_EXPIRED);
    call.fault.is_none()
        && matches!(&call.outcome, Outcome::Refused { code: refused, .. } if *refused == code)
}

/// Whether the bot that made this call cannot know if its message was sent.
fn leaves_doubt(call: &CallRecord) -> bool {
    debug_assert!(matches!(call.endpoint, Endpoint::Send(_)));
    match call.fault {
        Some(Fault::Slow) => !call.answered,
        Some(fault) => fault.leaves_doubt(),
        None => false,
    }
}

fn added_latency(event: &EventRecord, calls: &[CallRecord]) -> Option<Duration> {
    let accepted = calls.get(event.accepted_by?)?;
    let first = event
        .calls
        .iter()
        .filter_map(|index| calls.get(*index))
        .find(|call| call.msg_seq == accepted.msg_seq)?;
    Some(accepted.at.saturating_sub(first.at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_percentiles_by_nearest_rank() {
        let latency = Latency::of((1..=200).map(Duration::from_millis).collect());
        assert_eq!(latency.p50, Duration::from_millis(100));
        assert_eq!(latency.p99, Duration::from_millis(198));
        assert_eq!(latency.max, Duration::from_millis(200));
        assert_eq!(Latency::of(Vec::new()), Latency::default());
    }
}
