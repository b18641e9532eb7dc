//! The gateway's side of every conversation.

mod common;

use std::time::Duration;

use common::{Bot, Heard, PATIENCE, Socket, call, platform, start};
use loopback_platform::{PlatformOptions, Scene};
use serde_json::json;

#[tokio::test]
async fn says_hello_with_an_interval_of_a_second_at_least() {
    let platform = platform().await;
    let hello = Socket::connect(&platform).await.frame().await;
    assert_eq!(
        hello,
        json!({"op": 10, "d": {"heartbeat_interval": 41_250}})
    );

    let hasty = start(PlatformOptions {
        heartbeat_interval: Duration::from_millis(5),
        ..PlatformOptions::default()
    })
    .await;
    let hello = Socket::connect(&hasty).await.frame().await;
    assert_eq!(hello["d"]["heartbeat_interval"], 1000);
}

#[tokio::test]
async fn takes_a_token_with_and_without_its_scheme() {
    let platform = platform().await;
    let bot = Bot::new(&platform).await;
    for token in [bot.token.clone(), format!("QQBot {}", bot.token)] {
        let (mut socket, session) = Socket::ready(&platform, &token).await;
        assert!(!session.is_empty());
        socket.say(json!({"op": 1, "d": null})).await;
        assert_eq!(socket.frame().await, json!({"op": 11}));
    }
    assert_eq!(platform.ledger().identifies(), 2);
    assert_eq!(platform.ledger().heartbeats(), 2);
    let (_, gateway) = call(bot.get("/gateway/bot")).await;
    assert_eq!(gateway["session_start_limit"]["remaining"], 998);
}

#[tokio::test]
async fn refuses_a_token_that_was_never_issued() {
    let platform = platform().await;
    let mut socket = Socket::connect(&platform).await;
    socket.frame().await;
    socket.identify("QQBot made-up").await;
    assert_eq!(socket.close_code().await, 4004);
    assert_eq!(platform.ledger().identifies(), 0);
}

#[tokio::test]
async fn takes_a_token_that_the_api_no_longer_does() {
    let platform = platform().await;
    let bot = Bot::new(&platform).await;
    platform.expire_tokens();
    Socket::ready(&platform, &bot.token).await;
}

#[tokio::test]
async fn refuses_what_it_does_not_understand() {
    let platform = platform().await;
    for (frame, code) in [
        (json!({"op": 99}), 4001),
        (json!("not a frame"), 4001),
        (json!({"op": 2}), 4004),
    ] {
        let mut socket = Socket::connect(&platform).await;
        socket.frame().await;
        socket.say(frame).await;
        assert_eq!(socket.close_code().await, code);
    }
}

#[tokio::test]
async fn events_come_in_the_documented_shapes() {
    let platform = platform().await;
    let bot = Bot::new(&platform).await;
    platform.deliver_to(Scene::Channel, "C", "!ping");
    platform.deliver_to(Scene::Direct, "DG", "!health");
    let (mut socket, _) = Socket::ready(&platform, &bot.token).await;
    platform.deliver_to(Scene::Group, "G", "error_test");
    platform.deliver_to(Scene::C2c, "U", "!ping");

    let channel = socket.frame().await;
    assert_eq!(
        (&channel["s"], &channel["t"]),
        (&json!(2), &json!("AT_MESSAGE_CREATE"))
    );
    assert_eq!(channel["d"]["channel_id"], "C");
    assert_eq!(channel["d"]["content"], "!ping");
    assert!(channel["d"]["author"]["id"].is_string());
    let direct = socket.frame().await;
    assert_eq!(direct["t"], "DIRECT_MESSAGE_CREATE");
    assert_eq!(direct["d"]["guild_id"], "DG");
    assert!(direct["d"]["src_guild_id"].is_string());
    let group = socket.frame().await;
    assert_eq!(group["t"], "GROUP_AT_MESSAGE_CREATE");
    assert_eq!(group["d"]["group_openid"], "G");
    assert_eq!(
        group["d"]["content"], " error_test",
        "a blank is left of the mention"
    );
    let user = socket.frame().await;
    assert_eq!(
        (&user["s"], &user["t"]),
        (&json!(5), &json!("C2C_MESSAGE_CREATE"))
    );
    assert_eq!(user["d"]["author"]["user_openid"], "U");
    for event in [channel, direct, group, user] {
        let id = event["d"]["id"].as_str().expect("an id");
        assert_eq!(
            event["id"],
            format!("{}:{id}", event["t"].as_str().expect("a type"))
        );
        assert!(event["d"].get("mentions").is_none(), "absent, never null");
    }
}

#[tokio::test]
async fn a_resume_replays_just_what_was_missed() {
    let platform = platform().await;
    let bot = Bot::new(&platform).await;
    let (mut socket, session) = Socket::ready(&platform, &bot.token).await;
    let seen = platform.deliver(Scene::Group, "seen");
    assert_eq!(socket.frame().await["d"]["id"], seen.as_str());
    assert_eq!(platform.reconnect(), 1);
    assert_eq!(socket.frame().await, json!({"op": 7}));
    drop(socket);
    let missed: Vec<_> = (0..100)
        .map(|_| platform.deliver(Scene::C2c, "missed"))
        .collect();

    let mut socket = Socket::connect(&platform).await;
    socket.frame().await;
    socket.resume(&bot.token, &session, 2).await;
    for (sequence, id) in (3..).zip(&missed) {
        let event = socket.frame().await;
        assert_eq!(
            (&event["s"], &event["d"]["id"]),
            (&json!(sequence), &json!(id.as_str()))
        );
    }
    let resumed = socket.frame().await;
    assert_eq!(resumed, json!({"op": 0, "s": 103, "t": "RESUMED", "d": ""}));
    let fresh = platform.deliver(Scene::C2c, "fresh");
    let event = socket.frame().await;
    assert_eq!(
        (&event["s"], &event["d"]["id"]),
        (&json!(104), &json!(fresh.as_str()))
    );
    assert_eq!(platform.ledger().resumes(), 1);
}

#[tokio::test]
async fn a_client_that_ignores_a_reconnect_is_closed() {
    let platform = platform().await;
    let bot = Bot::new(&platform).await;
    let (mut socket, _) = Socket::ready(&platform, &bot.token).await;
    platform.reconnect();
    assert_eq!(socket.frame().await, json!({"op": 7}));
    assert_eq!(socket.close_code().await, 4009);
}

#[tokio::test]
async fn an_unknown_session_is_invalid_and_a_sequence_ahead_is_refused() {
    let platform = platform().await;
    let bot = Bot::new(&platform).await;
    let (_socket, session) = Socket::ready(&platform, &bot.token).await;

    let mut socket = Socket::connect(&platform).await;
    socket.frame().await;
    socket.resume(&bot.token, "nobody", 1).await;
    assert_eq!(socket.frame().await, json!({"op": 9, "d": false}));
    assert_eq!(socket.close_code().await, 4006);

    let mut socket = Socket::connect(&platform).await;
    socket.frame().await;
    socket.resume(&bot.token, &session, 50).await;
    assert_eq!(socket.close_code().await, 4007);

    let mut socket = Socket::connect(&platform).await;
    socket.frame().await;
    socket.resume("made-up", &session, 1).await;
    assert_eq!(socket.close_code().await, 4004);
    assert_eq!(platform.ledger().resumes(), 0);
}

#[tokio::test]
async fn an_invalid_session_is_forgotten_unless_it_is_resumable() {
    let platform = platform().await;
    let bot = Bot::new(&platform).await;
    let (mut socket, session) = Socket::ready(&platform, &bot.token).await;
    assert_eq!(platform.invalidate_sessions(true), 1);
    assert_eq!(socket.frame().await, json!({"op": 9, "d": true}));
    drop(socket);
    let mut socket = Socket::connect(&platform).await;
    socket.frame().await;
    socket.resume(&bot.token, &session, 1).await;
    assert_eq!(socket.frame().await["t"], "RESUMED");

    assert_eq!(platform.invalidate_sessions(false), 1);
    assert_eq!(socket.frame().await, json!({"op": 9, "d": false}));
    drop(socket);
    let waiting = platform.deliver(Scene::Group, "for the next session");
    let mut socket = Socket::connect(&platform).await;
    socket.frame().await;
    socket.resume(&bot.token, &session, 1).await;
    assert_eq!(socket.frame().await, json!({"op": 9, "d": false}));
    let (mut socket, _) = Socket::ready(&platform, &bot.token).await;
    assert_eq!(socket.frame().await["d"]["id"], waiting.as_str());
}

#[tokio::test]
async fn sessions_are_closed_with_the_code_asked_for() {
    let platform = platform().await;
    let bot = Bot::new(&platform).await;
    for code in [4902, 4014, 4914, 1011] {
        let (mut socket, _) = Socket::ready(&platform, &bot.token).await;
        assert_eq!(platform.close_sessions(code), 1);
        assert_eq!(socket.close_code().await, code);
    }
}

#[tokio::test]
async fn a_session_has_one_connection_the_newest() {
    let platform = platform().await;
    let bot = Bot::new(&platform).await;
    let (mut old, session) = Socket::ready(&platform, &bot.token).await;
    let mut new = Socket::connect(&platform).await;
    new.frame().await;
    new.resume(&bot.token, &session, 1).await;
    assert_eq!(new.frame().await["t"], "RESUMED");
    assert_eq!(old.close_code().await, 4902);
    let id = platform.deliver(Scene::Group, "hi");
    assert_eq!(new.frame().await["d"]["id"], id.as_str());
}

#[tokio::test]
async fn a_day_has_only_so_many_session_starts() {
    let platform = start(PlatformOptions {
        session_starts: 1,
        ..PlatformOptions::default()
    })
    .await;
    let bot = Bot::new(&platform).await;
    Socket::ready(&platform, &bot.token).await;
    let mut socket = Socket::connect(&platform).await;
    socket.frame().await;
    socket.identify(&bot.token).await;
    assert_eq!(socket.frame().await, json!({"op": 9, "d": false}));
    assert_eq!(socket.close_code().await, 4903);
}

#[tokio::test]
async fn readiness_follows_the_connection() {
    let platform = platform().await;
    let bot = Bot::new(&platform).await;
    let short = Duration::from_millis(50);
    let error = platform
        .wait_until_ready(short)
        .await
        .expect_err("nobody is there");
    assert!(error.to_string().contains("50ms"), "{error}");
    let (socket, _) = Socket::ready(&platform, &bot.token).await;
    platform
        .wait_until_ready(PATIENCE)
        .await
        .expect("connected");
    drop(socket);
    tokio::time::sleep(Duration::from_millis(200)).await;
    platform
        .wait_until_ready(short)
        .await
        .expect_err("gone again");
}

#[tokio::test]
async fn shutdown_ends_every_conversation() {
    let platform = platform().await;
    let bot = Bot::new(&platform).await;
    let (mut identified, _) = Socket::ready(&platform, &bot.token).await;
    let mut silent = Socket::connect(&platform).await;
    silent.frame().await;
    tokio::time::timeout(PATIENCE, platform.shutdown())
        .await
        .expect("nothing holds it up");
    assert!(matches!(identified.hear().await, Heard::Closed(_)));
    assert!(matches!(silent.hear().await, Heard::Closed(_)));
}
