//! The judge counts what the documentation says it counts.

mod common;

use std::time::Duration;

use common::{Bot, call, http, platform, start};
use loopback_platform::{Fault, Outcome, Platform, PlatformOptions, Scene};

/// Replies once under each fault, whatever comes of it.
async fn reply_under(platform: &Platform, bot: &Bot, scene: Scene, faults: &[Option<Fault>]) {
    let id = platform.deliver(scene, "hi");
    for fault in faults {
        if let Some(fault) = fault {
            platform.force(*fault);
        }
        // Torn connections and timeouts are among what is asked for.
        let _ = bot.reply(platform, &id).send().await;
    }
}

#[tokio::test]
async fn counts_apart_what_a_careful_bot_does_not_resend() {
    let platform = platform().await;
    let bot = Bot::new(&platform).await;
    // Not arrived, and in doubt.
    for fault in [
        Fault::ServerError,
        Fault::BadGateway,
        Fault::Unavailable,
        Fault::Reset,
    ] {
        reply_under(&platform, &bot, Scene::Channel, &[Some(fault)]).await;
    }
    // Arrived, and in doubt.
    reply_under(&platform, &bot, Scene::Direct, &[Some(Fault::ReplyLost)]).await;
    let score = platform.ledger().score();
    assert_eq!((score.unresent.arrived, score.unresent.not_arrived), (1, 4));
    assert_eq!((score.delivered_once, score.lost), (1, 0));
    assert!(score.is_clean());

    // Surely not sent, so not to resend is to lose it.
    for fault in [Fault::RateLimited, Fault::ErrorBody] {
        reply_under(&platform, &bot, Scene::Channel, &[Some(fault)]).await;
    }
    // With a deduplication key there is no excuse either.
    reply_under(&platform, &bot, Scene::Group, &[Some(Fault::Reset)]).await;
    let score = platform.ledger().score();
    assert_eq!((score.lost, score.never_called), (3, 0));
    assert_eq!(score.unresent.total(), 5);
    assert!(!score.is_clean());
}

#[tokio::test]
async fn a_resend_that_was_too_bold_is_doubled_and_a_lucky_one_is_not() {
    let platform = platform().await;
    let bot = Bot::new(&platform).await;
    let (lost, torn) = (Some(Fault::ReplyLost), Some(Fault::Reset));
    reply_under(&platform, &bot, Scene::Channel, &[lost, None]).await;
    reply_under(&platform, &bot, Scene::Channel, &[torn, None]).await;
    reply_under(&platform, &bot, Scene::Group, &[lost, None]).await;
    let score = platform.ledger().score();
    assert_eq!((score.doubled, score.delivered_once), (1, 2));
    assert_eq!((score.retries, score.duplicates_refused), (3, 1));
    assert_eq!(score.unresent.total(), 0);
}

#[tokio::test]
async fn a_slow_answer_is_in_doubt_only_for_those_who_did_not_wait() {
    let platform = start(PlatformOptions {
        slow_by: Duration::from_millis(400),
        ..PlatformOptions::default()
    })
    .await;
    let patient = Bot::new(&platform).await;
    reply_under(&platform, &patient, Scene::Channel, &[Some(Fault::Slow)]).await;
    assert_eq!(platform.ledger().score().unresent.total(), 0);
    let hasty = Bot {
        http: http(&platform, Duration::from_millis(150)),
        ..patient
    };
    reply_under(&platform, &hasty, Scene::Channel, &[Some(Fault::Slow)]).await;
    let score = platform.ledger().score();
    assert_eq!((score.unresent.arrived, score.delivered_once), (1, 2));
}

#[tokio::test]
async fn an_audited_reply_is_delivered_when_it_has_passed() {
    let platform = platform().await;
    let bot = Bot::new(&platform).await;
    reply_under(&platform, &bot, Scene::Channel, &[Some(Fault::Audit)]).await;
    assert_eq!(platform.ledger().score().lost, 1, "not yet");
    tokio::time::sleep(Duration::from_millis(600)).await;
    let score = platform.ledger().score();
    assert_eq!((score.delivered_once, score.lost, score.audits), (1, 0, 1));
    let call = &platform.ledger().calls()[1];
    assert!(matches!(call.outcome, Outcome::PendingAudit { .. }));
}

#[tokio::test]
async fn latency_runs_from_the_first_call_to_the_accepted_one() {
    let platform = platform().await;
    let bot = Bot::new(&platform).await;
    let unfaulted = platform.deliver(Scene::Group, "hi");
    assert_eq!(call(bot.reply(&platform, &unfaulted)).await.0, 200);
    assert_eq!(platform.ledger().score().added_latency.max, Duration::ZERO);

    let delayed = platform.deliver(Scene::Group, "hi");
    platform.force(Fault::RateLimited);
    assert_eq!(call(bot.reply(&platform, &delayed)).await.0, 429);
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(call(bot.reply(&platform, &delayed)).await.0, 200);
    let latency = platform.ledger().score().added_latency;
    assert_eq!(latency.p50, Duration::ZERO);
    assert!(latency.max >= Duration::from_millis(300), "{latency:?}");
    assert!(latency.max < Duration::from_secs(5), "{latency:?}");
}

#[tokio::test]
async fn a_command_nobody_answered_is_lost_without_a_call() {
    let platform = platform().await;
    platform.deliver(Scene::Direct, "!health");
    let score = platform.ledger().score();
    assert_eq!((score.lost, score.never_called, score.commands), (1, 1, 1));
    assert!(
        score
            .to_string()
            .contains("1 of them without a single call")
    );
}
