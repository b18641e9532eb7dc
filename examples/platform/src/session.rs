//! Gateway sessions: what each was sent, and what it may ask for again.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex},
};

use tokio::sync::{Notify, mpsc, watch};

use crate::{event::Dispatch, mix::SplitMix, sync::lock};

/// How many sessions can be resumed at once; the one begun longest ago is forgotten first.
const REMEMBERED_SESSIONS: usize = 16;

/// How many frames are taken from a session's log at a time.
const BATCH: usize = 64;

/// An order to the connection that serves a session.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Control {
    /// Ask the client to reconnect (op 7).
    Reconnect,
    /// Tell the client that its session is invalid (op 9).
    Invalidate { resumable: bool },
    /// Close with this code.
    Close { code: u16, reason: &'static str },
}

/// All sessions, and the events that wait for the first one.
pub(crate) struct Sessions {
    registry: Mutex<Registry>,
    connected: watch::Sender<bool>,
}

struct Registry {
    seed: u64,
    capacity: usize,
    starts_left: u32,
    begun: u64,
    links: u64,
    current: Option<String>,
    order: VecDeque<String>,
    open: HashMap<String, Session>,
    waiting: VecDeque<Arc<Dispatch>>,
}

struct Session {
    last: u64,
    log: VecDeque<(u64, Arc<Dispatch>)>,
    link: Option<Wire>,
}

struct Wire {
    number: u64,
    orders: mpsc::UnboundedSender<Control>,
    wake: Arc<Notify>,
}

/// A connection's hold on its session.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) session: String,
    /// The newest sequence number that was written to this connection.
    pub(crate) cursor: u64,
    pub(crate) orders: mpsc::UnboundedReceiver<Control>,
    pub(crate) wake: Arc<Notify>,
    number: u64,
}

/// A session that was picked up again.
#[derive(Debug)]
pub(crate) struct Resumption {
    pub(crate) link: Link,
    /// The number of the RESUMED frame; everything below it is replayed first.
    pub(crate) resumed_as: u64,
}

/// Why a RESUME is refused.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ResumeRefusal {
    UnknownSession,
    SequenceAhead,
}

impl Sessions {
    pub(crate) fn new(seed: u64, capacity: usize, starts: u32) -> Self {
        Self {
            registry: Mutex::new(Registry {
                seed,
                capacity: capacity.max(1),
                starts_left: starts,
                begun: 0,
                links: 0,
                current: None,
                order: VecDeque::new(),
                open: HashMap::new(),
                waiting: VecDeque::new(),
            }),
            connected: watch::Sender::new(false),
        }
    }

    /// Whether a client is identified and connected.
    pub(crate) fn connected(&self) -> watch::Receiver<bool> {
        self.connected.subscribe()
    }

    /// How many more sessions may be begun.
    pub(crate) fn starts_left(&self) -> u32 {
        lock(&self.registry).starts_left
    }

    /// Begins a session; `None` if the day's starts are used up. Number 1 is for READY.
    pub(crate) fn identify(&self) -> Option<Link> {
        let mut registry = lock(&self.registry);
        registry.starts_left = registry.starts_left.checked_sub(1)?;
        registry.begun += 1;
        let name = session_name(registry.seed, registry.begun);
        let mut session = Session {
            last: 1,
            log: VecDeque::new(),
            link: None,
        };
        let capacity = registry.capacity;
        for dispatch in registry.waiting.drain(..) {
            session.push(dispatch, capacity);
        }
        registry.order.push_back(name.clone());
        registry.open.insert(name.clone(), session);
        if registry.order.len() > REMEMBERED_SESSIONS
            && let Some(oldest) = registry.order.pop_front()
        {
            registry.forget(&oldest);
        }
        let link = registry.attach(name, 1);
        self.publish(&registry);
        link
    }

    /// Continues a session after the last frame that the client has seen.
    pub(crate) fn resume(&self, name: &str, seen: u64) -> Result<Resumption, ResumeRefusal> {
        let mut registry = lock(&self.registry);
        let session = registry
            .open
            .get_mut(name)
            .ok_or(ResumeRefusal::UnknownSession)?;
        if seen > session.last {
            return Err(ResumeRefusal::SequenceAhead);
        }
        session.last += 1;
        let resumed_as = session.last;
        let link = registry
            .attach(name.to_owned(), seen)
            .ok_or(ResumeRefusal::UnknownSession)?;
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
            let start = session.log.partition_point(|(s, _)| *s <= link.cursor);
            session
                .log
                .range(start..)
                .take_while(|(s, _)| *s < below)
                .take(BATCH)
                .cloned()
                .collect()
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

    /// Sends an event to the current session, or keeps it for the first one.
    pub(crate) fn push(&self, dispatch: Arc<Dispatch>) {
        let mut registry = lock(&self.registry);
        let capacity = registry.capacity;
        let current = registry.current.clone();
        if let Some(session) = current.and_then(|name| registry.open.get_mut(&name)) {
            session.push(dispatch, capacity);
            if let Some(wire) = &session.link {
                wire.wake.notify_one();
            }
            return;
        }
        if registry.waiting.len() == capacity {
            registry.waiting.pop_front();
        }
        registry.waiting.push_back(dispatch);
    }

    /// Gives an order to every connected session; says how many there were.
    pub(crate) fn order(&self, control: Control) -> usize {
        let mut registry = lock(&self.registry);
        let reached = registry
            .open
            .values()
            .filter_map(|session| session.link.as_ref())
            .filter(|wire| wire.orders.send(control).is_ok())
            .count();
        if matches!(control, Control::Invalidate { resumable: false }) {
            registry.open.clear();
            registry.order.clear();
            registry.current = None;
            self.publish(&registry);
        }
        reached
    }

    fn publish(&self, registry: &Registry) {
        let connected = registry.open.values().any(|session| session.link.is_some());
        self.connected.send_replace(connected);
    }
}

impl Registry {
    /// Makes a new connection the session's only one, and the session the current one.
    fn attach(&mut self, name: String, cursor: u64) -> Option<Link> {
        self.links += 1;
        let number = self.links;
        let (sender, orders) = mpsc::unbounded_channel();
        let wake = Arc::new(Notify::new());
        let session = self.open.get_mut(&name)?;
        let before = session.link.replace(Wire {
            number,
            orders: sender,
            wake: Arc::clone(&wake),
        });
        if let Some(before) = before {
            // The connection may be gone already; then nobody needs to hear it.
            let _ = before.orders.send(Control::Close {
                code: 4902,
                reason: "reset by resume",
            });
        }
        self.current = Some(name.clone());
        Some(Link {
            session: name,
            cursor,
            orders,
            wake,
            number,
        })
    }

    fn forget(&mut self, name: &str) {
        if let Some(session) = self.open.remove(name)
            && let Some(wire) = session.link
        {
            let _ = wire.orders.send(Control::Close {
                code: 4009,
                reason: "session expired",
            });
        }
    }
}

impl Session {
    fn push(&mut self, dispatch: Arc<Dispatch>, capacity: usize) {
        if self.log.len() == capacity {
            self.log.pop_front();
        }
        self.last += 1;
        self.log.push_back((self.last, dispatch));
    }
}

fn session_name(seed: u64, number: u64) -> String {
    let mut stream = SplitMix::new(seed, number);
    format!(
        "{:08x}-{:016x}{:016x}",
        number,
        stream.next(),
        stream.next()
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Scene, UserMessage};

    fn event(number: u64) -> Arc<Dispatch> {
        Arc::new(UserMessage::compose(0, number, Scene::C2c, None, "hi").dispatch)
    }

    fn sessions() -> Sessions {
        Sessions::new(0, 100, 10)
    }

    #[test]
    fn events_wait_for_the_first_session() {
        let sessions = sessions();
        sessions.push(event(1));
        sessions.push(event(2));
        let mut link = sessions.identify().expect("a start is left");
        assert_eq!(sessions.next_frames(&mut link, u64::MAX).len(), 2);
        assert_eq!(link.cursor, 3, "READY was number 1");
        assert!(sessions.next_frames(&mut link, u64::MAX).is_empty());
    }

    #[test]
    fn a_resume_gets_just_what_was_missed() {
        let sessions = sessions();
        let link = sessions.identify().expect("a start is left");
        (1..=3).for_each(|number| sessions.push(event(number)));
        sessions.detach(&link);
        sessions.push(event(4));
        let mut resumption = sessions.resume(&link.session, 3).expect("known");
        sessions.push(event(5));
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
        let ahead = sessions.resume(&link.session, 99).err();
        assert_eq!(ahead, Some(ResumeRefusal::SequenceAhead));
        let unknown = sessions.resume("nobody", 0).err();
        assert_eq!(unknown, Some(ResumeRefusal::UnknownSession));
    }

    #[test]
    fn keeps_no_more_than_its_capacity() {
        let sessions = Sessions::new(0, 2, 10);
        let mut link = sessions.identify().expect("a start is left");
        (1..=5).for_each(|number| sessions.push(event(number)));
        assert_eq!(sessions.next_frames(&mut link, u64::MAX).len(), 2);
    }

    #[test]
    fn starts_run_out() {
        let sessions = Sessions::new(0, 2, 1);
        assert!(sessions.identify().is_some());
        assert!(sessions.identify().is_none());
    }
}
