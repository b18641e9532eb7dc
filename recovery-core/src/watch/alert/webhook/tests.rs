//! Webhooks over real connections to 127.0.0.1. The clock is the real one, since the network is.

mod server;

use std::time::{Instant, SystemTime};

use serde_json::json;

use self::server::{Reply, Server};
use super::*;
use crate::classify::ErrorKind;
use crate::watch::{AlertKind, AlertPolicy, AlertSinks, ErrorMonitor};

const OK: Reply = Reply::Answer("200 OK", r#"{"errcode": 0, "errmsg": "ok"}"#);
const BROKEN: Reply = Reply::Answer("500 Internal Server Error", "");

fn alert() -> Alert {
    Alert {
        kind: AlertKind::Raised,
        count: 12,
        rate: 0.2,
        threshold: 10,
        window: Duration::from_secs(60),
        since: SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000),
        lasted: Duration::ZERO,
        errors: 12,
        by_kind: vec![(ErrorKind::Network, 12)],
        by_operation: vec![("send".to_owned(), 12)],
    }
}

/// A webhook of short waits; its URL has a key.
fn webhook(address: &str) -> WebhookAlerts {
    let policy = RetryConfig::builder().max_attempts(3);
    let policy = policy.initial_delay(Duration::from_millis(1)).build();
    WebhookAlerts::new(&format!("http://{address}/hook?key=hush"))
        .unwrap()
        .with_retry(policy.unwrap())
}

async fn post(webhook: &WebhookAlerts) -> Result<(), AlertError> {
    let posted = webhook.deliver(&alert()).await;
    if let Err(error) = &posted {
        assert!(!format!("{error} {error:?}").contains("hush"), "{error:?}");
    }
    posted
}

#[tokio::test]
async fn an_alert_is_posted_as_json() {
    let server = Server::start(&[OK]).await;
    post(&webhook(&server.address)).await.unwrap();
    let expected = json!({
        "kind": "raised",
        "text": "too many errors: 12 within 60s, the threshold is 10 (Network 12; in send 12)",
        "count": 12,
        "rate": 0.2,
        "threshold": 10,
        "window_seconds": 60.0,
        "since": 1_700_000_000,
        "lasted_seconds": 0.0,
        "errors": 12,
        "by_kind": [{"kind": "Network", "count": 12}],
        "by_operation": [{"operation": "send", "count": 12}],
    });
    assert_eq!(server.requests(), [expected]);
}

#[tokio::test]
async fn the_body_is_what_the_service_wants() {
    let server = Server::start(&[OK]).await;
    let webhook = webhook(&server.address).with_body(|alert| json!({"content": alert.count}));
    post(&webhook).await.unwrap();
    assert_eq!(server.requests(), [json!({"content": 12})]);
}

#[tokio::test]
async fn what_may_pass_is_tried_again() {
    for first in [
        BROKEN,
        Reply::Close,
        Reply::Answer("408 Request Timeout", ""),
        Reply::Answer("425 Too Early", ""),
        Reply::Answer("429 Too Many Requests", ""),
        Reply::Answer(
            "200 OK",
            r#"{"errcode": 45009, "errmsg": "api freq out of limit"}"#,
        ),
    ] {
        let server = Server::start(&[first, OK]).await;
        post(&webhook(&server.address)).await.unwrap();
        assert_eq!(server.requests().len(), 2);
    }
}

#[tokio::test]
async fn what_is_final_is_not_tried_again() {
    for status in [
        "301 Moved Permanently\r\nLocation: http://127.0.0.1:1/",
        "400 Bad Request",
        "401 Unauthorized",
        "404 Not Found",
        "410 Gone",
    ] {
        let server = Server::start(&[Reply::Answer(status, "")]).await;
        let error = post(&webhook(&server.address)).await.unwrap_err();
        let text = error.to_string();
        assert!(text.contains(&status[..3]) && text.contains(": "), "{text}");
        assert_eq!(server.requests().len(), 1, "{status}");
    }
}

#[tokio::test]
async fn attempts_are_counted() {
    let server = Server::start(&[BROKEN]).await;
    let error = post(&webhook(&server.address)).await.unwrap_err();
    assert!(error.to_string().ends_with("HTTP status 500"), "{error}");
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn retry_after_is_obeyed() {
    let busy = Reply::Answer("429 Too Many Requests\r\nRetry-After: 1", "");
    let server = Server::start(&[busy, OK]).await;
    let begun = Instant::now();
    post(&webhook(&server.address)).await.unwrap();
    assert!(begun.elapsed() >= Duration::from_secs(1));
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn a_wait_beyond_the_time_limit_is_not_begun() {
    for seconds in ["3600", "99999999999999999999999"] {
        let head = format!("503 Service Unavailable\r\nRetry-After: {seconds}");
        let server = Server::start(&[Reply::Answer(head.leak(), "")]).await;
        let error = post(&webhook(&server.address)).await.unwrap_err();
        assert!(error.to_string().contains("503"), "{error}");
        assert_eq!(server.requests().len(), 1);
    }
}

#[tokio::test]
async fn a_server_that_hangs_is_left_after_the_attempts_limit() {
    let server = Server::start(&[Reply::Hang, OK]).await;
    let webhook = webhook(&server.address).attempt_limit(Duration::from_millis(100));
    post(&webhook).await.unwrap();
    assert_eq!(server.requests().len(), 2);

    let server = Server::start(&[Reply::Hang]).await;
    let webhook = self::webhook(&server.address).attempt_limit(Duration::from_millis(50));
    let error = post(&webhook).await.unwrap_err();
    assert!(
        error.to_string().contains("did not answer in time"),
        "{error}"
    );
}

#[tokio::test]
async fn a_dead_port_is_told_of_without_the_url() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);
    let error = post(&webhook(&address)).await.unwrap_err();
    assert!(error.to_string().contains("cannot be reached"), "{error}");
}

#[tokio::test]
async fn https_is_not_spoken_to_a_server_that_knows_none() {
    let server = Server::start(&[OK]).await;
    let mut webhook = webhook(&server.address).attempt_limit(Duration::from_millis(100));
    webhook.url.set_scheme("https").unwrap();
    post(&webhook).await.unwrap_err();
    assert_eq!(server.requests().len(), 0);
}

#[tokio::test]
async fn an_answer_without_end_is_not_read_to_its_end() {
    let long = "x".repeat(1 << 20).leak();
    let server = Server::start(&[Reply::Answer("200 OK", long)]).await;
    let webhook = webhook(&server.address).accepted_if(|text| text.len() == 64 << 10);
    post(&webhook).await.unwrap();
}

#[tokio::test]
async fn an_outage_reaches_the_server() {
    let server = Server::start(&[BROKEN, OK]).await;
    let monitor = ErrorMonitor::new(1, Duration::from_millis(60));
    let sinks = AlertSinks::new().and(webhook(&server.address));
    let policy = AlertPolicy::default().min_interval(Duration::ZERO);
    let alerts = tokio::spawn(monitor.run_alerts(sinks, policy));
    monitor.record("send", ErrorKind::Network);
    let both = async {
        while server.requests().len() < 3 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), both)
        .await
        .unwrap();
    let requests = server.requests();
    let kinds: Vec<_> = requests
        .iter()
        .map(|body| body["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["raised", "raised", "cleared"]);
    assert!(!alerts.is_finished());
}

#[test]
fn the_url_is_in_no_debug() {
    let text = format!("{:?}", webhook("127.0.0.1:1"));
    assert_eq!(text, r#"WebhookAlerts { host: Some("127.0.0.1"), .. }"#);
}
