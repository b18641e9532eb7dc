//! From when on what was found counts.

use std::time::Duration;

use super::HealthState;

/// When a [`HealthChecker`](super::HealthChecker) finds what.
///
/// `Duration::MAX` is as good as never.
///
/// ```
/// use std::time::Duration;
/// use recovery_core::watch::{HealthChecker, HealthState, HealthThresholds};
///
/// let checker = HealthChecker::with_thresholds(HealthThresholds {
///     activity_timeout: Some(Duration::from_secs(3600)),
///     quiet_counts_as: HealthState::Degraded, // of a bot that is never left alone
///     ..HealthThresholds::default()
/// });
/// assert_eq!(checker.thresholds().heartbeat_timeout, Duration::from_secs(120));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HealthThresholds {
    /// How often the monitoring looks, at least. It also looks when something is due. Default 30 s; at
    /// least 10 ms.
    pub check_interval: Duration,
    /// How long a connection may go without an acknowledged heartbeat, and a program without a
    /// connection. Default 120 s. A connection that tells its heartbeat's interval has two of them in any
    /// case: one to send the next, one for the answer.
    pub heartbeat_timeout: Duration,
    /// After so long without an event a connected program is quiet; `None` if nobody need know. Default
    /// 300 s.
    pub activity_timeout: Option<Duration>,
    /// What a quiet program counts as. Default healthy: nobody may be talking to a bot, and its heartbeats
    /// show that it would hear them.
    pub quiet_counts_as: HealthState,
    /// So many handlers in a row have to fail before the program counts as degraded; 0 for never.
    /// Default 5.
    pub handler_failures: u32,
    /// Whether a program that knows of no connection is still starting. Default true; false for one
    /// that has none.
    pub needs_connection: bool,
}

impl HealthThresholds {
    pub(super) fn clamped(mut self) -> Self {
        self.check_interval = self.check_interval.max(Duration::from_millis(10));
        self
    }
}

impl Default for HealthThresholds {
    fn default() -> Self {
        Self {
            check_interval: Duration::from_secs(30),
            heartbeat_timeout: Duration::from_secs(120),
            activity_timeout: Some(Duration::from_secs(300)),
            quiet_counts_as: HealthState::Healthy,
            handler_failures: 5,
            needs_connection: true,
        }
    }
}
