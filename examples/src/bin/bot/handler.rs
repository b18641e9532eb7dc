//! What the bot does with events.
//!
//! The client calls this side by side for different conversations, once for each event, and catches
//! its panics. So a handler just awaits its reply, however long that takes.

use std::fmt::Display;

use botrs::{BotError, C2CMessage, Context, EventHandler, GroupMessage, Message, Ready};
use recovery_core::botrs::{Delivery, Messenger, ReplyTarget};
use recovery_core::{Classify, ErrorKind, retry, retryable_on};
use tracing::{error, info, warn};

use crate::commands::{
    Command, DIRECT_ANSWER, ERROR_MADE, GROUP_ANSWER, NO_GUILD, PONG, Tally, is_group_test,
};

/// Answers commands.
pub(crate) struct ErrorRecoveryHandler {
    messenger: Messenger,
    tally: Tally,
}

#[async_trait::async_trait]
impl EventHandler for ErrorRecoveryHandler {
    async fn ready(&self, _: Context, ready: Ready) {
        info!("ready as {}", ready.user.username);
    }

    async fn resumed(&self, _: Context) {
        info!("resumed");
    }

    async fn message_create(&self, ctx: Context, message: Message) {
        let is_bot = message.author.as_ref().and_then(|author| author.bot);
        if is_bot == Some(true) {
            return;
        }
        self.tally.note_message();
        match Command::parse(message.content.as_deref()) {
            Some(Command::Status) => self.reply(&message, &self.tally.status()).await,
            Some(Command::Ping) => self.reply(&message, PONG).await,
            Some(Command::TestError) => {
                if let Ok(text) = self.test_error(&ctx).await {
                    self.reply(&message, &text).await;
                }
            }
            Some(Command::Health) | None => {}
        }
    }

    async fn direct_message_create(&self, _: Context, message: Message) {
        self.tally.note_message();
        if Command::parse(message.content.as_deref()) == Some(Command::Health) {
            self.reply(&message, DIRECT_ANSWER).await;
        }
    }

    async fn group_message_create(&self, _: Context, message: GroupMessage) {
        self.tally.note_message();
        if is_group_test(message.content.as_deref()) {
            self.reply(&message, GROUP_ANSWER).await;
        }
    }

    async fn c2c_message_create(&self, _: Context, message: C2CMessage) {
        self.tally.note_message();
        if Command::parse(message.content.as_deref()) == Some(Command::Ping) {
            self.reply(&message, PONG).await;
        }
    }

    async fn error(&self, error: BotError) {
        self.note("handle an event", error.kind(), &error);
    }
}

impl ErrorRecoveryHandler {
    pub(crate) fn new(messenger: Messenger) -> Self {
        Self {
            messenger,
            tally: Tally::new(),
        }
    }

    /// Reads a guild that does not exist. Reading may be repeated freely, but only a failure that
    /// passes is worth it; what is final becomes the answer.
    #[retry(
        max = 5,
        initial = 200ms,
        max_delay = 2s,
        deadline = 60s,
        fallback = |error| Ok(self.error_made(&error)),
    )]
    #[retryable_on(Network, Timeout, RateLimited, Server)]
    async fn test_error(&self, ctx: &Context) -> Result<String, BotError> {
        let guild = ctx.api().get_guild(NO_GUILD).await?;
        Ok(format!("没有出错：{}", guild.name))
    }

    fn error_made(&self, error: &BotError) -> String {
        self.note("read a guild that does not exist", error.kind(), error);
        ERROR_MADE.to_owned()
    }

    async fn reply(&self, to: impl Into<ReplyTarget>, text: &str) {
        let to = to.into();
        match self.messenger.reply(&to, text).await {
            Ok(Delivery::Sent(_)) => {}
            Ok(delivery) => info!("reply in {:?}: {delivery:?}", to.place()),
            Err(error) => {
                let operation = format_args!("reply in {:?}", to.place());
                self.note(operation, error.kind(), &error);
            }
        }
    }

    /// Counts a failure that is final, and says what it calls for.
    fn note(&self, operation: impl Display, kind: ErrorKind, error: &dyn Display) {
        self.tally.note_error();
        if kind == ErrorKind::Authentication {
            error!("cannot {operation}: {error}; the credentials need a look");
        } else {
            warn!("cannot {operation}: {error} ({kind})");
        }
    }
}
