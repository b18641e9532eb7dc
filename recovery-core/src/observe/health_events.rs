//! What is told of a program's health.

#[cfg(feature = "metrics")]
use super::metric_events;
use crate::watch::Health;

/// Another state, or other kinds of reasons.
pub(crate) fn health_changed(health: &Health) {
    #[cfg(feature = "metrics")]
    metric_events::health_changed(health.state);
    #[cfg(feature = "tracing")]
    tell(health);
    let _ = health;
}

#[cfg(feature = "tracing")]
fn tell(health: &Health) {
    use crate::watch::HealthState::{Degraded, Healthy, Starting, Unhealthy};
    let reasons: Vec<String> = health.reasons.iter().map(ToString::to_string).collect();
    let reasons = reasons.join("; ");
    let state = health.state.as_str();
    match health.state {
        Healthy | Starting => tracing::info!(target: "recovery", state, reasons, "health.changed"),
        Degraded | Unhealthy => {
            tracing::warn!(target: "recovery", state, reasons, "health.changed");
        }
    }
}
