//! What an unmodified botrs 0.13.0 does in trouble, and that ours does not.
//!
//! The numbers are those of the table in `recovery-core/docs/gateway.md`. Each test shows the
//! hazard on botrs first: were it cured there one day, the test would say so.

mod connection;
mod handlers;
mod sending;

use std::time::Duration;

use loopback_platform::{ConnectionRecord, Ledger, Platform, PlatformOptions};

use crate::support::{Bot, PATIENCE, start};

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
