//! SIGTERM at moments at which a bot is busy with something else: it ends well, and in time.

use loopback_platform::{Fault, Ledger, PlatformOptions, Scene, TokenFault};
use nix::sys::signal::Signal;
use tokio::time::sleep;

use crate::SECOND;
use crate::restarts::bot;
use crate::stopping::LIMIT;
use crate::support::{Bot, PATIENCE, quick, start};

async fn ends_well(bot: &mut Bot) {
    bot.signal(Signal::SIGTERM);
    let exit = bot.exit_within(LIMIT).await;
    assert!(
        exit.is_some_and(|status| status.success()),
        "{exit:?} {:#?}",
        bot.told()
    );
    bot.has_told_all().await;
    assert_eq!(bot.all("ended"), ["well"]);
}

#[tokio::test]
async fn sigterm_before_there_is_a_connection() {
    let folder = tempfile::tempdir().expect("a folder");
    let platform = start(quick()).await;
    let darkness = platform.go_dark(60 * SECOND);
    let mut dark = bot(&platform, folder.path());
    sleep(SECOND).await;
    ends_well(&mut dark).await;
    drop(darkness);

    // A token that never comes.
    let platform = start(quick()).await;
    platform.force_token(TokenFault::Hang, usize::MAX);
    let mut without_token = bot(&platform, folder.path());
    sleep(SECOND).await;
    ends_well(&mut without_token).await;
}

#[tokio::test]
async fn sigterm_while_a_new_token_is_awaited() {
    let folder = tempfile::tempdir().expect("a folder");
    let platform = start(quick()).await;
    let mut first = bot(&platform, folder.path());
    first.tells("ready", 1).await;
    platform.expire_tokens();
    platform.force_token(TokenFault::Hang, usize::MAX);
    let said: Vec<_> = (0..20)
        .map(|number| platform.deliver_to(Scene::Group, &format!("T{number}"), "!ping"))
        .collect();
    first.tells("begun", said.len()).await;
    sleep(SECOND).await;
    ends_well(&mut first).await;
    assert_eq!(first.all("how"), vec!["kept"; said.len()]);

    platform.clear_token_faults();
    let mut second = bot(&platform, folder.path());
    let all = |ledger: &Ledger| ledger.tally().delivered == said.len();
    assert!(platform.ledger().wait_until(PATIENCE, all).await);
    ends_well(&mut second).await;
    assert!(platform.ledger().score().is_clean());
}

#[tokio::test]
async fn sigterm_while_the_outbox_drains() {
    const REPLIES: usize = 60;
    let folder = tempfile::tempdir().expect("a folder");
    let platform = start(PlatformOptions {
        slow_by: 30 * SECOND,
        ..quick()
    })
    .await;
    let mut first = bot(&platform, folder.path());
    first.tells("ready", 1).await;
    for number in 0..REPLIES {
        let scene = [Scene::Group, Scene::C2c][number % 2];
        platform.deliver_to(scene, &format!("T{number}"), "!slow 1500");
    }
    first.tells("begun", REPLIES).await;
    let darkness = platform.go_dark(5 * SECOND);
    sleep(SECOND * 2).await;
    ends_well(&mut first).await;
    assert_eq!(first.all("how"), vec!["kept"; REPLIES]);
    darkness.await;

    // The first answers are long in coming, in the middle of a pass.
    for _ in 0..12 {
        platform.force(Fault::Slow);
    }
    let mut second = bot(&platform, folder.path());
    let some = |ledger: &Ledger| ledger.tally().delivered >= 8;
    assert!(platform.ledger().wait_until(PATIENCE, some).await);
    ends_well(&mut second).await;

    let mut third = bot(&platform, folder.path());
    let all = |ledger: &Ledger| ledger.tally().delivered == REPLIES;
    assert!(platform.ledger().wait_until(3 * PATIENCE, all).await);
    ends_well(&mut third).await;
    let score = platform.ledger().score();
    assert_eq!(
        (score.delivered_once, score.doubled),
        (REPLIES as u64, 0),
        "{score}"
    );
}

#[tokio::test]
async fn sigterm_ends_handlers_that_take_no_notice() {
    let folder = tempfile::tempdir().expect("a folder");
    let platform = start(quick()).await;
    let path = folder.path().to_str().expect("a plain path");
    let arguments = ["--state", path, "--outbox", path, "--drain", "2000"];
    let mut bot = Bot::resilient(&platform, &arguments);
    bot.tells("ready", 1).await;
    for _ in 0..5 {
        platform.deliver(Scene::Group, "!sleep 3600000");
    }
    bot.tells("begun", 1).await;
    ends_well(&mut bot).await;
}
