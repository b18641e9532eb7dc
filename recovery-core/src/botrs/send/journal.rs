//! Which replies have been begun, so that none is begun again after a restart.

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex};

use super::super::sync::lock;
use super::target::Scene;

/// What identifies a reply over restarts.
#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct SendKey {
    /// Where.
    pub scene: Scene,
    /// The id of the channel, the direct message's guild, the group or the user.
    pub target: String,
    /// The id of the message that is replied to, or of the event if it is no message.
    pub msg_id: String,
    /// The number of the reply: 1 for the first to that message.
    pub msg_seq: u32,
}

/// What a [`SendJournal`] knows of a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begun {
    /// It begins now.
    First,
    /// It was begun before. Whether it arrived is not known.
    Before,
}

/// Notes which replies have been begun.
///
/// Channels and direct messages do not recognise a repeated reply. A bot that was ended between a
/// reply and the note that its event was handled is given that event again: only a journal that
/// outlives the process then keeps it from replying twice.
pub trait SendJournal: Send + Sync {
    /// Notes that this reply begins, and says whether it was noted before.
    ///
    /// Called once a reply, right before its first attempt, from async code: it should take
    /// microseconds. What it returns [`Begun::First`] for must be noted for good by then.
    fn begin(&self, key: &SendKey) -> Begun;
}

/// The default: it forgets when the process ends.
#[derive(Default)]
pub(super) struct MemoryJournal(Mutex<Noted>);

#[derive(Default)]
struct Noted {
    keys: HashSet<Arc<SendKey>>,
    by_age: VecDeque<Arc<SendKey>>,
}

/// More replies than a bot makes within the longest reply window.
const CAPACITY: usize = 50_000;

impl SendJournal for MemoryJournal {
    fn begin(&self, key: &SendKey) -> Begun {
        let mut noted = lock(&self.0);
        if noted.keys.contains(key) {
            return Begun::Before;
        }
        if noted.by_age.len() >= CAPACITY
            && let Some(oldest) = noted.by_age.pop_front()
        {
            noted.keys.remove(&oldest);
        }
        let key = Arc::new(key.clone());
        noted.keys.insert(Arc::clone(&key));
        noted.by_age.push_back(key);
        Begun::First
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(msg_seq: u32) -> SendKey {
        SendKey {
            scene: Scene::Channel,
            target: "C".to_owned(),
            msg_id: "M".to_owned(),
            msg_seq,
        }
    }

    #[test]
    fn each_reply_begins_once() {
        let journal = MemoryJournal::default();
        assert_eq!(journal.begin(&key(1)), Begun::First);
        assert_eq!(journal.begin(&key(2)), Begun::First);
        assert_eq!(journal.begin(&key(1)), Begun::Before);
    }

    #[test]
    fn forgets_the_oldest() {
        let journal = MemoryJournal::default();
        for number in 0..60_000 {
            journal.begin(&key(number));
        }
        let noted = journal.0.lock().unwrap();
        assert_eq!((noted.keys.len(), noted.by_age.len()), (CAPACITY, CAPACITY));
        drop(noted);
        assert_eq!(journal.begin(&key(59_999)), Begun::Before);
        assert_eq!(journal.begin(&key(0)), Begun::First);
    }
}
