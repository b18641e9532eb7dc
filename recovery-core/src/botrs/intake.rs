//! Between the gateway and the handlers: which event is new, how many may be in hand, and up to where
//! everything has been handled.

mod outlet;
mod ticket;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

pub(crate) use self::outlet::{FENCE_OPCODE, Outlet, PROBE_OPCODE, Waiting, probe};
pub(crate) use self::ticket::Ticket;
use super::feed::Feed;
use super::gateway::{Dispatch, Watermark};
use super::journal::Journal;
use super::ranges::Ranges;
use super::stats::Outcome;
use super::sync::lock;

/// Takes events in, and keeps the books on them.
#[derive(Debug)]
pub(crate) struct Intake {
    slots: Arc<Semaphore>,
    capacity: u32,
    books: Mutex<Books>,
    journal: Arc<Journal>,
    feed: Feed,
    pub(crate) outlet: Outlet,
}

#[derive(Debug)]
struct Books {
    shards: Vec<Option<Session>>,
    /// The events in hand, by their id, with the further places in which each has come.
    in_hand: HashMap<String, Vec<Position>>,
}

/// Where an event came: under which number of which session.
#[derive(Clone, Debug)]
pub(crate) struct Position {
    shard: u32,
    session: Option<String>,
    sequence: Option<u64>,
}

/// The session of one shard.
#[derive(Debug)]
struct Session {
    id: String,
    watermark: Watermark,
}

impl Intake {
    /// For `shards` shards, and at most `capacity` events in hand.
    pub(crate) fn new(journal: Arc<Journal>, capacity: u32, feed: Feed) -> Self {
        Self {
            slots: Arc::new(Semaphore::new(capacity as usize)),
            capacity,
            books: Mutex::new(Books {
                shards: Vec::new(),
                in_hand: HashMap::new(),
            }),
            journal,
            feed,
            outlet: Outlet::default(),
        }
    }

    /// Takes up the sessions that the journal remembers, for bots with the same shards and intents.
    pub(crate) fn take_up_sessions(&self, shards: u32, intents: u32) {
        let mut books = lock(&self.books);
        let same_shards = books.shards.len() == shards as usize;
        for shard in 0..shards {
            if same_shards
                && books
                    .shards
                    .get(shard as usize)
                    .is_some_and(Option::is_some)
            {
                continue; // this process knows better
            }
            let saved = self
                .journal
                .session(shard)
                .filter(|saved| saved.shards == shards && saved.intents == intents);
            let session = saved.map(|saved| Session {
                id: saved.id,
                watermark: Watermark::new(saved.handled, saved.handled_above),
            });
            let index = shard as usize;
            if books.shards.len() <= index {
                books.shards.resize_with(index + 1, || None);
            }
            books.shards[index] = session;
        }
        books.shards.truncate(shards as usize);
    }

    /// The session to resume, and the newest number that has come of it.
    pub(crate) fn session(&self, shard: u32) -> Option<(String, u64)> {
        let books = lock(&self.books);
        let session = books.shards.get(shard as usize)?.as_ref()?;
        Some((session.id.clone(), session.watermark.newest()))
    }

    /// The number up to which everything has been handled.
    pub(crate) fn handled(&self, shard: u32) -> Option<u64> {
        let books = lock(&self.books);
        let session = books.shards.get(shard as usize)?.as_ref()?;
        Some(session.watermark.handled())
    }

    /// A new session begins, with the number `sequence`.
    pub(crate) fn session_begins(&self, shard: u32, id: &str, sequence: u64) {
        let mut books = lock(&self.books);
        let index = shard as usize;
        if books.shards.len() <= index {
            books.shards.resize_with(index + 1, || None);
        }
        books.shards[index] = Some(Session {
            id: id.to_owned(),
            watermark: Watermark::new(sequence.saturating_sub(1), Ranges::default()),
        });
    }

    /// Room for one more event, if there is any and nobody waits for it.
    pub(crate) fn try_slot(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.slots).try_acquire_owned().ok()
    }

    /// Room for one more event; waits for it while too many are in hand.
    ///
    /// Cancel safe.
    pub(crate) async fn slot(&self) -> OwnedSemaphorePermit {
        let slots = Arc::clone(&self.slots);
        slots
            .acquire_owned()
            .await
            .expect("the semaphore is never closed")
    }

    /// Takes an event in, unless it has come before.
    pub(crate) fn take_in(
        self: &Arc<Self>,
        shard: u32,
        event: Dispatch,
        slot: OwnedSemaphorePermit,
        replayed: bool,
    ) {
        self.feed.received(shard);
        let identity = event.identity();
        let Some(position) = self.first_time(shard, &event, identity.as_deref()) else {
            self.feed.ended(Outcome::Duplicate);
            return;
        };
        let ticket = Ticket::new(Arc::clone(self), position, identity, slot);
        self.outlet.put(Waiting {
            conversation: event.conversation(),
            kind: event.kind.clone(),
            replayed,
            ticket,
            event: event.into_event(),
        });
    }

    /// Where an event came, unless it has come before.
    fn first_time(&self, shard: u32, event: &Dispatch, identity: Option<&str>) -> Option<Position> {
        let mut books = lock(&self.books);
        let Books { shards, in_hand } = &mut *books;
        let session = shards.get_mut(shard as usize).and_then(Option::as_mut);
        let position = Position {
            shard,
            session: session.as_ref().map(|session| session.id.clone()),
            sequence: event.sequence,
        };
        if let (Some(session), Some(sequence)) = (session, event.sequence)
            && !session.watermark.begin(sequence)
        {
            return None;
        }
        if let Some(id) = identity {
            if let Some(others) = in_hand.get_mut(id) {
                // It stays open here too, until the one in hand is done.
                others.push(position);
                return None;
            }
            if self.journal.has_handled(id) {
                self.close(&mut books, &position, None);
                return None;
            }
            in_hand.insert(id.to_owned(), Vec::new());
        }
        Some(position)
    }

    /// An event is done.
    fn done(&self, position: &Position, identity: Option<String>, outcome: Outcome) {
        self.feed.ended(outcome);
        let mut books = lock(&self.books);
        let mut others = Vec::new();
        if let Some(id) = &identity {
            others = books.in_hand.remove(id).unwrap_or_default();
        }
        self.close(&mut books, position, identity);
        for position in others {
            self.close(&mut books, &position, None);
        }
    }

    /// Notes that what came at this position is done. Its session may be over by now.
    ///
    /// Under the lock of the books, so that the journal's lines come in their order.
    fn close(&self, books: &mut Books, position: &Position, identity: Option<String>) {
        let current = books
            .shards
            .get_mut(position.shard as usize)
            .and_then(Option::as_mut)
            .filter(|current| Some(&current.id) == position.session.as_ref());
        match (current, position.sequence) {
            (Some(current), Some(sequence)) => {
                current.watermark.done(sequence);
                let handled = current.watermark.handled();
                self.journal
                    .handled(position.shard, &current.id, sequence, handled, identity);
            }
            _ => {
                if let Some(id) = identity {
                    self.journal.handled_late(id);
                }
            }
        }
    }

    /// Gives back an event that was not handled: it stays open wherever it has come.
    fn give_up(&self, identity: Option<&str>) {
        self.feed.ended(Outcome::CutOff);
        if let Some(id) = identity {
            lock(&self.books).in_hand.remove(id);
        }
    }

    /// How many events are in hand.
    pub(crate) fn in_hand(&self) -> usize {
        self.capacity as usize - self.slots.available_permits()
    }

    /// Waits until no event is in hand.
    pub(crate) async fn drained(&self) {
        let _all = self
            .slots
            .acquire_many(self.capacity)
            .await
            .expect("the semaphore is never closed");
    }
}

#[cfg(test)]
mod tests;
