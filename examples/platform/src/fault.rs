//! What can go wrong with a call.

use std::{fmt, str::FromStr};

use crate::event::Scene;

/// One way in which the platform fails a call.
///
/// The names are stable: they are what `--faults` takes and what a scoreboard prints.
///
/// ```
/// use loopback_platform::Fault;
///
/// assert_eq!("reply-lost".parse(), Ok(Fault::ReplyLost));
/// let error = "reply-lots".parse::<Fault>().unwrap_err();
/// assert!(error.to_string().contains("did you mean `reply-lost`"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Fault {
    /// 429 with `Retry-After: 1`; no effect.
    RateLimited,
    /// 429 without the header; no effect. botrs 0.13.0 then invents a wait of 60 s, longer than a
    /// scenario's grace period, so this one is not in [`Fault::DEFAULT_MIX`].
    RateLimitedBare,
    /// 500 with a JSON body and a code that the platform documents as passing; no effect.
    ServerError,
    /// 502 with an HTML body, as a load balancer writes it; no effect.
    BadGateway,
    /// 503 with an HTML body; no effect.
    Unavailable,
    /// The connection is reset (TCP RST) before any effect.
    Reset,
    /// The call is carried out, then the connection is reset instead of an answer.
    ReplyLost,
    /// The call is carried out, then the answer is held back for longer than the bot waits.
    Slow,
    /// 202 and code 304023: the message is accepted a little later, with `MESSAGE_AUDIT_PASS`.
    Audit,
    /// 200 whose body is an error; no effect.
    ErrorBody,
    /// 401 and code 11244: the HTTP API refuses the call's access token from now on.
    TokenExpired,
    /// 401, code 11298 and `err_code` 40023002: the caller's address is not on the bot's list. No
    /// effect, and no new token helps. Not in [`Fault::DEFAULT_MIX`], for no bot can get over it.
    IpNotAllowed,
    /// The call is carried out, then answered with 200 and a body whose `timestamp` is a number,
    /// which botrs 0.13.0 cannot decode. Not in [`Fault::DEFAULT_MIX`].
    Unreadable,
}

impl Fault {
    /// Every fault there is.
    pub const ALL: [Self; 13] = [
        Self::RateLimited,
        Self::RateLimitedBare,
        Self::ServerError,
        Self::BadGateway,
        Self::Unavailable,
        Self::Reset,
        Self::ReplyLost,
        Self::Slow,
        Self::Audit,
        Self::ErrorBody,
        Self::TokenExpired,
        Self::IpNotAllowed,
        Self::Unreadable,
    ];

    /// The faults of a plan that does not name any: all but [`Fault::RateLimitedBare`],
    /// [`Fault::IpNotAllowed`] and [`Fault::Unreadable`].
    pub const DEFAULT_MIX: [Self; 10] = [
        Self::RateLimited,
        Self::ServerError,
        Self::BadGateway,
        Self::Unavailable,
        Self::Reset,
        Self::ReplyLost,
        Self::Slow,
        Self::Audit,
        Self::ErrorBody,
        Self::TokenExpired,
    ];

    /// The stable name, in kebab case.
    pub const fn name(self) -> &'static str {
        match self {
            Self::RateLimited => "rate-limited",
            Self::RateLimitedBare => "rate-limited-bare",
            Self::ServerError => "server-error",
            Self::BadGateway => "bad-gateway",
            Self::Unavailable => "unavailable",
            Self::Reset => "reset",
            Self::ReplyLost => "reply-lost",
            Self::Slow => "slow",
            Self::Audit => "audit",
            Self::ErrorBody => "error-body",
            Self::TokenExpired => "token-expired",
            Self::IpNotAllowed => "ip-not-allowed",
            Self::Unreadable => "unreadable",
        }
    }

    /// Whether a bot that met this fault cannot know if its message was sent.
    ///
    /// A [`Fault::Slow`] call counts only if the bot did not wait for the answer; the ledger knows.
    pub const fn leaves_doubt(self) -> bool {
        matches!(
            self,
            Self::ServerError
                | Self::BadGateway
                | Self::Unavailable
                | Self::Reset
                | Self::ReplyLost
                | Self::Slow
        )
    }

    /// Whether this fault can befall a call to `endpoint`.
    ///
    /// Sends take every fault. The token endpoint takes `server-error`, `bad-gateway`,
    /// `unavailable` and `reset`; every other call takes these, `rate-limited`, `slow` and
    /// `token-expired`.
    pub const fn fits(self, endpoint: Endpoint) -> bool {
        match endpoint {
            Endpoint::Send(_) => true,
            Endpoint::AccessToken => matches!(
                self,
                Self::ServerError | Self::BadGateway | Self::Unavailable | Self::Reset
            ),
            Endpoint::Me | Endpoint::Gateway | Endpoint::Guild | Endpoint::OpenDirect => matches!(
                self,
                Self::RateLimited
                    | Self::ServerError
                    | Self::BadGateway
                    | Self::Unavailable
                    | Self::Reset
                    | Self::Slow
                    | Self::TokenExpired
            ),
            Endpoint::Unknown => false,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

impl FromStr for Fault {
    type Err = UnknownFault;

    fn from_str(name: &str) -> Result<Self, UnknownFault> {
        Self::ALL
            .into_iter()
            .find(|fault| fault.name() == name)
            .ok_or_else(|| UnknownFault {
                name: name.to_owned(),
            })
    }
}

/// A name that belongs to no [`Fault`]; says which names do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownFault {
    name: String,
}

impl fmt::Display for UnknownFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "unknown fault `{}`", self.name)?;
        let nearest = Fault::ALL
            .into_iter()
            .map(|fault| (distance(&self.name, fault.name()), fault))
            .min()
            .filter(|(distance, _)| *distance <= 3);
        if let Some((_, fault)) = nearest {
            write!(formatter, ", did you mean `{fault}`?")?;
        }
        formatter.write_str(" (known:")?;
        for (index, fault) in Fault::ALL.into_iter().enumerate() {
            write!(formatter, "{} {fault}", if index == 0 { "" } else { "," })?;
        }
        formatter.write_str(")")
    }
}

impl std::error::Error for UnknownFault {}

/// The Levenshtein distance of two short names.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (above, wanted) in left.chars().enumerate() {
        let mut diagonal = above;
        row[0] = above + 1;
        for (column, found) in right.iter().enumerate() {
            let substituted = diagonal + usize::from(wanted != *found);
            diagonal = row[column + 1];
            row[column + 1] = substituted.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[right.len()]
}

/// What a call is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Endpoint {
    /// `POST /app/getAppAccessToken`
    AccessToken,
    /// `GET /users/@me`
    Me,
    /// `GET /gateway/bot`
    Gateway,
    /// `GET /guilds/{id}`
    Guild,
    /// `POST /users/@me/dms`
    OpenDirect,
    /// A message to one of the four scenes.
    Send(Scene),
    /// A path that the platform does not serve.
    Unknown,
}
