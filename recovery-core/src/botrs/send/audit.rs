//! Messages that the platform audits before it shows them.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::super::sync::lock;
use botrs::MessageAudit;
use tokio::sync::Notify;
use tokio::time::timeout;

/// The verdicts that are remembered for those who ask later.
const CAPACITY: usize = 1000;

/// A message that waits for its audit (HTTP 201 or 202, codes 304023 and 304024 of the platform's
/// wiki v1.32.0). It must not be sent again.
///
/// The outcome comes as an event, for which the bot needs the intent of message audits.
#[derive(Clone)]
pub struct Audit {
    id: Option<String>,
    desk: Arc<AuditDesk>,
}

/// How an audit ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuditVerdict {
    /// The message is out.
    Passed {
        /// Its id, if the event names one.
        message_id: Option<String>,
    },
    /// The message will not be shown.
    Rejected,
}

/// There is no verdict to be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AuditUndecided {
    /// It did not come in time; it may still come.
    #[error(
        "no verdict of the audit came within {within:?}: does the bot listen to the events of message audits?"
    )]
    NotYet {
        /// How long was waited.
        within: Duration,
    },
    /// The platform did not tell the audit's id, so that no event can be known to be its verdict.
    #[error("the platform did not tell the id of the audit")]
    NoId,
}

impl Audit {
    pub(super) fn new(id: Option<String>, desk: &Arc<AuditDesk>) -> Self {
        Self {
            id,
            desk: Arc::clone(desk),
        }
    }

    /// The audit's id, by which `MESSAGE_AUDIT_PASS` and `MESSAGE_AUDIT_REJECT` name it, if the
    /// platform told it.
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// Waits for the verdict, at most so long. One that came before is known as well, as long as it
    /// is among the last 1,000.
    ///
    /// # Errors
    /// If none came, or none can be recognised.
    ///
    /// # Cancel safety
    /// Cancel safe: it may be asked again.
    pub async fn verdict(&self, within: Duration) -> Result<AuditVerdict, AuditUndecided> {
        let id = self.id().ok_or(AuditUndecided::NoId)?;
        timeout(within, self.desk.wait_for(id))
            .await
            .map_err(|_| AuditUndecided::NotYet { within })
    }
}

impl fmt::Debug for Audit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Audit")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// Where verdicts arrive and are asked for.
#[derive(Default)]
pub(super) struct AuditDesk {
    verdicts: Mutex<Verdicts>,
    arrived: Notify,
}

#[derive(Default)]
struct Verdicts {
    by_id: HashMap<String, AuditVerdict>,
    by_age: VecDeque<String>,
}

impl AuditDesk {
    pub(super) fn note(&self, audit: &MessageAudit, passed: bool) {
        if audit.audit_id.is_empty() {
            return;
        }
        let id = Some(&audit.message_id).filter(|id| !id.is_empty());
        let verdict = if passed {
            let message_id = id.cloned();
            AuditVerdict::Passed { message_id }
        } else {
            AuditVerdict::Rejected
        };
        let mut verdicts = self.lock();
        let before = verdicts.by_id.insert(audit.audit_id.clone(), verdict);
        if before.is_none() {
            verdicts.by_age.push_back(audit.audit_id.clone());
            if verdicts.by_age.len() > CAPACITY
                && let Some(oldest) = verdicts.by_age.pop_front()
            {
                verdicts.by_id.remove(&oldest);
            }
        }
        drop(verdicts);
        self.arrived.notify_waiters();
    }

    async fn wait_for(&self, id: &str) -> AuditVerdict {
        loop {
            // Made before the look, so that nothing can arrive in between unnoticed.
            let arrived = self.arrived.notified();
            if let Some(verdict) = self.lock().by_id.get(id) {
                return verdict.clone();
            }
            arrived.await;
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Verdicts> {
        lock(&self.verdicts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn event(number: u32) -> MessageAudit {
        MessageAudit {
            audit_id: format!("A{number}"),
            message_id: format!("M{number}"),
            ..MessageAudit::default()
        }
    }

    fn audit(desk: &Arc<AuditDesk>, number: u32) -> Audit {
        Audit::new(Some(format!("A{number}")), desk)
    }

    #[tokio::test(start_paused = true)]
    async fn a_verdict_may_come_before_or_after_the_question() {
        let desk = Arc::new(AuditDesk::default());
        let passed = AuditVerdict::Passed {
            message_id: Some("M1".to_owned()),
        };
        desk.note(&event(1), true);
        assert_eq!(audit(&desk, 1).verdict(SECOND).await, Ok(passed));

        let later = audit(&desk, 2);
        let waiting = tokio::spawn(async move { later.verdict(SECOND).await });
        tokio::task::yield_now().await;
        desk.note(&event(3), true);
        desk.note(&event(2), false);
        assert_eq!(waiting.await.unwrap(), Ok(AuditVerdict::Rejected));
    }

    #[tokio::test(start_paused = true)]
    async fn no_verdict_is_said_to_be_none() {
        let desk = Arc::new(AuditDesk::default());
        let undecided = audit(&desk, 1).verdict(SECOND).await.unwrap_err();
        assert_eq!(undecided, AuditUndecided::NotYet { within: SECOND });
        let nameless = Audit::new(None, &desk).verdict(SECOND).await;
        assert_eq!(nameless, Err(AuditUndecided::NoId));
    }

    #[tokio::test(start_paused = true)]
    async fn the_last_thousand_are_remembered() {
        let desk = Arc::new(AuditDesk::default());
        for number in 0..1500 {
            desk.note(&event(number), true);
            desk.note(&event(number), true);
        }
        assert!(audit(&desk, 499).verdict(SECOND).await.is_err());
        assert!(audit(&desk, 500).verdict(SECOND).await.is_ok());
        assert_eq!(desk.lock().by_id.len(), CAPACITY);
    }
}
