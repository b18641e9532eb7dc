//! An event in hand.

use std::sync::Arc;

use tokio::sync::OwnedSemaphorePermit;

use super::{Intake, Position};
use crate::botrs::feed::Feed;
use crate::botrs::stats::Outcome;

/// Stands for one event until it is handled. One that is dropped without being
/// [`done`](Self::done) was not: a later process gets its event again.
#[derive(Debug)]
pub(crate) struct Ticket {
    intake: Arc<Intake>,
    position: Position,
    identity: Option<String>,
    is_done: bool,
    _slot: OwnedSemaphorePermit,
}

impl Ticket {
    pub(super) fn new(
        intake: Arc<Intake>,
        position: Position,
        identity: Option<String>,
        slot: OwnedSemaphorePermit,
    ) -> Self {
        Self {
            intake,
            position,
            identity,
            is_done: false,
            _slot: slot,
        }
    }

    /// What its handling tells of itself.
    pub(crate) fn feed(&self) -> &Feed {
        &self.intake.feed
    }

    /// The event has been handled, well or badly.
    pub(crate) fn done(mut self, outcome: Outcome) {
        self.is_done = true;
        let identity = self.identity.take();
        self.intake.done(&self.position, identity, outcome);
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if !self.is_done {
            self.intake.give_up(self.identity.as_deref());
        }
    }
}
