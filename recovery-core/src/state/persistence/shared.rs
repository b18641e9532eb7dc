//! What the handles and the saver share: the state, who waits for a save, and how saving stands.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, oneshot, watch};
use tokio::time::Instant;

use super::SaveStatus;
use crate::state::{Damage, StateError};

pub(super) type Outcome = Result<(), StateError>;

pub(super) struct Shared<S> {
    state: Mutex<Guarded<S>>,
    queue: Mutex<Queue>,
    /// Wakes the saver.
    wake: Notify,
    status: watch::Sender<SaveStatus>,
    pub(super) damage: Option<Damage>,
}

/// The state, and how much of it is on the disk.
pub(super) struct Guarded<S> {
    pub(super) state: S,
    /// Counts the changes.
    pub(super) revision: u64,
    /// The revision that is on the disk.
    pub(super) saved: u64,
    /// When the first change was made that no snapshot has taken.
    pub(super) changed_at: Option<Instant>,
    /// All but whether there are unsaved changes.
    pub(super) status: SaveStatus,
}

#[derive(Default)]
struct Queue {
    waiting: Vec<oneshot::Sender<Outcome>>,
    is_ending: bool,
    has_ended: bool,
}

/// What the saver is to do.
pub(super) struct Wanted {
    pub(super) end: bool,
    pub(super) save: bool,
    pub(super) changed_at: Option<Instant>,
}

impl<S> Guarded<S> {
    pub(super) const fn is_unsaved(&self) -> bool {
        self.revision != self.saved
    }

    fn mark_changed(&mut self) -> bool {
        self.revision = self.revision.wrapping_add(1);
        let is_first = self.changed_at.is_none();
        if is_first {
            self.changed_at = Some(Instant::now());
        }
        is_first
    }

    fn status(&self) -> SaveStatus {
        SaveStatus {
            unsaved_changes: self.is_unsaved(),
            ..self.status
        }
    }
}

impl<S> Shared<S> {
    pub(super) fn new(state: S, is_saved: bool, damage: Option<Damage>) -> Self {
        let mut state = Guarded {
            state,
            revision: 0,
            saved: 0,
            changed_at: None,
            status: SaveStatus::default(),
        };
        if !is_saved {
            state.mark_changed();
        }
        Self {
            status: watch::Sender::new(state.status()),
            state: Mutex::new(state),
            queue: Mutex::default(),
            wake: Notify::new(),
            damage,
        }
    }

    /// Usable after a panic in someone's closure: what it has changed counts as a change.
    pub(super) fn lock(&self) -> MutexGuard<'_, Guarded<S>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn read<R>(&self, look: impl FnOnce(&S) -> R) -> R {
        look(&self.lock().state)
    }

    /// `update` says also whether it has changed something.
    pub(super) fn update<R>(&self, update: impl FnOnce(&mut S) -> (R, bool)) -> R {
        /// Marks the change also when `update` panics.
        struct Mark<'a, S> {
            shared: &'a Shared<S>,
            guarded: MutexGuard<'a, Guarded<S>>,
            has_changed: bool,
        }
        impl<S> Drop for Mark<'_, S> {
            fn drop(&mut self) {
                if self.has_changed && self.guarded.mark_changed() {
                    self.shared.wake.notify_one();
                }
            }
        }
        let mut mark = Mark {
            shared: self,
            guarded: self.lock(),
            has_changed: true,
        };
        let (result, has_changed) = update(&mut mark.guarded.state);
        mark.has_changed = has_changed;
        result
    }

    /// Asks the saver to save at once, and perhaps to end.
    pub(super) async fn ask(&self, to_end: bool) -> Outcome {
        let answer = {
            let mut queue = self.queue();
            if queue.has_ended {
                drop(queue);
                return if to_end && !self.lock().is_unsaved() {
                    Ok(())
                } else {
                    Err(StateError::Closed)
                };
            }
            let (sender, answer) = oneshot::channel();
            queue.waiting.push(sender);
            queue.is_ending |= to_end;
            answer
        };
        self.wake.notify_one();
        answer.await.unwrap_or(Err(StateError::Closed))
    }

    /// No handle is left.
    pub(super) fn end(&self) {
        self.queue().is_ending = true;
        self.wake.notify_one();
    }

    /// Resolves when something may have changed since the last call.
    pub(super) async fn woken(&self) {
        self.wake.notified().await;
    }

    pub(super) fn wanted(&self) -> Wanted {
        let changed_at = self.lock().changed_at;
        let queue = self.queue();
        Wanted {
            end: queue.is_ending,
            save: !queue.waiting.is_empty(),
            changed_at,
        }
    }

    /// Those whose calls the next save answers.
    pub(super) fn take_waiting(&self) -> Vec<oneshot::Sender<Outcome>> {
        std::mem::take(&mut self.queue().waiting)
    }

    /// From now on nobody waits for a save.
    pub(super) fn has_ended(&self) {
        self.queue().has_ended = true;
    }

    pub(super) fn status(&self) -> SaveStatus {
        self.lock().status()
    }

    pub(super) fn watch(&self) -> watch::Receiver<SaveStatus> {
        self.status.subscribe()
    }

    pub(super) fn publish(&self) {
        let now = self.status();
        let changes = |told: &mut SaveStatus| std::mem::replace(told, now) != now;
        self.status.send_if_modified(changes);
    }
}
