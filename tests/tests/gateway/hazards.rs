//! What an unmodified botrs 0.13.0 does in trouble, and that ours does not.
//!
//! The numbers are those of the table in `recovery-core/docs/gateway.md`. Each test shows the
//! hazard on botrs first: were it cured there one day, the test would say so.

use std::time::Duration;

use futures_util::future::join_all;
use loopback_platform::{
    ConnectionRecord, Credentials, Endpoint, Fault, GatewayFault, Ledger, Platform,
    PlatformOptions, Scene, TokenFault,
};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::support::{Bot, PATIENCE, answered, quick, start};

/// Long enough for botrs to do what it does: it waits for 2 s before each connection.
const A_WHILE: Duration = Duration::from_millis(5_500);

/// What botrs can bear: it underflows below 1 s.
fn slow_beat() -> PlatformOptions {
    PlatformOptions {
        heartbeat_interval: Duration::from_secs(1),
        ..PlatformOptions::default()
    }
}

/// A platform with a bot that is ready.
async fn ready(options: PlatformOptions, arguments: &[&str]) -> (Platform, Bot) {
    let platform = start(options).await;
    let mut bot = Bot::start(&platform, arguments);
    bot.tells("ready", 1).await;
    (platform, bot)
}

/// How many connections the gateway has seen.
fn connections(platform: &Platform) -> usize {
    platform.ledger().connections().len()
}

async fn until(platform: &Platform, condition: impl FnMut(&Ledger) -> bool) {
    let met = platform.ledger().wait_until(PATIENCE, condition).await;
    assert!(met, "{:#?}", platform.ledger().connections());
}

fn last(ledger: &Ledger) -> ConnectionRecord {
    ledger
        .connections()
        .last()
        .cloned()
        .expect("there is a connection")
}

#[tokio::test]
async fn hazard_1_a_ban_leaves_botrs_pending_for_ever() {
    for code in [4914, 4915] {
        let (platform, mut bot) = ready(slow_beat(), &["--plain"]).await;
        platform.ban(code);
        assert!(!bot.ended_within(A_WHILE).await);
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
async fn hazard_12_one_slow_handler_holds_up_all_of_botrs() {
    let seconds_behind = async |platform: &Platform| {
        platform.deliver_to(Scene::C2c, "slow", "!slow 3000");
        let other = platform.deliver_to(Scene::C2c, "other", "!ping");
        let begun = tokio::time::Instant::now();
        answered(platform, &other).await;
        begun.elapsed()
    };
    let (platform, _bot) = ready(slow_beat(), &["--plain"]).await;
    assert!(seconds_behind(&platform).await >= Duration::from_millis(2_900));

    let (platform, _bot) = ready(quick(), &[]).await;
    assert!(seconds_behind(&platform).await < Duration::from_secs(2));
}

#[tokio::test]
async fn hazard_13_a_dropped_botrs_client_lives_on() {
    let (platform, mut bot) = ready(slow_beat(), &["--plain", "--drop-after", "3500"]).await;
    bot.tells("dropped", 1).await;
    let beats = last(&platform.ledger()).heartbeat_count;
    until(&platform, |ledger| last(ledger).heartbeat_count > beats + 1).await;

    let (platform, mut bot) = ready(quick(), &["--drop-after", "1000"]).await;
    bot.tells("dropped", 1).await;
    until(&platform, |ledger| ledger.open_connections() == 0).await;
    sleep(A_WHILE / 2).await;
    assert_eq!(connections(&platform), 1, "nobody comes back");
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
