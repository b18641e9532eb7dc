//! The listener: an HTTPS proxy whose tunnels all end in the platform itself.

use std::{
    convert::Infallible,
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    http::{Method, Request, Response, StatusCode, Uri},
};
use hyper::{body::Incoming, server::conn::http1, service::Service as _};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use crate::{api, gateway, platform::Core};

/// After a failed accept (out of descriptors, say), the listener rests this long.
const ACCEPT_REST: Duration = Duration::from_millis(50);

/// A host that the platform stands in for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Host {
    /// The API, as botrs calls it.
    Api,
    /// The API of the sandbox environment; here, the same.
    SandboxApi,
    /// The token endpoint, as botrs calls it.
    Bots,
    /// The newer host of both.
    Unified,
}

impl Host {
    pub(crate) const ALL: [Self; 4] = [Self::Api, Self::SandboxApi, Self::Bots, Self::Unified];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Api => "api.sgroup.qq.com",
            Self::SandboxApi => "sandbox.api.sgroup.qq.com",
            Self::Bots => "bots.qq.com",
            Self::Unified => "api.bot.qq.com",
        }
    }

    fn of_tunnel(target: &Uri) -> Option<Self> {
        let name = target.host()?;
        let host = Self::ALL
            .into_iter()
            .find(|host| host.name().eq_ignore_ascii_case(name))?;
        (target.port_u16() == Some(443)).then_some(host)
    }
}

/// What a call can do to the TCP connection that it came by.
#[derive(Debug, Clone)]
pub(crate) struct Tear(CancellationToken);

impl Tear {
    /// Resets the connection. Nothing more is written to it, not even TLS's farewell.
    pub(crate) fn tear(&self) {
        self.0.cancel();
    }
}

/// A TCP stream that ends with a reset once it is torn.
struct TearableStream {
    stream: TcpStream,
    torn: CancellationToken,
}

impl AsyncRead for TearableStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for TearableStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.torn.is_cancelled() {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.torn.is_cancelled() {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl Drop for TearableStream {
    fn drop(&mut self) {
        if self.torn.is_cancelled() {
            // With a linger time of zero, closing sends RST. Where that fails, the client sees an
            // abrupt end instead, which is as good a torn connection.
            let _ = self.stream.set_zero_linger();
        }
    }
}

/// The routers that connections are served with.
struct Routes {
    plain: Router,
    api: Router,
    tokens: Router,
    unified: Router,
}

impl Routes {
    fn new(core: &Arc<Core>) -> Self {
        Self {
            plain: gateway::router(Arc::clone(core)),
            api: api::router(api::paths(), core),
            tokens: api::router(api::token_path(), core),
            unified: api::router(api::paths().merge(api::token_path()), core),
        }
    }

    fn of(&self, host: Host) -> Router {
        match host {
            Host::Api | Host::SandboxApi => self.api.clone(),
            Host::Bots => self.tokens.clone(),
            Host::Unified => self.unified.clone(),
        }
    }
}

/// Accepts connections until the platform is shut down.
pub(crate) async fn accept(core: Arc<Core>, listener: TcpListener, acceptor: TlsAcceptor) {
    let routes = Arc::new(Routes::new(&core));
    loop {
        let accepted = tokio::select! {
            () = core.shutdown.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, _)) = accepted else {
            tokio::time::sleep(ACCEPT_REST).await;
            continue;
        };
        // Small frames should not wait for each other; without it they only do that.
        let _ = stream.set_nodelay(true);
        let connection = Connection {
            core: Arc::clone(&core),
            routes: Arc::clone(&routes),
            acceptor: acceptor.clone(),
            torn: CancellationToken::new(),
        };
        core.spawn_until_shutdown(connection.serve(stream));
    }
}

#[derive(Clone)]
struct Connection {
    core: Arc<Core>,
    routes: Arc<Routes>,
    acceptor: TlsAcceptor,
    torn: CancellationToken,
}

impl Connection {
    /// Serves a new connection until it ends or becomes a tunnel or a WebSocket.
    async fn serve(self, stream: TcpStream) {
        let stream = TearableStream {
            stream,
            torn: self.torn.clone(),
        };
        let service = hyper::service::service_fn(move |request| {
            let connection = self.clone();
            async move { Ok::<_, Infallible>(connection.answer(request).await) }
        });
        // A connection that fails has no one left to tell.
        let _ = http1::Builder::new()
            .timer(TokioTimer::new())
            .serve_connection(TokioIo::new(stream), service)
            .with_upgrades()
            .await;
    }

    async fn answer(self, request: Request<Incoming>) -> Response<Body> {
        if request.method() != Method::CONNECT {
            if request.uri().host().is_some() {
                return refusal("this proxy carries HTTPS only");
            }
            let router = TowerToHyperService::new(self.routes.plain.clone());
            return router
                .call(request)
                .await
                .unwrap_or_else(|never| match never {});
        }
        let Some(host) = Host::of_tunnel(request.uri()) else {
            return refusal(&format!(
                "{} is not a host of the QQ bot platform; this proxy leads to no other",
                request.uri()
            ));
        };
        let core = Arc::clone(&self.core);
        core.spawn_until_shutdown(self.tunnel(request, host));
        Response::new(Body::empty())
    }

    /// Ends a tunnel's TLS and serves the calls inside it.
    async fn tunnel(self, request: Request<Incoming>, host: Host) {
        let Ok(upgraded) = hyper::upgrade::on(request).await else {
            return;
        };
        let Ok(stream) = self.acceptor.accept(TokioIo::new(upgraded)).await else {
            return;
        };
        let router = TowerToHyperService::new(self.routes.of(host));
        let tear = Tear(self.torn.clone());
        let service = hyper::service::service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(tear.clone());
            router.call(request)
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .serve_connection(TokioIo::new(stream), service);
        tokio::select! {
            _ = connection => {}
            () = self.torn.cancelled() => {}
        }
    }
}

fn refusal(reason: &str) -> Response<Body> {
    let mut response = Response::new(Body::from(format!("loopback platform: {reason}\n")));
    *response.status_mut() = StatusCode::FORBIDDEN;
    response
}
