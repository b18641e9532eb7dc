//! `crate` says where the expansion finds `recovery_core` under another name.
#![deny(warnings)]

extern crate recovery_core as again;

use std::io;

use again::{retry, retryable_on};

mod nested {
    pub extern crate recovery_core as recovery;
}

#[retry(crate = ::again)]
async fn absolute(calls: &mut u32) -> io::Result<()> {
    *calls += 1;
    Err(io::ErrorKind::TimedOut.into())
}

#[retry(max = 2, jitter = full, crate = crate::nested::recovery, on_retry = |_| ())]
#[retryable_on(Timeout)]
async fn by_path(calls: &mut u32) -> io::Result<()> {
    *calls += 1;
    Err(io::ErrorKind::TimedOut.into())
}

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() {
    let mut calls = 0;
    absolute(&mut calls).await.unwrap_err();
    by_path(&mut calls).await.unwrap_err();
    assert_eq!(calls, 5);
}
