//! What is answered at which path.

use std::net::IpAddr;

use axum::extract::{Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};

use super::Status;
use super::page;

const TEXT: &str = "text/plain; charset=utf-8";
const PROMETHEUS: &str = "text/plain; version=0.0.4; charset=utf-8";
const PATHS: &str =
    "there is nothing here; there is: /  /healthz  /readyz  /metrics  /status.json\n";

/// The paths of the status server, for a program that has a server already.
///
/// It begins to take samples for the page's charts, for as long as the router or a clone of `status` lives.
/// The page finds its data beside itself, so the router may be nested; nested at `/status`, the page is at
/// `/status`, without a slash at the end. Which `Host` a request may name is up
/// to the program's server.
///
/// # Panics
/// Outside a tokio runtime.
///
/// # Examples
/// ```
/// use recovery_core::status::{Status, router};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let status = Status::builder("shop").build();
/// let own = axum::Router::new().nest("/status", router(status));
/// # assert!(own.has_routes());
/// # }
/// ```
pub fn router(status: Status) -> Router {
    status.keep_samples();
    Router::new()
        .route("/", get(show))
        .route("/healthz", get(alive))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .route("/status.json", get(data))
        .fallback(|| async { (StatusCode::NOT_FOUND, text(TEXT), PATHS) })
        .layer(middleware::map_response(guard))
        .with_state(status)
}

async fn show() -> Response {
    let nonce = format!("{:032x}", fastrand::u128(..));
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8".to_owned()),
        (
            CONTENT_SECURITY_POLICY,
            page::content_security_policy(&nonce),
        ),
    ];
    (headers, page::page(&nonce)).into_response()
}

async fn alive(State(status): State<Status>) -> Response {
    verdict(status.is_alive(), &status)
}

async fn ready(State(status): State<Status>) -> Response {
    verdict(status.is_ready(), &status)
}

fn verdict(is_good: bool, status: &Status) -> Response {
    let code = if is_good {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (code, text(TEXT), status.reasons()).into_response()
}

async fn metrics(State(status): State<Status>) -> Response {
    if let Some(metrics) = status.render_metrics() {
        return (text(PROMETHEUS), metrics).into_response();
    }
    let hint = "there are no metrics: give the status `PrometheusMetrics::install()`\n";
    (StatusCode::NOT_FOUND, text(TEXT), hint).into_response()
}

async fn data(State(status): State<Status>, uri: Uri) -> Response {
    let mut words = uri.query().unwrap_or_default().split('&');
    let after = words.find_map(|word| word.strip_prefix("after="));
    if let Ok(after) = after.unwrap_or("0").parse() {
        return Json(status.report(after)).into_response();
    }
    let hint = "`after` is the number of the last sample that you have\n";
    (StatusCode::BAD_REQUEST, text(TEXT), hint).into_response()
}

fn text(kind: &'static str) -> [(axum::http::HeaderName, &'static str); 1] {
    [(CONTENT_TYPE, kind)]
}

/// Nothing is kept, guessed, framed or run that is not the page's own.
async fn guard(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers
        .entry(CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static("default-src 'none'"));
    response
}

/// A name can be made to point at this machine by whoever owns it; an IP address and `localhost` cannot.
pub(super) async fn refuse_foreign_hosts(request: Request, next: Next) -> Response {
    if is_foreign(request.uri(), request.headers()) {
        let why = "ask by an IP address or as localhost: by other names, this is not shown\n";
        return guard((StatusCode::MISDIRECTED_REQUEST, text(TEXT), why).into_response()).await;
    }
    next.run(request).await
}

/// By the target, where it names a host, and by each `Host`.
fn is_foreign(target: &Uri, headers: &HeaderMap) -> bool {
    let target = target.authority().map(|authority| Some(authority.as_str()));
    let hosts = headers.get_all(HOST).iter().map(|host| host.to_str().ok());
    target.into_iter().chain(hosts).any(|host| {
        let host = host.and_then(host_of);
        !host.is_some_and(|host| host.eq_ignore_ascii_case("localhost") || is_ip(host))
    })
}

/// What is before the port.
fn host_of(value: &str) -> Option<&str> {
    let colon = value
        .rfind(':')
        .filter(|colon| !value[*colon..].contains(']'));
    let (host, port) = value.split_at(colon.unwrap_or(value.len()));
    let port = port.strip_prefix(':').unwrap_or_default();
    port.bytes()
        .all(|digit| digit.is_ascii_digit())
        .then_some(host)
}

fn is_ip(host: &str) -> bool {
    let inner = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    match inner {
        Some(inner) => inner.parse::<IpAddr>().is_ok_and(|ip| ip.is_ipv6()),
        None => host.parse::<IpAddr>().is_ok_and(|ip| ip.is_ipv4()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_and_localhost_are_at_home() {
        for (host, foreign) in [
            ("127.0.0.1", false),
            ("127.0.0.1:8080", false),
            ("localhost:8080", false),
            ("LOCALHOST", false),
            ("[::1]:8080", false),
            ("[::1]", false),
            ("192.168.1.7:80", false),
            ("evil.example", true),
            ("evil.example:8080", true),
            ("localhost.evil.example", true),
            ("127.0.0.1.evil.example:80", true),
            ("localhost:0", false),
            ("localhost:", false),
            ("localhost.", true),
            ("127.0.0.1:evil", true),
            ("::1", true),
            ("[127.0.0.1]", true),
            ("", true),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(HOST, host.parse().expect("a value"));
            assert_eq!(is_foreign(&Uri::default(), &headers), foreign, "{host}");
        }
        let mut two = HeaderMap::new();
        two.append(HOST, HeaderValue::from_static("localhost"));
        two.append(HOST, HeaderValue::from_static("evil.example"));
        assert!(is_foreign(&Uri::default(), &two));
        let home = HeaderMap::from_iter([(HOST, HeaderValue::from_static("localhost"))]);
        for (target, foreign) in [
            ("/", false),
            ("http://localhost/", false),
            ("http://[::1]:80/", false),
            ("http://evil.example/", true),
            ("http://localhost@evil.example/", true),
        ] {
            let target: Uri = target.parse().expect("a target");
            assert_eq!(is_foreign(&target, &home), foreign, "{target}");
        }
    }
}
