//! How a platform is set up.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use crate::{
    event::AuditVerdict,
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
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an option of its own, named where it is set"
)]
pub struct PlatformOptions {
    /// Where to listen. Default: 127.0.0.1 and a free port.
    pub listen: SocketAddr,
    /// Whether [`listen`](Self::listen) may be an address that other machines reach. Default: no.
    pub allow_remote: bool,
    /// The bot that this platform knows. Default: random.
    pub credentials: Credentials,
    /// Further bots that it knows. Tokens, sessions and session starts are kept for each bot by
    /// itself; `deliver` and its kin speak to the first. Default: none.
    pub other_bots: Vec<Credentials>,
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
    /// How audits end. Default: [`AuditVerdict::Pass`].
    pub audit_verdict: AuditVerdict,
    /// The interval that HELLO asks for. Default: 41.25 s; raised to 1 s if it is shorter, since
    /// botrs 0.13.0 computes with whole seconds and underflows.
    pub heartbeat_interval: Duration,
    /// Whether [`heartbeat_interval`](Self::heartbeat_interval) may be as short as 50 ms, for
    /// clients that can bear it. Default: no.
    pub allow_short_heartbeat: bool,
    /// How long an access token is valid. Default: 7200 s.
    pub token_lifetime: Duration,
    /// How many sessions a bot may begin with IDENTIFY. Default: 1000.
    pub session_starts: u32,
    /// How long after the first of them they are all there again. Default: 24 h.
    pub session_reset_after: Duration,
    /// How many shards `/gateway/bot` asks for, and events are spread over. Default: 1.
    pub shards: u32,
    /// How many sessions a bot may begin within 5 s. Default: 1.
    pub max_concurrency: u32,
    /// Whether an IDENTIFY beyond [`max_concurrency`](Self::max_concurrency) is refused, with op 9
    /// and 4903. It is counted either way. Default: no.
    pub enforce_concurrency: bool,
    /// How many events a session keeps for replay, and how many wait for the first session; the
    /// oldest go first. Default: 100 000.
    pub replay_capacity: usize,
    /// How many events before the first that the client has missed the replay after a RESUME
    /// begins: the real platform at times repeats what was already received. Default: 0.
    pub rewind_on_resume: u64,
    /// Whether sessions can be resumed after [`Platform::go_dark`](crate::Platform::go_dark).
    /// Default: yes.
    pub sessions_survive_dark: bool,
}

impl Default for PlatformOptions {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            allow_remote: false,
            credentials: Credentials::default(),
            other_bots: Vec::new(),
            faults: FaultPlan::default(),
            spare_connecting: false,
            slow_by: Duration::from_secs(6),
            audit_after: Duration::from_millis(300),
            audit_verdict: AuditVerdict::default(),
            heartbeat_interval: Duration::from_millis(41_250),
            allow_short_heartbeat: false,
            token_lifetime: Duration::from_secs(7200),
            session_starts: 1000,
            session_reset_after: Duration::from_secs(24 * 3600),
            shards: 1,
            max_concurrency: 1,
            enforce_concurrency: false,
            replay_capacity: 100_000,
            rewind_on_resume: 0,
            sessions_survive_dark: true,
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
