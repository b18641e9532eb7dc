//! Gateway sessions: what each was sent, and what it may ask for again.

mod registry;

use std::{
    sync::{Arc, Mutex},
    time::Instant,
};

use tokio::sync::{Notify, mpsc, watch};

use crate::{
    allowance::{Admission, Allowance, StartRules, StartsLeft},
    event::Dispatch,
    order::Order,
    sync::lock,
};
use registry::Registry;

/// How many frames are taken from a session's log at a time.
const BATCH: usize = 64;

/// Whose events a session gets: one shard of one bot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Seat {
    /// The bot's place in the list of those that the platform knows.
    pub(crate) bot: usize,
    pub(crate) shard: u32,
}

/// How sessions are kept.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SessionRules {
    pub(crate) seed: u64,
    pub(crate) capacity: usize,
    /// How many events before the first missed one a replay begins.
    pub(crate) rewind: u64,
    pub(crate) starts: StartRules,
}

/// All sessions, and the events that wait for the first one of their seat.
pub(crate) struct Sessions {
    rules: SessionRules,
    registry: Mutex<Registry>,
    connected: watch::Sender<bool>,
}

struct Attachment {
    number: u64,
    orders: mpsc::UnboundedSender<Order>,
    wake: Arc<Notify>,
}

/// A connection's hold on its session.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) session: String,
    /// The shard as the client named it when it began the session.
    pub(crate) shard: (u32, u32),
    /// The newest sequence number that was written to this connection.
    pub(crate) cursor: u64,
    pub(crate) orders: mpsc::UnboundedReceiver<Order>,
    pub(crate) wake: Arc<Notify>,
    number: u64,
}

/// A session that was begun.
#[derive(Debug)]
pub(crate) struct Beginning {
    pub(crate) link: Link,
    /// Whether there were too many within the platform's window.
    pub(crate) too_fast: bool,
}

/// A session that was picked up again.
#[derive(Debug)]
pub(crate) struct Resumption {
    pub(crate) link: Link,
    /// The number of the RESUMED frame; everything below it is replayed first.
    pub(crate) resumed_as: u64,
}

/// Why an IDENTIFY is refused.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum IdentifyRefusal {
    UsedUp,
    TooFast,
}

/// Why a RESUME is refused.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ResumeRefusal {
    UnknownSession,
    SequenceAhead,
}

impl Sessions {
    pub(crate) fn new(rules: SessionRules) -> Self {
        Self {
            rules,
            registry: Mutex::default(),
            connected: watch::Sender::new(false),
        }
    }

    /// Whether a client is identified and connected.
    pub(crate) fn connected(&self) -> watch::Receiver<bool> {
        self.connected.subscribe()
    }

    /// How many more sessions a bot may begin, and when all are there again.
    pub(crate) fn starts_left(&self, bot: usize) -> StartsLeft {
        let registry = lock(&self.registry);
        let now = Instant::now();
        registry.allowances.get(&bot).map_or_else(
            || Allowance::default().left(self.rules.starts, now),
            |allowance| allowance.left(self.rules.starts, now),
        )
    }

    /// Begins a session. Number 1 is for READY.
    pub(crate) fn identify(
        &self,
        bot: usize,
        shard: (u32, u32),
    ) -> Result<Beginning, IdentifyRefusal> {
        let mut registry = lock(&self.registry);
        let allowance = registry.allowances.entry(bot).or_default();
        let too_fast = match allowance.take(self.rules.starts, Instant::now()) {
            Admission::Admitted => false,
            Admission::TooFast => true,
            Admission::RefusedTooFast => return Err(IdentifyRefusal::TooFast),
            Admission::UsedUp => return Err(IdentifyRefusal::UsedUp),
        };
        let seat = Seat {
            bot,
            shard: shard.0,
        };
        let name = registry.begin(self.rules, seat, shard);
        let link = registry
            .attach(name, 1)
            .map_err(|_| IdentifyRefusal::UsedUp)?;
        self.publish(&registry);
        Ok(Beginning { link, too_fast })
    }

    /// Continues a session of this bot after the last frame that the client has seen.
    pub(crate) fn resume(
        &self,
        bot: usize,
        name: &str,
        seen: u64,
    ) -> Result<Resumption, ResumeRefusal> {
        let mut registry = lock(&self.registry);
        let session = registry
            .open
            .get_mut(name)
            .filter(|session| session.seat.bot == bot)
            .ok_or(ResumeRefusal::UnknownSession)?;
        if seen > session.last {
            return Err(ResumeRefusal::SequenceAhead);
        }
        session.last += 1;
        let resumed_as = session.last;
        let cursor = seen.saturating_sub(self.rules.rewind);
        let link = registry.attach(name.to_owned(), cursor)?;
        self.publish(&registry);
        Ok(Resumption { link, resumed_as })
    }

    /// The next frames for this connection, oldest first; moves its cursor.
    pub(crate) fn next_frames(&self, link: &mut Link, below: u64) -> Vec<String> {
        let due: Vec<(u64, Arc<Dispatch>)> = {
            let registry = lock(&self.registry);
            let Some(session) = registry.open.get(&link.session) else {
                return Vec::new();
            };
            session.due(link.cursor, below, BATCH)
        };
        if let Some((newest, _)) = due.last() {
            link.cursor = *newest;
        }
        due.iter()
            .map(|(sequence, dispatch)| dispatch.frame(*sequence))
            .collect()
    }

    /// Lets go of a session whose connection ends; it stays resumable.
    pub(crate) fn detach(&self, link: &Link) {
        let mut registry = lock(&self.registry);
        if let Some(session) = registry.open.get_mut(&link.session)
            && session
                .link
                .as_ref()
                .is_some_and(|wire| wire.number == link.number)
        {
            session.link = None;
        }
        self.publish(&registry);
    }

    /// Forgets a session, and the events that its client has not received.
    pub(crate) fn forget(&self, name: &str) {
        let mut registry = lock(&self.registry);
        registry.forget(name);
        self.publish(&registry);
    }

    /// Forgets every session.
    pub(crate) fn forget_all(&self) {
        let mut registry = lock(&self.registry);
        registry.forget_all(None);
        self.publish(&registry);
    }

    /// Sends an event to the seat's current session, or keeps it for the first one.
    pub(crate) fn push(&self, seat: Seat, dispatch: Arc<Dispatch>) {
        lock(&self.registry).push(seat, dispatch, self.rules.capacity);
    }

    /// Gives an order to the connected sessions, all of them or those of one seat; says how many
    /// there were.
    pub(crate) fn order(&self, order: &Order, to: Option<Seat>) -> usize {
        let mut registry = lock(&self.registry);
        let reached = registry.order(order, to);
        if order.is_final() {
            registry.forget_all(to);
        }
        self.publish(&registry);
        reached
    }

    fn publish(&self, registry: &Registry) {
        let connected = registry.open.values().any(|session| session.link.is_some());
        self.connected.send_replace(connected);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::event::{Scene, UserMessage};

    const SEAT: Seat = Seat { bot: 0, shard: 0 };

    fn event(number: u64) -> Arc<Dispatch> {
        Arc::new(UserMessage::compose(0, number, Scene::C2c, None, "hi").dispatch)
    }

    fn sessions_of(capacity: usize, starts: u32, rewind: u64) -> Sessions {
        Sessions::new(SessionRules {
            seed: 0,
            capacity,
            rewind,
            starts: StartRules {
                starts,
                reset_after: Duration::from_secs(86_400),
                max_concurrency: 1,
                enforce_concurrency: false,
            },
        })
    }

    fn begin(sessions: &Sessions) -> Link {
        let begun = sessions.identify(0, (0, 1));
        begun.expect("a start is left").link
    }

    #[test]
    fn events_wait_for_the_first_session() {
        let sessions = sessions_of(100, 10, 0);
        sessions.push(SEAT, event(1));
        sessions.push(SEAT, event(2));
        let mut link = begin(&sessions);
        assert_eq!(sessions.next_frames(&mut link, u64::MAX).len(), 2);
        assert_eq!(link.cursor, 3, "READY was number 1");
        assert!(sessions.next_frames(&mut link, u64::MAX).is_empty());
    }

    #[test]
    fn a_resume_gets_just_what_was_missed() {
        let sessions = sessions_of(100, 10, 0);
        let link = begin(&sessions);
        (1..=3).for_each(|number| sessions.push(SEAT, event(number)));
        sessions.detach(&link);
        sessions.push(SEAT, event(4));
        let mut resumption = sessions.resume(0, &link.session, 3).expect("known");
        sessions.push(SEAT, event(5));
        let replayed = sessions.next_frames(&mut resumption.link, resumption.resumed_as);
        assert_eq!(
            replayed.len(),
            2,
            "numbers 4 and 5; 6 is RESUMED, 7 is newer"
        );
        assert_eq!(resumption.resumed_as, 6);
        assert_eq!(
            sessions.next_frames(&mut resumption.link, u64::MAX).len(),
            1
        );
        let ahead = sessions.resume(0, &link.session, 99).err();
        assert_eq!(ahead, Some(ResumeRefusal::SequenceAhead));
        let unknown = sessions.resume(0, "nobody", 0).err();
        assert_eq!(unknown, Some(ResumeRefusal::UnknownSession));
        let of_another = sessions.resume(1, &link.session, 3).err();
        assert_eq!(of_another, Some(ResumeRefusal::UnknownSession));
    }

    #[test]
    fn a_rewound_resume_begins_earlier() {
        let sessions = sessions_of(100, 10, 2);
        let link = begin(&sessions);
        (1..=4).for_each(|number| sessions.push(SEAT, event(number)));
        let mut resumption = sessions.resume(0, &link.session, 4).expect("known");
        let replayed = sessions.next_frames(&mut resumption.link, resumption.resumed_as);
        assert_eq!(replayed.len(), 3, "numbers 3, 4 and 5");
    }

    #[test]
    fn each_seat_has_a_current_session_of_its_own() {
        let sessions = sessions_of(100, 10, 0);
        let mut zero = begin(&sessions);
        let mut one = sessions.identify(0, (1, 2)).expect("a start is left").link;
        let mut other = sessions.identify(1, (0, 1)).expect("a start is left").link;
        sessions.push(Seat { bot: 0, shard: 1 }, event(1));
        sessions.push(Seat { bot: 1, shard: 0 }, event(2));
        sessions.push(Seat { bot: 1, shard: 0 }, event(3));
        let count = |link: &mut Link| sessions.next_frames(link, u64::MAX).len();
        assert_eq!(
            (count(&mut zero), count(&mut one), count(&mut other)),
            (0, 1, 2)
        );
    }

    #[test]
    fn keeps_no_more_than_its_capacity() {
        let sessions = sessions_of(2, 10, 0);
        let mut link = begin(&sessions);
        (1..=5).for_each(|number| sessions.push(SEAT, event(number)));
        assert_eq!(sessions.next_frames(&mut link, u64::MAX).len(), 2);
    }

    #[test]
    fn starts_run_out_for_each_bot_by_itself() {
        let sessions = sessions_of(2, 1, 0);
        begin(&sessions);
        let refusal = sessions.identify(0, (0, 1)).err();
        assert_eq!(refusal, Some(IdentifyRefusal::UsedUp));
        assert_eq!(sessions.starts_left(0).remaining, 0);
        assert_eq!(sessions.starts_left(1).remaining, 1);
        assert!(sessions.identify(1, (0, 1)).is_ok());
    }
}
