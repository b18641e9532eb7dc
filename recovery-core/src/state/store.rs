//! What a place is that a state can be kept in.

use std::path::PathBuf;

use super::StateError;

/// A place that a state of type `S` is kept in, by one process at a time.
///
/// A save has two steps. [`snapshot`](Self::snapshot) takes from the state what has to be written; it runs
/// while nobody else can use the state, so it must be quick. [`write`](Self::write) then writes it, on a
/// thread that may block, while the state goes on changing.
pub trait StateStore<S>: Send + 'static {
    /// What one save writes.
    type Snapshot: Send + 'static;

    /// Reads what was written last; a place in which nothing was ever written has no state.
    ///
    /// # Errors
    /// If there is something that cannot be read. It is then left as it was.
    fn load(&mut self) -> Result<Loaded<S>, StateError>;

    /// Takes what has to be written, so that after it has been written the state is kept as it is now.
    ///
    /// What one snapshot has taken is not in the next one: a snapshot that could not be written must be
    /// written before a newer one.
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
    /// Where it is now, for someone to look at.
    pub kept: PathBuf,
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
