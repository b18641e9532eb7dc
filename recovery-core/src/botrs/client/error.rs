//! Why a bot cannot go on.

use std::time::Duration;

use ::botrs::BotError;

use crate::botrs::{TokenError, codes, is_token_expired};
use crate::{Classify, ErrorKind};

/// Why [`start_with_recovery`](super::ResilientBotClient::start_with_recovery) ended although nobody
/// asked for it. Each says what happened, and what is to be done about it.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Unrecoverable {
    /// The platform has banned the bot (4915), or delisted it so that it may use the sandbox only
    /// (4914).
    #[error(
        "the platform has {} the bot (close code {code}); see the console at q.qq.com{}",
        if *code == 4914 { "delisted" } else { "banned" },
        if *code == 4914 { ", or connect to the sandbox" } else { "" },
    )]
    Banned {
        /// The close code.
        code: u16,
    },
    /// No access token can be had with these credentials.
    #[error("the platform refuses the bot's credentials: {0}")]
    Credentials(TokenError),
    /// The gateway refuses one access token after the other.
    #[error(
        "the gateway refused the access token {tokens} times in a row (close code 4004); check that \
         QQ_BOT_APP_ID and QQ_BOT_SECRET belong to one bot, and that it may use this environment \
         (sandbox or production)"
    )]
    TokensRefused {
        /// How many times.
        tokens: u32,
    },
    /// This machine's address is not on the bot's whitelist.
    #[error(
        "the platform does not take connections from this machine's IP address; add the address to \
         the bot's IP whitelist in the console at q.qq.com"
    )]
    IpNotAllowed,
    /// The bot asks for events that it may not have.
    #[error(
        "the gateway refuses the bot's intents (close code {code}); ask for fewer (private-domain \
         events need a permission of their own), or apply for the permission in the console at q.qq.com"
    )]
    IntentsRefused {
        /// The close code: 4013 unknown intents, 4014 not permitted.
        code: u16,
    },
    /// The gateway refuses the shard, and `/gateway/bot` wants no other number of shards.
    #[error(
        "the gateway refuses the shard settings (close code {code}), although the number of shards is \
         that of /gateway/bot; another process of this bot may be using another number: stop it"
    )]
    ShardSettings {
        /// The close code: 4010 invalid shard, 4011 more shards required, 4012 version.
        code: u16,
    },
    /// The day's allowance of session starts is used up. The only one of these that time cures.
    #[error(
        "the platform allows the bot {total} session starts a day, of which {remaining} are left and \
         {needed} are needed; it allows more in {} s. Start it again then, and find out what starts so \
         often",
        resets_in.as_secs()
    )]
    SessionAllowanceSpent {
        /// How many the platform allows in 24 hours.
        total: u32,
        /// How many are left.
        remaining: u32,
        /// How many are needed: one, or at the beginning of a process one for each shard, since botrs
        /// asks for that even where sessions can be resumed.
        needed: u32,
        /// When there are `total` again.
        resets_in: Duration,
    },
    /// The gateway calls our frames wrong, and did so again for a new session.
    #[error(
        "the gateway twice refused a frame as invalid (close code {code}); that is a defect of this \
         crate or a change of the platform's protocol: update, or report it"
    )]
    ProtocolRefused {
        /// The close code: 4001 or 4002.
        code: u16,
    },
    /// The platform's API refuses what the client needs to begin, in a way that waiting does not cure.
    #[error(
        "the platform's API refuses the bot: {message}; see its list of error codes, and the bot's state in the console at q.qq.com"
    )]
    ApiRefused {
        /// What the platform said.
        message: String,
    },
    /// The policy's attempts are used up.
    #[error(
        "gave up after {attempts} attempts to connect, which is what the policy allows; the last \
         one: {last}"
    )]
    GaveUp {
        /// How many in a row did not lead to a stable connection.
        attempts: u32,
        /// How the last one ended.
        last: String,
    },
    /// A shard's task has panicked, which is a defect of this crate.
    #[error("a shard of the gateway has panicked, which is a defect of this crate; report it")]
    ShardFailed,
    /// The program has replaced the session manager that this client installs.
    #[error(
        "botrs started another session manager than this client's; do not call \
         `botrs::session_manager::set_session_manager_factory` while it runs"
    )]
    SessionManagerReplaced,
}

impl Unrecoverable {
    /// What a token error means for connecting, if it is final.
    pub(in crate::botrs) fn of_token(error: &TokenError) -> Option<Self> {
        let is_final = match error {
            TokenError::IpNotAllowed => return Some(Self::IpNotAllowed),
            TokenError::WrongSecret | TokenError::UnknownBot | TokenError::Banned => true,
            TokenError::Refused { code } => codes::known(*code).is_some_and(|(kind, _)| {
                matches!(kind, ErrorKind::Authentication | ErrorKind::Forbidden)
            }),
            // Whatever else is said, by a proxy perhaps, may pass.
            _ => false,
        };
        is_final.then(|| Self::Credentials(error.clone()))
    }

    /// What an error of the API means for connecting, if it is final.
    pub(in crate::botrs) fn of_api(error: &BotError) -> Option<Self> {
        if is_token_expired(error) {
            return None;
        }
        match error {
            BotError::Api { code, .. } if codes::IP_NOT_ALLOWED.contains(code) => {
                Some(Self::IpNotAllowed)
            }
            // Codes of the platform, and no answer of some proxy before it.
            BotError::Api { code, .. } if *code < codes::FIRST_CODE => None,
            _ => matches!(
                error.kind(),
                ErrorKind::Authentication | ErrorKind::Forbidden
            )
            .then(|| Self::ApiRefused {
                message: error.to_string(),
            }),
        }
    }
}
