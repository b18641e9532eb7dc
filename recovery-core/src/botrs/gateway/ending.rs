//! How a connection ended.

use std::fmt;
use std::time::Duration;

use ::botrs::BotError;

use super::close_code::{self, Meaning};
use crate::botrs::TokenError;
use crate::watch::DisconnectCause;
use crate::{Classify, ErrorKind};

/// How a connection logs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Identify,
    Resume,
}

/// How far a connection had come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Connect,
    Tls,
    Upgrade,
    Hello,
    LogIn,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "TCP connection",
            Self::Tls => "TLS handshake",
            Self::Upgrade => "WebSocket upgrade",
            Self::Hello => "HELLO",
            Self::LogIn => "READY or RESUMED",
        })
    }
}

/// How a connection ended, or why there was none.
#[derive(Debug)]
pub(super) enum Ending {
    Token(TokenError),
    LookUp(BotError),
    Unreachable {
        stage: Stage,
        error: String,
    },
    TimedOut {
        stage: Stage,
    },
    /// By a close frame.
    Closed {
        code: u16,
    },
    /// Without one.
    Lost {
        error: String,
    },
    /// Heartbeats were not answered.
    Dead,
    /// The health checker's limit passed without an acknowledged heartbeat.
    Unacknowledged,
    /// The program asked for another connection.
    Asked,
    /// op 7
    Reconnect,
    /// op 9, and the close code behind it.
    InvalidSession {
        resumable: bool,
        code: Option<u16>,
    },
    /// READY without a session id.
    NoSession,
}

impl Ending {
    pub(super) fn code(&self) -> Option<u16> {
        match self {
            Self::Closed { code } => Some(*code),
            Self::InvalidSession { code, .. } => *code,
            _ => None,
        }
    }

    /// Whether it is part of a good connection's life, and nobody's failure.
    pub(super) fn is_planned(&self) -> bool {
        matches!(
            self,
            Self::Asked | Self::Reconnect | Self::Closed { code: 4009 }
        )
    }

    /// What kind of failure it was.
    pub(super) fn kind(&self) -> ErrorKind {
        match self {
            Self::Token(error) => error.kind(),
            Self::LookUp(error) => error.kind(),
            Self::Unreachable { .. } | Self::Lost { .. } => ErrorKind::Network,
            Self::TimedOut { .. } | Self::Dead | Self::Unacknowledged => ErrorKind::Timeout,
            Self::Asked => ErrorKind::Cancelled,
            Self::Reconnect | Self::NoSession => ErrorKind::Server,
            Self::Closed { code } => kind_of_code(*code),
            Self::InvalidSession { code, .. } => code.map_or(ErrorKind::Conflict, kind_of_code),
        }
    }

    /// A short name for metrics and logs.
    pub(super) fn as_str(&self) -> &'static str {
        match self {
            Self::Token(_) => "token",
            Self::LookUp(_) => "look_up",
            Self::Unreachable { .. } => "unreachable",
            Self::TimedOut { .. } => "timed_out",
            Self::Closed { .. } => "closed",
            Self::Lost { .. } => "lost",
            Self::Dead => "dead",
            Self::Unacknowledged => "unacknowledged",
            Self::Asked => "asked",
            Self::Reconnect => "reconnect",
            Self::InvalidSession { .. } => "invalid_session",
            Self::NoSession => "no_session",
        }
    }

    /// For whoever looks at the bot.
    pub(super) fn cause(&self) -> DisconnectCause {
        DisconnectCause::named(self.as_str(), self)
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Token(error) => write!(f, "no access token: {error}"),
            Self::LookUp(error) => write!(f, "the gateway's address cannot be looked up: {error}"),
            Self::Unreachable { stage, error } => write!(f, "{stage} failed: {error}"),
            Self::TimedOut { stage } => write!(f, "{stage} did not come in time"),
            Self::Closed { code } => {
                write!(f, "closed with {code} ({})", close_code::name(*code))
            }
            Self::Lost { error } => write!(f, "the connection broke: {error}"),
            Self::Dead => f.write_str("two heartbeats were not answered"),
            Self::Unacknowledged => f.write_str("no heartbeat was acknowledged for too long"),
            Self::Asked => f.write_str("the program asked to reconnect"),
            Self::Reconnect => f.write_str("the gateway asked to reconnect"),
            Self::InvalidSession { resumable, code } => {
                let again = if *resumable { "may" } else { "may not" };
                write!(f, "invalid session, which {again} be resumed")?;
                match code {
                    Some(code) => write!(f, "; {code} ({})", close_code::name(*code)),
                    None => Ok(()),
                }
            }
            Self::NoSession => f.write_str("READY came without a session id"),
        }
    }
}

fn kind_of_code(code: u16) -> ErrorKind {
    match close_code::meaning(code) {
        Meaning::NewToken => ErrorKind::Authentication,
        Meaning::TooFast => ErrorKind::RateLimited,
        Meaning::Identify => ErrorKind::Conflict,
        Meaning::IdentifyOnce => ErrorKind::InvalidInput,
        Meaning::Stop(_) => ErrorKind::Forbidden,
        Meaning::Resume | Meaning::Unknown => ErrorKind::Server,
    }
}

/// One connection, from its beginning to its end.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) how: Ending,
    pub(super) step: Step,
    /// Whether the login was sent.
    pub(super) spoke: bool,
    /// Whether an event came.
    pub(super) progressed: bool,
    /// How long it lived after READY or RESUMED.
    pub(super) lived: Option<Duration>,
}

impl Ended {
    /// How to go on where the session is not the matter: one that was begun is resumed.
    pub(super) fn again(&self) -> Step {
        match self.lived {
            Some(_) => Step::Resume,
            None => self.step,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ending_is_of_the_kind_that_its_cure_is_for() {
        let closed = |code| Ending::Closed { code };
        for (ending, kind) in [
            (Ending::Unacknowledged, ErrorKind::Timeout),
            (closed(4004), ErrorKind::Authentication),
            (closed(4008), ErrorKind::RateLimited),
            (closed(4009), ErrorKind::Server),
            (closed(4902), ErrorKind::Conflict),
            (closed(4914), ErrorKind::Forbidden),
            (Ending::Token(TokenError::Unreadable), ErrorKind::Server),
            (
                Ending::InvalidSession {
                    resumable: false,
                    code: None,
                },
                ErrorKind::Conflict,
            ),
        ] {
            assert_eq!(ending.kind(), kind, "{ending}");
        }
    }
}
