//! Two hundred bots on a platform that goes away and comes back.

use std::collections::BTreeMap;
use std::time::Duration;

use loopback_platform::{Credentials, Platform, PlatformOptions};

use crate::support::{Bot, start};

const BOTS: u64 = 200;

/// The most connections that began within 100 ms after the platform was back.
async fn peak(arguments: &[&str]) -> (usize, Platform) {
    let others: Vec<Credentials> = (1..BOTS).map(|_| Credentials::random()).collect();
    let platform = start(PlatformOptions {
        other_bots: others.clone(),
        heartbeat_interval: Duration::from_secs(5),
        ..PlatformOptions::default()
    })
    .await;
    let also: Vec<String> = others
        .iter()
        .map(|other| format!("--also={}:{}", other.app_id(), other.secret()))
        .collect();
    let arguments: Vec<&str> = also
        .iter()
        .map(String::as_str)
        .chain(arguments.iter().copied())
        .collect();
    let _bots = Bot::start(&platform, &arguments);
    let ledger = platform.ledger();
    let all = |ledger: &loopback_platform::Ledger| ledger.identifies() == BOTS;
    assert!(
        ledger.wait_until(Duration::from_secs(60), all).await,
        "{}",
        ledger.identifies()
    );

    let before = ledger.connections().len();
    platform.go_dark(Duration::from_millis(900)).await;
    let back = |ledger: &loopback_platform::Ledger| ledger.resumes() == BOTS;
    assert!(
        ledger.wait_until(Duration::from_secs(60), back).await,
        "{}",
        ledger.resumes()
    );
    let mut buckets: BTreeMap<u128, usize> = BTreeMap::new();
    for connection in &ledger.connections()[before..] {
        *buckets
            .entry(connection.opened_at.as_millis() / 100)
            .or_default() += 1;
    }
    let peak = buckets.values().copied().max().unwrap_or_default();
    (peak, platform)
}

#[tokio::test]
async fn two_hundred_clients_do_not_come_back_all_at_once() {
    let (plain, _platform) = peak(&["--plain"]).await;
    let (ours, platform) = peak(&["--initial", "1000", "--max-delay", "60000"]).await;
    println!("the most arrivals within 100 ms: botrs {plain}, ours {ours}, of {BOTS}");
    assert!(ours * 3 < plain, "{ours} of ours, {plain} of botrs's");
    let ledger = platform.ledger();
    assert_eq!(
        (ledger.identifies(), ledger.concurrency_violations()),
        (BOTS, 0)
    );
}
