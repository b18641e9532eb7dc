//! The running platform and the handle on it.

mod deliver;
mod upset;

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use tokio::net::TcpListener;

use crate::{
    ledger::Ledger,
    options::{PlatformOptions, StartError},
    proxy,
    shared::Core,
    tls::Identity,
    token::Credentials,
};

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
        options.faults.clone().validated()?;
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
        let core = Arc::new(Core::new(options, listener, address));
        let accepting = proxy::accept(Arc::clone(&core), identity.acceptor);
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

    /// The credentials of the first bot that it knows; of the only one, mostly.
    pub fn credentials(&self) -> &Credentials {
        &self.core.options.credentials
    }

    /// A handle on what has happened so far.
    pub fn ledger(&self) -> Ledger {
        self.core.ledger.clone()
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
