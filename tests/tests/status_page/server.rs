//! What is answered, to whom, and with which headers.

use std::net::SocketAddr;
use std::time::Duration;

use recovery_core::ErrorKind;
use recovery_core::status::{PrometheusMetrics, Status, StatusServer, StatusServerError, router};
use recovery_core::watch::{ErrorMonitor, HealthChecker, HealthState};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;

use crate::client::{PATIENCE, ask, get};
use crate::prometheus;

const LOOPBACK: ([u8; 4], u16) = ([127, 0, 0, 1], 0);

/// Serves until the test ends.
async fn serve(status: &Status) -> SocketAddr {
    let server = StatusServer::bind(LOOPBACK).await.expect("a free port");
    let address = server.local_addr();
    tokio::spawn(server.serve(status.clone(), std::future::pending()));
    address
}

#[tokio::test]
async fn each_path_answers_a_get_and_a_head_and_nothing_else() {
    let address = serve(&Status::builder("shop").build()).await;
    for path in ["/", "/healthz", "/readyz", "/status.json"] {
        assert_eq!(get(address, path).await.code, 200, "{path}");
        let head = ask(address, "HEAD", path, "localhost").await;
        assert_eq!((head.code, head.body.as_str()), (200, ""), "{path}");
        for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"] {
            let refused = ask(address, method, path, "localhost").await;
            assert_eq!(refused.code, 405, "{method} {path}");
            assert_eq!(refused.header("allow"), Some("GET,HEAD"));
        }
    }
    let unknown = get(address, "/etc/passwd").await;
    assert_eq!(unknown.code, 404);
    assert!(unknown.body.contains("/healthz"), "it says what there is");
    assert_eq!(get(address, "/status.json?after=x").await.code, 400);
    assert_eq!(get(address, "/status.json?after=-1").await.code, 400);
}

#[tokio::test]
async fn a_foreign_host_is_refused_on_every_path() {
    let address = serve(&Status::builder("shop").build()).await;
    for path in ["/", "/status.json", "/nothing"] {
        let refused = ask(address, "GET", path, "rebound.example").await;
        assert_eq!(refused.code, 421, "{path}");
        assert!(!refused.body.contains("shop"));
    }
    for host in ["localhost", "127.0.0.1:1", "[::1]:1"] {
        assert_eq!(ask(address, "GET", "/", host).await.code, 200, "{host}");
    }
}

#[tokio::test]
async fn answers_are_not_kept_guessed_framed_or_leaked() {
    let address = serve(&Status::builder("shop").build()).await;
    let paths = ["/", "/healthz", "/status.json", "/metrics", "/nothing"];
    for path in paths {
        let answer = get(address, path).await;
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
        let policy = answer.header("content-security-policy").expect("a policy");
        assert!(policy.starts_with("default-src 'none'"), "{policy}");
        assert!(answer.header("access-control-allow-origin").is_none());
    }
    let refused = ask(address, "GET", "/", "rebound.example").await;
    assert_eq!(refused.header("cache-control"), Some("no-store"));
}

#[tokio::test]
async fn the_page_names_nothing_outside_and_changes_its_nonce() {
    let address = serve(&Status::builder("shop").build()).await;
    let (one, two) = (get(address, "/").await, get(address, "/").await);
    let policy = one.header("content-security-policy");
    assert_ne!(policy, two.header("content-security-policy"));
    assert!(!policy.expect("a policy").contains("unsafe"));
    let outside = one.body.replace("http://www.w3.org/2000/svg", "");
    assert!(!outside.contains("http:") && !outside.contains("https:"));
    assert!(!outside.contains("innerHTML") && !outside.contains("{{"));
}

#[tokio::test]
async fn an_unhealthy_program_fails_both_probes_and_a_starting_one_only_readiness() {
    let health = HealthChecker::new();
    let address = serve(&Status::builder("shop").health(health.clone()).build()).await;
    health.connection(0).connecting();
    assert_eq!(get(address, "/healthz").await.code, 200);
    let starting = get(address, "/readyz").await;
    assert_eq!(starting.code, 503);
    assert!(starting.body.starts_with("starting\n"), "{}", starting.body);

    health.connection(0).connected();
    assert_eq!(get(address, "/readyz").await.code, 200);
    health.report("disk", HealthState::Degraded, "one is\nleft");
    let degraded = get(address, "/readyz").await;
    assert_eq!(degraded.code, 200);
    assert_eq!(
        degraded.body.lines().count(),
        2,
        "a line a reason: {}",
        degraded.body
    );

    health.report("database", HealthState::Unhealthy, "is gone");
    let unhealthy = get(address, "/healthz").await;
    assert_eq!(unhealthy.code, 503);
    assert!(unhealthy.body.contains("database: is gone"));
    assert_eq!(get(address, "/readyz").await.code, 503);
}

#[tokio::test]
async fn metrics_come_in_prometheus_text_or_with_a_hint_how_to_have_them() {
    let without = get(serve(&Status::builder("shop").build()).await, "/metrics").await;
    assert_eq!(without.code, 404);
    assert!(without.body.contains("PrometheusMetrics::install()"));

    let metrics = PrometheusMetrics::install().expect("the only recorder");
    let refused = PrometheusMetrics::install().expect_err("the second");
    assert!(refused.to_string().contains("already"));
    metrics::counter!("orders_total", "shop" => "a").increment(3);
    metrics::histogram!("pause_seconds").record(0.3);
    let awkward = "a \"quoted\" \\ line\nand another}";
    metrics::gauge!("odd.name-of a gauge", "odd.label" => awkward).set(f64::INFINITY);
    let monitor = ErrorMonitor::new(2, Duration::from_secs(60));
    for kind in ErrorKind::ALL {
        monitor.record(awkward, *kind);
    }
    let address = serve(&Status::builder("shop").metrics(metrics).build()).await;
    let answer = get(address, "/metrics").await;
    let kind = "text/plain; version=0.0.4; charset=utf-8";
    assert_eq!(
        (answer.code, answer.header("content-type")),
        (200, Some(kind))
    );
    assert!(
        answer.body.contains("orders_total{shop=\"a\"} 3"),
        "{}",
        answer.body
    );
    assert!(answer.body.contains("pause_seconds_bucket{le=\"0.5\"} 1"));
    prometheus::check(&answer.body);
}

#[tokio::test]
async fn the_data_say_what_the_sources_say() {
    let monitor = ErrorMonitor::new(2, Duration::from_secs(60));
    monitor.record("send </script>", ErrorKind::Timeout);
    let status = Status::builder("shop")
        .version("1.2.3")
        .errors(monitor)
        .counter("orders", || u64::MAX)
        .counter("broken", || panic!("no answer"))
        .build();
    let address = serve(&status).await;
    let answer = get(address, "/status.json").await;
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let report: Value = serde_json::from_str(&answer.body).expect("JSON");
    assert_eq!(report["program"]["name"], "shop");
    assert_eq!(report["program"]["version"], "1.2.3");
    assert_eq!(report["errors"]["by_kind"][0]["count"], 1);
    assert_eq!(
        report["errors"]["by_operation"][0]["name"],
        "send </script>"
    );
    assert_eq!(report["counters"][0]["count"], u64::MAX);
    assert_eq!(
        report["counters"][1]["count"],
        Value::Null,
        "a panic is no answer"
    );
    assert_eq!(report["shards"], serde_json::json!([]));
}

#[tokio::test]
async fn a_fresh_reader_gets_the_past_and_a_steady_one_only_what_is_new() {
    let address = serve(&Status::builder("shop").build()).await;
    let samples = async |path: &str| {
        let answer = get(address, path).await;
        let report: Value = serde_json::from_str(&answer.body).expect("JSON");
        report["samples"].clone()
    };
    let all = loop {
        let all = samples("/status.json").await;
        if all["latest"].as_array().is_some_and(|all| all.len() > 1) {
            break all;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    assert_eq!(all["latest"][0]["number"], 1);
    let width = all["series"].as_array().map(Vec::len);
    assert_eq!(all["latest"][0]["values"].as_array().map(Vec::len), width);
    let newer = samples("/status.json?after=1").await;
    assert_eq!(newer["latest"][0]["number"], 2);
}

#[tokio::test]
async fn an_address_that_others_reach_needs_consent() {
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:80"] {
        let address: SocketAddr = address.parse().expect("an address");
        let refused = StatusServer::bind(address).await.expect_err("not loopback");
        assert!(matches!(refused, StatusServerError::NotLoopback { .. }));
        assert!(refused.to_string().contains("bind_remote"), "{refused}");
    }
    let open = StatusServer::bind_remote(([0, 0, 0, 0], 0)).await;
    let open = open.expect("with consent");
    let address = SocketAddr::from(([127, 0, 0, 1], open.local_addr().port()));
    tokio::spawn(open.serve(Status::builder("shop").build(), std::future::pending()));
    let by_name = ask(address, "GET", "/", "status.example").await;
    assert_eq!(by_name.code, 200, "others have names for it");
}

#[tokio::test]
async fn two_servers_on_one_port_are_told_apart() {
    let first = StatusServer::bind(LOOPBACK).await.expect("a free port");
    let second = StatusServer::bind(first.local_addr()).await;
    let error = second.expect_err("the port is taken");
    assert!(
        matches!(error, StatusServerError::InUse { .. }),
        "{error:?}"
    );
    assert!(error.to_string().contains("another port"));
}

#[tokio::test]
async fn the_end_of_serving_ends_connections_that_are_kept_open() {
    for is_dropped in [false, true] {
        let server = StatusServer::bind(LOOPBACK).await.expect("a free port");
        let address = server.local_addr();
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = tokio::spawn(server.serve(Status::builder("shop").build(), async {
            let _ = stopped.await;
        }));
        let mut kept = TcpStream::connect(address).await.expect("a connection");
        kept.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            .await
            .expect("asked");
        let mut bytes = [0; 4096];
        assert!(kept.read(&mut bytes).await.expect("an answer") > 0);
        if is_dropped {
            serving.abort();
        } else {
            stop.send(()).expect("it serves");
        }
        let end = tokio::time::timeout(PATIENCE, async {
            while kept.read(&mut bytes).await.is_ok_and(|count| count > 0) {}
        });
        end.await.expect("the connection ends");
        assert!(TcpStream::connect(address).await.is_err(), "nobody listens");
    }
}

#[tokio::test(start_paused = true)]
async fn who_asks_too_slowly_is_cut_off() {
    let address = serve(&Status::builder("shop").build()).await;
    let mut slow = TcpStream::connect(address).await.expect("a connection");
    slow.write_all(b"GET / HTTP/1.1\r\nHost: loc")
        .await
        .expect("begun");
    let mut rest = Vec::new();
    let end = tokio::time::timeout(Duration::from_secs(60), slow.read_to_end(&mut rest)).await;
    let _ = end.expect("it is ended");
    assert!(!String::from_utf8_lossy(&rest).contains("200 OK"));
}

#[tokio::test]
async fn the_router_fits_below_a_path_of_the_programs_own_server() {
    let status = Status::builder("shop").build();
    let own = axum::Router::new().nest("/status", router(status));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, own).await });
    assert_eq!(get(address, "/status").await.code, 200);
    assert_eq!(get(address, "/status/healthz").await.code, 200);
    assert_eq!(get(address, "/status/status.json").await.code, 200);
}
