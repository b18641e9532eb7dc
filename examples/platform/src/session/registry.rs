//! Every session, under one lock.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use tokio::sync::{Notify, mpsc};

use super::{Attachment, Link, ResumeRefusal, Seat, SessionRules};
use crate::{allowance::Allowance, event::Dispatch, mix::SplitMix, order::Order};

/// How many sessions of a seat can be resumed; the one begun longest ago is forgotten first.
const REMEMBERED_SESSIONS: usize = 16;

#[derive(Default)]
pub(super) struct Registry {
    pub(super) allowances: HashMap<usize, Allowance>,
    pub(super) open: HashMap<String, Session>,
    begun: u64,
    links: u64,
    current: HashMap<Seat, String>,
    order: VecDeque<(Seat, String)>,
    waiting: HashMap<Seat, VecDeque<Arc<Dispatch>>>,
}

pub(super) struct Session {
    pub(super) seat: Seat,
    pub(super) last: u64,
    pub(super) link: Option<Attachment>,
    shard: (u32, u32),
    log: VecDeque<(u64, Arc<Dispatch>)>,
}

impl Registry {
    /// Makes a session and gives it the events that waited for it.
    pub(super) fn begin(&mut self, rules: SessionRules, seat: Seat, shard: (u32, u32)) -> String {
        self.begun += 1;
        let name = session_name(rules.seed, self.begun);
        let mut session = Session {
            seat,
            last: 1,
            link: None,
            shard,
            log: VecDeque::new(),
        };
        for dispatch in self.waiting.remove(&seat).unwrap_or_default() {
            session.push(dispatch, rules.capacity);
        }
        self.order.push_back((seat, name.clone()));
        self.open.insert(name.clone(), session);
        let siblings = self.order.iter().filter(|(other, _)| *other == seat);
        if siblings.count() > REMEMBERED_SESSIONS {
            let oldest = self.order.iter().find(|(other, _)| *other == seat);
            if let Some((_, oldest)) = oldest.cloned() {
                self.forget(&oldest);
            }
        }
        name
    }

    /// Makes a new connection the session's only one, and the session its seat's current one.
    pub(super) fn attach(&mut self, name: String, cursor: u64) -> Result<Link, ResumeRefusal> {
        self.links += 1;
        let number = self.links;
        let (sender, orders) = mpsc::unbounded_channel();
        let wake = Arc::new(Notify::new());
        let session = self
            .open
            .get_mut(&name)
            .ok_or(ResumeRefusal::UnknownSession)?;
        let before = session.link.replace(Attachment {
            number,
            orders: sender,
            wake: Arc::clone(&wake),
        });
        if let Some(before) = before {
            // The connection may be gone already; then nobody needs to hear it.
            let _ = before.orders.send(Order::Close { code: 4902 });
        }
        self.current.insert(session.seat, name.clone());
        Ok(Link {
            shard: session.shard,
            session: name,
            cursor,
            orders,
            wake,
            number,
        })
    }

    pub(super) fn push(&mut self, seat: Seat, dispatch: Arc<Dispatch>, capacity: usize) {
        let current = self.current.get(&seat);
        if let Some(session) = current.and_then(|name| self.open.get_mut(name)) {
            session.push(dispatch, capacity);
            if let Some(wire) = &session.link {
                wire.wake.notify_one();
            }
            return;
        }
        let waiting = self.waiting.entry(seat).or_default();
        if waiting.len() == capacity {
            waiting.pop_front();
        }
        waiting.push_back(dispatch);
    }

    /// Forgets a session; its connection, if it has one, is closed.
    pub(super) fn forget(&mut self, name: &str) {
        self.order.retain(|(_, other)| other != name);
        self.current.retain(|_, other| other != name);
        if let Some(session) = self.open.remove(name)
            && let Some(wire) = session.link
        {
            let _ = wire.orders.send(Order::Close { code: 4009 });
        }
    }

    /// Forgets all sessions, or those of one seat; their connections see only that there are no
    /// more orders.
    pub(super) fn forget_all(&mut self, of: Option<Seat>) {
        let stays = |seat: &Seat| of.is_some_and(|of| *seat != of);
        self.open.retain(|_, session| stays(&session.seat));
        self.order.retain(|(seat, _)| stays(seat));
        self.current.retain(|seat, _| stays(seat));
    }

    /// Gives an order to connected sessions. One that ends the connection leaves the session
    /// without it at once, not only when it is carried out.
    pub(super) fn order(&mut self, order: &Order, to: Option<Seat>) -> usize {
        let mut reached = 0;
        for session in self.open.values_mut() {
            if to.is_some_and(|to| session.seat != to) {
                continue;
            }
            let Some(attachment) = &session.link else {
                continue;
            };
            reached += usize::from(attachment.orders.send(order.clone()).is_ok());
            if order.ends_connection() {
                session.link = None;
            }
        }
        reached
    }
}

impl Session {
    /// The events after `cursor`, and below a sequence number.
    pub(super) fn due(&self, cursor: u64, below: u64, at_most: usize) -> Vec<(u64, Arc<Dispatch>)> {
        let start = self.log.partition_point(|(s, _)| *s <= cursor);
        let due = self.log.range(start..).take_while(|(s, _)| *s < below);
        due.take(at_most).cloned().collect()
    }

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
