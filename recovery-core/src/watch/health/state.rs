//! What can be said of a program's health.

use std::fmt;
use std::time::Duration;

use tokio::time::Instant;

/// How a program is. A greater one is worse.
///
/// ```
/// use recovery_core::watch::HealthState;
///
/// assert!(HealthState::Healthy < HealthState::Unhealthy);
/// assert_eq!(HealthState::Degraded.to_string(), "degraded");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HealthState {
    /// All is well.
    Healthy,
    /// It does its work, with less than it should have.
    Degraded,
    /// It is not ready for its work yet: some connection has never been there.
    Starting,
    /// It does not do its work, and does not come back by itself.
    Unhealthy,
}

impl HealthState {
    /// `healthy`, `degraded`, `starting` or `unhealthy`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Degraded => "degraded",
            Self::Starting => "starting",
            Self::Unhealthy => "unhealthy",
        }
    }
}

impl fmt::Display for HealthState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// How a program is, why, and since when.
///
/// `Display` is one line for a human, with the reasons.
///
/// ```
/// use recovery_core::watch::{Finding, HealthChecker, HealthState};
///
/// let checker = HealthChecker::new();
/// checker.connection(0).connected();
/// checker.report("disk", HealthState::Degraded, "no space left");
/// let health = checker.health();
/// assert_eq!(health.state, HealthState::Degraded);
/// assert!(matches!(health.reasons[0].finding, Finding::Reported { .. }));
/// assert_eq!(health.to_string(), "degraded for 0 s: disk: no space left, for 0 s");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Health {
    /// The worst that a reason counts as; without one, healthy.
    pub state: HealthState,
    /// What has been found, the worst first. A reason that counts as healthy is worth knowing, no more.
    pub reasons: Vec<HealthReason>,
    /// Since when the state has been this one.
    pub since: Instant,
}

impl Health {
    /// Whether the state and the kinds of reasons are the same.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        let mut pairs = self.reasons.iter().zip(&other.reasons);
        self.state == other.state
            && self.reasons.len() == other.reasons.len()
            && pairs.all(|(one, other)| {
                one.counts_as == other.counts_as && one.finding.is_like(&other.finding)
            })
    }
}

impl fmt::Display for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} for {}", self.state, Age(self.since.elapsed()))?;
        for (index, reason) in self.reasons.iter().enumerate() {
            f.write_str(if index == 0 { ": " } else { "; " })?;
            reason.fmt(f)?;
        }
        Ok(())
    }
}

/// Something that was found, what it counts as, and since when it has been so.
///
/// `Display` says it in plain words, with its age at the moment of asking.
///
/// ```
/// use recovery_core::watch::{HealthChecker, HealthState};
///
/// let checker = HealthChecker::new();
/// checker.connection(3).connecting();
/// let reason = &checker.health().reasons[0];
/// assert_eq!(reason.counts_as, HealthState::Starting);
/// assert_eq!(reason.to_string(), "connection 3 is being made for the first time, for 0 s");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HealthReason {
    /// What was found.
    pub finding: Finding,
    /// How a program is of which only this is known.
    pub counts_as: HealthState,
    /// Since when it has been so: when a connection was lost, not when that had lasted too long.
    pub since: Instant,
}

impl fmt::Display for HealthReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, for {}", self.finding, Age(self.since.elapsed()))
    }
}

/// What a [`HealthChecker`](super::HealthChecker) can find.
///
/// ```
/// use recovery_core::watch::Finding;
///
/// let finding = Finding::HeartbeatUnanswered { connection: 0 };
/// assert_eq!(finding.to_string(), "connection 0: the last heartbeat but one is not answered");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Finding {
    /// No connection is known, of a program that needs one: it has not begun, or is stopped.
    NoneKnown,
    /// A connection has never been there.
    NotConnectedYet {
        /// Its number.
        connection: u32,
        /// How the last attempt ended, if one has ended.
        cause: Option<DisconnectCause>,
    },
    /// A connection is lost, and is being made again.
    Reconnecting {
        /// Its number.
        connection: u32,
        /// How the last one, or the last attempt, ended.
        cause: DisconnectCause,
    },
    /// No connection has been there for as long as a heartbeat may take.
    NoneConnected,
    /// A heartbeat was due again before the last one was answered.
    HeartbeatUnanswered {
        /// The connection's number.
        connection: u32,
    },
    /// No heartbeat has been acknowledged for too long on a connection that seems to be there.
    HeartbeatTimedOut {
        /// The connection's number.
        connection: u32,
    },
    /// A connection is not read from, since the program has too much to do.
    Paused {
        /// The connection's number.
        connection: u32,
    },
    /// Nothing has come of late, although connected.
    Quiet,
    /// The last handlers have all failed.
    HandlersFailing {
        /// How many in a row.
        failures: u32,
    },
    /// Another part of the program has reported it.
    Reported {
        /// Which.
        component: String,
        /// What it said.
        what: String,
    },
}

/// How a connection ended. Displayed, it is the text.
///
/// ```
/// use recovery_core::watch::DisconnectCause;
///
/// let cause = DisconnectCause::from("reset by the peer");
/// assert_eq!((cause.name, cause.text.as_str()), (None, "reset by the peer"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DisconnectCause {
    /// A stable name for programs, where there is one: those of a bot's client are the `cause` of the event
    /// `gateway.disconnected`.
    pub name: Option<&'static str>,
    /// What happened, for a human.
    pub text: String,
}

impl DisconnectCause {
    #[cfg(feature = "botrs")]
    pub(crate) fn named(name: &'static str, text: &dyn fmt::Display) -> Self {
        Self {
            name: Some(name),
            text: text.to_string(),
        }
    }
}

impl From<&str> for DisconnectCause {
    fn from(text: &str) -> Self {
        Self {
            name: None,
            text: text.to_owned(),
        }
    }
}

impl fmt::Display for DisconnectCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl Finding {
    /// A stable name for programs: the variant's in `snake_case`, as `reconnecting`.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::NoneKnown => "none_known",
            Self::NotConnectedYet { .. } => "not_connected_yet",
            Self::Reconnecting { .. } => "reconnecting",
            Self::NoneConnected => "none_connected",
            Self::HeartbeatUnanswered { .. } => "heartbeat_unanswered",
            Self::HeartbeatTimedOut { .. } => "heartbeat_timed_out",
            Self::Paused { .. } => "paused",
            Self::Quiet => "quiet",
            Self::HandlersFailing { .. } => "handlers_failing",
            Self::Reported { .. } => "reported",
        }
    }

    /// Whether both say the same of the same thing, whatever the details.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        use std::mem::discriminant;
        discriminant(self) == discriminant(other) && self.subject() == other.subject()
    }

    fn subject(&self) -> (Option<u32>, Option<&str>) {
        let component = match self {
            Self::Reported { component, .. } => Some(component.as_str()),
            _ => None,
        };
        (self.connection(), component)
    }

    /// The number of the connection that it is about, if it is about one.
    pub const fn connection(&self) -> Option<u32> {
        match self {
            Self::NotConnectedYet { connection, .. }
            | Self::Reconnecting { connection, .. }
            | Self::HeartbeatUnanswered { connection }
            | Self::HeartbeatTimedOut { connection }
            | Self::Paused { connection } => Some(*connection),
            Self::NoneKnown
            | Self::NoneConnected
            | Self::Quiet
            | Self::HandlersFailing { .. }
            | Self::Reported { .. } => None,
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoneKnown => f.write_str("no connection is wanted"),
            Self::NotConnectedYet { connection, cause } => {
                write!(
                    f,
                    "connection {connection} is being made for the first time"
                )?;
                match cause {
                    Some(cause) => write!(f, " ({cause})"),
                    None => Ok(()),
                }
            }
            Self::Reconnecting { connection, cause } => {
                write!(f, "connection {connection} is being made again ({cause})")
            }
            Self::NoneConnected => f.write_str("no connection is there"),
            Self::HeartbeatUnanswered { connection } => write!(
                f,
                "connection {connection}: the last heartbeat but one is not answered"
            ),
            Self::HeartbeatTimedOut { connection } => {
                write!(f, "connection {connection}: no heartbeat was acknowledged")
            }
            Self::Paused { connection } => write!(
                f,
                "connection {connection} is not read from, as too much is in hand"
            ),
            Self::Quiet => f.write_str("nothing has come"),
            Self::HandlersFailing { failures } => {
                write!(f, "the last {failures} handlers have all failed")
            }
            Self::Reported { component, what } => write!(f, "{component}: {what}"),
        }
    }
}

/// A duration in whole seconds.
struct Age(Duration);

impl fmt::Display for Age {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} s", self.0.as_secs())
    }
}
