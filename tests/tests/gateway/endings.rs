//! Every way in which a connection ends: the bot comes back, or ends with the reason; the ledger shows
//! that no event was lost, and none handled twice.

use std::time::Duration;

use loopback_platform::{EventId, GatewayFault, Platform, PlatformOptions, Scene};
use tokio::time::sleep;

use crate::support::{Bot, PATIENCE, everywhere, quick, start};

/// Ends the connections that there are; says how many.
type Disturb = fn(&Platform) -> usize;

/// A platform, a bot that is ready, and what has been said to it.
struct Conversation {
    platform: Platform,
    bot: Bot,
    said: Vec<EventId>,
}

impl Conversation {
    async fn begin(options: PlatformOptions, arguments: &[&str]) -> Self {
        let platform = start(options).await;
        let mut bot = Bot::resilient(&platform, arguments);
        bot.tells("ready", 1).await;
        Self {
            platform,
            bot,
            said: Vec::new(),
        }
    }

    /// Says something in all four scenes, several times.
    fn say(&mut self) {
        for _ in 0..5 {
            self.said.extend(everywhere(&self.platform, "!ping"));
        }
    }

    /// Waits until everything has been answered.
    async fn all_answered(&mut self) {
        let all = self.said.len();
        let answered = |ledger: &loopback_platform::Ledger| ledger.tally().delivered == all;
        let waited = self.platform.ledger().wait_until(PATIENCE, answered).await;
        let tally = self.platform.ledger().tally();
        assert!(waited, "{tally:?} of {all}; {:#?}", self.bot.told());
    }

    /// Each event was handled once and answered once.
    async fn comes_out_whole(mut self) -> Platform {
        self.all_answered().await;
        for id in &self.said {
            self.bot.handles(id).await;
            assert_eq!(self.bot.begun(id), 1, "{id}");
        }
        let score = self.platform.ledger().score();
        assert_eq!(score.delivered_once, score.commands, "{score:?}");
        self.platform
    }
}

#[tokio::test]
async fn what_can_be_resumed_is_resumed_and_nothing_is_lost() {
    let endings: [(&str, Disturb); 13] = [
        ("1000", |platform| platform.close_sessions(1000)),
        ("1001", |platform| platform.close_sessions(1001)),
        ("1011", |platform| platform.close_sessions(1011)),
        ("4008", |platform| platform.close_sessions(4008)),
        ("4009", |platform| platform.close_sessions(4009)),
        ("unknown code", |platform| platform.close_sessions(4555)),
        ("op 7", |platform| platform.reconnect()),
        ("op 9, resumable", |platform| {
            platform.invalidate_sessions(true)
        }),
        ("op 9, resumable, and 4009", |platform| {
            platform.invalidate_then_close(true, 4009)
        }),
        ("reset", |platform| platform.tear_connections()),
        ("reset within a frame", |platform| platform.tear_mid_frame()),
        ("silence", |platform| platform.go_silent()),
        ("no more answers to heartbeats", |platform| {
            platform.stop_acks()
        }),
    ];
    for (name, end) in endings {
        let mut talk = Conversation::begin(quick(), &[]).await;
        talk.say();
        end(&talk.platform);
        talk.say();
        talk.bot.tells("resumed", 1).await;
        talk.say();
        let platform = talk.comes_out_whole().await;
        assert_eq!(platform.ledger().identifies(), 1, "{name}");
    }
}

#[tokio::test]
async fn what_needs_a_new_session_gets_one() {
    let codes = [4001, 4002, 4006, 4007, 4900, 4902, 4903, 4913];
    let endings = codes.map(Some).into_iter().chain([None]);
    for code in endings {
        let mut talk = Conversation::begin(quick(), &[]).await;
        talk.say();
        talk.all_answered().await;
        match code {
            Some(code) => talk.platform.close_sessions(code),
            None => talk.platform.invalidate_sessions(false),
        };
        talk.bot.tells("ready", 2).await;
        talk.say();
        let platform = talk.comes_out_whole().await;
        assert_eq!(platform.ledger().identifies(), 2, "{code:?}");
    }
}

#[tokio::test]
async fn what_nothing_helps_against_is_said_and_is_the_end() {
    let ends = [
        (4010, "ShardSettings { code: 4010 }"),
        (4011, "ShardSettings { code: 4011 }"),
        (4012, "ShardSettings { code: 4012 }"),
        (4013, "IntentsRefused { code: 4013 }"),
        (4014, "IntentsRefused { code: 4014 }"),
        (4914, "Banned { code: 4914 }"),
        (4915, "Banned { code: 4915 }"),
        (4924, "IpNotAllowed"),
    ];
    for (code, cause) in ends {
        for behind_invalid in [false, true] {
            let mut talk = Conversation::begin(quick(), &[]).await;
            if behind_invalid {
                talk.platform.invalidate_then_close(false, code);
            } else {
                talk.platform.close_sessions(code);
            }
            assert_eq!(talk.bot.tells("ended", 1).await, cause);
            assert!(talk.bot.exit_within(PATIENCE).await.is_some());
            assert_eq!(talk.platform.ledger().connections().len(), 1, "{code}");
        }
    }
}

#[tokio::test]
async fn a_refusal_behind_an_invalid_session_is_tried_again_more_and_more_slowly() {
    let platform = start(quick()).await;
    let refusal = GatewayFault::InvalidThenClose {
        on_resume: true,
        on_identify: true,
        resumable: false,
        code: Some(4903),
    };
    platform.force_gateway(refusal, 2);
    let mut bot = Bot::resilient(&platform, &[]);
    bot.tells("ready", 1).await;
    let app_id = platform.credentials().app_id().to_owned();
    assert_eq!(platform.ledger().identify_times(&app_id).len(), 3);
    assert_eq!(platform.ledger().identifies(), 1);
}

#[tokio::test]
async fn a_bad_way_back_costs_no_event() {
    let faults = [
        GatewayFault::RefuseUpgrade(502),
        GatewayFault::NoUpgrade,
        GatewayFault::NoHello,
        GatewayFault::ResetAfterHello,
        GatewayFault::NoReady,
        GatewayFault::NoAcks,
        GatewayFault::SlowReady(Duration::from_millis(300)),
    ];
    for fault in faults {
        let limits = ["--connect", "400", "--hello", "400", "--log-in", "400"];
        let mut talk = Conversation::begin(quick(), &limits).await;
        talk.platform.force_gateway(fault, 1);
        talk.say();
        talk.platform.tear_connections();
        talk.say();
        talk.bot.tells("resumed", 1).await;
        talk.say();
        let platform = talk.comes_out_whole().await;
        assert_eq!(platform.ledger().identifies(), 1, "{fault:?}");
    }
}

#[tokio::test]
async fn a_ready_without_a_session_is_not_taken_for_one() {
    let platform = start(quick()).await;
    platform.force_gateway(GatewayFault::BadReady, 1);
    let mut bot = Bot::resilient(&platform, &[]);
    bot.tells("ready", 1).await;
    assert_eq!(platform.ledger().connections().len(), 2);
}

#[tokio::test]
async fn a_platform_that_goes_away_is_waited_for() {
    let mut talk = Conversation::begin(quick(), &[]).await;
    talk.say();
    talk.platform.go_dark(Duration::from_millis(1_500)).await;
    talk.say();
    talk.bot.tells("resumed", 1).await;
    talk.say();
    talk.comes_out_whole().await;
}

#[tokio::test]
async fn a_platform_that_is_not_there_yet_is_waited_for() {
    let platform = start(quick()).await;
    let dark = platform.go_dark(Duration::from_secs(1));
    let mut bot = Bot::resilient(&platform, &[]);
    dark.await;
    bot.tells("ready", 1).await;
}

#[tokio::test]
async fn the_half_hourly_reconnects_of_a_night() {
    let mut talk =
        Conversation::begin(quick(), &["--initial", "20", "--stable-after", "100"]).await;
    for round in 1..=10 {
        talk.say();
        if round % 2 == 0 {
            talk.platform.close_sessions(4009);
        } else {
            talk.platform.reconnect();
        }
        talk.say();
        talk.bot.tells("resumed", round).await;
        sleep(Duration::from_millis(120)).await;
    }
    let platform = talk.comes_out_whole().await;
    assert_eq!(
        (platform.ledger().identifies(), platform.ledger().resumes()),
        (1, 10)
    );
}

#[tokio::test]
async fn what_the_platform_replays_or_pushes_twice_is_handled_once() {
    let options = PlatformOptions {
        rewind_on_resume: 50,
        ..quick()
    };
    let mut talk = Conversation::begin(options, &[]).await;
    talk.say();
    talk.all_answered().await;
    for id in talk.said.clone() {
        assert!(talk.platform.deliver_again(&id));
    }
    talk.platform.tear_connections();
    talk.bot.tells("resumed", 1).await;
    for id in talk.said.clone() {
        assert!(talk.platform.deliver_again(&id));
    }
    talk.say();
    talk.comes_out_whole().await;
}

#[tokio::test]
async fn a_token_that_expires_or_is_revoked_in_flight_is_renewed() {
    let mut talk = Conversation::begin(quick(), &[]).await;
    for _ in 0..3 {
        talk.say();
        talk.platform.expire_tokens();
        talk.platform.tear_connections();
        talk.say();
    }
    talk.say();
    let platform = talk.comes_out_whole().await;
    assert!(platform.ledger().tokens_issued() <= 8);

    let short = PlatformOptions {
        token_lifetime: Duration::from_secs(2),
        ..quick()
    };
    let mut talk = Conversation::begin(short, &[]).await;
    for _ in 0..10 {
        talk.say();
        talk.platform.tear_connections();
        sleep(Duration::from_millis(500)).await;
    }
    talk.comes_out_whole().await;
}

#[tokio::test]
async fn shards_begin_within_the_allowed_rhythm_and_recover_by_themselves() {
    let options = PlatformOptions {
        shards: 4,
        max_concurrency: 2,
        enforce_concurrency: true,
        ..quick()
    };
    let mut talk = Conversation::begin(options, &["--identify-window", "5250"]).await;
    talk.bot.tells("ready", 4).await;
    let ledger = talk.platform.ledger();
    assert_eq!(ledger.concurrency_violations(), 0);
    assert_eq!((ledger.identifies(), ledger.open_connections()), (4, 4));
    for _ in 0..10 {
        talk.say();
    }
    let app_id = talk.platform.credentials().app_id().to_owned();
    let reset = loopback_platform::Order::Tear;
    assert_eq!(talk.platform.order_shard(&app_id, 2, &reset), 1);
    talk.say();
    talk.bot.tells("resumed", 1).await;
    talk.say();
    let platform = talk.comes_out_whole().await;
    assert_eq!(
        (platform.ledger().identifies(), platform.ledger().resumes()),
        (4, 1)
    );
}

#[tokio::test]
async fn another_number_of_shards_is_taken_up() {
    let options = PlatformOptions {
        max_concurrency: 4,
        ..quick()
    };
    let mut talk = Conversation::begin(options, &[]).await;
    talk.say();
    talk.all_answered().await;
    talk.platform.reshard(3);
    talk.bot.tells("ready", 4).await;
    talk.say();
    let platform = talk.comes_out_whole().await;
    assert_eq!(platform.ledger().open_connections(), 3);
}

#[tokio::test]
async fn the_last_session_start_is_not_begged_for() {
    let options = PlatformOptions {
        session_starts: 1,
        ..quick()
    };
    let mut talk = Conversation::begin(options, &[]).await;
    // The session itself can be resumed as often as need be.
    talk.platform.tear_connections();
    talk.bot.tells("resumed", 1).await;
    talk.platform.close_sessions(4006);
    let ended = talk.bot.tells("ended", 1).await;
    let ended = ended.as_str().expect("a text");
    assert!(
        ended.starts_with("SessionAllowanceSpent { total: 1"),
        "{ended}"
    );
    let app_id = talk.platform.credentials().app_id().to_owned();
    assert_eq!(talk.platform.ledger().identify_times(&app_id).len(), 1);

    let mut late = Bot::resilient(&talk.platform, &[]);
    let ended = late.tells("ended", 1).await;
    assert!(
        ended
            .as_str()
            .is_some_and(|ended| ended.contains("SessionAllowanceSpent")),
        "{ended}"
    );
}

#[tokio::test]
async fn after_all_was_said_in_one_scene_the_order_is_kept() {
    let mut talk = Conversation::begin(quick(), &[]).await;
    for number in 0..100 {
        let id = talk
            .platform
            .deliver_to(Scene::Group, "G", &format!("!ping {number}"));
        talk.said.push(id);
        if number % 25 == 24 {
            talk.platform.tear_connections();
        }
    }
    talk.all_answered().await;
    let begun = talk.bot.all("content");
    let expected: Vec<_> = (0..100).map(|number| format!("!ping {number}")).collect();
    assert_eq!(begun, expected);
    talk.comes_out_whole().await;
}
