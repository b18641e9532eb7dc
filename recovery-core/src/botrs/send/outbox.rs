//! Replies that wait until the platform takes them again.

mod drain;
mod dropped;
mod entry;
mod keep;
mod shelf;
mod store;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::fmt;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, SystemTime};

use tokio::sync::watch;
use tokio::time::Instant;

pub(super) use self::drain::may_pass_later;
pub use self::dropped::{DropReason, DroppedReply};
pub(super) use self::entry::Entry;
pub(super) use self::keep::Standing;
use self::shelf::{Number, Shelf};
use self::store::Store;
use super::super::sync::lock;
use crate::state::StateError;

const CAPACITY: usize = 1_000;
/// What a caller waits for at most, before the reply is kept.
const PATIENCE: Duration = Duration::from_secs(15);

/// Keeps the replies that cannot be delivered now, for as long as the platform would take them.
///
/// A [`Messenger`](super::Messenger) that [has one](super::Messenger::with_outbox) puts a reply into it that
/// failed in a way that passes: the breaker is open, the attempts are used up, a shutdown has begun, or the
/// platform asks for a longer wait than the [patience](Self::with_patience). The caller gets
/// [`Delivery::Kept`](super::Delivery::Kept) once the reply is on the disk, and it goes out when the
/// platform is back, under the number that it had: the oldest first, in order within a place.
///
/// | | kept |
/// |---|---|
/// | replies to messages in groups and C2C chats | always: the platform recognises one that has arrived |
/// | replies in channels and direct messages, and to events | only if no attempt can have arrived |
/// | active messages | never |
///
/// Active messages have no window that would say when they are too late, and no key that would keep one
/// from being sent twice after a crash; their caller knows better what they are worth later.
///
/// A reply is given up when its window closes, when the platform refuses it for good, or when a channel's
/// reply may have arrived after all. Each is told: by the event `outbox.dropped`, the metrics,
/// [`on_dropped`](Self::on_dropped), and to the messenger's [monitor](super::Messenger::with_monitor).
///
/// It holds 1,000 replies ([`with_capacity`](Self::with_capacity)) and 8 MiB of them at most; what is beyond
/// that fails as it would without an outbox, and the event `outbox.refused` says why. Clones share one
/// outbox, as may the messengers of several bots.
///
/// # Examples
/// ```
/// use botrs::Token;
/// use recovery_core::CircuitBreaker;
/// use recovery_core::botrs::{Delivery, Hosts, Messenger, Outbox, Place, ReplyTarget};
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let nowhere = Hosts::production().with_api("http://127.0.0.1:9")?.with_tokens("http://127.0.0.1:9")?;
/// let outbox = Outbox::in_memory(); // or `Outbox::open("bot-state/outbox.json").await?`
/// let messenger = Messenger::new(&Token::new("1024", "secret"), nowhere)?
///     .with_breaker(CircuitBreaker::new().with_name("qq"))
///     .with_outbox(outbox.clone());
///
/// let to = ReplyTarget::message(Place::Group("6F8A".to_owned()), "M1");
/// let kept = messenger.reply(to, "pong").await?; // nobody listens there
/// assert!(matches!(kept, Delivery::Kept));
/// assert_eq!(outbox.len(), 1);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Outbox(Arc<Inner>);

struct Inner {
    shelf: Mutex<Shelf>,
    store: Store,
    waiting: watch::Sender<usize>,
    capacity: AtomicUsize,
    patience: Mutex<Duration>,
    on_dropped: Mutex<Option<Arc<Hook>>>,
    /// Of each bot, by its app id, one drains at a time.
    turns: Mutex<HashMap<String, Arc<Turn>>>,
}

type Turn = tokio::sync::Mutex<()>;
type Hook = dyn Fn(&DroppedReply) + Send + Sync;

impl Outbox {
    /// Forgets with the process. It bridges an outage; a restart in between loses what waits. So a
    /// [`ResilientBotClient`](crate::botrs::ResilientBotClient) that is stopped goes on sending what is in it, as long as
    /// its drain lasts.
    pub fn in_memory() -> Self {
        Self::of(Store::Memory, Shelf::default())
    }

    /// Keeps in this file, which is made if need be, for its owner only. One process at a time can use it.
    ///
    /// What an earlier process has kept waits again, with what is left of its window by the wall clock, but
    /// never more than was left when it was kept.
    ///
    /// # Errors
    /// If the file cannot be made, read or locked, was written by a newer version, or is damaged.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, StateError> {
        let store = Store::open(path.as_ref()).await?;
        let saved = store.read();
        let shelf = Shelf::of(saved, SystemTime::now(), Instant::now());
        Ok(Self::of(store, shelf))
    }

    fn of(store: Store, shelf: Shelf) -> Self {
        let count = shelf.len();
        crate::observe::outbox_waiting(count);
        Self(Arc::new(Inner {
            shelf: Mutex::new(shelf),
            store,
            waiting: watch::Sender::new(count),
            capacity: AtomicUsize::new(CAPACITY),
            patience: Mutex::new(PATIENCE),
            on_dropped: Mutex::new(None),
            turns: Mutex::default(),
        }))
    }

    /// Keeps so many replies at most, instead of 1,000; with 0, none more. All clones do.
    #[must_use]
    pub fn with_capacity(self, replies: usize) -> Self {
        self.0.capacity.store(replies, Relaxed);
        self
    }

    /// Lets a caller wait so long, instead of 15 s, before its reply is kept: no wait for a retry, a token or
    /// the platform's push-back begins that would end later. An attempt under way is not cut off. All
    /// clones do.
    #[must_use]
    pub fn with_patience(self, limit: Duration) -> Self {
        *lock(&self.0.patience) = limit;
        self
    }

    /// Calls `hook` for each reply that is given up, in place of the hook before. It should be quick; a panic
    /// in it is caught.
    ///
    /// ```
    /// use recovery_core::botrs::Outbox;
    ///
    /// let outbox = Outbox::in_memory().on_dropped(|dropped| {
    ///     eprintln!("a reply in a {} is lost: {}", dropped.key.scene, dropped.reason);
    /// });
    /// assert!(outbox.is_empty());
    /// ```
    #[must_use]
    pub fn on_dropped(self, hook: impl Fn(&DroppedReply) + Send + Sync + 'static) -> Self {
        *lock(&self.0.on_dropped) = Some(Arc::new(hook));
        self
    }

    /// How many replies wait.
    pub fn len(&self) -> usize {
        self.shelf().len()
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many replies wait, and each change of that.
    pub fn watch(&self) -> watch::Receiver<usize> {
        self.0.waiting.subscribe()
    }

    /// Waits until all is on the disk.
    ///
    /// # Errors
    /// If it cannot be written. It is tried again at the next change.
    pub async fn save(&self) -> Result<(), StateError> {
        self.0.store.save().await
    }

    pub(super) fn outlives_the_process(&self) -> bool {
        matches!(self.0.store, Store::File(_))
    }

    /// Waits until nothing of this bot's is being sent.
    pub(super) async fn idle(&self, app_id: &str) {
        drop(self.turn(app_id).lock().await);
    }

    /// Waits until nothing of this bot's is being sent, and saves.
    pub(super) async fn save_when_idle(&self, app_id: &str) -> Result<(), StateError> {
        self.idle(app_id).await;
        self.save().await
    }

    fn turn(&self, app_id: &str) -> Arc<Turn> {
        let mut turns = lock(&self.0.turns);
        Arc::clone(turns.entry(app_id.to_owned()).or_default())
    }

    pub(super) fn patience(&self) -> Duration {
        *lock(&self.0.patience)
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        lock(&self.0.shelf)
    }

    /// Lets it go from memory at once, and from the disk with the next save.
    fn remove(&self, number: Number) {
        self.shelf().remove(number);
        self.0.store.update(|saved| {
            saved.remove(number);
        });
        self.tell_count();
    }

    fn tell_count(&self) {
        self.0.waiting.send_if_modified(|told| {
            // Read here, so that of two who tell, the later tells the newer count.
            let count = self.len();
            crate::observe::outbox_waiting(count);
            std::mem::replace(told, count) != count
        });
    }
}

impl fmt::Debug for Outbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outbox")
            .field("waiting", &self.len())
            .field("capacity", &self.0.capacity.load(Relaxed))
            .finish_non_exhaustive()
    }
}
