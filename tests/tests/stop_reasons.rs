//! Each reason for which a call ends is told to its fallback, to the log, and to its counts.

mod support;

use std::time::Duration;

use recovery_core::{
    CircuitBreaker, Classify, NotAttempted, RetryBudget, StopReason, observe, retry,
};
use support::log::Lines;
use tokio_util::sync::CancellationToken;

#[derive(Clone, Debug, Classify)]
enum Failure {
    #[classify(Network, effect = none)]
    Lost,
    #[classify(Network)]
    Unanswered,
    #[classify(NotFound)]
    Unknown,
    #[classify(Server, forbids_retry)]
    Final,
    #[classify(RateLimited, retry_after = 0, effect = none)]
    Limited(Duration),
    #[classify(transparent)]
    Refused(NotAttempted),
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self:?}")
    }
}

impl From<NotAttempted> for Failure {
    fn from(refused: NotAttempted) -> Self {
        Self::Refused(refused)
    }
}

struct Client {
    budget: RetryBudget,
    breaker: CircuitBreaker,
    shutdown: CancellationToken,
}

impl Client {
    fn new() -> Self {
        let breaker = CircuitBreaker::builder().window(9).minimum_calls(9);
        Self {
            budget: RetryBudget::new(9),
            breaker: breaker.build().unwrap(),
            shutdown: CancellationToken::new(),
        }
    }

    /// Fails always; the fallback is told why it ended.
    #[retry(
        max = 3,
        at_most_once,
        deadline = 60s,
        budget = self.budget,
        breaker = self.breaker,
        cancel = self.shutdown,
        name = "reasoned",
        fallback = |_, reason| Ok(reason),
    )]
    async fn call(&self, failure: Failure) -> Result<StopReason, Failure> {
        Err(failure.clone())
    }
}

#[tokio::test(start_paused = true)]
async fn every_reason_is_told_everywhere() {
    let (lines, _guard) = Lines::capture();
    let client = Client::new();
    let mut told = vec![
        client.call(Failure::Lost).await,
        client.call(Failure::Unknown).await,
        client.call(Failure::Final).await,
        client.call(Failure::Unanswered).await,
        client.call(Failure::Limited(Duration::from_secs(61))).await,
    ];
    let poor = Client {
        budget: RetryBudget::new(0),
        ..Client::new()
    };
    told.push(poor.call(Failure::Lost).await);
    let broken = Client {
        breaker: CircuitBreaker::builder().window(1).build().unwrap(),
        ..Client::new()
    };
    told.push(broken.call(Failure::Lost).await);
    let stopping = Client::new();
    stopping.shutdown.cancel();
    told.push(stopping.call(Failure::Lost).await);

    let told: Vec<StopReason> = told.into_iter().map(Result::unwrap).collect();
    assert_eq!(told, StopReason::ALL);

    // Once each, in the log and in the counts.
    let log = lines.take().join("\n");
    let sites = observe::sites();
    let site = sites.iter().find(|site| site.name == "reasoned").unwrap();
    for reason in StopReason::ALL {
        let said = format!("reason=\"{reason}\"");
        assert_eq!(log.matches(&said).count(), 1, "{reason}: {log}");
        assert_eq!(site.stopped(*reason), 1, "{reason}");
    }
    assert_eq!(site.gave_up(), 8);
    assert_eq!(site.recovered, 0);
}
