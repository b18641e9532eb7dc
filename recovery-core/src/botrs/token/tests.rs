use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use tokio::task::yield_now;
use tokio::time::{advance, sleep};

use super::*;
use crate::classify::Classify;

const SECOND: Duration = Duration::from_secs(1);
const LIFETIME: Duration = Duration::from_secs(7200);

/// A token endpoint that takes 100 ms, and answers the nth request by `answer(n)`.
fn office(
    answer: impl Fn(u32) -> Answer + Send + Sync + 'static,
) -> (AccessTokens, Arc<AtomicU32>) {
    let asked = Arc::new(AtomicU32::new(0));
    let (counter, answer) = (Arc::clone(&asked), Arc::new(answer));
    let tokens = AccessTokens::asking(move || {
        let number = counter.fetch_add(1, Relaxed) + 1;
        let answer = Arc::clone(&answer);
        Box::pin(async move {
            sleep(SECOND / 10).await;
            answer(number)
        })
    });
    (tokens, asked)
}

fn minting() -> (AccessTokens, Arc<AtomicU32>) {
    office(|number| Ok((format!("T{number}"), LIFETIME)))
}

fn failing() -> (AccessTokens, Arc<AtomicU32>) {
    office(|_| Err(TokenError::Server { status: 502 }))
}

async fn all(tokens: &AccessTokens, count: usize) -> Vec<Result<AccessToken, TokenError>> {
    let asking: Vec<_> = (0..count)
        .map(|_| {
            let tokens = tokens.clone();
            tokio::spawn(async move { tokens.get().await })
        })
        .collect();
    let mut answers = Vec::new();
    for asking in asking {
        answers.push(asking.await.unwrap());
    }
    answers
}

#[tokio::test(start_paused = true)]
async fn many_who_ask_at_once_make_one_request() {
    let (tokens, asked) = minting();
    for answer in all(&tokens, 100).await {
        assert_eq!(answer.unwrap().expose(), "T1");
    }
    assert_eq!(asked.load(Relaxed), 1);
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_shared_and_the_next_request_waits_a_second() {
    let (tokens, asked) = failing();
    for answer in all(&tokens, 100).await {
        assert!(answer.unwrap_err().is_transient());
    }
    assert_eq!(asked.load(Relaxed), 1);
    let before = Instant::now();
    tokens.get().await.unwrap_err();
    assert_eq!(asked.load(Relaxed), 2);
    assert!(before.elapsed() >= SECOND);
}

#[tokio::test(start_paused = true)]
async fn is_renewed_within_the_last_minute_while_the_old_one_serves() {
    let (tokens, asked) = minting();
    tokens.get().await.unwrap();
    let begun = Instant::now() - SECOND / 10;
    sleep_until(begun + LIFETIME - 51 * SECOND).await;
    assert_eq!(tokens.get().await.unwrap().expose(), "T1");
    assert_eq!(asked.load(Relaxed), 1);
    sleep_until(begun + LIFETIME - 45 * SECOND).await;
    let before = Instant::now();
    assert_eq!(tokens.get().await.unwrap().expose(), "T1");
    assert_eq!(
        before.elapsed(),
        Duration::ZERO,
        "nobody waits for a renewal"
    );
    sleep(SECOND).await;
    assert_eq!(tokens.get().await.unwrap().expose(), "T2");
    assert_eq!(asked.load(Relaxed), 2);
}

#[tokio::test(start_paused = true)]
async fn a_renewal_that_fails_harms_nobody_before_the_end() {
    let (tokens, asked) = office(|number| match number {
        1 => Ok(("T1".to_owned(), LIFETIME)),
        _ => Err(TokenError::Unreadable),
    });
    tokens.get().await.unwrap();
    let end = Instant::now() - SECOND / 10 + LIFETIME;
    sleep_until(end - 10 * SECOND).await;
    while Instant::now() < end {
        assert_eq!(tokens.get().await.unwrap().expose(), "T1");
        sleep(SECOND / 100).await;
    }
    let requests = asked.load(Relaxed);
    assert!((8..=12).contains(&requests), "one a second: {requests}");
    tokens.get().await.unwrap_err();
}

#[tokio::test(start_paused = true)]
async fn short_lives_are_renewed_halfway() {
    let (tokens, asked) = office(|number| Ok((format!("T{number}"), 20 * SECOND)));
    tokens.get().await.unwrap();
    sleep(9 * SECOND).await;
    tokens.get().await.unwrap();
    assert_eq!(asked.load(Relaxed), 1);
    sleep(2 * SECOND).await;
    tokens.get().await.unwrap();
    yield_now().await;
    assert_eq!(asked.load(Relaxed), 2);
}

#[test]
fn every_margin_lies_within_the_platforms_last_minute() {
    for lifetime in 0..=7200 {
        let lifetime = Duration::from_secs(lifetime);
        let margin = margin(lifetime);
        assert!(
            margin <= MARGIN && margin <= lifetime,
            "{lifetime:?}: {margin:?}"
        );
        assert!(margin >= (lifetime / 2).min(MARGIN.saturating_sub(MARGIN_JITTER)));
    }
}

#[tokio::test(start_paused = true)]
async fn only_the_current_token_can_be_invalidated() {
    let (tokens, asked) = minting();
    let first = tokens.get().await.unwrap();
    tokens.invalidate(&first);
    tokens.invalidate(&first);
    let second = tokens.get().await.unwrap();
    assert_eq!(second.expose(), "T2");
    tokens.invalidate(&first);
    assert_eq!(tokens.get().await.unwrap().expose(), "T2");
    assert_eq!(asked.load(Relaxed), 2);
}

#[tokio::test(start_paused = true)]
async fn a_token_that_comes_back_is_not_asked_for_more_than_once_a_second() {
    let (tokens, asked) = office(|_| Ok(("T".to_owned(), LIFETIME)));
    let begun = Instant::now();
    while begun.elapsed() < 10 * SECOND {
        let access = tokens.get().await.unwrap();
        tokens.invalidate(&access);
    }
    let requests = asked.load(Relaxed);
    assert!((8..=12).contains(&requests), "{requests}");
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_leaves_takes_nothing_from_the_others() {
    let (tokens, asked) = minting();
    let first = tokio::spawn({
        let tokens = tokens.clone();
        async move { tokens.get().await }
    });
    yield_now().await;
    let second = tokio::spawn({
        let tokens = tokens.clone();
        async move { tokens.get().await }
    });
    advance(SECOND / 20).await;
    first.abort();
    assert_eq!(second.await.unwrap().unwrap().expose(), "T1");
    assert_eq!(asked.load(Relaxed), 1);
}

#[tokio::test(start_paused = true)]
async fn no_request_outlives_the_last_clone() {
    /// Tells that the request was dropped.
    struct Alive(Arc<()>);
    let alive = Arc::new(());
    let watched = Arc::clone(&alive);
    let tokens = AccessTokens::asking(move || {
        let alive = Alive(Arc::clone(&watched));
        Box::pin(async move {
            let alive = alive;
            sleep(1000 * SECOND).await;
            drop(alive.0);
            Err(TokenError::Unreadable)
        })
    });
    let clone = tokens.clone();
    tokio::time::timeout(SECOND, tokens.get())
        .await
        .unwrap_err();
    drop(tokens);
    yield_now().await;
    assert_eq!(Arc::strong_count(&alive), 3, "the clone's request goes on");
    drop(clone);
    yield_now().await;
    assert_eq!(Arc::strong_count(&alive), 1);
}

#[test]
fn a_request_that_died_with_its_runtime_is_made_anew() {
    let runtime = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap()
    };
    let (tokens, asked) = minting();
    runtime().block_on(async {
        tokio::time::timeout(SECOND / 20, tokens.get())
            .await
            .unwrap_err();
    });
    let token = runtime().block_on(tokens.get()).unwrap();
    assert_eq!(token.expose(), "T2");
    assert_eq!(asked.load(Relaxed), 2);
}

#[test]
fn shows_no_token() {
    let token = AccessToken("hush".into());
    assert!(!format!("{token:?}").contains("hush"));
    let tokens = AccessTokens::new(&Token::new("app", "hush"), Hosts::production()).unwrap();
    assert!(!format!("{tokens:?}").contains("hush"));
}
