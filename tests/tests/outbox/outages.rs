//! The platform goes away, and comes back.

use std::sync::Arc;

use futures_util::future::join_all;
use loopback_platform::{Fault, Scene};
use recovery_core::BreakerState;
use recovery_core::botrs::{Delivery, Outbox};

use crate::setup::{delivered, event, messenger, platform, sends, target};
use crate::{SECOND, breaker, drained, keeper};

#[tokio::test]
async fn an_outage_costs_no_reply() {
    let platform = platform().await;
    let breaker = Arc::new(breaker(SECOND / 2));
    let outbox = Outbox::in_memory().with_patience(SECOND);
    let messenger = messenger(&platform)
        .with_outbox(outbox.clone())
        .with_breaker(Arc::clone(&breaker));
    messenger.tokens().get().await.expect("a token");
    let events: Vec<_> = (0..100)
        .map(|number| event(&platform, Scene::ALL[number % 4]))
        .collect();
    let darkness = platform.go_dark(3 * SECOND);
    let replies = events.iter().map(|(_, to)| messenger.reply(to, "pong"));
    for reply in join_all(replies).await {
        assert!(matches!(reply, Ok(Delivery::Kept)), "{reply:?}");
    }
    assert_eq!((outbox.len(), *outbox.watch().borrow()), (100, 100));
    assert_eq!(breaker.state(), BreakerState::Open);
    let attempts = messenger.stats().attempts;
    for _ in 0..10 {
        messenger.drain_outbox().await;
    }
    let probes = messenger.stats().attempts - attempts;
    assert!(probes <= 2, "{probes} calls while the breaker was open");

    darkness.await;
    drained(&messenger).await;
    assert_eq!(breaker.state(), BreakerState::Closed);
    for (id, _) in &events {
        assert_eq!(delivered(&platform, id), 1);
    }
    let stats = messenger.stats();
    assert_eq!((stats.kept, stats.sent), (100, 100));
    assert_eq!((stats.failed, stats.dropped), (0, 0));
    assert!(platform.ledger().score().is_clean());
}

#[tokio::test]
async fn what_waits_goes_out_oldest_first_within_a_place() {
    let platform = platform().await;
    let outbox = Outbox::in_memory();
    let keeper = keeper(&platform, &outbox).await;
    let ids: Vec<_> = (0..20)
        .map(|number| platform.deliver_to(Scene::ALL[number % 4], "T", "hi"))
        .collect();
    for id in &ids {
        for text in ["one", "two"] {
            let kept = keeper.reply(target(&platform, id), text).await;
            assert!(matches!(kept, Ok(Delivery::Kept)), "{kept:?}");
        }
    }
    assert!(sends(&platform).is_empty());
    let messenger = messenger(&platform).with_outbox(outbox);
    assert_eq!(messenger.drain_outbox().await, 0);
    for scene in 0..4 {
        let calls: Vec<_> = ids.iter().skip(scene).step_by(4).collect();
        let expected: Vec<_> = calls
            .iter()
            .flat_map(|id| [(id.to_string(), "one"), (id.to_string(), "two")])
            .collect();
        let sends = sends(&platform);
        let made: Vec<_> = sends
            .iter()
            .filter_map(|call| Some((call.msg_id.clone()?, call.content.as_deref()?)))
            .filter(|(id, _)| calls.iter().any(|call| call.as_str() == id))
            .collect();
        assert_eq!(made, expected);
    }
}

#[tokio::test]
async fn a_probe_that_succeeds_closes_the_breaker_and_a_refusal_says_nothing() {
    let platform = platform().await;
    let breaker = Arc::new(breaker(SECOND / 10));
    let messenger = messenger(&platform).with_breaker(Arc::clone(&breaker));
    // A 4xx is no failure of the platform's.
    for _ in 0..10 {
        let (_, to) = event(&platform, Scene::Channel);
        messenger.reply(&to, " ").await.expect_err("it is empty");
    }
    assert_eq!(breaker.state(), BreakerState::Closed);
    for _ in 0..3 {
        platform.force(Fault::Unavailable);
        let (_, to) = event(&platform, Scene::Channel);
        messenger.reply(&to, "pong").await.expect_err("unavailable");
    }
    assert_eq!(breaker.state(), BreakerState::Open);
    let calls = sends(&platform).len();
    let (_, to) = event(&platform, Scene::Group);
    let refused = messenger.reply(&to, "pong").await.expect_err("it is open");
    assert!(refused.to_string().contains("breaker is open"), "{refused}");
    assert_eq!(sends(&platform).len(), calls);
    tokio::time::sleep(SECOND / 5).await;
    messenger.reply(&to, "pong").await.expect("a probe");
    assert_eq!(breaker.state(), BreakerState::Closed);
}
