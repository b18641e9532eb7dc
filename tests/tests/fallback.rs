//! What a call falls back to when no attempt is to follow.

mod support;

use std::io;

use recovery_core::{Classify, ErrorKind, StopReason, retry, retryable_on};
use support::{Failure, NETWORK, Service};

const MISSING: Failure = Failure::of(ErrorKind::NotFound);

#[tokio::test(start_paused = true)]
async fn it_is_called_once_with_the_last_error_after_the_last_attempt() {
    #[retry(max = 3, fallback = |error: Failure| { *asked += 1; if error == NETWORK { Ok(0) } else { Err(error) } })]
    async fn call(service: &mut Service, asked: &mut u32) -> Result<u32, Failure> {
        service.call().await
    }
    for (failures, failure, result, calls, times) in [
        (0, NETWORK, Ok(1), 1, 0),
        (2, NETWORK, Ok(3), 3, 0),
        (3, NETWORK, Ok(0), 3, 1),
        (9, MISSING, Err(MISSING), 1, 1),
    ] {
        let (mut service, mut asked) = (Service::failing(failures, failure), 0);
        assert_eq!(call(&mut service, &mut asked).await, result);
        assert_eq!((service.calls, asked), (calls, times));
    }
}

#[tokio::test(start_paused = true)]
async fn it_may_be_async_and_use_the_arguments() {
    struct Client {
        cached: u32,
    }
    impl Client {
        async fn cached(&self, _: Failure) -> Result<u32, Failure> {
            tokio::task::yield_now().await;
            Ok(self.cached)
        }

        #[retry(fallback = |error| self.cached(error))]
        async fn by_method(&self, service: &mut Service) -> Result<u32, Failure> {
            service.call().await
        }

        #[retry(fallback = async |error| self.cached(error).await)]
        async fn by_async_closure(&self, service: &mut Service) -> Result<u32, Failure> {
            service.call().await
        }

        #[retry(fallback = |error: Failure, reason| async move {
            assert_eq!((error, reason), (NETWORK, StopReason::Exhausted));
            Ok(2)
        })]
        async fn by_async_block(&self, service: &mut Service) -> Result<u32, Failure> {
            service.call().await
        }
    }
    fn assert_send<T: Send>(value: T) -> T {
        value
    }
    let client = Client { cached: 7 };
    let service = || Service::failing(9, NETWORK);
    assert_eq!(assert_send(client.by_method(&mut service())).await, Ok(7));
    assert_eq!(client.by_async_closure(&mut service()).await, Ok(7));
    assert_eq!(
        assert_send(client.by_async_block(&mut service())).await,
        Ok(2)
    );
}

#[tokio::test(start_paused = true)]
async fn a_path_takes_the_error_or_the_error_and_the_reason() {
    fn by_error(mut error: Failure) -> Result<u32, Failure> {
        error.kind = ErrorKind::Cancelled;
        Err(error)
    }
    #[expect(clippy::unnecessary_wraps, reason = "the shape of a fallback")]
    fn by_reason(_: Failure, reason: StopReason) -> Result<u32, Failure> {
        Ok(u32::from(reason == StopReason::NotRetryable))
    }
    async fn later(_: Failure) -> Result<u32, Failure> {
        Ok(9)
    }
    #[retry(fallback = by_error)]
    async fn error(service: &mut Service) -> Result<u32, Failure> {
        service.call().await
    }
    #[retry(fallback = by_reason)]
    async fn reason(service: &mut Service) -> Result<u32, Failure> {
        service.call().await
    }
    #[retry(fallback = later)]
    async fn future(service: &mut Service) -> Result<u32, Failure> {
        service.call().await
    }
    let service = || Service::failing(9, NETWORK);
    let cancelled = Failure::of(ErrorKind::Cancelled);
    assert_eq!(error(&mut service()).await, Err(cancelled));
    assert_eq!(reason(&mut service()).await, Ok(0));
    assert_eq!(reason(&mut Service::failing(9, MISSING)).await, Ok(1));
    assert_eq!(future(&mut service()).await, Ok(9));
}

#[test]
fn a_blocking_call_falls_back_too() {
    #[retry(backoff = none, fallback = |_| Ok("stale"))]
    #[retryable_on(Timeout)]
    fn read(calls: &mut u32) -> io::Result<&'static str> {
        *calls += 1;
        Err(io::ErrorKind::TimedOut.into())
    }
    let mut calls = 0;
    assert_eq!(read(&mut calls).unwrap(), "stale");
    assert_eq!(calls, 3);
}

#[tokio::test(start_paused = true)]
async fn it_is_told_why_no_attempt_follows() {
    use recovery_core::{CircuitBreaker, NotAttempted, RetryBudget};

    #[derive(Debug)]
    struct Lost;
    impl Classify for Lost {
        fn kind(&self) -> ErrorKind {
            ErrorKind::Network
        }
    }
    impl From<NotAttempted> for Lost {
        fn from(_: NotAttempted) -> Self {
            Self
        }
    }
    #[expect(clippy::unnecessary_wraps, reason = "the shape of a fallback")]
    fn told(_: Lost, reason: StopReason) -> Result<StopReason, Lost> {
        Ok(reason)
    }

    #[retry(max = 2, backoff = none, fallback = told)]
    async fn exhausted() -> Result<StopReason, Lost> {
        Err(Lost)
    }
    #[retry(at_most_once, fallback = told)]
    async fn effective() -> Result<StopReason, Lost> {
        Err(Lost)
    }
    #[retry(initial = 1s, deadline = 1s, jitter = none, fallback = told)]
    async fn late(took: std::time::Duration) -> Result<StopReason, Lost> {
        tokio::time::sleep(took).await;
        Err(Lost)
    }
    #[retry(budget = budget, fallback = told)]
    async fn costly(budget: &RetryBudget) -> Result<StopReason, Lost> {
        Err(Lost)
    }
    #[retry(breaker = breaker, fallback = told)]
    async fn broken(breaker: &CircuitBreaker, calls: &mut u32) -> Result<StopReason, Lost> {
        *calls += 1;
        Err(Lost)
    }

    assert_eq!(exhausted().await.unwrap(), StopReason::Exhausted);
    assert_eq!(effective().await.unwrap(), StopReason::MayHaveTakenEffect);
    let took = std::time::Duration::from_nanos(1);
    assert_eq!(late(took).await.unwrap(), StopReason::WouldExceedDeadline);
    let empty = RetryBudget::new(0);
    assert_eq!(costly(&empty).await.unwrap(), StopReason::BudgetEmpty);
    let breaker = CircuitBreaker::builder()
        .window(1)
        .minimum_calls(1)
        .build()
        .unwrap();
    for calls in [1, 1] {
        let mut made = calls - 1;
        let told = broken(&breaker, &mut made).await.unwrap();
        assert_eq!(told, StopReason::BreakerOpen);
    }
}
