//! A state that outlives the process (feature `state`).
//!
//! [`StatePersistence`] has a state of any type that serde can write. It is in memory, and reading or changing
//! it is a matter of nanoseconds; a task of its own saves what has changed, every few seconds and at the end.
//! [`JsonFile`] keeps it in a file, such that whatever happens (a kill, a full disk, a loss of power, a
//! damaged file, a second process, an editor) what was saved last can be loaded, nothing is overwritten
//! silently, and somebody is told.
//!
//! `RedbStore` (feature `redb`) keeps a state of [`Records`] in an embedded database, where a save writes
//! only those that have changed: a [`TrackedMap`] knows which.
//!
//! [`InMemory`] keeps nothing. [`StateStore`] is what such a place is, for places of your own.
//!
//! ```
//! use std::collections::HashMap;
//! use recovery_core::state::{JsonFile, StateError, StatePersistence};
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Clone, Default, Serialize, Deserialize)]
//! struct BotState {
//!     processed: u64,
//!     by_user: HashMap<String, u64>,
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), StateError> {
//! # let folder = tempfile::tempdir().unwrap();
//! # let path = folder.path().join("bot.json");
//! let state = StatePersistence::open(JsonFile::<BotState>::new(&path)).await?;
//! state.update_state(|state| {
//!     state.processed += 1;
//!     *state.by_user.entry("alice".into()).or_default() += 1;
//! });
//! state.close().await?; // at the end; before that it saves by itself
//!
//! let state = StatePersistence::open(JsonFile::<BotState>::new(&path)).await?;
//! assert_eq!(state.read(|state| state.by_user["alice"]), 1);
//!
//! // One writer at a time: the second is told who the first one is.
//! let refused = StatePersistence::open(JsonFile::<BotState>::new(&path)).await.unwrap_err();
//! assert!(refused.to_string().contains(&format!("process {}", std::process::id())));
//! # Ok(())
//! # }
//! ```

mod error;
mod in_memory;
mod json_file;
mod lock_file;
mod persistence;
mod place;
pub(crate) mod private_file;
mod reason;
mod records;
#[cfg(feature = "redb")]
mod redb;
mod store;
mod tracked_map;
mod unfit;
mod utc;

#[cfg(feature = "botrs")]
pub(crate) use lock_file::LockFile;
#[cfg(feature = "botrs")]
pub(crate) use place::aside;

pub use error::StateError;
pub use in_memory::InMemory;
pub use json_file::JsonFile;
pub use persistence::{SaveStatus, StatePersistence, StatePersistenceBuilder};
pub use records::Records;
#[cfg(feature = "redb")]
pub use redb::{Part, RedbSnapshot, RedbStore};
pub use store::{Damage, Loaded, StateStore, Written};
pub use tracked_map::{Changes, Mark, TrackedMap};
