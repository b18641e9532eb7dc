//! Messages from the bot: which are taken, once, and which are refused.

use std::sync::Arc;

use axum::{http::StatusCode, response::Response};
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::{
    api::Arrival,
    call::{Answer, Call, Caller},
    event::{AuditVerdict, Audited, Dispatch, Scene, now},
    fault::Fault,
    mix::{SplitMix, fnv1a},
    record::Outcome,
};

/// The codes of the platform's documents.
const EMPTY_MESSAGE: u64 = 50_006;
const BAD_BODY: u64 = 50_035;
const REPLY_WINDOW_CLOSED: u64 = 40_034_005;
const DEDUPLICATED: u64 = 40_054_005;
const AUDIT_PENDING: u64 = 304_023;

/// The parts of a body any of which makes a message.
const SUBSTANCE: [&str; 5] = ["markdown", "ark", "embed", "media", "image"];

/// What a body replies to.
struct Reply {
    msg_id: String,
    msg_seq: u64,
}

/// Takes one send call from its body to its answer.
pub(crate) async fn answer(call: Call, scene: Scene, target: &str, arrival: &Arrival) -> Response {
    let reply = arrival.body.as_ref().and_then(|body| reply(&call, body));
    if let Some(body) = &arrival.body {
        call.record
            .quotes(filled(body, "msg_id"), filled(body, "event_id"));
    }
    if let Some(reply) = &reply {
        call.record.replies_to(&reply.msg_id, reply.msg_seq);
    }
    if let Some(content) = arrival
        .body
        .as_ref()
        .and_then(|body| body["content"].as_str())
    {
        call.record.says(content);
    }
    let caller = match call.authenticate(arrival) {
        Ok(caller) => caller,
        Err(refusal) => return call.finish(refusal),
    };
    let body = arrival.body.as_ref();
    if let Err(refusal) = check(&call, &caller, scene, target, body, reply.as_ref()) {
        return call.finish(refusal);
    }

    let msg_id = reply.as_ref().map_or("", |reply| reply.msg_id.as_str());
    let fate = call.fate(msg_id);
    if let Some(fault) = fate.fault
        && let Some(blow) = call.blow(fault, Some(&caller.token))
    {
        call.record.met(fault);
        return call.suffer(blow).await;
    }

    if let Some(reply) = &reply
        && scene.deduplicates()
        && !call
            .record
            .claim(scene, target, &reply.msg_id, reply.msg_seq)
    {
        // Nothing is left to audit or to garble, so these faults are not met; the late ones are.
        let late = fate
            .fault
            .filter(|fault| !matches!(fault, Fault::Audit | Fault::Unreadable));
        if let Some(fault) = late {
            call.record.met(fault);
        }
        return call.answer_late(late, duplicate()).await;
    }
    if let Some(fault) = fate.fault {
        call.record.met(fault);
    }
    let message_id = format!("{:016x}{:08x}", fate.unique, fnv1a(&[msg_id]) >> 32);
    if fate.fault == Some(Fault::Audit) {
        let pending = audit(&call, &caller, scene, target, &message_id);
        return call.finish(pending);
    }
    call.core.ledger.delivered(call.record.index(), &message_id);
    let timestamp = if fate.fault == Some(Fault::Unreadable) {
        json!(OffsetDateTime::now_utc().unix_timestamp())
    } else {
        json!(now())
    };
    let accepted = Answer::json(
        StatusCode::OK,
        &json!({"id": message_id, "timestamp": timestamp}),
        Outcome::Accepted { message_id },
    );
    call.answer_late(fate.fault, accepted).await
}

/// What the body replies to: by `msg_id`, or else by the `event_id` of a message.
fn reply(call: &Call, body: &Value) -> Option<Reply> {
    let msg_id = match (filled(body, "msg_id"), filled(body, "event_id")) {
        (Some(msg_id), _) => msg_id.to_owned(),
        (None, Some(event_id)) => call
            .core
            .ledger
            .message_of_envelope(event_id)
            .unwrap_or_else(|| event_id.to_owned()),
        (None, None) => return None,
    };
    Some(Reply {
        msg_id,
        msg_seq: body["msg_seq"].as_u64().unwrap_or(1),
    })
}

/// A text of the body, unless it is empty.
fn filled<'body>(body: &'body Value, key: &str) -> Option<&'body str> {
    body[key].as_str().filter(|text| !text.is_empty())
}

fn check(
    call: &Call,
    caller: &Caller,
    scene: Scene,
    target: &str,
    body: Option<&Value>,
    reply: Option<&Reply>,
) -> Result<(), Answer> {
    let bad = |code, message| Err(Answer::error(StatusCode::BAD_REQUEST, code, message));
    let Some(Value::Object(body)) = body else {
        return bad(BAD_BODY, "request body is not a JSON object");
    };
    let spoken = body
        .get("content")
        .and_then(Value::as_str)
        .is_some_and(|content| !content.trim().is_empty());
    let shown = SUBSTANCE
        .iter()
        .any(|key| body.get(*key).is_some_and(|part| !part.is_null()));
    if !spoken && !shown {
        return bad(EMPTY_MESSAGE, "message is empty");
    }
    let core = &call.core;
    let app_id = core.app_id(caller.bot);
    if let Some(reply) = reply
        && !core.ledger.knows(app_id, scene, target, &reply.msg_id)
    {
        return bad(REPLY_WINDOW_CLOSED, "msg_id无效或已过期");
    }
    Ok(())
}

fn duplicate() -> Answer {
    let message = "消息被去重，请检查请求msgseq";
    let body = json!({
        "code": DEDUPLICATED, "err_code": DEDUPLICATED, "message": message, "trace_id": "",
    });
    Answer::json(StatusCode::BAD_REQUEST, &body, Outcome::Duplicate)
}

/// Lets the message wait, and arrive a little later, unless the verdict is against it.
fn audit(call: &Call, caller: &Caller, scene: Scene, target: &str, message_id: &str) -> Answer {
    let audit_id = format!("audit-{message_id}");
    let core = Arc::clone(&call.core);
    let index = call.record.index();
    let bot = caller.bot;
    let waiting = (audit_id.clone(), message_id.to_owned(), target.to_owned());
    let since = OffsetDateTime::now_utc();
    call.core.spawn_until_shutdown(async move {
        let (audit_id, message_id, target) = waiting;
        tokio::time::sleep(core.options.audit_after).await;
        let verdict = core.options.audit_verdict;
        let passed = (verdict == AuditVerdict::Pass).then_some(message_id.as_str());
        core.ledger.audited(index, passed);
        let message = Audited {
            audit_id: &audit_id,
            message_id: &message_id,
            scene,
            target: &target,
            waiting_since: since,
        };
        core.dispatch(bot, Arc::new(Dispatch::audited(verdict, &message)));
    });
    let body = json!({
        "code": AUDIT_PENDING,
        "message": "push message is waiting for audit now",
        "data": {"message_audit": {"audit_id": audit_id}},
    });
    Answer::json(
        StatusCode::ACCEPTED,
        &body,
        Outcome::PendingAudit { audit_id },
    )
}

/// The guild and channel of a direct conversation that the bot opens.
pub(crate) struct DirectGuild {
    pub(crate) guild: String,
    pub(crate) channel: String,
}

/// The same two people always meet in the same place.
pub(crate) fn direct_guild(seed: u64, guild: &str, user: &str) -> DirectGuild {
    let mut stream = SplitMix::new(seed, fnv1a(&["open direct", guild, user]));
    let mut id = || (1_000_000_000_000 + stream.next() % 8_999_999_999_999).to_string();
    DirectGuild {
        guild: id(),
        channel: id(),
    }
}
