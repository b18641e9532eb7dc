//! What one save writes.

use std::fmt::{self, Debug, Formatter};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::database::seal;
use crate::state::{Changes, Records, StateError, reason};

/// What a [`RedbStore`](super::RedbStore) writes at one save: the root, and the records that have changed.
///
/// [`snapshot`](crate::state::StateStore::snapshot) takes it, and it shows nothing of the state.
///
/// # Examples
/// ```
/// use recovery_core::state::{Records, RedbStore, StateStore, TrackedMap};
///
/// struct Visits(TrackedMap<u64>);
///
/// impl Records for Visits {
///     type Root = ();
///     type Record = u64;
///
///     fn from_parts((): (), users: TrackedMap<u64>) -> Self {
///         Self(users)
///     }
///
///     fn root(&self) {}
///
///     fn records(&mut self) -> &mut TrackedMap<u64> {
///         &mut self.0
///     }
/// }
///
/// let mut state = Visits(TrackedMap::from_iter([("ann".to_owned(), 7)]));
/// let snapshot = RedbStore::new("visits.redb").snapshot(&mut state)?;
/// assert!(!format!("{snapshot:?}").contains("ann"));
/// # Ok::<(), recovery_core::state::StateError>(())
/// ```
pub struct RedbSnapshot {
    pub(super) is_whole: bool,
    pub(super) root: Vec<u8>,
    pub(super) written: Vec<(String, Vec<u8>)>,
    pub(super) removed: Vec<String>,
}

impl RedbSnapshot {
    pub(super) fn take<S: Records>(state: &mut S, changes: Changes) -> Result<Self, StateError> {
        let root = sealed("root", &state.root())?;
        let records = state.records();
        let mut written = Vec::new();
        let mut removed = Vec::new();
        let is_whole = changes == Changes::Everything;
        match changes {
            Changes::Everything => {
                written.reserve_exact(records.len());
                for (key, record) in &*records {
                    written.push((key.clone(), sealed(key, record)?));
                }
            }
            Changes::Keys(keys) => {
                for key in keys {
                    match records.get(&key) {
                        Some(record) => {
                            let record = sealed(&key, record)?;
                            written.push((key, record));
                        }
                        None => removed.push(key),
                    }
                }
            }
        }
        Ok(Self {
            is_whole,
            root,
            written,
            removed,
        })
    }

    pub(super) fn bytes(&self) -> u64 {
        let records = self
            .written
            .iter()
            .map(|(key, value)| key.len() + value.len());
        (self.root.len() + records.sum::<usize>()) as u64
    }
}

/// A value as it is written; what could not be loaded must not take the place of what can.
fn sealed<T: Serialize + DeserializeOwned>(key: &str, value: &T) -> Result<Vec<u8>, StateError> {
    let unwritable = |reason| StateError::Unwritable { reason };
    let json = serde_json::to_vec(value).map_err(|error| unwritable(reason::of_write(&error)))?;
    serde_json::from_slice::<T>(&json).map_err(|error| {
        let reason = reason::of_read(&error);
        unwritable(format!("it could not be read again: {reason}"))
    })?;
    Ok(seal(key, &json))
}

/// What is in it is the state, which may be private.
impl Debug for RedbSnapshot {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("RedbSnapshot")
            .field("is_whole", &self.is_whole)
            .field("written", &self.written.len())
            .field("removed", &self.removed.len())
            .finish_non_exhaustive()
    }
}
