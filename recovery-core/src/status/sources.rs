//! What there is to show, and where it is asked for.

use std::fmt;
use std::ops::Deref;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::bots::Bots;
use super::process::resident_bytes;
use super::report::{Breaker, Budget, SavesPart, breaker_word};
use super::{PrometheusMetrics, Status};
use crate::observe;
use crate::watch::{ErrorMonitor, HealthChecker};
use crate::{CircuitBreaker, RetryBudget};

/// Collects what a [`Status`] shows.
///
/// Closures are asked every second, and for each answer, on a thread of the runtime: they must not block. One
/// that panics has no answer that time.
///
/// ```
/// use recovery_core::status::{Status, StatusBuilder};
///
/// let builder: StatusBuilder = Status::builder("shop").counter("orders", || 7);
/// assert!(builder.build().is_ready());
/// ```
#[must_use = "nothing is shown before `build`"]
pub struct StatusBuilder {
    pub(super) name: String,
    pub(super) version: Option<String>,
    pub(super) health: Option<HealthChecker>,
    pub(super) errors: Option<ErrorMonitor>,
    pub(super) metrics: Option<PrometheusMetrics>,
    pub(super) saves: Option<Ask<SavesPart>>,
    pub(super) counters: Vec<Counter>,
    pub(super) breakers: Vec<Ask<Breaker>>,
    pub(super) budgets: Vec<Ask<Budget>>,
    pub(super) bots: Bots,
}

pub(super) type Ask<T> = Box<dyn Fn() -> T + Send + Sync>;

pub(super) struct Counter {
    pub(super) name: String,
    pub(super) value: Ask<u64>,
}

impl StatusBuilder {
    pub(super) fn new(name: String) -> Self {
        Self {
            name,
            version: None,
            health: None,
            errors: None,
            metrics: None,
            saves: None,
            counters: Vec::new(),
            breakers: Vec::new(),
            budgets: Vec::new(),
            bots: Bots::default(),
        }
    }

    /// The program's version. Default: none is shown.
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.version = Some(version.into());
        self
    }

    /// What decides `/healthz` and `/readyz`. Default: nothing, and the program is healthy.
    pub fn health(mut self, health: HealthChecker) -> Self {
        self.health = Some(health);
        self
    }

    /// Errors by kind and operation, over the monitor's window.
    pub fn errors(mut self, monitor: ErrorMonitor) -> Self {
        self.errors = Some(monitor);
        self
    }

    /// What `/metrics` answers. Default: 404.
    pub fn metrics(mut self, metrics: PrometheusMetrics) -> Self {
        self.metrics = Some(metrics);
        self
    }

    /// How the saving of a state stands: of [`StatePersistence`](crate::state::StatePersistence), its `status`.
    #[cfg(feature = "state")]
    pub fn saves(
        mut self,
        status: impl Fn() -> crate::state::SaveStatus + Send + Sync + 'static,
    ) -> Self {
        self.saves = Some(Box::new(move || SavesPart::from(status())));
        self
    }

    /// A number that only grows. Shown with its rate.
    pub fn counter(
        mut self,
        name: impl Into<String>,
        value: impl Fn() -> u64 + Send + Sync + 'static,
    ) -> Self {
        self.counters.push(Counter {
            name: name.into(),
            value: Box::new(value),
        });
        self
    }

    /// A breaker: a `&'static` one, or one in an `Arc`.
    pub fn breaker(
        mut self,
        name: impl Into<String>,
        breaker: impl Deref<Target = CircuitBreaker> + Send + Sync + 'static,
    ) -> Self {
        let name = name.into();
        self.breakers.push(Box::new(move || Breaker {
            name: name.clone(),
            state: breaker_word(breaker.state()),
        }));
        self
    }

    /// A budget: a `&'static` one, or one in an `Arc`.
    pub fn budget(
        mut self,
        name: impl Into<String>,
        budget: impl Deref<Target = RetryBudget> + Send + Sync + 'static,
    ) -> Self {
        let name = name.into();
        self.budgets.push(Box::new(move || Budget {
            name: name.clone(),
            available: budget.available(),
            capacity: budget.when_full(),
        }));
        self
    }

    /// The connection and the events of a client; each call adds one.
    #[cfg(feature = "botrs")]
    pub fn client(mut self, client: crate::botrs::ClientHandle) -> Self {
        self.bots.clients.push(client);
        self
    }

    /// The replies of a messenger and all its clones, and what waits in its outbox; each call adds one. Give
    /// of messengers that share an outbox only one.
    #[cfg(feature = "botrs")]
    pub fn messenger(mut self, messenger: crate::botrs::Messenger) -> Self {
        self.bots.messengers.push(messenger);
        self
    }

    /// All that is to be shown.
    pub fn build(self) -> Status {
        Status::of(self)
    }

    /// What is drawn over time. The names are the same each time.
    pub(super) fn measures(&self) -> Vec<(String, Option<u64>)> {
        let retries = observe::sites().iter().map(|site| site.retries).sum();
        let mut measures = vec![
            ("memory".to_owned(), resident_bytes()),
            ("retries".to_owned(), Some(retries)),
        ];
        let mut measure = |name: &str, value| measures.push((name.to_owned(), value));
        if let Some(events) = self.bots.events() {
            measure("received", Some(events.received));
            measure("handled", Some(events.handled));
            measure("in_hand", Some(events.in_hand));
        }
        if let Some(replies) = self.bots.replies() {
            measure("taken", Some(replies.taken()));
            measure("lost", Some(replies.lost()));
        }
        if let Some(waiting) = self.bots.waiting() {
            measure("waiting", Some(waiting));
        }
        if let Some(errors) = &self.errors {
            measure("errors", Some(errors.report().total));
        }
        for counter in &self.counters {
            measure(&format!("counter {}", counter.name), answer(&counter.value));
        }
        measures
    }
}

impl fmt::Debug for StatusBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StatusBuilder")
            .field("name", &self.name)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

/// What a source of the program's says, unless it panics.
pub(super) fn answer<T>(ask: &Ask<T>) -> Option<T> {
    catch_unwind(AssertUnwindSafe(ask)).ok()
}
