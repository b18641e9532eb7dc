//! Calls to the platform that recover: the two attributes at work.

use std::sync::Arc;
use std::time::Duration;

use botrs::models::message::{
    C2CMessageParams, DirectMessageParams, GroupMessageParams, MessageParams,
};
use botrs::{BotError, Guild};
use recovery_core::botrs::{accepted, is_already_delivered, is_pending, is_token_expired};
use recovery_core::{RetryConfig, retry, retryable_on};

use crate::access::Access;

/// The platform recommends at least 5 s: it may take that long to say that a message was sent.
pub(crate) const SEND_TIMEOUT: Duration = Duration::from_secs(5);

/// The platform takes replies to a message for so long (in private chats for longer).
const REPLY_WINDOW: Duration = Duration::from_secs(5 * 60);

/// Where a reply goes, with the id that the platform knows it by.
#[derive(Debug)]
pub(crate) enum Place {
    Channel(String),
    /// A direct message of a guild.
    Direct(String),
    Group(String),
    /// A private chat (C2C).
    Private(String),
}

/// How a reply ended well.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Delivery {
    Sent,
    /// The platform had taken it before; the answer to an earlier attempt was lost.
    AlreadyDelivered,
    /// The platform has taken it and audits it first.
    Pending,
}

/// Sends replies. Each is one call of a function that retries.
pub(crate) struct Sender {
    access: Arc<Access>,
    retry_config: RetryConfig,
}

impl Sender {
    pub(crate) fn new(access: Arc<Access>, retry_config: RetryConfig) -> Self {
        Self {
            access,
            retry_config,
        }
    }

    /// Replies to the message `msg_id`.
    pub(crate) async fn reply(
        &self,
        place: &Place,
        msg_id: &str,
        text: &str,
    ) -> Result<Delivery, BotError> {
        match place {
            Place::Group(_) | Place::Private(_) => self.reply_by_key(place, msg_id, text).await,
            Place::Channel(_) | Place::Direct(_) => self.reply_once(place, msg_id, text).await,
        }
    }

    /// The platform deduplicates these by `msg_id` and `msg_seq`, which stay the same over all
    /// attempts: a reply whose answer was lost may be sent again.
    #[retry(policy = self.retry_config, deadline = REPLY_WINDOW, attempt = attempt)]
    #[retryable_on(
        Network, Timeout, RateLimited, Server,
        error if is_token_expired(error),
    )]
    async fn reply_by_key(
        &self,
        place: &Place,
        msg_id: &str,
        text: &str,
    ) -> Result<Delivery, BotError> {
        self.send(place, msg_id, text, attempt).await
    }

    /// These know no `msg_seq`: after a failure that may have taken effect the reply is not sent
    /// again, or it might stand there twice.
    #[retry(policy = self.retry_config, deadline = REPLY_WINDOW, at_most_once, attempt = attempt)]
    #[retryable_on(
        Network, Timeout, RateLimited, Server,
        error if is_token_expired(error),
    )]
    async fn reply_once(
        &self,
        place: &Place,
        msg_id: &str,
        text: &str,
    ) -> Result<Delivery, BotError> {
        self.send(place, msg_id, text, attempt).await
    }

    /// Reads a guild, which may be repeated freely.
    #[retry(policy = self.retry_config)]
    #[retryable_on(
        Network, Timeout, RateLimited, Server,
        error if is_token_expired(error),
    )]
    pub(crate) async fn guild(&self, id: &str) -> Result<Guild, BotError> {
        let login = self.access.current();
        let guild = login.api.get_guild(id).await;
        guild.inspect_err(|error| self.access.renew_if_expired(&login, error))
    }

    /// One attempt at a reply.
    async fn send(
        &self,
        place: &Place,
        msg_id: &str,
        text: &str,
        attempt: u32,
    ) -> Result<Delivery, BotError> {
        let login = self.access.current();
        let api = &login.api;
        let answer = match place {
            Place::Channel(id) => {
                let reply = MessageParams::new_text(text).with_reply(msg_id);
                api.send_message(id, reply).await
            }
            Place::Direct(id) => {
                let reply = DirectMessageParams::new_text(text).with_reply(msg_id);
                api.send_direct_message(id, reply).await
            }
            Place::Group(id) => {
                let mut reply = GroupMessageParams::new_text(text).with_reply(msg_id);
                reply.msg_seq = Some(1);
                api.send_group_message(id, reply).await
            }
            Place::Private(id) => {
                let mut reply = C2CMessageParams::new_text(text).with_reply(msg_id);
                reply.msg_seq = Some(1);
                api.send_c2c_message(id, reply).await
            }
        };
        match answer.and_then(accepted) {
            Ok(_) => Ok(Delivery::Sent),
            Err(error) if is_pending(&error) => Ok(Delivery::Pending),
            Err(error) if attempt > 1 && is_already_delivered(&error) => {
                Ok(Delivery::AlreadyDelivered)
            }
            Err(error) => {
                self.access.renew_if_expired(&login, &error);
                Err(error)
            }
        }
    }
}
