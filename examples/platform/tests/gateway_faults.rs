//! Faults of coming gateway connections: each does what its documentation says, as often as asked.

mod common;

use std::time::{Duration, Instant};

use common::{Bot, MOMENT, PATIENCE, Socket, http, platform, start, token_request};
use loopback_platform::{GatewayFault, Platform, PlatformOptions, Scene};
use serde_json::json;
use tokio_tungstenite::tungstenite::Error;

/// A connection, greeted, that asks to resume.
async fn resuming(platform: &Platform, token: &str, session: &str, seen: u64) -> Socket {
    let mut socket = Socket::greeted(platform).await;
    socket.resume(token, session, seen).await;
    socket
}

async fn identifying(platform: &Platform, token: &str) -> Socket {
    let mut socket = Socket::greeted(platform).await;
    socket.identify(token).await;
    socket
}

#[tokio::test]
async fn faults_come_in_the_order_and_number_that_they_were_queued_in() {
    let platform = platform().await;
    platform.force_gateway(GatewayFault::RefuseUpgrade(503), 2);
    platform.force_gateway(GatewayFault::RefuseUpgrade(429), 1);
    for expected in [503, 503, 429] {
        match Socket::try_connect(&platform).await {
            Err(Error::Http(response)) => assert_eq!(response.status().as_u16(), expected),
            Err(other) => panic!("expected {expected}, got {other}"),
            Ok(_) => panic!("expected {expected}, got a connection"),
        }
    }
    Socket::greeted(&platform).await;
}

#[tokio::test]
async fn an_endless_fault_ends_when_the_queue_is_cleared() {
    let platform = platform().await;
    platform.force_gateway(GatewayFault::RefuseUpgrade(500), usize::MAX);
    for _ in 0..5 {
        assert!(Socket::try_connect(&platform).await.is_err());
    }
    platform.clear_gateway_faults();
    Socket::greeted(&platform).await;
}

#[tokio::test]
async fn an_upgrade_may_never_be_answered() {
    let platform = platform().await;
    platform.force_gateway(GatewayFault::NoUpgrade, 1);
    let waited = tokio::time::timeout(MOMENT, Socket::try_connect(&platform)).await;
    assert!(waited.is_err(), "silence");
    let ledger = platform.ledger();
    assert!(
        ledger
            .wait_until(PATIENCE, |ledger| ledger.open_connections() == 0)
            .await,
        "the end of a client that gives up is noted"
    );
    assert!(!ledger.connections()[0].hello_sent);
}

#[tokio::test]
async fn hello_may_never_come() {
    let platform = platform().await;
    platform.force_gateway(GatewayFault::NoHello, 1);
    let mut socket = Socket::connect(&platform).await;
    socket.hears_nothing().await;
    assert_eq!(platform.ledger().open_connections(), 1);
    assert!(!platform.ledger().connections()[0].hello_sent);
}

#[tokio::test]
async fn a_connection_may_be_reset_right_after_hello() {
    let platform = platform().await;
    platform.force_gateway(GatewayFault::ResetAfterHello, 1);
    let mut socket = Socket::greeted(&platform).await;
    socket.is_reset().await;
    assert_eq!(platform.ledger().connections()[0].close_code_sent, None);
}

#[tokio::test]
async fn identify_and_resume_may_be_swallowed_while_heartbeats_are_not() {
    let platform = platform().await;
    let bot = Bot::new(&platform).await;
    platform.force_gateway(GatewayFault::NoReady, 2);
    let mut socket = identifying(&platform, &bot.token).await;
    socket.hears_nothing().await;
    socket.beat(0).await;
    let mut socket = resuming(&platform, &bot.token, "any", 3).await;
    socket.hears_nothing().await;
    socket.beat(3).await;
    let ledger = platform.ledger();
    assert_eq!((ledger.identifies(), ledger.resumes()), (0, 0));
    assert_eq!(
        ledger.identify_times(platform.credentials().app_id()).len(),
        1
    );
    assert_eq!(ledger.connections()[1].resumed_from, Some(3));
}

#[tokio::test]
async fn identify_alone_may_be_closed_with_a_code() {
    let platform = platform().await;
    let bot = Bot::new(&platform).await;
    let (socket, session) = Socket::ready(&platform, &bot.token).await;
    drop(socket);
    platform.force_gateway(GatewayFault::CloseOnIdentify(4013), 2);
    let mut socket = identifying(&platform, &bot.token).await;
    assert_eq!(socket.close_code().await, 4013);
    let mut socket = resuming(&platform, &bot.token, &session, 1).await;
    assert_eq!(socket.frame().await["t"], "RESUMED");
    Socket::ready(&platform, &bot.token).await;
}

#[tokio::test]
async fn resume_alone_may_be_closed_with_a_code_again_and_again() {
    let platform = platform().await;
    let bot = Bot::new(&platform).await;
    let (socket, session) = Socket::ready(&platform, &bot.token).await;
    drop(socket);
    platform.force_gateway(GatewayFault::CloseOnResume(4902), usize::MAX);
    for _ in 0..3 {
        let mut socket = resuming(&platform, &bot.token, &session, 1).await;
        assert_eq!(socket.close_code().await, 4902);
    }
    assert_eq!(platform.ledger().resumes(), 0);
    Socket::ready(&platform, &bot.token).await;

    platform.clear_gateway_faults();
    let mut socket = resuming(&platform, &bot.token, &session, 1).await;
    assert_eq!(socket.frame().await["t"], "RESUMED", "the session stayed");
}

#[tokio::test]
async fn an_invalid_session_is_followed_by_the_code_that_says_why() {
    let platform = platform().await;
    let bot = Bot::new(&platform).await;
    let fault = GatewayFault::InvalidThenClose {
        on_resume: false,
        on_identify: true,
        resumable: false,
        code: Some(4924),
    };
    platform.force_gateway(fault, 1);
    let mut socket = identifying(&platform, &bot.token).await;
    assert_eq!(socket.frame().await, json!({"op": 9, "d": false}));
    assert_eq!(socket.close_code().await, 4924);
    assert_eq!(platform.ledger().identifies(), 0);
}

#[tokio::test]
async fn an_invalid_session_is_forgotten_on_resume_unless_it_is_resumable() {
    let platform = platform().await;
    let bot = Bot::new(&platform).await;
    let (socket, session) = Socket::ready(&platform, &bot.token).await;
    drop(socket);
    for (resumable, survives) in [(true, true), (false, false)] {
        let fault = GatewayFault::InvalidThenClose {
            on_resume: true,
            on_identify: false,
            resumable,
            code: Some(4903),
        };
        platform.force_gateway(fault, 1);
        let mut socket = resuming(&platform, &bot.token, &session, 1).await;
        assert_eq!(socket.frame().await, json!({"op": 9, "d": resumable}));
        assert_eq!(socket.close_code().await, 4903);
        let mut socket = resuming(&platform, &bot.token, &session, 1).await;
        let answer = socket.frame().await;
        assert_eq!(answer["t"] == "RESUMED", survives, "{answer}");
        drop(socket);
    }
}

#[tokio::test]
async fn an_invalid_session_without_a_code_waits_for_the_client_to_go() {
    let platform = platform().await;
    let bot = Bot::new(&platform).await;
    let fault = GatewayFault::InvalidThenClose {
        on_resume: true,
        on_identify: true,
        resumable: true,
        code: None,
    };
    platform.force_gateway(fault, 1);
    let mut socket = identifying(&platform, &bot.token).await;
    assert_eq!(socket.frame().await, json!({"op": 9, "d": true}));
    socket.hears_nothing().await;
    assert_eq!(socket.close_code().await, 4009);
}

#[tokio::test]
async fn heartbeats_may_never_be_acknowledged_while_all_else_works() {
    let platform = platform().await;
    let bot = Bot::new(&platform).await;
    platform.force_gateway(GatewayFault::NoAcks, 1);
    let (mut socket, _) = Socket::ready(&platform, &bot.token).await;
    socket.say(json!({"op": 1, "d": 1})).await;
    socket.hears_nothing().await;
    let id = platform.deliver(Scene::Group, "hi");
    assert_eq!(socket.frame().await["d"]["id"], id.as_str());
    let ledger = platform.ledger();
    assert_eq!(ledger.heartbeats(), 0, "these are the acknowledged ones");
    assert_eq!(ledger.connections()[0].heartbeat_count, 1);
}

#[tokio::test]
async fn ready_may_lack_the_session_id() {
    let platform = platform().await;
    let bot = Bot::new(&platform).await;
    platform.force_gateway(GatewayFault::BadReady, 1);
    let mut socket = identifying(&platform, &bot.token).await;
    let ready = socket.frame().await;
    assert_eq!(ready["t"], "READY");
    assert!(ready["d"].get("session_id").is_none(), "{ready}");
}

#[tokio::test]
async fn ready_and_resumed_may_be_late_while_heartbeats_are_answered() {
    let platform = platform().await;
    let bot = Bot::new(&platform).await;
    let late_by = Duration::from_millis(300);
    platform.force_gateway(GatewayFault::SlowReady(late_by), 2);
    let asked = Instant::now();
    let mut socket = identifying(&platform, &bot.token).await;
    socket.beat(0).await;
    let ready = socket.frame().await;
    assert!(asked.elapsed() >= late_by);
    let session = common::text(&ready["d"]["session_id"]);
    drop(socket);
    let asked = Instant::now();
    let mut socket = resuming(&platform, &bot.token, &session, 1).await;
    assert_eq!(socket.frame().await["t"], "RESUMED");
    assert!(asked.elapsed() >= late_by);
}

#[tokio::test]
async fn a_fault_of_identify_is_used_up_by_a_connection_that_resumes() {
    let platform = platform().await;
    let bot = Bot::new(&platform).await;
    platform.force_gateway(GatewayFault::CloseOnIdentify(4014), 1);
    Socket::greeted(&platform).await;
    Socket::ready(&platform, &bot.token).await;
}

#[tokio::test]
async fn the_gateway_refuses_the_tokens_of_before_and_takes_new_ones() {
    let platform = platform().await;
    let old = Bot::new(&platform).await;
    let (socket, session) = Socket::ready(&platform, &old.token).await;
    drop(socket);
    platform.refuse_tokens_at_gateway();
    let mut socket = identifying(&platform, &old.token).await;
    assert_eq!(socket.close_code().await, 4004);
    let mut socket = resuming(&platform, &old.token, &session, 1).await;
    assert_eq!(socket.close_code().await, 4004);
    let (status, _) = common::call(old.get("/users/@me")).await;
    assert_eq!(status, 200, "the API does not mind");

    let new = Bot::new(&platform).await;
    assert_ne!(new.token, old.token);
    let mut socket = resuming(&platform, &new.token, &session, 1).await;
    assert_eq!(socket.frame().await["t"], "RESUMED");
}

#[tokio::test]
async fn a_banned_bot_is_closed_at_once_and_at_every_return() {
    let platform = platform().await;
    let bot = Bot::new(&platform).await;
    let (mut socket, session) = Socket::ready(&platform, &bot.token).await;
    assert_eq!(platform.ban(4914), 1);
    assert_eq!(socket.close_code().await, 4914);
    let mut socket = identifying(&platform, &bot.token).await;
    assert_eq!(socket.close_code().await, 4914);
    let mut socket = resuming(&platform, &bot.token, &session, 1).await;
    assert_eq!(socket.close_code().await, 4914);
    platform.lift_ban();
    Socket::ready(&platform, &bot.token).await;
}

#[tokio::test]
async fn a_short_heartbeat_is_there_for_those_who_ask() {
    let options = PlatformOptions {
        heartbeat_interval: Duration::from_millis(5),
        allow_short_heartbeat: true,
        ..PlatformOptions::default()
    };
    let platform = start(options).await;
    let hello = Socket::connect(&platform).await.frame().await;
    assert_eq!(hello["d"]["heartbeat_interval"], 50);
}

#[tokio::test]
async fn a_bot_of_an_unknown_name_gets_no_token() {
    let platform = platform().await;
    let stranger = loopback_platform::Credentials::random();
    let request = token_request(&http(&platform, PATIENCE), &stranger);
    assert_eq!(common::call(request).await.1["code"], 100_016);
    let calls = platform.ledger().calls();
    assert_eq!(calls[0].app_id, None);
}
