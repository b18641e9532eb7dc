//! In an `#[async_trait]` impl the options may name `self`, by whatever reference.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use recovery_core::{RetryConfig, retry, retryable_on};

use crate::{assert_send, lost};

#[async_trait]
trait Call {
    async fn by_field(&mut self, calls: &mut u32) -> io::Result<()>;
    async fn by_shared_field(&self, calls: &mut u32) -> io::Result<()>;
    async fn by_arc(self: Arc<Self>, calls: &mut u32) -> io::Result<()>;
    async fn by_borrowed_arc(self: &Arc<Self>, calls: &mut u32) -> io::Result<()>;
    async fn by_box(self: Box<Self>, calls: &mut u32) -> io::Result<()>;
    async fn by_pin(self: Pin<&mut Self>, calls: &mut u32) -> io::Result<()>;
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
    Err(lost())
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

    #[retry(policy = self.policy)]
    async fn by_borrowed_arc(self: &Arc<Self>, calls: &mut u32) -> io::Result<()> {
        down(calls)
    }

    #[retry(max = self.limit, on_retry = |_| self.report())]
    async fn by_box(self: Box<Self>, calls: &mut u32) -> io::Result<()> {
        down(calls)
    }

    #[retry(policy = self.policy)]
    async fn by_pin(mut self: Pin<&mut Self>, calls: &mut u32) -> io::Result<()> {
        self.as_mut().limit += 1;
        down(calls)
    }

    #[retry(policy = self.policy, on_retry = |failed| assert!(failed.number < self.limit))]
    async fn by_value(self, calls: &mut u32) -> io::Result<()> {
        down(calls)
    }

    #[retry(max = 9, when = |error| { self.report(); error.kind() == io::ErrorKind::ConnectionReset && self.limit > 0 })]
    async fn by_predicate(&mut self, calls: &mut u32) -> io::Result<()> {
        self.limit -= 1;
        down(calls)
    }

    #[retry(max = 9)]
    #[retryable_on(error if error.kind() == io::ErrorKind::ConnectionReset && self.limit > 0)]
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

#[tokio::test(start_paused = true)]
async fn options_name_self_behind_a_reference() {
    let mut calls = 0;
    let mut by_field = client();
    assert_send(by_field.by_field(&mut calls))
        .await
        .unwrap_err();
    assert_eq!((calls, by_field.limit), (5, 10));
    assert_eq!(by_field.reported.load(Ordering::Relaxed), 4);
    let mut calls = 0;
    assert_send(client().by_shared_field(&mut calls))
        .await
        .unwrap_err();
    assert_eq!(calls, 5);
}

#[tokio::test(start_paused = true)]
async fn options_name_self_behind_a_pointer() {
    let mut calls = 0;
    let client = Arc::new(client());
    assert_send(client.by_borrowed_arc(&mut calls))
        .await
        .unwrap_err();
    assert_eq!(calls, 5);
    assert_send(client.by_arc(&mut calls)).await.unwrap_err();
    assert_eq!(calls, 10);
    assert_send(Box::new(self::client()).by_box(&mut calls))
        .await
        .unwrap_err();
    assert_eq!(calls, 15);
    let mut client = self::client();
    assert_send(Pin::new(&mut client).by_pin(&mut calls))
        .await
        .unwrap_err();
    assert_eq!((calls, client.limit), (20, 10));
}

#[tokio::test(start_paused = true)]
async fn options_name_self_by_value() {
    let mut calls = 0;
    assert_send(client().by_value(&mut calls))
        .await
        .unwrap_err();
    assert_eq!(calls, 5);
}

#[tokio::test(start_paused = true)]
async fn conditions_name_a_self_that_the_body_changes() {
    let mut calls = 0;
    let mut by_predicate = client();
    assert_send(by_predicate.by_predicate(&mut calls))
        .await
        .unwrap_err();
    assert_eq!((calls, by_predicate.limit), (5, 0));
    assert_eq!(by_predicate.reported.load(Ordering::Relaxed), 5);
    let mut calls = 0;
    let mut by_guard = client();
    assert_send(by_guard.by_guard(&mut calls))
        .await
        .unwrap_err();
    assert_eq!((calls, by_guard.limit), (5, 0));
}

#[tokio::test(start_paused = true)]
async fn a_function_without_self_is_retried() {
    let mut calls = 0;
    assert_send(Client::without_self(&mut calls))
        .await
        .unwrap_err();
    assert_eq!(calls, 3);
}
