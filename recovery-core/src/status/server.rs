//! The server: an address of its own.

use std::io;
use std::net::SocketAddr;

use axum::middleware;
use axum::serve::Listener as _;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::listener::Bounded;
use super::routes;
use super::{Status, StatusServerError};

/// Serves a [`Status`] on an address of its own.
///
/// It answers at most 64 connections at a time: one more ends the oldest. One on which nothing whole is asked for
/// 20 s is closed.
///
/// # Examples
/// ```
/// use recovery_core::status::{Status, StatusServer};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let status = Status::builder("shop").version(env!("CARGO_PKG_VERSION")).build();
/// let server = StatusServer::bind(([127, 0, 0, 1], 0)).await?; // 0: a port that is free
/// println!("http://{}/", server.local_addr());
/// assert!(server.local_addr().ip().is_loopback());
///
/// let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
/// let serving = tokio::spawn(server.serve(status, async {
///     let _ = stopped.await;
/// }));
/// stop.send(()).unwrap();
/// serving.await??;
///
/// let open = StatusServer::bind(([0, 0, 0, 0], 0)).await.unwrap_err();
/// assert!(open.to_string().contains("bind_remote"));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct StatusServer {
    listener: Bounded,
    address: SocketAddr,
}

impl StatusServer {
    /// Listens on a loopback address, which only this machine reaches.
    ///
    /// # Errors
    /// If the address is not a loopback address, or is in use, or cannot be had.
    pub async fn bind(address: impl Into<SocketAddr>) -> Result<Self, StatusServerError> {
        let address = address.into();
        if !address.ip().to_canonical().is_loopback() {
            return Err(StatusServerError::NotLoopback { address });
        }
        Self::bind_remote(address).await
    }

    /// Listens on any address. Whoever reaches it may read it: it asks for no password, and does not encrypt.
    ///
    /// # Errors
    /// If the address is in use, or cannot be had.
    pub async fn bind_remote(address: impl Into<SocketAddr>) -> Result<Self, StatusServerError> {
        let address = address.into();
        let refused = |cause| StatusServerError::of(address, cause);
        let listener = Bounded::new(TcpListener::bind(address).await.map_err(refused)?);
        let address = listener.local_addr().map_err(refused)?;
        Ok(Self { listener, address })
    }

    /// Where it listens, with the port that was free if 0 was asked for.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Answers until `shutdown` ends; answers that have begun are finished.
    ///
    /// # Errors
    /// None is known: what cannot be accepted is tried again.
    ///
    /// # Cancel safety
    /// Dropping the future ends the server as `shutdown` does.
    pub async fn serve(
        self,
        status: Status,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> io::Result<()> {
        let mut router = routes::router(status);
        if self.address.ip().to_canonical().is_loopback() {
            router = router.layer(middleware::from_fn(routes::refuse_foreign_hosts));
        }
        // Connections are tasks of their own: they are told, too, when this future is dropped.
        let (_here, gone) = oneshot::channel::<()>();
        let shutdown = async {
            tokio::select! {
                () = shutdown => {}
                _ = gone => {}
            }
        };
        axum::serve(self.listener, router)
            .with_graceful_shutdown(shutdown)
            .await
    }
}
