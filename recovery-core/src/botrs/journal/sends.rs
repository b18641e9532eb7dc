//! Which replies have been begun, of events that may be handled again.

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use crate::botrs::send::SendKey;

/// Longer than any reply window (60 minutes in private chats). Those of events are not documented.
const REMEMBERED: Duration = Duration::from_secs(65 * 60);
/// More messages than a bot replies to at a time.
const MOST: usize = 50_000;
const FEW: usize = 1_024;

/// By the message that is replied to. Mostly an entry is gone as soon as its event is done; what a handler
/// sends after that stays until the reply window is surely over.
#[derive(Debug)]
pub(super) struct Sends {
    by_message: HashMap<String, Vec<(SendKey, SystemTime)>>,
    sweep_at: usize,
}

impl Default for Sends {
    fn default() -> Self {
        Self {
            by_message: HashMap::new(),
            sweep_at: FEW,
        }
    }
}

impl Sends {
    pub(super) fn contains(&self, key: &SendKey) -> bool {
        let sends = self.by_message.get(&key.msg_id);
        sends.is_some_and(|sends| sends.iter().any(|(known, _)| known == key))
    }

    pub(super) fn note(&mut self, key: &SendKey, at: SystemTime) {
        let sends = self.by_message.entry(key.msg_id.clone()).or_default();
        sends.push((key.clone(), at));
        if self.by_message.len() >= self.sweep_at {
            self.sweep(SystemTime::now());
            self.sweep_at = (2 * self.by_message.len()).max(FEW);
        }
    }

    /// Forgets the replies to this message.
    pub(super) fn forget(&mut self, message: &str) {
        self.by_message.remove(message);
    }

    /// Forgets those whose reply windows are surely over. What seems to come from the future was noted before
    /// the clock was set back, and stays.
    pub(super) fn sweep(&mut self, now: SystemTime) {
        let is_open = |(_, at): &(SendKey, SystemTime)| {
            now.duration_since(*at).map_or(true, |age| age < REMEMBERED)
        };
        self.by_message.retain(|_, sends| sends.iter().any(is_open));
        if self.by_message.len() > MOST {
            let newest = |sends: &Vec<(SendKey, SystemTime)>| sends.last().map(|(_, at)| *at);
            let mut times: Vec<_> = self.by_message.values().map(newest).collect();
            times.sort_unstable();
            let oldest = times[times.len() - MOST / 2];
            self.by_message.retain(|_, sends| newest(sends) >= oldest);
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&SendKey, SystemTime)> {
        self.by_message
            .values()
            .flatten()
            .map(|(key, at)| (key, *at))
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.by_message.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::botrs::Scene;

    fn key(scene: Scene, message: &str) -> SendKey {
        SendKey {
            scene,
            target: "T".to_owned(),
            msg_id: message.to_owned(),
            msg_seq: 1,
        }
    }

    fn minutes(minutes: u64) -> Duration {
        Duration::from_secs(60 * minutes)
    }

    #[test]
    fn are_known_until_their_event_is_done_or_their_window_over() {
        let (mut sends, now) = (Sends::default(), SystemTime::now());
        let (group, private) = (key(Scene::Group, "G"), key(Scene::C2c, "P"));
        let done = key(Scene::Channel, "C");
        for key in [&group, &private, &done] {
            sends.note(key, now);
            assert!(sends.contains(key));
        }
        sends.forget("C");
        assert!(!sends.contains(&done));
        sends.sweep(now + minutes(61));
        assert!(sends.contains(&group) && sends.contains(&private));
        sends.sweep(now + minutes(66));
        assert!(!sends.contains(&group) && !sends.contains(&private));
    }

    #[test]
    fn a_clock_that_was_set_back_forgets_none() {
        let (mut sends, now) = (Sends::default(), SystemTime::now());
        let key = key(Scene::Channel, "C");
        sends.note(&key, now + minutes(24 * 60));
        sends.sweep(now);
        assert!(sends.contains(&key));
    }

    #[test]
    fn are_bounded() {
        let (mut sends, now) = (Sends::default(), SystemTime::now());
        for number in 0..200_000_u64 {
            let key = key(Scene::C2c, &number.to_string());
            sends.note(&key, now + Duration::from_millis(number));
        }
        assert!(sends.len() <= 2 * MOST);
        assert!(sends.contains(&key(Scene::C2c, "199999")));
    }
}
