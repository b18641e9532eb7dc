//! The QQ bot platform on 127.0.0.1.
//!
//! Real TLS, HTTP and WebSocket on one port, so that an **unmodified** botrs runs against it: a
//! [`Platform`] is an HTTPS proxy whose tunnels to the QQ hosts all end in itself, and a gateway.
//! It takes a [`FaultPlan`], whose seed decides which call fails and how, and keeps a [`Ledger`]
//! of every event, call, reply and refusal. From the ledger, the [`Score`] tells how the bot did:
//! what its users saw exactly once, never, or twice.
//!
//! # A bot under the platform
//!
//! [`stage::run`] starts a bot program with an environment that leads it here, plays a
//! [`Scenario`] to it, measures it, ends it and reports. The program `loopback-platform` does the
//! same from a shell:
//!
//! ```text
//! loopback-platform --seed 7 --fault-rate 0.3 -- target/release/my-bot
//! ```
//!
//! Four environment variables are all that the bot needs: `HTTPS_PROXY` (and `https_proxy`) name
//! the platform, `SSL_CERT_FILE` its throw-away authority, and the bot takes its credentials from
//! `QQ_BOT_APP_ID` and `QQ_BOT_SECRET`. **The bot's build must enable reqwest's native roots:**
//! botrs alone trusts only the roots compiled into it. Cargo unifies features, so one line in the
//! bot's `Cargo.toml` does it:
//!
//! ```toml
//! reqwest = { version = "0.12.22", default-features = false, features = ["rustls-tls-native-roots"] }
//! ```
//!
//! The authority's key is made at start, signs once and is dropped; no private key touches a disk.
//! The authority vouches for the QQ hosts only, and for a week.
//!
//! # Inside a test
//!
//! ```
//! use loopback_platform::{Fault, Platform, PlatformOptions, Scene};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let platform = Platform::start(PlatformOptions::default()).await?;
//! platform.force(Fault::ReplyLost);
//! let command = platform.deliver(Scene::C2c, "!ping");
//! // .. a client with platform.proxy_url() and platform.certificate_pem() replies ..
//! assert!(platform.ledger().calls_for(&command).is_empty());
//! platform.shutdown().await;
//! # Ok(())
//! # }
//! ```
//!
//! # What is like the real platform, and what is not
//!
//! Group and C2C replies are deduplicated by target, `msg_id` and `msg_seq`; channel and direct
//! replies are not. A token that the HTTP API refuses still opens the gateway. Events for a session
//! that is disconnected are replayed when it resumes, and are lost when it is declared invalid; a
//! session has one connection, the newest. Events are spread over
//! [`shards`](PlatformOptions::shards) by their guild; tokens, sessions and session starts are kept
//! for each of several bots; session starts come back after
//! [a while](PlatformOptions::session_reset_after). A bot can reply only to what it was told itself.
//!
//! Not modelled are quotas, reply windows, media uploads, intents (every session gets every event
//! of its shard), compression and TLS at the gateway, and how long the real platform keeps a
//! session: here it stays until it is declared invalid or 16 newer ones of its shard have begun.
//! How many hurried IDENTIFYs the real platform lets through is not documented, so they are only
//! counted unless [they are to be refused](PlatformOptions::enforce_concurrency).
//!
//! # What can be made to go wrong
//!
//! ```
//! use std::time::Duration;
//!
//! use loopback_platform::{GatewayFault, Platform, PlatformOptions};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let platform = Platform::start(PlatformOptions::default()).await?;
//! // The field's endless loop: a session that can be neither resumed nor given up.
//! platform.force_gateway(GatewayFault::CloseOnResume(4902), usize::MAX);
//! // .. a client under test connects, is torn off, and must find its way back ..
//! assert_eq!(platform.tear_connections(), 0, "nobody is there yet");
//! let ledger = platform.ledger();
//! let stuck = |ledger: &loopback_platform::Ledger| ledger.connections().len() > 5;
//! assert!(!ledger.wait_until(Duration::from_millis(20), stuck).await);
//! # Ok(())
//! # }
//! ```
//!
//! | what | how |
//! |---|---|
//! | calls, by a plan or one by one | [`FaultPlan`], [`Platform::force`] |
//! | the token endpoint | [`Platform::force_token`] |
//! | coming gateway connections, from the upgrade to READY | [`Platform::force_gateway`] |
//! | live sessions: missing acknowledgements, half-open and torn connections, op 7, op 9, close codes | [`Platform::stop_acks`], [`go_silent`](Platform::go_silent), [`tear_connections`](Platform::tear_connections), [`tear_mid_frame`](Platform::tear_mid_frame), [`reconnect`](Platform::reconnect), [`invalidate_sessions`](Platform::invalidate_sessions), [`invalidate_then_close`](Platform::invalidate_then_close), [`close_sessions`](Platform::close_sessions) |
//! | tokens and the bot itself | [`Platform::expire_tokens`], [`refuse_tokens_at_gateway`](Platform::refuse_tokens_at_gateway), [`ban`](Platform::ban) |
//! | events: repeated, replayed, unknown, malformed | [`Platform::deliver_again`], [`deliver_dispatch`](Platform::deliver_dispatch), [`send_raw`](Platform::send_raw), [`PlatformOptions::rewind_on_resume`] |
//! | the whole platform | [`Platform::go_dark`] |
//!
//! With several shards, [`Platform::order_shard`] reaches one of them. What the gateway saw of all this is in [`Ledger::connections`].

mod allowance;
mod api;
mod bot;
mod call;
mod connections;
mod door;
mod environment;
mod event;
mod fault;
mod forced;
mod gateway;
mod interrupts;
mod ledger;
mod mix;
mod options;
mod order;
mod plan;
mod platform;
pub mod progress;
mod proxy;
mod record;
mod scenario;
mod score;
mod scoreboard;
mod send;
mod session;
mod shared;
pub mod stage;
mod sync;
mod tls;
mod token;
mod token_endpoint;
mod wire;

pub use crate::{
    connections::ConnectionRecord,
    door::Darkness,
    environment::BotEnvironment,
    event::{AuditVerdict, EventId, Scene},
    fault::{Endpoint, Fault, UnknownFault},
    forced::{GatewayFault, TokenFault},
    interrupts::Interrupts,
    ledger::Ledger,
    options::{PlatformOptions, StartError},
    order::Order,
    plan::{CallKey, FaultPlan, FaultPlanError},
    platform::{NotReady, Platform},
    record::{CallRecord, EventRecord, Outcome, Tally},
    scenario::{Scenario, ScenarioEnd, ScenarioError},
    score::{Latency, Score, Unresent},
    token::Credentials,
};
