//! The listening socket, which can be closed for a while.

use std::{
    future::poll_fn,
    io,
    net::SocketAddr,
    pin::Pin,
    sync::Mutex,
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    sync::Notify,
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;

use crate::sync::lock;

/// As many connections wait to be accepted as with a listener of tokio's own.
const BACKLOG: u32 = 1024;

/// If the address has been taken meanwhile, the platform tries again so much later.
const TRY_AGAIN_AFTER: Duration = Duration::from_millis(50);

/// Where connections come in.
pub(crate) struct Door {
    address: SocketAddr,
    state: Mutex<State>,
    reopened: Notify,
}

struct State {
    listener: Option<TcpListener>,
    /// Cancelled when the door closes; everything that came in through it ends.
    open: CancellationToken,
    closings: u64,
}

/// A door that was closed, by the number of the closing.
pub(crate) struct Closed {
    number: u64,
    /// Bound, but not listening: it keeps the port, and connections are refused.
    place: Option<TcpSocket>,
}

impl Door {
    pub(crate) fn new(listener: TcpListener, address: SocketAddr) -> Self {
        Self {
            address,
            state: Mutex::new(State {
                listener: Some(listener),
                open: CancellationToken::new(),
                closings: 0,
            }),
            reopened: Notify::new(),
        }
    }

    /// The next connection, and what is cancelled once it must be reset.
    pub(crate) async fn accept(&self) -> io::Result<(TcpStream, CancellationToken)> {
        loop {
            let accepted = poll_fn(|cx| {
                let state = lock(&self.state);
                let Some(listener) = &state.listener else {
                    return Poll::Pending;
                };
                let accepted = listener.poll_accept(cx);
                accepted.map_ok(|(stream, _)| (stream, state.open.child_token()))
            });
            tokio::select! {
                accepted = accepted => return accepted,
                () = self.reopened.notified() => {}
            }
        }
    }

    /// Stops listening and resets every connection.
    pub(crate) fn close(&self) -> Closed {
        let mut state = lock(&self.state);
        drop(state.listener.take());
        state.closings += 1;
        let open = std::mem::replace(&mut state.open, CancellationToken::new());
        open.cancel();
        Closed {
            number: state.closings,
            place: bind(self.address).ok(),
        }
    }

    /// Listens again, unless the door was closed another time meanwhile.
    pub(crate) async fn reopen(&self, closed: Closed) {
        let mut place = closed.place;
        let listener = loop {
            let bound = place.take().map_or_else(|| bind(self.address), Ok);
            match bound.and_then(|socket| socket.listen(BACKLOG)) {
                Ok(listener) => break listener,
                Err(_) => tokio::time::sleep(TRY_AGAIN_AFTER).await,
            }
        };
        let mut state = lock(&self.state);
        if state.closings == closed.number {
            state.listener = Some(listener);
            self.reopened.notify_one();
        }
    }
}

fn bind(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4(),
        SocketAddr::V6(_) => TcpSocket::new_v6(),
    }?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

/// The time in which a platform is away; see [`Platform::go_dark`](crate::Platform::go_dark).
///
/// Awaiting it waits until the platform listens again, or is shut down. Dropping it changes
/// nothing.
#[derive(Debug)]
pub struct Darkness(pub(crate) JoinHandle<()>);

impl Future for Darkness {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.0).poll(cx).map(drop)
    }
}
