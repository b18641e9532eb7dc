//! What a call tells its budget.

use std::io;
use std::time::{Duration, Instant};

use super::{RetryBudget, tokens};
use crate::{Keyed, retry, retryable_on};

fn left(budget: &RetryBudget) -> u64 {
    tokens(budget, Instant::now()) / 1000
}

fn fail_before(attempt: u32, success: u32, kind: io::ErrorKind) -> io::Result<()> {
    if attempt < success {
        return Err(kind.into());
    }
    Ok(())
}

#[retry(max = 3, backoff = none, budget = budget, attempt = attempt)]
#[retryable_on(Network, Timeout)]
fn call(budget: &RetryBudget, success: u32, kind: io::ErrorKind) -> io::Result<()> {
    fail_before(attempt, success, kind)
}

#[test]
fn a_success_returns_what_its_last_retry_took() {
    let budget = RetryBudget::aws_standard();
    call(&budget, 3, io::ErrorKind::ConnectionReset).unwrap();
    assert_eq!(left(&budget), 495);
    call(&budget, 1, io::ErrorKind::ConnectionReset).unwrap();
    assert_eq!(left(&budget), 496);
    call(&budget, 2, io::ErrorKind::TimedOut).unwrap();
    assert_eq!(left(&budget), 496);
    call(&budget, 3, io::ErrorKind::TimedOut).unwrap();
    assert_eq!(left(&budget), 486);
}

#[test]
fn every_failure_that_is_one_to_retry_is_counted_the_last_too() {
    let budget = RetryBudget::grpc_throttling(100.0, 0.001);
    call(&budget, 9, io::ErrorKind::ConnectionReset).unwrap_err();
    assert_eq!(left(&budget), 97);
    call(&budget, 9, io::ErrorKind::InvalidInput).unwrap_err();
    assert_eq!(left(&budget), 97, "not one to retry");
}

#[test]
fn a_failure_that_may_have_taken_effect_is_counted_and_not_retried() {
    #[retry(max = 3, backoff = none, budget = budget, at_most_once)]
    fn call_once(budget: &RetryBudget) -> io::Result<()> {
        Err(io::ErrorKind::ConnectionReset.into())
    }
    let budget = RetryBudget::grpc_throttling(100.0, 0.001);
    call_once(&budget).unwrap_err();
    assert_eq!(left(&budget), 99);
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_is_cancelled_returns_what_the_retry_took() {
    #[retry(initial = 10s, backoff = constant, jitter = none, budget = budget, cancel = cancel)]
    async fn call(
        budget: &RetryBudget,
        cancel: &tokio_util::sync::CancellationToken,
    ) -> io::Result<()> {
        Err(io::ErrorKind::TimedOut.into())
    }
    let budget = RetryBudget::aws_standard();
    let cancel = tokio_util::sync::CancellationToken::new();
    let (result, ()) = tokio::join!(call(&budget, &cancel), async {
        tokio::time::sleep(Duration::from_secs(15)).await;
        assert_eq!(left(&budget), 480);
        cancel.cancel();
    });
    result.unwrap_err();
    assert_eq!(left(&budget), 490, "the second wait's retry was not made");
}

#[tokio::test(start_paused = true)]
async fn a_key_has_a_budget_of_its_own_and_the_future_may_change_threads() {
    struct Client(Keyed<String, RetryBudget>);
    impl Client {
        #[retry(max = 9, budget = self.0.get(host))]
        async fn fetch(&self, host: &str) -> io::Result<()> {
            Err(io::ErrorKind::ConnectionReset.into())
        }
    }
    fn is_send<T: Send>(future: T) -> T {
        future
    }
    let client = Client(Keyed::new(|_: &String| {
        RetryBudget::new(2).refill_every(Duration::MAX)
    }));
    is_send(client.fetch("a.example")).await.unwrap_err();
    assert_eq!(client.0.get("a.example").available(), 0);
    assert_eq!(client.0.get("b.example").available(), 2);
}
