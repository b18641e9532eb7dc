//! From an address to a WebSocket: TCP, TLS and upgrade, each within its time.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::Uri;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, client_async};

use super::ending::{Ending, Stage};

pub(super) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// The roots that botrs trusts at the gateway, too.
static TLS: LazyLock<Result<TlsConnector, rustls::Error>> = LazyLock::new(|| {
    let roots = rustls::RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
});

/// Connects to the gateway at `url`; each of the three stages may take `limit`.
pub(super) async fn connect(url: &str, limit: Duration) -> Result<Socket, Ending> {
    let uri: Uri = url
        .parse()
        .map_err(|error| failed(Stage::Connect, format!("`{url}` is no URL: {error}")))?;
    let is_secure = match uri.scheme_str() {
        Some("wss") => true,
        Some("ws") => false,
        _ => {
            return Err(failed(
                Stage::Connect,
                format!("`{url}` is no ws or wss URL"),
            ));
        }
    };
    let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
    let port = uri.port_u16().unwrap_or(if is_secure { 443 } else { 80 });

    let tcp = within(limit, Stage::Connect, TcpStream::connect((host, port))).await?;
    // Heartbeats are small, and their answers are waited for.
    let _ = tcp.set_nodelay(true);
    let stream = if is_secure {
        let connector = TLS.as_ref().map_err(|error| failed(Stage::Tls, error))?;
        let name = rustls::pki_types::ServerName::try_from(host.to_owned())
            .map_err(|error| failed(Stage::Tls, error))?;
        let tls = within(limit, Stage::Tls, connector.connect(name, tcp)).await?;
        MaybeTlsStream::Rustls(tls)
    } else {
        MaybeTlsStream::Plain(tcp)
    };
    let request = url
        .into_client_request()
        .map_err(|error| failed(Stage::Upgrade, error))?;
    // The handshake's future is large, and needed once.
    let upgrade = Box::pin(client_async(request, stream));
    let (socket, _) = within(limit, Stage::Upgrade, upgrade).await?;
    Ok(socket)
}

async fn within<T, E: ToString>(
    limit: Duration,
    stage: Stage,
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, Ending> {
    match tokio::time::timeout(limit, work).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error)) => Err(failed(stage, error)),
        Err(_) => Err(Ending::TimedOut { stage }),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "as `map_err` hands it over")]
fn failed(stage: Stage, error: impl ToString) -> Ending {
    Ending::Unreachable {
        stage,
        error: error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    const LIMIT: Duration = Duration::from_millis(100);

    #[tokio::test]
    async fn each_stage_has_its_limit_and_its_name() {
        // Accepts, and says nothing.
        let silent = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = silent.local_addr().expect("an address");
        for (scheme, expected) in [("ws", Stage::Upgrade), ("wss", Stage::Tls)] {
            let ended = connect(&format!("{scheme}://{address}/"), LIMIT).await;
            let ended = ended.expect_err("nobody answers");
            assert!(
                matches!(ended, Ending::TimedOut { stage } if stage == expected),
                "{ended}"
            );
        }
        drop(silent);
        let refused = connect(&format!("ws://{address}/"), LIMIT).await;
        let refused = refused.expect_err("nobody listens").to_string();
        assert!(refused.starts_with("TCP connection failed"), "{refused}");
    }

    #[tokio::test]
    async fn what_is_no_gateway_is_named() {
        for url in ["", "gateway", "https://example.com", "ws://"] {
            let ended = connect(url, LIMIT).await.expect_err("no gateway");
            let text = ended.to_string();
            assert!(text.contains(&format!("`{url}`")), "{text}");
        }
    }
}
