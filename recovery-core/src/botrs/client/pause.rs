//! The pause between two attempts to begin, or to renew the client of botrs.

use std::fmt::Display;

use tokio::time::sleep;

use super::{Options, Unrecoverable};
use crate::{Classify, ErrorKind};

/// What is being attempted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Aim {
    Begin,
    /// The one that there is does its work meanwhile.
    Renew,
}

/// Waits after so many failures, the last of them by `error`, if the policy allows another attempt.
pub(super) async fn pause<E: Classify + Display>(
    options: &Options,
    aim: Aim,
    failures: u32,
    error: &E,
) -> Result<(), Unrecoverable> {
    let operation = match aim {
        Aim::Begin => "client.start",
        Aim::Renew => "client.renew",
    };
    options.feed.failed(operation, error.kind(), error);
    if aim == Aim::Begin {
        options.feed.not_begun(error);
    }
    let policy = &options.policy;
    if aim == Aim::Begin && !policy.is_unlimited() && failures >= policy.max_attempts() {
        return Err(Unrecoverable::GaveUp {
            attempts: failures,
            last: error.to_string(),
        });
    }
    let mut delay = policy.next_delay(failures);
    if error.kind() == ErrorKind::RateLimited {
        let asked = error.retry_after();
        delay = delay.max(asked.unwrap_or(options.timing.after_too_fast));
    }
    match aim {
        Aim::Begin => crate::observe::start_failed(error, delay),
        Aim::Renew => crate::observe::renewal_failed(error, delay),
    }
    sleep(delay).await;
    Ok(())
}
