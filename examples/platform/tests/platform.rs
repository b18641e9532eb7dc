//! Starting, being where it says it is, and leaving nothing behind.

mod common;

use std::time::Duration;

use common::{Bot, PATIENCE, platform, start};
use loopback_platform::{FaultPlan, Platform, PlatformOptions, StartError};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

#[tokio::test]
async fn says_which_port_is_occupied() {
    let first = platform().await;
    let error = Platform::start(PlatformOptions {
        listen: first.address(),
        ..PlatformOptions::default()
    })
    .await
    .expect_err("occupied");
    assert!(matches!(error, StartError::Bind { .. }));
    assert!(error.to_string().contains(&first.address().to_string()));
}

#[tokio::test]
async fn refuses_to_be_reachable_from_outside() {
    let open = PlatformOptions {
        listen: "0.0.0.0:0".parse().expect("an address"),
        ..PlatformOptions::default()
    };
    let error = Platform::start(open.clone())
        .await
        .expect_err("not loopback");
    assert!(matches!(error, StartError::NotLoopback { .. }));
    let platform = start(PlatformOptions {
        allow_remote: true,
        ..open
    })
    .await;
    assert!(platform.proxy_url().starts_with("http://127.0.0.1:"));
}

#[tokio::test]
async fn refuses_an_impossible_plan() {
    let error = Platform::start(PlatformOptions {
        faults: FaultPlan {
            rate: 2.0,
            ..FaultPlan::default()
        },
        ..PlatformOptions::default()
    })
    .await
    .expect_err("no share");
    assert_eq!(
        error.to_string(),
        "the fault rate is 2, but it must lie between 0 and 1"
    );
}

#[tokio::test]
async fn shutdown_leaves_no_listener_and_no_connection() {
    let platform = platform().await;
    let address = platform.address();
    let bot = Bot::new(&platform).await;
    let mut idle = TcpStream::connect(address).await.expect("accepted");
    tokio::time::timeout(PATIENCE, platform.shutdown())
        .await
        .expect("nothing holds it up");
    TcpStream::connect(address)
        .await
        .expect_err("nobody listens");
    let read = tokio::time::timeout(PATIENCE, idle.read(&mut [0; 8])).await;
    assert!(matches!(read.expect("ended"), Ok(0) | Err(_)));
    bot.get("/users/@me")
        .send()
        .await
        .expect_err("nobody answers");
}

#[tokio::test]
async fn dropping_it_stops_it() {
    let platform = platform().await;
    let address = platform.address();
    drop(platform);
    for _ in 0..100 {
        if TcpStream::connect(address).await.is_err() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("it still listens");
}

/// Sends raw bytes, returns the head of the answer.
async fn answer_to(platform: &Platform, request: &str) -> String {
    let mut stream = TcpStream::connect(platform.address())
        .await
        .expect("accepted");
    stream.write_all(request.as_bytes()).await.expect("written");
    let mut bytes = vec![0; 1024];
    let count = tokio::time::timeout(PATIENCE, stream.read(&mut bytes))
        .await
        .expect("answered in time")
        .expect("answered");
    String::from_utf8_lossy(&bytes[..count]).into_owned()
}

#[tokio::test]
async fn leads_to_no_other_host() {
    let platform = platform().await;
    for target in ["example.org:443", "api.sgroup.qq.com:80", "127.0.0.1:22"] {
        let request = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n");
        let answer = answer_to(&platform, &request).await;
        assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
        assert!(
            answer.contains("is not a host of the QQ bot platform"),
            "{answer}"
        );
    }
    let plain = "GET http://example.org/ HTTP/1.1\r\nHost: example.org\r\n\r\n";
    assert!(
        answer_to(&platform, plain)
            .await
            .starts_with("HTTP/1.1 403")
    );
    let stray = "GET /users/@me HTTP/1.1\r\nHost: x\r\n\r\n";
    assert!(
        answer_to(&platform, stray)
            .await
            .starts_with("HTTP/1.1 404")
    );
}

#[tokio::test]
async fn its_authority_is_needed_and_a_certificate_only() {
    let platform = platform().await;
    let pem = platform.certificate_pem();
    assert_eq!(pem.matches("BEGIN").count(), 1);
    assert!(pem.starts_with("-----BEGIN CERTIFICATE-----"));
    let stranger = reqwest::Client::builder()
        .proxy(reqwest::Proxy::all(platform.proxy_url()).expect("a URL"))
        .build()
        .expect("a client");
    stranger
        .get("https://api.sgroup.qq.com/users/@me")
        .send()
        .await
        .expect_err("not trusted without its certificate");
}
