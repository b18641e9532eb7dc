//! `#[instrument]` below `#[retry]` spans all attempts; above it, each attempt has its own span.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use recovery_core::{retry, retryable_on};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber, instrument};

use crate::{Flaky, assert_send, third_time_lucky};

#[retry]
#[instrument(skip(calls))]
async fn below(mut word: &str, calls: &mut u32) -> io::Result<usize> {
    word = &word[1..];
    third_time_lucky(calls)?;
    Ok(word.len())
}

#[instrument(err)]
#[retry]
#[retryable_on(Network)]
async fn above(flaky: &Flaky) -> io::Result<u32> {
    flaky.call()
}

#[instrument]
#[retry(initial = 1ns)]
fn blocking_above(flaky: &Flaky) -> io::Result<u32> {
    flaky.call()
}

#[retry(initial = 1ns, clone(body))]
#[instrument(level = "debug", ret, fields(length = body.len()))]
fn blocking(body: String, calls: &mut u32) -> io::Result<Vec<u8>> {
    let bytes = body.into_bytes();
    third_time_lucky(calls)?;
    Ok(bytes)
}

#[async_trait]
trait Load {
    async fn load(&self, count: u32, calls: &mut u32) -> io::Result<u32>;
}

struct Client;

#[async_trait]
impl Load for Client {
    #[retry]
    #[instrument(skip_all)]
    async fn load(&self, mut count: u32, calls: &mut u32) -> io::Result<u32> {
        count += 1;
        third_time_lucky(calls)?;
        Ok(count)
    }
}

/// Counts the spans that are opened.
struct Spans(AtomicU64);

impl Subscriber for &'static Spans {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_span()
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(self.0.fetch_add(1, Ordering::Relaxed) + 1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, _: &Event<'_>) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

static SPANS: Spans = Spans(AtomicU64::new(0));

fn new_spans() -> u64 {
    SPANS.0.swap(0, Ordering::Relaxed)
}

#[tokio::test(start_paused = true)]
async fn a_span_below_is_of_all_attempts_and_one_above_of_each() {
    let _spans = tracing::subscriber::set_default(&SPANS);
    let mut calls = 0;
    let len = assert_send(below("abc", &mut calls)).await.unwrap();
    assert_eq!((len, calls, new_spans()), (2, 3, 1));
    assert_eq!(assert_send(above(&Flaky::new())).await.unwrap(), 3);
    assert_eq!(new_spans(), 3);
    let mut calls = 0;
    let bytes = blocking("a".to_owned(), &mut calls).unwrap();
    assert_eq!((bytes, calls, new_spans()), (b"a".to_vec(), 3, 1));
    assert_eq!(blocking_above(&Flaky::new()).unwrap(), 3);
    assert_eq!(new_spans(), 3);
    let mut calls = 0;
    let count = assert_send(Client.load(1, &mut calls)).await.unwrap();
    assert_eq!((count, calls, new_spans()), (2, 3, 1));
}
