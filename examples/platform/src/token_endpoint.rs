//! The token endpoint, and what can go wrong with it.

use axum::{
    Extension,
    extract::{Request, State},
    http::StatusCode,
    response::Response,
};
use serde_json::{Value, json};

use crate::{
    api::{Arrival, Shared},
    call::{Answer, Call},
    fault::Endpoint,
    forced::TokenFault,
    shared::Core,
    wire::Wire,
};

/// Business errors come with HTTP 200 here.
const TOO_MANY_REQUESTS: u64 = 100_001;
const NO_SUCH_BOT: u64 = 100_007;
const WRONG_SECRET: u64 = 100_016;
const SYSTEM_ERROR: u64 = 100_000;

pub(crate) async fn access_token(
    State(core): State<Shared>,
    Extension(wire): Extension<Wire>,
    request: Request,
) -> Response {
    let arrival = Arrival::read(request).await;
    let call = Call::open(core, wire, Endpoint::AccessToken, &arrival);
    let body = arrival.body.unwrap_or_default();
    let asking = body["appId"].as_str().unwrap_or_default();
    if call.core.bot_named(asking).is_some() {
        call.record.made_by(asking);
    }
    match call.core.forced_token.take() {
        None => {}
        Some(TokenFault::Hang) => return call.hang().await,
        Some(TokenFault::Slow(late_by)) => tokio::time::sleep(late_by).await,
        Some(fault) => return call.finish(refusal(fault)),
    }
    call.plain(|core| grant(core, &body)).await
}

fn grant(core: &Core, asked: &Value) -> Answer {
    let known = core.bots().position(|bot| {
        asked["appId"].as_str() == Some(bot.app_id())
            && asked["clientSecret"].as_str() == Some(bot.secret())
    });
    let Some(bot) = known else {
        return refusal(TokenFault::WrongSecret);
    };
    let grant = core.tokens.grant(bot);
    if grant.is_new {
        core.ledger.token_issued();
    }
    Answer::ok(&json!({
        "access_token": grant.token,
        "expires_in": grant.expires_in.as_secs().to_string(),
    }))
}

fn refusal(fault: TokenFault) -> Answer {
    let (status, code, message) = match fault {
        TokenFault::RateLimited => (StatusCode::OK, TOO_MANY_REQUESTS, "too many requests"),
        TokenFault::WrongSecret => (StatusCode::OK, WRONG_SECRET, "invalid appid or secret"),
        TokenFault::Banned => (StatusCode::OK, NO_SUCH_BOT, "appid invalid or banned"),
        TokenFault::ServerError | TokenFault::Hang | TokenFault::Slow(_) => (
            StatusCode::INTERNAL_SERVER_ERROR,
            SYSTEM_ERROR,
            "system error",
        ),
        TokenFault::Html => return Answer::html(StatusCode::OK),
        TokenFault::IpNotAllowed => return Answer::ip_not_allowed(),
    };
    Answer::refused(status, code, &json!({"code": code, "message": message}))
}
