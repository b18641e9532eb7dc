//! The listener: an HTTPS proxy whose tunnels all end in the platform itself.

use std::{convert::Infallible, sync::Arc, time::Duration};

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
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use crate::{
    api, gateway,
    shared::Core,
    wire::{Wire, WiredStream},
};

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
pub(crate) async fn accept(core: Arc<Core>, acceptor: TlsAcceptor) {
    let routes = Arc::new(Routes::new(&core));
    loop {
        let accepted = tokio::select! {
            () = core.shutdown.cancelled() => return,
            accepted = core.door.accept() => accepted,
        };
        let Ok((stream, torn)) = accepted else {
            tokio::time::sleep(ACCEPT_REST).await;
            continue;
        };
        // Small frames should not wait for each other; without it they only do that.
        let _ = stream.set_nodelay(true);
        let connection = Connection {
            core: Arc::clone(&core),
            routes: Arc::clone(&routes),
            acceptor: acceptor.clone(),
            wire: Wire::new(torn),
        };
        core.spawn_until_shutdown(connection.serve(stream));
    }
}

#[derive(Clone)]
struct Connection {
    core: Arc<Core>,
    routes: Arc<Routes>,
    acceptor: TlsAcceptor,
    wire: Wire,
}

impl Connection {
    /// Serves a new connection until it ends or becomes a tunnel or a WebSocket.
    async fn serve(self, stream: TcpStream) {
        let wire = self.wire.clone();
        let stream = WiredStream::new(stream, wire.clone());
        let service = hyper::service::service_fn(move |request| {
            let connection = self.clone();
            async move { Ok::<_, Infallible>(connection.answer(request).await) }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .serve_connection(TokioIo::new(stream), service)
            .with_upgrades();
        tokio::select! {
            // A connection that fails has no one left to tell.
            _ = connection => {}
            () = wire.torn() => {}
        }
    }

    async fn answer(self, mut request: Request<Incoming>) -> Response<Body> {
        if request.method() != Method::CONNECT {
            if request.uri().host().is_some() {
                return refusal("this proxy carries HTTPS only");
            }
            request.extensions_mut().insert(self.wire.clone());
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

    /// Serves the calls in a tunnel until it ends or the connection is torn.
    async fn tunnel(self, request: Request<Incoming>, host: Host) {
        let wire = self.wire.clone();
        tokio::select! {
            () = self.calls(request, host) => {}
            () = wire.torn() => {}
        }
    }

    /// Ends a tunnel's TLS and serves the calls inside it.
    async fn calls(self, request: Request<Incoming>, host: Host) {
        let Ok(upgraded) = hyper::upgrade::on(request).await else {
            return;
        };
        let Ok(stream) = self.acceptor.accept(TokioIo::new(upgraded)).await else {
            return;
        };
        let router = TowerToHyperService::new(self.routes.of(host));
        let wire = self.wire;
        let service = hyper::service::service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(wire.clone());
            router.call(request)
        });
        // A connection that fails has no one left to tell.
        let _ = http1::Builder::new()
            .timer(TokioTimer::new())
            .serve_connection(TokioIo::new(stream), service)
            .await;
    }
}

fn refusal(reason: &str) -> Response<Body> {
    let mut response = Response::new(Body::from(format!("loopback platform: {reason}\n")));
    *response.status_mut() = StatusCode::FORBIDDEN;
    response
}
