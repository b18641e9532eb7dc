//! How the bot is: its health, its errors with their alerts, and the page that shows them.

use std::env;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use recovery_core::CircuitBreaker;
use recovery_core::botrs::{ClientHandle, Messenger};
use recovery_core::state::SaveStatus;
use recovery_core::status::{PrometheusMetrics, Status, StatusServer};
use recovery_core::systemd;
use recovery_core::watch::{
    AlertPolicy, AlertSinks, ErrorMonitor, HealthChecker, HealthState, LogAlerts, WebhookAlerts,
};
use tokio::sync::watch::Receiver;
use tokio::task::JoinSet;
use tracing::info;

use crate::cli::Cli;
use crate::survival::Survival;

/// The address that alerts are posted to. It holds a key, which a command line would show to others.
const WEBHOOK: &str = "BOT_ALERT_WEBHOOK";

/// So many errors within a minute are an outage.
const ALERT_AT: u64 = 20;
const WINDOW: Duration = Duration::from_secs(60);

/// What looks at the bot from the side.
pub(crate) struct Watch {
    pub(crate) monitor: ErrorMonitor,
    pub(crate) health: HealthChecker,
    tasks: JoinSet<()>,
}

impl Watch {
    /// Counts from now on; alerts begin now too.
    pub(crate) fn begin() -> anyhow::Result<Self> {
        let (monitor, health) = (ErrorMonitor::new(ALERT_AT, WINDOW), HealthChecker::new());
        let mut sinks = AlertSinks::new().and(LogAlerts);
        if let Ok(url) = env::var(WEBHOOK) {
            sinks = sinks.and(WebhookAlerts::new(&url).context(WEBHOOK)?);
        }
        let mut tasks = JoinSet::new();
        let alerts = monitor.run_alerts(sinks, AlertPolicy::default());
        tasks.spawn(async move {
            alerts.await;
        });
        tasks.spawn(tell_systemd(health.clone()));
        Ok(Self {
            monitor,
            health,
            tasks,
        })
    }

    /// Shows all of it, if somebody wants to see it.
    pub(crate) async fn show(
        &mut self,
        cli: &Cli,
        client: &ClientHandle,
        messenger: &Messenger,
        breaker: &Arc<CircuitBreaker>,
        survival: &Survival,
    ) -> anyhow::Result<()> {
        self.tasks
            .spawn(report_saves(self.health.clone(), survival.state.watch()));
        let Some(address) = cli.status else {
            return Ok(());
        };
        let server = listen(address, cli.status_for_everyone).await?;
        let address = server.local_addr();
        info!(%address, "the status page is at http://{address}/");
        let mut status = Status::builder("bot")
            .version(env!("CARGO_PKG_VERSION"))
            .health(self.health.clone())
            .errors(self.monitor.clone())
            .metrics(PrometheusMetrics::install()?)
            .client(client.clone())
            .messenger(messenger.clone())
            .breaker("platform", Arc::clone(breaker));
        if cli.state.is_some() {
            let saves = survival.state.watch();
            status = status.saves(move || *saves.borrow());
        }
        self.tasks.spawn(async move {
            let _ = server.serve(status.build(), std::future::pending()).await;
        });
        Ok(())
    }
}

async fn listen(address: SocketAddr, for_everyone: bool) -> anyhow::Result<StatusServer> {
    if for_everyone {
        return Ok(StatusServer::bind_remote(address).await?);
    }
    if !address.ip().to_canonical().is_loopback() {
        bail!(
            "--status {address} would show the page to other machines, and it asks for no password: \
             take 127.0.0.1, or add --status-for-everyone"
        );
    }
    Ok(StatusServer::bind(address).await?)
}

/// Where systemd has started the bot: says how it is, and goes on saying that it is alive. It is ready when it
/// has begun: that the platform is away is no reason to start it again.
async fn tell_systemd(health: HealthChecker) {
    let told = async {
        let mut changes = health.watch();
        let _ = systemd::notify_ready();
        loop {
            let now = changes.borrow_and_update().to_string();
            let _ = systemd::notify_status(&now);
            if changes.changed().await.is_err() {
                return;
            }
        }
    };
    let alive = systemd::watchdog(|| health.health().state != HealthState::Unhealthy);
    tokio::join!(told, alive);
}

/// A state that cannot be saved is no reason to stop, but one to look.
async fn report_saves(health: HealthChecker, mut saves: Receiver<SaveStatus>) {
    loop {
        if saves.borrow_and_update().failing_since.is_some() {
            health.report("state", HealthState::Degraded, "it cannot be saved");
        } else {
            health.clear("state");
        }
        if saves.changed().await.is_err() {
            return;
        }
    }
}
