//! Sending, tokens and company: hazards 19 to 22, 25 and 26.

use std::time::Duration;

use loopback_platform::{
    Credentials, Endpoint, Fault, Platform, PlatformOptions, Scene, TokenFault,
};
use serde_json::json;
use tokio::time::sleep;

use super::{ready, slow_beat, until};
use crate::support::{Bot, answered, quick, start};

#[tokio::test]
async fn hazard_19_the_second_reply_of_botrs_is_refused() {
    let twice = async |platform: &Platform, bot: &mut Bot, scene| {
        let id = platform.deliver(scene, "!twice");
        bot.handles(&id).await;
        let event = platform.ledger().event(&id).expect("it was sent");
        (event.delivered.len(), platform.ledger().calls_for(&id))
    };
    let (platform, mut bot) = ready(slow_beat(), &["--plain"]).await;
    for scene in [Scene::Group, Scene::C2c] {
        let (delivered, calls) = twice(&platform, &mut bot, scene).await;
        assert_eq!(delivered, 1);
        assert!(calls.iter().all(|call| call.had_both_ids));
    }

    let (platform, mut bot) = ready(quick(), &[]).await;
    for scene in Scene::ALL {
        let (delivered, calls) = twice(&platform, &mut bot, scene).await;
        assert_eq!(delivered, 2, "{scene}");
        assert!(calls.iter().all(|call| !call.had_both_ids));
    }
}

#[tokio::test]
async fn hazard_20_botrs_loses_the_code_of_a_refusal() {
    let refusal = async |platform: &Platform, bot: &mut Bot, fault| {
        platform.force(fault);
        platform.deliver(Scene::Channel, "!ping");
        bot.tells("not_replied", 1).await;
        let told = bot.told();
        let refused = told.iter().rfind(|told| told["not_replied"].is_string());
        refused.expect("it says so")["error"].to_string()
    };
    let (platform, mut bot) = ready(slow_beat(), &["--plain"]).await;
    let error = refusal(&platform, &mut bot, Fault::IpNotAllowed).await;
    assert!(
        !error.contains("11298") && !error.contains("40023002"),
        "{error}"
    );

    let (platform, mut bot) = ready(quick(), &[]).await;
    let error = refusal(&platform, &mut bot, Fault::IpNotAllowed).await;
    assert!(
        error.contains("11298") || error.contains("40023002"),
        "{error}"
    );

    // And it invents a wait of 60 s where the platform names none.
    let (platform, mut bot) = ready(slow_beat(), &["--plain"]).await;
    let error = refusal(&platform, &mut bot, Fault::RateLimitedBare).await;
    assert!(error.contains("60 seconds"), "{error}");

    let (platform, _bot) = ready(quick(), &[]).await;
    platform.force(Fault::RateLimitedBare);
    let id = platform.deliver(Scene::Channel, "!ping");
    answered(&platform, &id).await;
}

#[tokio::test]
async fn hazard_21_botrs_calls_a_passing_failure_final() {
    let faults = [
        Fault::ServerError,
        Fault::BadGateway,
        Fault::Unavailable,
        Fault::ErrorBody,
    ];
    let (platform, mut bot) = ready(slow_beat(), &["--plain"]).await;
    for fault in faults {
        platform.force(fault);
        let id = platform.deliver(Scene::Group, "!ping");
        bot.handles(&id).await;
        let event = platform.ledger().event(&id).expect("it was sent");
        assert!(event.delivered.is_empty(), "{fault}");
    }

    let (platform, _bot) = ready(quick(), &[]).await;
    for fault in faults {
        platform.force(fault);
        let id = platform.deliver(Scene::Group, "!ping");
        answered(&platform, &id).await;
    }
}

#[tokio::test]
async fn hazard_22_each_caller_of_botrs_asks_for_a_token_of_its_own() {
    let options = || PlatformOptions {
        token_lifetime: Duration::from_secs(4),
        ..slow_beat()
    };
    let requests = async |platform: &Platform| {
        sleep(Duration::from_secs(5)).await;
        let before = platform.ledger().token_requests();
        platform.force_token(TokenFault::ServerError, usize::MAX);
        platform.deliver(Scene::C2c, "!burst 4");
        until(platform, |ledger| ledger.token_requests() > before).await;
        sleep(Duration::from_millis(500)).await;
        platform.ledger().token_requests() - before
    };
    let (platform, _bot) = ready(options(), &["--plain"]).await;
    assert_eq!(requests(&platform).await, 4);

    let (platform, _bot) = ready(options(), &[]).await;
    assert_eq!(requests(&platform).await, 1);
}

#[tokio::test]
async fn hazard_25_botrs_takes_an_error_for_its_own_name() {
    let platform = start(slow_beat()).await;
    platform.force_on(Endpoint::Me, Fault::ErrorBody);
    let mut bot = Bot::plain(&platform);
    bot.tells("ready", 1).await;
    assert_eq!(
        bot.told().iter().find_map(|told| told.get("bot")),
        Some(&json!(""))
    );

    let platform = start(quick()).await;
    platform.force_on(Endpoint::Me, Fault::ErrorBody);
    let mut bot = Bot::resilient(&platform, &[]);
    bot.tells("ready", 1).await;
    let name = platform.credentials().app_id();
    assert_eq!(
        bot.told().iter().find_map(|told| told.get("bot")),
        Some(&json!(name))
    );
}

#[tokio::test]
async fn hazard_26_clients_side_by_side_do_not_meet() {
    let others = [Credentials::random(), Credentials::random()];
    let also = |other: &Credentials| format!("{}:{}", other.app_id(), other.secret());
    let platform = start(PlatformOptions {
        other_bots: others.to_vec(),
        ..slow_beat()
    })
    .await;
    let arguments = [
        "--also",
        &also(&others[0]),
        "--also-plain",
        &also(&others[1]),
    ];
    let mut bot = Bot::resilient(&platform, &arguments);
    bot.tells("ready", 3).await;
    let first = platform.deliver(Scene::Group, "!ping");
    answered(&platform, &first).await;
    for other in &others {
        let id = platform.deliver_for(other.app_id(), Scene::Group, "!ping");
        answered(&platform, &id).await;
        let calls = platform.ledger().calls_for(&id);
        assert_eq!(calls[0].app_id.as_deref(), Some(other.app_id()));
    }
}
