//! Connects, and serves until Ctrl-C or SIGTERM.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use botrs::Intents;
use recovery_core::botrs::{Hosts, Messenger, ResilientBotClient};
use recovery_core::shutdown::Shutdown;
use recovery_core::{CircuitBreaker, Jitter, RetryConfig, systemd};

use crate::cli::Cli;
use crate::credentials::Credentials;
use crate::handler::ErrorRecoveryHandler;
use crate::platform_view::PlatformView;
use crate::survival::Survival;
use crate::watch::Watch;

/// Handlers finish within this, or are cut off: with what follows, the bot ends in less than 10 s.
const DRAIN: Duration = Duration::from_secs(8);

/// A disk that hangs must not keep the bot from ending.
const CLOSE: Duration = Duration::from_secs(5);

/// Runs the bot on the platform until it is asked to end, or until nothing helps.
pub(crate) async fn run(cli: &Cli, credentials: &Credentials) -> anyhow::Result<()> {
    let shutdown = Shutdown::listen().context("cannot listen for signals")?;
    let mut watch = Watch::begin()?;
    let survival = Survival::open(cli.state.as_deref(), &watch.monitor).await?;
    let breaker = Arc::new(platform_breaker());

    let token = credentials.token();
    let hosts = if cli.sandbox {
        Hosts::sandbox()
    } else {
        Hosts::production()
    };
    let messenger = Messenger::new(&token, hosts)
        .context("cannot make an HTTP client")?
        .with_retry(patience(Duration::from_millis(200), Duration::from_secs(2)))
        .with_breaker(Arc::clone(&breaker))
        .with_outbox(survival.outbox.clone())
        .with_monitor(watch.monitor.clone());
    let handler = ErrorRecoveryHandler {
        messenger: messenger.clone(),
        state: survival.state.clone(),
        monitor: watch.monitor.clone(),
        platform: PlatformView::new(Arc::clone(&breaker)),
    };
    let mut client = ResilientBotClient::new(token, intents(), handler, cli.sandbox)
        .context("cannot make an HTTP client")?
        .with_messenger(messenger.clone())?
        .with_retry(patience(Duration::from_millis(500), Duration::from_secs(5)))
        .with_drain(DRAIN)
        .with_health(watch.health.clone())
        .with_monitor(watch.monitor.clone());
    if let Some(folder) = &cli.state {
        client = client.remember_in(folder)?;
    }

    let handle = client.handle();
    watch
        .show(cli, &handle, &messenger, &breaker, &survival)
        .await?;
    tokio::spawn(async move {
        shutdown.requested().await;
        let _ = systemd::notify_stopping();
        handle.stop();
    });
    let ended = client.start_with_recovery().await;
    let closing = async { tokio::join!(messenger.close(), survival.state.close()) };
    let closed = tokio::time::timeout(CLOSE, closing).await;
    ended?;
    let (kept, saved) =
        closed.context("the disk does not answer: the newest changes are not saved")?;
    kept.context("the outbox could not be saved")?;
    saved.context("the state could not be saved")
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

/// Opens when nearly nothing comes through any more: then replies go into the outbox, and the
/// platform gets a probe now and then.
fn platform_breaker() -> CircuitBreaker {
    CircuitBreaker::builder()
        .name("platform")
        .window(50)
        .minimum_calls(20)
        .failure_ratio(0.9)
        .open_for(Duration::from_secs(5))
        .build()
        .expect("the values are in range")
}
