//! A map that knows which of its entries have changed.

use std::borrow::Borrow;
use std::collections::{HashMap, HashSet};
use std::fmt::{self, Debug, Formatter};
use std::hash::Hash;
use std::ops::Deref;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A map from names to values that knows which of its entries have changed, so that a store can write those
/// alone.
///
/// It reads like the [`HashMap`] that it dereferences to, and is one to serde. What gives a changeable
/// reference to a value counts as a change of it, whether or not it is used for one.
///
/// Nothing is remembered before someone asks by [`changes_since`](Self::changes_since); from then on every
/// changed key is kept until it is asked for again. A clone remembers nothing.
///
/// # Examples
/// ```
/// use recovery_core::state::TrackedMap;
///
/// let mut visits = TrackedMap::default();
/// visits.insert("ann", 1);
/// *visits.get_or_insert_with("ben", || 0) += 1;
/// assert_eq!(visits.get("ben"), Some(&1));
/// assert_eq!(visits.len(), 2);
/// assert_eq!(serde_json::to_string(&visits.clone().into_map().get("ann")).unwrap(), "1");
/// ```
pub struct TrackedMap<V> {
    entries: HashMap<String, V>,
    tracked: Option<Tracked>,
}

struct Tracked {
    since: Mark,
    changed: Changes,
}

/// A moment in the life of a [`TrackedMap`], unlike any other moment of any map in this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark(u64);

/// Which entries of a [`TrackedMap`] have changed.
///
/// # Examples
/// ```
/// use recovery_core::state::{Changes, TrackedMap};
///
/// let mut map = TrackedMap::from_iter([("ann".to_owned(), 1), ("ben".to_owned(), 2)]);
/// let (changes, mark) = map.changes_since(None);
/// assert_eq!(changes, Changes::Everything);
///
/// map.remove("ann");
/// let (changes, _) = map.changes_since(Some(mark));
/// assert_eq!(changes, Changes::Keys(["ann".to_owned()].into()));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Changes {
    /// Any of them may have, and others may have been removed.
    Everything,
    /// Those with these keys; a key that is no longer in the map was removed.
    Keys(HashSet<String>),
}

impl Changes {
    fn note(&mut self, key: &str) {
        if let Self::Keys(keys) = self
            && !keys.contains(key)
        {
            keys.insert(key.to_owned());
        }
    }
}

impl Mark {
    fn next() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

impl<V> TrackedMap<V> {
    /// An empty map.
    pub fn new() -> Self {
        Self::default()
    }

    /// What has changed since the moment that the last call returned, and the moment now.
    ///
    /// [`Changes::Everything`] if `since` is not that moment: then this is another map, or someone else has
    /// asked in the meantime. From the first call on the map remembers the keys of what changes.
    pub fn changes_since(&mut self, since: Option<Mark>) -> (Changes, Mark) {
        let now = Mark::next();
        let fresh = Tracked {
            since: now,
            changed: Changes::Keys(HashSet::new()),
        };
        let changes = match self.tracked.replace(fresh) {
            Some(tracked) if Some(tracked.since) == since => tracked.changed,
            _ => Changes::Everything,
        };
        (changes, now)
    }

    /// Puts a value in; returns the one that it replaces.
    pub fn insert(&mut self, key: impl Into<String>, value: V) -> Option<V> {
        let key = key.into();
        self.note(&key);
        self.entries.insert(key, value)
    }

    /// Takes a value out.
    pub fn remove<Q>(&mut self, key: &Q) -> Option<V>
    where
        String: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let (key, value) = self.entries.remove_entry(key)?;
        self.note(&key);
        Some(value)
    }

    /// The value of a key, to be changed.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut V> {
        let value = self.entries.get_mut(key)?;
        if let Some(tracked) = &mut self.tracked {
            tracked.changed.note(key);
        }
        Some(value)
    }

    /// The value of a key, to be changed; if there is none, what `make` returns is put in first.
    pub fn get_or_insert_with(
        &mut self,
        key: impl Into<String>,
        make: impl FnOnce() -> V,
    ) -> &mut V {
        let key = key.into();
        self.note(&key);
        self.entries.entry(key).or_insert_with(make)
    }

    /// All entries, to be changed: every one of them counts as changed.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&str, &mut V)> {
        self.note_everything();
        self.entries
            .iter_mut()
            .map(|(key, value)| (key.as_str(), value))
    }

    /// Keeps those entries alone for which `keep` is true.
    pub fn retain(&mut self, mut keep: impl FnMut(&str, &V) -> bool) {
        let tracked = &mut self.tracked;
        self.entries.retain(|key, value| {
            let stays = keep(key, value);
            if !stays && let Some(tracked) = tracked {
                tracked.changed.note(key);
            }
            stays
        });
    }

    /// Takes all entries out.
    pub fn clear(&mut self) {
        self.note_everything();
        self.entries.clear();
    }

    /// The entries as a plain map.
    pub fn into_map(self) -> HashMap<String, V> {
        self.entries
    }

    fn note(&mut self, key: &str) {
        if let Some(tracked) = &mut self.tracked {
            tracked.changed.note(key);
        }
    }

    fn note_everything(&mut self) {
        if let Some(tracked) = &mut self.tracked {
            tracked.changed = Changes::Everything;
        }
    }
}

impl<V> Deref for TrackedMap<V> {
    type Target = HashMap<String, V>;

    fn deref(&self) -> &Self::Target {
        &self.entries
    }
}

impl<V> Default for TrackedMap<V> {
    fn default() -> Self {
        HashMap::new().into()
    }
}

impl<V> From<HashMap<String, V>> for TrackedMap<V> {
    fn from(entries: HashMap<String, V>) -> Self {
        Self {
            entries,
            tracked: None,
        }
    }
}

impl<V: Clone> Clone for TrackedMap<V> {
    fn clone(&self) -> Self {
        self.entries.clone().into()
    }
}

impl<V: Debug> Debug for TrackedMap<V> {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        self.entries.fmt(formatter)
    }
}

impl<V: PartialEq> PartialEq for TrackedMap<V> {
    fn eq(&self, other: &Self) -> bool {
        self.entries == other.entries
    }
}

impl<V: Eq> Eq for TrackedMap<V> {}

impl<V> FromIterator<(String, V)> for TrackedMap<V> {
    fn from_iter<I: IntoIterator<Item = (String, V)>>(entries: I) -> Self {
        HashMap::from_iter(entries).into()
    }
}

impl<V> Extend<(String, V)> for TrackedMap<V> {
    fn extend<I: IntoIterator<Item = (String, V)>>(&mut self, entries: I) {
        for (key, value) in entries {
            self.insert(key, value);
        }
    }
}

impl<V> IntoIterator for TrackedMap<V> {
    type Item = (String, V);
    type IntoIter = std::collections::hash_map::IntoIter<String, V>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.into_iter()
    }
}

impl<'a, V> IntoIterator for &'a TrackedMap<V> {
    type Item = (&'a String, &'a V);
    type IntoIter = std::collections::hash_map::Iter<'a, String, V>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.iter()
    }
}

impl<V: Serialize> Serialize for TrackedMap<V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.entries.serialize(serializer)
    }
}

impl<'de, V: Deserialize<'de>> Deserialize<'de> for TrackedMap<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        HashMap::deserialize(deserializer).map(Self::from)
    }
}

#[cfg(test)]
mod tests;
