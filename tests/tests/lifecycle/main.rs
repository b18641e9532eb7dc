//! A process that is asked to end, and one that systemd watches: with real signals and a real socket.
#![cfg(unix)]

mod process;
mod shutdown;
mod systemd;
