//! The end of a messenger: waits are over, and what is under way comes to its end.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use super::messenger::Messenger;
use super::outbox::Outbox;
use crate::state::StateError;

/// Shared by the clones of a messenger.
#[derive(Clone)]
pub(super) struct Shutdown {
    begun_at: Arc<watch::Sender<Option<Instant>>>,
    in_flight: Arc<watch::Sender<usize>>,
}

/// A reply under way.
pub(super) struct InFlight(Arc<watch::Sender<usize>>);

impl Shutdown {
    pub(super) fn new() -> Self {
        Self {
            begun_at: Arc::new(watch::Sender::new(None)),
            in_flight: Arc::new(watch::Sender::new(0)),
        }
    }

    /// Begins it; a second time changes nothing.
    pub(super) fn begin(&self) {
        self.begun_at.send_if_modified(|begun_at| {
            let is_first = begun_at.is_none();
            begun_at.get_or_insert_with(Instant::now);
            is_first
        });
    }

    /// All is as before it.
    pub(super) fn undo(&self) {
        self.begun_at.send_replace(None);
    }

    pub(super) fn is_begun(&self) -> bool {
        self.begun_at.borrow().is_some()
    }

    /// Whether it began so long ago.
    pub(super) fn is_older_than(&self, age: Duration) -> bool {
        let begun_at = *self.begun_at.borrow();
        begun_at.is_some_and(|begun_at| begun_at.elapsed() >= age)
    }

    /// Waits until it begins.
    pub(super) async fn begun(&self) {
        let mut begun_at = self.begun_at.subscribe();
        // The sender lives in `self`.
        let _ = begun_at.wait_for(Option::is_some).await;
    }

    pub(super) fn enter(&self) -> InFlight {
        self.in_flight.send_modify(|count| *count += 1);
        InFlight(Arc::clone(&self.in_flight))
    }

    /// Waits until no reply is under way.
    pub(super) async fn settled(&self) {
        let mut in_flight = self.in_flight.subscribe();
        let _ = in_flight.wait_for(|count| *count == 0).await;
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

impl Messenger {
    /// Ends all waits of replies, of all clones: they are kept in the outbox. A call of the platform that is
    /// under way comes to its end; a reply that is made from now on has one attempt, if that can begin within
    /// half of the [time limit](Self::with_timeout) (2.5 s), and is kept then. Without an outbox, or with one that
    /// forgets with the process, nothing changes: there, to wait is the better chance.
    ///
    /// A [`ResilientBotClient`](crate::botrs::ResilientBotClient) calls this when it is stopped, and takes it back
    /// when it has ended.
    pub fn begin_shutdown(&self) {
        self.shutdown().begin();
    }

    /// Begins the shutdown, waits until no reply is under way, and saves the outbox. It takes 7.5 s at most with
    /// the usual time limit, if nobody makes new replies. Without an outbox that outlives the process it returns at once.
    ///
    /// # Errors
    /// If the outbox cannot be saved.
    ///
    /// # Cancel safety
    /// Cancel safe; the shutdown has begun all the same.
    pub async fn close(&self) -> Result<(), StateError> {
        self.begin_shutdown();
        match self.outbox() {
            Some(outbox) if outbox.outlives_the_process() => {
                self.shutdown().settled().await;
                outbox.save_when_idle(self.app_id()).await
            }
            _ => Ok(()),
        }
    }

    /// Saves what has changed in the outbox, as far as that takes no longer. Of a failure the state tells.
    pub(crate) async fn save_outbox(&self, limit: Duration) {
        if let Some(outbox) = self.outbox() {
            let _ = timeout(limit, outbox.save()).await;
        }
    }

    /// Makes a messenger that was shut down work again.
    pub(crate) fn undo_shutdown(&self) {
        self.shutdown().undo();
    }

    /// After the last reply: waits until nothing is being sent out of the outbox; of one that forgets with the
    /// process, until nothing waits in it.
    pub(crate) async fn outbox_settled(&self) {
        if let Some(outbox) = self.outbox() {
            if self.can_keep() {
                outbox.idle(self.app_id()).await;
            } else {
                let _ = outbox.watch().wait_for(|waiting| *waiting == 0).await;
            }
        }
    }

    pub(super) fn is_shutting_down(&self) -> bool {
        self.can_keep() && self.shutdown().is_begun()
    }

    /// Waits until waits are over: never, where nothing would be kept beyond the process.
    pub(super) async fn waits_end(&self) {
        if self.can_keep() {
            self.shutdown().begun().await;
        } else {
            std::future::pending::<()>().await;
        }
    }

    /// Whether a shutdown has come so far that no attempt begins any more.
    pub(super) fn is_past_last_attempts(&self) -> bool {
        self.can_keep() && self.shutdown().is_older_than(self.timeout() / 2)
    }

    /// Whether what is kept outlives the process.
    fn can_keep(&self) -> bool {
        self.outbox().is_some_and(Outbox::outlives_the_process)
    }
}
