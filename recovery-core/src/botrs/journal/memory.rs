//! What a journal's records come to.

use std::collections::BTreeMap;
use std::time::SystemTime;

use super::record::{self, Record};
use super::sends::Sends;
use crate::botrs::ranges::Ranges;
use crate::botrs::recent::Recent;

/// How many handled events are remembered by their ids.
const REMEMBERED_EVENTS: usize = 16_384;
/// More than the platform lets begin at a time.
const IDENTIFIES_REMEMBERED: usize = 64;

/// A session that may be resumed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SavedSession {
    pub(crate) id: String,
    pub(crate) shards: u32,
    pub(crate) intents: u32,
    /// Everything up to this number has been handled.
    pub(crate) handled: u64,
    /// And these above it.
    pub(crate) handled_above: Ranges,
}

/// What the records come to.
#[derive(Debug)]
pub(super) struct Memory {
    pub(super) app_id: String,
    pub(super) sessions: BTreeMap<u32, SavedSession>,
    pub(super) events: Recent,
    pub(super) identifies: Vec<SystemTime>,
    pub(super) sends: Sends,
}

impl Memory {
    pub(super) fn new(app_id: &str) -> Self {
        Self {
            app_id: app_id.to_owned(),
            sessions: BTreeMap::new(),
            events: Recent::new(REMEMBERED_EVENTS),
            identifies: Vec::new(),
            sends: Sends::default(),
        }
    }

    pub(super) fn apply(&mut self, record: &Record) {
        match record {
            Record::Begin { .. } => {}
            Record::Session {
                shard,
                shards,
                intents,
                id,
                handled,
            } => {
                let session = SavedSession {
                    id: id.clone(),
                    shards: *shards,
                    intents: *intents,
                    handled: *handled,
                    handled_above: Ranges::default(),
                };
                self.sessions.insert(*shard, session);
            }
            Record::Handled {
                shard,
                sequence,
                handled,
                tag,
                id,
            } => {
                if let Some(session) = self.sessions.get_mut(shard)
                    && record::tag(&session.id) == *tag
                {
                    session.handled = session.handled.max(*handled);
                    session.handled_above.insert(*sequence..=*sequence);
                    session.handled_above.forget_up_to(session.handled);
                }
                if let Some(id) = id {
                    self.handled(id);
                }
            }
            Record::Range { shard, from, to } => {
                if let Some(session) = self.sessions.get_mut(shard) {
                    session.handled_above.insert(*from..=*to);
                }
            }
            Record::Event { id } => self.handled(id),
            Record::Identify { at } => {
                self.identifies.push(record::time(*at));
                if self.identifies.len() > 2 * IDENTIFIES_REMEMBERED {
                    self.identifies.drain(..IDENTIFIES_REMEMBERED);
                }
            }
            Record::Send { key, at } => self.sends.note(key, record::time(*at)),
        }
    }

    /// An event that is done is not handled again, so its replies need not be known any more.
    fn handled(&mut self, id: &str) {
        self.events.note(id);
        self.sends.forget(id);
    }

    /// The records from which all this is read again.
    pub(super) fn records(&mut self, now: SystemTime) -> Vec<Record> {
        self.sends.sweep(now);
        let mut records = vec![Record::begin(&self.app_id)];
        for (shard, session) in &self.sessions {
            records.push(Record::Session {
                shard: *shard,
                shards: session.shards,
                intents: session.intents,
                id: session.id.clone(),
                handled: session.handled,
            });
            records.extend(session.handled_above.iter().map(|range| Record::Range {
                shard: *shard,
                from: *range.start(),
                to: *range.end(),
            }));
        }
        records.extend(
            self.events
                .iter()
                .map(|id| Record::Event { id: id.to_owned() }),
        );
        records.extend(self.identifies.iter().map(|at| Record::Identify {
            at: record::millis(*at),
        }));
        records.extend(self.sends.iter().map(|(key, at)| Record::Send {
            key: key.clone(),
            at: record::millis(at),
        }));
        records
    }
}
