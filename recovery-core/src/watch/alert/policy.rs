//! When an outage begins to be told, and when it is over.

use std::time::Duration;

/// When an alert is raised and cleared.
///
/// It is raised as soon as the errors in the window reach the threshold. It is cleared when their count has been at or
/// below [`clear_below`](Self::clear_below) for [`clear_after`](Self::clear_after), and at least
/// [`min_interval`](Self::min_interval) has passed since it was raised. What happens in between belongs
/// to the same outage: one that comes and goes is told once, and its end once.
///
/// While an alert is raised, the count is looked at 60 times a window.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use recovery_core::watch::AlertPolicy;
///
/// let policy = AlertPolicy::default()
///     .clear_below(0)
///     .min_interval(Duration::from_secs(60));
/// assert_ne!(policy, AlertPolicy::default());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "it does nothing until `run_alerts` is given it"]
pub struct AlertPolicy {
    clear_below: Option<u64>,
    clear_after: Option<Duration>,
    pub(super) min_interval: Duration,
    pub(super) delivery_limit: Duration,
}

impl AlertPolicy {
    /// So many errors in the window, or fewer, are calm. Default: half the threshold, rounded down. A count that
    /// is not below the threshold is taken as the one just below it.
    pub const fn clear_below(mut self, count: u64) -> Self {
        self.clear_below = Some(count);
        self
    }

    /// So long it must be calm. Default: as long as the window.
    pub const fn clear_after(mut self, calm: Duration) -> Self {
        self.clear_after = Some(calm);
        self
    }

    /// The least time between two alerts that are raised. Default: 5 minutes.
    pub const fn min_interval(mut self, interval: Duration) -> Self {
        self.min_interval = interval;
        self
    }

    /// A sink that has not delivered an alert after so long is cut off, and goes on with the next one. Default: 5
    /// minutes.
    pub const fn delivery_limit(mut self, limit: Duration) -> Self {
        self.delivery_limit = limit;
        self
    }

    pub(super) fn calm_at(&self, threshold: u64) -> u64 {
        let highest = threshold.saturating_sub(1);
        self.clear_below.unwrap_or(threshold / 2).min(highest)
    }

    pub(super) fn calm_for(&self, window: Duration) -> Duration {
        self.clear_after.unwrap_or(window)
    }
}

impl Default for AlertPolicy {
    fn default() -> Self {
        Self {
            clear_below: None,
            clear_after: None,
            min_interval: Duration::from_secs(300),
            delivery_limit: Duration::from_secs(300),
        }
    }
}
