//! Success at the first try costs no allocation, no timer, no random number and no event.

use std::future::Future;
use std::io;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use recovery_core::{RetryConfig, retry, retryable_on};

struct Client {
    retry_config: RetryConfig,
}

impl Client {
    #[retry(policy = self.retry_config, max = 7, jitter, on_retry = |failed| assert!(failed.number > 0))]
    #[retryable_on(Network, Timeout)]
    async fn call(&self, n: u32) -> io::Result<u32> {
        std::future::ready(()).await;
        Ok(n)
    }
}

/// Polls once, outside of any runtime: a timer would have none to register with, and panic.
fn poll_once<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("success at the first try does not wait"),
    }
}

#[test]
fn success_allocates_nothing_and_draws_nothing() {
    let client = Client {
        retry_config: RetryConfig::default(),
    };
    assert_eq!(poll_once(client.call(1)).unwrap(), 1);

    fastrand::seed(3);
    let first = fastrand::u64(..);

    fastrand::seed(3);
    let allocations = allocation_counter::measure(|| {
        for n in 0..1_000 {
            assert_eq!(poll_once(client.call(n)).unwrap(), n);
        }
    });
    assert_eq!(allocations.count_total, 0);
    assert_eq!(fastrand::u64(..), first, "no random number was drawn");
}

#[tokio::test(start_paused = true)]
async fn failures_allocate_nothing_either() {
    #[retry(max = 50, initial = 1ms, max_delay = 2ms)]
    async fn call(failures: &mut u32) -> io::Result<()> {
        if *failures == 0 {
            return Ok(());
        }
        *failures -= 1;
        Err(io::ErrorKind::TimedOut.into())
    }
    call(&mut 1).await.unwrap(); // the timer's own first steps
    let before = allocation_counter::measure(|| {});
    assert_eq!(before.count_total, 0);

    let mut failures = 40;
    let mut future = pin!(call(&mut failures));
    let mut allocated = 0;
    std::future::poll_fn(|context| {
        let mut polled = Poll::Pending;
        let measured = allocation_counter::measure(|| polled = future.as_mut().poll(context));
        allocated += measured.count_total;
        polled
    })
    .await
    .unwrap();
    assert_eq!(allocated, 0);
}
