//! Connects, and serves until Ctrl-C.

use std::time::Duration;

use anyhow::Context;
use botrs::Intents;
use recovery_core::botrs::{Hosts, Messenger, ResilientBotClient};
use recovery_core::{Jitter, RetryConfig};

use crate::cli::Cli;
use crate::credentials::Credentials;
use crate::handler::ErrorRecoveryHandler;

/// Runs the bot on the platform until Ctrl-C, or until nothing helps.
pub(crate) async fn run(cli: &Cli, credentials: &Credentials) -> anyhow::Result<()> {
    let token = credentials.token();
    let hosts = if cli.sandbox {
        Hosts::sandbox()
    } else {
        Hosts::production()
    };
    let messenger = Messenger::new(&token, hosts)
        .context("cannot make an HTTP client")?
        .with_retry(patience(Duration::from_millis(200), Duration::from_secs(2)));
    let handler = ErrorRecoveryHandler::new(messenger.clone());
    let mut client = ResilientBotClient::new(token, intents(), handler, cli.sandbox)
        .context("cannot make an HTTP client")?
        .with_messenger(messenger)?
        .with_retry(patience(Duration::from_millis(500), Duration::from_secs(5)));
    if let Some(folder) = &cli.state {
        client = client.remember_in(folder)?;
    }

    let handle = client.handle();
    tokio::spawn(async move {
        interrupted().await;
        handle.stop();
    });
    client.start_with_recovery().await?;
    Ok(())
}

/// The events that the bot answers.
pub(crate) fn intents() -> Intents {
    Intents::default()
        .with_public_guild_messages()
        .with_direct_message()
        .with_public_messages()
}

/// Never gives up: replies end with their window, and connecting when nothing helps. The waits are
/// shorter than by default, since people wait in a chat, and spread, since many replies wait at once.
fn patience(initial: Duration, longest: Duration) -> RetryConfig {
    RetryConfig::builder()
        .unlimited()
        .initial_delay(initial)
        .max_delay(longest)
        .jitter(Jitter::Full)
        .build()
        .expect("the values are in range")
}

/// Returns at Ctrl-C, and at SIGTERM where there is such a thing.
pub(crate) async fn interrupted() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await; // no signals here: only the session's end ends the bot
    }
}
