//! Where alerts go.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use super::{Alert, AlertKind};

/// One delivery under way.
pub type Delivery<'a> = Pin<Box<dyn Future<Output = Result<(), AlertError>> + Send + 'a>>;

/// A place that alerts are delivered to.
///
/// A sink that is slow, fails or panics delays no other, but it must not block its thread. It tries again
/// by its own means; what it reports as failed is told by the event `errors.alert_failed`, and the next alert follows.
///
/// Any closure of type `Fn(&Alert) -> Result<(), AlertError>` is one; [`AsyncAlerts`] makes one of
/// a closure that returns a future.
///
/// # Examples
/// ```
/// use recovery_core::watch::{Alert, AlertError, AlertSink, Delivery};
///
/// struct Pager;
///
/// impl AlertSink for Pager {
///     fn deliver<'a>(&'a self, alert: &'a Alert) -> Delivery<'a> {
///         Box::pin(async move {
///             if alert.count == 0 {
///                 return Err(AlertError::new("nothing to tell"));
///             }
///             Ok(())
///         })
///     }
/// }
///
/// assert!(Pager.name().ends_with("Pager"));
/// ```
pub trait AlertSink: Send + Sync {
    /// Delivers one alert.
    ///
    /// # Errors
    /// The future's, if it was not delivered for good.
    fn deliver<'a>(&'a self, alert: &'a Alert) -> Delivery<'a>;

    /// Its name in events. Default: the name of its type.
    fn name(&self) -> &str {
        std::any::type_name::<Self>()
    }
}

impl<F> AlertSink for F
where
    F: Fn(&Alert) -> Result<(), AlertError> + Send + Sync,
{
    fn deliver<'a>(&'a self, alert: &'a Alert) -> Delivery<'a> {
        Box::pin(async move { self(alert) })
    }
}

/// Why an alert was not delivered. The text must hold no secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the alert was not delivered: {reason}")]
pub struct AlertError {
    reason: String,
}

impl AlertError {
    /// For this reason.
    ///
    /// ```
    /// use recovery_core::watch::AlertError;
    ///
    /// let error = AlertError::new("the pager is off: switch it on");
    /// assert_eq!(error.to_string(), "the alert was not delivered: the pager is off: switch it on");
    /// ```
    pub fn new(reason: impl fmt::Display) -> Self {
        Self {
            reason: reason.to_string(),
        }
    }
}

/// Delivers by a closure that takes the alert and returns a future.
///
/// # Examples
/// ```
/// use recovery_core::watch::{Alert, AlertSinks, AsyncAlerts};
///
/// let pager = AsyncAlerts::new(|alert: Alert| async move {
///     tokio::task::yield_now().await; // page(alert).await
///     let _ = alert;
///     Ok(())
/// });
/// assert_eq!(AlertSinks::new().and(pager).len(), 1);
/// ```
#[derive(Clone)]
pub struct AsyncAlerts<F>(F);

impl<F, D> AsyncAlerts<F>
where
    F: Fn(Alert) -> D + Send + Sync,
    D: Future<Output = Result<(), AlertError>> + Send,
{
    /// Delivers by `deliver`.
    pub const fn new(deliver: F) -> Self {
        Self(deliver)
    }
}

impl<F, D> AlertSink for AsyncAlerts<F>
where
    F: Fn(Alert) -> D + Send + Sync,
    D: Future<Output = Result<(), AlertError>> + Send,
{
    fn deliver<'a>(&'a self, alert: &'a Alert) -> Delivery<'a> {
        let alert = alert.clone();
        Box::pin(async move { (self.0)(alert).await })
    }
}

impl<F> fmt::Debug for AsyncAlerts<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsyncAlerts").finish_non_exhaustive()
    }
}

/// Tells alerts as events: `errors.alert` (ERROR) and `errors.all_clear` (INFO), under the target `recovery`. Without
/// the feature `tracing` it tells nothing.
///
/// # Examples
/// ```
/// use recovery_core::watch::{AlertSinks, LogAlerts};
///
/// assert_eq!(AlertSinks::new().and(LogAlerts).len(), 1);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct LogAlerts;

impl AlertSink for LogAlerts {
    fn deliver<'a>(&'a self, alert: &'a Alert) -> Delivery<'a> {
        match alert.kind {
            AlertKind::Raised => crate::observe::alert_raised(alert),
            AlertKind::Cleared => crate::observe::alert_cleared(alert),
        }
        Box::pin(std::future::ready(Ok(())))
    }

    fn name(&self) -> &'static str {
        "log"
    }
}

/// The sinks that each alert goes to.
///
/// # Examples
/// ```
/// use recovery_core::watch::{Alert, AlertSinks, LogAlerts};
///
/// let sinks = AlertSinks::new().and(LogAlerts).and(|alert: &Alert| {
///     eprintln!("{alert}");
///     Ok(())
/// });
/// assert_eq!(sinks.len(), 2);
/// ```
#[derive(Clone, Default)]
#[must_use = "they get nothing until `run_alerts` is given them"]
pub struct AlertSinks(pub(super) Vec<Arc<dyn AlertSink>>);

impl AlertSinks {
    /// None so far.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// And this one.
    pub fn and(mut self, sink: impl AlertSink + 'static) -> Self {
        self.0.push(Arc::new(sink));
        self
    }

    /// How many there are.
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for AlertSinks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.0.iter().map(|sink| sink.name());
        f.debug_list().entries(names).finish()
    }
}
