//! What is told of replies, and of those that wait: by events, metrics and counts.

#[path = "botrs_sending/setup.rs"]
#[allow(dead_code, reason = "the tests of sending use more of it")]
mod setup;
mod support;

use loopback_platform::{Fault, Scene};
use metrics_util::debugging::DebuggingRecorder;
use recovery_core::botrs::{Delivery, Outbox};
use recovery_core::observe::{self, SiteReport};
use recovery_core::{BreakerState, CircuitBreaker, StopReason};
use setup::{event, messenger, platform};
use support::log::Lines;
use support::recorded::counted;

/// One test, since there is one recorder, and one list of sites, for the process.
#[tokio::test]
async fn what_becomes_of_a_reply_is_told_in_honest_words() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    recorder.install().expect("no other recorder");
    let (lines, _guard) = Lines::capture();
    let platform = platform().await;
    let outbox = Outbox::in_memory().with_capacity(1);
    let plain = messenger(&platform).with_outbox(outbox.clone());

    // The platform's failures open the breaker while the reply is being attempted.
    let breaker = std::sync::Arc::new(
        CircuitBreaker::builder()
            .window(10)
            .minimum_calls(3)
            .open_for(std::time::Duration::from_secs(3600))
            .build()
            .expect("a valid breaker"),
    );
    let braked = plain.clone().with_breaker(std::sync::Arc::clone(&breaker));
    for _ in 0..3 {
        platform.force(Fault::Unavailable);
    }
    let (_, group) = event(&platform, Scene::Group);
    let kept = braked.reply(&group, "pong").await;
    assert!(matches!(kept, Ok(Delivery::Kept)), "{kept:?}");
    assert_eq!(breaker.state(), BreakerState::Open);
    assert_eq!(stopped(), [(StopReason::BreakerOpen, 1)]);
    assert_eq!(plain.drain_outbox().await, 0);

    // What it refuses from then on is never begun, so that nothing is given up.
    let (_, channel) = event(&platform, Scene::Channel);
    let kept = braked.reply(&channel, "pong").await;
    assert!(matches!(kept, Ok(Delivery::Kept)), "{kept:?}");
    let (_, one_too_many) = event(&platform, Scene::C2c);
    braked.reply(&one_too_many, "pong").await.expect_err("full");
    assert_eq!(stopped(), [(StopReason::BreakerOpen, 1)]);

    platform.force(Fault::ReplyLost);
    assert_eq!(plain.drain_outbox().await, 0);
    let (_, direct) = event(&platform, Scene::Direct);
    plain.reply(&direct, "pong").await.expect("sent");
    let (_, direct) = event(&platform, Scene::Direct);
    plain.reply(&direct, " ").await.expect_err("it is empty");
    assert_eq!(
        stopped(),
        [(StopReason::NotRetryable, 1), (StopReason::BreakerOpen, 1)]
    );

    let (_, last) = event(&platform, Scene::Channel);
    braked.reply(&last, "pong").await.expect("kept");

    let lines = lines.take();
    for (line, times) in [
        (
            r#"INFO recovery: outbox.kept scene="group" cause="Server" left_ms=29"#,
            1,
        ),
        (
            r#"INFO recovery: outbox.kept scene="channel" cause="Server" left_ms="#,
            2,
        ),
        (
            r#"ERROR recovery: outbox.refused scene="c2c" reason=the outbox holds 1 replies, and may hold no more: raise `Outbox::with_capacity`"#,
            1,
        ),
        (
            r#"INFO recovery: outbox.delivered scene="group" kept_for_ms="#,
            1,
        ),
        (
            r#"WARN recovery: outbox.dropped scene="channel" reason="may_have_arrived" kept_for_ms="#,
            1,
        ),
        (r#"WARN recovery: retry.gave_up name="botrs.reply""#, 1),
        (r#"DEBUG recovery: retry.gave_up name="botrs.reply""#, 1),
        ("WARN recovery: breaker.opened", 1),
    ] {
        let told = lines.iter().filter(|told| told.starts_with(line)).count();
        assert_eq!(told, times, "{line}\n{lines:#?}");
    }
    let counted = counted(&snapshotter);
    for (metric, value) in [
        ("recovery_outbox_total{result=kept}", "3"),
        ("recovery_outbox_total{result=refused}", "1"),
        ("recovery_outbox_total{result=delivered}", "1"),
        ("recovery_outbox_total{result=dropped}", "1"),
        ("recovery_outbox_waiting{}", "1"),
        ("recovery_replies_total{scene=group,result=kept}", "1"),
        ("recovery_replies_total{scene=group,result=sent}", "1"),
        ("recovery_replies_total{scene=channel,result=kept}", "2"),
        ("recovery_replies_total{scene=channel,result=dropped}", "1"),
        ("recovery_replies_total{scene=c2c,result=failed}", "1"),
        ("recovery_replies_total{scene=direct,result=sent}", "1"),
        ("recovery_replies_total{scene=direct,result=failed}", "1"),
    ] {
        let counted = counted.get(metric).map(String::as_str);
        assert_eq!(counted, Some(value), "{metric}");
    }
    let stats = plain.stats();
    assert_eq!(
        (stats.kept, stats.sent, stats.failed, stats.dropped),
        (3, 2, 2, 1)
    );
}

/// Why replies were given up, as the status page has it.
fn stopped() -> Vec<(StopReason, u64)> {
    let sites = observe::sites();
    let of_outbox = sites.iter().find(|site| site.name == "botrs.outbox");
    assert!(
        of_outbox.is_none(),
        "the outbox gives up nothing that waits"
    );
    let replies = sites.iter().find(|site| site.name == "botrs.reply");
    let count = |replies: &SiteReport, reason| (reason, replies.stopped(reason));
    let all = StopReason::ALL.iter();
    all.filter_map(|reason| Some(count(replies?, *reason)))
        .filter(|(_, count)| *count > 0)
        .collect()
}
