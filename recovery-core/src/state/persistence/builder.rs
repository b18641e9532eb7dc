//! How a state is to be saved.

use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use super::saver::Saver;
use super::shared::Shared;
use super::{Alive, StatePersistence};
use crate::state::{StateError, StateStore};
use crate::{Jitter, RetryConfig};

/// Says how a state is saved.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use recovery_core::state::{JsonFile, StatePersistence};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), recovery_core::state::StateError> {
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("names.json");
/// let names = StatePersistence::builder(JsonFile::<Vec<String>>::new(path))
///     .save_interval(Duration::from_secs(60))
///     .on_failure(|error| eprintln!("the names cannot be saved: {error}"))
///     .open_or_else(|| vec!["first".to_owned()])
///     .await?;
/// assert_eq!(names.get_state(), ["first"]);
/// # names.close().await
/// # }
/// ```
#[must_use = "nothing is loaded until `open`"]
pub struct StatePersistenceBuilder<S, T> {
    store: T,
    options: Options,
    state: PhantomData<fn() -> S>,
}

type OnFailure = dyn Fn(&StateError) + Send + Sync;

pub(super) struct Options {
    pub(super) save_interval: Duration,
    pub(super) retry: RetryConfig,
    pub(super) on_failure: Option<Arc<OnFailure>>,
}

impl Default for Options {
    fn default() -> Self {
        let retry = RetryConfig::builder()
            .unlimited()
            .initial_delay(Duration::from_secs(1))
            .max_delay(Duration::from_secs(60))
            .jitter(Jitter::Full);
        Self {
            save_interval: Duration::from_secs(5),
            retry: retry.build().unwrap_or_default(),
            on_failure: None,
        }
    }
}

impl<S, T> StatePersistenceBuilder<S, T>
where
    S: Send + 'static,
    T: StateStore<S>,
{
    pub(super) fn new(store: T) -> Self {
        Self {
            store,
            options: Options::default(),
            state: PhantomData,
        }
    }

    /// How long after the first unsaved change it is saved by itself. Default 5 s: so much is lost at most
    /// when the process is killed. With zero it is saved as soon as it has changed, and changes during a save
    /// share the next one; `Duration::MAX` leaves it to [`save`](StatePersistence::save) and
    /// [`close`](StatePersistence::close).
    pub const fn save_interval(mut self, interval: Duration) -> Self {
        self.options.save_interval = interval;
        self
    }

    /// How patiently a save that failed is tried again, whatever the error. Default: without end, after
    /// 1 s, then twice as long each time up to 60 s, with full jitter. Where a policy ends, the next
    /// change begins anew.
    pub fn retry(mut self, policy: RetryConfig) -> Self {
        self.options.retry = policy;
        self
    }

    /// Is called after each attempt to save that failed; it should not block. If it panics, saving goes on.
    pub fn on_failure(mut self, tell: impl Fn(&StateError) + Send + Sync + 'static) -> Self {
        self.options.on_failure = Some(Arc::new(tell));
        self
    }

    /// Loads the state, or begins with the default one if none was ever saved.
    ///
    /// # Errors
    /// Those of the store: what is there cannot be read, is damaged, or is in use by another process.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub async fn open(self) -> Result<StatePersistence<S>, StateError>
    where
        S: Default,
    {
        self.open_or_else(S::default).await
    }

    /// Loads the state, or begins with what `make` gives if none was ever saved. That counts as a change, so
    /// it is saved.
    ///
    /// # Errors
    /// Those of the store: what is there cannot be read, is damaged, or is in use by another process.
    ///
    /// # Panics
    /// Outside of a tokio runtime; if `make` does.
    ///
    /// # Cancel safety
    /// Dropping the future leaves nothing behind but what the store has set aside.
    pub async fn open_or_else(
        self,
        make: impl FnOnce() -> S,
    ) -> Result<StatePersistence<S>, StateError> {
        let mut store = self.store;
        let load = move || {
            let loaded = catch_unwind(AssertUnwindSafe(|| store.load()));
            (store, loaded)
        };
        let loaded = tokio::task::spawn_blocking(load).await;
        let (store, loaded) = loaded.map_err(|_| StateError::Closed)?;
        let loaded = loaded.map_err(|_| StateError::Panicked { action: "loaded" })??;
        if let Some(damage) = &loaded.damage {
            crate::observe::state_damaged(damage);
        }
        // After damage there is one generation less, until it is saved.
        let is_saved = loaded.state.is_some() && loaded.damage.is_none();
        let state = loaded.state.unwrap_or_else(make);
        let shared = Arc::new(Shared::new(state, is_saved, loaded.damage));
        tokio::spawn(Saver::new(Arc::clone(&shared), store, self.options).run());
        let alive = Arc::new(Alive(Arc::clone(&shared)));
        Ok(StatePersistence { shared, alive })
    }
}
