//! Puts a reply into the outbox, and says which are in it.

use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use tokio::time::{Instant, timeout};

use super::super::book::Replayed;
use super::shelf::{Kept, MOST_BYTES, Number};
use super::{Entry, Outbox};
use crate::state::StateError;

/// Why a reply is not kept.
#[derive(Debug, thiserror::Error)]
pub(in crate::botrs::send) enum Refusal {
    #[error("the outbox holds {0} replies, and may hold no more: raise `Outbox::with_capacity`")]
    Full(usize),
    #[error("the replies in the outbox would be more than {MOST_BYTES} bytes")]
    TooLarge,
    #[error("it cannot be saved: {0}")]
    Unsaved(StateError),
    #[error("the disk has not taken it within {SAVE_LIMIT:?}: see what keeps the disk busy")]
    TooSlow,
}

/// So long a caller waits for the disk.
const SAVE_LIMIT: Duration = Duration::from_secs(5);

/// How a reply that is to be made stands to those that wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::botrs::send) enum Standing {
    /// None of them is to the same message.
    Free,
    /// An earlier one to the same message waits.
    Behind,
    /// It waits itself.
    Waits,
    /// Another one has its number.
    Taken,
}

impl Outbox {
    /// How a reply stands to those that wait.
    pub(in crate::botrs::send) fn standing(&self, reply: &Entry, replayed: Replayed) -> Standing {
        let waiting = self.shelf();
        let mut standing = Standing::Free;
        for kept in waiting.beside(reply) {
            let entry = &kept.entry;
            if entry.key.msg_seq < reply.key.msg_seq {
                standing = Standing::Behind;
            } else if entry.key.msg_seq == reply.key.msg_seq {
                // A handler that runs again may word it differently.
                let is_same = replayed == Replayed::Yes || entry.body == reply.body;
                return if is_same {
                    Standing::Waits
                } else {
                    Standing::Taken
                };
            }
        }
        standing
    }

    /// Keeps it; returns when it is on the disk.
    ///
    /// If the future is dropped, it is kept all the same, as far as the disk goes along. A disk that hangs
    /// holds up nobody for longer than 5 s: then it is not kept.
    pub(in crate::botrs::send) async fn keep(
        &self,
        entry: Entry,
        closes_at: Instant,
    ) -> Result<(), Refusal> {
        let saving = self.put(entry, closes_at)?;
        let saved = timeout(SAVE_LIMIT, self.0.store.save()).await;
        let refusal = match saved {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(error)) => Refusal::Unsaved(error),
            Err(_) => Refusal::TooSlow,
        };
        self.remove(saving.number);
        Err(refusal)
    }

    fn put(&self, entry: Entry, closes_at: Instant) -> Result<Saving<'_>, Refusal> {
        let kept = Kept::new(entry.clone(), closes_at);
        let number = {
            let mut waiting = self.shelf();
            let capacity = self.0.capacity.load(Relaxed);
            if waiting.len() >= capacity {
                return Err(Refusal::Full(capacity));
            }
            if !waiting.has_room_for(&kept) {
                return Err(Refusal::TooLarge);
            }
            waiting.add(kept)
        };
        self.0.store.update(|saved| {
            saved.entries.insert(number, entry);
        });
        Ok(Saving {
            outbox: self,
            number,
        })
    }
}

/// Lets the entry be sent, when it is dropped.
struct Saving<'o> {
    outbox: &'o Outbox,
    number: Number,
}

impl Drop for Saving<'_> {
    fn drop(&mut self) {
        if let Some(kept) = self.outbox.shelf().get_mut(self.number) {
            kept.is_ready = true;
        }
        self.outbox.tell_count();
    }
}
