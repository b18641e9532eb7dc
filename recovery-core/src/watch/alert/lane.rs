//! The way to one sink, which delays no other.

use std::any::Any;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use super::{Alert, AlertError, AlertSink, Delivery};

/// So many alerts wait for one sink; the oldest gives way.
pub(super) const MOST_WAITING: usize = 16;

pub(super) struct Lane {
    sink: Arc<dyn AlertSink>,
    limit: Duration,
    waiting: VecDeque<Arc<Alert>>,
    under_way: Option<Delivery<'static>>,
}

impl Lane {
    pub(super) const fn new(sink: Arc<dyn AlertSink>, limit: Duration) -> Self {
        Self {
            sink,
            limit,
            waiting: VecDeque::new(),
            under_way: None,
        }
    }

    pub(super) fn push(&mut self, alert: Arc<Alert>) {
        if self.waiting.len() >= MOST_WAITING {
            self.waiting.pop_front();
            self.failed(&AlertError::new("too many wait for this sink"));
        }
        self.waiting.push_back(alert);
    }

    /// Delivers as far as it can be done now.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) {
        loop {
            let delivery = match &mut self.under_way {
                Some(delivery) => delivery,
                None => match self.waiting.pop_front() {
                    Some(alert) => self
                        .under_way
                        .insert(deliver(&self.sink, alert, self.limit)),
                    None => return,
                },
            };
            let polled = catch_unwind(AssertUnwindSafe(|| delivery.as_mut().poll(context)));
            let delivered = match polled {
                Ok(Poll::Pending) => return,
                Ok(Poll::Ready(delivered)) => delivered,
                Err(panic) => Err(panicked(&*panic)),
            };
            self.under_way = None;
            if let Err(error) = delivered {
                self.failed(&error);
            }
        }
    }

    fn failed(&self, error: &AlertError) {
        crate::observe::alert_failed(self.sink.name(), error);
    }
}

fn deliver(sink: &Arc<dyn AlertSink>, alert: Arc<Alert>, limit: Duration) -> Delivery<'static> {
    let sink = Arc::clone(sink);
    Box::pin(async move {
        let within = tokio::time::timeout(limit, async { sink.deliver(&alert).await });
        within.await.unwrap_or_else(|_| {
            let text = format!("the sink took longer than {limit:?} and was cut off");
            Err(AlertError::new(text))
        })
    })
}

fn panicked(panic: &(dyn Any + Send)) -> AlertError {
    let text = panic.downcast_ref::<&'static str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    AlertError::new(format_args!(
        "the sink panicked: {}",
        text.unwrap_or("no message")
    ))
}
