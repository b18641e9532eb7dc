//! What the bot does with events.

use std::fmt::Display;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use botrs::{BotError, C2CMessage, Context, EventHandler, GroupMessage, Message, Ready};
use recovery_core::{Classify, ErrorKind};
use tokio_util::task::TaskTracker;
use tracing::{error, info, warn};

use crate::recent::Recent;
use crate::sender::{Delivery, Place, Sender};

/// Answers commands. Each is answered in a task of its own: botrs awaits one event after the
/// other, and a reply that waits for its next attempt must not hold up the rest.
#[derive(Clone)]
pub(crate) struct ErrorRecoveryHandler {
    state: Arc<State>,
    tasks: TaskTracker,
}

struct State {
    sender: Sender,
    recent: Recent,
    started: Instant,
    processed_messages: AtomicU64,
    error_count: AtomicU64,
}

impl ErrorRecoveryHandler {
    pub(crate) fn new(sender: Sender) -> Self {
        let state = State {
            sender,
            recent: Recent::new(10_000),
            started: Instant::now(),
            processed_messages: AtomicU64::new(0),
            error_count: AtomicU64::new(0),
        };
        Self {
            state: Arc::new(state),
            tasks: TaskTracker::new(),
        }
    }

    /// Waits until the replies under way are done; false if that takes longer than `limit`.
    pub(crate) async fn drain(&self, limit: Duration) -> bool {
        self.tasks.close();
        tokio::time::timeout(limit, self.tasks.wait()).await.is_ok()
    }

    /// Answers the message `id`, unless it has been answered before.
    fn answer<F>(&self, id: String, answer: impl FnOnce(Arc<State>, String) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        if !self.state.recent.is_new(&id) {
            return;
        }
        self.state
            .processed_messages
            .fetch_add(1, Ordering::Relaxed);
        self.tasks.spawn(answer(Arc::clone(&self.state), id));
    }
}

#[async_trait::async_trait]
impl EventHandler for ErrorRecoveryHandler {
    async fn ready(&self, _: Context, ready: Ready) {
        info!("ready as {}", ready.user.username);
    }

    async fn resumed(&self, _: Context) {
        info!("resumed");
    }

    async fn message_create(&self, _: Context, message: Message) {
        let (Some(channel), Some(id)) = (message.channel_id, message.id) else {
            return;
        };
        if message
            .author
            .is_some_and(|author| author.bot == Some(true))
        {
            return;
        }
        let command = Command::parse(message.content.as_deref());
        self.answer(id, async move |state, id| {
            if let Some(text) = state.channel_answer(command).await {
                state.reply(Place::Channel(channel), &id, &text).await;
            }
        });
    }

    async fn direct_message_create(&self, _: Context, message: Message) {
        let (Some(guild), Some(id)) = (message.guild_id, message.id) else {
            return;
        };
        if Command::parse(message.content.as_deref()) != Some(Command::Health) {
            return;
        }
        self.answer(id, async move |state, id| {
            state
                .reply(
                    Place::Direct(guild),
                    &id,
                    "私信功能正常，错误恢复机制运行中",
                )
                .await;
        });
    }

    async fn group_message_create(&self, _: Context, message: GroupMessage) {
        let (Some(group), Some(id)) = (message.group_openid, message.id) else {
            return;
        };
        if !message
            .content
            .is_some_and(|content| content.contains("error_test"))
        {
            return;
        }
        self.answer(id, async move |state, id| {
            state
                .reply(Place::Group(group), &id, "群组错误恢复测试")
                .await;
        });
    }

    async fn c2c_message_create(&self, _: Context, message: C2CMessage) {
        let user = message.author.and_then(|author| author.user_openid);
        let (Some(user), Some(id)) = (user, message.id) else {
            return;
        };
        if Command::parse(message.content.as_deref()) != Some(Command::Ping) {
            return;
        }
        self.answer(id, async move |state, id| {
            state.reply(Place::Private(user), &id, "Pong!").await;
        });
    }

    async fn error(&self, error: BotError) {
        self.state.note_error("handle an event", &error);
    }
}

/// What users ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Command {
    Status,
    Ping,
    TestError,
    Health,
}

impl Command {
    /// The command, if a message is nothing else but mentions before it.
    fn parse(content: Option<&str>) -> Option<Self> {
        let words = content?.split_whitespace();
        let mut words = words.skip_while(|word| word.starts_with("<@") && word.ends_with('>'));
        let command = words.next()?;
        if words.next().is_some() {
            return None;
        }
        match command {
            "!status" => Some(Self::Status),
            "!ping" => Some(Self::Ping),
            "!test_error" => Some(Self::TestError),
            "!health" => Some(Self::Health),
            _ => None,
        }
    }
}

impl State {
    async fn channel_answer(&self, command: Option<Command>) -> Option<String> {
        match command? {
            Command::Status => Some(format!(
                "机器人状态:\n• 已处理消息: {}\n• 错误次数: {}\n• 运行时间: {} 秒",
                self.processed_messages.load(Ordering::Relaxed),
                self.error_count.load(Ordering::Relaxed),
                self.started.elapsed().as_secs(),
            )),
            Command::Ping => Some("Pong!".to_owned()),
            Command::TestError => {
                // Made to fail: there is no such guild, and trying again would not make one.
                let error = self.sender.guild("invalid_guild_id").await.err()?;
                self.note_error("read a guild that does not exist", &error);
                Some("已触发测试错误，请查看日志".to_owned())
            }
            Command::Health => None,
        }
    }

    async fn reply(&self, place: Place, msg_id: &str, text: &str) {
        match self.sender.reply(&place, msg_id, text).await {
            Ok(Delivery::Sent) => {}
            Ok(delivery) => info!("reply in {place:?}: {delivery:?}"),
            Err(error) => self.note_error(format_args!("reply in {place:?}"), &error),
        }
    }

    /// Counts a failure that is final, and says what it calls for.
    fn note_error(&self, operation: impl Display, error: &BotError) {
        self.error_count.fetch_add(1, Ordering::Relaxed);
        match error.kind() {
            ErrorKind::Authentication => {
                error!("cannot {operation}: {error}; the credentials need a look");
            }
            kind => warn!("cannot {operation}: {error} ({kind})"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Command;

    #[test]
    fn a_command_stands_alone_or_behind_mentions() {
        let parse = |text| Command::parse(Some(text));
        assert_eq!(parse(" !ping "), Some(Command::Ping));
        assert_eq!(parse("<@!123> !status"), Some(Command::Status));
        assert_eq!(parse("do not use !ping"), None);
        assert_eq!(parse("!ping now"), None);
        assert_eq!(parse("<@!123>"), None);
        assert_eq!(Command::parse(None), None);
    }
}
