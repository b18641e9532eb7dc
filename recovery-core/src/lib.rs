//! Declarative recovery for Rust: say which failures deserve another try, and how patiently, in
//! one attribute; the body is written once.
//!
//! ```
//! use std::io;
//! use recovery_core::{retry, retryable_on};
//!
//! #[retry(max = 4, initial = 10ms, backoff = 2.0, jitter)]
//! #[retryable_on(Network, Timeout)]
//! async fn fetch(address: &str) -> Result<usize, io::Error> {
//!     # use std::sync::atomic::{AtomicU32, Ordering};
//!     # static CALLS: AtomicU32 = AtomicU32::new(0);
//!     # if CALLS.fetch_add(1, Ordering::Relaxed) < 2 {
//!     #     return Err(io::ErrorKind::ConnectionReset.into());
//!     # }
//!     // connect, send, read: a `?` here is one failed attempt, not the end
//!     Ok(address.len())
//! }
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() -> io::Result<()> {
//! assert_eq!(fetch("127.0.0.1:80").await?, 12); // reset twice, then answered
//! # Ok(())
//! # }
//! ```
//!
//! # The parts
//! - The attributes [`#[retry]`](macro@retry) and [`#[retryable_on]`](macro@retryable_on) put the
//!   loop into your own function: nothing is boxed, an async body becomes no closure, borrowed and
//!   `&mut` arguments work as usual.
//! - [`Classify`](trait@Classify) tells kinds of failure apart ([`ErrorKind`]), says what the server asked for
//!   (`retry_after`) and whether the call may already have taken [`Effect`].
//! - [`Retry`] and the functions [`smart_retry`], [`exponential_backoff_retry`],
//!   [`handle_rate_limit`] and [`retry_with_extended_timeout`] are the same engine for closures.
//! - [`RetryConfig`] is the policy: bounded, jittered, never above its longest delay.
//! - [`RetryBudget`], [`CircuitBreaker`] and [`Pushback`] are shared by many calls, so that retries do
//!   not multiply an outage; [`Keyed`] keeps one for each host, channel or tenant.
//! - [`guide`] explains the attribute language, option by option, and how to choose a policy.
//! - `state` keeps a state over kills, full disks and power cuts, `watch` knows the program's health and its
//!   errors, with alerts, `shutdown` and `systemd` end it in good order, `status` shows all that on a page
//!   (features of these names).
//! - `botrs` (feature of that name) keeps QQ bots alive: what the platform's errors mean, a client that
//!   stays connected, replies that arrive once, also after an outage.
//!
//! # Features
//! | feature | default | what it adds |
//! |---|---|---|
//! | `macros` | yes | the attributes, and the derive of [`Classify`](trait@Classify) |
//! | `tokio` | yes | async waiting on tokio's clock (a paused clock in tests is obeyed) |
//! | `http` | no | [`http`]: `Retry-After` and gRPC's push-back, for errors of your own |
//! | `metrics` | no | counters, gauges and histograms through the `metrics` facade ([`observe`]) |
//! | `serde` | no | [`RetryConfig`] in TOML, JSON, YAML |
//! | `tracing` | yes | the events `retry.scheduled`, `retry.recovered`, `retry.gave_up`, and those of other features |
//! | `state` | no | `StatePersistence`: a state that outlives the process, in a JSON file |
//! | `redb` | no | `RedbStore`: a large state, in an embedded database that writes only what has changed |
//! | `watch` | no | `HealthChecker`, `ErrorMonitor` with alerts |
//! | `webhook` | no | alerts by HTTP POST |
//! | `shutdown` | no | Ctrl-C and SIGTERM: in good order at the first, at once at the second |
//! | `systemd` | no | readiness, status and watchdog for `Type=notify` |
//! | `status` | no | a page for the operator, `/healthz`, `/readyz`, and `/metrics` for Prometheus |
//! | `botrs` | no | for QQ bots: [`Classify`](trait@Classify) for `botrs::BotError`, `ResilientBotClient`, `Messenger`, `Outbox`; with `state` and `watch` |
//!
//! # What it tells
//! [`observe`]: events, metrics, and the counts of each retried function. A call that succeeds at
//! once says nothing.

#![cfg_attr(docsrs, feature(doc_cfg))]

// The attributes name this crate by its own path, in its own tests and documentation too.
extern crate self as recovery_core;

mod classify;
#[cfg(any(feature = "botrs", feature = "webhook"))]
mod loopback;
pub mod observe;
mod retry;

/// Guides: pages to read, with examples that are tested.
#[cfg(all(feature = "macros", feature = "tokio"))]
pub mod guide {
    #[doc = include_str!("../docs/attribute-language.md")]
    pub mod attribute_language {}

    #[doc = include_str!("../docs/attribute-language.zh-CN.md")]
    pub mod attribute_language_zh_cn {}

    #[doc = include_str!("../docs/choosing-a-policy.md")]
    pub mod choosing_a_policy {}

    #[doc = include_str!("../docs/choosing-a-policy.zh-CN.md")]
    pub mod choosing_a_policy_zh_cn {}

    #[cfg(feature = "botrs")]
    #[doc = include_str!("../docs/gateway.md")]
    pub mod gateway {}

    #[cfg(feature = "botrs")]
    #[doc = include_str!("../docs/gateway.zh-CN.md")]
    pub mod gateway_zh_cn {}

    // It has a whole program, which needs them all.
    #[cfg(all(
        feature = "botrs",
        feature = "redb",
        feature = "shutdown",
        feature = "status",
        feature = "systemd",
        feature = "webhook",
    ))]
    #[doc = include_str!("../docs/survival.md")]
    pub mod survival {}

    #[cfg(all(
        feature = "botrs",
        feature = "redb",
        feature = "shutdown",
        feature = "status",
        feature = "systemd",
        feature = "webhook",
    ))]
    #[doc = include_str!("../docs/survival.zh-CN.md")]
    pub mod survival_zh_cn {}
}

#[doc(hidden)]
#[path = "private/mod.rs"]
pub mod __private;
#[cfg(feature = "botrs")]
pub mod botrs;
#[cfg(feature = "http")]
pub mod http;
#[cfg(feature = "shutdown")]
pub mod shutdown;
#[cfg(feature = "state")]
pub mod state;
#[cfg(feature = "status")]
pub mod status;
#[cfg(feature = "systemd")]
pub mod systemd;
#[cfg(feature = "watch")]
pub mod watch;

pub use classify::{Classify, Effect, ErrorKind};
pub use retry::{
    Attempt, Backoff, BreakerChange, BreakerState, CircuitBreaker, CircuitBreakerBuilder, History,
    Idle, InvalidBreaker, InvalidBudget, InvalidConfig, Jitter, Keyed, NotAttempted, PastAttempt,
    Pushback, Retry, RetryAfter, RetryBudget, RetryConfig, RetryConfigBuilder, StopReason, Stopped,
    parts,
};
#[cfg(feature = "tokio")]
pub use retry::{
    TimedOut, exponential_backoff_retry, handle_rate_limit, retry_with_extended_timeout,
    smart_retry,
};

#[cfg(feature = "macros")]
pub use recovery_macros::{Classify, retry, retryable_on};
