//! What one connection tells of itself.

use std::time::Duration;

use tokio::time::Instant;

use super::{DisconnectCause, HealthChecker};

/// Tells a [`HealthChecker`] how one connection is. Clones tell of the same one.
///
/// What comes in no sensible order does no harm: heartbeats of a connection that is not there count for
/// nothing, and the end of one that is not known makes none known.
///
/// ```
/// use recovery_core::watch::{HealthChecker, HealthState};
///
/// let checker = HealthChecker::new();
/// let connection = checker.connection(0);
/// connection.connecting();
/// connection.connected();
/// connection.disconnected("reset by the peer");
/// let health = checker.health();
/// assert_eq!(health.state, HealthState::Degraded);
/// assert_eq!(
///     health.reasons[0].finding.to_string(),
///     "connection 0 is being made again (reset by the peer)"
/// );
/// ```
#[derive(Clone, Debug)]
pub struct ConnectionHealth {
    checker: HealthChecker,
    number: u32,
}

impl ConnectionHealth {
    pub(super) fn new(checker: HealthChecker, number: u32) -> Self {
        Self { checker, number }
    }

    /// Its number.
    pub fn number(&self) -> u32 {
        self.number
    }

    /// It is wanted, and will be made. Nothing changes for one that is known.
    pub fn connecting(&self) {
        self.checker
            .change(|books, now| books.connecting(self.number, now));
    }

    /// It is there; the time for the first acknowledged heartbeat begins.
    pub fn connected(&self) {
        self.checker
            .change(|books, now| books.connected(self.number, now));
    }

    /// It has ended, or an attempt to make it has; it will be made again.
    pub fn disconnected(&self, cause: impl Into<DisconnectCause>) {
        let cause = cause.into();
        self.checker
            .change(|books, now| books.disconnected(self.number, cause, now));
    }

    /// It is wanted no more.
    pub fn removed(&self) {
        self.checker
            .change(|books, now| books.removed(self.number, now));
    }

    /// How often it sends a heartbeat, if that is known: after [`connected`](Self::connected).
    pub fn beats_every(&self, interval: Duration) {
        self.checker
            .change(|books, _| books.beats_every(self.number, interval));
    }

    /// A heartbeat was sent.
    pub fn heartbeat_sent(&self) {
        self.checker
            .change(|books, now| books.beat(self.number, now));
    }

    /// A heartbeat was acknowledged.
    pub fn heartbeat_acknowledged(&self) {
        self.checker
            .change(|books, now| books.answered(self.number, now));
    }

    /// Nothing is read from it for a while, since the program has too much to do; so no acknowledgement can
    /// be seen.
    pub fn paused(&self) {
        self.checker
            .change(|books, now| books.paused(self.number, now));
    }

    /// It is read from again, or has not been for a moment: acknowledgements may wait behind much else, and
    /// their time begins anew.
    pub fn reads_again(&self) {
        self.checker
            .change(|books, now| books.reads_again(self.number, now));
    }

    /// An event has come.
    pub fn activity(&self) {
        self.checker.update_message_activity();
    }

    /// Finds now what time has brought about, as the monitoring would.
    #[cfg(feature = "botrs")]
    pub(crate) fn check(&self) {
        self.checker.health();
    }

    /// When it will have been without an acknowledged heartbeat for too long, as things are: the time to end
    /// it and to make another one. `None` while it is not there, or paused.
    pub fn dead_at(&self) -> Option<Instant> {
        let state = self.checker.lock();
        state.books.dead_at(self.number, self.checker.thresholds())
    }
}
