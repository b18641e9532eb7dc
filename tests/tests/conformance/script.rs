//! A call whose attempts end as it is written, and what is seen of it.

use std::collections::VecDeque;
use std::time::Duration;

use recovery_core::{Retry, RetryBudget, RetryConfig, StopReason};

use crate::support::Failure;

/// What is seen of one call.
#[derive(Debug, PartialEq)]
pub(crate) struct Seen {
    pub(crate) attempts: u32,
    /// The delay before each retry, and the retries left in the budget by then.
    pub(crate) delays: Vec<(Duration, u32)>,
    /// Why it ended without success.
    pub(crate) stopped: Option<StopReason>,
}

/// Makes a call whose attempts fail as `script` says, one after the other, and then succeed.
pub(crate) async fn call(
    config: RetryConfig,
    budget: &RetryBudget,
    script: impl IntoIterator<Item = Failure>,
) -> Seen {
    let mut script: VecDeque<Failure> = script.into_iter().collect();
    let mut seen = Seen {
        attempts: 0,
        delays: Vec::new(),
        stopped: None,
    };
    let (attempts, delays, reason) = (&mut seen.attempts, &mut seen.delays, &mut seen.stopped);
    let result = Retry::new(config)
        .budget(budget)
        .on_retry(|failed| delays.push((failed.delay, budget.available())))
        .fallback(async |stopped| {
            *reason = Some(stopped.reason);
            Err(stopped.error)
        })
        .run(|_| {
            *attempts += 1;
            std::future::ready(script.pop_front().map_or(Ok(()), Err))
        })
        .await;
    assert_eq!(result.is_err(), seen.stopped.is_some());
    seen
}
