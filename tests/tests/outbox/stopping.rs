//! SIGTERM while many replies are under way.

use std::time::Duration;

use loopback_platform::{Fault, Ledger, Platform, PlatformOptions, Scene};
use nix::sys::signal::Signal;
use tokio::time::sleep;

use crate::SECOND;
use crate::restarts::bot;
use crate::support::{quick, start};

const REPLIES: usize = 200;
/// In which the process has to end.
pub(crate) const LIMIT: Duration = Duration::from_secs(10);

async fn comes_through(platform: Platform, upset: impl AsyncFnOnce(&Platform)) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut first = bot(&platform, folder.path());
    first.tells("ready", 1).await;
    for number in 0..REPLIES {
        let scene = if number % 2 == 0 {
            Scene::Group
        } else {
            Scene::C2c
        };
        platform.deliver_to(scene, &format!("T{number}"), "!slow 1000");
    }
    first.tells("begun", REPLIES).await;
    upset(&platform).await;
    first.tells("begun", REPLIES).await;
    sleep(SECOND * 3 / 2).await;
    first.signal(Signal::SIGTERM);
    let exit = first.exit_within(LIMIT).await;
    assert!(
        exit.is_some_and(|status| status.success()),
        "{exit:?} {:#?}",
        first.told()
    );
    first.has_told_all().await;
    assert!(first.all("not_replied").is_empty(), "{:#?}", first.told());
    assert_eq!(first.all("handled").len(), REPLIES);
    let kept = first
        .all("how")
        .iter()
        .filter(|how| **how == "kept")
        .count();
    assert!(kept > 0, "none had to be kept");

    // The platform is well again. A signal before the bot listens to any would be the system's to answer.
    platform.clear_forced();
    let mut second = bot(&platform, folder.path());
    second.tells("status", 2).await;
    let all = |ledger: &Ledger| ledger.tally().delivered == REPLIES;
    let ledger = platform.ledger();
    assert!(
        ledger.wait_until(60 * SECOND, all).await,
        "{}",
        ledger.score()
    );
    assert!(second.stop().await, "{:#?}", second.told());
    let score = ledger.score();
    assert_eq!(
        (score.delivered_once, score.doubled),
        (REPLIES as u64, 0),
        "{score}"
    );
    assert!(
        second.all("begun").is_empty(),
        "what was kept counts as handled"
    );
}

#[tokio::test]
async fn sigterm_while_the_platform_is_dark() {
    let platform = start(quick()).await;
    comes_through(platform, async |platform| {
        drop(platform.go_dark(6 * SECOND));
    })
    .await;
}

#[tokio::test]
async fn sigterm_while_the_platform_fails() {
    let platform = start(quick()).await;
    comes_through(platform, async |platform| {
        // Each call meets one, until the breaker is open.
        for _ in 0..REPLIES / 2 {
            platform.force(Fault::Unavailable);
        }
    })
    .await;
}

#[tokio::test]
async fn sigterm_while_the_platform_is_slow() {
    let platform = start(PlatformOptions {
        slow_by: 30 * SECOND,
        ..quick()
    })
    .await;
    comes_through(platform, async |platform| {
        for _ in 0..REPLIES {
            platform.force(Fault::Slow);
        }
    })
    .await;
}
