//! `#[instrument]` below `#[retry]` spans all attempts; above it, each attempt has its own span.
#![deny(warnings)]

use std::io;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use async_trait::async_trait;
use recovery_core::{retry, retryable_on};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber, instrument};

#[retry]
#[instrument(skip(calls))]
async fn below(mut word: &str, calls: &mut u32) -> io::Result<usize> {
    *calls += 1;
    word = &word[1..];
    if *calls < 3 {
        return Err(io::ErrorKind::TimedOut.into());
    }
    Ok(word.len())
}

#[instrument(err)]
#[retry]
#[retryable_on(Timeout)]
async fn above(calls: &AtomicU32) -> io::Result<u32> {
    let calls = calls.fetch_add(1, Ordering::Relaxed) + 1;
    if calls < 3 {
        Err(io::ErrorKind::TimedOut)?;
    }
    Ok(calls)
}

#[retry(initial = 1ns, clone(body))]
#[instrument(level = "debug", ret, fields(length = body.len()))]
fn blocking(body: String, calls: &mut u32) -> io::Result<Vec<u8>> {
    *calls += 1;
    let bytes = body.into_bytes();
    if *calls < 3 {
        return Err(io::ErrorKind::TimedOut.into());
    }
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
        *calls += 1;
        count += 1;
        if *calls < 3 {
            return Err(io::ErrorKind::TimedOut.into());
        }
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

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() {
    tracing::subscriber::set_global_default(&SPANS).unwrap();
    let mut calls = 0;
    assert_eq!(below("abc", &mut calls).await.unwrap(), 2);
    assert_eq!((calls, new_spans()), (3, 1));
    assert_eq!(above(&AtomicU32::new(0)).await.unwrap(), 3);
    assert_eq!(new_spans(), 3);
    assert_eq!(blocking("a".to_owned(), &mut 0).unwrap(), b"a");
    assert_eq!(new_spans(), 1);
    assert_eq!(Client.load(1, &mut 0).await.unwrap(), 2);
    assert_eq!(new_spans(), 1);
}
