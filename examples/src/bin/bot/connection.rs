//! Connects, serves until Ctrl-C, and lets the replies under way finish.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use botrs::{BotError, Client, Intents};
use recovery_core::botrs::is_token_expired;
use recovery_core::{Classify, ErrorKind, RetryConfig, retry, retryable_on};
use tracing::info;

use crate::access::Access;
use crate::cli::Cli;
use crate::credentials::Credentials;
use crate::handler::ErrorRecoveryHandler;
use crate::sender::{SEND_TIMEOUT, Sender};

/// How long the replies under way may take at the end.
const DRAIN: Duration = Duration::from_secs(30);

/// Runs the bot on the platform until Ctrl-C.
pub(crate) async fn run(cli: &Cli, credentials: Credentials) -> anyhow::Result<()> {
    let access = Access::new(credentials, cli.sandbox).context("cannot make an HTTP client")?;
    let access = Arc::new(access);
    let sender = Sender::new(Arc::clone(&access), retry_config(cli.without_recovery));
    let handler = ErrorRecoveryHandler::new(sender);
    let connection = Connection {
        access,
        sandbox: cli.sandbox,
        handler,
    };
    let ended = tokio::select! {
        ended = connection.connect() => Some(ended),
        () = interrupted() => None,
    };
    match &ended {
        Some(Err(error)) => bail!(explain(error)),
        Some(Ok(())) => {}
        None => info!("ending: no new events, replies under way may finish"),
    }
    if !connection.handler.drain(DRAIN).await {
        bail!("gave up on replies that took longer than {DRAIN:?}");
    }
    if ended.is_some() {
        // botrs ends so when its session manager has failed; a supervisor is to start the bot anew.
        bail!("the gateway session has ended, and nobody asked for it; see the log");
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
    access: Arc<Access>,
    sandbox: bool,
    handler: ErrorRecoveryHandler,
}

impl Connection {
    async fn connect(&self) -> Result<(), BotError> {
        self.access.fetch_token().await?;
        self.serve().await
    }

    /// Handles events until the session ends. botrs fails here only before the first event, so
    /// each attempt begins with a client of its own.
    #[retry(max = 10, initial = 500ms, max_delay = 10s, jitter = full, name = "connect")]
    #[retryable_on(
        Network, Timeout, RateLimited, Server,
        error if is_token_expired(error),
    )]
    async fn serve(&self) -> Result<(), BotError> {
        let intents = Intents::default()
            .with_public_guild_messages()
            .with_direct_message()
            .with_public_messages();
        let login = self.access.current();
        let (token, handler) = (login.token.clone(), self.handler.clone());
        let timeout = SEND_TIMEOUT.as_secs();
        let mut client = Client::with_config(token, intents, handler, timeout, self.sandbox)?;
        let ended = client.start().await;
        ended.inspect_err(|error| self.access.renew_if_expired(&login, error))
    }
}

/// The last error of connecting, with its way out.
fn explain(error: &BotError) -> String {
    let help = match error.kind() {
        ErrorKind::Authentication => {
            "check QQ_BOT_APP_ID and QQ_BOT_SECRET, and the IP whitelist; if they are right, the \
             platform limits requests for tokens: wait a minute"
        }
        ErrorKind::Forbidden => "the platform allows no further session today, or bans the bot",
        ErrorKind::Network | ErrorKind::Timeout => {
            "check the network, and HTTPS_PROXY if it is set"
        }
        _ => "the platform does not answer as it should; try later",
    };
    // A proxy's error page comes with all of its lines.
    let error = error.to_string();
    let error = error.lines().next().unwrap_or_default();
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
