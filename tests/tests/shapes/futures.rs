//! Functions that are not `async` but return a future whose tail is an async block.
#![allow(
    clippy::manual_async_fn,
    reason = "that they are not `async` is the shape under test"
)]

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use recovery_core::{retry, retryable_on};

use super::{assert_send, lost};

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

fn third_time_lucky(calls: &AtomicU32) -> io::Result<u32> {
    match calls.fetch_add(1, Ordering::Relaxed) + 1 {
        1 | 2 => Err(lost()),
        calls => Ok(calls),
    }
}

#[retry]
fn bare(calls: &AtomicU32) -> impl Future<Output = io::Result<u32>> + Send + '_ {
    async move {
        tokio::task::yield_now().await;
        third_time_lucky(calls)
    }
}

#[retry]
#[retryable_on(Network)]
fn boxed<'a>(calls: &'a AtomicU32) -> Pin<Box<dyn Future<Output = io::Result<u32>> + Send + 'a>> {
    Box::pin(async move {
        let calls = third_time_lucky(calls)?;
        Ok(calls)
    })
}

#[retry]
fn aliased(calls: Arc<AtomicU32>) -> BoxFuture<'static, io::Result<u32>> {
    Box::pin(async move {
        if calls.load(Ordering::Relaxed) == 9 {
            return Ok(9);
        }
        third_time_lucky(&calls)
    })
}

trait BoxedExt: Future + Send + Sized {
    fn boxed<'a>(self) -> BoxFuture<'a, Self::Output>
    where
        Self: 'a,
    {
        Box::pin(self)
    }
}
impl<F: Future + Send> BoxedExt for F {}

#[retry]
fn by_method(calls: &AtomicU32) -> BoxFuture<'_, io::Result<u32>> {
    async move { third_time_lucky(calls) }.boxed()
}

struct Client {
    calls: AtomicU32,
    made: AtomicU32,
}

impl Client {
    const fn new() -> Self {
        Self {
            calls: AtomicU32::new(0),
            made: AtomicU32::new(0),
        }
    }

    // What stands before the async block is done once.
    #[retry(attempt = n)]
    fn method(&self, word: &str) -> impl Future<Output = io::Result<String>> + Send + '_ {
        self.made.fetch_add(1, Ordering::Relaxed);
        let word = word.to_uppercase();
        async move {
            let calls = third_time_lucky(&self.calls)?;
            Ok(format!("{word}{calls}{n}"))
        }
    }

    #[retry(clone(word))]
    fn consuming(&self, word: &str) -> impl Future<Output = io::Result<String>> + '_ {
        let word = word.to_owned();
        async move {
            let word: String = word;
            third_time_lucky(&self.calls).map(|calls| word + &calls.to_string())
        }
    }

    #[retry]
    fn shared(self: Arc<Self>) -> impl Future<Output = io::Result<u32>> {
        async move { third_time_lucky(&self.calls) }
    }
}

trait Service {
    fn call(&self) -> impl Future<Output = io::Result<u32>> + Send;
    fn by_default(&self) -> impl Future<Output = io::Result<u32>> + Send;
}

impl Service for AtomicU32 {
    #[retry]
    fn call(&self) -> impl Future<Output = io::Result<u32>> + Send {
        async move { third_time_lucky(self) }
    }

    #[retry]
    async fn by_default(&self) -> io::Result<u32> {
        third_time_lucky(self)
    }
}

#[retry]
fn mut_argument(mut n: u32, calls: &AtomicU32) -> impl Future<Output = io::Result<u32>> + '_ {
    async move {
        n += 1;
        third_time_lucky(calls)?;
        Ok(n)
    }
}

#[retry]
fn mut_argument_before(
    mut n: u32,
    calls: &AtomicU32,
) -> impl Future<Output = io::Result<u32>> + '_ {
    n *= 10;
    async move {
        n += 1;
        third_time_lucky(calls)?;
        Ok(n)
    }
}

#[retry(fallback = |error| async move { Err(error) }, timeout = 1s)]
fn opaque(calls: &AtomicU32) -> impl Future<Output = Result<impl Sized, io::Error>> + '_ {
    async move {
        third_time_lucky(calls)?;
        io::Result::Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn the_async_block_is_what_is_retried() {
    let calls = || AtomicU32::new(0);
    assert_eq!(assert_send(bare(&calls())).await.unwrap(), 3);
    assert_eq!(assert_send(boxed(&calls())).await.unwrap(), 3);
    assert_eq!(assert_send(aliased(Arc::new(calls()))).await.unwrap(), 3);
    assert_eq!(assert_send(by_method(&calls())).await.unwrap(), 3);
    assert_eq!(assert_send(calls().call()).await.unwrap(), 3);
    assert_eq!(assert_send(calls().by_default()).await.unwrap(), 3);
    let client = Client::new();
    assert_eq!(assert_send(client.method("w")).await.unwrap(), "W33");
    assert_eq!(client.made.load(Ordering::Relaxed), 1);
    assert_eq!(Client::new().consuming("w").await.unwrap(), "w3");
    assert_eq!(Arc::new(Client::new()).shared().await.unwrap(), 3);
}

#[tokio::test(start_paused = true)]
async fn mut_arguments_start_each_attempt_anew() {
    let calls = AtomicU32::new(0);
    assert_eq!(mut_argument(1, &calls).await.unwrap(), 2);
    let calls = AtomicU32::new(0);
    assert_eq!(mut_argument_before(1, &calls).await.unwrap(), 11);
}

#[tokio::test(start_paused = true)]
async fn options_work_as_in_an_async_function() {
    let calls = AtomicU32::new(0);
    assert!(opaque(&calls).await.is_ok());
    assert_eq!(calls.load(Ordering::Relaxed), 3);
}
