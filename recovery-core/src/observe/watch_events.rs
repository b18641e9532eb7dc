//! What is told of errors over time, and of their alerts.

#[cfg(feature = "tracing")]
use super::millis;
use crate::classify::ErrorKind;
use crate::watch::{Alert, AlertError};

/// An error was recorded.
pub(crate) fn error_recorded(kind: ErrorKind) {
    #[cfg(feature = "metrics")]
    super::metric_events::error_recorded(kind);
    let _ = kind;
}

pub(crate) fn alert_raised(alert: &Alert) {
    #[cfg(feature = "tracing")]
    tracing::error!(
        target: "recovery",
        count = alert.count,
        rate = alert.rate,
        threshold = alert.threshold,
        window_ms = millis(alert.window),
        by_kind = ?alert.by_kind,
        by_operation = ?alert.by_operation,
        "errors.alert"
    );
    let _ = alert;
}

pub(crate) fn alert_cleared(alert: &Alert) {
    #[cfg(feature = "tracing")]
    tracing::info!(
        target: "recovery",
        count = alert.count,
        errors = alert.errors,
        lasted_ms = millis(alert.lasted),
        "errors.all_clear"
    );
    let _ = alert;
}

/// An alert is lost to one sink.
pub(crate) fn alert_failed(sink: &str, error: &AlertError) {
    #[cfg(feature = "tracing")]
    tracing::warn!(
        target: "recovery",
        sink,
        error = tracing::field::display(error),
        "errors.alert_failed"
    );
    let _ = (sink, error);
}
