//! What a monitor tells.

use std::time::Duration;

use crate::classify::ErrorKind;

/// The errors of an [`ErrorMonitor`](super::ErrorMonitor) at one moment.
///
/// ```
/// use std::time::Duration;
/// use recovery_core::{ErrorKind, watch::ErrorMonitor};
///
/// let monitor = ErrorMonitor::new(2, Duration::from_secs(10));
/// monitor.record("send", ErrorKind::Timeout);
/// let report = monitor.report();
/// assert_eq!((report.count, report.rate, report.is_raised), (1, 0.1, false));
/// assert_eq!(report.by_kind, [(ErrorKind::Timeout, 1)]);
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ErrorReport {
    /// The errors in the window.
    pub count: u64,
    /// Errors a second, over the window.
    pub rate: f64,
    /// The errors since the monitor was made.
    pub total: u64,
    /// So many in the window are too many.
    pub threshold: u64,
    /// How long the window is.
    pub window: Duration,
    /// Whether there are too many at this moment. An alert lasts for longer: until it is clear that it is over.
    pub is_raised: bool,
    /// The errors in the window by their kind, the most frequent first.
    pub by_kind: Vec<(ErrorKind, u64)>,
    /// The errors in the window by operation, the most frequent first. `other` are those for whose names there was no
    /// place.
    pub by_operation: Vec<(String, u64)>,
}
