//! One client, started again in the same process after a stop.

use loopback_platform::{Ledger, Platform, Scene};
use nix::sys::signal::Signal;
use tokio::time::sleep;

use crate::SECOND;
use crate::support::{Bot, PATIENCE, answered, quick, start};

/// The last state of health that it has told, and why.
fn health(bot: &Bot) -> (String, String) {
    let last = |key| bot.all(key).pop().expect("it has told its health");
    let state = last("health").as_str().expect("a name").to_owned();
    (state, last("reasons").to_string())
}

async fn is_healthy(bot: &mut Bot) {
    for _ in 0..200 {
        if bot
            .all("health")
            .last()
            .is_some_and(|last| last == "healthy")
        {
            return;
        }
        sleep(PATIENCE / 200).await;
    }
    panic!("{:?}", health(bot));
}

fn deliver(platform: &Platform, content: &str) -> Vec<loopback_platform::EventId> {
    (0..12)
        .map(|number| platform.deliver_to(Scene::ALL[number % 4], &format!("T{number}"), content))
        .collect()
}

#[tokio::test]
async fn a_client_that_is_started_again_goes_on_where_it_was() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().to_str().expect("a plain path");
    let platform = start(quick()).await;
    let arguments = ["--state", path, "--outbox", path, "--lives", "3"];
    let watched = ["--heartbeat-timeout", "60000"];
    let mut bot = Bot::resilient(&platform, &[&arguments[..], &watched].concat());
    bot.tells("ready", 1).await;
    is_healthy(&mut bot).await;

    // It is stopped in the dark: what it would reply is kept, and its breaker is open.
    let before = deliver(&platform, "!slow 700");
    bot.tells("begun", before.len()).await;
    let darkness = platform.go_dark(5 * SECOND);
    sleep(SECOND).await;
    bot.signal(Signal::SIGTERM);
    bot.tells("stopped", 1).await;
    assert_eq!(bot.all("how"), vec!["kept"; before.len()]);

    // The second life begins at once, in the same dark.
    darkness.await;
    bot.tells("resumed", 1).await;
    let all = |ledger: &Ledger| ledger.tally().delivered == before.len();
    let ledger = platform.ledger();
    assert!(ledger.wait_until(PATIENCE, all).await, "{}", ledger.score());
    is_healthy(&mut bot).await;
    // Nothing of the stop is left: a reply is sent, not kept.
    for id in deliver(&platform, "!ping") {
        answered(&platform, &id).await;
        bot.handles(&id).await;
    }
    assert_eq!(
        bot.all("how").iter().filter(|how| **how == "sent").count(),
        12
    );

    bot.signal(Signal::SIGTERM);
    bot.tells("stopped", 2).await;
    bot.tells("resumed", 2).await;
    is_healthy(&mut bot).await;
    bot.signal(Signal::SIGTERM);
    let exit = bot.exit_within(PATIENCE).await;
    assert!(exit.is_some_and(|status| status.success()), "{exit:?}");
    bot.has_told_all().await;
    let (state, reasons) = health(&bot);
    assert_eq!(
        (state.as_str(), reasons.as_str()),
        ("starting", r#"["no connection is wanted"]"#)
    );
    let score = ledger.score();
    assert!(score.is_clean(), "{score}");
    assert_eq!((ledger.identifies(), ledger.resumes()), (1, 2));
}
