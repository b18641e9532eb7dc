//! Events as the real platform at times sends them.

mod common;

use common::{Bot, Socket, call, platform, start};
use loopback_platform::{EventId, PlatformOptions, Scene};
use serde_json::json;

#[tokio::test]
async fn a_message_may_come_twice_with_the_same_ids_and_a_new_number() {
    let platform = platform().await;
    let bot = Bot::new(&platform).await;
    let (mut socket, _) = Socket::ready(&platform, &bot.token).await;
    let id = platform.deliver(Scene::Group, "hi");
    assert!(platform.deliver_again(&id));
    let (mut first, mut second) = (socket.frame().await, socket.frame().await);
    assert_eq!((&first["s"], &second["s"]), (&json!(2), &json!(3)));
    first["s"].take();
    second["s"].take();
    assert_eq!(first, second);
    assert_eq!(platform.ledger().score().commands, 1, "it is one command");
}

#[tokio::test]
async fn what_was_never_said_is_not_repeated() {
    let here = platform().await;
    let elsewhere = platform().await;
    let stranger: EventId = elsewhere.deliver(Scene::Group, "hi");
    assert!(!here.deliver_again(&stranger));
}

#[tokio::test]
async fn an_event_may_be_of_any_type_and_is_replayed_like_every_other() {
    let platform = platform().await;
    let bot = Bot::new(&platform).await;
    let (socket, session) = Socket::ready(&platform, &bot.token).await;
    drop(socket);
    platform.deliver_dispatch("NEVER_HEARD_OF", Some(json!(7)), json!({"mentions": null}));
    platform.deliver_dispatch("GUILD_UPDATE", None, json!({"id": "G"}));
    let mut socket = Socket::greeted(&platform).await;
    socket.resume(&bot.token, &session, 1).await;
    assert_eq!(
        socket.frame().await,
        json!({"op": 0, "s": 2, "t": "NEVER_HEARD_OF", "id": 7, "d": {"mentions": null}})
    );
    assert_eq!(
        socket.frame().await,
        json!({"op": 0, "s": 3, "t": "GUILD_UPDATE", "d": {"id": "G"}})
    );
    assert_eq!(platform.ledger().score().commands, 0);
}

#[tokio::test]
async fn a_raw_frame_is_written_as_it_is_and_not_kept() {
    let platform = platform().await;
    let bot = Bot::new(&platform).await;
    let (mut socket, session) = Socket::ready(&platform, &bot.token).await;
    assert_eq!(platform.send_raw(r#"{"without": "an op"}"#), 1);
    assert_eq!(socket.frame().await, json!({"without": "an op"}));
    drop(socket);
    let mut socket = Socket::greeted(&platform).await;
    socket.resume(&bot.token, &session, 1).await;
    assert_eq!(socket.frame().await["t"], "RESUMED");
}

#[tokio::test]
async fn a_resume_may_replay_what_was_already_received() {
    let options = PlatformOptions {
        rewind_on_resume: 2,
        ..PlatformOptions::default()
    };
    let platform = start(options).await;
    let bot = Bot::new(&platform).await;
    let (mut socket, session) = Socket::ready(&platform, &bot.token).await;
    for _ in 0..3 {
        platform.deliver(Scene::Group, "hi");
        socket.frame().await;
    }
    drop(socket);
    platform.deliver(Scene::Group, "missed");
    let mut socket = Socket::greeted(&platform).await;
    socket.resume(&bot.token, &session, 4).await;
    for sequence in [3, 4, 5] {
        assert_eq!(socket.frame().await["s"], sequence);
    }
    assert_eq!(socket.frame().await["t"], "RESUMED");
}

#[tokio::test]
async fn a_message_may_come_under_another_type_and_is_still_a_command() {
    let platform = platform().await;
    let bot = Bot::new(&platform).await;
    let (mut socket, _) = Socket::ready(&platform, &bot.token).await;
    let id = platform.deliver_as("MESSAGE_CREATE", Scene::Channel, "C", "hi");
    let event = socket.frame().await;
    assert_eq!(event["t"], "MESSAGE_CREATE");
    assert_eq!(event["id"], format!("MESSAGE_CREATE:{id}"));
    assert_eq!(event["d"]["channel_id"], "C");
    let body = json!({"content": "pong", "event_id": event["id"]});
    assert_eq!(call(bot.post("/channels/C/messages", &body)).await.0, 200);
    assert!(platform.ledger().score().is_clean());
}
