//! The status server over real connections, and its page in a real browser.

mod browser;
mod client;
mod hostile;
mod live_bot;
mod page;
mod prometheus;
mod server;
#[path = "../gateway/support.rs"]
#[expect(dead_code, reason = "the gateway's tests use more of it")]
mod support;
