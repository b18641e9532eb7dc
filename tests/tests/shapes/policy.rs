//! `policy` takes a field, a reference, a call or an `Arc`; written options override its values.

use std::io;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use recovery_core::{Attempt, Jitter, RetryConfig, retry};

use crate::{assert_send, lost};

static SHARED: LazyLock<RetryConfig> = LazyLock::new(|| attempts(5));

fn attempts(max: u32) -> RetryConfig {
    let delay = Duration::from_secs(7);
    RetryConfig::builder()
        .max_attempts(max)
        .initial_delay(delay)
        .jitter(Jitter::None)
        .build()
        .unwrap()
}

fn down(calls: &mut u32) -> io::Result<()> {
    *calls += 1;
    Err(lost())
}

struct Client {
    policy: RetryConfig,
    shared: Arc<RetryConfig>,
}

impl Client {
    #[retry(policy = self.policy)]
    async fn field(&self, calls: &mut u32) -> io::Result<()> {
        down(calls)
    }

    #[retry(policy = self.shared)]
    async fn shared_field(&mut self, calls: &mut u32) -> io::Result<()> {
        down(calls)
    }

    #[retry(policy = &self.policy)]
    async fn reference(&self, calls: &mut u32) -> io::Result<()> {
        down(calls)
    }

    #[retry(policy = self.policy, max = 2, on_retry = is_seven_seconds)]
    async fn overridden(&self, calls: &mut u32) -> io::Result<()> {
        down(calls)
    }

    #[retry(initial = 1ns, max_delay = 1ns, policy = self.policy)]
    fn blocking(&self, calls: &mut u32) -> io::Result<()> {
        down(calls)
    }
}

fn is_seven_seconds<E>(failed: &Attempt<'_, E>) {
    assert_eq!(failed.delay, Duration::from_secs(7));
}

#[retry(policy = attempts(5))]
async fn call(calls: &mut u32) -> io::Result<()> {
    down(calls)
}

#[retry(policy = policy)]
async fn argument(policy: &RetryConfig, calls: &mut u32) -> io::Result<()> {
    down(calls)
}

#[retry(policy = &*SHARED)]
async fn lazy(calls: &mut u32) -> io::Result<()> {
    down(calls)
}

// What the delays are is known only at run time, so that no pair of them is refused.
#[retry(policy = policy, max_delay = 1ms)]
async fn shorter(policy: RetryConfig, calls: &mut u32) -> io::Result<()> {
    down(calls)
}

fn client() -> Client {
    Client {
        policy: attempts(5),
        shared: Arc::new(attempts(5)),
    }
}

#[tokio::test(start_paused = true)]
async fn a_policy_of_self_rules() {
    let mut client = client();
    let mut calls = 0;
    assert_send(client.field(&mut calls)).await.unwrap_err();
    assert_eq!(calls, 5);
    assert_send(client.shared_field(&mut calls))
        .await
        .unwrap_err();
    assert_eq!(calls, 10);
    assert_send(client.reference(&mut calls)).await.unwrap_err();
    assert_eq!(calls, 15);
    client.blocking(&mut calls).unwrap_err();
    assert_eq!(calls, 20);
}

#[tokio::test(start_paused = true)]
async fn a_policy_of_any_expression_rules() {
    let mut calls = 0;
    assert_send(call(&mut calls)).await.unwrap_err();
    assert_eq!(calls, 5);
    let policy = attempts(5);
    assert_send(argument(&policy, &mut calls))
        .await
        .unwrap_err();
    assert_eq!(calls, 10);
    assert_send(lazy(&mut calls)).await.unwrap_err();
    assert_eq!(calls, 15);
}

#[tokio::test(start_paused = true)]
async fn written_options_override_the_policy() {
    let mut calls = 0;
    assert_send(client().overridden(&mut calls))
        .await
        .unwrap_err();
    assert_eq!(calls, 2);
    assert_send(shorter(attempts(5), &mut calls))
        .await
        .unwrap_err();
    assert_eq!(calls, 7);
}
