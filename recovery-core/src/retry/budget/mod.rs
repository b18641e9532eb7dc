//! The retry budget: what many calls may spend on retries together.

mod bucket;
mod invalid;
mod presets;
#[cfg(test)]
mod tests;
mod windows;

use std::fmt;
use std::time::{Duration, Instant};

use bucket::{Bucket, TOKEN, Tariff};
pub use invalid::InvalidBudget;
use windows::Windows;

use super::clock;
use super::keyed::Idle;
use crate::classify::ErrorKind;

/// Limits the retries of many calls together, so that an outage is not multiplied by them.
///
/// `max_attempts` bounds one call. When everything fails at once, it still lets every caller
/// multiply the load (threefold, at 3 attempts) on a server that fails *because* of load; across
/// layers that retry, the factors multiply. A budget bounds the sum: first attempts are free, each
/// retry takes a token, and a failure that finds none is final.
///
/// The bucket starts full and refills in two ways:
/// - each success gives back a part of a token ([`with_refund`](Self::with_refund), default 0.1):
///   retries stay a fraction of the traffic that works, however much there is of it;
/// - time alone gives back one token a second ([`refill_every`](Self::refill_every)): a budget
///   that an outage emptied is full again after `capacity` times that interval, even if no call
///   succeeds meanwhile, and callers with little traffic can retry at all.
///
/// One budget belongs to one thing that can be overloaded, such as a service, and is shared by all
/// who call it; [`Keyed`](crate::Keyed) keeps one for each host, channel or tenant. It takes no
/// lock; while the bucket is full, a success only reads.
///
/// The ratio of a tenth is the per-client budget of *Site Reliability Engineering* (Google),
/// chapter "Handling Overload"; a bucket of tokens with a floor in time is that of Finagle's
/// `RetryBudget` and of tower's `TpsBudget`; AWS's SDKs limit their standard retries by a bucket
/// too (*Timeouts, retries, and backoff with jitter*, the Amazon Builders' Library).
///
/// # Published rules
/// Who moves from another client, or shares a server with one, may want its rule to the letter:
///
/// | | starts with | a retry takes | a success gives | time gives |
/// |---|---|---|---|---|
/// | [`new`](Self::new) | `capacity` | 1 | 0.1 | 1 a second |
/// | [`aws_standard`](Self::aws_standard) | 500 | 5; 10 after a timeout | 1; after a retry, what it took | nothing |
/// | [`aws_standard_2026`](Self::aws_standard_2026) | 500 | 14; 5 after "too many requests" | as above | nothing |
/// | [`grpc_throttling`](Self::grpc_throttling) | `max_tokens` | nothing; each failure takes 1 | `token_ratio` | nothing |
/// | [`tower`](Self::tower) | `min_per_sec · ttl` retries | 1 retry | `retry_percent` of one, for `ttl` | what was taken, after `ttl` |
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use recovery_core::RetryBudget;
///
/// // At most 20 retries at once, then one for every 20 successes, and one every 5 seconds.
/// static MAIL_SERVER: RetryBudget = RetryBudget::new(20)
///     .with_refund(0.05)
///     .refill_every(Duration::from_secs(5))
///     .with_name("mail server");
///
/// assert_eq!(MAIL_SERVER.available(), 20);
/// ```
pub struct RetryBudget {
    name: Option<&'static str>,
    rule: Rule,
}

enum Rule {
    Bucket(Bucket),
    Windows(Windows),
}

/// What one retry took.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Withdrawal {
    /// So many thousandths of a token.
    Thousandths(u32),
    /// One retry, in the window of this number.
    InTurn(u32),
}

impl RetryBudget {
    /// A full budget of `capacity` retries, with the default refund of 0.1 token a success, and
    /// one token a second.
    ///
    /// A capacity of 0 allows no retry, ever.
    pub const fn new(capacity: u32) -> Self {
        let tariff = Tariff::new(capacity as u64 * TOKEN as u64);
        Self::of(Rule::Bucket(Bucket::new(tariff)))
            .with_refund(0.1)
            .refill_every(Duration::from_secs(1))
    }

    const fn of(rule: Rule) -> Self {
        Self { name: None, rule }
    }

    /// What a successful call gives back, in tokens, to the nearest thousandth. Default 0.1.
    ///
    /// With 0 time alone refills. A value outside `0..=capacity` is taken to the nearest within,
    /// NaN to 0: like [`new`](Self::new), this must work in a `static` and cannot refuse.
    ///
    /// Of [`aws_standard`](Self::aws_standard) it changes what a success at the first try gives;
    /// of [`tower`](Self::tower) nothing, as `retry_percent` has said it.
    #[must_use]
    pub const fn with_refund(mut self, tokens: f64) -> Self {
        if let Rule::Bucket(bucket) = &mut self.rule {
            bucket.set_refund(tokens);
        }
        self
    }

    /// The time that gives back one token. Default one second.
    ///
    /// Less than a microsecond counts as one. `Duration::MAX` (anything from 584 years) turns the
    /// floor off: then only successes refill, and no clock is read.
    ///
    /// [`aws_standard`](Self::aws_standard) and [`grpc_throttling`](Self::grpc_throttling) have no
    /// floor until this gives them one. Of [`tower`](Self::tower) it changes nothing:
    /// `min_per_sec` is its floor.
    #[must_use]
    pub const fn refill_every(mut self, interval: Duration) -> Self {
        if let Rule::Bucket(bucket) = &mut self.rule {
            bucket.set_refill(interval);
        }
        self
    }

    /// What to call it where it is shown. Default: nothing.
    #[must_use]
    pub const fn with_name(mut self, name: &'static str) -> Self {
        self.name = Some(name);
        self
    }

    #[cfg(feature = "metrics")]
    pub(crate) const fn name(&self) -> Option<&'static str> {
        self.name
    }

    /// The retries that would be allowed now, without waiting, if no call succeeded meanwhile.
    pub fn available(&self) -> u32 {
        self.available_at(clock::now())
    }

    /// What [`available`](Self::available) is as long as there is no failure.
    #[cfg(feature = "status")]
    pub(crate) fn when_full(&self) -> u32 {
        let retries = match &self.rule {
            Rule::Bucket(bucket) => bucket.when_full(),
            Rule::Windows(windows) => windows.reserve().max(0).unsigned_abs(),
        };
        u32::try_from(retries).unwrap_or(u32::MAX)
    }

    fn available_at(&self, now: Instant) -> u32 {
        let retries = match &self.rule {
            Rule::Bucket(bucket) => bucket.available(|| now),
            Rule::Windows(windows) => windows.available(now),
        };
        u32::try_from(retries).unwrap_or(u32::MAX)
    }

    fn is_idle_at(&self, now: Instant) -> bool {
        match &self.rule {
            Rule::Bucket(bucket) => bucket.missing(|| now) == 0,
            Rule::Windows(windows) => windows.are_over(now),
        }
    }

    /// An attempt has failed in a way that deserves a retry, whether or not one follows.
    pub(crate) fn failed(&self, now: impl FnOnce() -> Instant) {
        if let Rule::Bucket(bucket) = &self.rule {
            bucket.failed(now);
        }
    }

    /// Takes what one retry costs, after a failure of this kind, if that is there.
    pub(crate) fn try_withdraw(
        &self,
        kind: ErrorKind,
        now: impl FnOnce() -> Instant,
    ) -> Option<Withdrawal> {
        match &self.rule {
            Rule::Bucket(bucket) => bucket.try_withdraw(kind, now).map(Withdrawal::Thousandths),
            Rule::Windows(windows) => windows.try_withdraw(now()).map(Withdrawal::InTurn),
        }
    }

    /// Gives back a successful call's part; `last` is what the retry took that succeeded, if it
    /// was one.
    #[inline]
    pub(crate) fn succeeded(&self, last: Option<Withdrawal>, now: impl FnOnce() -> Instant) {
        match &self.rule {
            Rule::Bucket(bucket) => bucket.succeeded(last),
            Rule::Windows(windows) => windows.deposit(now()),
        }
    }

    /// Gives back what a retry took that was not made after all.
    pub(crate) fn give_back(&self, withdrawal: Withdrawal) {
        match (&self.rule, withdrawal) {
            (Rule::Bucket(bucket), Withdrawal::Thousandths(taken)) => bucket.give_back(taken),
            (Rule::Windows(windows), Withdrawal::InTurn(turn)) => windows.give_back(turn),
            // A withdrawal from another budget is not this one's to take back.
            _ => {}
        }
    }
}

impl Idle for RetryBudget {
    /// Whether it is full; by tower's rule, whether everything has expired.
    fn is_idle(&self) -> bool {
        self.is_idle_at(clock::now())
    }
}

impl fmt::Debug for RetryBudget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("RetryBudget");
        if let Some(name) = self.name {
            shown.field("name", &name);
        }
        shown.field("available", &self.available());
        match &self.rule {
            Rule::Bucket(bucket) => shown.field("capacity", &bucket.capacity()),
            Rule::Windows(windows) => shown.field("reserve", &windows.reserve()),
        };
        shown.finish_non_exhaustive()
    }
}
