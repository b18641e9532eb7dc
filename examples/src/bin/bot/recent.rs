//! Which messages have been seen of late.

use std::collections::{HashSet, VecDeque};
use std::sync::{Mutex, PoisonError};

/// The platform may push one message several times, and does after a reconnect; a channel reply
/// has no key by which it would be deduplicated. Memory is bounded: the oldest are forgotten.
pub(crate) struct Recent {
    seen: Mutex<(HashSet<String>, VecDeque<String>)>,
    capacity: usize,
}

impl Recent {
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            seen: Mutex::default(),
            capacity,
        }
    }

    /// Whether this is the first time that `id` is noted.
    pub(crate) fn is_new(&self, id: &str) -> bool {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let (known, order) = &mut *seen;
        if !known.insert(id.to_owned()) {
            return false;
        }
        order.push_back(id.to_owned());
        if order.len() > self.capacity
            && let Some(oldest) = order.pop_front()
        {
            known.remove(&oldest);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::Recent;

    #[test]
    fn knows_what_it_has_seen_and_forgets_the_oldest() {
        let recent = Recent::new(2);
        assert!(recent.is_new("a") && recent.is_new("b"));
        assert!(!recent.is_new("a") && !recent.is_new("b"));
        assert!(recent.is_new("c"));
        assert!(recent.is_new("a"), "forgotten for c");
        assert!(!recent.is_new("c"));
    }
}
