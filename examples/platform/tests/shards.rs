//! Several shards, several bots, and how fast sessions may be begun.

mod common;

use std::time::Duration;

use common::{Bot, Socket, call, platform, start};
use loopback_platform::{Credentials, Order, Platform, PlatformOptions, Scene};
use serde_json::json;

async fn shard(platform: &Platform, bot: &Bot, index: u32, count: u32) -> Socket {
    let mut socket = Socket::greeted(platform).await;
    socket.identify_as(&bot.token, [index, count]).await;
    let ready = socket.frame().await;
    assert_eq!(ready["d"]["shard"], json!([index, count]), "{ready}");
    socket
}

async fn two_bots() -> (Platform, Bot, Bot, Credentials) {
    let second = Credentials::random();
    let platform = start(PlatformOptions {
        other_bots: vec![second.clone()],
        session_starts: 3,
        ..PlatformOptions::default()
    })
    .await;
    let (one, two) = (Bot::new(&platform).await, Bot::of(&platform, &second).await);
    (platform, one, two, second)
}

#[tokio::test]
async fn the_gateway_tells_how_to_connect() {
    let platform = start(PlatformOptions {
        shards: 4,
        max_concurrency: 2,
        session_starts: 7,
        session_reset_after: Duration::from_secs(60),
        ..PlatformOptions::default()
    })
    .await;
    let bot = Bot::new(&platform).await;
    let (_, told) = call(bot.get("/gateway/bot")).await;
    assert_eq!(told["shards"], 4);
    assert_eq!(
        told["session_start_limit"],
        json!({"total": 7, "remaining": 7, "reset_after": 60_000, "max_concurrency": 2})
    );
    Socket::ready(&platform, &bot.token).await;
    let (_, told) = call(bot.get("/gateway/bot")).await;
    let limit = &told["session_start_limit"];
    assert_eq!(limit["remaining"], 6);
    let left = limit["reset_after"].as_u64().expect("a number");
    assert!((50_000..60_000).contains(&left), "{left}");
}

#[tokio::test]
async fn an_event_goes_to_the_shard_of_its_guild() {
    let platform = start(PlatformOptions {
        shards: 2,
        max_concurrency: 2,
        ..PlatformOptions::default()
    })
    .await;
    let bot = Bot::new(&platform).await;
    let mut zero = shard(&platform, &bot, 0, 2).await;
    let mut one = shard(&platform, &bot, 1, 2).await;

    let (even, odd) = (4_u64 << 22, 5_u64 << 22);
    for (guild, socket) in [(even, &mut zero), (odd, &mut one)] {
        platform.deliver_to(Scene::Direct, &guild.to_string(), "hi");
        assert_eq!(
            socket.frame().await["d"]["guild_id"],
            json!(guild.to_string())
        );
        platform.deliver_dispatch("GUILD_UPDATE", None, json!({"guild_id": guild}));
        assert_eq!(socket.frame().await["t"], "GUILD_UPDATE");
    }
    platform.deliver(Scene::Group, "hi");
    assert_eq!(zero.frame().await["t"], "GROUP_AT_MESSAGE_CREATE");
    platform.deliver(Scene::C2c, "hi");
    assert_eq!(zero.frame().await["t"], "C2C_MESSAGE_CREATE");
    one.hears_nothing().await;

    let mut met = [0, 0];
    for _ in 0..20 {
        let id = platform.deliver(Scene::Channel, "hi");
        let event = tokio::select! {
            event = zero.frame() => { met[0] += 1; event }
            event = one.frame() => { met[1] += 1; event }
        };
        assert_eq!(event["d"]["id"], id.as_str());
    }
    assert!(met[0] > 0 && met[1] > 0, "{met:?}");
}

#[tokio::test]
async fn an_event_waits_for_the_first_session_of_its_own_shard() {
    let platform = start(PlatformOptions {
        shards: 2,
        ..PlatformOptions::default()
    })
    .await;
    let bot = Bot::new(&platform).await;
    let guild = (1_u64 << 22).to_string();
    let id = platform.deliver_to(Scene::Direct, &guild, "hi");
    let mut zero = shard(&platform, &bot, 0, 2).await;
    zero.hears_nothing().await;
    let mut one = shard(&platform, &bot, 1, 2).await;
    assert_eq!(one.frame().await["d"]["id"], id.as_str());
}

#[tokio::test]
async fn an_order_may_concern_one_shard_alone() {
    let platform = start(PlatformOptions {
        shards: 2,
        ..PlatformOptions::default()
    })
    .await;
    let bot = Bot::new(&platform).await;
    let app_id = platform.credentials().app_id();
    let mut zero = shard(&platform, &bot, 0, 2).await;
    let mut one = shard(&platform, &bot, 1, 2).await;
    let order = Order::Invalidate {
        resumable: false,
        code: Some(4903),
    };
    assert_eq!(platform.order_shard(app_id, 1, &order), 1);
    assert_eq!(one.frame().await, json!({"op": 9, "d": false}));
    assert_eq!(one.close_code().await, 4903);
    let id = platform.deliver(Scene::Group, "hi");
    assert_eq!(zero.frame().await["d"]["id"], id.as_str());
    assert_eq!(platform.order_shard(app_id, 1, &Order::Tear), 0);
    assert_eq!(platform.order_shard(app_id, 0, &Order::Tear), 1);
    zero.is_reset().await;
}

#[tokio::test]
async fn a_shard_beyond_the_last_is_refused() {
    let platform = platform().await;
    let bot = Bot::new(&platform).await;
    let mut socket = Socket::greeted(&platform).await;
    socket.identify_as(&bot.token, [2, 2]).await;
    assert_eq!(socket.close_code().await, 4010);
}

#[tokio::test]
async fn a_hurried_identify_is_refused_where_that_is_enforced() {
    let platform = start(PlatformOptions {
        shards: 2,
        enforce_concurrency: true,
        ..PlatformOptions::default()
    })
    .await;
    let bot = Bot::new(&platform).await;
    shard(&platform, &bot, 0, 2).await;
    let mut socket = Socket::greeted(&platform).await;
    socket.identify_as(&bot.token, [1, 2]).await;
    assert_eq!(socket.frame().await, json!({"op": 9, "d": false}));
    assert_eq!(socket.close_code().await, 4903);
    let ledger = platform.ledger();
    assert_eq!(ledger.concurrency_violations(), 1);
    assert_eq!(ledger.identifies(), 1);
    let app_id = platform.credentials().app_id();
    assert_eq!(ledger.identify_times(app_id).len(), 2);
    let (_, told) = call(bot.get("/gateway/bot")).await;
    let limit = &told["session_start_limit"];
    assert_eq!(limit["remaining"], 999, "a refused start is not used up");
}

#[tokio::test]
async fn session_starts_are_all_there_again_after_a_while() {
    let platform = start(PlatformOptions {
        session_starts: 1,
        session_reset_after: Duration::from_secs(1),
        ..PlatformOptions::default()
    })
    .await;
    let bot = Bot::new(&platform).await;
    Socket::ready(&platform, &bot.token).await;
    let mut socket = Socket::greeted(&platform).await;
    socket.identify(&bot.token).await;
    assert_eq!(socket.frame().await, json!({"op": 9, "d": false}));
    tokio::time::sleep(Duration::from_millis(1050)).await;
    Socket::ready(&platform, &bot.token).await;
}

#[tokio::test]
async fn each_bot_has_its_own_tokens_sessions_and_starts() {
    let (platform, one, two, second) = two_bots().await;
    assert_ne!(one.token, two.token);
    let (mut first, session) = Socket::ready(&platform, &one.token).await;
    let mut other = Socket::greeted(&platform).await;
    other.identify(&two.token).await;
    let ready = other.frame().await;
    assert_eq!(ready["d"]["user"]["id"], second.app_id());
    let (_, me) = call(two.get("/users/@me")).await;
    assert_eq!(me["id"], second.app_id());

    let to_first = platform.deliver(Scene::Group, "hi");
    let to_other = platform.deliver_for(second.app_id(), Scene::Group, "hi");
    assert_eq!(first.frame().await["d"]["id"], to_first.as_str());
    assert_eq!(other.frame().await["d"]["id"], to_other.as_str());

    let mut thief = Socket::greeted(&platform).await;
    thief.resume(&two.token, &session, 1).await;
    assert_eq!(thief.frame().await, json!({"op": 9, "d": false}));

    Socket::ready(&platform, &one.token).await;
    for (bot, remaining) in [(&one, 1), (&two, 2)] {
        let (_, told) = call(bot.get("/gateway/bot")).await;
        assert_eq!(told["session_start_limit"]["remaining"], remaining);
    }
    let ledger = platform.ledger();
    assert_eq!(ledger.concurrency_violations(), 1, "one's second session");
    assert_eq!(ledger.identify_times(second.app_id()).len(), 1);
}

#[tokio::test]
async fn a_bot_replies_only_to_what_it_was_told() {
    let (platform, one, two, second) = two_bots().await;
    let id = platform.deliver_for(second.app_id(), Scene::Group, "hi");
    let (status, body) = call(one.reply(&platform, &id)).await;
    assert_eq!((status, &body["code"]), (400, &40_034_005.into()));
    assert_eq!(call(two.reply(&platform, &id)).await.0, 200);
    let ledger = platform.ledger();
    let calls = ledger.calls_for(&id);
    assert_eq!(calls[1].app_id.as_deref(), Some(second.app_id()));
    assert_eq!(ledger.event(&id).expect("known").app_id, second.app_id());
}

#[tokio::test]
#[should_panic(expected = "no bot has the app id nobody")]
async fn an_event_for_an_unknown_bot_is_a_mistake_of_the_test() {
    platform().await.deliver_for("nobody", Scene::Group, "hi");
}
