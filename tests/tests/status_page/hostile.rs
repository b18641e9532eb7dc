//! Who asks too much, too slowly, or in ways that no browser would.

use std::net::SocketAddr;

use recovery_core::status::{Status, StatusServer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::client::{PATIENCE, ask, get};

async fn serve() -> SocketAddr {
    let server = StatusServer::bind(([127, 0, 0, 1], 0)).await;
    let server = server.expect("a free port");
    let address = server.local_addr();
    tokio::spawn(server.serve(Status::builder("shop").build(), std::future::pending()));
    address
}

/// All that comes until the connection ends.
async fn rest(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let read = timeout(PATIENCE, stream.read_to_end(&mut bytes)).await;
    let _ = read.expect("it ends in time");
    String::from_utf8_lossy(&bytes).into_owned()
}

#[tokio::test]
async fn whoever_holds_all_connections_keeps_no_probe_out() {
    let address = serve().await;
    let mut held = Vec::new();
    for _ in 0..200 {
        let mut stream = TcpStream::connect(address).await.expect("a connection");
        stream.write_all(b"GET /healthz HTT").await.expect("begun");
        held.push(stream);
    }
    assert_eq!(get(address, "/healthz").await.code, 200);
    assert_eq!(rest(&mut held[0]).await, "", "the oldest had to go");
}

#[tokio::test]
async fn questions_that_come_at_once_are_answered_in_turn() {
    let mut stream = TcpStream::connect(serve().await).await.expect("a server");
    let three = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n\
                 HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n\
                 GET /nothing HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    stream.write_all(three.as_bytes()).await.expect("asked");
    let answers = rest(&mut stream).await;
    let codes: Vec<_> = answers
        .split("HTTP/1.1 ")
        .skip(1)
        .map(|answer| &answer[..3])
        .collect();
    assert_eq!(codes, ["200", "200", "404"]);
}

#[tokio::test]
async fn a_whole_url_as_the_target_counts_as_a_host() {
    let address = serve().await;
    for (target, code) in [
        ("http://localhost/healthz", 200),
        ("http://[::1]:1/healthz", 200),
        ("http://rebound.example/healthz", 421),
    ] {
        let answer = ask(address, "GET", target, "localhost").await;
        assert_eq!(answer.code, code, "{target}");
    }
}

#[tokio::test]
async fn what_is_no_question_ends_the_connection_and_not_the_server() {
    let address = serve().await;
    let long = format!(
        "GET /{} HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "a".repeat(1 << 20)
    );
    for question in [
        "\0\u{1}\u{2}\r\n\r\n",
        "GET\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        &long,
    ] {
        let mut stream = TcpStream::connect(address).await.expect("a connection");
        let _ = stream.write_all(question.as_bytes()).await; // it may hang up at once
        let answer = rest(&mut stream).await;
        assert!(!answer.contains("200 OK"), "{answer}");
    }
    assert_eq!(get(address, "/healthz").await.code, 200);
}

#[test]
fn a_status_that_outlives_its_runtime_is_sampled_in_the_next() {
    let status = Status::builder("shop").build();
    for _ in 0..2 {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        runtime.block_on(async {
            let server = StatusServer::bind(([127, 0, 0, 1], 0)).await;
            let server = server.expect("a free port");
            let address = server.local_addr();
            tokio::spawn(server.serve(status.clone(), std::future::pending()));
            let newest = async || {
                let answer = get(address, "/status.json").await;
                let report: serde_json::Value = serde_json::from_str(&answer.body).expect("JSON");
                let samples = report["samples"]["latest"].as_array().cloned();
                samples.and_then(|samples| samples.last().cloned())
            };
            let before = newest().await;
            let moved = timeout(PATIENCE, async {
                while newest().await == before {
                    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                }
            });
            moved.await.expect("a sample is taken");
        });
    }
}
