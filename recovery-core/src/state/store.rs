//! What a place is that a state can be kept in.

use std::path::PathBuf;

use super::StateError;

/// A place that a state of type `S` is kept in, by one process at a time.
///
/// A save has two steps. [`snapshot`](Self::snapshot) takes from the state what has to be written; it runs
/// while nobody else can use the state, so it must be quick. [`write`](Self::write) then writes it, on a
/// thread that may block, while the state goes on changing.
///
/// All but `snapshot` are called on such a thread, within the runtime, so a store with an async client uses
/// `tokio::runtime::Handle::current().block_on(..)` in them. Give a client a timeout of its own: while one call
/// hangs, nothing else is saved. A store that is dropped gives back whatever it has locked.
///
/// # Examples
/// A state as one value of a server that has keys and values, such as Redis:
/// ```
/// use recovery_core::state::{Loaded, StateError, StatePersistence, StateStore, Written};
/// use serde::{Serialize, de::DeserializeOwned};
/// # use std::{collections::HashMap, io, sync::{Arc, Mutex}};
/// # /// In place of a client of a real server.
/// # #[derive(Clone, Default)]
/// # struct Client(Arc<Mutex<HashMap<String, String>>>);
/// # impl Client {
/// #     fn get(&self, key: &str) -> io::Result<Option<String>> {
/// #         Ok(self.0.lock().unwrap().get(key).cloned())
/// #     }
/// #     fn set(&self, key: &str, value: &str) -> io::Result<()> {
/// #         self.0.lock().unwrap().insert(key.to_owned(), value.to_owned());
/// #         Ok(())
/// #     }
/// # }
///
/// struct ServerStore {
///     client: Client,
///     key: String,
/// }
///
/// impl ServerStore {
///     fn failed(&self, action: &'static str) -> impl FnOnce(io::Error) -> StateError {
///         // A name, never an address with a password: errors are shown.
///         let path = self.key.clone().into();
///         move |cause| StateError::Io { action, path, cause }
///     }
/// }
///
/// impl<S: Serialize + DeserializeOwned> StateStore<S> for ServerStore {
///     type Snapshot = String;
///     const IS_WHOLE: bool = true;
///
///     fn load(&mut self) -> Result<Loaded<S>, StateError> {
///         let found = self.client.get(&self.key).map_err(self.failed("read"))?;
///         let state = found.map(|text| serde_json::from_str(&text)).transpose();
///         let state = state.map_err(|_| StateError::Incompatible {
///             path: self.key.clone().into(),
///             version: 1,
///             reason: "it is no such state".to_owned(),
///         })?;
///         Ok(Loaded::intact(state))
///     }
///
///     fn snapshot(&mut self, state: &mut S) -> Result<String, StateError> {
///         serde_json::to_string(state).map_err(|_| StateError::Unwritable {
///             reason: "it has keys that JSON does not know".to_owned(),
///         })
///     }
///
///     fn write(&mut self, text: &String) -> Result<Written, StateError> {
///         self.client.set(&self.key, text).map_err(self.failed("write"))?;
///         Ok(Written::of(text.len() as u64))
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), StateError> {
/// # let client = Client::default();
/// let store = |client| ServerStore { client, key: "greetings".to_owned() };
/// let count = StatePersistence::<u64>::open(store(client.clone())).await?;
/// count.update_state(|count| *count += 1);
/// count.close().await?;
/// let count = StatePersistence::<u64>::open(store(client)).await?;
/// assert_eq!(count.get_state(), 1);
/// # Ok(())
/// # }
/// ```
pub trait StateStore<S>: Send + 'static {
    /// What one save writes.
    type Snapshot: Send + 'static;

    /// Whether each snapshot holds the whole state, so that one which could not be written is needless as
    /// soon as there is a newer one. Default: no, it holds what has changed.
    const IS_WHOLE: bool = false;

    /// Reads what was written last; a place in which nothing was ever written has no state.
    ///
    /// # Errors
    /// If there is something that cannot be read. It is then left as it was.
    fn load(&mut self) -> Result<Loaded<S>, StateError>;

    /// Takes what has to be written, so that after it has been written the state is kept as it is now.
    ///
    /// Unless [`IS_WHOLE`](Self::IS_WHOLE), what one snapshot has taken is not in the next one: a snapshot
    /// that could not be written must be written before a newer one.
    ///
    /// # Errors
    /// If the state cannot be put into the form that the place has.
    fn snapshot(&mut self, state: &mut S) -> Result<Self::Snapshot, StateError>;

    /// Writes a snapshot, for good: when this returns, it outlives the loss of power. If it fails, or the
    /// process dies, [`load`](Self::load) gives the state either before or after it, never a mixture.
    ///
    /// Writing one snapshot again does no harm.
    ///
    /// # Errors
    /// If it could not be written.
    fn write(&mut self, snapshot: &Self::Snapshot) -> Result<Written, StateError>;

    /// Does what takes long and nobody waits for, such as a backup; it is called after a save, on a thread
    /// that may block, and only the next save has to wait for it. Default: nothing.
    fn maintain(&mut self) {}
}

/// What was found in a store.
#[derive(Debug)]
#[non_exhaustive]
pub struct Loaded<S> {
    /// The state, if one was ever written.
    pub state: Option<S>,
    /// What was damaged, if something was: `state` is then an earlier generation.
    pub damage: Option<Damage>,
}

impl<S> Loaded<S> {
    /// As it was written.
    pub const fn intact(state: Option<S>) -> Self {
        Self {
            state,
            damage: None,
        }
    }

    /// An earlier generation, in place of what was damaged.
    pub const fn restored(state: S, damage: Damage) -> Self {
        Self {
            state: Some(state),
            damage: Some(damage),
        }
    }
}

/// Something that was damaged, and has been replaced by an earlier generation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// What is wrong with it.
    pub reason: String,
    /// Where it is now, for someone to look at; `None` if it was missing.
    pub kept: Option<PathBuf>,
    /// The earlier generation that has taken its place.
    pub restored: PathBuf,
}

/// What a save has written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Written {
    /// How many bytes of the state.
    pub bytes: u64,
}

impl Written {
    /// So many bytes.
    pub const fn of(bytes: u64) -> Self {
        Self { bytes }
    }
}
