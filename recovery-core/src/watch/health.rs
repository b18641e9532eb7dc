//! Whether a program is well: what its parts tell, and what follows from it.

mod books;
mod connection;
mod monitoring;
mod state;
mod telling;
mod thresholds;

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use self::books::{Books, Judgement, Work};
pub use self::connection::ConnectionHealth;
pub use self::state::{DisconnectCause, Finding, Health, HealthReason, HealthState};
use self::telling::Untold;
pub use self::thresholds::HealthThresholds;

/// Knows whether a program is well, from what its connections, its handlers and other parts tell it.
///
/// It is a book, not a task: [`health`](Self::health) is computed when it is asked for, and right without
/// anything running. [`start_monitoring`](Self::start_monitoring) is for those who want to hear of what
/// changes by the mere passage of time. Clones are the same checker. `ResilientBotClient::with_health`
/// (feature `botrs`) has all told that a bot's client knows; one checker is for one client, since both would
/// number their connections from 0.
///
/// | finding | counts as | from when | until |
/// |---|---|---|---|
/// | no connection is known | starting | the beginning, if [one is needed](HealthThresholds::needs_connection) | one is |
/// | a connection has never been there | starting | [`connecting`](ConnectionHealth::connecting) | [`connected`](ConnectionHealth::connected), or removed |
/// | a connection is lost | degraded | [`disconnected`](ConnectionHealth::disconnected) | connected, or removed |
/// | no connection is there | unhealthy | after `heartbeat_timeout` without any | one is connected |
/// | a heartbeat is unanswered | degraded | the next one is sent | an acknowledgement, or the end |
/// | no heartbeat is acknowledged | unhealthy | after `heartbeat_timeout`, at least two intervals | an acknowledgement, or the end |
/// | a connection is not read from | degraded | [`paused`](ConnectionHealth::paused), which suspends the two before | [`reads_again`](ConnectionHealth::reads_again) |
/// | nothing has come | healthy, or what is set | after `activity_timeout`, while connected | the next event |
/// | handlers fail | degraded | so many in a row | one that does not |
/// | a [report](Self::report) | what it says | at once | [`clear`](Self::clear) |
///
/// The state is the worst that any finding counts as; so a program is starting until every connection has
/// been there once, unless something is worse.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use recovery_core::watch::{HealthChecker, HealthState};
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// let checker = HealthChecker::new();
/// let connection = checker.connection(0);
/// assert_eq!(checker.health().state, HealthState::Starting);
///
/// connection.connected();
/// assert_eq!(checker.health().state, HealthState::Healthy);
///
/// tokio::time::advance(Duration::from_secs(120)).await; // and no heartbeat is acknowledged
/// assert_eq!(checker.health().state, HealthState::Unhealthy);
/// # }
/// ```
#[derive(Clone)]
pub struct HealthChecker(Arc<Inner>);

struct Inner {
    thresholds: HealthThresholds,
    began: Instant,
    /// What events and handlers tell goes past the lock: nanoseconds after `began` and one, 0 for never.
    last_event: AtomicU64,
    failures: AtomicU32,
    failing_since: AtomicU64,
    /// Whether that nothing has come was found last.
    is_quiet: AtomicBool,
    state: Mutex<State>,
    health: watch::Sender<Health>,
}

struct State {
    books: Books,
    /// What was found last.
    last: Health,
    untold: Untold,
}

impl Default for HealthChecker {
    fn default() -> Self {
        Self::new()
    }
}

impl HealthChecker {
    /// With the default thresholds: heartbeats within 120 s, events within 300 s, checked every 30 s.
    pub fn new() -> Self {
        Self::with_thresholds(HealthThresholds::default())
    }

    /// With other thresholds.
    pub fn with_thresholds(thresholds: HealthThresholds) -> Self {
        let now = Instant::now();
        let health = Health {
            state: HealthState::Healthy,
            reasons: Vec::new(),
            since: now,
        };
        let checker = Self(Arc::new(Inner {
            thresholds: thresholds.clamped(),
            began: now,
            last_event: AtomicU64::new(0),
            failures: AtomicU32::new(0),
            failing_since: AtomicU64::new(0),
            is_quiet: AtomicBool::new(false),
            state: Mutex::new(State {
                books: Books::default(),
                last: health.clone(),
                untold: Untold::default(),
            }),
            health: watch::Sender::new(health),
        }));
        // How it begins is no change.
        {
            let mut state = checker.lock();
            state.last = checker.judge(&state, now).0;
            checker.0.health.send_replace(state.last.clone());
        }
        checker
    }

    /// From when on what counts.
    pub fn thresholds(&self) -> &HealthThresholds {
        &self.0.thresholds
    }

    /// How the program is at this moment, with all reasons.
    pub fn health(&self) -> Health {
        self.change(|_, _| {})
    }

    /// How the program is, and each change of the state or of the kinds of reasons.
    ///
    /// What changes by the passage of time alone is noticed by [`start_monitoring`](Self::start_monitoring),
    /// and by whoever asks for the [`health`](Self::health). Details of the same reasons, such as a cause,
    /// are those of the last change. As with every such receiver, whoever keeps what it lends keeps all
    /// others waiting, the checker too.
    pub fn watch(&self) -> watch::Receiver<Health> {
        self.0.health.subscribe()
    }

    /// What tells of the connection (the shard) of this number. It is known from
    /// [`connecting`](ConnectionHealth::connecting) or [`connected`](ConnectionHealth::connected) on.
    pub fn connection(&self, number: u32) -> ConnectionHealth {
        ConnectionHealth::new(self.clone(), number)
    }

    /// A heartbeat of the only connection, of number 0, was acknowledged: so it is there.
    pub fn update_heartbeat(&self) {
        self.change(|books, now| {
            if books.is_connected(0) {
                books.answered(0, now);
            } else {
                books.connected(0, now);
            }
        });
    }

    /// An event has come.
    pub fn update_message_activity(&self) {
        self.0.last_event.store(self.nanos(Instant::now()), Relaxed);
        if self.0.is_quiet.load(Relaxed) {
            self.health();
        }
    }

    /// A handler has done its work.
    pub fn handled(&self) {
        // Read first: while all is well, nobody writes.
        if self.0.failures.load(Relaxed) != 0 {
            self.0.failing_since.store(0, Relaxed);
            self.0.failures.store(0, Relaxed);
            self.health();
        }
    }

    /// A handler has failed: it panicked, took too long, or gave an error.
    pub fn handler_failed(&self) {
        let more = |failures: u32| Some(failures.saturating_add(1));
        if self.0.failures.fetch_update(Relaxed, Relaxed, more) == Ok(0) {
            let now = self.nanos(Instant::now());
            self.0.failing_since.store(now, Relaxed);
        }
        self.health();
    }

    /// Another part of the program has something to say until it is [cleared](Self::clear): a state that
    /// cannot be saved, an open breaker. What counts as healthy is a note.
    ///
    /// At most 64 parts have the word at a time; false for one too many, which is not noted. A new report
    /// replaces the part's last one. Of longer texts the first 256 bytes are kept.
    pub fn report(&self, component: &str, counts_as: HealthState, what: &str) -> bool {
        let mut is_noted = false;
        self.change(|books, now| is_noted = books.report(component, counts_as, what, now));
        is_noted
    }

    /// What this part has reported is over.
    pub fn clear(&self, component: &str) {
        self.change(|books, _| books.clear(component));
    }

    /// Notes something, and finds what follows.
    fn change(&self, note: impl FnOnce(&mut Books, Instant)) -> Health {
        let mut state = self.lock();
        // Under the lock, so that no clock runs backwards.
        let now = Instant::now();
        note(&mut state.books, now);
        let (health, _) = self.judge(&state, now);
        let is_other = !state.last.is_like(&health);
        state.last = health.clone();
        if is_other {
            self.0.health.send_replace(health.clone());
            state.untold.push(health.clone());
        }
        self.tell(state);
        health
    }

    /// How it is, and when a rule will strike next.
    fn judge(&self, state: &State, now: Instant) -> (Health, Option<Instant>) {
        let work = self.work(now);
        let (thresholds, began) = (&self.0.thresholds, self.0.began);
        let Judgement { found, next, .. } = state.books.judge(&work, thresholds, began, now);
        let worst = found.first().map(|worst| worst.reason.counts_as);
        let worst = worst.unwrap_or(HealthState::Healthy);
        let since = if worst == state.last.state {
            state.last.since
        } else {
            // It may have been so before anybody asked.
            let struck = found.iter().filter(|found| found.reason.counts_as == worst);
            let struck = struck.map(|found| found.struck).min();
            struck.unwrap_or(now).max(state.last.since)
        };
        let is_quiet = found
            .iter()
            .any(|found| found.reason.finding == Finding::Quiet);
        self.0.is_quiet.store(is_quiet, Relaxed);
        let reasons = found.into_iter().map(|found| found.reason).collect();
        let health = Health {
            state: worst,
            reasons,
            since,
        };
        (health, next)
    }

    fn work(&self, now: Instant) -> Work {
        let failures = self.0.failures.load(Relaxed);
        let limit = self.0.thresholds.handler_failures;
        let failing_since = (limit > 0 && failures >= limit).then(|| {
            let since = self.instant(self.0.failing_since.load(Relaxed));
            since.unwrap_or(now)
        });
        Work {
            last_event: self.instant(self.0.last_event.load(Relaxed)),
            failures,
            failing_since,
        }
    }

    fn nanos(&self, at: Instant) -> u64 {
        let nanos = at.saturating_duration_since(self.0.began).as_nanos();
        u64::try_from(nanos).unwrap_or(u64::MAX).saturating_add(1)
    }

    fn instant(&self, nanos: u64) -> Option<Instant> {
        let nanos = nanos.checked_sub(1)?;
        self.0.began.checked_add(Duration::from_nanos(nanos))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for HealthChecker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HealthChecker")
            .field("thresholds", &self.0.thresholds)
            .field("health", &self.lock().last)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
