//! Errors by operation, for a bounded number of names.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use super::sliding::Sliding;

/// So many names are told apart.
pub(super) const MOST_NAMES: usize = 256;
/// So many bytes of a name are kept.
pub(super) const LONGEST_NAME: usize = 64;
/// Under which the rest is counted.
pub(super) const REST: &str = "other";

/// The counts of the operations that have a name here, and of the rest.
pub(super) struct Operations {
    by_name: HashMap<Box<str>, Sliding, BuildHasherDefault<Fnv>>,
    rest: Sliding,
    /// The slot in which all names were found to be in use. Until the next one none falls to zero.
    full_in: Option<u64>,
}

impl Operations {
    pub(super) fn add(&mut self, slot: u64, operation: &str) {
        let name = cut(operation);
        if let Some(sliding) = self.by_name.get_mut(name) {
            sliding.add(slot);
        } else if name != REST && self.has_place(slot) {
            let mut sliding = Sliding::EMPTY;
            sliding.add(slot);
            self.by_name.insert(name.into(), sliding);
        } else {
            self.rest.add(slot);
        }
    }

    /// Those with errors in the window, the most frequent first, then by name.
    pub(super) fn counts(&mut self, slot: u64) -> Vec<(String, u64)> {
        let named = self.by_name.iter_mut();
        let named = named.map(|(name, sliding)| (&**name, sliding.count(slot)));
        let rest = std::iter::once((REST, self.rest.count(slot)));
        let mut counts: Vec<_> = named.chain(rest).filter(|(_, count)| *count > 0).collect();
        counts.sort_unstable_by(|(a, few), (b, many)| many.cmp(few).then(a.cmp(b)));
        let owned = counts.into_iter();
        owned
            .map(|(name, count)| (name.to_owned(), count))
            .collect()
    }

    /// Whether a new name can be taken in, if need be in place of those that are out of use.
    fn has_place(&mut self, slot: u64) -> bool {
        if self.by_name.len() < MOST_NAMES {
            return true;
        }
        if self.full_in.is_some_and(|full_in| slot <= full_in) {
            return false;
        }
        self.by_name.retain(|_, sliding| sliding.count(slot) > 0);
        let is_full = self.by_name.len() >= MOST_NAMES;
        self.full_in = is_full.then_some(slot);
        !is_full
    }
}

impl Default for Operations {
    fn default() -> Self {
        Self {
            by_name: HashMap::default(),
            rest: Sliding::EMPTY,
            full_in: None,
        }
    }
}

/// FNV-1a: for short names several times as fast as the standard hash. Names made to collide find each other in a
/// table of 256 at most.
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Hasher for Fnv {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

fn cut(operation: &str) -> &str {
    let mut end = operation.len().min(LONGEST_NAME);
    while !operation.is_char_boundary(end) {
        end -= 1;
    }
    &operation[..end]
}
