//! Each fault does what its documentation says.

mod common;

use std::{collections::BTreeMap, error::Error as _, time::Duration};

use common::{Bot, PATIENCE, Socket, always, call, http, platform, start};
use loopback_platform::{
    AuditVerdict, CallKey, Endpoint, Fault, FaultPlan, FaultPlanError, Outcome, PlatformOptions,
    Scene,
};

/// The last call's fault, outcome and whether it was answered.
fn last(platform: &loopback_platform::Platform) -> (Option<Fault>, Outcome, bool) {
    let calls = platform.ledger().calls();
    let call = calls.last().expect("a call was made").clone();
    (call.fault, call.outcome, call.answered)
}

#[tokio::test]
async fn rate_limits_with_and_without_the_header() {
    let platform = platform().await;
    let bot = Bot::new(&platform).await;
    let id = platform.deliver(Scene::Group, "hi");
    for (fault, header) in [
        (Fault::RateLimited, Some("1")),
        (Fault::RateLimitedBare, None),
    ] {
        platform.force(fault);
        let response = bot.reply(&platform, &id).send().await.expect("answered");
        assert_eq!(response.status(), 429);
        let found = response.headers().get("retry-after").cloned();
        assert_eq!(
            found.as_ref().map(reqwest::header::HeaderValue::as_bytes),
            header.map(str::as_bytes)
        );
        assert_eq!(last(&platform).0, Some(fault));
    }
    assert!(
        platform
            .ledger()
            .event(&id)
            .expect("known")
            .delivered
            .is_empty()
    );
}

#[tokio::test]
async fn server_errors_have_the_bodies_that_they_have_in_the_field() {
    let platform = platform().await;
    let bot = Bot::new(&platform).await;
    let id = platform.deliver(Scene::Channel, "hi");
    for (fault, status, is_json) in [
        (Fault::ServerError, 500, true),
        (Fault::BadGateway, 502, false),
        (Fault::Unavailable, 503, false),
        (Fault::ErrorBody, 200, true),
    ] {
        platform.force(fault);
        let response = bot.reply(&platform, &id).send().await.expect("answered");
        assert!(response.headers().contains_key("x-tps-trace-id"));
        let (found, body) = common::read(response).await;
        assert_eq!(found, status, "{fault}");
        assert_eq!(body["err_code"] == 50_055_001, is_json, "{fault}: {body}");
    }
    assert!(
        platform
            .ledger()
            .event(&id)
            .expect("known")
            .delivered
            .is_empty()
    );
    assert_eq!(platform.ledger().score().faults.len(), 4);
}

#[tokio::test]
async fn a_reset_tears_the_connection_before_any_effect() {
    let platform = platform().await;
    let bot = Bot::new(&platform).await;
    let id = platform.deliver(Scene::Group, "hi");
    platform.force(Fault::Reset);
    let error = bot.reply(&platform, &id).send().await.expect_err("torn");
    assert!(error.is_request() && !error.is_timeout(), "{error:?}");
    assert!(was_reset(&error), "a RST, not a mere end: {error:?}");
    assert_eq!(last(&platform), (Some(Fault::Reset), Outcome::Torn, false));
    let (status, _) = call(bot.reply(&platform, &id)).await;
    assert_eq!(
        status, 200,
        "the next connection is whole, and nothing was taken"
    );
}

/// Whether the system's own "connection reset" is at the root of an error.
fn was_reset(error: &reqwest::Error) -> bool {
    let mut causes = std::iter::successors(error.source(), |cause| (*cause).source());
    causes.any(|cause| {
        cause
            .downcast_ref::<std::io::Error>()
            .is_some_and(|cause| cause.kind() == std::io::ErrorKind::ConnectionReset)
    })
}

#[tokio::test]
async fn a_lost_reply_was_accepted_all_the_same() {
    let platform = platform().await;
    let bot = Bot::new(&platform).await;
    let id = platform.deliver(Scene::C2c, "hi");
    platform.force(Fault::ReplyLost);
    bot.reply(&platform, &id).send().await.expect_err("torn");
    let (fault, outcome, answered) = last(&platform);
    assert_eq!((fault, answered), (Some(Fault::ReplyLost), false));
    assert!(matches!(outcome, Outcome::Accepted { .. }));
    let (status, body) = call(bot.reply(&platform, &id)).await;
    assert_eq!((status, &body["code"]), (400, &40_054_005.into()));
    assert!(platform.ledger().score().is_clean());
}

#[tokio::test]
async fn a_slow_answer_comes_after_the_delay_or_is_noted_as_unheard() {
    let platform = start(PlatformOptions {
        slow_by: Duration::from_millis(600),
        ..PlatformOptions::default()
    })
    .await;
    let mut bot = Bot::new(&platform).await;
    let id = platform.deliver(Scene::Group, "hi");
    platform.force(Fault::Slow);
    let (status, _) = call(bot.reply(&platform, &id)).await;
    assert_eq!(status, 200);
    assert!(last(&platform).2, "whoever waits is answered");

    let id = platform.deliver(Scene::Group, "hi");
    bot.http = http(&platform, Duration::from_millis(200));
    platform.force(Fault::Slow);
    let error = bot
        .reply(&platform, &id)
        .send()
        .await
        .expect_err("too slow");
    assert!(error.is_timeout());
    tokio::time::sleep(Duration::from_millis(700)).await;
    let (_, outcome, answered) = last(&platform);
    assert!(matches!(outcome, Outcome::Accepted { .. }));
    assert!(!answered, "nobody was there to read the answer");
    assert_eq!(platform.ledger().tally().under_way, 0);
}

#[tokio::test]
async fn an_audited_message_arrives_later_with_an_event() {
    let platform = platform().await;
    let bot = Bot::new(&platform).await;
    let (mut socket, _) = Socket::ready(&platform, &bot.token).await;
    let id = platform.deliver(Scene::Group, "hi");
    assert_eq!(socket.frame().await["t"], "GROUP_AT_MESSAGE_CREATE");
    platform.force(Fault::Audit);
    let (status, body) = call(bot.reply(&platform, &id)).await;
    assert_eq!((status, &body["code"]), (202, &304_023.into()));
    assert!(
        platform
            .ledger()
            .event(&id)
            .expect("known")
            .delivered
            .is_empty()
    );
    let (status, _) = call(bot.reply(&platform, &id)).await;
    assert_eq!(
        status, 400,
        "a reply that waits for its audit holds its key"
    );
    let event = socket.frame().await;
    assert_eq!(event["t"], "MESSAGE_AUDIT_PASS");
    assert_eq!(
        event["d"]["audit_id"],
        body["data"]["message_audit"]["audit_id"]
    );
    assert_eq!(
        platform.ledger().event(&id).expect("known").delivered.len(),
        1
    );
    assert_eq!(platform.ledger().score().audits, 1);
}

#[tokio::test]
async fn a_rejected_message_is_told_of_and_arrives_nowhere() {
    let platform = start(PlatformOptions {
        audit_after: Duration::from_millis(20),
        audit_verdict: AuditVerdict::Reject,
        ..PlatformOptions::default()
    })
    .await;
    let bot = Bot::new(&platform).await;
    let (mut socket, _) = Socket::ready(&platform, &bot.token).await;
    let id = platform.deliver(Scene::Group, "hi");
    socket.frame().await;
    platform.force(Fault::Audit);
    let (status, body) = call(bot.reply(&platform, &id)).await;
    assert_eq!(status, 202);
    let event = socket.frame().await;
    assert_eq!(event["t"], "MESSAGE_AUDIT_REJECT");
    assert_eq!(
        event["d"]["audit_id"],
        body["data"]["message_audit"]["audit_id"]
    );
    assert!(event["d"].get("message_id").is_none(), "{event}");
    let record = platform.ledger().event(&id).expect("known");
    assert!(record.delivered.is_empty());
}

#[tokio::test]
async fn an_address_that_is_not_allowed_is_refused_whatever_its_token() {
    let platform = platform().await;
    let bot = Bot::new(&platform).await;
    let id = platform.deliver(Scene::Group, "hi");
    platform.force(Fault::IpNotAllowed);
    let (status, body) = call(bot.reply(&platform, &id)).await;
    assert_eq!((status, &body["code"]), (401, &11_298.into()));
    assert_eq!(body["err_code"], 40_023_002);
    assert_eq!(body["message"], "接口访问源IP不在白名单");
    let (status, _) = call(bot.reply(&platform, &id)).await;
    assert_eq!(status, 200, "nothing was taken, and the token is good");
}

#[tokio::test]
async fn an_unreadable_answer_follows_an_accepted_message() {
    let platform = platform().await;
    let bot = Bot::new(&platform).await;
    let id = platform.deliver(Scene::Group, "hi");
    platform.force(Fault::Unreadable);
    let (status, body) = call(bot.reply(&platform, &id)).await;
    assert_eq!(status, 200);
    assert!(body["id"].is_string() && body["timestamp"].is_number());
    let record = platform.ledger().event(&id).expect("known");
    assert_eq!(record.delivered.len(), 1);
    platform.force(Fault::Unreadable);
    let (status, _) = call(bot.reply(&platform, &id)).await;
    assert_eq!(status, 400, "a repetition is told so, legibly");
    assert_eq!(
        last(&platform).0,
        None,
        "and does not count as having met the fault"
    );
}

#[tokio::test]
async fn an_expired_token_is_refused_until_a_new_one_is_taken() {
    let platform = platform().await;
    let mut bot = Bot::new(&platform).await;
    let id = platform.deliver(Scene::Group, "hi");
    platform.force(Fault::TokenExpired);
    for _ in 0..2 {
        let (status, body) = call(bot.reply(&platform, &id)).await;
        assert_eq!((status, &body["code"]), (401, &11_244.into()));
        assert_eq!(body["message"], "token not exist or expire");
    }
    let fresh = Bot::new(&platform).await;
    assert_ne!(fresh.token, bot.token);
    bot.token.clone_from(&fresh.token);
    assert_eq!(call(bot.reply(&platform, &id)).await.0, 200);
    let score = platform.ledger().score();
    assert_eq!(
        (score.tokens_issued, score.faults[&Fault::TokenExpired]),
        (2, 1)
    );
}

#[tokio::test]
async fn the_token_endpoint_takes_only_the_faults_that_fit() {
    let platform = start(always(Fault::BadGateway)).await;
    let response = http(&platform, PATIENCE)
        .post(common::TOKEN_URL)
        .send()
        .await;
    assert_eq!(response.expect("answered").status(), 502);

    let platform = start(always(Fault::RateLimited)).await;
    let answer = common::ask_token(&platform, &http(&platform, PATIENCE)).await;
    assert!(answer["access_token"].is_string(), "{answer}");
    let bot = Bot::new(&platform).await;
    assert_eq!(call(bot.get("/users/@me")).await.0, 429);
}

#[tokio::test]
async fn a_seed_is_one_set_of_faults_in_any_order_of_calls() {
    let mut runs = Vec::new();
    for backwards in [false, true] {
        let platform = start(PlatformOptions {
            faults: FaultPlan::new(42, 0.5).expect("valid").with_faults([
                Fault::RateLimited,
                Fault::ServerError,
                Fault::BadGateway,
                Fault::ErrorBody,
            ]),
            ..PlatformOptions::default()
        })
        .await;
        let bot = bot_after_faults(&platform).await;
        let mut ids: Vec<_> = (0..40)
            .map(|_| platform.deliver(Scene::Channel, "hi"))
            .collect();
        if backwards {
            ids.reverse();
        }
        let calls = ids.iter().flat_map(|id| [id, id]).map(|id| {
            let request = bot.reply(&platform, id);
            async move { drop(request.send().await.expect("answered")) }
        });
        futures_util::future::join_all(calls).await;
        let met: BTreeMap<String, Vec<Option<Fault>>> = ids
            .iter()
            .map(|id| {
                let calls = platform.ledger().calls_for(id);
                (
                    id.to_string(),
                    calls.iter().map(|call| call.fault).collect(),
                )
            })
            .collect();
        runs.push(met);
        platform.shutdown().await;
    }
    assert_eq!(runs[0], runs[1]);
    let met = runs[0].values().flatten().flatten().count();
    assert!((20..60).contains(&met), "about half of 80 calls, not {met}");
}

/// A bot, on a platform whose token endpoint may fail a few times first.
async fn bot_after_faults(platform: &loopback_platform::Platform) -> Bot {
    let http = http(platform, PATIENCE);
    let credentials = platform.credentials();
    let body = serde_json::json!({
        "appId": credentials.app_id(), "clientSecret": credentials.secret(),
    });
    for _ in 0..50 {
        let request = http.post(common::TOKEN_URL).json(&body);
        if let (200, answer) = call(request).await {
            let token = common::text(&answer["access_token"]);
            return Bot { http, token };
        }
    }
    panic!("no token in 50 attempts");
}

#[test]
fn the_rate_is_kept_and_another_seed_is_another_run() {
    let draw = |seed: u64| -> Vec<Option<Fault>> {
        let plan = FaultPlan::new(seed, 0.3).expect("valid");
        (0..10_000)
            .map(|number: u32| {
                let call = CallKey {
                    method: "POST",
                    path: "/channels/1/messages",
                    msg_id: &number.to_string(),
                    earlier: 0,
                };
                plan.draw(Endpoint::Send(Scene::Channel), call)
            })
            .collect()
    };
    let faults = draw(1);
    let met = faults.iter().flatten().count();
    assert!((2800..3200).contains(&met), "{met}");
    for fault in Fault::DEFAULT_MIX {
        let count = faults.iter().flatten().filter(|met| **met == fault).count();
        assert!((200..400).contains(&count), "{fault}: {count}");
    }
    for fault in [
        Fault::RateLimitedBare,
        Fault::IpNotAllowed,
        Fault::Unreadable,
    ] {
        assert!(!faults.contains(&Some(fault)), "{fault} is not in the mix");
    }
    assert_eq!(faults, draw(1));
    assert_ne!(faults, draw(2));
}

#[test]
fn every_name_is_read_back_and_an_unknown_one_lists_the_known() {
    for fault in Fault::ALL {
        assert_eq!(fault.to_string().parse(), Ok(fault));
    }
    let error = "rate_limited"
        .parse::<Fault>()
        .expect_err("unknown")
        .to_string();
    assert!(error.starts_with("unknown fault `rate_limited`, did you mean `rate-limited`?"));
    for fault in Fault::ALL {
        assert!(error.contains(fault.name()), "{error}");
    }
    let error = "banana".parse::<Fault>().expect_err("unknown").to_string();
    assert!(!error.contains("did you mean"), "{error}");
}

#[test]
fn an_impossible_plan_is_refused() {
    for rate in [-0.1, 1.1, f64::NAN] {
        assert!(matches!(
            FaultPlan::new(0, rate),
            Err(FaultPlanError::RateOutOfRange { .. })
        ));
    }
    let plan = FaultPlan::new(0, 0.5).expect("valid").with_faults([]);
    assert_eq!(
        plan.validated(),
        Err(FaultPlanError::NoFaults { rate: 0.5 })
    );
}
