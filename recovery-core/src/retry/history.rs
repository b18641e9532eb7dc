//! What has become of a call's attempts, for whom asks.

use std::collections::VecDeque;
use std::fmt::{self, Display};
use std::time::Duration;

use super::ask::Ask;
use super::progress::Progress;
use crate::classify::ErrorKind;

/// The failed attempts of one call, the oldest first; of many, the last [`History::LIMIT`].
///
/// It is kept where it is asked for, by `#[retry(history, ..)]` or [`Retry::history`](crate::Retry::history),
/// and is empty elsewhere. It allocates; a call that succeeds at once allocates nothing.
///
/// # Examples
/// ```
/// use std::io;
/// use recovery_core::{History, StopReason, retry};
///
/// #[retry(max = 2, initial = 1ms, jitter = none, history, fallback = |error, reason, history| tell(error, reason, history))]
/// fn call() -> io::Result<String> {
///     Err(io::ErrorKind::TimedOut.into())
/// }
///
/// fn tell(_: io::Error, _: StopReason, history: History) -> io::Result<String> {
///     Ok(history.to_string())
/// }
///
/// assert_eq!(
///     call()?,
///     "attempt 1: Timeout (timed out), 1ms later attempt 2: Timeout (timed out)"
/// );
/// # Ok::<(), io::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct History {
    attempts: VecDeque<PastAttempt>,
}

/// One failed attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PastAttempt {
    /// Its number, from 1.
    pub number: u32,
    /// The kind of its failure; [`ErrorKind::Other`] where the error is not classified.
    pub kind: ErrorKind,
    /// The error's text, where it has one.
    pub error: Option<String>,
    /// The wait that followed; `None` if it was the last.
    pub delay: Option<Duration>,
}

impl History {
    /// How many attempts are kept.
    pub const LIMIT: usize = 32;

    pub(crate) const EMPTY: &'static Self = &Self::new();

    /// Of a call that has not failed.
    pub const fn new() -> Self {
        Self {
            attempts: VecDeque::new(),
        }
    }

    /// The attempts, the oldest first.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &PastAttempt> + DoubleEndedIterator {
        self.attempts.iter()
    }

    /// How many there are to see.
    pub fn len(&self) -> usize {
        self.attempts.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.attempts.is_empty()
    }

    /// The attempt after `progress` failed, and what was decided.
    #[doc(hidden)]
    #[cold]
    #[inline(never)]
    pub fn record<E, R>(
        &mut self,
        progress: Progress,
        error: &E,
        ask: impl Ask<E>,
        decision: &Result<Duration, R>,
    ) {
        if self.attempts.len() == Self::LIMIT {
            self.attempts.pop_front();
        }
        self.attempts.push_back(PastAttempt {
            number: progress.attempt(),
            kind: ask.kind(error),
            error: ask.text(error).map(ToString::to_string),
            delay: decision.as_ref().ok().copied(),
        });
    }
}

impl Display for PastAttempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "attempt {}: {}", self.number, self.kind)?;
        match &self.error {
            Some(error) => write!(f, " ({error})"),
            None => Ok(()),
        }
    }
}

impl Display for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, attempt) in self.attempts.iter().enumerate() {
            if let Some(delay) = n
                .checked_sub(1)
                .and_then(|before| self.attempts[before].delay)
            {
                write!(f, ", {delay:?} later ")?;
            }
            attempt.fmt(f)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::ask::{Displayed, Unclassified, Undisplayed};
    use super::*;

    #[test]
    fn the_last_ones_are_kept() {
        let mut history = History::new();
        let mut progress = Progress::START;
        let delay = Duration::from_millis(5);
        for _ in 0..100 {
            let again = Ok::<_, ()>(delay);
            history.record(progress, &"lost", (Unclassified, Displayed), &again);
            progress.advance(delay);
        }
        history.record(progress, &"lost", (Unclassified, Undisplayed), &Err(()));
        assert_eq!(history.len(), History::LIMIT);
        let numbers: Vec<u32> = history.iter().map(|attempt| attempt.number).collect();
        assert!(numbers.iter().copied().eq(70..=101), "{numbers:?}");
        let text = history.to_string();
        assert!(
            text.starts_with("attempt 70: Other (lost), 5ms later attempt 71"),
            "{text}"
        );
        assert!(text.ends_with("5ms later attempt 101: Other"), "{text}");
        assert!(History::EMPTY.is_empty());
    }
}
