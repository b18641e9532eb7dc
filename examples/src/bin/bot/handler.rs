//! What the bot does with events.
//!
//! The client calls this side by side for different conversations, once for each event, and catches
//! its panics. So a handler just awaits its reply, however long that takes.

use std::fmt::Display;

use botrs::{BotError, C2CMessage, Context, EventHandler, GroupMessage, Message, Ready};
use recovery_core::botrs::{BotState, Delivery, Messenger, ReplyTarget};
use recovery_core::state::StatePersistence;
use recovery_core::watch::ErrorMonitor;
use recovery_core::{Classify, ErrorKind, retry, retryable_on};
use tracing::{error, info, warn};

use crate::commands::{
    Command, DIRECT_ANSWER, ERROR_MADE, GROUP_ANSWER, NO_GUILD, PONG, is_group_test, status,
};
use crate::platform_view::PlatformView;

/// Answers commands.
pub(crate) struct ErrorRecoveryHandler {
    pub(crate) messenger: Messenger,
    pub(crate) state: StatePersistence<BotState>,
    pub(crate) monitor: ErrorMonitor,
    pub(crate) platform: PlatformView,
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
        let author = message.author.as_ref();
        if author.and_then(|author| author.bot) == Some(true) {
            return;
        }
        self.note_message(
            message.id.clone(),
            author.and_then(|author| author.id.clone()),
        );
        match Command::parse(message.content.as_deref()) {
            Some(Command::Status) => {
                let platform = self.platform.line(&ctx).await.unwrap_or_default();
                let text = self.state.read(|state| status(state, &platform));
                self.reply(&message, &text).await;
            }
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
        let author = message.author.as_ref();
        self.note_message(
            message.id.clone(),
            author.and_then(|author| author.id.clone()),
        );
        if Command::parse(message.content.as_deref()) == Some(Command::Health) {
            self.reply(&message, DIRECT_ANSWER).await;
        }
    }

    async fn group_message_create(&self, _: Context, message: GroupMessage) {
        let author = message.author.as_ref();
        self.note_message(
            message.id.clone(),
            author.and_then(|author| author.member_openid.clone()),
        );
        if is_group_test(message.content.as_deref()) {
            self.reply(&message, GROUP_ANSWER).await;
        }
    }

    async fn c2c_message_create(&self, _: Context, message: C2CMessage) {
        let author = message.author.as_ref();
        self.note_message(
            message.id.clone(),
            author.and_then(|author| author.user_openid.clone()),
        );
        if Command::parse(message.content.as_deref()) == Some(Command::Ping) {
            self.reply(&message, PONG).await;
        }
    }

    async fn error(&self, error: BotError) {
        self.note("handle an event", error.kind(), &error);
    }
}

impl ErrorRecoveryHandler {
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
            Err(error) => self.note("reply", error.kind(), &error),
        }
    }

    fn note_message(&self, id: Option<String>, user: Option<String>) {
        let (Some(id), Some(user)) = (id, user) else {
            return;
        };
        self.state
            .update_state(|state| state.record_message(id, user));
    }

    /// Counts a failure that is final, and says what it calls for.
    fn note(&self, operation: &str, kind: ErrorKind, error: &dyn Display) {
        self.monitor.record(operation, kind);
        self.state
            .update_state(|state| state.record_error(&format!("{operation}: {error}")));
        if kind == ErrorKind::Authentication {
            error!("cannot {operation}: {error}; the credentials need a look");
        } else {
            warn!("cannot {operation}: {error} ({kind})");
        }
    }
}
