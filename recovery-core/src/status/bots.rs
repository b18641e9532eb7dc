//! What there is to show of bots: nothing, without the feature `botrs`.

#[cfg(feature = "botrs")]
use super::report::{Cause, age};
use super::report::{Events, Replies, Shard};
#[cfg(feature = "botrs")]
use crate::botrs::{ClientHandle, Messenger, ShardState, ShardStatus};

/// The clients of a program, and by what they send.
#[derive(Default)]
pub(super) struct Bots {
    #[cfg(feature = "botrs")]
    pub(super) clients: Vec<ClientHandle>,
    #[cfg(feature = "botrs")]
    pub(super) messengers: Vec<Messenger>,
}

#[cfg(feature = "botrs")]
impl Bots {
    /// Whether each client has begun, and each of its shards is connected.
    pub(super) fn are_connected(&self) -> bool {
        let is_connected = |client: &ClientHandle| {
            let shards = client.status();
            let shards = shards.borrow();
            let mut states = shards.iter().map(|shard| &shard.state);
            !shards.is_empty() && states.all(|state| *state == ShardState::Connected)
        };
        self.clients.iter().all(is_connected)
    }

    pub(super) fn shards(&self) -> Vec<Shard> {
        let shards = |client: &ClientHandle| client.status().borrow().clone();
        self.clients
            .iter()
            .flat_map(shards)
            .map(Shard::from)
            .collect()
    }

    /// Of all clients together.
    pub(super) fn events(&self) -> Option<Events> {
        let events = self.clients.iter().map(|client| {
            let stats = client.stats();
            Events {
                received: stats.events_received,
                handled: stats.events_handled,
                duplicates: stats.duplicates,
                in_hand: stats.in_hand,
            }
        });
        events.reduce(|sum, client| Events {
            received: sum.received.saturating_add(client.received),
            handled: sum.handled.saturating_add(client.handled),
            duplicates: sum.duplicates.saturating_add(client.duplicates),
            in_hand: sum.in_hand.saturating_add(client.in_hand),
        })
    }

    /// Of all messengers together.
    pub(super) fn replies(&self) -> Option<Replies> {
        let replies = self.messengers.iter().map(|messenger| {
            let stats = messenger.stats();
            Replies {
                sent: stats.sent,
                already_delivered: stats.already_delivered,
                pending: stats.pending,
                kept: stats.kept,
                failed: stats.failed,
                dropped: stats.dropped,
                attempts: stats.attempts,
            }
        });
        replies.reduce(|sum, messenger| Replies {
            sent: sum.sent.saturating_add(messenger.sent),
            already_delivered: sum
                .already_delivered
                .saturating_add(messenger.already_delivered),
            pending: sum.pending.saturating_add(messenger.pending),
            kept: sum.kept.saturating_add(messenger.kept),
            failed: sum.failed.saturating_add(messenger.failed),
            dropped: sum.dropped.saturating_add(messenger.dropped),
            attempts: sum.attempts.saturating_add(messenger.attempts),
        })
    }

    /// In the outboxes of all messengers.
    pub(super) fn waiting(&self) -> Option<u64> {
        let outboxes = self.messengers.iter().filter_map(Messenger::outbox);
        let waiting = outboxes.map(|outbox| u64::try_from(outbox.len()).unwrap_or(u64::MAX));
        waiting.reduce(u64::saturating_add)
    }
}

#[cfg(feature = "botrs")]
impl From<ShardStatus> for Shard {
    fn from(status: ShardStatus) -> Self {
        let (state, cause) = match status.state {
            ShardState::Connecting => ("connecting", None),
            ShardState::Connected => ("connected", None),
            ShardState::Waiting { cause } => ("waiting", Some(cause)),
            ShardState::Stopped => ("stopped", None),
        };
        Self {
            number: status.shard,
            state,
            for_ms: age(status.since),
            cause: cause.map(Cause::from),
        }
    }
}

#[cfg(not(feature = "botrs"))]
#[expect(clippy::unused_self, reason = "the same shape as with bots")]
impl Bots {
    pub(super) fn are_connected(&self) -> bool {
        true
    }

    pub(super) fn shards(&self) -> Vec<Shard> {
        Vec::new()
    }

    pub(super) fn events(&self) -> Option<Events> {
        None
    }

    pub(super) fn replies(&self) -> Option<Replies> {
        None
    }

    pub(super) fn waiting(&self) -> Option<u64> {
        None
    }
}
