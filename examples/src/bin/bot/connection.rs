//! Connects, serves until Ctrl-C, and lets the replies under way finish.

use std::time::Duration;

use anyhow::{Context, bail};
use botrs::{BotError, Client, Intents};
use recovery_core::botrs::is_token_expired;
use recovery_core::{Classify, ErrorKind, RetryConfig, retry, retryable_on};
use tracing::{info, warn};

use crate::cli::Cli;
use crate::credentials::Credentials;
use crate::handler::ErrorRecoveryHandler;
use crate::sender::{SEND_TIMEOUT, Sender};

/// How long the replies under way may take at the end.
const DRAIN: Duration = Duration::from_secs(30);

/// Runs the bot on the platform until Ctrl-C.
pub(crate) async fn run(cli: &Cli, credentials: Credentials) -> anyhow::Result<()> {
    let retry_config = retry_config(cli.without_recovery);
    let sender = Sender::new(credentials.clone(), cli.sandbox, retry_config)
        .context("cannot make an HTTP client")?;
    let connection = Connection {
        credentials,
        sandbox: cli.sandbox,
        handler: ErrorRecoveryHandler::new(sender),
    };
    let ended = tokio::select! {
        ended = connection.serve() => Some(ended),
        () = interrupted() => None,
    };
    match ended {
        Some(Err(error)) => bail!(explain(&error)),
        Some(Ok(())) => warn!("the gateway session has ended"),
        None => info!("ending: no new events, replies under way may finish"),
    }
    if !connection.handler.drain(DRAIN).await {
        bail!("gave up on replies that took longer than {DRAIN:?}");
    }
    Ok(())
}

/// The patience of every call to the platform. A reply may come late, within the five minutes in
/// which the platform takes it, rather than not at all.
fn retry_config(without_recovery: bool) -> RetryConfig {
    RetryConfig::builder()
        .max_attempts(if without_recovery { 1 } else { 10 })
        .initial_delay(Duration::from_millis(200))
        .max_delay(Duration::from_secs(2))
        .build()
        .expect("the values are in range")
}

struct Connection {
    credentials: Credentials,
    sandbox: bool,
    handler: ErrorRecoveryHandler,
}

impl Connection {
    /// Connects and handles events until the session ends. Each attempt begins with a client and
    /// a token of its own: a botrs client keeps the token it has until that expires.
    #[retry(max = 10, initial = 500ms, max_delay = 10s, jitter = full, name = "connect")]
    #[retryable_on(
        Network, Timeout, RateLimited, Server,
        error @ BotError::AuthenticationFailed(_) if is_token_expired(error),
    )]
    async fn serve(&self) -> Result<(), BotError> {
        let intents = Intents::default()
            .with_public_guild_messages()
            .with_direct_message()
            .with_public_messages();
        let (token, handler) = (self.credentials.token(), self.handler.clone());
        Client::with_config(token, intents, handler, SEND_TIMEOUT.as_secs(), self.sandbox)?
            .start()
            .await
    }
}

/// The last error of connecting, with its way out.
fn explain(error: &BotError) -> String {
    let help = match error.kind() {
        ErrorKind::Authentication => "check QQ_BOT_APP_ID and QQ_BOT_SECRET, and the IP whitelist",
        ErrorKind::Forbidden => "the platform allows no further session today, or bans the bot",
        ErrorKind::Network | ErrorKind::Timeout => "check the network, and HTTPS_PROXY if it is set",
        _ => "the platform does not answer as it should; try later",
    };
    format!("cannot connect to the platform: {error}; {help}")
}

/// Returns at Ctrl-C, and at SIGTERM where there is such a thing.
async fn interrupted() {
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
