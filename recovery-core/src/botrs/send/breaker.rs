//! What the circuit breaker around the platform's API hears, and what it keeps from being called.

use botrs::BotError;
use tokio::time::Instant;

use super::super::answer::Answer;
use super::error::SendError;
use crate::classify::{Classify, ErrorKind};
use crate::retry::{CircuitBreaker, NotAttempted, Permit, StopReason};

/// "No live gateway session": the platform answers, it is this bot that is not connected.
const NOT_CONNECTED: u32 = 304_018;

/// Leave to make one call. Dropped, it counts as neither good nor bad.
pub(super) struct Leave<'b>(Option<Permit<'b>>);

/// Leave to make one call, if the breaker gives it; without a breaker everybody has it.
pub(super) fn admit(breaker: Option<&CircuitBreaker>) -> Result<Leave<'_>, NotAttempted> {
    let Some(breaker) = breaker else {
        return Ok(Leave(None));
    };
    match breaker.try_acquire(now) {
        None => Err(REFUSAL),
        permit => Ok(Leave(permit)),
    }
}

impl Leave<'_> {
    /// The call has come to this.
    pub(super) fn settle(self, answer: &Result<Answer, BotError>) {
        match (self.0, answer) {
            (Some(permit), Ok(_)) => permit.succeeded(now),
            (Some(permit), Err(error)) if is_ailing(error) => permit.failed(now),
            _ => {}
        }
    }
}

/// Why an attempt that began now would be refused, if that is known to last.
pub(super) fn refuses(breaker: Option<&CircuitBreaker>) -> Option<NotAttempted> {
    let breaker = breaker?;
    // While a probe is out, the next verdict may come at any moment.
    breaker.reopens_in(now).filter(|left| !left.is_zero())?;
    Some(REFUSAL)
}

/// Without a time: what an attempt's error asks for closes the place to all, and this asks for nothing.
const REFUSAL: NotAttempted = NotAttempted::new(StopReason::BreakerOpen, None);

/// Tells the caller when the breaker lets calls pass again.
pub(super) fn tell_when(breaker: Option<&CircuitBreaker>, error: SendError) -> SendError {
    match (breaker, error) {
        (Some(breaker), SendError::NotAttempted(refusal))
            if refusal.reason() == StopReason::BreakerOpen =>
        {
            NotAttempted::new(StopReason::BreakerOpen, breaker.reopens_in(now)).into()
        }
        (_, error) => error,
    }
}

/// Whether the failure says that the platform is unwell.
pub(super) fn is_ailing(error: &BotError) -> bool {
    if matches!(error, BotError::Api { code, .. } if *code == NOT_CONNECTED) {
        return false;
    }
    matches!(
        Classify::kind(error),
        ErrorKind::Network | ErrorKind::Timeout | ErrorKind::Server
    )
}

fn now() -> std::time::Instant {
    Instant::now().into_std()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_platform_suffers_from_counts() {
        for (error, is_ill) in [
            (BotError::Timeout, true),
            (BotError::api(503, "unavailable"), true),
            (BotError::api(304_082, "may be retried"), true),
            (BotError::api(NOT_CONNECTED, "connect first"), false),
            (BotError::rate_limit(1), false),
            (BotError::api(40_034_100, "too often"), false),
            (BotError::api(304_023, "audited"), false),
            (BotError::api(11_244, "token expired"), false),
            (BotError::Forbidden("muted".to_owned()), false),
            (BotError::api(400, "wrong"), false),
        ] {
            assert_eq!(is_ailing(&error), is_ill, "{error}");
        }
    }
}
