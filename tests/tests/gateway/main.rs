//! Bots on the gateway of the loopback platform: an unmodified botrs client, and ours.

mod connecting;
mod endings;
mod hazards;
mod health;
mod restarts;
mod starting;
mod storm;
mod support;
