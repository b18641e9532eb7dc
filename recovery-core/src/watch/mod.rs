//! How a program is: its health, and its errors over time (feature `watch`).
//!
//! - [`HealthChecker`]: its connections, handlers and other parts tell it how they are, and it says how the
//!   whole is, why, and since when.
//! - [`ErrorMonitor`] counts errors over a sliding window. Its [`run_alerts`](ErrorMonitor::run_alerts) tells
//!   somebody when they are too many, and when that is over: once for an outage.

mod alert;
mod health;
mod monitor;

pub use alert::{
    Alert, AlertError, AlertKind, AlertPolicy, AlertSink, AlertSinks, AsyncAlerts, Delivery,
    LogAlerts,
};
#[cfg(feature = "webhook")]
pub use alert::{InvalidWebhook, WebhookAlerts};
pub use health::{
    ConnectionHealth, DisconnectCause, Finding, Health, HealthChecker, HealthReason, HealthState,
    HealthThresholds,
};
pub use monitor::{ErrorMonitor, ErrorReport};
