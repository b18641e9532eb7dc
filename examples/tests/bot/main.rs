//! The bot program, end to end, on this machine alone.

#![cfg(unix)] // the bot is told to end by a signal

mod input;
mod platform;
mod storm;
mod support;
mod survival;
