//! Which ids have been seen of late.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

/// A set that forgets its oldest members.
#[derive(Debug)]
pub(crate) struct Recent {
    known: HashSet<Arc<str>>,
    order: VecDeque<Arc<str>>,
    capacity: usize,
}

impl Recent {
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            known: HashSet::new(),
            order: VecDeque::new(),
            capacity: capacity.max(1),
        }
    }

    /// Notes `id`; false if it is known.
    pub(crate) fn note(&mut self, id: &str) -> bool {
        if self.known.contains(id) {
            return false;
        }
        if self.order.len() == self.capacity
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
        let id: Arc<str> = id.into();
        self.known.insert(Arc::clone(&id));
        self.order.push_back(id);
        true
    }

    pub(crate) fn contains(&self, id: &str) -> bool {
        self.known.contains(id)
    }

    /// The oldest first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        self.order.iter().map(AsRef::as_ref)
    }
}

#[cfg(test)]
mod tests {
    use super::Recent;

    #[test]
    fn knows_what_it_has_seen_and_forgets_the_oldest() {
        let mut recent = Recent::new(2);
        assert!(recent.note("a") && recent.note("b"));
        assert!(!recent.note("a") && !recent.note("b"));
        assert!(recent.note("c"));
        assert!(!recent.contains("a"), "forgotten for c");
        assert_eq!(recent.iter().collect::<Vec<_>>(), ["b", "c"]);
    }
}
