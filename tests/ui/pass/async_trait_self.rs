//! In an `#[async_trait]` impl the options may name `self`, by whatever reference.
#![deny(warnings)]

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use recovery_core::{RetryConfig, retry, retryable_on};

#[async_trait]
trait Call {
    async fn by_field(&mut self, calls: &mut u32) -> io::Result<()>;
    async fn by_shared_field(&self, calls: &mut u32) -> io::Result<()>;
    async fn by_arc(self: Arc<Self>, calls: &mut u32) -> io::Result<()>;
    async fn by_value(self, calls: &mut u32) -> io::Result<()>
    where
        Self: Sized;
    async fn by_predicate(&mut self, calls: &mut u32) -> io::Result<()>;
    async fn by_guard(&mut self, calls: &mut u32) -> io::Result<()>;
    async fn without_self(calls: &mut u32) -> io::Result<()>
    where
        Self: Sized;
}

struct Client {
    policy: RetryConfig,
    limit: u32,
    reported: AtomicU32,
}

impl Client {
    fn report(&self) {
        self.reported.fetch_add(1, Ordering::Relaxed);
    }
}

fn down(calls: &mut u32) -> io::Result<()> {
    *calls += 1;
    Err(io::ErrorKind::TimedOut.into())
}

#[async_trait]
impl Call for Client {
    #[retry(policy = self.policy, on_retry = |_| self.report())]
    async fn by_field(&mut self, calls: &mut u32) -> io::Result<()> {
        self.limit += 1;
        down(calls)
    }

    #[retry(policy = &self.policy, max = self.limit)]
    async fn by_shared_field(&self, calls: &mut u32) -> io::Result<()> {
        down(calls)
    }

    #[retry(policy = self.policy)]
    async fn by_arc(self: Arc<Self>, calls: &mut u32) -> io::Result<()> {
        down(calls)
    }

    #[retry(policy = self.policy, on_retry = |failed| assert!(failed.number < self.limit))]
    async fn by_value(self, calls: &mut u32) -> io::Result<()> {
        down(calls)
    }

    #[retry(max = 9, when = |error| { self.report(); error.kind() == io::ErrorKind::TimedOut && self.limit > 0 })]
    async fn by_predicate(&mut self, calls: &mut u32) -> io::Result<()> {
        self.limit -= 1;
        down(calls)
    }

    #[retry(max = 9)]
    #[retryable_on(error if error.kind() == io::ErrorKind::TimedOut && self.limit > 0)]
    async fn by_guard(&mut self, calls: &mut u32) -> io::Result<()> {
        self.limit -= 1;
        down(calls)
    }

    #[retry]
    async fn without_self(calls: &mut u32) -> io::Result<()> {
        down(calls)
    }
}

fn client() -> Client {
    Client {
        policy: RetryConfig::builder().max_attempts(5).build().unwrap(),
        limit: 5,
        reported: AtomicU32::new(0),
    }
}

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() {
    let mut calls = 0;
    let mut by_field = client();
    by_field.by_field(&mut calls).await.unwrap_err();
    assert_eq!((calls, by_field.limit), (5, 10));
    assert_eq!(by_field.reported.load(Ordering::Relaxed), 4);
    by_field.by_shared_field(&mut calls).await.unwrap_err();
    assert_eq!(calls, 15);
    Arc::new(client()).by_arc(&mut calls).await.unwrap_err();
    assert_eq!(calls, 20);
    client().by_value(&mut calls).await.unwrap_err();
    assert_eq!(calls, 25);
    let mut by_predicate = client();
    by_predicate.by_predicate(&mut calls).await.unwrap_err();
    assert_eq!((calls, by_predicate.limit), (30, 0));
    assert_eq!(by_predicate.reported.load(Ordering::Relaxed), 5);
    let mut by_guard = client();
    by_guard.by_guard(&mut calls).await.unwrap_err();
    assert_eq!((calls, by_guard.limit), (35, 0));
    Client::without_self(&mut calls).await.unwrap_err();
    assert_eq!(calls, 38);
}
