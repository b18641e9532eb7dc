//! How the shards are.

use tokio::sync::watch;
use tokio::time::Instant;

use crate::watch::DisconnectCause;

/// The state of one shard's connection.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ShardState {
    /// A connection is being made, or its turn waited for.
    Connecting,
    /// READY or RESUMED has come.
    Connected,
    /// The last connection has ended; the next begins after a pause.
    Waiting {
        /// How it ended.
        cause: DisconnectCause,
    },
    /// The client is stopped, or the shard cannot go on.
    Stopped,
}

/// A shard, and since when it is as it is.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ShardStatus {
    /// The shard's number, from 0.
    pub shard: u32,
    /// How it is.
    pub state: ShardState,
    /// Since when.
    pub since: Instant,
}

/// Where shards report.
#[derive(Clone, Debug)]
pub(crate) struct StatusBoard(watch::Sender<Vec<ShardStatus>>);

impl Default for StatusBoard {
    fn default() -> Self {
        Self(watch::Sender::new(Vec::new()))
    }
}

impl StatusBoard {
    pub(crate) fn watch(&self) -> watch::Receiver<Vec<ShardStatus>> {
        self.0.subscribe()
    }

    /// Begins anew with so many shards.
    pub(crate) fn begin(&self, shards: u32) {
        let status = |shard| ShardStatus {
            shard,
            state: ShardState::Connecting,
            since: Instant::now(),
        };
        self.0.send_replace((0..shards).map(status).collect());
    }

    pub(super) fn set(&self, shard: u32, state: ShardState) {
        self.0.send_if_modified(|board| {
            let Some(entry) = board.iter_mut().find(|entry| entry.shard == shard) else {
                return false;
            };
            if entry.state == state {
                return false;
            }
            entry.state = state;
            entry.since = Instant::now();
            true
        });
    }
}
