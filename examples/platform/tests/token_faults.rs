//! Faults of the token endpoint.

mod common;

use std::time::{Duration, Instant};

use common::{Bot, MOMENT, PATIENCE, call, http, platform, token_request};
use loopback_platform::TokenFault;

#[tokio::test]
async fn business_errors_come_with_the_status_of_a_success() {
    let platform = platform().await;
    let http = http(&platform, PATIENCE);
    for (fault, status, code) in [
        (TokenFault::RateLimited, 200, 100_001),
        (TokenFault::WrongSecret, 200, 100_016),
        (TokenFault::Banned, 200, 100_007),
        (TokenFault::ServerError, 500, 100_000),
        (TokenFault::IpNotAllowed, 401, 11_298),
    ] {
        platform.force_token(fault, 1);
        let (found, body) = call(token_request(&http, platform.credentials())).await;
        assert_eq!((found, &body["code"]), (status, &code.into()), "{fault:?}");
        assert!(body.get("access_token").is_none());
    }
    let ledger = platform.ledger();
    assert_eq!((ledger.token_requests(), ledger.tokens_issued()), (5, 0));
    Bot::new(&platform).await;
    let app_id = platform.credentials().app_id();
    for call in ledger.calls() {
        assert_eq!(call.app_id.as_deref(), Some(app_id), "it said who it is");
    }
}

#[tokio::test]
async fn an_address_that_is_not_allowed_is_named_so() {
    let platform = platform().await;
    platform.force_token(TokenFault::IpNotAllowed, 1);
    let request = token_request(&http(&platform, PATIENCE), platform.credentials());
    let (_, body) = call(request).await;
    assert_eq!(body["message"], "接口访问源IP不在白名单");
    assert_eq!(body["err_code"], 40_023_002);
}

#[tokio::test]
async fn a_page_may_stand_where_the_token_should() {
    let platform = platform().await;
    platform.force_token(TokenFault::Html, 1);
    let request = token_request(&http(&platform, PATIENCE), platform.credentials());
    let response = request.send().await.expect("answered");
    assert_eq!(response.status(), 200);
    assert!(response.text().await.expect("text").starts_with("<html>"));
}

#[tokio::test]
async fn an_answer_may_never_come_or_come_late() {
    let platform = platform().await;
    platform.force_token(TokenFault::Hang, 1);
    let request = token_request(&http(&platform, MOMENT), platform.credentials());
    assert!(request.send().await.expect_err("no answer").is_timeout());
    let over = |ledger: &loopback_platform::Ledger| ledger.tally().under_way == 0;
    assert!(platform.ledger().wait_until(PATIENCE, over).await);

    let late_by = Duration::from_millis(200);
    platform.force_token(TokenFault::Slow(late_by), 1);
    let asked = Instant::now();
    Bot::new(&platform).await;
    assert!(asked.elapsed() >= late_by);
}

#[tokio::test]
async fn an_endless_fault_ends_when_the_queue_is_cleared() {
    let platform = platform().await;
    let http = http(&platform, PATIENCE);
    platform.force_token(TokenFault::RateLimited, usize::MAX);
    for _ in 0..3 {
        let (_, body) = call(token_request(&http, platform.credentials())).await;
        assert_eq!(body["code"], 100_001);
    }
    platform.clear_token_faults();
    Bot::new(&platform).await;
}
