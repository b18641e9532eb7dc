//! The ledger: what was said, what was called, and what came of it.

use std::{
    collections::{HashMap, HashSet},
    fmt,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use crate::{
    event::{EventId, Scene},
    fault::{Endpoint, Fault},
    record::{CallRecord, EventRecord, Outcome, Tally},
    score::Score,
    sync::lock,
};

/// A handle on everything that has happened; clones share one ledger.
///
/// Times are [`Duration`]s since the platform was started. No token and no secret is ever noted.
#[derive(Clone)]
pub struct Ledger {
    book: Arc<Mutex<Book>>,
    started: Instant,
}

/// Everything, behind the lock.
#[derive(Default)]
pub(crate) struct Book {
    pub(crate) events: Vec<EventRecord>,
    pub(crate) calls: Vec<CallRecord>,
    by_message: HashMap<String, usize>,
    by_envelope: HashMap<String, usize>,
    replies: HashSet<(Scene, String, String, u64)>,
    under_way: usize,
    unanswered: usize,
    pub(crate) faulted: u64,
    pub(crate) retries: u64,
    last_activity: Duration,
    pub(crate) unsolicited: u64,
    pub(crate) audits: u64,
    pub(crate) tokens_issued: u64,
    pub(crate) identifies: u64,
    pub(crate) resumes: u64,
    pub(crate) heartbeats: u64,
}

impl Ledger {
    pub(crate) fn new() -> Self {
        Self {
            book: Arc::default(),
            started: Instant::now(),
        }
    }

    /// The time since the platform was started.
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Every command so far, in order.
    pub fn events(&self) -> Vec<EventRecord> {
        lock(&self.book).events.clone()
    }

    /// The command with this id.
    pub fn event(&self, id: &EventId) -> Option<EventRecord> {
        let book = lock(&self.book);
        let index = *book.by_message.get(id.as_str())?;
        book.events.get(index).cloned()
    }

    /// Every HTTP call so far, in the order of arrival.
    pub fn calls(&self) -> Vec<CallRecord> {
        lock(&self.book).calls.clone()
    }

    /// The calls that tried to reply to this command, in the order of arrival.
    pub fn calls_for(&self, id: &EventId) -> Vec<CallRecord> {
        let book = lock(&self.book);
        let event = book
            .by_message
            .get(id.as_str())
            .and_then(|index| book.events.get(*index));
        event
            .into_iter()
            .flat_map(|event| &event.calls)
            .filter_map(|index| book.calls.get(*index))
            .cloned()
            .collect()
    }

    /// Access tokens that were minted; the same token handed out again is not counted.
    pub fn tokens_issued(&self) -> u64 {
        lock(&self.book).tokens_issued
    }

    /// Sessions that were begun with IDENTIFY.
    pub fn identifies(&self) -> u64 {
        lock(&self.book).identifies
    }

    /// Sessions that were continued with RESUME.
    pub fn resumes(&self) -> u64 {
        lock(&self.book).resumes
    }

    /// Heartbeats that were acknowledged.
    pub fn heartbeats(&self) -> u64 {
        lock(&self.book).heartbeats
    }

    /// The state of the run at a glance.
    pub fn tally(&self) -> Tally {
        let book = lock(&self.book);
        Tally {
            commands: book.events.len(),
            delivered: book.events.len() - book.unanswered,
            faulted: book.faulted,
            retries: book.retries,
            under_way: book.under_way,
            last_activity: book.last_activity,
        }
    }

    /// Whether some command's last call was not plainly answered, so that a bot may still act.
    pub fn has_loose_ends(&self) -> bool {
        let book = lock(&self.book);
        book.events.iter().any(|event| {
            let last = event.calls.last().and_then(|index| book.calls.get(*index));
            last.is_none_or(|call| call.fault.is_some() || !call.answered)
        })
    }

    /// Judges the run as it stands.
    pub fn score(&self) -> Score {
        Score::of(&lock(&self.book))
    }

    /// Notes a command. The caller dispatches it afterwards, so no reply can come too early.
    pub(crate) fn event_sent(
        &self,
        id: &EventId,
        envelope: &str,
        scene: Scene,
        target: &str,
        content: &str,
    ) {
        let at = self.elapsed();
        let mut book = lock(&self.book);
        let index = book.events.len();
        book.by_message.insert(id.0.clone(), index);
        book.by_envelope.insert(envelope.to_owned(), index);
        book.unanswered += 1;
        book.last_activity = at;
        book.events.push(EventRecord {
            id: id.clone(),
            scene,
            target: target.to_owned(),
            content: content.to_owned(),
            at,
            delivered: Vec::new(),
            calls: Vec::new(),
            accepted_by: None,
        });
    }

    /// Opens the record of a call that has just arrived.
    pub(crate) fn call_arrived(&self, endpoint: Endpoint, method: &str, path: &str) -> OpenCall {
        let at = self.elapsed();
        let mut book = lock(&self.book);
        book.under_way += 1;
        book.last_activity = at;
        book.calls.push(CallRecord {
            endpoint,
            method: method.to_owned(),
            path: path.to_owned(),
            msg_id: None,
            msg_seq: 1,
            content: None,
            fault: None,
            outcome: Outcome::Open,
            at,
            answered: false,
        });
        OpenCall {
            index: book.calls.len() - 1,
            ledger: self.clone(),
        }
    }

    /// The message and target that a reply by event id belongs to.
    pub(crate) fn message_of_envelope(&self, envelope: &str) -> Option<String> {
        let book = lock(&self.book);
        let index = *book.by_envelope.get(envelope)?;
        book.events.get(index).map(|event| event.id.0.clone())
    }

    /// Whether `msg_id` is a message that was sent from this scene and target.
    pub(crate) fn knows(&self, scene: Scene, target: &str, msg_id: &str) -> bool {
        let book = lock(&self.book);
        book.by_message
            .get(msg_id)
            .and_then(|index| book.events.get(*index))
            .is_some_and(|event| event.scene == scene && event.target == target)
    }

    /// Adds a message to what its user has seen.
    pub(crate) fn delivered(&self, call: usize, message_id: &str) {
        let mut book = lock(&self.book);
        let Some(msg_id) = book.calls.get(call).and_then(|call| call.msg_id.clone()) else {
            book.unsolicited += 1;
            return;
        };
        let Some(index) = book.by_message.get(&msg_id).copied() else {
            return;
        };
        if let Some(event) = book.events.get_mut(index) {
            event.delivered.push(message_id.to_owned());
            if event.delivered.len() == 1 {
                event.accepted_by = Some(call);
                book.unanswered -= 1;
            }
        }
    }

    pub(crate) fn audit_passed(&self, call: usize, message_id: &str) {
        self.delivered(call, message_id);
        lock(&self.book).last_activity = self.elapsed();
    }

    pub(crate) fn token_issued(&self) {
        lock(&self.book).tokens_issued += 1;
    }

    pub(crate) fn identified(&self) {
        lock(&self.book).identifies += 1;
    }

    pub(crate) fn resumed(&self) {
        lock(&self.book).resumes += 1;
    }

    pub(crate) fn heartbeat(&self) {
        lock(&self.book).heartbeats += 1;
    }
}

impl fmt::Debug for Ledger {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Ledger")
            .field("tally", &self.tally())
            .finish_non_exhaustive()
    }
}

/// The record of a call under way; closes it when dropped, answered or not.
pub(crate) struct OpenCall {
    index: usize,
    ledger: Ledger,
}

impl OpenCall {
    pub(crate) fn index(&self) -> usize {
        self.index
    }

    /// Notes the text that the call sends.
    pub(crate) fn says(&self, content: &str) {
        if let Some(call) = lock(&self.ledger.book).calls.get_mut(self.index) {
            call.content = Some(content.to_owned());
        }
    }

    /// Notes which message the call replies to.
    pub(crate) fn replies_to(&self, msg_id: &str, msg_seq: u64) {
        let mut book = lock(&self.ledger.book);
        if let Some(call) = book.calls.get_mut(self.index) {
            call.msg_id = Some(msg_id.to_owned());
            call.msg_seq = msg_seq;
        }
        let Book {
            by_message,
            events,
            calls,
            retries,
            ..
        } = &mut *book;
        let index = by_message.get(msg_id).copied();
        if let Some(event) = index.and_then(|index| events.get_mut(index)) {
            let earlier = |index: &usize| calls.get(*index).is_some_and(|c| c.msg_seq == msg_seq);
            *retries += u64::from(event.calls.iter().any(earlier));
            event.calls.push(self.index);
        }
    }

    /// Takes the deduplication key of a reply; `false` if it is taken already.
    pub(crate) fn claim(&self, scene: Scene, target: &str, msg_id: &str, msg_seq: u64) -> bool {
        lock(&self.ledger.book).replies.insert((
            scene,
            target.to_owned(),
            msg_id.to_owned(),
            msg_seq,
        ))
    }

    pub(crate) fn met(&self, fault: Fault) {
        let mut book = lock(&self.ledger.book);
        book.faulted += 1;
        if let Some(call) = book.calls.get_mut(self.index) {
            call.fault = Some(fault);
        }
    }

    pub(crate) fn came_to(&self, outcome: Outcome) {
        let mut book = lock(&self.ledger.book);
        book.audits += u64::from(matches!(outcome, Outcome::PendingAudit { .. }));
        if let Some(call) = book.calls.get_mut(self.index) {
            call.outcome = outcome;
        }
    }

    /// Closes the record of a call whose answer goes to the connection now.
    pub(crate) fn answered(self) {
        let mut book = lock(&self.ledger.book);
        if let Some(call) = book.calls.get_mut(self.index) {
            call.answered = true;
        }
    }
}

impl Drop for OpenCall {
    fn drop(&mut self) {
        let at = self.ledger.elapsed();
        let mut book = lock(&self.ledger.book);
        book.under_way -= 1;
        book.last_activity = at;
    }
}
