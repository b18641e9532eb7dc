//! The connection: hazards 1 to 11, and 13.

use std::time::Duration;

use futures_util::future::join_all;
use loopback_platform::{
    Endpoint, GatewayFault, Ledger, Platform, PlatformOptions, Scene, TokenFault,
};
use tokio::time::sleep;

use super::{A_WHILE, connections, last, ready, slow_beat, until};
use crate::support::{Bot, quick, start};

#[tokio::test]
async fn hazard_1_a_ban_leaves_botrs_pending_for_ever() {
    for code in [4914, 4915] {
        let (platform, mut bot) = ready(slow_beat(), &["--plain"]).await;
        platform.ban(code);
        assert!(bot.exit_within(A_WHILE).await.is_none());
        assert_eq!(
            platform.ledger().open_connections(),
            0,
            "and it is not there"
        );

        let (platform, mut bot) = ready(quick(), &[]).await;
        platform.ban(code);
        let ended = bot.tells("ended", 1).await;
        assert_eq!(ended, format!("Banned {{ code: {code} }}"));
    }
}

#[tokio::test]
async fn hazard_2_a_failed_session_manager_is_no_error_to_botrs() {
    let platform = start(slow_beat()).await;
    let mut bot = Bot::start(&platform, &["--plain", "--failing-manager"]);
    assert_eq!(bot.tells("ended", 1).await, "well");

    let (platform, mut bot) = ready(quick(), &[]).await;
    platform.close_sessions(4014);
    let ended = bot.tells("ended", 1).await;
    assert_eq!(ended, "IntentsRefused { code: 4014 }");
}

#[tokio::test]
async fn hazard_3_botrs_knocks_in_a_fixed_rhythm() {
    let gaps = |platform: &Platform| -> Vec<i64> {
        let opened = platform.ledger().connections();
        let opened: Vec<i64> = opened
            .iter()
            .map(|one| i64::try_from(one.opened_at.as_millis()).expect("a short test"))
            .collect();
        opened.windows(2).map(|pair| pair[1] - pair[0]).collect()
    };
    let refused = async |arguments: &[&str]| {
        let platform = start(slow_beat()).await;
        platform.force_gateway(GatewayFault::RefuseUpgrade(503), usize::MAX);
        let _bot = Bot::start(&platform, arguments);
        until(&platform, |ledger| ledger.connections().len() >= 5).await;
        gaps(&platform)
    };
    let plain = refused(&["--plain"]).await;
    assert!(
        plain.iter().all(|gap| (gap - 2_000).abs() < 300),
        "{plain:?}"
    );

    let ours = refused(&["--initial", "200", "--max-delay", "100000"]).await;
    let (shortest, longest) = (ours.iter().min(), ours.iter().max());
    let spread = longest
        .zip(shortest)
        .map(|(longest, shortest)| longest - shortest);
    assert!(spread > Some(50), "{ours:?}");
}

#[tokio::test]
async fn hazard_4_botrs_stays_on_a_connection_that_no_longer_answers() {
    let (platform, _bot) = ready(slow_beat(), &["--plain"]).await;
    platform.stop_acks();
    sleep(A_WHILE).await;
    assert_eq!(connections(&platform), 1);

    let (platform, mut bot) = ready(quick(), &[]).await;
    platform.stop_acks();
    bot.tells("resumed", 1).await;
    assert_eq!(platform.ledger().identifies(), 1);
}

#[tokio::test]
async fn hazard_5_a_short_interval_and_a_missing_answer_end_botrs_heartbeats() {
    let short = || PlatformOptions {
        heartbeat_interval: Duration::from_millis(200),
        ..quick()
    };
    let (platform, _bot) = ready(short(), &["--plain"]).await;
    until(&platform, |ledger| last(ledger).heartbeat_count > 3).await;
    // botrs computes with the whole seconds of the clock: the last answer comes early in one of them.
    let since = std::time::UNIX_EPOCH.elapsed().expect("after 1970");
    let early = 1_300 - u64::from(since.subsec_millis());
    sleep(Duration::from_millis(early)).await;
    platform.stop_acks();
    sleep(A_WHILE / 2).await;
    let beats = last(&platform.ledger()).heartbeat_count;
    sleep(A_WHILE / 2).await;
    assert_eq!(last(&platform.ledger()).heartbeat_count, beats);
    assert_eq!(
        platform.ledger().open_connections(),
        1,
        "and nobody notices"
    );

    let (platform, mut bot) = ready(short(), &[]).await;
    platform.stop_acks();
    bot.tells("resumed", 1).await;
    until(&platform, |ledger| last(ledger).heartbeat_count > 3).await;
}

#[tokio::test]
async fn hazard_6_botrs_waits_for_ever_for_what_does_not_come() {
    let faults = [
        GatewayFault::NoUpgrade,
        GatewayFault::NoHello,
        GatewayFault::NoReady,
    ];
    join_all(faults.map(async |fault| {
        let platform = start(slow_beat()).await;
        platform.force_gateway(fault, 1);
        let _bot = Bot::plain(&platform);
        until(&platform, |ledger| !ledger.connections().is_empty()).await;
        sleep(A_WHILE).await;
        assert_eq!(connections(&platform), 1, "{fault:?}");

        let platform = start(quick()).await;
        platform.force_gateway(fault, 1);
        let arguments = ["--connect", "500", "--hello", "500", "--log-in", "500"];
        let mut bot = Bot::resilient(&platform, &arguments);
        bot.tells("ready", 1).await;
        assert_eq!(connections(&platform), 2, "{fault:?}");
    }))
    .await;
}

#[tokio::test]
async fn hazard_7_botrs_sits_unidentified_where_a_token_fails() {
    let options = || PlatformOptions {
        token_lifetime: Duration::from_secs(1),
        ..slow_beat()
    };
    let asked = |ledger: &Ledger| {
        ledger
            .calls()
            .iter()
            .any(|call| call.endpoint == Endpoint::Gateway)
    };
    let platform = start(options()).await;
    let _bot = Bot::plain(&platform);
    until(&platform, asked).await;
    platform.force_token(TokenFault::ServerError, usize::MAX);
    until(&platform, |ledger| !ledger.connections().is_empty()).await;
    sleep(A_WHILE).await;
    let connection = last(&platform.ledger());
    assert_eq!(
        (connection.identified_at, connection.closed_at),
        (None, None)
    );

    let platform = start(options()).await;
    platform.force_token(TokenFault::ServerError, 3);
    let mut bot = Bot::resilient(&platform, &[]);
    bot.tells("ready", 1).await;
}

#[tokio::test]
async fn hazard_8_botrs_resumes_for_ever_what_cannot_be_resumed() {
    let (platform, _bot) = ready(slow_beat(), &["--plain"]).await;
    platform.force_gateway(GatewayFault::CloseOnResume(4902), usize::MAX);
    platform.close_sessions(4902);
    let resumed = |ledger: &Ledger| {
        let all = ledger.connections();
        all.iter().filter(|one| one.resumed_from.is_some()).count()
    };
    until(&platform, |ledger| resumed(ledger) >= 3).await;
    assert_eq!(platform.ledger().identifies(), 1);

    let (platform, mut bot) = ready(quick(), &[]).await;
    platform.force_gateway(GatewayFault::CloseOnResume(4902), usize::MAX);
    platform.close_sessions(4902);
    bot.tells("ready", 2).await;
    assert!(resumed(&platform.ledger()) <= 1);
}

#[tokio::test]
async fn hazard_9_botrs_identifies_again_with_the_token_that_was_refused() {
    let (platform, _bot) = ready(slow_beat(), &["--plain"]).await;
    platform.refuse_tokens_at_gateway();
    platform.close_sessions(4004);
    let refused = |ledger: &Ledger| {
        let all = ledger.connections();
        all.iter()
            .filter(|one| one.close_code_sent == Some(4004))
            .count()
    };
    until(&platform, |ledger| refused(ledger) >= 3).await;
    assert_eq!(platform.ledger().token_requests(), 1);

    let (platform, mut bot) = ready(quick(), &[]).await;
    platform.refuse_tokens_at_gateway();
    platform.close_sessions(4004);
    bot.tells("resumed", 1).await;
    assert!(refused(&platform.ledger()) <= 2);
}

#[tokio::test]
async fn hazard_10_botrs_spends_its_session_starts_on_a_refusal() {
    let invalid = GatewayFault::InvalidThenClose {
        on_resume: true,
        on_identify: true,
        resumable: false,
        code: Some(4924),
    };
    let platform = start(slow_beat()).await;
    platform.force_gateway(invalid, usize::MAX);
    let _bot = Bot::plain(&platform);
    let app_id = platform.credentials().app_id().to_owned();
    until(&platform, |ledger| {
        ledger.identify_times(&app_id).len() >= 3
    })
    .await;

    let platform = start(quick()).await;
    platform.force_gateway(invalid, usize::MAX);
    let mut bot = Bot::resilient(&platform, &[]);
    assert_eq!(bot.tells("ended", 1).await, "IpNotAllowed");
    let app_id = platform.credentials().app_id().to_owned();
    assert_eq!(platform.ledger().identify_times(&app_id).len(), 1);
}

#[tokio::test]
async fn hazard_11_botrs_never_looks_up_the_gateway_again() {
    let look_ups = |ledger: &Ledger| {
        let calls = ledger.calls();
        calls
            .iter()
            .filter(|call| call.endpoint == Endpoint::Gateway)
            .count()
    };
    let (platform, _bot) = ready(slow_beat(), &["--plain"]).await;
    platform.force_gateway(GatewayFault::RefuseUpgrade(404), usize::MAX);
    platform.tear_connections();
    until(&platform, |ledger| ledger.connections().len() >= 4).await;
    assert_eq!(look_ups(&platform.ledger()), 1);

    let (platform, _bot) = ready(quick(), &[]).await;
    let before = look_ups(&platform.ledger());
    platform.force_gateway(GatewayFault::RefuseUpgrade(404), usize::MAX);
    platform.tear_connections();
    until(&platform, |ledger| look_ups(ledger) > before).await;
}

#[tokio::test]
async fn hazard_13_a_dropped_botrs_client_lives_on() {
    let (platform, mut bot) = ready(slow_beat(), &["--plain", "--drop-after", "3500"]).await;
    bot.tells("dropped", 1).await;
    let beats = last(&platform.ledger()).heartbeat_count;
    until(&platform, |ledger| last(ledger).heartbeat_count > beats + 1).await;
    assert_ne!(bot.tells("tasks_left", 1).await, 0);

    let (platform, mut bot) = ready(quick(), &["--drop-after", "1000"]).await;
    platform.deliver(Scene::Group, "!sleep 60000");
    bot.tells("dropped", 1).await;
    assert_eq!(bot.tells("tasks_left", 1).await, 0);
    until(&platform, |ledger| ledger.open_connections() == 0).await;
    sleep(A_WHILE / 2).await;
    assert_eq!(connections(&platform), 1, "nobody comes back");
}
