//! Where an outbox outlives the process, if it does.

use std::path::Path;
use std::time::Duration;

use super::entry::Saved;
use crate::state::{JsonFile, StateError, StatePersistence};

/// What nobody waits for, as that a reply was delivered, is on the disk within so long.
const SAVE_WITHIN: Duration = Duration::from_secs(1);

/// Where an outbox is kept.
pub(super) enum Store {
    /// Nowhere.
    Memory,
    /// In a file.
    File(StatePersistence<Saved>),
}

impl Store {
    pub(super) async fn open(path: &Path) -> Result<Self, StateError> {
        let file = StatePersistence::builder(JsonFile::new(path)).save_interval(SAVE_WITHIN);
        Ok(Self::File(file.open().await?))
    }

    /// What is there.
    pub(super) fn read(&self) -> Saved {
        match self {
            Self::Memory => Saved::default(),
            Self::File(file) => file.get_state(),
        }
    }

    /// Changes it; the next save writes that.
    pub(super) fn update(&self, change: impl FnOnce(&mut Saved)) {
        if let Self::File(file) = self {
            file.update_state(change);
        }
    }

    /// Waits until every change so far is on the disk.
    pub(super) async fn save(&self) -> Result<(), StateError> {
        match self {
            Self::Memory => Ok(()),
            Self::File(file) => file.save().await,
        }
    }
}
