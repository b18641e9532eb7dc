//! Why a status server cannot begin.

use std::io;
use std::net::SocketAddr;

/// Why a [`StatusServer`](super::StatusServer) cannot begin, and what to do about it.
///
/// ```
/// use recovery_core::status::{StatusServer, StatusServerError};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), StatusServerError> {
/// let first = StatusServer::bind(([127, 0, 0, 1], 0)).await?;
/// let second = StatusServer::bind(first.local_addr()).await;
/// assert!(matches!(second, Err(StatusServerError::InUse { .. })));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StatusServerError {
    /// Other machines could reach it, and nobody has said that they may.
    #[error(
        "the status server would be open to other machines on {address}: choose an address such as 127.0.0.1, or use `StatusServer::bind_remote` if they may see it"
    )]
    NotLoopback {
        /// Where it was to listen.
        address: SocketAddr,
    },
    /// Something else listens there.
    #[error(
        "the status server cannot listen on {address}: another program does; end it, or choose another port (0 takes a free one)"
    )]
    InUse {
        /// Where it was to listen.
        address: SocketAddr,
    },
    /// The system refuses it.
    #[error("the status server cannot listen on {address}: {cause}; choose another address")]
    Bind {
        /// Where it was to listen.
        address: SocketAddr,
        /// What the system said.
        cause: io::Error,
    },
}

impl StatusServerError {
    pub(super) fn of(address: SocketAddr, cause: io::Error) -> Self {
        if cause.kind() == io::ErrorKind::AddrInUse {
            Self::InUse { address }
        } else {
            Self::Bind { address, cause }
        }
    }
}
