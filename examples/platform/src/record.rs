//! The entries of a ledger.

use std::time::Duration;

use crate::{
    event::{EventId, Scene},
    fault::{Endpoint, Fault},
};

/// A message from a user: one command, which expects exactly one reply.
#[derive(Debug, Clone)]
pub struct EventRecord {
    /// The message's id.
    pub id: EventId,
    /// The bot that it was dispatched to.
    pub app_id: String,
    /// Where it was said.
    pub scene: Scene,
    /// The channel, direct-message guild, group or user that a reply goes to.
    pub target: String,
    /// What was said.
    pub content: String,
    /// When it was handed to the gateway.
    pub at: Duration,
    /// The ids of the replies that reached the user, in order. More than one is a doubled reply.
    pub delivered: Vec<String>,
    pub(crate) calls: Vec<usize>,
    pub(crate) accepted_by: Option<usize>,
}

/// One HTTP call.
#[derive(Debug, Clone)]
pub struct CallRecord {
    /// What it was for.
    pub endpoint: Endpoint,
    /// The HTTP method.
    pub method: String,
    /// The path, without the query.
    pub path: String,
    /// The bot that made it: by its token, or by what it told the token endpoint. `None` if that
    /// is no bot that the platform knows.
    pub app_id: Option<String>,
    /// The message that it replies to, if it is a reply.
    pub msg_id: Option<String>,
    /// The `event_id` in its body.
    pub event_id: Option<String>,
    /// Whether its body has a `msg_id` and an `event_id`, of which one alone would do.
    pub had_both_ids: bool,
    /// The number of the reply; 1 if the call named none.
    pub msg_seq: u64,
    /// The text that it sends, if it sends any.
    pub content: Option<String>,
    /// The fault that it met.
    pub fault: Option<Fault>,
    /// What came of it.
    pub outcome: Outcome,
    /// When it arrived.
    pub at: Duration,
    /// Whether an answer was handed to the connection. `false` while the call is under way, after
    /// a torn connection, and if the client had gone before the answer was ready.
    pub answered: bool,
}

/// What came of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// It is under way, or the client went away before anything came of it.
    Open,
    /// A call other than a send was answered as asked.
    Answered,
    /// The message reached its user.
    Accepted {
        /// The id that the platform gave the message.
        message_id: String,
    },
    /// The message waits for its audit, and reaches its user after that, or never.
    PendingAudit {
        /// The id that `MESSAGE_AUDIT_PASS` or `MESSAGE_AUDIT_REJECT` will name.
        audit_id: String,
    },
    /// Refused, since the same reply (by target, `msg_id` and `msg_seq`) had been accepted before.
    Duplicate,
    /// Refused without an effect.
    Refused {
        /// The HTTP status.
        status: u16,
        /// The platform's code in the body; `None` if the body is not JSON.
        code: Option<u64>,
    },
    /// The connection was reset before any effect.
    Torn,
}

/// The state of a run at a glance; cheap at any size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tally {
    /// Commands handed to the gateway.
    pub commands: usize,
    /// Commands with at least one reply delivered.
    pub delivered: usize,
    /// HTTP calls that met a fault.
    pub faulted: u64,
    /// Send calls beyond the first for the same reply.
    pub retries: u64,
    /// HTTP calls being worked on.
    pub under_way: usize,
    /// When the last event was sent, or the last call arrived or ended.
    pub last_activity: Duration,
}
