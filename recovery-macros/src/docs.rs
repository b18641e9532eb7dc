//! The line that `#[retry]` adds to the function's documentation: how it is retried, as far as
//! the compiler can know.

use std::time::Duration;

use quote::ToTokens;
use syn::{Attribute, parse_quote};

use crate::check::{Condition, Policy};
use crate::schedule::{self, DEFAULT_INITIAL, DEFAULT_MAX, DEFAULT_MAX_DELAY, Growth, Jitter};

/// Adds the line, in a paragraph of its own, to a function that is documented; any other keeps
/// its lints about missing documentation.
pub(crate) fn append(policy: &Policy, attrs: &mut Vec<Attribute>) {
    if attrs.iter().any(|attr| attr.path().is_ident("doc")) {
        let line = line(policy);
        attrs.push(parse_quote!(#[doc = ""]));
        attrs.push(parse_quote!(#[doc = #line]));
    }
}

fn line(policy: &Policy) -> String {
    let mut parts = vec![attempts(policy)];
    if let Some(waits) = waits(policy) {
        parts.push(waits);
    }
    if let Some(timeout) = policy.timeout.as_ref().and_then(|it| it.literal) {
        parts.push(format!("at most {} each", shown(timeout)));
    }
    if let Some(deadline) = policy.deadline.as_ref().and_then(|it| it.literal) {
        parts.push(format!("none begins later than {}", shown(deadline)));
    }
    if policy.at_most_once {
        parts.push("not where it may have taken effect".into());
    }
    format!("Retried: {}.", parts.join("; "))
}

/// "up to 3 attempts on `Network`, `Timeout`".
fn attempts(policy: &Policy) -> String {
    let has_base = policy.base.is_some();
    let max = policy.schedule.max.as_ref();
    let attempts = match schedule::known(max, has_base, DEFAULT_MAX) {
        Some(u32::MAX) => "until it succeeds".into(),
        Some(1) => "1 attempt".into(),
        Some(max) => format!("up to {max} attempts"),
        None => match (max, &policy.base) {
            (None, Some(base)) => format!("as `{}` says", base.to_token_stream()),
            _ => "a number of attempts that run time knows".into(),
        },
    };
    match &policy.condition {
        Condition::Listed(listed)
            if listed.retried.patterns.is_empty() && !listed.retried.kinds.is_empty() =>
        {
            let kinds = listed.retried.kinds.iter();
            let kinds: Vec<String> = kinds.map(|kind| format!("`{kind}`")).collect();
            format!("{attempts} on {}", kinds.join(", "))
        }
        _ => attempts,
    }
}

/// "waits 500 ms, 1 s (+ up to 25 %); at most 1.875 s of waiting".
fn waits(policy: &Policy) -> Option<String> {
    let has_base = policy.base.is_some();
    let schedule = &policy.schedule;
    let max = schedule::known(schedule.max.as_ref(), has_base, DEFAULT_MAX)?;
    let growth = schedule::known(
        schedule.backoff.as_ref(),
        has_base,
        Growth::Exponential(2.0),
    )?;
    let retries = max.saturating_sub(1);
    if retries == 0 {
        return None;
    }
    if growth == Growth::None {
        return Some("without waiting".into());
    }
    let initial = schedule::known(schedule.initial.as_ref(), has_base, DEFAULT_INITIAL)?;
    let cap = schedule::known(schedule.max_delay.as_ref(), has_base, DEFAULT_MAX_DELAY)?;
    let jitter = schedule.jitter.as_ref();
    let jitter = schedule::known(jitter, has_base, Jitter::Proportional(0.25))?;
    let delays = Delays {
        growth,
        initial: initial.as_secs_f64(),
        cap: cap.as_secs_f64(),
    };
    let waits = delays.waits(retries, jitter);
    if max == u32::MAX {
        return Some(waits);
    }
    let most = seconds(delays.most(retries, jitter));
    Some(format!("{waits}; at most {most} of waiting"))
}

/// The schedule of `RetryConfig`, in seconds, without its random part.
struct Delays {
    growth: Growth,
    initial: f64,
    cap: f64,
}

/// So many delays are written out.
const WRITTEN: u32 = 5;

impl Delays {
    fn delay(&self, n: u32) -> f64 {
        let delay = match self.growth {
            Growth::None => 0.0,
            Growth::Constant => self.initial,
            Growth::Linear => self.initial * f64::from(n),
            Growth::Fibonacci => {
                let numbers = (1..n).fold((0.0, 1.0), |(last, next), _| (next, last + next));
                self.initial * numbers.1
            }
            Growth::Exponential(factor) => self.initial * factor.powi(n.cast_signed() - 1),
            Growth::Decorrelated => self.initial * 3f64.powi(n.cast_signed() - 1),
        };
        delay.min(self.cap)
    }

    /// All delays at their longest.
    fn most(&self, retries: u32, jitter: Jitter) -> f64 {
        let longest = |n| match jitter {
            Jitter::Proportional(fraction) if self.growth != Growth::Decorrelated => {
                (self.delay(n) * (1.0 + fraction)).min(self.cap)
            }
            _ => self.delay(n),
        };
        // A delay that has come to the longest stays there.
        let mut sum = 0.0;
        for n in 1..=retries {
            let delay = longest(n);
            let settled = delay >= self.cap || self.growth == Growth::Constant;
            if settled || n == 10_000 {
                return sum + delay * f64::from(retries - n + 1);
            }
            sum += delay;
        }
        sum
    }

    fn waits(&self, retries: u32, jitter: Jitter) -> String {
        if self.growth == Growth::Decorrelated {
            let (first, cap) = (seconds(self.initial), seconds(self.cap));
            return format!("waits at random, {first} to thrice the last, {cap} at the longest");
        }
        let written = (1..=retries.min(WRITTEN)).map(|n| seconds(self.delay(n)));
        let mut delays: Vec<String> = written.collect();
        delays.dedup();
        if retries > WRITTEN {
            let last = self.delay(retries.min(10_000));
            if retries != u32::MAX - 1 || last >= self.cap {
                let last = seconds(last);
                if delays.last() != Some(&last) {
                    delays.push("..".into());
                    delays.push(last);
                }
            } else {
                delays.push("..".into());
            }
        }
        let each = if delays.len() == 1 && retries > 1 {
            " each time"
        } else {
            ""
        };
        let delays = delays.join(", ").replace(", .., ", ", .. ");
        match jitter {
            Jitter::None => format!("waits {delays}{each}"),
            Jitter::Proportional(fraction) => {
                format!("waits {delays}{each} (+ up to {} %)", fraction * 100.0)
            }
            Jitter::Full => format!("waits up to {delays}{each}, at random"),
            Jitter::Equal => format!("waits half of {delays}{each} to all of it, at random"),
        }
    }
}

fn seconds(seconds: f64) -> String {
    shown(Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX))
}

/// As people write it: `500 ms`, `1.875 s`, `2 min`.
fn shown(duration: Duration) -> String {
    let (amount, unit) = match duration.as_secs_f64() {
        seconds if seconds >= 7_200.0 => (seconds / 3_600.0, "h"),
        seconds if seconds >= 120.0 => (seconds / 60.0, "min"),
        seconds if seconds >= 1.0 || seconds == 0.0 => (seconds, "s"),
        seconds if seconds >= 1e-3 => (seconds * 1e3, "ms"),
        seconds if seconds >= 1e-6 => (seconds * 1e6, "µs"),
        seconds => (seconds * 1e9, "ns"),
    };
    let amount = format!("{amount:.3}");
    let amount = amount.trim_end_matches('0').trim_end_matches('.');
    format!("{amount} {unit}")
}
