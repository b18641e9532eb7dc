//! A reply that waits, as it is on the disk.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::super::super::journal::millis;
use super::super::attempt::Reply;
use super::super::journal::SendKey;
use super::super::target::{Place, Scene};

/// Of all scenes, and of events.
const LONGEST_WINDOW: Duration = Duration::from_secs(60 * 60);

/// A reply that waits.
#[derive(Clone, Serialize, Deserialize)]
pub(in crate::botrs::send) struct Entry {
    /// Whose.
    pub(in crate::botrs::send) app_id: String,
    pub(in crate::botrs::send) key: SendKey,
    /// Whether a second attempt would be recognised.
    pub(in crate::botrs::send) deduplicates: bool,
    #[serde(with = "shared")]
    pub(in crate::botrs::send) body: Arc<Value>,
    /// Milliseconds since 1970.
    pub(in crate::botrs::send) kept_at: u64,
    /// Milliseconds since 1970.
    pub(in crate::botrs::send) closes_at: u64,
    /// Whether an attempt was begun that the place would not recognise, and may have arrived.
    pub(super) in_doubt: bool,
}

impl Entry {
    /// Of a reply that has not been attempted, and can be sent for so long.
    pub(in crate::botrs::send) fn new(
        app_id: &str,
        reply: &Reply,
        body: &Arc<Value>,
        left: Duration,
    ) -> Self {
        let now = millis(SystemTime::now());
        let left = u64::try_from(left.as_millis()).unwrap_or(u64::MAX);
        Self {
            app_id: app_id.to_owned(),
            key: reply.key.clone(),
            deduplicates: reply.deduplicates,
            body: Arc::clone(body),
            kept_at: now,
            closes_at: now.saturating_add(left),
            in_doubt: false,
        }
    }

    pub(super) fn place(&self) -> Place {
        let id = self.key.target.clone();
        match self.key.scene {
            Scene::Channel => Place::Channel(id),
            Scene::Direct => Place::Direct(id),
            Scene::Group => Place::Group(id),
            Scene::C2c => Place::C2c(id),
        }
    }

    /// How long it can still be sent at `now`. A clock that was set back gives it no more than it had.
    pub(super) fn left(&self, now: SystemTime) -> Duration {
        let had = self.closes_at.saturating_sub(self.kept_at);
        let left = self.closes_at.saturating_sub(millis(now)).min(had);
        Duration::from_millis(left).min(LONGEST_WINDOW)
    }

    pub(super) fn age(&self, now: SystemTime) -> Duration {
        Duration::from_millis(millis(now).saturating_sub(self.kept_at))
    }
}

/// All that waits, by age.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(super) struct Saved {
    pub(super) entries: BTreeMap<u64, Entry>,
}

impl Saved {
    pub(super) fn remove(&mut self, number: u64) {
        self.entries.remove(&number);
    }
}

/// A body is shared with whoever sends it.
mod shared {
    use super::{Arc, Deserialize, Serialize, Value};

    pub(super) fn serialize<S: serde::Serializer>(
        body: &Arc<Value>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        body.as_ref().serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: serde::Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Arc<Value>, D::Error> {
        Value::deserialize(deserializer).map(Arc::new)
    }
}
