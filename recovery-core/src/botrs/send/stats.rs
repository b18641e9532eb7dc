//! How many messages ended in which way.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::delivery::Delivery;
use super::error::SendError;
use super::target::Scene;

/// How many replies and active messages of a messenger, its clones included, ended in which way.
///
/// Each counts once in its final result: `sent`, `already_delivered`, `pending`, `failed` or `dropped`. One
/// that is kept counts in `kept` when it is, and in its final result when the outbox has come to it, which
/// may be in a later process. One whose future was dropped counts nowhere.
///
/// ```
/// use botrs::Token;
/// use recovery_core::botrs::{Hosts, Messenger, Place, SendStats};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let messenger = Messenger::new(&Token::new("1024", "secret"), Hosts::production())?;
/// assert_eq!(messenger.stats(), SendStats::default());
/// messenger.send(&Place::Group(String::new()), "to nobody").await.unwrap_err();
/// assert_eq!((messenger.stats().failed, messenger.stats().attempts), (1, 0));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SendStats {
    /// The platform took them.
    pub sent: u64,
    /// The platform had taken them before.
    pub already_delivered: u64,
    /// The platform took them, and audits them before it shows them.
    pub pending: u64,
    /// They were put into the outbox, to be sent later. How many wait now, [`Outbox::len`] tells.
    ///
    /// [`Outbox::len`]: super::Outbox::len
    pub kept: u64,
    /// The caller got an error.
    pub failed: u64,
    /// The outbox had to give them up.
    pub dropped: u64,
    /// Calls of the platform, whatever came of them; those for access tokens are not counted.
    pub attempts: u64,
}

/// The counters behind [`SendStats`].
#[derive(Default)]
pub(super) struct Counters {
    sent: AtomicU64,
    already_delivered: AtomicU64,
    pending: AtomicU64,
    kept: AtomicU64,
    failed: AtomicU64,
    dropped: AtomicU64,
    attempts: AtomicU64,
}

impl Counters {
    pub(super) fn read(&self) -> SendStats {
        SendStats {
            sent: self.sent.load(Relaxed),
            already_delivered: self.already_delivered.load(Relaxed),
            pending: self.pending.load(Relaxed),
            kept: self.kept.load(Relaxed),
            failed: self.failed.load(Relaxed),
            dropped: self.dropped.load(Relaxed),
            attempts: self.attempts.load(Relaxed),
        }
    }

    /// A message has ended so; without a scene, it had nowhere to go.
    pub(super) fn ended(&self, scene: Option<Scene>, result: &Result<Delivery, SendError>) {
        let (counter, name) = match result {
            Ok(Delivery::Sent(_)) => (&self.sent, "sent"),
            Ok(Delivery::AlreadyDelivered) => (&self.already_delivered, "already_delivered"),
            Ok(Delivery::Pending(_)) => (&self.pending, "pending"),
            Ok(Delivery::Kept) => (&self.kept, "kept"),
            Err(_) => (&self.failed, "failed"),
        };
        counter.fetch_add(1, Relaxed);
        crate::observe::reply_ended(scene.map(Scene::as_str), name);
    }

    pub(super) fn dropped(&self, scene: Scene) {
        self.dropped.fetch_add(1, Relaxed);
        crate::observe::reply_ended(Some(scene.as_str()), "dropped");
    }

    pub(super) fn attempted(&self) {
        self.attempts.fetch_add(1, Relaxed);
    }
}
