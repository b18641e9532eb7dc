//! Push-back and cancellation in the attribute, on tokio's paused clock.

mod support;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use recovery_core::{Pushback, RetryBudget, StopReason, retry};
use support::{Failure, NETWORK, Outcome, Service, asked};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn what_the_server_asks_of_one_call_its_siblings_wait_too() {
    #[derive(Clone)]
    struct Siblings(Arc<Pushback>);
    impl Siblings {
        #[retry(max = 2, pushback = self.0)]
        async fn call(&self, service: &mut Service) -> Result<u32, Failure> {
            service.call().await
        }
    }
    let siblings = Siblings(Arc::default());
    let first = siblings.clone();
    let start = Instant::now();
    let first = tokio::spawn(async move { first.call(&mut Service::failing(1, asked(8))).await });
    tokio::time::sleep(SECOND).await;

    let mut others = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let sibling = siblings.clone();
        others.spawn(async move {
            let result = sibling.call(&mut Service::failing(0, NETWORK)).await;
            (result, start.elapsed())
        });
    }
    let mut ends = Vec::new();
    while let Some(end) = others.join_next().await {
        let (result, end) = end.unwrap();
        assert_eq!(result, Ok(1));
        assert!(end >= 8 * SECOND, "not before: {end:?}");
        assert!(
            end <= 10 * SECOND + SECOND / 10,
            "a quarter at most: {end:?}"
        );
        ends.push(end);
    }
    ends.dedup();
    assert!(ends.len() > 10, "not all together: {ends:?}");
    assert_eq!(first.await.unwrap(), Ok(2));
    // Afterwards nothing waits.
    let start = Instant::now();
    let mut service = Service::failing(0, NETWORK);
    assert_eq!(siblings.call(&mut service).await, Ok(1));
    assert_eq!(start.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_pause_beyond_the_deadline_refuses_the_call() {
    #[retry(pushback = gate, deadline = 5s)]
    async fn call(gate: &Pushback, service: &mut Service) -> Result<u32, Outcome> {
        Ok(service.call().await?)
    }
    let gate = Pushback::new();
    let mut service = Service::failing(1, asked(60));
    assert_eq!(call(&gate, &mut service).await, Err(asked(60).into()));
    let Err(Outcome::Refused(refused)) = call(&gate, &mut service).await else {
        panic!("no attempt is made");
    };
    assert_eq!(refused.reason(), StopReason::WouldExceedDeadline);
    assert_eq!(service.calls, 1);
    tokio::time::advance(Duration::from_secs(61)).await;
    assert_eq!(call(&gate, &mut service).await, Ok(2));
}

#[tokio::test(start_paused = true)]
async fn a_known_pause_is_part_of_the_delay_that_is_decided_on() {
    #[retry(
        max = 2, initial = 1s, jitter = none,
        pushback = gate, budget = budget, deadline = limit,
        on_retry = |failed| delays.push(failed.delay),
    )]
    async fn call(
        gate: &Pushback,
        budget: &RetryBudget,
        limit: Duration,
        delays: &mut Vec<Duration>,
        service: &mut Service,
    ) -> Result<u32, Outcome> {
        let result = service.call().await;
        // A sibling is asked to wait meanwhile.
        if service.calls == 1 {
            let mut sibling = Service::failing(1, asked(60));
            let _ = sibling_of(gate, &mut sibling).await;
        }
        Ok(result?)
    }
    #[retry(max = 1, pushback = gate)]
    async fn sibling_of(gate: &Pushback, service: &mut Service) -> Result<u32, Failure> {
        service.call().await
    }
    let budget = RetryBudget::new(5).refill_every(Duration::MAX);
    let mut delays = Vec::new();

    // Past the deadline: no hook, no token, no wait.
    let (start, mut service) = (Instant::now(), Service::failing(9, NETWORK));
    let limit = Duration::from_secs(30);
    let result = call(&Pushback::new(), &budget, limit, &mut delays, &mut service).await;
    assert_eq!(result, Err(NETWORK.into()));
    assert_eq!((start.elapsed(), delays.len()), (Duration::ZERO, 0));
    assert_eq!(budget.available(), 5);

    // Within it: announced, and waited once.
    let (start, mut service) = (Instant::now(), Service::failing(1, NETWORK));
    let limit = Duration::from_secs(100);
    let result = call(&Pushback::new(), &budget, limit, &mut delays, &mut service).await;
    assert_eq!(result, Ok(2));
    assert!(
        delays[0] >= 60 * SECOND && delays[0] <= 75 * SECOND + SECOND,
        "{delays:?}"
    );
    assert!(start.elapsed() >= delays[0] && start.elapsed() < delays[0] + SECOND / 100);
    assert_eq!(budget.available(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_wait_without_an_attempt_costs_no_token() {
    #[retry(initial = 1s, budget = budget, cancel = token)]
    async fn call(budget: &RetryBudget, token: &CancellationToken) -> io::Result<()> {
        Err(io::ErrorKind::TimedOut.into())
    }
    let budget = RetryBudget::new(5).refill_every(Duration::MAX);
    let token = CancellationToken::new();
    token.cancel();
    call(&budget, &token).await.unwrap_err();
    assert_eq!(budget.available(), 5);
}

#[tokio::test(start_paused = true)]
async fn cancellation_ends_the_wait_with_the_last_error() {
    struct Client(CancellationToken);
    impl Client {
        #[retry(max = 5, initial = 10s, jitter = none, cancel = self.0)]
        async fn call(&self, service: &mut Service) -> Result<u32, Failure> {
            service.call().await
        }
    }
    let client = Client(CancellationToken::new());
    let canceller = client.0.clone();
    tokio::spawn(async move {
        tokio::time::sleep(12 * SECOND).await;
        canceller.cancel();
    });
    let start = Instant::now();
    let mut service = Service::failing(9, NETWORK);
    assert_eq!(client.call(&mut service).await, Err(NETWORK));
    assert_eq!((service.calls, start.elapsed()), (2, 12 * SECOND));

    // Cancelled before: the first attempt is made, and it is the last.
    let mut service = Service::failing(9, NETWORK);
    assert_eq!(client.call(&mut service).await, Err(NETWORK));
    assert_eq!(service.calls, 1);
    assert_eq!(client.call(&mut Service::failing(0, NETWORK)).await, Ok(1));
}

#[test]
fn cancellation_wakes_a_blocked_thread() {
    #[retry(max = 2, initial = 20s, jitter = none, cancel = token)]
    fn call(token: &CancellationToken, calls: &AtomicU32) -> io::Result<()> {
        calls.fetch_add(1, Ordering::Relaxed);
        token.cancel_after_the_first();
        Err(io::ErrorKind::TimedOut.into())
    }
    trait Later {
        fn cancel_after_the_first(&self);
    }
    impl Later for CancellationToken {
        fn cancel_after_the_first(&self) {
            let token = self.clone();
            std::thread::spawn(move || token.cancel());
        }
    }
    let calls = AtomicU32::new(0);
    // Twenty seconds would be a test that hangs.
    call(&CancellationToken::new(), &calls).unwrap_err();
    assert_eq!(calls.load(Ordering::Relaxed), 1);
}

#[tokio::test(start_paused = true)]
async fn whatever_has_a_cancelled_method_cancels() {
    struct Flag(AtomicBool);
    impl Flag {
        async fn cancelled(&self) {
            while !self.0.load(Ordering::Relaxed) {
                tokio::task::yield_now().await;
            }
        }
    }
    #[retry(cancel = flag)]
    async fn call(flag: &Flag, service: &mut Service) -> Result<u32, Failure> {
        service.call().await
    }
    let mut service = Service::failing(9, NETWORK);
    let _ = call(&Flag(AtomicBool::new(true)), &mut service).await;
    assert_eq!(service.calls, 1);
}
