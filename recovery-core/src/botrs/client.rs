//! The client that stays connected.

mod dispatcher;
mod error;
mod pause;
mod supervisor;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ::botrs::{BotError, EventHandler, Intents, Token};
use tokio::sync::{broadcast, watch};

pub use self::error::Unrecoverable;
use self::supervisor::Supervisor;
use super::feed::{ClientFailure, Feed};
use super::gateway::{GatewayTiming, ShardStatus, StatusBoard};
use super::handler::HandlerLimits;
use super::hosts::Hosts;
use super::journal::{Journal, JournalError};
use super::send::Messenger;
use super::stats::{ClientStats, Counts};
use crate::watch::{ErrorMonitor, HealthChecker};
use crate::{Jitter, RetryConfig};

/// A `botrs` client that stays connected, and resumes so that no event is missed that the platform still has.
///
/// It takes what `botrs::Client` takes, and calls the same `EventHandler`:
///
/// - **The gateway.** Every step of connecting has its time limit, heartbeats that are not answered end
///   a dead connection, each close code is followed by what the platform documents for it, and one that
///   repeats changes the plan. Delays grow, are jittered, and begin anew only after a stable connection.
///   Session starts are counted and spaced as `/gateway/bot` says.
/// - **Handlers** run side by side, in order within one conversation. A panic costs its own event and
///   is reported to `EventHandler::error`, like an event that cannot be read; what the platform pushes
///   twice is handled once.
/// - **Restarts.** With a folder to [remember in](Self::remember_in), a restarted process resumes the
///   session, receives what it missed, and does not handle again what had been handled.
///
/// Several clients, also plain ones, live side by side in one process. A session manager that the
/// program has installed by `set_session_manager_factory` is replaced, by botrs's own for plain clients.
///
/// # Examples
/// ```no_run
/// use botrs::{Context, EventHandler, GroupMessage, Intents, Token};
/// use recovery_core::botrs::ResilientBotClient;
///
/// struct Echo;
///
/// #[async_trait::async_trait]
/// impl EventHandler for Echo {
///     async fn group_message_create(&self, _: Context, message: GroupMessage) {
///         println!("{:?}", message.content);
///     }
/// }
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let intents = Intents::new().with_public_messages();
/// let mut client = ResilientBotClient::new(Token::from_env()?, intents, Echo, false)?
///     .remember_in("bot-state")?;
/// let handle = client.handle();
/// tokio::spawn(async move {
///     let _ = tokio::signal::ctrl_c().await;
///     handle.stop();
/// });
/// client.start_with_recovery().await?; // until stopped, or until nothing helps
/// # Ok(())
/// # }
/// ```
pub struct ResilientBotClient<H> {
    token: Token,
    intents: Intents,
    handler: Arc<H>,
    is_sandbox: bool,
    messenger: Messenger,
    journal: Arc<Journal>,
    options: Options,
    stop: watch::Sender<bool>,
    status: StatusBoard,
    reconnects: broadcast::Sender<Option<u32>>,
}

/// So many requests to reconnect may wait for a shard that is busy; of more it takes the newest.
const RECONNECTS: usize = 16;

/// What has a default.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub(crate) policy: RetryConfig,
    pub(crate) timing: GatewayTiming,
    pub(crate) limits: HandlerLimits,
    pub(crate) in_hand: u32,
    pub(crate) drain: Duration,
    pub(crate) request_timeout: Duration,
    pub(crate) feed: Feed,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            policy: RetryConfig::builder()
                .unlimited()
                .initial_delay(Duration::from_secs(1))
                .max_delay(Duration::from_secs(60))
                .jitter(Jitter::Full)
                .build()
                .expect("the values are in range"),
            timing: GatewayTiming::default(),
            limits: HandlerLimits {
                width: 256,
                timeout: None,
            },
            in_hand: 4_096,
            drain: Duration::from_secs(30),
            request_timeout: Duration::from_secs(10),
            feed: Feed::default(),
        }
    }
}

impl<H: EventHandler + 'static> ResilientBotClient<H> {
    /// A client for the bot of `token`, on the production platform or the sandbox.
    ///
    /// # Errors
    /// If the app id or the secret is empty, or there can be no HTTP client (the system's TLS roots
    /// cannot be read).
    pub fn new(
        token: Token,
        intents: Intents,
        handler: H,
        is_sandbox: bool,
    ) -> Result<Self, BotError> {
        token.validate()?;
        let hosts = if is_sandbox {
            Hosts::sandbox()
        } else {
            Hosts::production()
        };
        Ok(Self {
            messenger: Messenger::new(&token, hosts)?,
            journal: Arc::new(Journal::in_memory(token.app_id())),
            intents,
            handler: Arc::new(handler),
            is_sandbox,
            options: Options::default(),
            stop: watch::Sender::new(false),
            status: StatusBoard::default(),
            reconnects: broadcast::Sender::new(RECONNECTS),
            token,
        })
    }

    /// Shares the access token of this messenger, by whose clones the handler replies, and tells it which
    /// events begin, and which replies were begun before a restart.
    ///
    /// # Errors
    /// If it is another bot's, or sends to the production platform for a client of the sandbox, or the
    /// other way round.
    pub fn with_messenger(mut self, messenger: Messenger) -> Result<Self, BotError> {
        if messenger.app_id() != self.token.app_id() {
            return Err(BotError::config(
                "the messenger is another bot's: make it of the token that the client has",
            ));
        }
        let other = if self.is_sandbox {
            Hosts::production()
        } else {
            Hosts::sandbox()
        };
        if messenger.api().hosts().api() == other.api() {
            return Err(BotError::config(
                "client and messenger are not both for the sandbox, or both for production",
            ));
        }
        self.messenger = messenger;
        Ok(self)
    }

    /// How patiently to connect again. Default: without end, after 1 s, 2 s, 4 s, up to 60 s, each with
    /// full jitter.
    ///
    /// Attempts are counted from the last stable connection; a policy that limits them makes the
    /// client give up ([`Unrecoverable::GaveUp`]), which `RetryConfig::default()` does after three.
    #[must_use]
    pub fn with_retry(mut self, policy: RetryConfig) -> Self {
        self.options.policy = policy;
        self
    }

    /// Remembers sessions, handled events and begun replies in a file of `folder`, which is made if need
    /// be, for its owner only. One process at a time can use it.
    ///
    /// A `kill -9` loses nothing that was noted. The file is not forced to the disk with each event: a
    /// machine that loses its power may handle the events of its last seconds again.
    ///
    /// # Errors
    /// If the folder cannot be used, or another process uses it.
    pub fn remember_in(mut self, folder: impl Into<PathBuf>) -> Result<Self, JournalError> {
        self.journal = Arc::new(Journal::open(&folder.into(), self.token.app_id())?);
        Ok(self)
    }

    /// Stops a handler that runs for longer, and reports it to `EventHandler::error`. Default: none may
    /// be stopped.
    #[must_use]
    pub fn with_handler_timeout(mut self, limit: Duration) -> Self {
        self.options.limits.timeout = Some(limit);
        self
    }

    /// How many handlers may run at a time. Default 256; at least 1.
    #[must_use]
    pub fn with_concurrent_handlers(mut self, width: usize) -> Self {
        self.options.limits.width = width.clamp(1, tokio::sync::Semaphore::MAX_PERMITS);
        self
    }

    /// How many events may be in hand, those that run included. While there are so many, nothing more
    /// is read from the gateway, of any conversation, and the event `gateway.paused` says so. Default
    /// 4096; at least 1.
    ///
    /// A handler that never ends holds up the events of its own conversation, which count; where that can
    /// be, give handlers a [time limit](Self::with_handler_timeout).
    #[must_use]
    pub fn with_events_in_hand(mut self, events: u32) -> Self {
        self.options.in_hand = events.max(1);
        self
    }

    /// How long handlers may go on after a stop. Default 30 s.
    #[must_use]
    pub fn with_drain(mut self, limit: Duration) -> Self {
        self.options.drain = limit;
        self
    }

    /// The time limits of the gateway.
    #[must_use]
    pub fn with_timing(mut self, timing: GatewayTiming) -> Self {
        self.options.timing = timing.clamped();
        self
    }

    /// Tells `checker` how the connections, the handlers and the journal are, and lets it monitor while the
    /// client runs. Each shard is a connection of its number; a client that is stopped has none. One checker
    /// is for one client.
    ///
    /// A connection on which no heartbeat has been acknowledged for the checker's
    /// [`heartbeat_timeout`](crate::watch::HealthThresholds::heartbeat_timeout) is ended, and made again by a
    /// resume. That two heartbeats in a row are not answered ends it in any case, and mostly sooner.
    #[must_use]
    pub fn with_health(mut self, checker: HealthChecker) -> Self {
        self.options.feed.health = Some(checker);
        self
    }

    /// Counts in `monitor` what fails: attempts to begin and to connect, connections that break off,
    /// handlers that panic or take too long, events that cannot be read, a journal that cannot be written.
    /// The operations are those of [`ClientFailure`]. What the platform or the program plans, such as a
    /// reconnect that is asked for, is no failure.
    #[must_use]
    pub fn with_monitor(mut self, monitor: ErrorMonitor) -> Self {
        self.options.feed.monitor = Some(monitor);
        self
    }

    /// Calls `hook` with what [`with_monitor`](Self::with_monitor) counts. It should be quick, since the
    /// client waits for it, and must not block. A panic of it is caught.
    #[must_use]
    pub fn with_error_hook(
        mut self,
        hook: impl Fn(&ClientFailure<'_>) + Send + Sync + 'static,
    ) -> Self {
        self.options.feed.hook = Some(Arc::new(hook));
        self
    }

    /// Stops the client from elsewhere.
    pub fn handle(&self) -> ClientHandle {
        ClientHandle {
            stop: self.stop.clone(),
            status: self.status.clone(),
            reconnects: self.reconnects.clone(),
            counts: Arc::clone(&self.options.feed.counts),
        }
    }

    /// As [`ClientHandle::stop`].
    pub fn stop(&self) {
        self.handle().stop();
    }

    /// Connects all shards, and keeps them connected and their events handled, until
    /// [stopped](ClientHandle::stop).
    ///
    /// A stop closes the connections so that the sessions can be resumed, and lets the handlers that
    /// run come to their end, for 30 s at most ([`with_drain`](Self::with_drain)). Where the messenger has an
    /// [outbox](Messenger::with_outbox), their replies are sent or kept within seconds
    /// ([`begin_shutdown`](Messenger::begin_shutdown)). It can be started again after that.
    ///
    /// # Errors
    /// What nothing helps against, with its cause and its cure.
    ///
    /// # Cancel safety
    /// Dropping the future ends everything that belongs to it, at once: connections and handlers. An
    /// event whose handler was cut off counts as not handled. (A request for an access token may live on
    /// for 10 s, for the messenger's other clones.) The folder that it remembers in is free once the runtime
    /// has had a turn to drop all this.
    pub async fn start_with_recovery(&mut self) -> Result<(), Unrecoverable> {
        let mut stop = self.stop.subscribe();
        self.messenger.undo_shutdown();
        let journal = Arc::new(Arc::downgrade(&self.journal));
        self.messenger.note_in(journal, self.journal.is_kept());
        let supervisor = Supervisor {
            token: self.token.clone(),
            intents: self.intents,
            handler: Arc::clone(&self.handler),
            is_sandbox: self.is_sandbox,
            messenger: self.messenger.clone(),
            journal: Arc::clone(&self.journal),
            options: self.options.clone(),
            status: self.status.clone(),
            reconnects: self.reconnects.clone(),
        };
        supervisor.run(&mut stop).await?;
        // The stop has been obeyed.
        self.stop.send_replace(false);
        Ok(())
    }
}

impl<H> fmt::Debug for ResilientBotClient<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResilientBotClient")
            .field("app_id", &self.token.app_id())
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

/// Stops a [`ResilientBotClient`], and tells how it is. Clones are handles on the same client.
#[derive(Clone, Debug)]
pub struct ClientHandle {
    stop: watch::Sender<bool>,
    status: StatusBoard,
    reconnects: broadcast::Sender<Option<u32>>,
    counts: Arc<Counts>,
}

impl ClientHandle {
    /// Asks the client to stop. It need not be running yet: it then stops when it is started.
    pub fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// Asks the shard of this number, or all, to end the connection that it has and to resume on another
    /// one, within a second ([`GatewayTiming::planned_within`]). What is missed meanwhile is replayed.
    ///
    /// A shard that has no connection is about to make one, and takes no notice. Asked for again before the
    /// new connection was stable, it waits as after a failure, so that no rule of a program's own can make
    /// it hammer at the gateway.
    pub fn reconnect(&self, shard: Option<u32>) {
        // Without a shard, nobody listens.
        let _ = self.reconnects.send(shard);
    }

    /// What the client has done so far.
    pub fn stats(&self) -> ClientStats {
        self.counts.stats()
    }

    /// How each shard is, and each change. Empty until the client has begun.
    pub fn status(&self) -> watch::Receiver<Vec<ShardStatus>> {
        self.status.watch()
    }
}

#[cfg(test)]
mod tests;
