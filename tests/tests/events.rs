//! What a retried call says through `tracing`.

mod support;

use std::io;
use std::time::Duration;

use recovery_core::{CircuitBreaker, retry, retryable_on};
use support::log::Lines;
use tokio_util::sync::CancellationToken;

#[retry(max = 3, initial = 100ms, jitter = none)]
#[retryable_on(Network)]
async fn call(errors: &mut Vec<io::ErrorKind>) -> io::Result<()> {
    errors.pop().map_or(Ok(()), |kind| Err(kind.into()))
}

#[tokio::test(start_paused = true)]
async fn success_at_once_says_nothing() {
    let (lines, _guard) = Lines::capture();
    call(&mut vec![]).await.unwrap();
    assert!(lines.take().is_empty());
}

#[tokio::test(start_paused = true)]
async fn each_wait_and_the_recovery_are_told_once() {
    let (lines, _guard) = Lines::capture();
    call(&mut vec![io::ErrorKind::BrokenPipe; 2]).await.unwrap();
    assert_eq!(
        lines.take(),
        [
            r#"WARN recovery: retry.scheduled name="events::call" attempt=1 max=3 delay_ms=100 waited_ms=0 kind="Network" error=broken pipe"#,
            r#"WARN recovery: retry.scheduled name="events::call" attempt=2 max=3 delay_ms=200 waited_ms=100 kind="Network" error=broken pipe"#,
            r#"INFO recovery: retry.recovered name="events::call" attempt=3 waited_ms=300"#,
        ]
    );
}

#[retry(at_most_once, name = "once")]
async fn once() -> io::Result<()> {
    Err(io::ErrorKind::BrokenPipe.into())
}

#[tokio::test(start_paused = true)]
async fn the_end_is_told_with_its_reason() {
    let (lines, _guard) = Lines::capture();
    call(&mut vec![io::ErrorKind::BrokenPipe; 3])
        .await
        .unwrap_err();
    let last = lines.take().pop().unwrap();
    assert_eq!(
        last,
        r#"WARN recovery: retry.gave_up name="events::call" attempt=3 max=3 waited_ms=300 kind="Network" reason="exhausted" error=broken pipe"#
    );

    call(&mut vec![io::ErrorKind::NotFound]).await.unwrap_err();
    assert_eq!(
        lines.take(),
        [
            r#"DEBUG recovery: retry.gave_up name="events::call" attempt=1 max=3 waited_ms=0 kind="NotFound" reason="not_retryable" error=entity not found"#
        ]
    );
    once().await.unwrap_err();
    let last = lines.take().pop().unwrap();
    assert!(last.contains(r#"name="once""#) && last.contains(r#"reason="may_have_taken_effect""#));
}

#[tokio::test(start_paused = true)]
async fn an_error_that_cannot_be_shown_is_left_out() {
    #[derive(Debug)]
    struct Silent;

    #[retry(max = 2, jitter = none, when = |_| true)]
    async fn silent() -> Result<(), Silent> {
        Err(Silent)
    }
    let (lines, _guard) = Lines::capture();
    silent().await.unwrap_err();
    let lines = lines.take();
    assert_eq!(lines.len(), 2);
    assert!(
        lines.iter().all(|line| !line.contains("error=")),
        "{lines:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_refused_call_is_told_without_an_attempt() {
    #[retry(breaker = breaker, max = unlimited, backoff = none, name = "refused")]
    async fn refused(breaker: &CircuitBreaker) -> io::Result<()> {
        Err(io::ErrorKind::BrokenPipe.into())
    }
    let breaker = CircuitBreaker::builder().name("broken").window(2);
    let breaker = breaker.minimum_calls(2).build().unwrap();
    let (lines, _guard) = Lines::capture();
    refused(&breaker).await.unwrap_err();
    assert_eq!(
        lines.take(),
        [
            r#"WARN recovery: retry.scheduled name="refused" attempt=1 delay_ms=0 waited_ms=0 kind="Network" error=broken pipe"#,
            r#"WARN recovery: breaker.opened name="broken" failures=2 slow=0 calls=2"#,
            r#"WARN recovery: retry.gave_up name="refused" attempt=2 waited_ms=0 kind="Network" reason="breaker_open" error=broken pipe"#,
        ]
    );
    refused(&breaker).await.unwrap_err();
    assert_eq!(
        lines.take(),
        [
            r#"WARN recovery: retry.gave_up name="refused" attempt=0 waited_ms=0 kind="Server" reason="breaker_open" error=the call was not made: its circuit breaker is open"#
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_wait_is_told_once_more() {
    #[retry(cancel = token, initial = 1s, backoff = constant, jitter = none, name = "cancelled")]
    async fn cancelled(token: &CancellationToken) -> io::Result<()> {
        Err(io::ErrorKind::BrokenPipe.into())
    }
    let (lines, _guard) = Lines::capture();
    let token = CancellationToken::new();
    let canceller = token.clone();
    let cancel = async move {
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        canceller.cancel();
    };
    let (result, ()) = tokio::join!(cancelled(&token), cancel);
    result.unwrap_err();
    assert_eq!(
        lines.take(),
        [
            r#"WARN recovery: retry.scheduled name="cancelled" attempt=1 max=3 delay_ms=1000 waited_ms=0 kind="Network" error=broken pipe"#,
            r#"WARN recovery: retry.scheduled name="cancelled" attempt=2 max=3 delay_ms=1000 waited_ms=1000 kind="Network" error=broken pipe"#,
            r#"WARN recovery: retry.gave_up name="cancelled" attempt=2 max=3 waited_ms=1000 kind="Network" reason="cancelled" error=broken pipe"#,
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_breaker_tells_of_each_change_once() {
    #[retry(breaker = breaker, max = 2, backoff = none)]
    async fn call(breaker: &CircuitBreaker, works: bool) -> io::Result<()> {
        if works {
            Ok(())
        } else {
            Err(io::ErrorKind::BrokenPipe.into())
        }
    }
    let builder = CircuitBreaker::builder().window(2).minimum_calls(2);
    let breaker = builder.open_for(Duration::from_secs(30)).build().unwrap();
    let (lines, _guard) = Lines::capture();
    call(&breaker, false).await.unwrap_err();
    tokio::time::advance(Duration::from_secs(30)).await;
    call(&breaker, true).await.unwrap();
    call(&breaker, true).await.unwrap();
    let lines = lines.take().into_iter();
    let of_breaker: Vec<String> = lines.filter(|line| line.contains("breaker.")).collect();
    assert_eq!(
        of_breaker,
        [
            "WARN recovery: breaker.opened failures=2 slow=0 calls=2",
            "INFO recovery: breaker.half_open",
            "INFO recovery: breaker.closed",
        ]
    );
}
