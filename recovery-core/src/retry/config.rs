//! The policy: how many attempts, and how long to wait between them.

#[cfg(feature = "serde")]
mod written;

use std::fmt;
use std::time::Duration;

use super::schedule::Schedule;

/// How patiently to retry: a bounded number of attempts, and growing, jittered delays.
///
/// The default is 3 attempts in all, a first delay of 500 ms that doubles up to 30 s, and
/// [`Jitter::default`]. Every value is checked by the [builder](RetryConfig::builder).
///
/// ```
/// use std::time::Duration;
/// use recovery_core::{Jitter, RetryConfig};
///
/// let config = RetryConfig::builder()
///     .max_attempts(5)
///     .initial_delay(Duration::from_millis(100))
///     .jitter(Jitter::None)
///     .build()?;
/// assert_eq!(config.next_delay(1), Duration::from_millis(100));
/// assert_eq!(config.next_delay(3), Duration::from_millis(400));
/// assert_eq!(config.next_delay(1_000_000), Duration::from_secs(30));
/// # Ok::<(), recovery_core::InvalidConfig>(())
/// ```
///
/// With the feature `serde` it can stand in a file, each value by its setter's name, with the checks of
/// the builder; what is left out is as in the default, and unknown names are refused:
///
/// ```toml
/// max_attempts = 5          # or "unlimited"
/// initial_delay = "200ms"   # always with a unit
/// max_delay = "1m 30s"
/// backoff = 1.5             # or "none", "constant", "linear", "fibonacci", "exponential", "decorrelated"
/// jitter = "full"           # or "equal", "none", 0.25, { around = 0.2 }, { added = "1s" }
/// retry_after = "at_least"  # or "capped", "exact"
/// ```
#[derive(Clone)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Deserialize, serde::Serialize),
    serde(try_from = "written::Written", into = "written::Written")
)]
pub struct RetryConfig {
    pub(super) max_attempts: u32,
    pub(super) initial_delay: Duration,
    pub(super) max_delay: Duration,
    pub(super) backoff: Backoff,
    pub(super) jitter: Jitter,
    pub(super) retry_after: RetryAfter,
    /// The same once more, as delays are computed from it.
    pub(super) schedule: Schedule,
}

impl RetryConfig {
    pub(crate) const DEFAULT: Self = Self {
        max_attempts: 3,
        initial_delay: Duration::from_millis(500),
        max_delay: Duration::from_secs(30),
        backoff: Backoff::DEFAULT,
        jitter: Jitter::DEFAULT,
        retry_after: RetryAfter::AtLeast,
        schedule: Schedule::EMPTY,
    }
    .compiled();

    const fn compiled(mut self) -> Self {
        self.schedule = Schedule::of(&self);
        self
    }

    /// Starts from the default policy.
    pub const fn builder() -> RetryConfigBuilder {
        RetryConfigBuilder(Self::DEFAULT)
    }

    /// Starts from this policy.
    pub fn to_builder(&self) -> RetryConfigBuilder {
        RetryConfigBuilder(self.clone())
    }

    /// Attempts in all, the first included. From 1 to a million; default 3; `u32::MAX` is no limit.
    pub const fn max_attempts(&self) -> u32 {
        self.max_attempts
    }

    /// Whether attempts are not counted at all.
    pub const fn is_unlimited(&self) -> bool {
        self.max_attempts == u32::MAX
    }

    /// The delay after the first failure. Default 500 ms.
    pub const fn initial_delay(&self) -> Duration {
        self.initial_delay
    }

    /// No delay of the schedule is longer, jitter included. Default 30 s.
    ///
    /// Only what the server asks for ([`Classify::retry_after`](crate::Classify::retry_after)) may
    /// go beyond it. Where a server may ask for hours, bound the whole by a deadline
    /// (`#[retry(deadline = 60s)]`), or the wish by [`RetryAfter::Capped`].
    pub const fn max_delay(&self) -> Duration {
        self.max_delay
    }

    /// How the delay grows. Default: it doubles.
    pub const fn backoff(&self) -> Backoff {
        self.backoff
    }

    /// The random part of each delay. Default: up to a quarter more.
    pub const fn jitter(&self) -> Jitter {
        self.jitter
    }

    /// What is made of the time that a server asks for. Default: at least that long.
    pub const fn retry_after(&self) -> RetryAfter {
        self.retry_after
    }
}

impl PartialEq for RetryConfig {
    fn eq(&self, other: &Self) -> bool {
        self.max_attempts == other.max_attempts
            && self.initial_delay == other.initial_delay
            && self.max_delay == other.max_delay
            && self.backoff == other.backoff
            && self.jitter == other.jitter
            && self.retry_after == other.retry_after
    }
}

#[expect(
    clippy::missing_fields_in_debug,
    reason = "the schedule is the same once more"
)]
impl fmt::Debug for RetryConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RetryConfig")
            .field("max_attempts", &self.max_attempts)
            .field("initial_delay", &self.initial_delay)
            .field("max_delay", &self.max_delay)
            .field("backoff", &self.backoff)
            .field("jitter", &self.jitter)
            .field("retry_after", &self.retry_after)
            .finish()
    }
}

impl Default for RetryConfig {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// How the delay grows from one failure to the next, up to the policy's `max_delay`.
///
/// `initial` is the policy's first delay, `n` the number of the attempt that failed, from 1.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Backoff {
    /// No delay at all: the next attempt follows at once.
    None,
    /// Always `initial`.
    Constant,
    /// `initial · n`.
    Linear,
    /// `initial` times 1, 1, 2, 3, 5, 8, ...
    Fibonacci,
    /// `initial · factor^(n − 1)`. The factor is finite, and at least 1.
    Exponential(f64),
    /// Uniform between `initial` and three times the delay before; random by itself, so that the
    /// policy's [`Jitter`] is not added.
    ///
    /// Source: "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
    Decorrelated,
}

impl Backoff {
    pub(crate) const DEFAULT: Self = Self::Exponential(2.0);
}

impl Default for Backoff {
    /// `Exponential(2.0)`: each delay is twice the one before.
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// The random part of a delay, so that callers who failed together do not return together.
///
/// `base` is the schedule's delay without jitter, never above the policy's `max_delay`; with
/// jitter no delay is above it either. Random numbers come from `fastrand`'s generator of the
/// thread: `fastrand::seed` makes a test repeatable.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Jitter {
    /// Exactly `base`.
    None,
    /// Between `base` and `base · (1 + fraction)`. At the longest delay the same relative spread
    /// is kept by starting lower: `[max / (1 + fraction), max]`. The fraction is within 0..=1.
    Proportional(f64),
    /// Between zero and `base`: the fewest collisions, for many callers of one server.
    Full,
    /// Between half of `base` and `base`.
    Equal,
    /// Between `base · (1 − fraction)` and `base · (1 + fraction)`: the mean is `base`, as gRPC and
    /// Polly have it. The fraction is within 0..=1.
    Around(f64),
    /// Between `base` and `base` plus this much, whatever `base` is: the truncated exponential backoff
    /// of Google Cloud's documents adds up to a second.
    Added(Duration),
}

impl Jitter {
    pub(crate) const DEFAULT: Self = Self::Proportional(0.25);
}

impl Default for Jitter {
    /// `Proportional(0.25)`: up to a quarter more.
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// What is made of the time that a server asks for
/// ([`Classify::retry_after`](crate::Classify::retry_after)).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RetryAfter {
    /// The delay is at least that long, the schedule's jitter on top; longer than `max_delay` if need
    /// be. What is asked for is obeyed, and those who were asked together do not return together.
    #[default]
    AtLeast,
    /// The delay is exactly that long instead of the schedule's, but never longer than `max_delay`:
    /// the rule of AWS's SDKs. A server that asks for more is not obeyed.
    Capped,
    /// The delay is exactly that long instead of the schedule's, however long, and the schedule begins
    /// anew after it: the rule of gRPC (proposal A6, "Pushback").
    Exact,
}

/// Calls do not count further ([`Progress`](super::Progress)).
const MOST_ATTEMPTS: u32 = 1_000_000;

/// Builds a [`RetryConfig`]; what is not set keeps its value.
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until `build`"]
pub struct RetryConfigBuilder(RetryConfig);

impl RetryConfigBuilder {
    /// Attempts in all, the first included: 3 means one call and at most two retries. `u32::MAX`
    /// is no limit. Default 3; 0 is refused, and so is more than a million.
    pub const fn max_attempts(mut self, attempts: u32) -> Self {
        self.0.max_attempts = attempts;
        self
    }

    /// The delay after the first failure. Default 500 ms; longer than the longest is refused.
    pub const fn initial_delay(mut self, delay: Duration) -> Self {
        self.0.initial_delay = delay;
        self
    }

    /// The longest delay of the schedule. Default 30 s; more than 292 years counts as that.
    pub const fn max_delay(mut self, delay: Duration) -> Self {
        self.0.max_delay = delay;
        self
    }

    /// Tries for ever, as long as the errors are those to retry.
    pub const fn unlimited(self) -> Self {
        self.max_attempts(u32::MAX)
    }

    /// How the delay grows. Default: it doubles.
    pub const fn backoff(mut self, backoff: Backoff) -> Self {
        self.0.backoff = backoff;
        self
    }

    /// What each delay is multiplied by to give the next: [`Backoff::Exponential`]. Default 2; what is
    /// not finite, or below 1, is refused.
    pub const fn backoff_factor(self, factor: f64) -> Self {
        self.backoff(Backoff::Exponential(factor))
    }

    /// The random part of each delay. Default: up to a quarter more; a fraction outside 0..=1 is
    /// refused.
    pub const fn jitter(mut self, jitter: Jitter) -> Self {
        self.0.jitter = jitter;
        self
    }

    /// What is made of the time that a server asks for. Default: at least that long.
    pub const fn retry_after(mut self, rule: RetryAfter) -> Self {
        self.0.retry_after = rule;
        self
    }

    /// Checks the values and gives the policy.
    ///
    /// # Errors
    /// [`InvalidConfig`] names the first value that cannot be meant.
    pub fn build(self) -> Result<RetryConfig, InvalidConfig> {
        let config = self.0;
        if config.max_attempts == 0 {
            return Err(InvalidConfig::NoAttempts);
        }
        if config.max_attempts > MOST_ATTEMPTS && !config.is_unlimited() {
            return Err(InvalidConfig::TooManyAttempts(config.max_attempts));
        }
        if let Backoff::Exponential(factor) = config.backoff
            && !(factor.is_finite() && factor >= 1.0)
        {
            return Err(InvalidConfig::BackoffFactor(factor));
        }
        if let Jitter::Proportional(fraction) | Jitter::Around(fraction) = config.jitter
            && !(0.0..=1.0).contains(&fraction)
        {
            return Err(InvalidConfig::JitterFraction(fraction));
        }
        if config.initial_delay > config.max_delay {
            return Err(InvalidConfig::InitialAboveMax {
                initial: config.initial_delay,
                max: config.max_delay,
            });
        }
        Ok(config.compiled())
    }

    /// The policy nearest to what was given that [`build`](Self::build) would accept. A first
    /// delay above the longest needs no care: the schedule never goes above the longest.
    pub(crate) const fn clamped(self) -> RetryConfig {
        let mut config = self.0;
        if config.max_attempts == 0 {
            config.max_attempts = 1;
        }
        if config.max_attempts > MOST_ATTEMPTS && !config.is_unlimited() {
            config.max_attempts = MOST_ATTEMPTS;
        }
        if let Backoff::Exponential(factor) = config.backoff {
            config.backoff = if factor >= 1.0 {
                Backoff::Exponential(factor.min(f64::MAX))
            } else {
                Backoff::Constant
            };
        }
        config.jitter = match config.jitter {
            Jitter::Proportional(fraction) if fraction >= 0.0 => {
                Jitter::Proportional(fraction.min(1.0))
            }
            Jitter::Around(fraction) if fraction >= 0.0 => Jitter::Around(fraction.min(1.0)),
            Jitter::Proportional(_) | Jitter::Around(_) => Jitter::None,
            jitter => jitter,
        };
        config.compiled()
    }
}

/// Why a policy was refused.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidConfig {
    /// No attempt at all.
    #[error("max_attempts is 0: it counts the first call too, so give at least 1")]
    NoAttempts,
    /// More attempts than are counted.
    #[error("max_attempts is {0}: give at most 1000000, or no limit at all by `unlimited`")]
    TooManyAttempts(u32),
    /// A factor that would shrink delays, or is no number.
    #[error("backoff_factor is {0}: give a finite number of at least 1")]
    BackoffFactor(f64),
    /// A fraction outside 0..=1.
    #[error("the jitter's fraction is {0}: give a number from 0 to 1")]
    JitterFraction(f64),
    /// The first delay is longer than the longest.
    #[error("initial_delay ({initial:?}) is longer than max_delay ({max:?})")]
    InitialAboveMax {
        /// The first delay.
        initial: Duration,
        /// The longest delay.
        max: Duration,
    },
}
