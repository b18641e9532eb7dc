//! A state in memory that is saved by itself.

mod builder;
mod saver;
mod shared;
mod status;

#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use tokio::sync::watch;

pub use self::builder::StatePersistenceBuilder;
use self::shared::Shared;
pub use self::status::SaveStatus;
use super::{Damage, StateError, StateStore};

/// A state in memory, which is saved by itself: a while after it was changed, and when it is closed.
///
/// A clone is another handle on the same state.
///
/// Reading and changing it are not async: the lock is held only while your closure runs, never across an
/// `.await`, so no change can be half done when a future is dropped, and a disk that hangs holds up nobody.
/// A closure that uses the same state again would wait for itself for ever. What is changed past
/// [`update_state`](Self::update_state), through a `Cell` or an `Arc<Mutex<_>>` in the state, is saved with the
/// next change alone.
///
/// [`close`](Self::close) it at the end of the program. If all handles are dropped instead, what has not been
/// saved is saved in the background, as far as the runtime lives that long.
///
/// # Examples
/// ```
/// use recovery_core::state::{JsonFile, StateError, StatePersistence};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Clone, Default, Serialize, Deserialize)]
/// struct Greetings {
///     count: u64,
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), StateError> {
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("greetings.json");
/// let greetings = StatePersistence::open(JsonFile::<Greetings>::new(&path)).await?;
/// greetings.update_state(|state| state.count += 1); // is saved within 5 s
/// greetings.save().await?; // is saved now
/// assert!(!greetings.status().unsaved_changes);
/// greetings.close().await?;
///
/// // The program begins again.
/// let greetings = StatePersistence::open(JsonFile::<Greetings>::new(&path)).await?;
/// assert_eq!(greetings.read(|state| state.count), 1);
/// # Ok(())
/// # }
/// ```
pub struct StatePersistence<S> {
    shared: Arc<Shared<S>>,
    alive: Arc<Alive<S>>,
}

/// Tells the saver when the last handle is gone.
struct Alive<S>(Arc<Shared<S>>);

impl<S> Drop for Alive<S> {
    fn drop(&mut self) {
        self.0.end();
    }
}

impl<S: Send + 'static> StatePersistence<S> {
    /// Loads the state, or begins with the default one if none was ever saved, with the builder's defaults.
    ///
    /// # Errors
    /// Those of the store: what is there cannot be read, is damaged, or is in use by another process.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub async fn open<T: StateStore<S>>(store: T) -> Result<Self, StateError>
    where
        S: Default,
    {
        Self::builder(store).open().await
    }

    /// To say how often it is saved, and who is told when it cannot be.
    pub fn builder<T: StateStore<S>>(store: T) -> StatePersistenceBuilder<S, T> {
        StatePersistenceBuilder::new(store)
    }

    /// A copy of the state.
    pub fn get_state(&self) -> S
    where
        S: Clone,
    {
        self.read(S::clone)
    }

    /// Looks at the state.
    pub fn read<R>(&self, look: impl FnOnce(&S) -> R) -> R {
        self.shared.read(look)
    }

    /// Changes the state, which is then saved by itself. It never waits for a disk.
    ///
    /// # Panics
    /// If `update` does. What it has changed until then stays, and is saved; other handles go on.
    pub fn update_state<R>(&self, update: impl FnOnce(&mut S) -> R) -> R {
        self.shared.update(|state| (update(state), true))
    }

    /// As [`update_state`](Self::update_state), of an `update` that says whether it has changed something;
    /// if not, nothing is saved. Returns the same.
    ///
    /// # Panics
    /// If `update` does.
    pub fn update_state_if(&self, update: impl FnOnce(&mut S) -> bool) -> bool {
        self.shared.update(|state| {
            let has_changed = update(state);
            (has_changed, has_changed)
        })
    }

    /// Saves at once: when this returns `Ok`, the state as it was at the call, or newer, is on the disk.
    ///
    /// Calls at the same time share one write, and where nothing has changed nothing is written. While the
    /// disk fails, and the next try is a while ahead, this tries now.
    ///
    /// # Errors
    /// Why this try failed; it is tried again in the background. [`StateError::Closed`] after
    /// [`close`](Self::close).
    ///
    /// # Cancel safety
    /// Dropping the future stops nothing: what has begun is finished in the background.
    pub async fn save(&self) -> Result<(), StateError> {
        self.shared.ask(false).await
    }

    /// Saves what has changed, in three attempts if need be, and ends: the lock on the file is free when
    /// this returns, also with an error.
    ///
    /// Other handles may go on reading and changing the state in memory; saving is then refused. A second
    /// call does nothing, and is an error only if something has remained unsaved.
    ///
    /// # Errors
    /// Why the last attempt failed; or [`StateError::Closed`].
    ///
    /// A change that another handle makes while this is under way may come too late; a [`save`](Self::save) of
    /// it then says [`StateError::Closed`]. While the disk hangs, so does this: where the end must come in time,
    /// put it into `tokio::time::timeout`, and end the runtime by `shutdown_timeout`.
    ///
    /// # Cancel safety
    /// Dropping the future stops nothing: it is closed in the background.
    pub async fn close(&self) -> Result<(), StateError> {
        self.shared.ask(true).await
    }

    /// What was damaged when the state was loaded, and by which earlier generation it was replaced.
    pub fn damage(&self) -> Option<Damage> {
        self.shared.damage.clone()
    }

    /// How saving stands.
    pub fn status(&self) -> SaveStatus {
        self.shared.status()
    }

    /// How saving stands, for someone who waits for a change of it. It follows [`status`](Self::status) as
    /// soon as the saver has its turn.
    pub fn watch(&self) -> watch::Receiver<SaveStatus> {
        self.shared.watch()
    }
}

impl<S> Clone for StatePersistence<S> {
    fn clone(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            alive: Arc::clone(&self.alive),
        }
    }
}

/// Without the state's content.
impl<S> fmt::Debug for StatePersistence<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StatePersistence")
            .field("status", &self.shared.status())
            .field("damage", &self.shared.damage)
            .field("handles", &Arc::strong_count(&self.alive))
            .finish_non_exhaustive()
    }
}
