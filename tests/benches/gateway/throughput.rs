//! Events a second, from the gateway's socket to the handler's end.

use std::time::{Duration, Instant};

use loopback_platform::Scene;

use crate::support::{Bot, quick, start};

const EVENTS: u32 = 50_000;
const ROUNDS: usize = 5;

pub(crate) async fn run() -> bool {
    let folder = tempfile::tempdir().expect("a folder");
    let state = folder.path().to_str().expect("a plain path");
    let kinds: [(&str, &[&str]); 3] = [
        ("botrs alone", &["--quiet", "--plain"]),
        ("ours", &["--quiet"]),
        ("ours, remembering", &["--quiet", "--state", state]),
    ];
    let mut times = [const { Vec::new() }; 3];
    for _ in 0..ROUNDS {
        for (times, (_, arguments)) in times.iter_mut().zip(kinds) {
            times.push(handle_all(arguments).await);
        }
    }
    println!("{EVENTS} events that a handler does nothing with, median of {ROUNDS}");
    for (times, (name, _)) in times.iter_mut().zip(kinds) {
        times.sort_unstable();
        let median = times[ROUNDS / 2];
        let each = median.as_secs_f64() * 1e6 / f64::from(EVENTS);
        println!(
            "{name:<20} {:>8.0} events/s {each:>8.1} us each",
            1e6 / each
        );
    }
    true
}

/// The time from the first event to the reply to the last.
async fn handle_all(arguments: &[&str]) -> Duration {
    let mut options = quick();
    options.heartbeat_interval = Duration::from_secs(41);
    let platform = start(options).await;
    // They wait for the bot, so that its reading is measured and not their making.
    for number in 0..EVENTS {
        platform.deliver_to(Scene::C2c, &format!("user {}", number % 100), "!silent");
    }
    let last = platform.deliver_to(Scene::C2c, "user 0", "!ping");
    let mut bot = Bot::start(&platform, arguments);
    bot.tells("ready", 1).await;
    let begun = Instant::now();
    let answered = |ledger: &loopback_platform::Ledger| {
        ledger
            .event(&last)
            .is_some_and(|event| !event.delivered.is_empty())
    };
    let waited = platform
        .ledger()
        .wait_until(Duration::from_secs(120), answered)
        .await;
    assert!(waited, "the last event was answered");
    begun.elapsed()
}
