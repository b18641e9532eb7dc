//! The TCP stream under every connection: one that can be reset, cut short and silenced.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    task::{Context, Poll, ready},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};
use tokio_util::sync::CancellationToken;

/// Bytes that nobody will look at are read this many at a time.
const SINK: usize = 4096;

/// What whoever serves a connection can do to the TCP stream that it came by.
#[derive(Debug, Clone)]
pub(crate) struct Wire(Arc<State>);

#[derive(Debug)]
struct State {
    torn: CancellationToken,
    silent: AtomicBool,
    /// How many more bytes may be written.
    left: AtomicUsize,
}

impl Wire {
    /// A wire that is also torn when `torn` is cancelled.
    pub(crate) fn new(torn: CancellationToken) -> Self {
        Self(Arc::new(State {
            torn,
            silent: AtomicBool::new(false),
            left: AtomicUsize::new(usize::MAX),
        }))
    }

    /// Resets the connection. Nothing more is written to it, not even TLS's farewell.
    pub(crate) fn tear(&self) {
        self.0.torn.cancel();
    }

    /// Waits until the connection is to be reset; whoever holds the stream must then drop it.
    pub(crate) async fn torn(&self) {
        self.0.torn.cancelled().await;
    }

    /// Lets just so many more bytes through; writing fails after them.
    pub(crate) fn cut_after(&self, bytes: usize) {
        self.0.left.store(bytes, Ordering::Relaxed);
    }

    /// From now on, what arrives and what is written vanishes; only the end is still seen.
    pub(crate) fn silence(&self) {
        self.0.silent.store(true, Ordering::Relaxed);
    }

    fn is_torn(&self) -> bool {
        self.0.torn.is_cancelled()
    }

    fn is_silent(&self) -> bool {
        self.0.silent.load(Ordering::Relaxed)
    }
}

/// A TCP stream that does what is done to its [`Wire`].
pub(crate) struct WiredStream {
    stream: TcpStream,
    wire: Wire,
}

impl WiredStream {
    pub(crate) fn new(stream: TcpStream, wire: Wire) -> Self {
        Self { stream, wire }
    }
}

impl AsyncRead for WiredStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        while self.wire.is_silent() {
            let mut sink = [0; SINK];
            let mut sink = ReadBuf::new(&mut sink);
            ready!(Pin::new(&mut self.stream).poll_read(cx, &mut sink))?;
            if sink.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
        }
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for WiredStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.wire.is_torn() {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        if self.wire.is_silent() {
            return Poll::Ready(Ok(bytes.len()));
        }
        let left = self.wire.0.left.load(Ordering::Relaxed);
        if left == usize::MAX || bytes.is_empty() {
            return Pin::new(&mut self.stream).poll_write(cx, bytes);
        }
        if left == 0 {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        let allowed = bytes.get(..left).unwrap_or(bytes);
        let written = ready!(Pin::new(&mut self.stream).poll_write(cx, allowed))?;
        self.wire.cut_after(left - written);
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.wire.is_torn() || self.wire.is_silent() {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl Drop for WiredStream {
    fn drop(&mut self) {
        if self.wire.is_torn() {
            // With a linger time of zero, closing sends RST. Where that fails, the client sees an
            // abrupt end instead, which is as good a torn connection.
            let _ = self.stream.set_zero_linger();
        }
    }
}
