//! Why there is no access token.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::super::answer::{self, Raw};
use super::super::codes;
use crate::classify::{Classify, Effect, ErrorKind};

/// The platform's longest lifetime is 7200 s; what is beyond a month is an error, and would overflow.
const LONGEST_LIFETIME: Duration = Duration::from_secs(30 * 86_400);

/// Why there is no access token. It never carries the secret.
///
/// The codes are those of the platform's wiki v1.32.0.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// The secret does not belong to the app id (code 100016).
    #[error(
        "the platform refused the secret (100016): check QQ_BOT_APP_ID and QQ_BOT_SECRET against the console's development settings"
    )]
    WrongSecret,
    /// There is no bot with this app id (code 10004).
    #[error("the platform knows no bot with this app id (10004): check QQ_BOT_APP_ID")]
    UnknownBot,
    /// The app id is invalid, or the bot is banned (code 100007).
    #[error(
        "the app id is invalid or the bot is banned (100007): check QQ_BOT_APP_ID, and the bot's state in the console"
    )]
    Banned,
    /// Too many tokens were asked for (code 100001, or HTTP 429).
    #[error(
        "too many access tokens were asked for (100001): let all parts of the bot share one `AccessTokens`"
    )]
    RateLimited {
        /// How long the platform asks to wait, if it says so.
        retry_after: Option<Duration>,
    },
    /// This machine's address is not on the bot's whitelist (code 11298).
    #[error(
        "this machine's address is not allowed (11298): add its public IP to the whitelist in the console"
    )]
    IpNotAllowed,
    /// The platform refused with another code.
    #[error(
        "the platform refused an access token with code {code}: look it up in the platform's list of error codes"
    )]
    Refused {
        /// The platform's code.
        code: u32,
    },
    /// The platform could not be reached, or did not answer in time.
    #[error(
        "the platform's token endpoint could not be reached: check the network, and HTTPS_PROXY if there is one"
    )]
    Unreachable {
        /// What went wrong.
        source: Arc<reqwest::Error>,
    },
    /// The token endpoint, or a proxy before it, failed.
    #[error(
        "the platform's token endpoint answered with HTTP status {status}: if it stays so, check what HTTPS_PROXY leads to"
    )]
    Server {
        /// The HTTP status.
        status: u16,
    },
    /// The answer was neither a token nor an error of the platform.
    #[error(
        "the answer of the platform's token endpoint cannot be read: if it stays so, check what HTTPS_PROXY leads to"
    )]
    Unreadable,
}

impl TokenError {
    /// Reads an answer of the token endpoint, whose refusals have status 200 and a code.
    pub(in super::super) fn check(answer: &Raw) -> Result<(String, Duration), Self> {
        let body = answer.json();
        if let Some(code) = body.as_ref().and_then(answer::code) {
            return Err(match code {
                codes::TOKEN_WRONG_SECRET => Self::WrongSecret,
                codes::TOKEN_NO_BOT => Self::UnknownBot,
                codes::TOKEN_APP_BANNED => Self::Banned,
                codes::TOKEN_TOO_MANY => Self::RateLimited {
                    retry_after: answer.asked_wait(),
                },
                code if codes::IP_NOT_ALLOWED.contains(&code) => Self::IpNotAllowed,
                code => Self::refused(code, answer.status.as_u16()),
            });
        }
        match answer.status.as_u16() {
            429 => {
                return Err(Self::RateLimited {
                    retry_after: answer.asked_wait(),
                });
            }
            200..=299 => {}
            status => return Err(Self::Server { status }),
        }
        let body = body.ok_or(Self::Unreadable)?;
        let token = body.get("access_token").and_then(Value::as_str);
        let token = token.filter(|token| is_usable(token));
        let lifetime = match body.get("expires_in") {
            Some(Value::Number(seconds)) => seconds.as_u64(),
            Some(Value::String(seconds)) => seconds.trim().parse().ok(),
            _ => None,
        };
        let (Some(token), Some(lifetime)) = (token, lifetime) else {
            return Err(Self::Unreadable);
        };
        let lifetime = Duration::from_secs(lifetime).min(LONGEST_LIFETIME);
        Ok((token.to_owned(), lifetime))
    }

    fn refused(code: u32, status: u16) -> Self {
        match codes::known(code) {
            None if status >= 500 => Self::Server { status },
            _ => Self::Refused { code },
        }
    }
}

/// What can stand in a header.
fn is_usable(token: &str) -> bool {
    !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic())
}

/// The URL is that of the token endpoint, which says nothing new.
impl From<reqwest::Error> for TokenError {
    fn from(error: reqwest::Error) -> Self {
        Self::Unreachable {
            source: Arc::new(error.without_url()),
        }
    }
}

/// To ask for a token has no effect that a retry would double: [`Effect::None`], always.
impl Classify for TokenError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::WrongSecret | Self::IpNotAllowed => ErrorKind::Authentication,
            Self::UnknownBot => ErrorKind::NotFound,
            Self::RateLimited { .. } => ErrorKind::RateLimited,
            Self::Refused { code } => codes::meaning(*code).0,
            Self::Unreachable { source } if source.is_timeout() => ErrorKind::Timeout,
            Self::Unreachable { .. } => ErrorKind::Network,
            Self::Server {
                status: 408 | 500..,
            }
            | Self::Unreadable => ErrorKind::Server,
            Self::Banned
            | Self::Server {
                status: 401 | 403 | 407,
            } => ErrorKind::Forbidden,
            Self::Server { .. } => ErrorKind::Other,
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::RateLimited { retry_after } => *retry_after,
            _ => None,
        }
    }

    fn effect(&self) -> Effect {
        Effect::None
    }
}

#[cfg(test)]
mod tests {
    use reqwest::StatusCode;

    use super::*;

    fn check(status: u16, body: &str) -> Result<(String, Duration), TokenError> {
        TokenError::check(&Raw {
            status: StatusCode::from_u16(status).unwrap(),
            retry_after: Some("3".to_owned()),
            body: body.as_bytes().to_vec(),
        })
    }

    #[test]
    fn a_lifetime_is_a_number_or_a_text() {
        for body in [
            r#"{"access_token":"T","expires_in":"7200"}"#,
            r#"{"access_token":"T","expires_in":7200}"#,
            r#"{"access_token":"T","expires_in":7200,"code":0}"#,
        ] {
            let (token, lifetime) = check(200, body).unwrap();
            assert_eq!((token.as_str(), lifetime.as_secs()), ("T", 7200));
        }
        let forever = r#"{"access_token":"T","expires_in":18446744073709551615}"#;
        assert_eq!(check(200, forever).unwrap().1, LONGEST_LIFETIME);
    }

    #[test]
    fn each_refusal_has_a_name_of_its_own() {
        use ErrorKind::{Authentication, Forbidden, InvalidInput, NotFound, RateLimited, Server};
        for (status, body, kind, names) in [
            (200, r#"{"code":100016}"#, Authentication, "QQ_BOT_SECRET"),
            (200, r#"{"code":10004}"#, NotFound, "QQ_BOT_APP_ID"),
            (200, r#"{"code":100007}"#, Forbidden, "banned"),
            (200, r#"{"code":100001}"#, RateLimited, "100001"),
            (429, "<html>", RateLimited, "too many"),
            (
                401,
                r#"{"code":11298,"err_code":40023002}"#,
                Authentication,
                "whitelist",
            ),
            (200, r#"{"code":99999999}"#, InvalidInput, "99999999"),
            (500, r#"{"code":99999999}"#, Server, "500"),
            (502, "<html>", Server, "502"),
            (403, "<html>", Forbidden, "403"),
            (200, "<html>", Server, "cannot be read"),
            (200, "{}", Server, "cannot be read"),
            (
                200,
                r#"{"access_token":"","expires_in":1}"#,
                Server,
                "cannot be read",
            ),
            (
                200,
                "{\"access_token\":\"a\\nb\",\"expires_in\":1}",
                Server,
                "cannot be read",
            ),
            (200, r#"{"access_token":"T"}"#, Server, "cannot be read"),
        ] {
            let error = check(status, body).unwrap_err();
            assert_eq!(error.kind(), kind, "{status} {body}");
            assert!(error.to_string().contains(names), "{error}");
            assert_eq!(error.effect(), Effect::None);
        }
        let wait = check(200, r#"{"code":100001}"#).unwrap_err().retry_after();
        assert_eq!(wait, Some(Duration::from_secs(3)));
    }
}
