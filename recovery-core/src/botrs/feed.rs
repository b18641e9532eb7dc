//! What a client tells of itself, to whom the program has asked it to tell: counts, health, errors.

use std::convert::Infallible;
use std::fmt::{self, Display};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::stats::{Counts, Outcome};
use crate::ErrorKind;
use crate::observe;
use crate::watch::{ConnectionHealth, DisconnectCause, ErrorMonitor, HealthChecker, HealthState};

/// Under this name the journal's failures are reported to the health checker.
const JOURNAL: &str = "journal";

/// Something that has failed in a client, as
/// [`with_error_hook`](super::ResilientBotClient::with_error_hook) tells it.
///
/// ```
/// use std::sync::atomic::{AtomicU32, Ordering};
/// use botrs::{EventHandler, Intents, Token};
/// use recovery_core::ErrorKind;
/// use recovery_core::botrs::{ClientFailure, ResilientBotClient};
///
/// struct Silent;
///
/// #[async_trait::async_trait]
/// impl EventHandler for Silent {}
///
/// # fn main() -> Result<(), botrs::BotError> {
/// static REFUSALS: AtomicU32 = AtomicU32::new(0);
/// let client = ResilientBotClient::new(Token::new("app", "secret"), Intents::default(), Silent, false)?
///     .with_error_hook(|failure: &ClientFailure<'_>| {
///         if failure.kind == ErrorKind::Authentication {
///             REFUSALS.fetch_add(1, Ordering::Relaxed);
///         }
///     });
/// assert_eq!(REFUSALS.load(Ordering::Relaxed), 0); // it has not begun
/// # let _ = client;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct ClientFailure<'a> {
    /// What was being done: `client.start`, `client.renew`, `gateway.connect`, `gateway` (a connection that
    /// had been there), `gateway.frame`, `event` (one that could not be read), `handler` or `journal`.
    pub operation: &'static str,
    /// What kind of failure it was.
    pub kind: ErrorKind,
    /// What happened, for a human.
    pub error: &'a dyn Display,
}

impl fmt::Debug for ClientFailure<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientFailure")
            .field("operation", &self.operation)
            .field("kind", &self.kind)
            .field("error", &format_args!("{}", self.error))
            .finish()
    }
}

type Hook = Arc<dyn Fn(&ClientFailure<'_>) + Send + Sync>;

/// Clones tell the same.
#[derive(Clone, Default)]
pub(crate) struct Feed {
    pub(crate) counts: Arc<Counts>,
    pub(crate) health: Option<HealthChecker>,
    pub(crate) monitor: Option<ErrorMonitor>,
    pub(crate) hook: Option<Hook>,
}

impl Feed {
    pub(crate) fn received(&self, shard: u32) {
        self.counts.received();
        observe::event_received(shard);
    }

    /// An event is in hand no more.
    pub(crate) fn ended(&self, outcome: Outcome) {
        self.counts.ended(outcome);
        observe::event_ended(outcome);
        let Some(health) = &self.health else { return };
        match outcome {
            Outcome::Handled => health.handled(),
            Outcome::Panicked | Outcome::TimedOut => health.handler_failed(),
            Outcome::Duplicate | Outcome::Unreadable | Outcome::CutOff => {}
        }
    }

    /// An event was not handled well; it is in hand still.
    pub(crate) fn event_failed(&self, outcome: Outcome, error: &dyn Display) {
        let (operation, kind) = match outcome {
            Outcome::TimedOut => ("handler", ErrorKind::Timeout),
            Outcome::Unreadable => ("event", ErrorKind::InvalidInput),
            _ => ("handler", ErrorKind::Other),
        };
        self.failed(operation, kind, error);
    }

    /// A frame of the gateway could not be understood.
    pub(crate) fn malformed(&self, error: &dyn Display) {
        self.counts.malformed();
        self.failed("gateway.frame", ErrorKind::InvalidInput, error);
    }

    pub(crate) fn failed(&self, operation: &'static str, kind: ErrorKind, error: &dyn Display) {
        if let Some(monitor) = &self.monitor {
            monitor.record(operation, kind);
        }
        if let Some(hook) = &self.hook {
            let failure = ClientFailure {
                operation,
                kind,
                error,
            };
            // The program's own code costs no connection.
            let _ = catch_unwind(AssertUnwindSafe(|| hook(&failure)));
        }
    }

    /// There is to be a connection; the client does not know yet how many.
    pub(crate) fn begins(&self) {
        if let Some(first) = self.connection(0) {
            first.connecting();
        }
    }

    /// The client could not begin.
    pub(crate) fn not_begun(&self, cause: &dyn Display) {
        if let Some(first) = self.connection(0) {
            first.disconnected(DisconnectCause::named("not_begun", cause));
        }
    }

    pub(crate) fn connection(&self, shard: u32) -> Option<ConnectionHealth> {
        Some(self.health.as_ref()?.connection(shard))
    }

    /// What the journal has come to: its failure, or that it can be written again.
    pub(crate) fn journal(&self, failure: Option<&(ErrorKind, String)>) {
        if let Some((kind, error)) = failure {
            self.failed(JOURNAL, *kind, error);
        }
        match (&self.health, failure) {
            (Some(health), Some((_, error))) => {
                health.report(JOURNAL, HealthState::Degraded, error);
            }
            (Some(health), None) => health.clear(JOURNAL),
            (None, _) => {}
        }
    }

    /// Lets the health checker see what time brings about.
    pub(crate) async fn monitoring(&self) -> Infallible {
        match &self.health {
            Some(health) => health.start_monitoring().await,
            None => std::future::pending().await,
        }
    }
}

impl fmt::Debug for Feed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Feed")
            .field("health", &self.health)
            .field("monitor", &self.monitor)
            .field("has_hook", &self.hook.is_some())
            .finish_non_exhaustive()
    }
}
