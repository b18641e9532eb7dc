//! The line that `#[retry]` adds to the function's documentation: how it is retried, as far as
//! the compiler can know.

use std::time::Duration;

use quote::ToTokens;
use syn::{Attribute, Expr, parse_quote};

use crate::check::{Condition, Policy};
use crate::schedule::{
    self, DEFAULT_GROWTH, DEFAULT_INITIAL, DEFAULT_JITTER, DEFAULT_MAX, DEFAULT_MAX_DELAY, Growth,
    Jitter,
};

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
        Some(u32::MAX) => "without a limit of attempts".into(),
        Some(1) => "1 attempt".into(),
        Some(max) => format!("up to {max} attempts"),
        None => match (max, &policy.base) {
            (None, Some(base)) => format!("as `{}` says", written(base)),
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
    let growth = schedule::known(schedule.backoff.as_ref(), has_base, DEFAULT_GROWTH)?;
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
    let jitter = schedule::known(jitter, has_base, DEFAULT_JITTER)?;
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
/// By then nearly every delay has come to the longest.
const SETTLED: u32 = 10_000;

impl Delays {
    fn delay(&self, n: u32) -> f64 {
        if self.initial == 0.0 {
            return 0.0; // and not 0 · ∞
        }
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
            let left = f64::from(retries - n + 1);
            if delay >= self.cap || self.growth == Growth::Constant {
                return sum + delay * left;
            }
            if n == SETTLED {
                return sum + self.cap * left;
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
        let last = self.delay(retries.min(SETTLED));
        let is_constant = last <= self.delay(1);
        let written = if is_constant { 1 } else { retries.min(WRITTEN) };
        let mut delays: Vec<String> = (1..=written).map(|n| seconds(self.delay(n))).collect();
        if retries > WRITTEN && !is_constant {
            delays.push("...".into());
            if retries <= SETTLED || last >= self.cap {
                delays.push(seconds(last));
            }
        }
        let each = if is_constant && retries > 1 {
            " each time"
        } else {
            ""
        };
        let delays = delays.join(", ");
        match jitter {
            Jitter::None => format!("waits {delays}{each}"),
            Jitter::Proportional(fraction) => {
                let percent = plain(fraction * 100.0);
                format!("waits {delays}{each} (+ up to {percent} %)")
            }
            Jitter::Full => format!("waits up to {delays}{each}, at random"),
            Jitter::Equal => format!("waits half of {delays}{each} to all of it, at random"),
        }
    }
}

/// The expression as people write it.
fn written(expr: &Expr) -> String {
    let tokens = expr.to_token_stream().to_string();
    [
        (" . ", "."),
        (" :: ", "::"),
        ("& ", "&"),
        (" (", "("),
        ("( ", "("),
        (" )", ")"),
    ]
    .iter()
    .fold(tokens, |text, (spaced, close)| text.replace(spaced, close))
}

fn seconds(seconds: f64) -> String {
    shown(Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX))
}

/// As people write it: `500 ms`, `1.875 s`, `2 min`.
fn shown(duration: Duration) -> String {
    let is_whole =
        |unit: u64| duration.subsec_nanos() == 0 && duration.as_secs().is_multiple_of(unit);
    let (amount, unit) = match duration.as_secs_f64() {
        seconds if seconds >= 7_200.0 && is_whole(3_600) => (seconds / 3_600.0, "h"),
        seconds if seconds >= 120.0 && is_whole(60) => (seconds / 60.0, "min"),
        seconds if seconds >= 1.0 || duration.is_zero() => (seconds, "s"),
        seconds if seconds >= 1e-3 => (seconds * 1e3, "ms"),
        seconds if seconds >= 1e-6 => (seconds * 1e6, "µs"),
        seconds => (seconds * 1e9, "ns"),
    };
    format!("{} {unit}", plain(amount))
}

/// With three decimals at most, and without those that are zero.
fn plain(number: f64) -> String {
    let number = format!("{number:.3}");
    number
        .trim_end_matches('0')
        .trim_end_matches('.')
        .to_owned()
}

#[cfg(test)]
mod tests {
    use quote::quote;
    use syn::parse_quote;

    use super::line;
    use crate::diag::Diagnostics;
    use crate::{args, check, partner};

    /// The line for these options, with `#[retryable_on]` below them if there is one.
    fn told(options: proc_macro2::TokenStream, listed: &str) -> String {
        let mut diagnostics = Diagnostics::default();
        let listed: proc_macro2::TokenStream = listed.parse().unwrap();
        let mut attrs = vec![parse_quote!(#[retryable_on(#listed)])];
        if listed.is_empty() {
            attrs.clear();
        }
        let listed = partner::take(&mut attrs, &mut diagnostics);
        let args = args::parse(options, &mut diagnostics);
        let policy = check::policy(args, listed, vec![], &mut diagnostics);
        assert!(diagnostics.is_empty(), "{}", diagnostics.into_tokens());
        line(&policy)
    }

    #[test]
    fn literals_are_computed_to_the_longest_wait() {
        for (options, line) in [
            (
                quote!(),
                "Retried: up to 3 attempts; waits 500 ms, 1 s (+ up to 25 %); at most 1.875 s of \
                 waiting.",
            ),
            (quote!(max = 1), "Retried: 1 attempt."),
            (
                quote!(max = 2, initial = 250us, jitter = none),
                "Retried: up to 2 attempts; waits 250 µs; at most 250 µs of waiting.",
            ),
            (
                quote!(max = 4, initial = 1s, backoff = constant, jitter = full),
                "Retried: up to 4 attempts; waits up to 1 s each time, at random; at most 3 s of \
                 waiting.",
            ),
            (
                quote!(max = 4, initial = 1s, backoff = linear, jitter = equal),
                "Retried: up to 4 attempts; waits half of 1 s, 2 s, 3 s to all of it, at random; at \
                 most 6 s of waiting.",
            ),
            (
                quote!(
                    max = 6,
                    initial = 1s,
                    backoff = fibonacci,
                    jitter = none,
                    max_delay = 4s
                ),
                "Retried: up to 6 attempts; waits 1 s, 1 s, 2 s, 3 s, 4 s; at most 11 s of waiting.",
            ),
            (
                quote!(max = 20, jitter = 0.5, max_delay = 10s),
                "Retried: up to 20 attempts; waits 500 ms, 1 s, 2 s, 4 s, 8 s, ..., 10 s (+ up to \
                 50 %); at most 161.25 s of waiting.",
            ),
            (
                quote!(max = 3, jitter = 0.07),
                "Retried: up to 3 attempts; waits 500 ms, 1 s (+ up to 7 %); at most 1.605 s of \
                 waiting.",
            ),
            (
                quote!(max = unlimited, initial = 0s, jitter = none),
                "Retried: without a limit of attempts; waits 0 s each time.",
            ),
            (
                quote!(max = 3, backoff = none),
                "Retried: up to 3 attempts; without waiting.",
            ),
            (
                quote!(max = 3, initial = 1s, backoff = decorrelated),
                "Retried: up to 3 attempts; waits at random, 1 s to thrice the last, 30 s at the \
                 longest; at most 4 s of waiting.",
            ),
            (
                quote!(max = unlimited, deadline = 10m, timeout = 5s, at_most_once),
                "Retried: without a limit of attempts; waits 500 ms, 1 s, 2 s, 4 s, 8 s, ..., 30 s (+ up to \
                 25 %); at most 5 s each; none begins later than 10 min; not where it may have taken \
                 effect.",
            ),
        ] {
            assert_eq!(told(options, ""), line);
        }
    }

    #[test]
    fn kinds_are_named_and_patterns_are_not() {
        assert_eq!(
            told(quote!(max = 2, backoff = none), "Network, Timeout"),
            "Retried: up to 2 attempts on `Network`, `Timeout`; without waiting."
        );
        assert_eq!(
            told(quote!(max = 2, backoff = none), "Network, MyError::Busy"),
            "Retried: up to 2 attempts; without waiting."
        );
    }

    #[test]
    fn what_only_run_time_knows_is_not_guessed() {
        assert_eq!(
            told(quote!(policy = self.config), ""),
            "Retried: as `self.config` says."
        );
        assert_eq!(
            told(quote!(max = tries), ""),
            "Retried: a number of attempts that run time knows."
        );
        assert_eq!(
            told(quote!(initial = self.delay), ""),
            "Retried: up to 3 attempts."
        );
        assert_eq!(
            told(quote!(policy = self.config, max = 5), ""),
            "Retried: up to 5 attempts."
        );
    }

    #[test]
    fn absurd_delays_are_bounded_work() {
        let line = told(quote!(max = 1_000_000, backoff = 1.0, initial = 29s), "");
        assert!(line.contains("waits 29 s each time"), "{line}");
    }
}
