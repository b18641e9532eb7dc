//! The gateway: one WebSocket conversation after another.

mod greeting;
mod orders;

use std::{future::pending, sync::Arc, time::Duration};

use axum::{
    Extension, Router,
    extract::{
        State,
        ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade},
    },
    http::StatusCode,
    response::{IntoResponse as _, Response},
    routing::get,
};
use serde_json::{Value, json};

use crate::{
    connections::OpenConnection,
    forced::GatewayFault,
    order::{Order, close_reason},
    session::Link,
    shared::Core,
    wire::Wire,
};

/// The path of the gateway, and of its URL in the answer to `GET /gateway/bot`.
pub(crate) const PATH: &str = "/websocket";

/// How long a client may take to leave after op 7 or op 9, and to answer a close frame.
const LEAVE_WITHIN: Duration = Duration::from_secs(5);

/// How long after op 9 the close code comes, where one is to come.
const CODE_AFTER: Duration = Duration::from_millis(200);

/// What was written last should be read before a reset, which can overtake it.
const READ_BEFORE_RESET: Duration = Duration::from_millis(20);

/// botrs 0.13.0 underflows with intervals below a second.
const SHORTEST_HEARTBEAT: Duration = Duration::from_secs(1);

/// For clients that do not.
const SHORTEST_ALLOWED_HEARTBEAT: Duration = Duration::from_millis(50);

/// What a close frame without a code counts as.
const NO_CODE: u16 = 1005;

/// The frames that are no clients' business to send come back with these codes.
const BAD_OPCODE: u16 = 4001;
const BAD_PAYLOAD: u16 = 4002;
const BAD_SESSION: u16 = 4006;
const SESSION_TIMED_OUT: u16 = 4009;

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

async fn upgrade(
    State(core): State<Arc<Core>>,
    Extension(wire): Extension<Wire>,
    request: WebSocketUpgrade,
) -> Response {
    let record = core.ledger.gateway().opened();
    let fault = core.forced_gateway.take();
    match fault {
        Some(GatewayFault::RefuseUpgrade(status)) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
            return status.into_response();
        }
        // If the client leaves, this future is dropped.
        Some(GatewayFault::NoUpgrade) => return pending().await,
        _ => {}
    }
    // axum spawns the callback by itself; the token makes shutdown wait for it.
    let held = core.tasks.token();
    request.on_upgrade(async move |socket| {
        let shutdown = core.shutdown.clone();
        let mut conversation = Conversation {
            core,
            socket,
            wire: wire.clone(),
            link: None,
            fault,
            acknowledges: fault != Some(GatewayFault::NoAcks),
            client_closed: false,
            record,
        };
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = wire.torn() => {}
            () = conversation.serve() => {}
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
    wire: Wire,
    link: Option<Link>,
    fault: Option<GatewayFault>,
    acknowledges: bool,
    client_closed: bool,
    // The last field: when the record closes, the connection has ended.
    record: OpenConnection,
}

/// What wakes a conversation.
enum Stir {
    Received(Option<Result<Message, axum::Error>>),
    Ordered(Option<Order>),
    EventsDue,
}

impl Conversation {
    async fn serve(&mut self) {
        let _ = self.run().await;
        self.let_go();
        if self.client_closed {
            // Reading on is what sends the answer to a close frame.
            let _ = tokio::time::timeout(LEAVE_WITHIN, self.socket.recv()).await;
        }
    }

    async fn run(&mut self) -> Result<(), End> {
        if self.fault != Some(GatewayFault::NoHello) {
            self.hello().await?;
        }
        if self.fault == Some(GatewayFault::ResetAfterHello) {
            return self.reset().await;
        }
        loop {
            match self.next_stir().await {
                Stir::Received(message) => {
                    if let Some(text) = self.text_of(message)? {
                        self.heard(&text).await?;
                    }
                }
                Stir::Ordered(Some(order)) => self.obey(order).await?,
                // The session was forgotten and its last order has been read.
                Stir::Ordered(None) => return self.close(BAD_SESSION, "session gone").await,
                Stir::EventsDue => self.send_due(u64::MAX).await?,
            }
        }
    }

    async fn hello(&mut self) -> Result<(), End> {
        let options = &self.core.options;
        let shortest = if options.allow_short_heartbeat {
            SHORTEST_ALLOWED_HEARTBEAT
        } else {
            SHORTEST_HEARTBEAT
        };
        let interval = options.heartbeat_interval.max(shortest).as_millis();
        let interval = u64::try_from(interval).unwrap_or(u64::MAX);
        self.record.sends_hello();
        self.send(&json!({"op": 10, "d": {"heartbeat_interval": interval}}))
            .await
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

    /// The frame in a message, if it is one; an end if the client has gone.
    fn text_of(
        &mut self,
        message: Option<Result<Message, axum::Error>>,
    ) -> Result<Option<String>, End> {
        match message {
            Some(Ok(Message::Text(text))) => Ok(Some(text.as_str().to_owned())),
            Some(Ok(Message::Binary(bytes))) => {
                Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
            }
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => Ok(None),
            Some(Ok(Message::Close(frame))) => {
                self.client_closed = true;
                self.record
                    .close_received(frame.map_or(NO_CODE, |frame| frame.code));
                Err(End)
            }
            Some(Err(_)) | None => Err(End),
        }
    }

    async fn heard(&mut self, text: &str) -> Result<(), End> {
        let Ok(frame) = serde_json::from_str::<Value>(text) else {
            return self.close(BAD_PAYLOAD, "payload is not JSON").await;
        };
        let data = &frame["d"];
        match frame["op"].as_u64() {
            Some(1) => self.heartbeat(data).await,
            // A client's answer to a heartbeat of ours would be no reason to quarrel.
            Some(11) => Ok(()),
            Some(2) if self.link.is_none() => self.identify(data).await,
            Some(6) if self.link.is_none() => self.resume(data).await,
            Some(2 | 6) => self.close(BAD_PAYLOAD, "already authenticated").await,
            _ => self.close(BAD_OPCODE, "opcode invalid").await,
        }
    }

    async fn heartbeat(&mut self, data: &Value) -> Result<(), End> {
        self.record.heartbeat(data.as_u64());
        if !self.acknowledges {
            return Ok(());
        }
        self.core.ledger.heartbeat();
        self.send(&json!({"op": 11})).await
    }

    /// Lets time pass in which the client's heartbeats alone are answered.
    async fn pass(&mut self, time: Duration) -> Result<(), End> {
        let over = tokio::time::sleep(time);
        tokio::pin!(over);
        loop {
            let message = tokio::select! {
                () = &mut over => return Ok(()),
                message = self.socket.recv() => message,
            };
            let text = self.text_of(message)?.unwrap_or_default();
            let frame: Value = serde_json::from_str(&text).unwrap_or_default();
            if frame["op"] == 1 {
                self.heartbeat(&frame["d"]).await?;
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
                self.record.sends_event();
                self.socket.send(Message::Text(frame.into())).await?;
            }
        }
    }

    /// Waits for the client to leave, and closes if it does not.
    async fn see_out(&mut self, code: u16) -> Result<(), End> {
        if self.until_gone().await {
            return Err(End);
        }
        self.close(code, close_reason(code)).await
    }

    /// Reads on until the client has gone; `false` if it stays.
    async fn until_gone(&mut self) -> bool {
        let drained = async {
            loop {
                let message = self.socket.recv().await;
                if self.text_of(message).is_err() {
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
        self.record.sends_close(code);
        let frame = CloseFrame {
            code,
            reason: reason.into(),
        };
        self.socket.send(Message::Close(Some(frame))).await?;
        self.until_gone().await;
        Err(End)
    }

    /// Resets the connection, once what was written has had the time to be read.
    async fn reset(&mut self) -> Result<(), End> {
        tokio::time::sleep(READ_BEFORE_RESET).await;
        self.wire.tear();
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
