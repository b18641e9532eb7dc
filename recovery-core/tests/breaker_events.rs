//! What a subscriber hears of a breaker's changes.
//!
//! A process of its own: while there is one subscriber, tracing asks whichever thread first comes by
//! an event whether it is wanted, and tests that listen to nothing would answer for these.
#![cfg(all(feature = "tokio", feature = "tracing"))]

use std::fmt::{Debug, Write};
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use recovery_core::{BreakerState, CircuitBreaker, CircuitBreakerBuilder, Retry, RetryConfig};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// The breakers' events only.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<String>>>);

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, " {field}={value:?}").unwrap();
    }
}

impl Subscriber for Lines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "recovery"
    }
    fn event(&self, event: &Event<'_>) {
        let mut line = Line(event.metadata().level().to_string());
        event.record(&mut line);
        if line.0.contains("message=breaker.") {
            self.0.lock().unwrap().push(line.0);
        }
    }
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

async fn call(breaker: &CircuitBreaker, outcome: char) {
    let config = RetryConfig::builder().max_attempts(1).build().unwrap();
    let result = Retry::new(config)
        .breaker(breaker)
        .run(async |_| match outcome {
            '+' => Ok(()),
            _ => Err(io::Error::from(io::ErrorKind::TimedOut)),
        })
        .await;
    assert_eq!(result.is_ok(), outcome == '+');
}

/// Opens, tries in vain, tries again, closes; and what is heard of it.
async fn live_through_all(builder: CircuitBreakerBuilder) -> Vec<String> {
    let lines = Lines::default();
    let _guard = tracing::subscriber::set_default(lines.clone());
    let breaker = builder.window(4).minimum_calls(2).probes(2);
    let breaker = breaker.build().unwrap();
    for outcomes in ["+-", "-", "+++"] {
        for outcome in outcomes.chars() {
            call(&breaker, outcome).await;
        }
        tokio::time::advance(Duration::from_secs(30)).await;
    }
    assert_eq!(breaker.state(), BreakerState::Closed);
    lines.0.lock().unwrap().clone()
}

#[tokio::test(start_paused = true)]
async fn each_change_is_one_event() {
    assert_eq!(
        live_through_all(CircuitBreaker::builder().name("search")).await,
        [
            r#"WARN message=breaker.opened name="search" failures=1 slow=0 calls=2"#,
            r#"INFO message=breaker.half_open name="search""#,
            r#"WARN message=breaker.opened name="search" failures=1 slow=0 calls=1"#,
            r#"INFO message=breaker.half_open name="search""#,
            r#"INFO message=breaker.closed name="search""#,
        ]
    );
    let unnamed = live_through_all(CircuitBreaker::builder()).await;
    assert_eq!(unnamed.len(), 5);
    assert_eq!(unnamed[4], "INFO message=breaker.closed");
}
