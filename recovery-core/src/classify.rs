//! What a failure means to a caller who might try again.

use std::error::Error;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// The kind of a failure, by what a caller can do about it.
///
/// The names are those that `#[retryable_on(..)]` takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The connection could not be made, or was lost.
    Network,
    /// No answer came in time.
    Timeout,
    /// The other side asks for fewer calls.
    RateLimited,
    /// The other side failed (HTTP 5xx).
    Server,
    /// The credentials were missing, wrong or expired.
    Authentication,
    /// The credentials are good but do not allow this.
    Forbidden,
    /// What was asked for does not exist.
    NotFound,
    /// The request itself is wrong and stays wrong.
    InvalidInput,
    /// The request contradicts the present state (a duplicate, a lost race).
    Conflict,
    /// The caller gave up.
    Cancelled,
    /// Anything else.
    Other,
}

impl ErrorKind {
    /// All there are.
    pub const ALL: &'static [Self] = &[
        Self::Network,
        Self::Timeout,
        Self::RateLimited,
        Self::Server,
        Self::Authentication,
        Self::Forbidden,
        Self::NotFound,
        Self::InvalidInput,
        Self::Conflict,
        Self::Cancelled,
        Self::Other,
    ];

    /// Whether failures of this kind usually pass by themselves:
    /// `Network`, `Timeout`, `RateLimited`, `Server`.
    pub const fn is_transient(self) -> bool {
        matches!(
            self,
            Self::Network | Self::Timeout | Self::RateLimited | Self::Server
        )
    }

    /// The name as `#[retryable_on(..)]` takes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Network => "Network",
            Self::Timeout => "Timeout",
            Self::RateLimited => "RateLimited",
            Self::Server => "Server",
            Self::Authentication => "Authentication",
            Self::Forbidden => "Forbidden",
            Self::NotFound => "NotFound",
            Self::InvalidInput => "InvalidInput",
            Self::Conflict => "Conflict",
            Self::Cancelled => "Cancelled",
            Self::Other => "Other",
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Whether a call that failed may nevertheless have been carried out.
///
/// There is no fourth answer, so a `match` on it needs no wildcard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Effect {
    /// Surely not carried out: refused, or never sent.
    None,
    /// Perhaps: the answer was lost, or does not tell.
    Unknown,
    /// Surely carried out: only the answer is of no use. Never retried by kind.
    Done,
}

/// Tells the retry engine what a failure means.
///
/// Only [`kind`](Classify::kind) is required. Say what the server asked for and whether the call
/// may have taken effect wherever the error knows it: both make retrying safer.
///
/// For an error of your own, [`#[derive(Classify)]`](derive@crate::Classify) writes the
/// implementation from words on the variants; by hand it looks like this:
///
/// ```
/// use std::time::Duration;
/// use recovery_core::{Classify, Effect, ErrorKind};
///
/// enum ApiError {
///     TooMany { retry_after: Duration },
///     Down,
///     NoSuchUser,
/// }
///
/// impl Classify for ApiError {
///     fn kind(&self) -> ErrorKind {
///         match self {
///             Self::TooMany { .. } => ErrorKind::RateLimited,
///             Self::Down => ErrorKind::Server,
///             Self::NoSuchUser => ErrorKind::NotFound,
///         }
///     }
///
///     fn retry_after(&self) -> Option<Duration> {
///         match self {
///             Self::TooMany { retry_after } => Some(*retry_after),
///             _ => None,
///         }
///     }
///
///     fn effect(&self) -> Effect {
///         match self {
///             Self::Down => Effect::Unknown,
///             Self::TooMany { .. } | Self::NoSuchUser => Effect::None,
///         }
///     }
/// }
///
/// assert!(ApiError::Down.is_transient());
/// assert!(!ApiError::NoSuchUser.is_transient());
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say which of its failures deserve another try",
    label = "the error type does not implement `recovery_core::Classify`",
    note = "derive it for an error of your own: `#[derive(recovery_core::Classify)]` with `#[classify(Network)]` on its variants",
    note = "or implement `recovery_core::Classify` for it by hand",
    note = "for any error, list patterns: `#[retryable_on(MyError::Lost | MyError::Busy(_))]`, or decide by a function: `#[retry(when = |error| error.is_timeout())]`",
    note = "for `botrs::BotError`, enable the feature `botrs` of `recovery-core`"
)]
pub trait Classify {
    /// The kind of this failure.
    fn kind(&self) -> ErrorKind;

    /// How long the other side asks to wait before the next call. Default: it asks for nothing.
    fn retry_after(&self) -> Option<Duration> {
        None
    }

    /// Whether the call may have been carried out. Default: [`Effect::Unknown`].
    fn effect(&self) -> Effect {
        Effect::Unknown
    }

    /// Whether the other side has said that this call must not be tried again, whatever its kind: gRPC
    /// servers by a negative push-back, others by a header such as `x-should-retry: false`. It wins
    /// over all that a caller lists. Default: it has not.
    fn forbids_retry(&self) -> bool {
        false
    }

    /// Whether another try may succeed: a transient kind, and not [`Effect::Done`].
    fn is_transient(&self) -> bool {
        self.kind().is_transient() && self.effect() != Effect::Done
    }
}

macro_rules! as_what_it_points_to {
    ($($pointer:ty),*) => {$(
        impl<E: Classify + ?Sized> Classify for $pointer {
            fn kind(&self) -> ErrorKind {
                (**self).kind()
            }
            fn retry_after(&self) -> Option<Duration> {
                (**self).retry_after()
            }
            fn effect(&self) -> Effect {
                (**self).effect()
            }
            fn forbids_retry(&self) -> bool {
                (**self).forbids_retry()
            }
            fn is_transient(&self) -> bool {
                (**self).is_transient()
            }
        }
    )*};
}

as_what_it_points_to!(&E, Box<E>, Arc<E>);

/// By [`io::Error::kind`]; a kind that says nothing to a caller (such as [`io::ErrorKind::Other`]) by
/// the known error inside it.
impl Classify for io::Error {
    fn kind(&self) -> ErrorKind {
        use io::ErrorKind as Io;
        match self.kind() {
            Io::ConnectionRefused
            | Io::ConnectionReset
            | Io::ConnectionAborted
            | Io::NotConnected
            | Io::BrokenPipe
            | Io::UnexpectedEof
            | Io::HostUnreachable
            | Io::NetworkUnreachable
            | Io::NetworkDown
            | Io::AddrNotAvailable => ErrorKind::Network,
            // On Unix a blocking read that runs into its timeout ends as `WouldBlock`.
            Io::TimedOut | Io::WouldBlock => ErrorKind::Timeout,
            Io::PermissionDenied => ErrorKind::Forbidden,
            Io::NotFound => ErrorKind::NotFound,
            Io::AlreadyExists | Io::AddrInUse => ErrorKind::Conflict,
            Io::InvalidInput | Io::InvalidData => ErrorKind::InvalidInput,
            _ => inside(self).map_or(ErrorKind::Other, Classify::kind),
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        inside(self).and_then(Classify::retry_after)
    }

    fn forbids_retry(&self) -> bool {
        inside(self).is_some_and(Classify::forbids_retry)
    }

    fn effect(&self) -> Effect {
        use io::ErrorKind as Io;
        match self.kind() {
            // There never was a connection. An unreachable host or network is no such proof: it
            // may have gone away after the call had reached it.
            Io::ConnectionRefused | Io::AddrNotAvailable => Effect::None,
            Io::Other => inside(self).map_or(Effect::Unknown, Classify::effect),
            _ => Effect::Unknown,
        }
    }
}

/// The known error that an `io::Error` was made of.
fn inside(error: &io::Error) -> Option<&dyn Classify> {
    known_within(error.get_ref()?)
}

#[cfg(feature = "tokio")]
impl Classify for tokio::time::error::Elapsed {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Timeout
    }
}

/// Looks inside the box for an error it knows ([`io::Error`], tokio's `Elapsed`, `TimedOut`,
/// [`NotAttempted`](crate::NotAttempted), [`BotError`] with the feature `botrs`), also as a source;
/// anything else is [`ErrorKind::Other`].
///
/// [`BotError`]: https://docs.rs/botrs/0.13.0/botrs/enum.BotError.html
impl Classify for Box<dyn Error + Send + Sync> {
    fn kind(&self) -> ErrorKind {
        known_within(&**self).map_or(ErrorKind::Other, Classify::kind)
    }
    fn retry_after(&self) -> Option<Duration> {
        known_within(&**self).and_then(Classify::retry_after)
    }
    fn effect(&self) -> Effect {
        known_within(&**self).map_or(Effect::Unknown, Classify::effect)
    }
    fn forbids_retry(&self) -> bool {
        known_within(&**self).is_some_and(Classify::forbids_retry)
    }
}

/// The first error in the chain of sources that this crate can classify.
fn known_within<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a dyn Classify> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(known) = error.downcast_ref::<io::Error>() {
            return Some(known);
        }
        #[cfg(feature = "tokio")]
        if let Some(known) = error.downcast_ref::<tokio::time::error::Elapsed>() {
            return Some(known);
        }
        #[cfg(feature = "tokio")]
        if let Some(known) = error.downcast_ref::<crate::TimedOut>() {
            return Some(known);
        }
        if let Some(known) = error.downcast_ref::<crate::NotAttempted>() {
            return Some(known);
        }
        #[cfg(feature = "botrs")]
        if let Some(known) = error.downcast_ref::<::botrs::BotError>() {
            return Some(known);
        }
        next = error.source();
    }
    None
}
