//! The gateway: one WebSocket conversation after another.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{
        State,
        ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade},
    },
    http::StatusCode,
    response::Response,
    routing::get,
};
use serde_json::{Value, json};

use crate::{
    api::bearer,
    platform::Core,
    session::{Control, Link, ResumeRefusal},
};

/// The path of the gateway, and of its URL in the answer to `GET /gateway/bot`.
pub(crate) const PATH: &str = "/websocket";

/// How long a client may take to leave after op 7 or op 9, and to answer a close frame.
const LEAVE_WITHIN: Duration = Duration::from_secs(5);

/// botrs 0.13.0 underflows with intervals below a second.
const SHORTEST_HEARTBEAT: Duration = Duration::from_secs(1);

/// The frames that are no clients' business to send come back with these codes.
const BAD_OPCODE: u16 = 4001;
const BAD_PAYLOAD: u16 = 4002;
const BAD_TOKEN: u16 = 4004;
const BAD_SESSION: u16 = 4006;
const BAD_SEQUENCE: u16 = 4007;
const SESSION_TIMED_OUT: u16 = 4009;
const CANNOT_BEGIN: u16 = 4903;

/// What is served without TLS: the gateway.
pub(crate) fn router(core: Arc<Core>) -> Router {
    Router::new()
        .route(PATH, get(upgrade))
        .fallback(async || {
            (
                StatusCode::NOT_FOUND,
                "loopback platform: the gateway is at /websocket; the API is reached by CONNECT\n",
            )
        })
        .with_state(core)
}

async fn upgrade(State(core): State<Arc<Core>>, request: WebSocketUpgrade) -> Response {
    // axum spawns the callback by itself; the token makes shutdown wait for it.
    let held = core.tasks.token();
    request.on_upgrade(async move |socket| {
        let shutdown = core.shutdown.clone();
        let mut conversation = Conversation {
            core,
            socket,
            link: None,
        };
        tokio::select! {
            () = shutdown.cancelled() => {}
            _ = conversation.run() => {}
        }
        drop(conversation);
        drop(held);
    })
}

/// Why a conversation ends; what there is to say has been said.
struct End;

impl From<axum::Error> for End {
    fn from(_: axum::Error) -> Self {
        Self
    }
}

struct Conversation {
    core: Arc<Core>,
    socket: WebSocket,
    link: Option<Link>,
}

/// What wakes a conversation.
enum Stir {
    Received(Option<Result<Message, axum::Error>>),
    Ordered(Option<Control>),
    EventsDue,
}

impl Conversation {
    async fn run(&mut self) -> Result<(), End> {
        let interval = self
            .core
            .options
            .heartbeat_interval
            .max(SHORTEST_HEARTBEAT)
            .as_millis();
        let interval = u64::try_from(interval).unwrap_or(u64::MAX);
        self.send(&json!({"op": 10, "d": {"heartbeat_interval": interval}}))
            .await?;
        loop {
            match self.next_stir().await {
                Stir::Received(Some(Ok(Message::Text(text)))) => self.heard(text.as_str()).await?,
                Stir::Received(Some(Ok(Message::Binary(bytes)))) => {
                    let text = String::from_utf8_lossy(&bytes);
                    self.heard(&text).await?;
                }
                Stir::Received(Some(Ok(Message::Ping(_) | Message::Pong(_)))) => {}
                Stir::Received(Some(Ok(Message::Close(_)) | Err(_)) | None) => return Err(End),
                Stir::Ordered(Some(order)) => return self.obey(order).await,
                // The session was forgotten and its last order has been read.
                Stir::Ordered(None) => return self.close(BAD_SESSION, "session gone").await,
                Stir::EventsDue => self.send_due(u64::MAX).await?,
            }
        }
    }

    async fn next_stir(&mut self) -> Stir {
        let Some(link) = &mut self.link else {
            return Stir::Received(self.socket.recv().await);
        };
        tokio::select! {
            biased;
            order = link.orders.recv() => Stir::Ordered(order),
            () = link.wake.notified() => Stir::EventsDue,
            message = self.socket.recv() => Stir::Received(message),
        }
    }

    async fn heard(&mut self, text: &str) -> Result<(), End> {
        let Ok(frame) = serde_json::from_str::<Value>(text) else {
            return self.close(BAD_PAYLOAD, "payload is not JSON").await;
        };
        let data = &frame["d"];
        match frame["op"].as_u64() {
            Some(1) => {
                self.core.ledger.heartbeat();
                self.send(&json!({"op": 11})).await
            }
            // A client's answer to a heartbeat of ours would be no reason to quarrel.
            Some(11) => Ok(()),
            Some(2) if self.link.is_none() => self.identify(data).await,
            Some(6) if self.link.is_none() => self.resume(data).await,
            Some(2 | 6) => self.close(BAD_PAYLOAD, "already authenticated").await,
            _ => self.close(BAD_OPCODE, "opcode invalid").await,
        }
    }

    fn knows_token(&self, data: &Value) -> bool {
        data["token"]
            .as_str()
            .is_some_and(|token| self.core.tokens.was_issued(bearer(token)))
    }

    async fn identify(&mut self, data: &Value) -> Result<(), End> {
        if !self.knows_token(data) {
            return self.close(BAD_TOKEN, "authentication fail").await;
        }
        let Some(link) = self.core.sessions.identify() else {
            self.send(&json!({"op": 9, "d": false})).await?;
            return self.close(CANNOT_BEGIN, "create session error").await;
        };
        self.core.ledger.identified();
        let shard = match &data["shard"] {
            Value::Array(shard) => json!(shard),
            _ => json!([0, 1]),
        };
        let ready = json!({
            "op": 0,
            "s": 1,
            "t": "READY",
            "d": {
                "version": 1,
                "session_id": link.session,
                "user": {"id": self.core.options.credentials.app_id(), "username": "loopback", "bot": true},
                "shard": shard,
            },
        });
        self.link = Some(link);
        self.send(&ready).await?;
        self.send_due(u64::MAX).await
    }

    async fn resume(&mut self, data: &Value) -> Result<(), End> {
        if !self.knows_token(data) {
            return self.close(BAD_TOKEN, "authentication fail").await;
        }
        let session = data["session_id"].as_str().unwrap_or_default();
        let seen = data["seq"].as_u64().unwrap_or_default();
        match self.core.sessions.resume(session, seen) {
            Ok(resumption) => {
                self.core.ledger.resumed();
                self.link = Some(resumption.link);
                self.send_due(resumption.resumed_as).await?;
                self.send(&json!({"op": 0, "s": resumption.resumed_as, "t": "RESUMED", "d": ""}))
                    .await?;
                self.send_due(u64::MAX).await
            }
            Err(ResumeRefusal::SequenceAhead) => self.close(BAD_SEQUENCE, "seq invalid").await,
            Err(ResumeRefusal::UnknownSession) => {
                self.send(&json!({"op": 9, "d": false})).await?;
                self.close(BAD_SESSION, "session no longer valid").await
            }
        }
    }

    /// Writes the events that the session holds for this connection, up to a sequence number.
    async fn send_due(&mut self, below: u64) -> Result<(), End> {
        loop {
            let Some(link) = &mut self.link else {
                return Ok(());
            };
            let frames = self.core.sessions.next_frames(link, below);
            if frames.is_empty() {
                return Ok(());
            }
            for frame in frames {
                self.socket.send(Message::Text(frame.into())).await?;
            }
        }
    }

    /// Carries out an order. All of them end the conversation; the session lives on without it.
    async fn obey(&mut self, order: Control) -> Result<(), End> {
        match order {
            Control::Reconnect => {
                self.send_due(u64::MAX).await?;
                self.let_go();
                self.send(&json!({"op": 7})).await?;
                self.see_out(SESSION_TIMED_OUT).await
            }
            Control::Invalidate { resumable } => {
                self.let_go();
                self.send(&json!({"op": 9, "d": resumable})).await?;
                let code = if resumable {
                    SESSION_TIMED_OUT
                } else {
                    BAD_SESSION
                };
                self.see_out(code).await
            }
            Control::Close { code, reason } => {
                self.let_go();
                self.close(code, reason).await
            }
        }
    }

    /// Waits for the client to leave, and closes if it does not.
    async fn see_out(&mut self, code: u16) -> Result<(), End> {
        if self.until_gone().await {
            return Err(End);
        }
        self.close(code, "session timed out").await
    }

    /// Reads on until the client has gone; `false` if it stays.
    async fn until_gone(&mut self) -> bool {
        let drained = async {
            while let Some(Ok(message)) = self.socket.recv().await {
                if matches!(message, Message::Close(_)) {
                    break;
                }
            }
        };
        tokio::time::timeout(LEAVE_WITHIN, drained).await.is_ok()
    }

    async fn send(&mut self, frame: &Value) -> Result<(), End> {
        let text = frame.to_string();
        Ok(self.socket.send(Message::Text(text.into())).await?)
    }

    /// Closes, and waits for the answer: hanging up at once could cost the client the code.
    async fn close(&mut self, code: u16, reason: &'static str) -> Result<(), End> {
        self.let_go();
        let frame = CloseFrame {
            code,
            reason: reason.into(),
        };
        self.socket.send(Message::Close(Some(frame))).await?;
        self.until_gone().await;
        Err(End)
    }

    fn let_go(&mut self) {
        if let Some(link) = self.link.take() {
            self.core.sessions.detach(&link);
        }
    }
}

impl Drop for Conversation {
    fn drop(&mut self) {
        self.let_go();
    }
}
