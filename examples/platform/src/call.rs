//! One call from its arrival to its answer: authentication, fault, outcome.

use std::{future::pending, sync::Arc};

use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use serde_json::{Value, json};

use crate::{
    api::{Arrival, refused},
    fault::{Endpoint, Fault},
    ledger::OpenCall,
    record::Outcome,
    shared::{Core, Fate},
    wire::Wire,
};

/// A code that the platform documents as passing ("可重试").
const TRY_LATER: u64 = 50_055_001;
pub(crate) const TOKEN_EXPIRED: u64 = 11_244;
const TOO_FREQUENT: u64 = 22_009;
/// The two codes of one refusal.
const IP_NOT_ALLOWED: u64 = 11_298;
const IP_NOT_ALLOWED_DETAIL: u64 = 40_023_002;

/// An answer and what it means for the ledger.
pub(crate) struct Answer {
    status: StatusCode,
    content_type: &'static str,
    body: String,
    retry_after: Option<u64>,
    outcome: Outcome,
}

impl Answer {
    pub(crate) fn ok(body: &Value) -> Self {
        Self::json(StatusCode::OK, body, Outcome::Answered)
    }

    pub(crate) fn json(status: StatusCode, body: &Value, outcome: Outcome) -> Self {
        Self {
            status,
            content_type: "application/json",
            body: body.to_string(),
            retry_after: None,
            outcome,
        }
    }

    /// A refusal with a body of its own.
    pub(crate) fn refused(status: StatusCode, code: u64, body: &Value) -> Self {
        Self::json(status, body, refused(status, Some(code)))
    }

    /// A refusal in the platform's error envelope.
    pub(crate) fn error(status: StatusCode, code: u64, message: &str) -> Self {
        let body = json!({"code": code, "err_code": code, "message": message, "trace_id": ""});
        Self::refused(status, code, &body)
    }

    /// A refusal of whoever calls from an address that is not on the bot's list.
    pub(crate) fn ip_not_allowed() -> Self {
        let body = json!({
            "message": "接口访问源IP不在白名单",
            "code": IP_NOT_ALLOWED,
            "err_code": IP_NOT_ALLOWED_DETAIL,
            "trace_id": "",
        });
        Self::refused(StatusCode::UNAUTHORIZED, IP_NOT_ALLOWED, &body)
    }

    pub(crate) fn html(status: StatusCode) -> Self {
        let title = status.to_string();
        Self {
            status,
            content_type: "text/html",
            body: format!(
                "<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n\
                 <center><h1>{title}</h1></center>\r\n<hr><center>stgw</center>\r\n\
                 </body>\r\n</html>\r\n"
            ),
            retry_after: None,
            outcome: refused(status, None),
        }
    }

    fn unauthorized() -> Self {
        Self::error(
            StatusCode::UNAUTHORIZED,
            TOKEN_EXPIRED,
            "token not exist or expire",
        )
    }

    fn into_response(self, trace: &str) -> Response {
        let mut body = self.body;
        if let Ok(Value::Object(mut envelope)) = serde_json::from_str::<Value>(&body)
            && envelope.contains_key("trace_id")
        {
            envelope.insert("trace_id".to_owned(), json!(trace));
            body = Value::Object(envelope).to_string();
        }
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static(self.content_type),
        );
        if let Ok(trace) = HeaderValue::from_str(trace) {
            headers.insert("x-tps-trace-id", trace);
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// A call that is being worked on. However it ends, the ledger hears of it.
pub(crate) struct Call {
    pub(crate) core: Arc<Core>,
    pub(crate) record: OpenCall,
    endpoint: Endpoint,
    method: String,
    path: String,
    wire: Wire,
}

impl Call {
    pub(crate) fn open(core: Arc<Core>, wire: Wire, endpoint: Endpoint, arrival: &Arrival) -> Self {
        let method = arrival.method.as_str().to_owned();
        let path = arrival.path.clone();
        Self {
            record: core.ledger.call_arrived(endpoint, &method, &path),
            core,
            endpoint,
            method,
            path,
            wire,
        }
    }

    /// Who makes the call, by the token that it came with, or the refusal that it gets.
    pub(crate) fn authenticate(&self, arrival: &Arrival) -> Result<Caller, Answer> {
        let tokens = &self.core.tokens;
        let token = arrival.token.clone().unwrap_or_default();
        let bot = tokens.holder(&token).ok_or_else(Answer::unauthorized)?;
        self.record.made_by(self.core.app_id(bot));
        if tokens.opens_api(&token) {
            Ok(Caller { bot, token })
        } else {
            Err(Answer::unauthorized())
        }
    }

    /// Answers a call that needs no token, unless a fault befalls it.
    pub(crate) async fn plain(self, work: impl FnOnce(&Core) -> Answer) -> Response {
        self.work(None, work).await
    }

    /// Answers a call that needs a token, unless it has none or a fault befalls it.
    pub(crate) async fn authorized(
        self,
        arrival: &Arrival,
        work: impl FnOnce(&Core, &Caller) -> Answer,
    ) -> Response {
        match self.authenticate(arrival) {
            Ok(caller) => {
                self.work(Some(&caller.token), |core| work(core, &caller))
                    .await
            }
            Err(refusal) => self.finish(refusal),
        }
    }

    async fn work(self, token: Option<&str>, work: impl FnOnce(&Core) -> Answer) -> Response {
        let fate = self.fate("");
        if let Some(fault) = fate.fault {
            self.record.met(fault);
            if let Some(blow) = self.blow(fault, token) {
                return self.suffer(blow).await;
            }
        }
        let answer = work(&self.core);
        self.answer_late(fate.fault, answer).await
    }

    pub(crate) fn fate(&self, msg_id: &str) -> Fate {
        self.core
            .fate(self.endpoint, &self.method, &self.path, msg_id)
    }

    /// What a fault does before the call has any effect; `None` for the faults that come after.
    pub(crate) fn blow(&self, fault: Fault, token: Option<&str>) -> Option<Blow> {
        let answer = match fault {
            Fault::RateLimited | Fault::RateLimitedBare => Answer {
                retry_after: (fault == Fault::RateLimited).then_some(1),
                ..Answer::error(
                    StatusCode::TOO_MANY_REQUESTS,
                    TOO_FREQUENT,
                    "message limit exceeded",
                )
            },
            Fault::ServerError => Answer::error(
                StatusCode::INTERNAL_SERVER_ERROR,
                TRY_LATER,
                "system busy, please try again later",
            ),
            Fault::BadGateway => Answer::html(StatusCode::BAD_GATEWAY),
            Fault::Unavailable => Answer::html(StatusCode::SERVICE_UNAVAILABLE),
            Fault::ErrorBody => Answer::error(
                StatusCode::OK,
                TRY_LATER,
                "system busy, please try again later",
            ),
            Fault::TokenExpired => {
                if let Some(token) = token {
                    self.core.tokens.revoke(token);
                }
                Answer::unauthorized()
            }
            Fault::IpNotAllowed => Answer::ip_not_allowed(),
            Fault::Reset => return Some(Blow::Torn),
            Fault::ReplyLost | Fault::Slow | Fault::Audit | Fault::Unreadable => return None,
        };
        Some(Blow::Answered(answer))
    }

    pub(crate) async fn suffer(self, blow: Blow) -> Response {
        match blow {
            Blow::Answered(answer) => self.finish(answer),
            Blow::Torn => {
                self.record.came_to(Outcome::Torn);
                self.tear().await
            }
        }
    }

    /// Gives the answer, after what a fault does once the call has had its effect.
    pub(crate) async fn answer_late(self, fault: Option<Fault>, answer: Answer) -> Response {
        match fault {
            Some(Fault::Slow) => {
                // If the client leaves meanwhile, this future is dropped: noted as unanswered.
                self.record.came_to(answer.outcome.clone());
                tokio::time::sleep(self.core.options.slow_by).await;
            }
            Some(Fault::ReplyLost) => {
                self.record.came_to(answer.outcome);
                return self.tear().await;
            }
            _ => self.record.came_to(answer.outcome.clone()),
        }
        self.respond(answer)
    }

    pub(crate) fn finish(self, answer: Answer) -> Response {
        self.record.came_to(answer.outcome.clone());
        self.respond(answer)
    }

    fn respond(self, answer: Answer) -> Response {
        let trace = format!("{:032x}", fastrand::u128(..));
        self.record.answered();
        answer.into_response(&trace)
    }

    /// Never answers; the future is dropped once the client has gone.
    pub(crate) async fn hang(self) -> Response {
        let _under_way = self;
        pending().await
    }

    /// Resets the connection; the task that serves it drops this future.
    async fn tear(self) -> Response {
        self.wire.tear();
        drop(self);
        pending().await
    }
}

/// Who makes a call.
pub(crate) struct Caller {
    /// The bot's place in the list of those that the platform knows.
    pub(crate) bot: usize,
    pub(crate) token: String,
}

/// A fault that leaves no effect.
pub(crate) enum Blow {
    Answered(Answer),
    Torn,
}
