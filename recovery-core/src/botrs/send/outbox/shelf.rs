//! What waits, in memory: by age, by place, by message.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use super::super::target::Place;
use super::entry::{Entry, Saved};

/// Names an entry, and no other one after it; a greater one is younger.
pub(super) type Number = u64;

/// Bounds the memory and the file: bodies together.
pub(super) const MOST_BYTES: usize = 8 << 20;
/// A bot that lives gives its replies up sooner.
const ABANDONED_AFTER: Duration = Duration::from_secs(60);

#[derive(Default)]
pub(super) struct Shelf {
    kept: BTreeMap<Number, Kept>,
    /// By the id of the message that is replied to.
    by_message: HashMap<String, Vec<Number>>,
    bytes: usize,
    last: Number,
}

/// An entry, with times that a jump of the wall clock cannot change.
#[derive(Clone)]
pub(super) struct Kept {
    pub(super) entry: Entry,
    pub(super) closes_at: Instant,
    /// Before that it is not on the disk for sure, and is not sent.
    pub(super) is_ready: bool,
    since: Instant,
    /// How old it was then.
    age: Duration,
    bytes: usize,
}

impl Kept {
    pub(super) fn new(entry: Entry, closes_at: Instant) -> Self {
        Self {
            bytes: entry.body.to_string().len(),
            closes_at,
            is_ready: false,
            since: Instant::now(),
            age: Duration::ZERO,
            entry,
        }
    }

    pub(super) fn kept_for(&self) -> Duration {
        self.age.saturating_add(self.since.elapsed())
    }
}

impl Shelf {
    /// What was on the disk.
    pub(super) fn of(saved: Saved, wall: SystemTime, now: Instant) -> Self {
        let mut shelf = Self::default();
        for (number, entry) in saved.entries {
            let (left, age) = (entry.left(wall), entry.age(wall));
            let kept = Kept {
                since: now,
                age,
                is_ready: true,
                ..Kept::new(entry, now + left)
            };
            shelf.insert(number, kept);
        }
        shelf
    }

    pub(super) fn len(&self) -> usize {
        self.kept.len()
    }

    pub(super) fn has_room_for(&self, kept: &Kept) -> bool {
        self.bytes.saturating_add(kept.bytes) <= MOST_BYTES
    }

    /// Adds it as the youngest.
    pub(super) fn add(&mut self, kept: Kept) -> Number {
        let number = self.last.saturating_add(1);
        self.insert(number, kept);
        number
    }

    fn insert(&mut self, number: Number, kept: Kept) {
        self.bytes += kept.bytes;
        self.last = self.last.max(number);
        let message = kept.entry.key.msg_id.clone();
        self.by_message.entry(message).or_default().push(number);
        self.kept.insert(number, kept);
    }

    pub(super) fn remove(&mut self, number: Number) -> Option<Kept> {
        let kept = self.kept.remove(&number)?;
        self.bytes -= kept.bytes;
        let message = &kept.entry.key.msg_id;
        if let Some(numbers) = self.by_message.get_mut(message) {
            numbers.retain(|other| *other != number);
            if numbers.is_empty() {
                self.by_message.remove(message);
            }
        }
        Some(kept)
    }

    pub(super) fn get(&self, number: Number) -> Option<&Kept> {
        self.kept.get(&number)
    }

    pub(super) fn get_mut(&mut self, number: Number) -> Option<&mut Kept> {
        self.kept.get_mut(&number)
    }

    /// Those to the same message in the same place.
    pub(super) fn beside<'a>(&'a self, entry: &'a Entry) -> impl Iterator<Item = &'a Kept> {
        let numbers = self.by_message.get(&entry.key.msg_id);
        let known = |number| self.kept.get(number);
        let is_beside = |kept: &&Kept| {
            let (other, key) = (&kept.entry.key, &entry.key);
            kept.entry.app_id == entry.app_id
                && (other.scene, &other.target) == (key.scene, &key.target)
        };
        let numbers = numbers.into_iter().flatten();
        numbers.filter_map(known).filter(is_beside)
    }

    /// This bot's, by place, each oldest first; the place that waits longest is first.
    pub(super) fn queues(&self, app_id: &str) -> Vec<Vec<Number>> {
        let mut places: HashMap<Place, usize> = HashMap::new();
        let mut queues: Vec<Vec<Number>> = Vec::new();
        let ours = |kept: &Kept| kept.is_ready && kept.entry.app_id == app_id;
        for (number, kept) in self.kept.iter().filter(|(_, kept)| ours(kept)) {
            let index = *places.entry(kept.entry.place()).or_insert(queues.len());
            match queues.get_mut(index) {
                Some(queue) => queue.push(*number),
                None => queues.push(vec![*number]),
            }
        }
        queues
    }

    /// Those that can be sent no more: this bot's, and of other bots those that nobody else gives up.
    pub(super) fn closed(&self, app_id: &str, now: Instant) -> Vec<Number> {
        let is_closed = |kept: &Kept| {
            let since = now.checked_duration_since(kept.closes_at);
            let is_ours = kept.entry.app_id == app_id;
            kept.is_ready && since.is_some_and(|since| is_ours || since >= ABANDONED_AFTER)
        };
        let closed = self.kept.iter().filter(|(_, kept)| is_closed(kept));
        closed.map(|(number, _)| *number).collect()
    }
}
