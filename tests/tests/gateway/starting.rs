//! What can be wrong before the first event, and what handlers may do.

use std::time::Duration;

use loopback_platform::{Scene, TokenFault};

use crate::support::{Bot, answered, quick, start};

#[tokio::test]
async fn a_token_endpoint_tells_a_wrong_secret_from_a_crowd() {
    for (fault, cause) in [
        (TokenFault::WrongSecret, "Credentials(WrongSecret)"),
        (TokenFault::Banned, "Credentials(Banned)"),
        (TokenFault::IpNotAllowed, "IpNotAllowed"),
    ] {
        let platform = start(quick()).await;
        platform.force_token(fault, 1);
        let mut bot = Bot::resilient(&platform, &[]);
        assert_eq!(bot.tells("ended", 1).await, cause);
        assert_eq!(platform.ledger().token_requests(), 1);
    }
    for fault in [
        TokenFault::RateLimited,
        TokenFault::ServerError,
        TokenFault::Html,
    ] {
        let platform = start(quick()).await;
        platform.force_token(fault, 2);
        let mut bot = Bot::resilient(&platform, &[]);
        bot.tells("ready", 1).await;
    }
}

#[tokio::test]
async fn two_processes_do_not_share_a_folder() {
    let folder = tempfile::tempdir().expect("a folder");
    let state = folder.path().to_str().expect("a plain path");
    let platform = start(quick()).await;
    let mut first = Bot::resilient(&platform, &["--state", state]);
    first.tells("ready", 1).await;
    let mut second = Bot::resilient(&platform, &["--state", state]);
    let ended = second.tells("ended", 1).await;
    assert!(
        ended
            .as_str()
            .is_some_and(|ended| ended.contains("is in use")),
        "{ended}"
    );
    first.kill().await;
    let mut third = Bot::resilient(&platform, &["--state", state]);
    third.tells("resumed", 1).await;
}

#[cfg(unix)]
#[tokio::test]
async fn a_folder_that_cannot_be_used_is_named() {
    let platform = start(quick()).await;
    let mut bot = Bot::resilient(&platform, &["--state", "/proc/nowhere"]);
    let ended = bot.tells("ended", 1).await;
    let ended = ended.as_str().expect("a text");
    assert!(
        ended.contains("/proc/nowhere") && ended.contains("can write to"),
        "{ended}"
    );
}

#[tokio::test]
async fn a_handler_that_takes_too_long_is_stopped_where_that_is_asked_for() {
    let platform = start(quick()).await;
    let mut bot = Bot::resilient(&platform, &["--handler-timeout", "300"]);
    bot.tells("ready", 1).await;
    platform.deliver_to(Scene::Group, "G", "!sleep 60000");
    let next = platform.deliver_to(Scene::Group, "G", "!ping");
    answered(&platform, &next).await;
    let error = bot.tells("error", 1).await;
    assert!(
        error
            .as_str()
            .is_some_and(|error| error.contains("took longer than 300ms")),
        "{error}"
    );
}

#[cfg(unix)]
#[tokio::test]
async fn a_stop_lets_handlers_finish_and_takes_no_new_events() {
    let platform = start(quick()).await;
    let mut bot = Bot::resilient(&platform, &[]);
    bot.tells("ready", 1).await;
    let begun: Vec<_> = (0..20)
        .map(|number| platform.deliver_to(Scene::C2c, &number.to_string(), "!slow 1000"))
        .collect();
    bot.tells("begun", begun.len()).await;
    assert!(bot.stop().await);
    assert_eq!(bot.tells("ended", 1).await, "well");
    for id in begun {
        answered(&platform, &id).await;
    }
    let late = platform.deliver(Scene::C2c, "!ping");
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(platform.ledger().calls_for(&late).is_empty());
    assert_eq!(platform.ledger().open_connections(), 0);
}
