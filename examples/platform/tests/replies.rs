//! Which messages are taken, once, and which are refused.

mod common;

use common::{Bot, call, platform};
use loopback_platform::{Outcome, Scene};
use serde_json::{Value, json};

#[tokio::test]
async fn group_and_c2c_replies_are_deduplicated_by_their_number() {
    let platform = platform().await;
    let bot = Bot::new(&platform).await;
    for scene in [Scene::Group, Scene::C2c] {
        let id = platform.deliver(scene, "hi");
        let (status, body) = call(bot.reply(&platform, &id)).await;
        assert_eq!(status, 200);
        assert!(body["id"].is_string() && body["timestamp"].is_string());
        let (status, body) = call(bot.reply_as(&platform, &id, Some(1))).await;
        assert_eq!(status, 400, "a missing msg_seq means 1");
        assert_eq!(body["err_code"], 40_054_005);
        assert_eq!(body["message"], "消息被去重，请检查请求msgseq");
        assert_eq!(
            platform.ledger().calls_for(&id)[1].outcome,
            Outcome::Duplicate
        );
    }
    let score = platform.ledger().score();
    assert_eq!((score.delivered_once, score.duplicates_refused), (2, 2));
    assert!(score.is_clean());
}

#[tokio::test]
async fn a_second_number_is_a_second_reply() {
    let platform = platform().await;
    let bot = Bot::new(&platform).await;
    let id = platform.deliver(Scene::Group, "hi");
    assert_eq!(call(bot.reply_as(&platform, &id, Some(1))).await.0, 200);
    assert_eq!(call(bot.reply_as(&platform, &id, Some(2))).await.0, 200);
    let score = platform.ledger().score();
    assert_eq!((score.doubled, score.retries), (1, 0));
}

#[tokio::test]
async fn channel_and_direct_replies_are_doubled_when_sent_twice() {
    let platform = platform().await;
    let bot = Bot::new(&platform).await;
    for scene in [Scene::Channel, Scene::Direct] {
        let id = platform.deliver(scene, "hi");
        for _ in 0..2 {
            assert_eq!(call(bot.reply(&platform, &id)).await.0, 200);
        }
    }
    let score = platform.ledger().score();
    assert_eq!((score.doubled, score.delivered_once, score.lost), (2, 0, 0));
    assert!(!score.is_clean());
}

#[tokio::test]
async fn a_reply_to_an_unknown_or_foreign_message_is_refused() {
    let platform = platform().await;
    let bot = Bot::new(&platform).await;
    let id = platform.deliver_to(Scene::Group, "G1", "hi");
    for (path, msg_id) in [
        ("/v2/groups/G1/messages", "ROBOT1.0_nothing"),
        ("/v2/groups/G2/messages", id.as_str()),
        ("/v2/users/G1/messages", id.as_str()),
    ] {
        let body = json!({"content": "hi", "msg_id": msg_id});
        let (status, body) = call(bot.post(path, &body)).await;
        assert_eq!((status, &body["err_code"]), (400, &40_034_005.into()));
    }
    assert_eq!(platform.ledger().score().lost, 1);
}

#[tokio::test]
async fn an_event_id_stands_for_its_message() {
    let platform = platform().await;
    let bot = Bot::new(&platform).await;
    let id = platform.deliver_to(Scene::C2c, "U1", "hi");
    let body = json!({"content": "hi", "event_id": format!("C2C_MESSAGE_CREATE:{id}")});
    assert_eq!(call(bot.post("/v2/users/U1/messages", &body)).await.0, 200);
    assert_eq!(platform.ledger().score().delivered_once, 1);
}

#[tokio::test]
async fn a_message_of_ones_own_replies_to_nothing_and_is_accepted() {
    let platform = platform().await;
    let bot = Bot::new(&platform).await;
    let body = json!({"markdown": {"content": "# news"}});
    assert_eq!(call(bot.post("/channels/5/messages", &body)).await.0, 200);
    let score = platform.ledger().score();
    assert_eq!((score.unsolicited, score.commands), (1, 0));
}

#[tokio::test]
async fn bad_bodies_are_refused() {
    let platform = platform().await;
    let bot = Bot::new(&platform).await;
    for body in [
        json!({}),
        json!({"content": "  "}),
        json!({"markdown": null}),
    ] {
        let (status, answer) = call(bot.post("/channels/5/messages", &body)).await;
        assert_eq!(
            (status, &answer["err_code"]),
            (400, &50_006.into()),
            "{body}"
        );
    }
    let request = bot
        .post("/channels/5/messages", &Value::Null)
        .body("not JSON");
    let (status, answer) = call(request).await;
    assert_eq!((status, &answer["err_code"]), (400, &50_035.into()));
    assert!(
        answer["trace_id"]
            .as_str()
            .is_some_and(|trace| trace.len() == 32)
    );
}

#[tokio::test]
async fn the_other_calls_answer_as_documented() {
    let platform = platform().await;
    let bot = Bot::new(&platform).await;
    let (_, me) = call(bot.get("/users/@me")).await;
    assert_eq!(me["id"], platform.credentials().app_id());
    let (_, gateway) = call(bot.get("/gateway/bot")).await;
    let port = platform.address().port();
    assert_eq!(gateway["url"], format!("ws://127.0.0.1:{port}/websocket"));
    assert_eq!(gateway["session_start_limit"]["remaining"], 1000);
    let (status, guild) = call(bot.get("/guilds/123")).await;
    assert_eq!((status, &guild["err_code"]), (404, &10_004.into()));
    let ask = json!({"source_guild_id": "1", "recipient_id": "2"});
    let (_, direct) = call(bot.post("/users/@me/dms", &ask)).await;
    assert!(direct["guild_id"].is_string() && direct["create_time"].is_string());
    let (status, body) = call(bot.get("/nowhere")).await;
    assert_eq!((status, body["trace_id"].is_string()), (404, true));
    assert_eq!(call(bot.get("/channels/1/messages")).await.0, 405);
}

#[tokio::test]
async fn the_newer_host_serves_everything() {
    let platform = platform().await;
    let http = common::http(&platform, common::PATIENCE);
    let credentials = platform.credentials();
    let body = json!({"appId": credentials.app_id(), "clientSecret": credentials.secret()});
    let url = "https://api.bot.qq.com/app/getAppAccessToken";
    let (status, answer) = call(http.post(url).json(&body)).await;
    assert_eq!(status, 200);
    let token = format!("QQBot {}", common::text(&answer["access_token"]));
    for host in ["api.bot.qq.com", "sandbox.api.sgroup.qq.com"] {
        let request = http.get(format!("https://{host}/users/@me"));
        let (status, _) = call(request.header("Authorization", &token)).await;
        assert_eq!(status, 200, "{host}");
    }
}

#[tokio::test]
async fn tokens_are_checked_and_shared() {
    let platform = platform().await;
    let bot = Bot::new(&platform).await;
    assert_eq!(
        Bot::new(&platform).await.token,
        bot.token,
        "still valid, so the same"
    );
    assert_eq!(platform.ledger().tokens_issued(), 1);

    let stranger = Bot {
        token: "nobody".to_owned(),
        ..bot.clone()
    };
    let (status, body) = call(stranger.get("/users/@me")).await;
    assert_eq!((status, &body["code"]), (401, &11_244.into()));
    let bare = bot.http.get(format!("{}/users/@me", common::API));
    assert_eq!(call(bare).await.0, 401);

    platform.expire_tokens();
    assert_eq!(call(bot.get("/users/@me")).await.0, 401);
    assert_ne!(Bot::new(&platform).await.token, bot.token);

    let wrong = json!({"appId": platform.credentials().app_id(), "clientSecret": "guess"});
    let (status, body) = call(bot.http.post(common::TOKEN_URL).json(&wrong)).await;
    assert_eq!((status, &body["code"]), (200, &100_016.into()));
    assert_eq!(body["message"], "invalid appid or secret");
}

#[tokio::test]
async fn no_secret_shows_in_debug_output() {
    let platform = platform().await;
    let bot = Bot::new(&platform).await;
    let secret = platform.credentials().secret().to_owned();
    for shown in [
        format!("{platform:?}"),
        format!("{:?}", platform.ledger()),
        format!("{:?}", platform.ledger().calls()),
        format!("{:?}", platform.credentials()),
    ] {
        assert!(
            !shown.contains(&secret) && !shown.contains(&bot.token),
            "{shown}"
        );
    }
}
