//! Recovery for bots on `botrs` 0.13, the framework for QQ bots (feature `botrs`).
//!
//! `BotError` implements [`Classify`](trait@crate::Classify), so that `#[retry]` tells its failures
//! apart; the functions here read what `botrs` leaves in an answer or an error.

mod answer;
mod api;
mod classify;
mod codes;
mod hosts;
mod token;

pub use answer::accepted;
pub use classify::{is_already_delivered, is_pending, is_retryable_error, is_token_expired};
pub use hosts::{Hosts, InvalidHost};
pub use token::{AccessToken, AccessTokens, TokenError};
