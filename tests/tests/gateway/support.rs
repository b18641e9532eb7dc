//! A platform, and a bot under it that is a process of its own.

use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use loopback_platform::{BotEnvironment, EventId, Platform, PlatformOptions, Scene};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::watch;
use tokio::time::timeout;

/// No step of a test takes longer.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Options for our own client, which can bear a quick heartbeat.
pub(crate) fn quick() -> PlatformOptions {
    PlatformOptions {
        heartbeat_interval: Duration::from_millis(300),
        allow_short_heartbeat: true,
        ..PlatformOptions::default()
    }
}

pub(crate) async fn start(options: PlatformOptions) -> Platform {
    Platform::start(options).await.expect("a platform starts")
}

/// A running bot. It is killed when dropped.
pub(crate) struct Bot {
    child: Child,
    told: watch::Receiver<Vec<Value>>,
    _environment: BotEnvironment,
}

impl Bot {
    /// Starts an unmodified botrs client.
    pub(crate) fn plain(platform: &Platform) -> Self {
        Self::start(platform, &["--plain"])
    }

    /// Starts ours.
    pub(crate) fn resilient(platform: &Platform, arguments: &[&str]) -> Self {
        Self::start(platform, arguments)
    }

    pub(crate) fn start(platform: &Platform, arguments: &[&str]) -> Self {
        Self::start_with(platform, arguments, &[])
    }

    /// As [`start`](Self::start), with further variables in its environment.
    pub(crate) fn start_with(
        platform: &Platform,
        arguments: &[&str],
        variables: &[(&str, &str)],
    ) -> Self {
        let environment = BotEnvironment::new(platform).expect("a folder for the certificate");
        let mut command = Command::new(env!("CARGO_BIN_EXE_probe_bot"));
        environment.apply(&mut command);
        command
            .args(arguments)
            .envs(variables.iter().copied())
            .kill_on_drop(true)
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        if std::env::var_os("RUST_LOG").is_none() {
            // What botrs logs of its troubles, and the backtraces of panics that are asked for.
            command.stderr(Stdio::null());
        }
        let mut child = command.spawn().expect("the bot starts");
        let mut lines = BufReader::new(child.stdout.take().expect("its output is piped")).lines();
        let (sender, told) = watch::channel(Vec::new());
        tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                if let Ok(value) = serde_json::from_str(&line) {
                    sender.send_modify(|told| told.push(value));
                }
            }
        });
        Self {
            child,
            told,
            _environment: environment,
        }
    }

    /// What the bot has told so far.
    pub(crate) fn told(&self) -> Vec<Value> {
        self.told.borrow().clone()
    }

    /// The values that it has told under this key.
    pub(crate) fn all(&self, key: &str) -> Vec<Value> {
        let told = self.told.borrow();
        told.iter()
            .filter_map(|told| told.get(key))
            .cloned()
            .collect()
    }

    /// Waits until it has told something under this key, for the `count`th time; returns that.
    pub(crate) async fn tells(&mut self, key: &str, count: usize) -> Value {
        match self.tells_within(key, count, PATIENCE).await {
            Some(value) => value,
            None => panic!(
                "the bot did not tell `{key}` {count} times; it told {:#?}",
                self.told()
            ),
        }
    }

    pub(crate) async fn tells_within(
        &mut self,
        key: &str,
        count: usize,
        limit: Duration,
    ) -> Option<Value> {
        let found = |told: &[Value]| {
            let mut values = told.iter().filter_map(|told| told.get(key));
            values.nth(count - 1).cloned()
        };
        let waited = timeout(limit, self.told.wait_for(|told| found(told).is_some()));
        waited.await.ok()?.ok().and_then(|told| found(&told))
    }

    /// Waits until all that it told before its end has been read.
    pub(crate) async fn has_told_all(&mut self) {
        let _ = timeout(PATIENCE, async {
            while self.told.changed().await.is_ok() {}
        })
        .await;
    }

    /// Waits until the handler has said that it is through with this event.
    pub(crate) async fn handles(&mut self, id: &EventId) {
        let handled = |told: &[Value]| told.iter().any(|told| told["handled"] == id.as_str());
        let waited = timeout(PATIENCE, self.told.wait_for(|told| handled(told)));
        let waited = matches!(waited.await, Ok(Ok(_)));
        assert!(
            waited,
            "{id} was not handled; the bot told {:#?}",
            self.told()
        );
    }

    /// How many times the handler began with this event.
    pub(crate) fn begun(&self, id: &EventId) -> usize {
        self.all("begun")
            .iter()
            .filter(|begun| **begun == id.as_str())
            .count()
    }

    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id().expect("the bot runs")
    }

    /// Asks it to end by itself; returns whether it did, within the time it has.
    #[cfg(unix)]
    pub(crate) async fn stop(&mut self) -> bool {
        self.signal(nix::sys::signal::Signal::SIGINT);
        timeout(PATIENCE, self.child.wait()).await.is_ok()
    }

    /// Asks it by this signal to end.
    #[cfg(unix)]
    pub(crate) fn signal(&self, signal: nix::sys::signal::Signal) {
        let id = i32::try_from(self.id()).expect("a process id");
        let id = nix::unistd::Pid::from_raw(id);
        nix::sys::signal::kill(id, signal).expect("it can be asked");
    }

    /// `kill -9`
    pub(crate) async fn kill(&mut self) {
        self.child.kill().await.expect("the bot can be killed");
    }

    /// How the process has ended by itself, if it has within `limit`.
    pub(crate) async fn exit_within(&mut self, limit: Duration) -> Option<ExitStatus> {
        timeout(limit, self.child.wait()).await.ok()?.ok()
    }
}

/// Waits until the platform's user has seen so many replies to this.
pub(crate) async fn answered(platform: &Platform, id: &EventId) {
    let seen = |ledger: &loopback_platform::Ledger| {
        ledger
            .event(id)
            .is_some_and(|event| !event.delivered.is_empty())
    };
    assert!(
        platform.ledger().wait_until(PATIENCE, seen).await,
        "{id} was not answered: {:#?}",
        platform.ledger().calls_for(id)
    );
}

/// Delivers one message to each scene.
pub(crate) fn everywhere(platform: &Platform, content: &str) -> Vec<EventId> {
    Scene::ALL
        .into_iter()
        .map(|scene| platform.deliver(scene, content))
        .collect()
}
