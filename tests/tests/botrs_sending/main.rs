//! Sending, against the loopback platform: what users see, and what the platform was asked.

mod audits;
mod faults;
mod limits;
mod replies;
mod restarts;
mod setup;
mod tokens;
