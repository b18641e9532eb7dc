//! To tell somebody of an outage: once when it begins, once when it is over.

#[cfg(any(feature = "serde", feature = "webhook"))]
mod json;
mod judge;
mod lane;
mod policy;
mod run;
mod sink;
#[cfg(test)]
mod tests;
#[cfg(feature = "webhook")]
mod webhook;

use std::fmt;
use std::time::{Duration, SystemTime};

pub use self::policy::AlertPolicy;
pub use self::sink::{AlertError, AlertSink, AlertSinks, AsyncAlerts, Delivery, LogAlerts};
#[cfg(feature = "webhook")]
pub use self::webhook::{InvalidWebhook, WebhookAlerts};
use crate::classify::ErrorKind;

/// So many operations are named in an alert.
const MOST_OPERATIONS: usize = 5;

/// Whether an alert tells of trouble or of its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AlertKind {
    /// There are too many errors.
    Raised,
    /// It is over.
    Cleared,
}

impl AlertKind {
    /// The name as JSON gives it: `raised`, `cleared`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Raised => "raised",
            Self::Cleared => "cleared",
        }
    }
}

/// What somebody is told of an outage. Displayed, it is one line.
///
/// With the feature `serde` or `webhook` it can be serialized:
///
/// | field | type | what it is |
/// |---|---|---|
/// | `kind` | text | `raised` or `cleared` |
/// | `text` | text | the alert as one line |
/// | `count`, `rate`, `threshold` | number | as here |
/// | `window_seconds`, `lasted_seconds` | number | |
/// | `errors` | number | |
/// | `since` | whole number | seconds since 1970 (UTC) |
/// | `by_kind` | list of `{"kind": text, "count": number}` | the most frequent first |
/// | `by_operation` | list of `{"operation": text, "count": number}` | the most frequent first |
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use recovery_core::ErrorKind;
/// use recovery_core::watch::{Alert, AlertPolicy, AlertSinks, ErrorMonitor};
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// let (alerts, mut alert) = tokio::sync::mpsc::unbounded_channel();
/// let monitor = ErrorMonitor::new(2, Duration::from_secs(60));
/// let sinks = AlertSinks::new().and(move |alert: &Alert| {
///     let _ = alerts.send(alert.to_string());
///     Ok(())
/// });
/// tokio::spawn(monitor.run_alerts(sinks, AlertPolicy::default()));
///
/// monitor.record("send", ErrorKind::Timeout);
/// monitor.record("send", ErrorKind::Network);
/// assert_eq!(
///     alert.recv().await.unwrap(),
///     "too many errors: 2 within 60s, the threshold is 2 (Network 1, Timeout 1; in send 2)"
/// );
/// # }
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Alert {
    /// Whether it begins or is over.
    pub kind: AlertKind,
    /// The errors in the window when it was decided.
    pub count: u64,
    /// Those a second.
    pub rate: f64,
    /// So many in the window are too many.
    pub threshold: u64,
    /// How long the window is.
    pub window: Duration,
    /// When the threshold was reached, by the system's clock.
    pub since: SystemTime,
    /// How long the outage was, if it is over: from when the threshold was reached until the count had fallen
    /// to where it is calm.
    pub lasted: Duration,
    /// The errors of the outage so far, with those that led to it.
    pub errors: u64,
    /// The errors in the window by their kind, the most frequent first.
    pub by_kind: Vec<(ErrorKind, u64)>,
    /// The five operations with most errors in the window.
    pub by_operation: Vec<(String, u64)>,
}

impl fmt::Display for Alert {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            count,
            threshold,
            window,
            errors,
            ..
        } = self;
        match self.kind {
            AlertKind::Raised => write!(
                f,
                "too many errors: {count} within {window:?}, the threshold is {threshold}"
            )?,
            AlertKind::Cleared => write!(
                f,
                "all clear: {errors} errors in {}s, and now {count} within {window:?}",
                self.lasted.as_secs()
            )?,
        }
        if self.count > 0 {
            write!(f, " (")?;
            for (number, (kind, count)) in self.by_kind.iter().enumerate() {
                let comma = if number == 0 { "" } else { ", " };
                write!(f, "{comma}{kind} {count}")?;
            }
            for (number, (operation, count)) in self.by_operation.iter().enumerate() {
                let comma = if number == 0 { "; in " } else { ", " };
                // A name must not begin a line of its own.
                write!(f, "{comma}{} {count}", operation.escape_debug())?;
            }
            write!(f, ")")?;
        }
        Ok(())
    }
}
