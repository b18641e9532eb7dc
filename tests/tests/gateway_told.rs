//! What a bot's client tells through `tracing` and `metrics`, from its beginning to its end.

mod support;

use std::process::Stdio;
use std::sync::OnceLock;
use std::time::Duration;

use botrs::{C2CMessage, Context, EventHandler, GroupMessage, Intents, Message, Token};
use loopback_platform::{BotEnvironment, Endpoint, Fault, Platform, PlatformOptions, Scene};
use metrics_util::debugging::DebuggingRecorder;
use recovery_core::botrs::{ClientHandle, Hosts, Messenger, ResilientBotClient};
use recovery_core::watch::{ErrorMonitor, HealthChecker, HealthState};
use recovery_core::{RetryConfig, observe};
use support::log::Lines;
use support::recorded::counted_and_described;
use tokio::process::Command;
use tokio::time::{sleep, timeout};

const PATIENCE: Duration = Duration::from_secs(30);
const BESIDE: &str = "a_client_in_an_environment_that_leads_to_the_platform";

/// botrs finds the platform by its environment, which a running process cannot change safely: so the client
/// of this test runs in this very program, started once more.
#[tokio::test]
async fn every_event_and_metric_of_a_client_is_told() {
    let platform = Platform::start(PlatformOptions::default())
        .await
        .expect("a platform starts");
    platform.force_on(Endpoint::Gateway, Fault::Unavailable);
    let environment = BotEnvironment::new(&platform).expect("a folder for the certificate");
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    environment.apply(&mut command);
    command
        .args(["--exact", BESIDE, "--ignored", "--nocapture"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    let play = async {
        let ledger = platform.ledger();
        let is_there = |ledger: &loopback_platform::Ledger| ledger.identifies() == 1;
        assert!(ledger.wait_until(PATIENCE, is_there).await);
        let id = platform.deliver(Scene::C2c, "ping");
        platform.deliver(Scene::Group, "panic");
        platform.deliver(Scene::Channel, "slow");
        sleep(Duration::from_millis(1_500)).await;
        assert!(platform.deliver_again(&id));
        assert_eq!(platform.tear_connections(), 1);
        let is_back = |ledger: &loopback_platform::Ledger| ledger.resumes() == 1;
        assert!(ledger.wait_until(PATIENCE, is_back).await);
        sleep(Duration::from_millis(300)).await;
        platform.deliver(Scene::Channel, "slow");
        platform.deliver(Scene::C2c, "stop");
    };
    let client = command.spawn().expect("this program starts");
    let ended = async { tokio::join!(play, client.wait_with_output()).1 };
    let ended = timeout(PATIENCE, ended).await.expect("it ends");
    let ended = ended.expect("it is waited for");
    assert!(
        ended.status.success(),
        "{}",
        String::from_utf8_lossy(&ended.stderr)
    );
    let output = String::from_utf8_lossy(&ended.stdout);
    assert!(output.contains("1 passed"), "{output}");
}

static HANDLE: OnceLock<ClientHandle> = OnceLock::new();

struct Told;

impl Told {
    async fn heard(content: Option<String>) {
        match content.unwrap_or_default().trim() {
            "panic" => panic!("as asked"),
            "slow" => sleep(Duration::from_secs(60)).await,
            "stop" => HANDLE.get().expect("it runs").stop(),
            _ => {}
        }
    }
}

#[async_trait::async_trait]
impl EventHandler for Told {
    async fn message_create(&self, _: Context, message: Message) {
        Self::heard(message.content).await;
    }
    async fn group_message_create(&self, _: Context, message: GroupMessage) {
        Self::heard(message.content).await;
    }
    async fn c2c_message_create(&self, _: Context, message: C2CMessage) {
        Self::heard(message.content).await;
    }
}

#[tokio::test]
#[ignore = "is started by the test above, in an environment of its own"]
async fn a_client_in_an_environment_that_leads_to_the_platform() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    recorder.install().expect("no other recorder");
    observe::describe_metrics();
    // All tasks run on this thread.
    let (lines, _guard) = Lines::capture();

    let token = Token::from_env().expect("credentials");
    let policy = RetryConfig::builder()
        .unlimited()
        .initial_delay(Duration::from_millis(50))
        .build()
        .expect("a valid policy");
    let messenger = Messenger::new(&token, Hosts::production()).expect("an HTTP client");
    let (health, monitor) = (HealthChecker::new(), ErrorMonitor::new(100, PATIENCE));
    let mut client = ResilientBotClient::new(token, Intents::default(), Told, false)
        .expect("a client")
        .with_messenger(messenger)
        .expect("of the same bot")
        .with_retry(policy)
        .with_handler_timeout(Duration::from_secs(1))
        .with_drain(Duration::from_millis(200))
        .with_health(health.clone())
        .with_monitor(monitor.clone())
        .with_error_hook(|_| panic!("a hook that fails costs nothing"));
    let handle = client.handle();
    HANDLE.set(handle.clone()).expect("once");
    client.start_with_recovery().await.expect("it was stopped");

    let lines: Vec<String> = lines.take().into_iter().filter(of_the_client).collect();
    let told = |start: &str| lines.iter().filter(|line| line.starts_with(start)).count();
    for (line, times) in [
        ("WARN recovery: client.start_failed error=", 1),
        ("INFO recovery: gateway.connected shard=0 resumed=false", 1),
        ("INFO recovery: gateway.connected shard=0 resumed=true", 1),
        (
            r#"WARN recovery: gateway.disconnected shard=0 cause="lost" reason=the connection broke"#,
            1,
        ),
        ("INFO recovery: gateway.stopped shard=0", 1),
        (
            r#"ERROR recovery: handler.panicked event="GROUP_AT_MESSAGE_CREATE" panic="as asked""#,
            1,
        ),
        (
            r#"ERROR recovery: handler.timed_out event="AT_MESSAGE_CREATE" limit_ms=1000"#,
            1,
        ),
        (
            "WARN recovery: client.drain_cut_short in_hand=1 limit_ms=200",
            1,
        ),
        (
            r#"INFO recovery: health.changed state="healthy" reasons="""#,
            2,
        ),
        (
            r#"WARN recovery: health.changed state="degraded" reasons="connection 0 is being made again (the connection broke"#,
            1,
        ),
    ] {
        assert_eq!(told(line), times, "{line}\n{lines:#?}");
    }

    let counted = counted_and_described(&snapshotter);
    for (metric, value) in [
        ("recovery_gateway_connected{shard=0}", "0"),
        ("recovery_gateway_disconnects_total{cause=lost}", "1"),
        ("recovery_handler_failures_total{cause=panicked}", "1"),
        ("recovery_handler_failures_total{cause=timed_out}", "1"),
        // READY, RESUMED, five messages and the repeated one.
        ("recovery_gateway_events_total{shard=0}", "8"),
        ("recovery_events_handled_total{result=handled}", "4"),
        ("recovery_events_handled_total{result=panicked}", "1"),
        ("recovery_events_handled_total{result=timed_out}", "1"),
        ("recovery_events_handled_total{result=duplicate}", "1"),
        ("recovery_events_handled_total{result=cut_off}", "1"),
        ("recovery_events_in_hand{}", "0"),
        // No connection is wanted any more.
        ("recovery_health_state{}", "2"),
    ] {
        assert_eq!(
            counted.get(metric).map(String::as_str),
            Some(value),
            "{metric} {counted:#?}"
        );
    }

    assert_books(&handle, &health, &monitor);
}

/// What the program is told without a subscriber or a recorder.
fn assert_books(handle: &ClientHandle, health: &HealthChecker, monitor: &ErrorMonitor) {
    let stats = handle.stats();
    assert_eq!(
        (stats.events_received, stats.in_hand, stats.cut_off),
        (8, 0, 1)
    );
    assert_eq!(
        (stats.connections, stats.resumed, stats.disconnections),
        (2, 1, 1)
    );
    assert_eq!(health.health().state, HealthState::Starting);
    let mut failed = monitor.report().by_operation;
    failed.sort();
    let failed: Vec<(&str, u64)> = failed
        .iter()
        .map(|(name, count)| (name.as_str(), *count))
        .collect();
    assert_eq!(
        failed,
        [("client.start", 1), ("gateway", 1), ("handler", 2)]
    );
}

#[expect(clippy::ptr_arg, reason = "as a filter wants it")]
fn of_the_client(line: &String) -> bool {
    line.contains(" recovery: ")
}
