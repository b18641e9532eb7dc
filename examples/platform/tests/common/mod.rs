//! A client that speaks to the platform as a bot does, by hand.
#![allow(dead_code, reason = "each test file uses the part that it needs")]

use std::{io, time::Duration};

use futures_util::{SinkExt as _, StreamExt as _};
use loopback_platform::{Credentials, EventId, Fault, FaultPlan, Platform, PlatformOptions, Scene};
use reqwest::{Certificate, Client, Proxy, RequestBuilder, Response};
use serde_json::{Value, json};
use tokio::{io::AsyncReadExt as _, net::TcpStream};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{self, Message, protocol::CloseFrame},
};

pub(crate) const API: &str = "https://api.sgroup.qq.com";
pub(crate) const TOKEN_URL: &str = "https://bots.qq.com/app/getAppAccessToken";

/// Long enough for what must not happen to happen.
pub(crate) const MOMENT: Duration = Duration::from_millis(150);

/// No single step of a test takes longer.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) async fn platform() -> Platform {
    start(PlatformOptions::default()).await
}

pub(crate) async fn start(options: PlatformOptions) -> Platform {
    Platform::start(options).await.expect("a platform starts")
}

/// Options under which every call that it fits meets this fault.
pub(crate) fn always(fault: Fault) -> PlatformOptions {
    PlatformOptions {
        faults: FaultPlan {
            seed: 1,
            rate: 1.0,
            faults: vec![fault],
        },
        ..PlatformOptions::default()
    }
}

pub(crate) fn http(platform: &Platform, timeout: Duration) -> Client {
    let authority = Certificate::from_pem(platform.certificate_pem().as_bytes())
        .expect("the certificate is PEM");
    Client::builder()
        .proxy(Proxy::all(platform.proxy_url()).expect("the proxy's URL is one"))
        .tls_built_in_root_certs(false)
        .add_root_certificate(authority)
        .timeout(timeout)
        .build()
        .expect("a client can be built")
}

/// An HTTP client with a token.
#[derive(Clone)]
pub(crate) struct Bot {
    pub(crate) http: Client,
    pub(crate) token: String,
}

impl Bot {
    pub(crate) async fn new(platform: &Platform) -> Self {
        Self::of(platform, platform.credentials()).await
    }

    /// One of several bots.
    pub(crate) async fn of(platform: &Platform, credentials: &Credentials) -> Self {
        let http = http(platform, PATIENCE);
        let (_, answer) = call(token_request(&http, credentials)).await;
        Self {
            token: text(&answer["access_token"]),
            http,
        }
    }

    pub(crate) fn get(&self, path: &str) -> RequestBuilder {
        self.authorize(self.http.get(format!("{API}{path}")))
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> RequestBuilder {
        self.authorize(self.http.post(format!("{API}{path}")).json(body))
    }

    fn authorize(&self, request: RequestBuilder) -> RequestBuilder {
        request.header("Authorization", format!("QQBot {}", self.token))
    }

    /// Replies to a command of the platform's ledger.
    pub(crate) fn reply(&self, platform: &Platform, id: &EventId) -> RequestBuilder {
        self.reply_as(platform, id, None)
    }

    pub(crate) fn reply_as(
        &self,
        platform: &Platform,
        id: &EventId,
        seq: Option<u64>,
    ) -> RequestBuilder {
        let event = platform.ledger().event(id).expect("the command is known");
        let mut body = json!({"content": "pong", "msg_id": id.as_str()});
        if let Some(seq) = seq {
            body["msg_seq"] = json!(seq);
        }
        self.post(&path(event.scene, &event.target), &body)
    }
}

pub(crate) fn path(scene: Scene, target: &str) -> String {
    match scene {
        Scene::Channel => format!("/channels/{target}/messages"),
        Scene::Direct => format!("/dms/{target}/messages"),
        Scene::Group => format!("/v2/groups/{target}/messages"),
        Scene::C2c => format!("/v2/users/{target}/messages"),
    }
}

pub(crate) async fn ask_token(platform: &Platform, http: &Client) -> Value {
    call(token_request(http, platform.credentials())).await.1
}

pub(crate) fn token_request(http: &Client, credentials: &Credentials) -> RequestBuilder {
    let body = json!({"appId": credentials.app_id(), "clientSecret": credentials.secret()});
    http.post(TOKEN_URL).json(&body)
}

/// Sends a request; returns the status and the JSON body, `Null` if it is none.
pub(crate) async fn call(request: RequestBuilder) -> (u16, Value) {
    let response = request.send().await.expect("the call is answered");
    read(response).await
}

pub(crate) async fn read(response: Response) -> (u16, Value) {
    let status = response.status().as_u16();
    let body = response.text().await.expect("the body can be read");
    (status, serde_json::from_str(&body).unwrap_or_default())
}

pub(crate) fn text(value: &Value) -> String {
    value.as_str().expect("a string").to_owned()
}

/// A gateway connection.
pub(crate) struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

/// What came over a gateway connection.
#[derive(Debug)]
pub(crate) enum Heard {
    Frame(Value),
    Closed(Option<u16>),
}

impl Socket {
    pub(crate) async fn connect(platform: &Platform) -> Self {
        let connected = Self::try_connect(platform).await;
        connected.expect("the gateway accepts")
    }

    pub(crate) async fn try_connect(platform: &Platform) -> Result<Self, tungstenite::Error> {
        let url = format!("ws://{}/websocket", platform.address());
        Ok(Self(connect_async(url).await?.0))
    }

    /// Connects and reads HELLO.
    pub(crate) async fn greeted(platform: &Platform) -> Self {
        let mut socket = Self::connect(platform).await;
        assert_eq!(socket.frame().await["op"], 10);
        socket
    }

    /// Connects, identifies and reads READY; returns the session's id too.
    pub(crate) async fn ready(platform: &Platform, token: &str) -> (Self, String) {
        let mut socket = Self::greeted(platform).await;
        socket.identify(token).await;
        let ready = socket.frame().await;
        assert_eq!(ready["t"], "READY", "{ready}");
        (socket, text(&ready["d"]["session_id"]))
    }

    pub(crate) async fn identify(&mut self, token: &str) {
        self.identify_as(token, [0, 1]).await;
    }

    pub(crate) async fn identify_as(&mut self, token: &str, shard: [u32; 2]) {
        self.say(json!({"op": 2, "d": {"token": token, "intents": 1, "shard": shard}}))
            .await;
    }

    pub(crate) async fn resume(&mut self, token: &str, session: &str, seq: u64) {
        self.say(json!({"op": 6, "d": {"token": token, "session_id": session, "seq": seq}}))
            .await;
    }

    pub(crate) async fn say(&mut self, frame: Value) {
        self.0
            .send(Message::text(frame.to_string()))
            .await
            .expect("the gateway listens");
    }

    /// Sends a heartbeat that must be acknowledged.
    pub(crate) async fn beat(&mut self, seen: u64) {
        self.say(json!({"op": 1, "d": seen})).await;
        assert_eq!(self.frame().await, json!({"op": 11}));
    }

    pub(crate) async fn close(&mut self, code: u16) {
        let frame = CloseFrame {
            code: code.into(),
            reason: "".into(),
        };
        self.0.close(Some(frame)).await.expect("it can be sent");
    }

    /// Asserts that nothing comes for a moment, not even an end.
    pub(crate) async fn hears_nothing(&mut self) {
        let heard = tokio::time::timeout(MOMENT, self.hear_patiently()).await;
        assert!(heard.is_err(), "expected silence, heard {heard:?}");
    }

    /// Asserts that the next thing to come is a TCP reset, rather than a mere end.
    pub(crate) async fn is_reset(&mut self) {
        let next = tokio::time::timeout(PATIENCE, self.0.next()).await;
        match next.expect("the end comes in time") {
            Some(Err(tungstenite::Error::Io(error))) => {
                assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
            }
            other => panic!("expected a reset, heard {other:?}"),
        }
    }

    /// The bytes that come before the end of the connection, and how it ends.
    pub(crate) async fn rest(&mut self) -> (Vec<u8>, io::Result<()>) {
        let MaybeTlsStream::Plain(stream) = self.0.get_mut() else {
            panic!("the gateway uses no TLS");
        };
        let mut bytes = Vec::new();
        let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut bytes)).await;
        (bytes, read.expect("the end comes in time").map(drop))
    }

    pub(crate) async fn hear(&mut self) -> Heard {
        tokio::time::timeout(PATIENCE, self.hear_patiently())
            .await
            .expect("the gateway says something in time")
    }

    pub(crate) async fn hear_patiently(&mut self) -> Heard {
        loop {
            match self.0.next().await {
                Some(Ok(Message::Text(text))) => {
                    return Heard::Frame(serde_json::from_str(&text).expect("a frame is JSON"));
                }
                Some(Ok(Message::Close(frame))) => {
                    return Heard::Closed(frame.map(|frame| frame.code.into()));
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Heard::Closed(None),
            }
        }
    }

    pub(crate) async fn frame(&mut self) -> Value {
        match self.hear().await {
            Heard::Frame(frame) => frame,
            Heard::Closed(code) => panic!("expected a frame, was closed with {code:?}"),
        }
    }

    pub(crate) async fn close_code(&mut self) -> u16 {
        match self.hear().await {
            Heard::Closed(Some(code)) => code,
            other => panic!("expected a close code, heard {other:?}"),
        }
    }
}
