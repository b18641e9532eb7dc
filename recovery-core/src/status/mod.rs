//! The operator's view: how the program is, for a person, an orchestrator and Prometheus.
//!
//! A [`Status`] knows where to look, a [`StatusServer`] shows it, on this machine only unless told otherwise:
//!
//! | path | what it answers |
//! |---|---|
//! | `/` | a page with the live state, English or Chinese, that needs nothing from elsewhere |
//! | `/healthz` | 200, or 503 while the program is [`Unhealthy`](crate::watch::HealthState::Unhealthy); a line for each reason |
//! | `/readyz` | 200 once it serves: healthy or degraded, and every shard connected; else 503 |
//! | `/metrics` | the metrics of the [`metrics`](https://docs.rs/metrics) facade in Prometheus's text form, with [`PrometheusMetrics`] |
//! | `/status.json` | what the page shows; with `?after=N` only the samples after number N |
//!
//! A program that is starting counts as alive: whoever restarted it for that would only make it start again.
//!
//! All is read-only. A server on a loopback address answers only who asks for it by an IP address or as
//! `localhost`, so that no foreign web page can read it by a name that it controls (DNS rebinding).
//!
//! `sources` and `bots` say where to look, `report` what is shown, `samples` remembers the last ten minutes, `view`
//! puts them together; `routes` answers, `listener` bounds who may ask, `page` is what a browser gets.

mod bots;
mod error;
mod listener;
mod page;
mod process;
mod prometheus;
mod report;
mod routes;
mod samples;
mod server;
mod sources;
mod view;

pub use error::StatusServerError;
pub use prometheus::{OtherRecorder, PrometheusMetrics};
pub use routes::router;
pub use server::StatusServer;
pub use sources::StatusBuilder;
pub use view::Status;
