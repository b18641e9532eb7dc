//! How a connection ended.

use std::fmt;
use std::time::Duration;

use ::botrs::BotError;

use super::close_code;
use crate::botrs::TokenError;

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
            Self::Reconnect => "reconnect",
            Self::InvalidSession { .. } => "invalid_session",
            Self::NoSession => "no_session",
        }
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
