//! The gateway's part of the ledger: one record for each connection.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use crate::sync::lock;

/// How many heartbeats of a connection are kept; the count goes on.
const KEPT_HEARTBEATS: usize = 64;

/// One TCP connection that asked for the gateway.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ConnectionRecord {
    /// The bot, by the token in IDENTIFY or RESUME; `None` before these, and for unknown tokens.
    pub app_id: Option<String>,
    /// The shard: from IDENTIFY, or the resumed session's.
    pub shard: Option<(u32, u32)>,
    /// When the upgrade request arrived.
    pub opened_at: Duration,
    /// Whether HELLO was sent.
    pub hello_sent: bool,
    /// When the first IDENTIFY arrived, accepted or not.
    pub identified_at: Option<Duration>,
    /// When READY was sent.
    pub ready_at: Option<Duration>,
    /// The `seq` of the first RESUME, accepted or not.
    pub resumed_from: Option<u64>,
    /// When RESUME was accepted.
    pub resumed_at: Option<Duration>,
    /// When heartbeats arrived, acknowledged or not, and their `d`; the last 64.
    pub heartbeats: Vec<(Duration, Option<u64>)>,
    /// How many heartbeats arrived in all.
    pub heartbeat_count: u64,
    /// When it had ended, by whomever; `None` while it is open.
    pub closed_at: Option<Duration>,
    /// The code of the platform's close frame.
    pub close_code_sent: Option<u16>,
    /// The code of the client's close frame, if the client was the first to close. A frame without
    /// a code counts as 1005, as RFC 6455 has it.
    pub close_code_received: Option<u16>,
    /// Events that were written to it, without READY and RESUMED.
    pub events_sent: u64,
}

/// All connections, behind the lock.
#[derive(Default)]
pub(crate) struct Connections {
    records: Vec<ConnectionRecord>,
    identifies: Vec<(String, Duration)>,
    concurrency_violations: u64,
}

/// The shared book of the gateway's connections.
#[derive(Clone)]
pub(crate) struct GatewayBook {
    book: Arc<Mutex<Connections>>,
    started: Instant,
}

impl GatewayBook {
    pub(crate) fn new(started: Instant) -> Self {
        Self {
            book: Arc::default(),
            started,
        }
    }

    pub(crate) fn records(&self) -> Vec<ConnectionRecord> {
        lock(&self.book).records.clone()
    }

    pub(crate) fn open(&self) -> usize {
        let book = lock(&self.book);
        let open = book.records.iter().filter(|one| one.closed_at.is_none());
        open.count()
    }

    pub(crate) fn identify_times(&self, app_id: &str) -> Vec<Duration> {
        let book = lock(&self.book);
        let own = book.identifies.iter().filter(|(app, _)| app == app_id);
        own.map(|(_, at)| *at).collect()
    }

    pub(crate) fn concurrency_violations(&self) -> u64 {
        lock(&self.book).concurrency_violations
    }

    /// Notes a new connection.
    pub(crate) fn opened(&self) -> OpenConnection {
        let opened_at = self.started.elapsed();
        let mut book = lock(&self.book);
        book.records.push(ConnectionRecord {
            opened_at,
            ..ConnectionRecord::default()
        });
        OpenConnection {
            index: book.records.len() - 1,
            book: self.clone(),
        }
    }
}

/// The record of an open connection; closes it when dropped.
pub(crate) struct OpenConnection {
    index: usize,
    book: GatewayBook,
}

/// What a client may react to is noted before it is sent, so that no test sees it too early.
impl OpenConnection {
    fn note(&self, note: impl FnOnce(&mut ConnectionRecord, Duration)) {
        let at = self.book.started.elapsed();
        if let Some(record) = lock(&self.book.book).records.get_mut(self.index) {
            note(record, at);
        }
    }

    pub(crate) fn sends_hello(&self) {
        self.note(|record, _| record.hello_sent = true);
    }

    pub(crate) fn identify_came(&self, app_id: Option<&str>, shard: (u32, u32)) {
        let at = self.book.started.elapsed();
        let mut book = lock(&self.book.book);
        if let Some(record) = book.records.get_mut(self.index) {
            record.app_id = app_id.map(str::to_owned);
            record.shard = Some(shard);
            record.identified_at.get_or_insert(at);
        }
        if let Some(app_id) = app_id {
            book.identifies.push((app_id.to_owned(), at));
        }
    }

    pub(crate) fn sends_ready(&self) {
        self.note(|record, at| record.ready_at = Some(at));
    }

    pub(crate) fn broke_concurrency(&self) {
        lock(&self.book.book).concurrency_violations += 1;
    }

    pub(crate) fn resume_came(&self, app_id: Option<&str>, seen: u64) {
        self.note(|record, _| {
            record.app_id = app_id.map(str::to_owned);
            record.resumed_from.get_or_insert(seen);
        });
    }

    pub(crate) fn resumed(&self, shard: (u32, u32)) {
        self.note(|record, at| {
            record.shard = Some(shard);
            record.resumed_at = Some(at);
        });
    }

    pub(crate) fn heartbeat(&self, seen: Option<u64>) {
        self.note(|record, at| {
            if record.heartbeats.len() == KEPT_HEARTBEATS {
                record.heartbeats.remove(0);
            }
            record.heartbeats.push((at, seen));
            record.heartbeat_count += 1;
        });
    }

    pub(crate) fn sends_event(&self) {
        self.note(|record, _| record.events_sent += 1);
    }

    pub(crate) fn sends_close(&self, code: u16) {
        self.note(|record, _| record.close_code_sent = Some(code));
    }

    /// Notes the client's close frame; an answer to ours says nothing new.
    pub(crate) fn close_received(&self, code: u16) {
        self.note(|record, _| {
            if record.close_code_sent.is_none() {
                record.close_code_received.get_or_insert(code);
            }
        });
    }
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.note(|record, at| record.closed_at = Some(at));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_heartbeats_are_kept_and_all_are_counted() {
        let book = GatewayBook::new(Instant::now());
        let connection = book.opened();
        (0..100).for_each(|seen| connection.heartbeat(Some(seen)));
        assert_eq!(book.open(), 1);
        drop(connection);
        assert_eq!(book.open(), 0);
        let record = book.records().remove(0);
        assert_eq!(record.heartbeat_count, 100);
        assert_eq!(record.heartbeats.len(), 64);
        assert_eq!(record.heartbeats[0].1, Some(36));
    }

    #[test]
    fn an_answer_to_our_close_is_not_the_clients_own() {
        let book = GatewayBook::new(Instant::now());
        let (ours, theirs) = (book.opened(), book.opened());
        ours.sends_close(4009);
        ours.close_received(4009);
        theirs.close_received(1000);
        let codes = book.records();
        assert_eq!(codes[0].close_code_received, None);
        assert_eq!(codes[1].close_code_received, Some(1000));
    }
}
