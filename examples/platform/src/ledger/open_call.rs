//! The record of a call while it is worked on.

use super::{Book, Ledger};
use crate::{
    event::Scene,
    fault::Fault,
    record::{CallRecord, Outcome},
    sync::lock,
};

/// The record of a call under way; closes it when dropped, answered or not.
pub(crate) struct OpenCall {
    index: usize,
    ledger: Ledger,
}

impl OpenCall {
    pub(super) fn new(index: usize, ledger: Ledger) -> Self {
        Self { index, ledger }
    }

    pub(crate) fn index(&self) -> usize {
        self.index
    }

    fn note(&self, note: impl FnOnce(&mut CallRecord)) {
        if let Some(call) = lock(&self.ledger.book).calls.get_mut(self.index) {
            note(call);
        }
    }

    /// Notes which bot makes the call.
    pub(crate) fn made_by(&self, app_id: &str) {
        self.note(|call| call.app_id = Some(app_id.to_owned()));
    }

    /// Notes the text that the call sends.
    pub(crate) fn says(&self, content: &str) {
        self.note(|call| call.content = Some(content.to_owned()));
    }

    /// Notes the ids that the call quotes.
    pub(crate) fn quotes(&self, msg_id: Option<&str>, event_id: Option<&str>) {
        self.note(|call| {
            call.event_id = event_id.map(str::to_owned);
            call.had_both_ids = msg_id.is_some() && event_id.is_some();
        });
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
        self.note(|call| call.answered = true);
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
