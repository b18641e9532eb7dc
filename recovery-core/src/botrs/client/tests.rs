use super::*;
use crate::botrs::TokenError;

struct Nothing;

#[async_trait::async_trait]
impl EventHandler for Nothing {}

fn client(is_sandbox: bool) -> ResilientBotClient<Nothing> {
    let token = Token::new("app", "hush");
    ResilientBotClient::new(token, Intents::default(), Nothing, is_sandbox).expect("a client")
}

fn messenger(app_id: &str, hosts: Hosts) -> Messenger {
    Messenger::new(&Token::new(app_id, "hush"), hosts).expect("a messenger")
}

#[test]
fn takes_only_a_messenger_of_the_same_bot_and_environment() {
    let (production, sandbox) = (Hosts::production, Hosts::sandbox);
    let own = production().with_api("https://qq.example").expect("a host");
    for (is_sandbox, app_id, hosts, is_taken) in [
        (false, "app", production(), true),
        (true, "app", sandbox(), true),
        (false, "app", own.clone(), true),
        (true, "app", own, true),
        (false, "other", production(), false),
        (false, "app", sandbox(), false),
        (true, "app", production(), false),
    ] {
        let taken = client(is_sandbox).with_messenger(messenger(app_id, hosts));
        assert_eq!(taken.is_ok(), is_taken, "{is_sandbox} {app_id}");
    }
}

#[test]
fn empty_credentials_are_refused() {
    for (app_id, secret) in [("", "hush"), ("app", "")] {
        let token = Token::new(app_id, secret);
        let client = ResilientBotClient::new(token, Intents::default(), Nothing, false);
        assert!(client.is_err());
    }
}

#[test]
fn shows_no_secret() {
    let client = client(false);
    assert!(!format!("{client:?} {:?}", client.handle()).contains("hush"));
}

#[tokio::test]
async fn a_stop_before_the_start_is_obeyed_once() {
    let mut client = client(false);
    client.stop();
    // Nothing is called: there is no platform here.
    client.start_with_recovery().await.expect("it was stopped");
    assert!(!*client.stop.borrow());
}

#[test]
fn no_time_limit_is_too_long_for_the_clock() {
    let timing = GatewayTiming {
        hello: Duration::MAX,
        log_in: Duration::MAX,
        ..GatewayTiming::default()
    };
    let client = client(false).with_timing(timing);
    let limit = client.options.timing.hello;
    assert!(std::time::Instant::now().checked_add(limit).is_some());
}

#[test]
fn each_end_says_what_to_do() {
    let minute = Duration::from_secs(60);
    let ends = [
        (Unrecoverable::Banned { code: 4915 }, "console at q.qq.com"),
        (
            Unrecoverable::Banned { code: 4914 },
            "connect to the sandbox",
        ),
        (
            Unrecoverable::Credentials(TokenError::WrongSecret),
            "check QQ_BOT_APP_ID",
        ),
        (
            Unrecoverable::TokensRefused { tokens: 16 },
            "check that QQ_BOT_APP_ID",
        ),
        (Unrecoverable::IpNotAllowed, "IP whitelist"),
        (
            Unrecoverable::IntentsRefused { code: 4014 },
            "ask for fewer",
        ),
        (Unrecoverable::ShardSettings { code: 4010 }, "stop it"),
        (
            Unrecoverable::SessionAllowanceSpent {
                total: 1_000,
                remaining: 0,
                needed: 1,
                resets_in: minute,
            },
            "60 s. Start it again then",
        ),
        (
            Unrecoverable::ProtocolRefused { code: 4002 },
            "update, or report it",
        ),
        (
            Unrecoverable::ApiRefused {
                message: "no".to_owned(),
            },
            "list of error codes",
        ),
        (
            Unrecoverable::GaveUp {
                attempts: 3,
                last: "lost".to_owned(),
            },
            "after 3 attempts",
        ),
        (Unrecoverable::SessionManagerReplaced, "do not call"),
        (Unrecoverable::ShardFailed, "report it"),
    ];
    for (end, cure) in ends {
        let text = end.to_string();
        assert!(text.contains(cure), "{text}");
    }
}

#[tokio::test]
async fn a_stopped_client_wants_no_connection() {
    let checker = HealthChecker::new();
    let mut client = client(false).with_health(checker.clone());
    client.stop();
    client.start_with_recovery().await.expect("it was stopped");
    let health = checker.health();
    assert_eq!(health.reasons[0].finding, crate::watch::Finding::NoneKnown);
}

#[tokio::test(start_paused = true)]
async fn a_failed_start_reaches_whoever_was_to_be_told() {
    let (checker, monitor) = (
        HealthChecker::new(),
        ErrorMonitor::new(1, Duration::from_secs(60)),
    );
    let told = Arc::new(std::sync::Mutex::new(Vec::new()));
    let heard = Arc::clone(&told);
    let client = client(false)
        .with_health(checker.clone())
        .with_monitor(monitor.clone())
        .with_error_hook(move |failure| {
            heard.lock().unwrap().push(format!("{failure:?}"));
            panic!("of the program's own");
        });
    client.options.feed.begins();
    let error = std::io::Error::from(std::io::ErrorKind::TimedOut);
    let paused = pause::pause(&client.options, pause::Aim::Begin, 1, &error);
    paused.await.expect("another attempt");
    assert_eq!(
        told.lock().unwrap().clone(),
        [r#"ClientFailure { operation: "client.start", kind: Timeout, error: timed out }"#]
    );
    assert_eq!(
        monitor.report().by_operation,
        [("client.start".to_owned(), 1)]
    );
    let reason = checker.health().reasons[0].finding.to_string();
    assert_eq!(
        reason,
        "connection 0 is being made for the first time (timed out)"
    );
}

#[test]
fn a_journal_that_fails_degrades_until_it_is_back() {
    let checker = HealthChecker::new();
    checker.connection(0).connected();
    let client = client(false).with_health(checker.clone());
    let failure = (crate::ErrorKind::Other, "no space left".to_owned());
    client.options.feed.journal(Some(&failure));
    let reason = checker.health().reasons[0].finding.to_string();
    assert_eq!(reason, "journal: no space left");
    client.options.feed.journal(None);
    assert!(checker.health().reasons.is_empty());
}
