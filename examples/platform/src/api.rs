//! The HTTP API: which call goes where.

use std::sync::{Arc, atomic::Ordering};

use axum::{
    Extension, Router,
    body::{Body, to_bytes},
    extract::{Path, Request, State},
    http::{HeaderMap, Method, StatusCode, header},
    response::Response,
    routing::{MethodRouter, get, post},
};
use serde_json::{Value, json};

use crate::{
    call::{Answer, Call, Caller},
    event::Scene,
    fault::Endpoint,
    gateway,
    platform::reachable,
    record::Outcome,
    send,
    shared::Core,
    token_endpoint,
    wire::Wire,
};

/// More than any call of a bot needs.
const LONGEST_BODY: usize = 1 << 20;

pub(crate) type Shared = Arc<Core>;

/// The API itself.
pub(crate) fn paths() -> Router<Shared> {
    Router::new()
        .route("/users/@me", get(me))
        .route("/gateway/bot", get(gateway_bot))
        .route("/guilds/{guild}", get(guild))
        .route("/users/@me/dms", post(open_direct))
        .route("/channels/{target}/messages", messages(Scene::Channel))
        .route("/dms/{target}/messages", messages(Scene::Direct))
        .route("/v2/groups/{target}/messages", messages(Scene::Group))
        .route("/v2/users/{target}/messages", messages(Scene::C2c))
}

/// The token endpoint.
pub(crate) fn token_path() -> Router<Shared> {
    Router::new().route("/app/getAppAccessToken", post(token_endpoint::access_token))
}

/// Closes a router: everything else is 404, in the platform's words.
pub(crate) fn router(paths: Router<Shared>, core: &Shared) -> Router {
    paths
        .fallback(unknown)
        .method_not_allowed_fallback(wrong_method)
        .with_state(Arc::clone(core))
}

/// The token in an `Authorization` header or a gateway frame, with or without its scheme.
pub(crate) fn bearer(token: &str) -> &str {
    token.strip_prefix("QQBot ").unwrap_or(token).trim()
}

/// A call as it came, read to its end.
pub(crate) struct Arrival {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) token: Option<String>,
    pub(crate) body: Option<Value>,
}

impl Arrival {
    pub(crate) async fn read(request: Request) -> Self {
        let (head, body) = request.into_parts();
        let bytes = to_bytes(body, LONGEST_BODY).await.unwrap_or_default();
        Self {
            method: head.method,
            path: head.uri.path().to_owned(),
            token: token_of(&head.headers),
            body: serde_json::from_slice(&bytes).ok(),
        }
    }
}

/// The API wants the scheme, which the gateway does not.
fn token_of(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    Some(value.strip_prefix("QQBot ")?.trim().to_owned())
}

/// A call that needs a token and nothing of its body.
async fn authorized(
    State(core): State<Shared>,
    Extension(wire): Extension<Wire>,
    endpoint: Endpoint,
    request: Request,
    work: impl FnOnce(&Core, &Caller) -> Answer,
) -> Response {
    let arrival = Arrival::read(request).await;
    let call = Call::open(core, wire, endpoint, &arrival);
    call.authorized(&arrival, work).await
}

async fn me(state: State<Shared>, wire: Extension<Wire>, request: Request) -> Response {
    authorized(state, wire, Endpoint::Me, request, |core, caller| {
        Answer::ok(&json!({
            "id": core.app_id(caller.bot),
            "username": "loopback",
            "bot": true,
            "avatar": "",
            "union_openid": "",
            "union_user_account": "",
        }))
    })
    .await
}

async fn gateway_bot(state: State<Shared>, wire: Extension<Wire>, request: Request) -> Response {
    authorized(state, wire, Endpoint::Gateway, request, |core, caller| {
        let starts = core.sessions.starts_left(caller.bot);
        Answer::ok(&json!({
            "url": format!("ws://{}{}", reachable(core.address), gateway::PATH),
            "shards": core.shards.load(Ordering::Relaxed),
            "session_start_limit": {
                "total": core.options.session_starts,
                "remaining": starts.remaining,
                "reset_after": u64::try_from(starts.reset_after.as_millis()).unwrap_or(u64::MAX),
                "max_concurrency": core.options.max_concurrency,
            },
        }))
    })
    .await
}

async fn guild(state: State<Shared>, wire: Extension<Wire>, request: Request) -> Response {
    authorized(state, wire, Endpoint::Guild, request, |_, _| {
        Answer::error(StatusCode::NOT_FOUND, 10004, "unknown guild")
    })
    .await
}

async fn open_direct(
    State(core): State<Shared>,
    Extension(wire): Extension<Wire>,
    request: Request,
) -> Response {
    let arrival = Arrival::read(request).await;
    let call = Call::open(core, wire, Endpoint::OpenDirect, &arrival);
    let asked = arrival.body.clone().unwrap_or_default();
    call.authorized(&arrival, |core, _| {
        let (Some(guild), Some(user)) = (
            asked["source_guild_id"].as_str(),
            asked["recipient_id"].as_str(),
        ) else {
            return Answer::error(
                StatusCode::BAD_REQUEST,
                50035,
                "source_guild_id and recipient_id are required",
            );
        };
        let opened = send::direct_guild(core.options.faults.seed, guild, user);
        Answer::ok(&json!({
            "guild_id": opened.guild,
            "channel_id": opened.channel,
            "create_time": time::OffsetDateTime::now_utc().unix_timestamp().to_string(),
        }))
    })
    .await
}

/// The route of a scene's messages.
fn messages(scene: Scene) -> MethodRouter<Shared> {
    post(
        move |state: State<Shared>, wire: Extension<Wire>, Path(target), request: Request| {
            to_scene(state, wire, scene, target, request)
        },
    )
}

async fn to_scene(
    State(core): State<Shared>,
    Extension(wire): Extension<Wire>,
    scene: Scene,
    target: String,
    request: Request,
) -> Response {
    let arrival = Arrival::read(request).await;
    let call = Call::open(core, wire, Endpoint::Send(scene), &arrival);
    send::answer(call, scene, &target, &arrival).await
}

async fn unknown(
    State(core): State<Shared>,
    Extension(wire): Extension<Wire>,
    request: Request,
) -> Response<Body> {
    let arrival = Arrival::read(request).await;
    let call = Call::open(core, wire, Endpoint::Unknown, &arrival);
    call.finish(Answer::error(
        StatusCode::NOT_FOUND,
        404,
        "404 page not found",
    ))
}

async fn wrong_method(
    State(core): State<Shared>,
    Extension(wire): Extension<Wire>,
    request: Request,
) -> Response<Body> {
    let arrival = Arrival::read(request).await;
    let call = Call::open(core, wire, Endpoint::Unknown, &arrival);
    call.finish(Answer::error(
        StatusCode::METHOD_NOT_ALLOWED,
        405,
        "405 method not allowed",
    ))
}

/// The outcome of a call whose answer is an error.
pub(crate) fn refused(status: StatusCode, code: Option<u64>) -> Outcome {
    Outcome::Refused {
        status: status.as_u16(),
        code,
    }
}
