//! Sending that is safe to retry: a message arrives once, or the caller knows what happened.
//!
//! A [`Messenger`] takes a reply from its [`ReplyTarget`] and [`Content`] to a [`Delivery`]: the
//! `book` numbers it and refuses what is hopeless, the `journal` notes what is begun, the `attempt`
//! is what is retried, and the `audit` desk hears of the messages that the platform held back. While the
//! platform is away, the `breaker` spares it, and the [`Outbox`] keeps what can be sent later.

mod attempt;
mod audit;
mod book;
mod breaker;
mod content;
mod delivery;
mod error;
mod journal;
mod messenger;
mod outbox;
mod reply;
mod shutdown;
mod stats;
mod target;

pub use audit::{Audit, AuditUndecided, AuditVerdict};
pub use book::Replayed;
pub use content::Content;
pub use delivery::Delivery;
pub use error::SendError;
pub use journal::{Begun, SendJournal, SendKey};
pub use messenger::Messenger;
pub use outbox::{DropReason, DroppedReply, Outbox};
pub use stats::SendStats;
pub use target::{Place, ReplyTarget, Scene};
