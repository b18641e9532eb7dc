//! The running platform and the handle on it.

use std::{
    collections::{HashMap, VecDeque},
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::net::TcpListener;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    event::{EventId, Scene, UserMessage},
    fault::{Endpoint, Fault},
    ledger::Ledger,
    mix::{SplitMix, fnv1a},
    options::{PlatformOptions, StartError},
    plan::CallKey,
    proxy,
    session::{Control, Sessions},
    sync::lock,
    tls::Identity,
    token::{Credentials, TokenOffice},
};

/// What every connection shares.
pub(crate) struct Core {
    pub(crate) options: PlatformOptions,
    pub(crate) address: SocketAddr,
    pub(crate) ledger: Ledger,
    pub(crate) tokens: TokenOffice,
    pub(crate) sessions: Sessions,
    pub(crate) shutdown: CancellationToken,
    pub(crate) tasks: TaskTracker,
    forced: Mutex<VecDeque<Fault>>,
    earlier: Mutex<HashMap<String, u64>>,
    composing: Mutex<()>,
    composed: AtomicU64,
}

/// What the plan has in store for one call.
pub(crate) struct Fate {
    pub(crate) fault: Option<Fault>,
    /// Belongs to this call alone; the same in every run with the same seed.
    pub(crate) unique: u64,
}

impl Core {
    /// Runs a task that ends with the platform at the latest.
    pub(crate) fn spawn_until_shutdown(
        self: &Arc<Self>,
        task: impl Future<Output = ()> + Send + 'static,
    ) {
        let shutdown = self.shutdown.clone();
        self.tasks.spawn(async move {
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = task => {}
            }
        });
    }

    /// Asks the queue of forced faults, for sends, and then the plan.
    pub(crate) fn fate(&self, endpoint: Endpoint, method: &str, path: &str, msg_id: &str) -> Fate {
        let earlier = {
            let mut counts = lock(&self.earlier);
            let count = counts
                .entry(format!("{method} {path} {msg_id}"))
                .or_default();
            *count += 1;
            *count - 1
        };
        let plan = &self.options.faults;
        let forced = matches!(endpoint, Endpoint::Send(_))
            .then(|| lock(&self.forced).pop_front())
            .flatten();
        let spared = spares(&self.options, endpoint) && self.ledger.identifies() == 0;
        let fault = forced.or_else(|| {
            if spared {
                return None;
            }
            let call = CallKey {
                method,
                path,
                msg_id,
                earlier,
            };
            plan.draw(endpoint, call)
        });
        let label = fnv1a(&["call", method, path, msg_id]) ^ earlier.rotate_left(32);
        Fate {
            fault,
            unique: SplitMix::new(plan.seed, label).next(),
        }
    }
}

/// Whether a call to this endpoint is spared while no session has begun.
fn spares(options: &PlatformOptions, endpoint: Endpoint) -> bool {
    options.spare_connecting && !matches!(endpoint, Endpoint::Send(_))
}

/// A QQ bot platform that runs on this machine.
///
/// Dropping it stops it; [`shutdown`](Self::shutdown) also waits until everything has ended.
///
/// ```
/// use loopback_platform::{Platform, PlatformOptions, Scene};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), loopback_platform::StartError> {
/// let platform = Platform::start(PlatformOptions::default()).await?;
/// let id = platform.deliver(Scene::Group, "error_test");
/// assert_eq!(platform.ledger().event(&id).unwrap().content, "error_test");
/// assert_eq!(platform.ledger().score().lost, 1, "nobody has replied yet");
/// platform.shutdown().await;
/// # Ok(())
/// # }
/// ```
pub struct Platform {
    core: Arc<Core>,
    authority_pem: String,
}

impl Platform {
    /// Starts a platform.
    ///
    /// # Errors
    ///
    /// If the address is taken or not a loopback address, or the fault plan is impossible.
    pub async fn start(options: PlatformOptions) -> Result<Self, StartError> {
        let faults = options.faults.clone().validated()?;
        let asked = options.listen;
        if !asked.ip().is_loopback() && !options.allow_remote {
            return Err(StartError::NotLoopback { address: asked });
        }
        let identity = Identity::generate()?;
        let bind = |source| StartError::Bind {
            address: asked,
            source,
        };
        let listener = TcpListener::bind(asked).await.map_err(bind)?;
        let address = listener.local_addr().map_err(bind)?;
        let core = Arc::new(Core {
            ledger: Ledger::new(),
            tokens: TokenOffice::new(options.token_lifetime),
            sessions: Sessions::new(faults.seed, options.replay_capacity, options.session_starts),
            shutdown: CancellationToken::new(),
            tasks: TaskTracker::new(),
            forced: Mutex::default(),
            earlier: Mutex::default(),
            composing: Mutex::default(),
            composed: AtomicU64::new(0),
            address,
            options,
        });
        let accepting = proxy::accept(Arc::clone(&core), listener, identity.acceptor);
        core.tasks.spawn(accepting);
        Ok(Self {
            core,
            authority_pem: identity.authority_pem,
        })
    }

    /// The address that it listens on.
    pub fn address(&self) -> SocketAddr {
        self.core.address
    }

    /// What `HTTPS_PROXY` must be for a bot to end up here: `http://127.0.0.1:PORT`.
    pub fn proxy_url(&self) -> String {
        format!("http://{}", reachable(self.core.address))
    }

    /// The certificate of this platform's authority, in PEM: what `SSL_CERT_FILE` must contain.
    pub fn certificate_pem(&self) -> &str {
        &self.authority_pem
    }

    /// The credentials of the one bot that it knows.
    pub fn credentials(&self) -> &Credentials {
        &self.core.options.credentials
    }

    /// A handle on what has happened so far.
    pub fn ledger(&self) -> Ledger {
        self.core.ledger.clone()
    }

    /// Lets a user say something, somewhere: the target follows from the seed and the number of
    /// events before.
    ///
    /// An event that no session is there for waits for the first one; an event for a session that
    /// is disconnected is replayed when it resumes. In a group, the content arrives with a blank
    /// before it, as the platform leaves one behind the mention.
    pub fn deliver(&self, scene: Scene, content: &str) -> EventId {
        self.send_event(scene, None, content)
    }

    /// As [`deliver`](Self::deliver), with the channel, direct-message guild, group or user named.
    pub fn deliver_to(&self, scene: Scene, target: &str, content: &str) -> EventId {
        self.send_event(scene, Some(target), content)
    }

    fn send_event(&self, scene: Scene, target: Option<&str>, content: &str) -> EventId {
        // Numbers, ledger and gateway agree on one order.
        let _order = lock(&self.core.composing);
        let number = self.core.composed.fetch_add(1, Ordering::Relaxed) + 1;
        let seed = self.core.options.faults.seed;
        let message = UserMessage::compose(seed, number, scene, target, content);
        let id = EventId(message.msg_id);
        self.core
            .ledger
            .event_sent(&id, &message.dispatch.id, scene, &message.target, content);
        self.core.sessions.push(Arc::new(message.dispatch));
        id
    }

    /// Waits until a bot has identified itself (or resumed) and is connected.
    ///
    /// # Errors
    ///
    /// If that has not happened after `limit`.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub async fn wait_until_ready(&self, limit: Duration) -> Result<(), NotReady> {
        let mut connected = self.core.sessions.connected();
        let waited = tokio::time::timeout(limit, connected.wait_for(|connected| *connected)).await;
        match waited {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(NotReady { limit }),
        }
    }

    /// Asks every connected session to reconnect (op 7); says how many there were.
    ///
    /// A client that has not gone 5 s later is closed with 4009.
    pub fn reconnect(&self) -> usize {
        self.core.sessions.order(Control::Reconnect)
    }

    /// Tells every connected session that it is invalid (op 9); says how many there were.
    ///
    /// Unless `resumable`, every session is forgotten, connected or not, and so are the events
    /// that it had not yet received: they are lost, as on the real platform. Later events wait
    /// for the next session. A client that has not gone 5 s later is closed with 4009 if it may
    /// resume, with 4006 otherwise.
    pub fn invalidate_sessions(&self, resumable: bool) -> usize {
        self.core.sessions.order(Control::Invalidate { resumable })
    }

    /// Closes every connected session with this close code; says how many there were.
    ///
    /// The sessions stay resumable: whether a client resumes after the code is its own decision.
    pub fn close_sessions(&self, code: u16) -> usize {
        self.core.sessions.order(Control::Close {
            code,
            reason: "closed by the platform",
        })
    }

    /// Makes the HTTP API refuse every access token issued so far.
    pub fn expire_tokens(&self) {
        self.core.tokens.revoke_all();
    }

    /// Lets the next send call meet this fault, whatever the plan says; further calls queue up.
    pub fn force(&self, fault: Fault) {
        lock(&self.core.forced).push_back(fault);
    }

    /// Stops the platform and waits until every connection and task has ended.
    pub async fn shutdown(self) {
        self.core.shutdown.cancel();
        self.core.tasks.close();
        self.core.tasks.wait().await;
    }
}

impl Drop for Platform {
    fn drop(&mut self) {
        self.core.shutdown.cancel();
    }
}

impl fmt::Debug for Platform {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Platform")
            .field("address", &self.core.address)
            .field("ledger", &self.core.ledger)
            .finish_non_exhaustive()
    }
}

/// No bot was connected in time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no bot identified itself at the gateway within {limit:?}")]
pub struct NotReady {
    limit: Duration,
}

/// An address that a client can connect to, for one that may be a wildcard.
pub(crate) fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(match address.ip() {
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    address
}
