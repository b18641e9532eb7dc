//! One call of a handler, from which nothing escapes.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use ::botrs::{BotError, EventHandler};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::time::error::Elapsed;

use crate::botrs::intake::Waiting;
use crate::botrs::stats::Outcome;

/// A call of the author's handler with the event that botrs made ready for it.
pub(crate) type Call<H> = Box<dyn FnOnce(Arc<H>, bool) -> BoxFuture<'static, ()> + Send>;

/// What handlers may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HandlerLimits {
    /// How many run at a time.
    pub(crate) width: usize,
    /// How long one may run, if there is a limit.
    pub(crate) timeout: Option<Duration>,
}

/// Runs the call that belongs to an event; without one, botrs could not read the event.
pub(crate) async fn run<H: EventHandler>(
    handler: Arc<H>,
    call: Option<Call<H>>,
    waiting: Waiting,
    timeout: Option<Duration>,
) {
    let failure = match call {
        Some(call) => {
            let call = call(Arc::clone(&handler), waiting.replayed);
            failure_of(call, &waiting.kind, timeout).await
        }
        None => Some(Failure::unreadable(&waiting.kind)),
    };
    let outcome = match failure {
        Some(failure) => {
            let Failure { outcome, error } = failure;
            waiting.ticket.feed().event_failed(outcome, &error);
            report(&handler, error, timeout).await;
            outcome
        }
        None => Outcome::Handled,
    };
    waiting.ticket.done(outcome);
}

/// How the handling of an event failed.
struct Failure {
    outcome: Outcome,
    error: BotError,
}

impl Failure {
    fn unreadable(kind: &str) -> Self {
        let error = format!("the payload of a {kind} event cannot be read; it is not handled");
        Self {
            outcome: Outcome::Unreadable,
            error: BotError::InvalidData(error),
        }
    }
}

/// Tells the author's `error` method, which may fail like any other.
pub(crate) async fn report<H: EventHandler>(
    handler: &Arc<H>,
    error: BotError,
    timeout: Option<Duration>,
) {
    let handler = Arc::clone(handler);
    let call = async move { handler.error(error).await };
    failure_of(call, "error", timeout).await;
}

async fn failure_of(
    call: impl Future<Output = ()>,
    kind: &str,
    timeout: Option<Duration>,
) -> Option<Failure> {
    let call = AssertUnwindSafe(call).catch_unwind();
    let Ok(ended) = within(timeout, call).await else {
        let limit = timeout.unwrap_or_default();
        crate::observe::handler_timed_out(kind, limit);
        let error =
            format!("the handler of a {kind} event took longer than {limit:?} and was stopped");
        return Some(Failure {
            outcome: Outcome::TimedOut,
            error: BotError::Internal(error),
        });
    };
    let message = message_of(ended.err()?.as_ref());
    crate::observe::handler_panicked(kind, &message);
    let error = format!("the handler of a {kind} event panicked: {message}");
    Some(Failure {
        outcome: Outcome::Panicked,
        error: BotError::Internal(error),
    })
}

async fn within<F: Future>(limit: Option<Duration>, work: F) -> Result<F::Output, Elapsed> {
    match limit {
        Some(limit) => tokio::time::timeout(limit, work).await,
        None => Ok(work.await),
    }
}

fn message_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&'static str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
        .to_owned()
}
