//! Recovery for bots on `botrs` 0.13, the framework for QQ bots (feature `botrs`).
//!
//! `BotError` implements [`Classify`](trait@crate::Classify), so that `#[retry]` tells its failures
//! apart; the functions here read what `botrs` leaves in an answer or an error.
//!
//! A [`ResilientBotClient`] stays connected, calls handlers side by side, and goes on after a restart where
//! it had been ([guide](crate::guide::gateway)): `gateway` keeps the connections, `intake` the books on
//! events, `handler` calls the author's, `journal` outlives the process, and `client` begins, watches and
//! ends them.
//!
//! A [`Messenger`] sends replies and messages so that they arrive once, and [`AccessTokens`] is the
//! access token that it, and whoever else calls the platform, shares. They have an HTTP client of their
//! own, since the one of `botrs` loses the platform's error codes.
//!
//! A [`BotState`] is what a bot remembers of its work and its users, in a store of [`state`](crate::state).

mod answer;
mod api;
mod bot_state;
mod classify;
mod client;
mod codes;
mod feed;
mod gateway;
mod handler;
mod hosts;
mod intake;
mod journal;
mod ranges;
mod recent;
mod send;
mod stats;
mod sync;
mod token;

pub use answer::accepted;
pub use bot_state::{BotState, UserData};
pub use classify::{is_already_delivered, is_pending, is_retryable_error, is_token_expired};
pub use client::{ClientHandle, ResilientBotClient, Unrecoverable};
pub use feed::ClientFailure;
pub use gateway::{GatewayTiming, ShardState, ShardStatus};
pub use hosts::{Hosts, InvalidHost};
pub use journal::JournalError;
pub use send::{
    Audit, AuditUndecided, AuditVerdict, Begun, Content, Delivery, DropReason, DroppedReply,
    Messenger, Outbox, Place, Replayed, ReplyTarget, Scene, SendError, SendJournal, SendKey,
    SendStats,
};
pub use stats::ClientStats;
pub(crate) use stats::Outcome;
pub use token::{AccessToken, AccessTokens, TokenError};
