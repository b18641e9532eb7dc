//! A bot that a test starts, watches and ends.

use std::process::{Output, Stdio};
use std::time::Duration;

use loopback_platform::{BotEnvironment, EventId, Platform, PlatformOptions};
use rustix::process::Signal;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// No run takes longer.
pub(crate) const LIMIT: Duration = Duration::from_secs(120);

pub(crate) fn bot(arguments: &[&str]) -> Command {
    prepared(Command::new(env!("CARGO_BIN_EXE_bot")), arguments)
}

fn prepared(mut bot: Command, arguments: &[&str]) -> Command {
    bot.args(arguments)
        .env_remove("QQ_BOT_APP_ID")
        .env_remove("QQ_BOT_SECRET")
        .env_remove("BOT_ALERT_WEBHOOK")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    bot
}

pub(crate) async fn output(mut bot: Command) -> (Output, String, String) {
    let bot = bot.spawn().expect("starts");
    let output = tokio::time::timeout(LIMIT, bot.wait_with_output()).await;
    let output = output.expect("ends in time").expect("ran");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.clone(), text(&output.stdout), text(&output.stderr))
}

/// The bot under a platform that the test holds.
pub(crate) struct Staged {
    pub(crate) platform: Platform,
    // Holds the certificate's file for as long as the bot runs.
    _environment: BotEnvironment,
    bot: Child,
}

impl Staged {
    pub(crate) async fn start(options: PlatformOptions, arguments: &[&str]) -> Self {
        let platform = Platform::start(options).await.expect("the platform starts");
        Self::on(platform, arguments).await
    }

    /// As [`start`](Self::start), by a shell that does this; `"$0" "$@"` is the bot.
    pub(crate) async fn start_by(
        script: &str,
        options: PlatformOptions,
        arguments: &[&str],
    ) -> Self {
        let platform = Platform::start(options).await.expect("the platform starts");
        let mut shell = Command::new("sh");
        shell.args(["-c", script, env!("CARGO_BIN_EXE_bot")]);
        Self::of(platform, prepared(shell, arguments)).await
    }

    pub(crate) async fn on(platform: Platform, arguments: &[&str]) -> Self {
        Self::of(platform, bot(arguments)).await
    }

    async fn of(platform: Platform, mut bot: Command) -> Self {
        let environment = BotEnvironment::new(&platform).expect("a temporary directory");
        environment.apply(&mut bot);
        let bot = bot.spawn().expect("the bot starts");
        let staged = Self {
            platform,
            _environment: environment,
            bot,
        };
        staged
            .platform
            .wait_until_ready(LIMIT)
            .await
            .expect("the bot connects");
        staged
    }

    pub(crate) async fn until(&self, what: &str, reached: impl Fn(&Platform) -> bool) {
        let waiting = async {
            while !reached(&self.platform) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(LIMIT, waiting)
            .await
            .unwrap_or_else(|_| panic!("never {what}"));
    }

    /// The bot's process.
    pub(crate) fn id(&self) -> u32 {
        self.bot.id().expect("it runs")
    }

    pub(crate) fn signal(&self, signal: Signal) {
        send(&self.bot, signal);
    }

    /// What follows on a line of the bot's log behind this.
    pub(crate) async fn said(&mut self, before: &str) -> String {
        let log = self.bot.stderr.take().expect("nobody else reads it");
        let mut lines = BufReader::new(log).lines();
        let search = async {
            loop {
                let line = lines.next_line().await.expect("readable").expect(before);
                if let Some((_, behind)) = line.split_once(before) {
                    return behind.split_whitespace().next().unwrap_or("").to_owned();
                }
            }
        };
        let found = tokio::time::timeout(LIMIT, search).await.expect(before);
        // The bot must not write into a closed pipe.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        found
    }

    /// Ctrl-C, and what the bot has said until its end.
    pub(crate) async fn interrupt(self) -> (Platform, Output) {
        interrupt(&self.bot);
        self.ended().await
    }

    /// What the bot has said until its end.
    pub(crate) async fn ended(self) -> (Platform, Output) {
        let output = tokio::time::timeout(LIMIT, self.bot.wait_with_output()).await;
        (self.platform, output.expect("ends in time").expect("ran"))
    }
}

pub(crate) fn interrupt(bot: &Child) {
    send(bot, Signal::INT);
}

fn send(bot: &Child, signal: Signal) {
    let id = bot.id().and_then(|id| i32::try_from(id).ok());
    let id = rustix::process::Pid::from_raw(id.expect("it runs")).expect("a process id");
    rustix::process::kill_process(id, signal).expect("it can be told");
}

/// Whether users have seen a reply to this command.
pub(crate) fn is_answered(platform: &Platform, command: &EventId) -> bool {
    let event = platform.ledger().event(command);
    event.is_some_and(|event| !event.delivered.is_empty())
}
