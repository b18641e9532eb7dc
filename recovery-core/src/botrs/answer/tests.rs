use serde_json::json;

use super::*;
use crate::classify::{Classify, Effect};

fn raw(status: u16, body: &Value) -> Raw {
    Raw {
        status: StatusCode::from_u16(status).unwrap(),
        retry_after: None,
        body: body.to_string().into_bytes(),
    }
}

fn page(status: u16) -> Raw {
    Raw {
        body: b"<html>".to_vec(),
        ..raw(status, &Value::Null)
    }
}

fn too_many(header: &str, body: &Value) -> BotError {
    let raw = Raw {
        retry_after: Some(header.to_owned()),
        ..raw(429, body)
    };
    raw.sent().unwrap_err()
}

fn refused(status: u16, body: &Value) -> (u32, ErrorKind, Effect) {
    let error = raw(status, body).sent().unwrap_err();
    let BotError::Api { code, .. } = error else {
        panic!("{error:?}");
    };
    (code, Classify::kind(&error), error.effect())
}

#[test]
fn the_code_decides() {
    use Effect::{Done, None as NoEffect, Unknown};
    use ErrorKind::{Authentication, Conflict, Forbidden, InvalidInput, RateLimited, Server};

    for (status, body, expected) in [
        (
            400,
            json!({"err_code": 40_054_005}),
            (40_054_005, Conflict, Done),
        ),
        (
            500,
            json!({"err_code": 40_034_024}),
            (40_034_024, InvalidInput, NoEffect),
        ),
        (
            200,
            json!({"code": 50_055_001}),
            (50_055_001, Server, NoEffect),
        ),
        (
            202,
            json!({"code": 304_049}),
            (304_049, Forbidden, NoEffect),
        ),
        (
            401,
            json!({"code": 11_244}),
            (11_244, Authentication, NoEffect),
        ),
        (
            401,
            json!({"code": 11_298, "err_code": 40_023_002}),
            (40_023_002, Authentication, NoEffect),
        ),
        (
            401,
            json!({"code": 11_298, "err_code": 99_999_999}),
            (11_298, Authentication, NoEffect),
        ),
        (
            429,
            json!({"code": 22_009}),
            (22_009, RateLimited, NoEffect),
        ),
        (
            429,
            json!({"code": "22009"}),
            (22_009, RateLimited, NoEffect),
        ),
        // Unknown codes: the status tells more.
        (
            400,
            json!({"code": 99_999_999}),
            (99_999_999, InvalidInput, NoEffect),
        ),
        (
            429,
            json!({"code": 99_999_999}),
            (429, RateLimited, NoEffect),
        ),
        (502, json!({"code": 99_999_999}), (502, Server, Unknown)),
        // No code.
        (503, json!({"message": "busy"}), (503, Server, Unknown)),
        (500, json!([]), (500, Server, Unknown)),
        (
            200,
            json!({"code": 500, "message": "busy"}),
            (500, Server, Unknown),
        ),
    ] {
        assert_eq!(refused(status, &body), expected, "{status} {body}");
    }
}

#[test]
fn a_page_is_a_failure_of_the_server() {
    let error = page(502).sent().unwrap_err();
    assert!(matches!(error, BotError::Api { code: 502, .. }));
    assert!(error.is_transient());
}

#[test]
fn a_readable_wait_is_asked_for() {
    for (header, seconds) in [("7", 7), ("0.5", 1), ("1.0", 1), (" 2.001 ", 3)] {
        let error = too_many(header, &json!({"code": 22_009}));
        assert_eq!(error.retry_after(), Some(seconds), "{header}");
    }
    let date = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(60));
    let wait = Classify::retry_after(&too_many(&date, &json!({}))).expect("a date is readable");
    assert!((58..=60).contains(&wait.as_secs()), "{wait:?}");
}

#[test]
fn no_wait_is_invented() {
    for header in ["soon", "", "-1", ".5", "1.", "1.x"] {
        let error = too_many(header, &json!({"code": 22_009}));
        assert_eq!(Classify::retry_after(&error), None, "{header}");
        assert_eq!(Classify::kind(&error), ErrorKind::RateLimited);
    }
}

#[test]
fn a_quota_of_the_day_is_not_waited_for() {
    let error = too_many("1", &json!({"code": 304_049}));
    assert_eq!(Classify::kind(&error), ErrorKind::Forbidden);
}

#[test]
fn an_audit_is_pending_and_keeps_its_id() {
    for id in [json!("A"), json!("7")] {
        let body = json!({"code": 304_023, "data": {"message_audit": {"audit_id": id}}});
        let answer = raw(202, &body).sent().unwrap();
        let Answer::Pending { audit_id } = answer else {
            panic!("{answer:?}");
        };
        assert_eq!(audit_id.as_deref(), id.as_str());
    }
    for pending in [
        raw(202, &json!({"code": 304_024})),
        raw(201, &json!({})),
        page(202),
    ] {
        let answer = pending.sent().unwrap();
        assert!(
            matches!(answer, Answer::Pending { audit_id: None }),
            "{answer:?}"
        );
    }
}

#[test]
fn what_was_sent_is_never_an_error() {
    for (body, id) in [
        (json!({"id": "m", "timestamp": "t"}), Some("m")),
        (json!({"id": 7, "timestamp": 1}), Some("7")),
        (json!({"id": "m", "code": 50_055_001}), Some("m")),
        (json!({"id": null}), None),
        (json!({"code": 0}), None),
        (json!([]), None),
    ] {
        let answer = raw(200, &body).sent().unwrap();
        let Answer::Sent(sent) = answer else {
            panic!("{body}: {answer:?}");
        };
        assert_eq!(sent.id.as_deref(), id, "{body}");
    }
    let unreadable = page(200).sent().unwrap();
    assert!(matches!(unreadable, Answer::Sent(sent) if sent.id.is_none()));
}

#[test]
fn the_gateway_may_write_its_numbers_as_text() {
    let body = json!({
        "url": "wss://g", "shards": "2",
        "session_start_limit": {
            "total": "1000", "remaining": 7, "reset_after": 86_400_000u64, "max_concurrency": "1",
        },
    });
    let answer = raw(200, &body).gateway().unwrap();
    assert_eq!((answer.url.as_str(), answer.shards), ("wss://g", 2));
    assert_eq!(answer.session_start_limit.remaining, 7);
    assert_eq!(answer.session_start_limit.reset_after, 86_400_000);
}

#[test]
fn an_unreadable_gateway_may_be_readable_later() {
    for raw in [page(200), raw(200, &json!({"url": "wss://g"}))] {
        assert!(raw.gateway().unwrap_err().is_transient());
    }
    let refused = raw(200, &json!({"code": 11_244})).gateway().unwrap_err();
    assert!(matches!(refused, BotError::Api { code: 11_244, .. }));
}
