//! The attributes work by their full path, without an import, in both orders.
#![deny(warnings)]

use std::io;

#[recovery_core::retry]
async fn alone(calls: &mut u32) -> Result<(), io::Error> {
    *calls += 1;
    Err(io::ErrorKind::TimedOut.into())
}

#[recovery_core::retry(max = 2)]
#[recovery_core::retryable_on(Timeout)]
async fn retry_on_top(calls: &mut u32) -> Result<(), io::Error> {
    *calls += 1;
    Err(io::ErrorKind::TimedOut.into())
}

#[::recovery_core::retryable_on(Timeout)]
#[::recovery_core::retry(max = 2)]
async fn retryable_on_on_top(calls: &mut u32) -> Result<(), io::Error> {
    *calls += 1;
    Err(io::ErrorKind::TimedOut.into())
}

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() {
    let mut calls = 0;
    alone(&mut calls).await.unwrap_err();
    assert_eq!(calls, 3);
    retry_on_top(&mut calls).await.unwrap_err();
    assert_eq!(calls, 5);
    retryable_on_on_top(&mut calls).await.unwrap_err();
    assert_eq!(calls, 7);
}
