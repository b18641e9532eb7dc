//! The connections of the status server: not too many, and none for ever.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::serve::Listener;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::time::{Instant, Sleep, sleep};

/// Whoever comes when all places are taken gets that of the oldest: nobody who holds connections open keeps a
/// probe out.
const CONNECTIONS: usize = 64;
/// From one answer to the next whole question, and for whoever does not take an answer.
const PATIENCE: Duration = Duration::from_secs(20);

/// A listener with room for so many connections.
#[derive(Debug)]
pub(super) struct Bounded {
    listener: TcpListener,
    /// To end a connection by, the oldest first.
    places: VecDeque<oneshot::Sender<()>>,
}

impl Bounded {
    pub(super) fn new(listener: TcpListener) -> Self {
        Self {
            listener,
            places: VecDeque::new(),
        }
    }

    fn take_place(&mut self) -> oneshot::Receiver<()> {
        self.places.retain(|place| !place.is_closed());
        if self.places.len() >= CONNECTIONS
            && let Some(oldest) = self.places.pop_front()
        {
            let _ = oldest.send(());
        }
        let (place, lost) = oneshot::channel();
        self.places.push_back(place);
        lost
    }
}

impl Listener for Bounded {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        let (stream, address) = Listener::accept(&mut self.listener).await;
        let connection = Connection {
            stream,
            limit: Box::pin(sleep(PATIENCE)),
            lost: Some(self.take_place()),
        };
        (connection, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// A connection on which an answer has to be taken, and the next question to be asked, in time.
#[derive(Debug)]
pub(super) struct Connection {
    stream: TcpStream,
    limit: Pin<Box<Sleep>>,
    /// Comes when its place is another's; `None` when that can no longer be.
    lost: Option<oneshot::Receiver<()>>,
}

impl Connection {
    fn within_limit(&mut self, ctx: &mut Context<'_>) -> Poll<io::Error> {
        let lost = self.lost.as_mut().map(|lost| Pin::new(lost).poll(ctx));
        match lost {
            Some(Poll::Ready(Ok(()))) => {
                return Poll::Ready(io::ErrorKind::ConnectionAborted.into());
            }
            // Nobody is let in any more; what has begun is finished.
            Some(Poll::Ready(Err(_))) => self.lost = None,
            Some(Poll::Pending) | None => {}
        }
        self.limit
            .as_mut()
            .poll(ctx)
            .map(|()| io::ErrorKind::TimedOut.into())
    }

    fn written(&mut self, written: io::Result<usize>) -> Poll<io::Result<usize>> {
        if written.is_ok() {
            self.limit.as_mut().reset(Instant::now() + PATIENCE);
        }
        Poll::Ready(written)
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        ctx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        // First the limit: it holds for whoever sends a byte now and then, too.
        if let Poll::Ready(error) = self.within_limit(ctx) {
            return Poll::Ready(Err(error));
        }
        Pin::new(&mut self.stream).poll_read(ctx, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        ctx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if let Poll::Ready(written) = Pin::new(&mut self.stream).poll_write(ctx, bytes) {
            return self.written(written);
        }
        self.within_limit(ctx).map(Err)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        ctx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if let Poll::Ready(written) = Pin::new(&mut self.stream).poll_write_vectored(ctx, slices) {
            return self.written(written);
        }
        self.within_limit(ctx).map(Err)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, ctx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(ctx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, ctx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(ctx)
    }
}
