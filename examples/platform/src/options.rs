//! How a platform is set up.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use crate::{
    plan::{FaultPlan, FaultPlanError},
    token::Credentials,
};

/// How a [`Platform`](crate::Platform) is set up. Every field has a default that suits a test.
///
/// ```
/// use loopback_platform::{FaultPlan, PlatformOptions};
///
/// let options = PlatformOptions {
///     faults: FaultPlan::new(7, 0.3)?,
///     ..PlatformOptions::default()
/// };
/// assert!(options.listen.ip().is_loopback());
/// # Ok::<(), loopback_platform::FaultPlanError>(())
/// ```
#[derive(Debug, Clone)]
pub struct PlatformOptions {
    /// Where to listen. Default: 127.0.0.1 and a free port.
    pub listen: SocketAddr,
    /// Whether [`listen`](Self::listen) may be an address that other machines reach. Default: no.
    pub allow_remote: bool,
    /// The one bot that this platform knows. Default: random.
    pub credentials: Credentials,
    /// Which calls fail, and how. Default: none.
    pub faults: FaultPlan,
    /// Whether the calls by which a bot connects (token, `/users/@me`, `/gateway/bot`) are spared
    /// until a session has begun. botrs gives up at the first that fails. Default: no.
    pub spare_connecting: bool,
    /// How long [`Fault::Slow`](crate::Fault::Slow) holds an answer back; choose it longer than
    /// the bot's own timeout. Default: 6 s.
    pub slow_by: Duration,
    /// How long a message waits for its audit. Default: 300 ms.
    pub audit_after: Duration,
    /// The interval that HELLO asks for. Default: 41.25 s; raised to 1 s if it is shorter, since
    /// botrs 0.13.0 computes with whole seconds and underflows.
    pub heartbeat_interval: Duration,
    /// How long an access token is valid. Default: 7200 s.
    pub token_lifetime: Duration,
    /// How many sessions may be begun with IDENTIFY. Default: 1000.
    pub session_starts: u32,
    /// How many events a session keeps for replay, and how many wait for the first session; the
    /// oldest go first. Default: 100 000.
    pub replay_capacity: usize,
}

impl Default for PlatformOptions {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            allow_remote: false,
            credentials: Credentials::default(),
            faults: FaultPlan::default(),
            spare_connecting: false,
            slow_by: Duration::from_secs(6),
            audit_after: Duration::from_millis(300),
            heartbeat_interval: Duration::from_millis(41_250),
            token_lifetime: Duration::from_secs(7200),
            session_starts: 1000,
            replay_capacity: 100_000,
        }
    }
}

/// Why a platform did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The address cannot be listened on; mostly, another program does.
    #[error("cannot listen on {address}")]
    Bind {
        /// The address that was asked for.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The address is open to other machines.
    #[error("{address} can be reached from other machines; only loopback addresses are served")]
    NotLoopback {
        /// The address that was asked for.
        address: SocketAddr,
    },
    /// The fault plan cannot be carried out.
    #[error(transparent)]
    Faults(#[from] FaultPlanError),
    /// The certificates could not be made.
    #[error("cannot make the certificates")]
    Certificate(#[source] Box<dyn std::error::Error + Send + Sync>),
}
