//! The way from here through botrs to the handler.
//!
//! `botrs::Client` turns raw events into typed calls of an `EventHandler`, one after the other, and
//! tells nobody which event a call belongs to, or that it dropped one which it could not read. So each
//! event is followed by a fence, an event that no gateway can send: what was called before the fence
//! belongs to the event before it, and if nothing was, the event was dropped.

use std::collections::VecDeque;
use std::sync::Mutex;

use botrs::models::gateway::GatewayEvent;
use tokio::sync::mpsc::UnboundedSender;

use super::Ticket;
use crate::botrs::sync::lock;

/// Only op 0 is passed on from the gateway.
pub(crate) const FENCE_OPCODE: u8 = u8::MAX;
/// The first event that a client gets: it comes out with the context that botrs hands to handlers.
pub(crate) const PROBE_OPCODE: u8 = u8::MAX - 1;

/// An event on its way through botrs.
#[derive(Debug)]
pub(crate) struct Waiting {
    pub(crate) conversation: String,
    pub(crate) kind: String,
    /// Whether it came between RESUME and RESUMED.
    pub(crate) replayed: bool,
    pub(crate) ticket: Ticket,
    /// Kept until botrs is through with it, in case that it fails.
    pub(crate) event: GatewayEvent,
}

/// Hands events to the `botrs::Client` of the moment, and keeps those that it is not through with.
#[derive(Debug, Default)]
pub(crate) struct Outlet {
    channel: Mutex<Channel>,
}

#[derive(Debug, Default)]
struct Channel {
    sender: Option<UnboundedSender<GatewayEvent>>,
    /// Counts the clients.
    generation: u64,
    waiting: VecDeque<Waiting>,
    is_abandoned: bool,
}

impl Outlet {
    /// Turns to a new client, and gives it what the one before was not through with; returns its number.
    pub(crate) fn open(&self, sender: UnboundedSender<GatewayEvent>) -> u64 {
        let mut channel = lock(&self.channel);
        channel.generation += 1;
        channel.sender = Some(sender);
        let generation = channel.generation;
        for index in 0..channel.waiting.len() {
            let event = channel.waiting[index].event.clone();
            channel.send(event);
            channel.send(fence(generation));
        }
        generation
    }

    /// Lets the client finish what it has, and come to its end.
    pub(crate) fn close(&self) {
        lock(&self.channel).sender = None;
    }

    /// Gives up what no client is through with, and all that comes later.
    pub(crate) fn abandon(&self) {
        let waiting = {
            let mut channel = lock(&self.channel);
            channel.sender = None;
            channel.is_abandoned = true;
            std::mem::take(&mut channel.waiting)
        };
        // Their tickets take other locks.
        drop(waiting);
    }

    /// Removes the event that the client was at when it failed.
    pub(crate) fn take_culprit(&self) -> Option<Waiting> {
        lock(&self.channel).waiting.pop_front()
    }

    pub(super) fn put(&self, waiting: Waiting) {
        let mut channel = lock(&self.channel);
        if channel.is_abandoned {
            drop(channel);
            drop(waiting);
            return;
        }
        if channel.sender.is_some() {
            let generation = channel.generation;
            channel.send(waiting.event.clone());
            channel.send(fence(generation));
        }
        channel.waiting.push_back(waiting);
    }

    /// A fence has come out of the client of this generation: the event before it.
    pub(crate) fn passed(&self, generation: u64) -> Option<Waiting> {
        let mut channel = lock(&self.channel);
        if generation != channel.generation {
            return None;
        }
        channel.waiting.pop_front()
    }
}

impl Channel {
    /// Where nobody listens any more, the event waits for the next client.
    fn send(&self, event: GatewayEvent) {
        if let Some(sender) = &self.sender {
            let _ = sender.send(event);
        }
    }
}

fn fence(generation: u64) -> GatewayEvent {
    GatewayEvent {
        sequence: Some(generation),
        opcode: FENCE_OPCODE,
        ..probe()
    }
}

/// An event that comes out as a context.
pub(crate) fn probe() -> GatewayEvent {
    GatewayEvent {
        id: None,
        event_type: None,
        data: None,
        sequence: None,
        opcode: PROBE_OPCODE,
    }
}
