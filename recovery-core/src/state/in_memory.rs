//! A place that forgets with the process.

use super::{Loaded, StateError, StateStore, Written};

/// Keeps nothing: for a program that was given no folder, and for tests. Saving always succeeds.
///
/// # Examples
/// ```
/// use recovery_core::state::{InMemory, StateError, StatePersistence};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), StateError> {
/// let count: StatePersistence<u64> = StatePersistence::open(InMemory).await?;
/// count.update_state(|count| *count += 1);
/// count.close().await?;
/// assert_eq!(count.get_state(), 1);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct InMemory;

impl<S> StateStore<S> for InMemory {
    type Snapshot = ();

    fn load(&mut self) -> Result<Loaded<S>, StateError> {
        Ok(Loaded::intact(None))
    }

    fn snapshot(&mut self, _: &mut S) -> Result<(), StateError> {
        Ok(())
    }

    fn write(&mut self, (): &()) -> Result<Written, StateError> {
        Ok(Written::of(0))
    }
}
