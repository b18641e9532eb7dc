//! What outlives the process: the bot's state, and the replies that could not be delivered yet.

use std::path::Path;
use std::time::Duration;

use recovery_core::botrs::{BotState, Outbox};
use recovery_core::state::{InMemory, JsonFile, StateError, StatePersistence};
use recovery_core::watch::ErrorMonitor;

/// A state that a crash sets back by this at most.
const SAVED_WITHIN: Duration = Duration::from_secs(2);

/// What the bot remembers, in a folder or for as long as it lives.
pub(crate) struct Survival {
    pub(crate) state: StatePersistence<BotState>,
    pub(crate) outbox: Outbox,
}

impl Survival {
    pub(crate) async fn open(
        folder: Option<&Path>,
        monitor: &ErrorMonitor,
    ) -> anyhow::Result<Self> {
        let Some(folder) = folder else {
            return Ok(Self {
                state: StatePersistence::builder(InMemory).open().await?,
                outbox: Outbox::in_memory(),
            });
        };
        let monitor = monitor.clone();
        let told = move |error: &StateError| {
            monitor.record_error("state.save", error);
        };
        // For a million users, the database of the feature `redb` takes the place of the file.
        let state = StatePersistence::builder(JsonFile::new(folder.join("state.json")))
            .save_interval(SAVED_WITHIN)
            .on_failure(told)
            .open()
            .await?;
        let outbox = Outbox::open(folder.join("outbox.json")).await?;
        Ok(Self { state, outbox })
    }
}
