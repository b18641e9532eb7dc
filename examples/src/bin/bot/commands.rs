//! What users ask for, and what they are told.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use recovery_core::botrs::BotState;

pub(crate) const PONG: &str = "Pong!";
pub(crate) const DIRECT_ANSWER: &str = "私信功能正常，错误恢复机制运行中";
pub(crate) const GROUP_ANSWER: &str = "群组错误恢复测试";
pub(crate) const ERROR_MADE: &str = "已触发测试错误，请查看日志";

/// There is no such guild: reading it is made to fail.
pub(crate) const NO_GUILD: &str = "invalid_guild_id";

/// A command of a channel, a direct message or a private chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    Status,
    Ping,
    TestError,
    Health,
}

impl Command {
    /// The command, if a message is nothing else but mentions before it.
    pub(crate) fn parse(content: Option<&str>) -> Option<Self> {
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

/// Whether a group asks for a test.
pub(crate) fn is_group_test(content: Option<&str>) -> bool {
    content.is_some_and(|content| content.contains("error_test"))
}

/// What `!status` tells, with a line about the platform.
pub(crate) fn status(state: &BotState, platform: &str) -> String {
    let uptime = state.uptime().as_secs();
    format!(
        "机器人状态:\n• 已处理消息: {}\n• 错误次数: {}\n• 运行时间: {uptime} 秒\n• {platform}",
        state.processed_messages, state.error_count,
    )
}

/// What `!status` tells without recovery.
pub(crate) struct Tally {
    started: Instant,
    messages: AtomicU64,
    errors: AtomicU64,
}

impl Tally {
    pub(crate) fn new() -> Self {
        Self {
            started: Instant::now(),
            messages: AtomicU64::new(0),
            errors: AtomicU64::new(0),
        }
    }

    pub(crate) fn note_message(&self) {
        self.messages.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn note_error(&self) {
        self.errors.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn status(&self) -> String {
        format!(
            "机器人状态:\n• 已处理消息: {}\n• 错误次数: {}\n• 运行时间: {} 秒",
            self.messages.load(Ordering::Relaxed),
            self.errors.load(Ordering::Relaxed),
            self.started.elapsed().as_secs(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn the_status_counts_and_tells_of_the_platform() {
        let mut state = BotState::new();
        state.record_message("M", "U");
        state.record_error("no answer");
        let status = status(&state, "平台: 正常");
        assert!(status.contains("已处理消息: 1"), "{status}");
        assert!(status.contains("错误次数: 1"), "{status}");
        assert!(status.ends_with("平台: 正常"), "{status}");
    }

    #[test]
    fn the_plain_status_counts() {
        let tally = Tally::new();
        tally.note_message();
        tally.note_message();
        tally.note_error();
        let status = tally.status();
        assert!(status.contains("已处理消息: 2"), "{status}");
        assert!(status.contains("错误次数: 1"), "{status}");
    }
}
