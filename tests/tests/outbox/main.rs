//! Replies that cannot be delivered now: kept, sent later, and none of them twice.

#[cfg(unix)]
mod again;
mod files;
mod limits;
mod outages;
#[cfg(unix)]
mod phases;
mod restarts;
#[cfg(unix)]
mod stopping;

#[path = "../botrs_sending/setup.rs"]
#[allow(dead_code, reason = "the tests of sending use more of it")]
mod setup;
#[path = "../gateway/support.rs"]
#[allow(dead_code, reason = "the tests of the gateway use more of it")]
mod support;

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use loopback_platform::Platform;
use recovery_core::botrs::{Messenger, Outbox};
use recovery_core::{BreakerState, CircuitBreaker, Retry, RetryConfig};

const SECOND: Duration = Duration::from_secs(1);

/// A breaker that opens after a few failures, for so long.
fn breaker(open_for: Duration) -> CircuitBreaker {
    let breaker = CircuitBreaker::builder()
        .window(10)
        .minimum_calls(3)
        .open_for(open_for);
    breaker.build().expect("a valid breaker")
}

/// A messenger whose breaker is open: whatever can be kept it keeps.
async fn keeper(platform: &Platform, outbox: &Outbox) -> Messenger {
    let breaker = Arc::new(breaker(3600 * SECOND));
    let failing = Retry::new(RetryConfig::default()).breaker(&breaker);
    let failed = failing.run(async |_| Err::<(), _>(io::Error::from(io::ErrorKind::TimedOut)));
    failed.await.expect_err("it always fails");
    assert_eq!(breaker.state(), BreakerState::Open);
    setup::messenger(platform)
        .with_outbox(outbox.clone())
        .with_breaker(breaker)
}

/// Sends what waits, as often as it takes.
async fn drained(messenger: &Messenger) {
    let drain = async {
        while messenger.drain_outbox().await > 0 {
            tokio::time::sleep(SECOND / 20).await;
        }
    };
    let in_time = tokio::time::timeout(support::PATIENCE, drain).await;
    assert!(in_time.is_ok(), "{:?}", messenger.outbox());
}

async fn open(folder: &Path) -> Outbox {
    let outbox = Outbox::open(folder.join("outbox.json")).await;
    outbox.expect("the outbox can be opened")
}
