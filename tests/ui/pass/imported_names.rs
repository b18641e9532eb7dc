//! Imported names stay used, in both orders of the attributes.
#![deny(warnings)]

use std::io;

use recovery_core::{retry, retryable_on};

#[retry]
#[retryable_on(Timeout)]
async fn retry_on_top(calls: &mut u32) -> Result<(), io::Error> {
    *calls += 1;
    Err(io::ErrorKind::TimedOut.into())
}

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() {
    let mut calls = 0;
    retry_on_top(&mut calls).await.unwrap_err();
    assert_eq!(calls, 3);
    other_order::run().await;
}

mod other_order {
    use std::io;

    use recovery_core::{retry, retryable_on};

    #[retryable_on(Timeout)]
    #[retry]
    async fn retryable_on_on_top(calls: &mut u32) -> Result<(), io::Error> {
        *calls += 1;
        Err(io::ErrorKind::TimedOut.into())
    }

    pub async fn run() {
        let mut calls = 0;
        retryable_on_on_top(&mut calls).await.unwrap_err();
        assert_eq!(calls, 3);
    }
}
