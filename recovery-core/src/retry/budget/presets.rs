//! Rules that others have published, to the letter.

use std::time::Duration;

use super::bucket::{Bucket, TOKEN, Tariff};
use super::windows::Windows;
use super::{InvalidBudget, RetryBudget, Rule};
use crate::classify::ErrorKind;

impl RetryBudget {
    /// The retry quota of AWS's SDKs in their standard mode, as it was until 2026: 500 tokens.
    ///
    /// A retry takes 5, one after a timeout ([`ErrorKind::Timeout`]) takes 10. A success at the
    /// first try gives back 1; a success after retries gives back what the last of them took, and
    /// what the others took is lost. Time gives nothing back, unless
    /// [`refill_every`](RetryBudget::refill_every) says so: without it, a budget that an outage
    /// emptied needs five successes at the first try for one retry.
    ///
    /// The rule is that of botocore's `retries/standard.py` and of smithy-rs's standard strategy.
    /// A retry that is not made after all (cancelled in its wait) gives back what it took.
    ///
    /// # Examples
    /// ```
    /// use recovery_core::RetryBudget;
    ///
    /// static OBJECT_STORE: RetryBudget = RetryBudget::aws_standard();
    ///
    /// assert_eq!(OBJECT_STORE.available(), 100); // retries, at 5 tokens each
    /// ```
    pub const fn aws_standard() -> Self {
        Self::aws_standard_with_capacity(500)
    }

    /// [`aws_standard`](Self::aws_standard) with so many tokens.
    ///
    /// ```
    /// use std::time::Duration;
    /// use recovery_core::RetryBudget;
    ///
    /// let budget = RetryBudget::aws_standard_with_capacity(20).refill_every(Duration::from_secs(1));
    /// assert_eq!(budget.available(), 4);
    /// ```
    pub const fn aws_standard_with_capacity(tokens: u32) -> Self {
        Self::aws(tokens, 5, (ErrorKind::Timeout, 10))
    }

    /// The retry quota of AWS's SDKs in their standard mode, as it is from 2026 on: 500 tokens.
    ///
    /// A retry takes 14, one after the server has said "too many requests"
    /// ([`ErrorKind::RateLimited`]) takes 5. All else is as in
    /// [`aws_standard`](Self::aws_standard).
    ///
    /// The rule is that of *Retry behavior* in the AWS SDKs and Tools Reference Guide (with
    /// `AWS_NEW_RETRIES_2026`), "Retry quota".
    ///
    /// ```
    /// use recovery_core::RetryBudget;
    ///
    /// static OBJECT_STORE: RetryBudget = RetryBudget::aws_standard_2026();
    ///
    /// assert_eq!(OBJECT_STORE.available(), 35); // retries, at 14 tokens each
    /// ```
    pub const fn aws_standard_2026() -> Self {
        Self::aws(500, 14, (ErrorKind::RateLimited, 5))
    }

    const fn aws(capacity: u32, retry: u32, (special, special_retry): (ErrorKind, u32)) -> Self {
        Self::of(Rule::Bucket(Bucket::new(Tariff {
            retry: retry * TOKEN,
            retry_after: (special, special_retry * TOKEN),
            returns_last: true,
            ..Tariff::new(capacity as u64 * TOKEN as u64)
        })))
        .with_refund(1.0)
    }

    /// The retry throttling of gRPC's clients.
    ///
    /// It starts with `max_tokens`. Each failure that is one to retry takes 1 (never below 0),
    /// whether or not a retry follows; each success gives `token_ratio`. A retry is allowed while
    /// more than half of `max_tokens` is there, the failure before it counted. Both numbers count
    /// to three decimals, further ones are dropped. Time gives nothing back, unless
    /// [`refill_every`](RetryBudget::refill_every) says so.
    ///
    /// The rule is that of gRPC's proposal A6, *Client Retries*, "Throttling Retry Attempts and
    /// Hedged RPCs".
    ///
    /// # Panics
    /// If `max_tokens` is not in 0.001..=1000 or `token_ratio` is less than 0.001 or not finite;
    /// in a `static` that is a compile error. For values that are known only at run time there is
    /// [`try_grpc_throttling`](Self::try_grpc_throttling).
    ///
    /// # Examples
    /// ```
    /// use recovery_core::RetryBudget;
    ///
    /// static ROUTE_GUIDE: RetryBudget = RetryBudget::grpc_throttling(10.0, 0.1);
    ///
    /// // The failures before them leave 9, 8, 7 and 6; the next leaves 5, and no retry.
    /// assert_eq!(ROUTE_GUIDE.available(), 4);
    /// ```
    /// ```compile_fail
    /// # use recovery_core::RetryBudget;
    /// static ROUTE_GUIDE: RetryBudget = RetryBudget::grpc_throttling(10.0, 0.0);
    /// ```
    #[track_caller]
    pub const fn grpc_throttling(max_tokens: f64, token_ratio: f64) -> Self {
        or_panic(Self::try_grpc_throttling(max_tokens, token_ratio))
    }

    /// [`grpc_throttling`](Self::grpc_throttling) with values that are known only at run time.
    ///
    /// # Errors
    /// What the rule does not allow.
    ///
    /// ```
    /// use recovery_core::{InvalidBudget, RetryBudget};
    ///
    /// let refused = RetryBudget::try_grpc_throttling(2000.0, 0.1).unwrap_err();
    /// assert_eq!(refused, InvalidBudget::MaxTokens(2000.0));
    /// ```
    pub const fn try_grpc_throttling(
        max_tokens: f64,
        token_ratio: f64,
    ) -> Result<Self, InvalidBudget> {
        let capacity = thousandths(max_tokens);
        if !(max_tokens <= 1000.0 && capacity > 0) {
            return Err(InvalidBudget::MaxTokens(max_tokens));
        }
        let refund = thousandths(token_ratio);
        if !token_ratio.is_finite() || refund == 0 {
            return Err(InvalidBudget::TokenRatio(token_ratio));
        }
        Ok(Self::of(Rule::Bucket(Bucket::new(Tariff {
            retry: 0,
            retry_after: (ErrorKind::Other, 0),
            failure: TOKEN,
            floor: capacity / 2 + 1,
            refund: if refund > capacity { capacity } else { refund },
            ..Tariff::new(capacity)
        }))))
    }

    /// The budget of tower's retry layer, `TpsBudget`, and of Finagle's `RetryBudget`.
    ///
    /// Each success allows `retry_percent` of a retry (0.2: one for five successes; above 1: more
    /// than one for each), and is forgotten after `ttl`. On top of that there is a reserve of
    /// `min_per_sec · ttl` retries. What a retry took comes back after `ttl`, so that time alone
    /// refills the reserve. Times are told apart by a tenth of `ttl`, as there; the first of these
    /// windows begins with the first use, as a `static` has no other hour of birth.
    ///
    /// tower's own defaults are 10 seconds, 10 a second and 0.2. The rule is that of tower 0.5
    /// (`retry::budget::TpsBudget`) to the letter: `ttl` counts in whole seconds for the reserve, a
    /// share is rounded to whole retries for a success (or successes for a retry), and a window
    /// that ends a little late counts as two, so that under steady traffic things are forgotten
    /// after little more than half of `ttl`. Unlike there
    /// nobody waits for a lock, and a retry that is not made after all gives back what it took. A
    /// success reads the clock, at `retry_percent` 0 too.
    ///
    /// # Panics
    /// If `ttl` is not from 1 to 60 seconds, `retry_percent` not from 0 to 1000, or `min_per_sec`
    /// not below `i32::MAX`; in a `static` that is a compile error. For values that are known only
    /// at run time there is [`try_tower`](Self::try_tower).
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    /// use recovery_core::RetryBudget;
    ///
    /// static SEARCH: RetryBudget = RetryBudget::tower(Duration::from_secs(10), 10, 0.2);
    ///
    /// assert_eq!(SEARCH.available(), 100);
    /// ```
    #[track_caller]
    pub const fn tower(ttl: Duration, min_per_sec: u32, retry_percent: f32) -> Self {
        or_panic(Self::try_tower(ttl, min_per_sec, retry_percent))
    }

    /// [`tower`](Self::tower) with values that are known only at run time.
    ///
    /// # Errors
    /// What the rule does not allow.
    ///
    /// ```
    /// use std::time::Duration;
    /// use recovery_core::{InvalidBudget, RetryBudget};
    ///
    /// let refused = RetryBudget::try_tower(Duration::from_secs(90), 10, 0.2).unwrap_err();
    /// assert_eq!(refused, InvalidBudget::Ttl(Duration::from_secs(90)));
    /// ```
    pub const fn try_tower(
        ttl: Duration,
        min_per_sec: u32,
        retry_percent: f32,
    ) -> Result<Self, InvalidBudget> {
        let nanos = ttl.as_nanos();
        if nanos < 1_000_000_000 || nanos > 60_000_000_000 {
            return Err(InvalidBudget::Ttl(ttl));
        }
        if min_per_sec >= i32::MAX.unsigned_abs() {
            return Err(InvalidBudget::MinPerSec(min_per_sec));
        }
        if !(retry_percent >= 0.0 && retry_percent <= 1000.0) {
            return Err(InvalidBudget::RetryPercent(retry_percent));
        }
        Ok(Self::of(Rule::Windows(Windows::new(
            ttl,
            min_per_sec,
            retry_percent,
        ))))
    }
}

#[track_caller]
const fn or_panic(budget: Result<RetryBudget, InvalidBudget>) -> RetryBudget {
    match budget {
        Ok(budget) => budget,
        Err(invalid) => panic!("{}", invalid.rule()),
    }
}

/// Rounded down, yet a number that was written with three decimals is what was written: the
/// product may lie a little below it.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "`as` saturates, and takes NaN to 0; beyond 2^53 no thousandths are told apart"
)]
pub(super) const fn thousandths(tokens: f64) -> u64 {
    let nearest = (tokens * 1000.0 + 0.5) as u64;
    if nearest as f64 / 1000.0 > tokens {
        nearest.saturating_sub(1)
    } else {
        nearest
    }
}
