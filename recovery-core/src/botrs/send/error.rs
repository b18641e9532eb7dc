//! How a message ended badly.

use std::time::Duration;

use botrs::BotError;

use super::super::token::TokenError;
use super::target::Scene;
use crate::classify::{Classify, Effect, ErrorKind};
use crate::retry::NotAttempted;

/// How a message ended badly, and what to do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// The message that was to be replied to does not tell its id or where it came from.
    #[error(
        "the message to reply to names no place or has no id: reply to a message as the platform gave it, or name the place"
    )]
    NoTarget,
    /// The platform takes no reply to this message any more; it was not asked.
    #[error(
        "a message in a {scene} can be replied to for {window:?}, which are over: reply sooner, or send an active message"
    )]
    WindowClosed {
        /// Where.
        scene: Scene,
        /// How long the window was.
        window: Duration,
    },
    /// This message has had all its replies; the platform was not asked.
    #[error("a message can have {limit} replies here, and has had them: say more in one reply")]
    RepliesUsedUp {
        /// How many it can have.
        limit: u32,
    },
    /// An earlier run of the program began this reply, and may have sent it. It was not sent again,
    /// since the place would not recognise it.
    #[error("this reply was begun before the restart and may have arrived: it is not sent twice")]
    BegunBefore,
    /// A reply with this number, which was not this one, has arrived before (code 40054005).
    #[error(
        "reply number {msg_seq} to this message has arrived before, from an earlier run or another part of the bot: call `event_begins` for replayed events, and let one `Messenger` make all replies"
    )]
    NumberTaken {
        /// The number.
        msg_seq: u32,
    },
    /// The platform asked all who send to this place to wait, for longer than the reply can.
    #[error(transparent)]
    NotAttempted(#[from] NotAttempted),
    /// There is no access token.
    #[error(transparent)]
    Token(TokenError),
    /// The last attempt surely had no effect, but an earlier one may have arrived.
    #[error("an earlier attempt may have arrived; the last one failed: {0}")]
    InDoubt(Box<SendError>),
    /// The platform did not take the message, or its answer was lost in the end. By
    /// [`Classify::effect`] it surely did not arrive, or perhaps.
    #[error(transparent)]
    Refused(BotError),
    /// The content cannot be written as JSON.
    #[error("the message cannot be written as JSON")]
    Content(serde_json::Error),
}

impl From<TokenError> for SendError {
    fn from(error: TokenError) -> Self {
        Self::Token(error)
    }
}

/// That of the error inside; what was refused without a call has had no effect.
impl Classify for SendError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NoTarget
            | Self::WindowClosed { .. }
            | Self::RepliesUsedUp { .. }
            | Self::Content(_) => ErrorKind::InvalidInput,
            Self::BegunBefore | Self::NumberTaken { .. } => ErrorKind::Conflict,
            Self::InDoubt(error) => error.kind(),
            Self::NotAttempted(error) => error.kind(),
            Self::Token(error) => error.kind(),
            Self::Refused(error) => Classify::kind(error),
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::InDoubt(error) => error.retry_after(),
            Self::NotAttempted(error) => error.retry_after(),
            Self::Token(error) => error.retry_after(),
            Self::Refused(error) => Classify::retry_after(error),
            _ => None,
        }
    }

    fn effect(&self) -> Effect {
        match self {
            Self::Refused(error) => error.effect(),
            Self::BegunBefore | Self::InDoubt(_) => Effect::Unknown,
            _ => Effect::None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_what_the_error_inside_is() {
        let error = SendError::Refused(BotError::rate_limit(7));
        assert!(error.is_transient());
        assert_eq!(error.retry_after(), Some(Duration::from_secs(7)));
        assert_eq!(
            SendError::Refused(BotError::Timeout).effect(),
            Effect::Unknown
        );
        assert!(!SendError::Token(TokenError::WrongSecret).is_transient());
        assert!(SendError::Token(TokenError::Unreadable).is_transient());
        for error in [
            SendError::NoTarget,
            SendError::RepliesUsedUp { limit: 5 },
            SendError::BegunBefore,
            SendError::NumberTaken { msg_seq: 1 },
        ] {
            assert!(!error.is_transient(), "{error}");
        }
    }
}
