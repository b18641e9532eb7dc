//! Events and their handlers: hazards 12, and 14 to 18.

use std::time::Duration;

use loopback_platform::{Ledger, Platform, Scene};
use serde_json::{Value, json};
use tokio::time::sleep;

use super::{connections, last, ready, slow_beat, until};
use crate::support::{Bot, answered, quick};

#[tokio::test]
async fn hazard_12_one_slow_handler_holds_up_all_of_botrs() {
    let seconds_behind = async |platform: &Platform| {
        platform.deliver_to(Scene::C2c, "slow", "!slow 5000");
        let other = platform.deliver_to(Scene::C2c, "other", "!ping");
        let begun = tokio::time::Instant::now();
        answered(platform, &other).await;
        begun.elapsed()
    };
    let (platform, _bot) = ready(slow_beat(), &["--plain"]).await;
    assert!(seconds_behind(&platform).await >= Duration::from_millis(4_900));

    let (platform, _bot) = ready(quick(), &[]).await;
    assert!(seconds_behind(&platform).await < Duration::from_secs(2));
}

#[tokio::test]
async fn hazard_14_a_panic_makes_botrs_swallow_every_event() {
    let (platform, mut bot) = ready(slow_beat(), &["--plain"]).await;
    platform.deliver(Scene::Group, "!panic");
    bot.tells("panicked", 1).await;
    let lost = platform.deliver(Scene::Group, "!ping");
    let beats = last(&platform.ledger()).heartbeat_count;
    until(&platform, |ledger| last(ledger).heartbeat_count > beats + 1).await;
    assert!(platform.ledger().calls_for(&lost).is_empty());

    let (platform, mut bot) = ready(quick(), &[]).await;
    platform.deliver_to(Scene::Group, "G", "!panic");
    let next = platform.deliver_to(Scene::Group, "G", "!ping");
    answered(&platform, &next).await;
    let error = bot.tells("error", 1).await;
    let error = error.as_str().expect("a text");
    assert!(error.contains("panicked: as asked"), "{error}");
}

#[tokio::test]
async fn hazard_15_botrs_reads_more_than_it_can_handle() {
    const EVENTS: u64 = 6_000;
    let flood = |platform: &Platform| {
        let long = format!("!silent {}", "x".repeat(4_000));
        platform.deliver_to(Scene::C2c, "U", "!sleep 4000");
        for _ in 0..EVENTS {
            platform.deliver_to(Scene::C2c, "U", &long);
        }
    };
    let (platform, _bot) = ready(slow_beat(), &["--plain"]).await;
    flood(&platform);
    let all = |ledger: &Ledger| last(ledger).events_sent == EVENTS + 1;
    until(&platform, all).await;

    let (platform, mut bot) = ready(quick(), &["--events-in-hand", "100"]).await;
    flood(&platform);
    sleep(Duration::from_secs(3)).await;
    let sent = last(&platform.ledger()).events_sent;
    assert!(sent < EVENTS, "{sent} were read, or are on the way");
    let all = usize::try_from(EVENTS + 1).expect("a small number");
    bot.tells("handled", all).await;
    assert_eq!(connections(&platform), 1, "it was alive all the time");
}

#[tokio::test]
async fn hazard_16_botrs_acknowledges_what_it_has_not_handled() {
    let acknowledged = async |platform: &Platform| {
        platform.deliver(Scene::C2c, "!sleep 6000");
        until(platform, |ledger| last(ledger).events_sent == 1).await;
        let before = last(&platform.ledger()).heartbeat_count;
        until(platform, |ledger| last(ledger).heartbeat_count > before + 1).await;
        let beats = last(&platform.ledger()).heartbeats;
        beats.last().expect("there was a heartbeat").1
    };
    let (platform, _bot) = ready(slow_beat(), &["--plain"]).await;
    assert_eq!(acknowledged(&platform).await, Some(2));

    let (platform, _bot) = ready(quick(), &[]).await;
    assert_eq!(acknowledged(&platform).await, Some(1));
}

/// Frames that botrs cannot read, and a message that it can.
async fn odd_frames(platform: &Platform, bot: &mut Bot) {
    let author = json!({"user_openid": "U"});
    let message = |id: Value, more: Value| {
        let mut data = json!({"id": "M", "content": "!silent", "author": author});
        if let Value::Object(more) = more {
            for (key, value) in more {
                data[key] = value;
            }
        }
        json!({"op": 0, "t": "C2C_MESSAGE_CREATE", "id": id, "d": data}).to_string()
    };
    platform.send_raw(&message(json!(7), json!({"id": "numeric"})));
    platform.send_raw(&message(
        json!("E"),
        json!({"id": "null", "mentions": null}),
    ));
    platform.send_raw(r#"{"t":"C2C_MESSAGE_CREATE","d":{}}"#);
    platform.send_raw(&message(json!("F"), json!({"id": {"no": "id"}})));
    let good = platform.deliver(Scene::C2c, "!silent");
    bot.handles(&good).await;
}

#[tokio::test]
async fn hazard_17_what_botrs_cannot_read_is_lost_without_a_word() {
    let (platform, mut bot) = ready(slow_beat(), &["--plain"]).await;
    odd_frames(&platform, &mut bot).await;
    assert_eq!(bot.all("begun").len(), 1);
    assert!(bot.all("error").is_empty());

    let (platform, mut bot) = ready(quick(), &[]).await;
    odd_frames(&platform, &mut bot).await;
    bot.tells("error", 2).await;
    let begun = bot.all("begun");
    assert!(
        begun.contains(&json!("numeric")) && begun.contains(&json!("null")),
        "{begun:?}"
    );
    let errors = bot.all("error");
    assert!(errors[0].to_string().contains("no `op`"), "{errors:?}");
    assert!(
        errors[1].to_string().contains("C2C_MESSAGE_CREATE"),
        "{errors:?}"
    );
}

#[tokio::test]
async fn hazard_18_botrs_does_not_know_all_messages() {
    let (platform, mut bot) = ready(slow_beat(), &["--plain"]).await;
    platform.deliver_as("MESSAGE_CREATE", Scene::Channel, "C", "!ping");
    assert_eq!(bot.tells("unknown", 1).await, "MESSAGE_CREATE");
    assert!(bot.all("begun").is_empty());

    let (platform, mut bot) = ready(quick(), &[]).await;
    for (kind, scene) in [
        ("MESSAGE_CREATE", Scene::Channel),
        ("GROUP_MESSAGE_CREATE", Scene::Group),
    ] {
        let id = platform.deliver_as(kind, scene, "T", "!ping");
        answered(&platform, &id).await;
    }
    platform.deliver_dispatch(
        "AUDIO_OFF_MIC",
        Some(json!("E")),
        json!({"channel_id": "C"}),
    );
    bot.tells("off_mic", 1).await;
    assert!(bot.all("unknown").is_empty());
}
