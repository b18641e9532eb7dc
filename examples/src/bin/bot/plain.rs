//! The same bot without recovery, to compare with: botrs as it is, and each reply sent once.

use std::fmt::Display;

use anyhow::{Context as _, bail};
use botrs::models::message::DirectMessageParams;
use botrs::{C2CMessage, Client, Context, EventHandler, GroupMessage, Message};
use recovery_core::shutdown::Shutdown;
use tracing::warn;

use crate::cli::Cli;
use crate::commands::{
    Command, DIRECT_ANSWER, ERROR_MADE, GROUP_ANSWER, NO_GUILD, PONG, Tally, is_group_test,
};
use crate::connection::intents;
use crate::credentials::Credentials;

/// Runs the bot until Ctrl-C, or until botrs gives up.
pub(crate) async fn run(cli: &Cli, credentials: &Credentials) -> anyhow::Result<()> {
    let shutdown = Shutdown::listen().context("cannot listen for signals")?;
    let handler = PlainHandler {
        tally: Tally::new(),
    };
    let client = Client::new(credentials.token(), intents(), handler, cli.sandbox);
    let mut client = client.context("cannot make an HTTP client")?;
    tokio::select! {
        ended = client.start() => ended.context("cannot connect to the platform")?,
        _ = shutdown.requested() => return Ok(()),
    }
    bail!("the gateway session has ended, and nobody asked for it; see the log")
}

struct PlainHandler {
    tally: Tally,
}

#[async_trait::async_trait]
impl EventHandler for PlainHandler {
    async fn message_create(&self, ctx: Context, message: Message) {
        self.tally.note_message();
        let text = match Command::parse(message.content.as_deref()) {
            Some(Command::Status) => self.tally.status(),
            Some(Command::Ping) => PONG.to_owned(),
            Some(Command::TestError) => {
                self.note(ctx.api().get_guild(NO_GUILD).await);
                ERROR_MADE.to_owned()
            }
            Some(Command::Health) | None => return,
        };
        self.note(message.reply(ctx.api(), &text).await);
    }

    async fn direct_message_create(&self, ctx: Context, message: Message) {
        self.tally.note_message();
        if Command::parse(message.content.as_deref()) != Some(Command::Health) {
            return;
        }
        if let (Some(guild), Some(id)) = (&message.guild_id, &message.id) {
            let reply = DirectMessageParams::new_text(DIRECT_ANSWER).with_reply(id);
            self.note(ctx.api().send_direct_message(guild, reply).await);
        }
    }

    async fn group_message_create(&self, ctx: Context, message: GroupMessage) {
        self.tally.note_message();
        if is_group_test(message.content.as_deref()) {
            self.note(message.reply(ctx.api(), GROUP_ANSWER).await);
        }
    }

    async fn c2c_message_create(&self, ctx: Context, message: C2CMessage) {
        self.tally.note_message();
        if Command::parse(message.content.as_deref()) == Some(Command::Ping) {
            self.note(message.reply(ctx.api(), PONG).await);
        }
    }
}

impl PlainHandler {
    fn note<T>(&self, outcome: Result<T, impl Display>) {
        if let Err(error) = outcome {
            self.tally.note_error();
            warn!("{error}");
        }
    }
}
