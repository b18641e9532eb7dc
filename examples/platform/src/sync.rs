//! One way to take a lock.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks, whatever a thread that panicked may have left: every critical section of this crate
/// leaves its data whole at each step.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
