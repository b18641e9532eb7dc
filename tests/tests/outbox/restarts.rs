//! A bot that is killed while replies wait.

use std::path::Path;

use loopback_platform::{Ledger, PlatformOptions, Scene};

use crate::SECOND;
use crate::support::{Bot, PATIENCE, quick, start};

pub(crate) fn bot(platform: &loopback_platform::Platform, folder: &Path) -> Bot {
    let folder = folder.to_str().expect("a plain path");
    Bot::resilient(platform, &["--state", folder, "--outbox", folder])
}

#[tokio::test]
async fn kill_9_between_keeping_and_sending_loses_none() {
    let folder = tempfile::tempdir().expect("a folder");
    let platform = start(PlatformOptions {
        sessions_survive_dark: true,
        ..quick()
    })
    .await;
    let mut first = bot(&platform, folder.path());
    first.tells("ready", 1).await;
    let said: Vec<_> = (0..40)
        .map(|number| {
            let scene = Scene::ALL[number % 4];
            platform.deliver_to(scene, &format!("T{number}"), "!slow 2000")
        })
        .collect();
    first.tells("begun", said.len()).await;
    let darkness = platform.go_dark(4 * SECOND);
    first.tells("replied", said.len()).await;
    let told = first.all("how");
    assert!(told.iter().all(|how| how == "kept"), "{told:?}");
    first.kill().await;
    darkness.await;

    let mut second = bot(&platform, folder.path());
    let all = |ledger: &Ledger| ledger.tally().delivered == said.len();
    assert!(
        platform.ledger().wait_until(PATIENCE, all).await,
        "{:?}",
        second.told()
    );
    assert!(second.stop().await);
    let score = platform.ledger().score();
    assert_eq!(score.delivered_once, score.commands, "{score}");
    assert!(score.is_clean(), "{score}");
}

#[tokio::test]
async fn a_bot_drains_by_itself_when_the_platform_is_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let platform = start(quick()).await;
    let mut bot = bot(&platform, folder.path());
    bot.tells("ready", 1).await;
    let id = platform.deliver(Scene::Group, "!slow 300");
    bot.tells("begun", 1).await;
    platform.go_dark(2 * SECOND).await;
    crate::support::answered(&platform, &id).await;
    bot.handles(&id).await;
    assert!(bot.stop().await);
    assert!(platform.ledger().score().is_clean());
}
