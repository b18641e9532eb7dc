//! The platform goes away and comes back.

mod common;

use std::time::Duration;

use common::{Bot, PATIENCE, Socket, call, platform, start};
use loopback_platform::{Platform, PlatformOptions, Scene};
use serde_json::json;
use tokio::{io::AsyncReadExt as _, net::TcpStream};

const A_WHILE: Duration = Duration::from_millis(500);

async fn refuses(platform: &Platform) -> bool {
    let connected = TcpStream::connect(platform.address()).await;
    connected.is_err_and(|error| error.kind() == std::io::ErrorKind::ConnectionRefused)
}

#[tokio::test]
async fn everything_is_reset_refused_and_then_there_again() {
    let platform = platform().await;
    let address = platform.address();
    let bot = Bot::new(&platform).await;
    let (mut socket, session) = Socket::ready(&platform, &bot.token).await;
    let mut idle = TcpStream::connect(address).await.expect("it listens");
    call(bot.get("/users/@me")).await;

    let darkness = platform.go_dark(A_WHILE);
    assert!(refuses(&platform).await, "at once");
    socket.is_reset().await;
    let end = tokio::time::timeout(PATIENCE, idle.read_u8()).await;
    let end = end.expect("in time").expect_err("reset");
    assert_eq!(end.kind(), std::io::ErrorKind::ConnectionReset);
    let error = bot
        .get("/users/@me")
        .send()
        .await
        .expect_err("nobody there");
    assert!(error.is_connect() || error.is_request(), "{error:?}");
    let missed = platform.deliver(Scene::Group, "in the dark");
    assert!(refuses(&platform).await, "still");

    darkness.await;
    assert_eq!(platform.address(), address);
    assert_eq!(call(bot.get("/users/@me")).await.0, 200);
    let mut socket = Socket::greeted(&platform).await;
    socket.resume(&bot.token, &session, 1).await;
    assert_eq!(socket.frame().await["d"]["id"], missed.as_str());
    assert_eq!(socket.frame().await["t"], "RESUMED");
    assert_eq!(platform.ledger().open_connections(), 1);
}

#[tokio::test]
async fn it_comes_back_though_nobody_waits_for_it() {
    let platform = platform().await;
    platform.go_dark(A_WHILE);
    assert!(refuses(&platform).await);
    let back = async {
        while refuses(&platform).await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, back).await.expect("in time");
    Socket::greeted(&platform).await;
}

#[tokio::test]
async fn sessions_may_be_forgotten_in_the_dark() {
    let platform = start(PlatformOptions {
        sessions_survive_dark: false,
        ..PlatformOptions::default()
    })
    .await;
    let bot = Bot::new(&platform).await;
    let (_socket, session) = Socket::ready(&platform, &bot.token).await;
    platform.go_dark(Duration::ZERO).await;
    let mut socket = Socket::greeted(&platform).await;
    socket.resume(&bot.token, &session, 1).await;
    assert_eq!(socket.frame().await, json!({"op": 9, "d": false}));
}

#[tokio::test]
async fn the_last_of_several_darknesses_decides() {
    let platform = platform().await;
    let first = platform.go_dark(Duration::ZERO);
    let second = platform.go_dark(A_WHILE);
    first.await;
    assert!(refuses(&platform).await);
    second.await;
    Socket::greeted(&platform).await;
}

#[tokio::test]
async fn a_shutdown_in_the_dark_ends_the_darkness() {
    let platform = platform().await;
    let darkness = platform.go_dark(Duration::from_secs(3600));
    let stopped = tokio::time::timeout(PATIENCE, platform.shutdown()).await;
    stopped.expect("nothing holds it up");
    darkness.await;
}
