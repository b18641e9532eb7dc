//! `policy` takes a field, a reference, a call or an `Arc`; written options override its values.
#![deny(warnings)]

use std::io;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use recovery_core::{Attempt, Jitter, RetryConfig, retry};

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
    Err(io::ErrorKind::TimedOut.into())
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

    #[retry(policy = self.policy, max = 2, on_retry = |failed| is_seven_seconds(failed))]
    async fn overridden(&self, calls: &mut u32) -> io::Result<()> {
        down(calls)
    }

    #[retry(initial = 1ns, policy = self.policy)]
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

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() {
    let mut client = Client {
        policy: attempts(5),
        shared: Arc::new(attempts(5)),
    };
    let mut calls = 0;
    client.field(&mut calls).await.unwrap_err();
    client.shared_field(&mut calls).await.unwrap_err();
    client.reference(&mut calls).await.unwrap_err();
    client.blocking(&mut calls).unwrap_err();
    call(&mut calls).await.unwrap_err();
    argument(&client.policy, &mut calls).await.unwrap_err();
    lazy(&mut calls).await.unwrap_err();
    shorter(attempts(5), &mut calls).await.unwrap_err();
    assert_eq!(calls, 8 * 5);
    client.overridden(&mut calls).await.unwrap_err();
    assert_eq!(calls, 42);
}
