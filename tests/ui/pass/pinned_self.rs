//! `mut self: Pin<&mut Self>` only points: what it points at keeps its changes, as `&mut self`.
#![deny(warnings)]

use std::io;
use std::pin::Pin;

use async_trait::async_trait;
use recovery_core::retry;

#[async_trait]
trait Poll {
    async fn through_a_trait(self: Pin<&mut Self>) -> io::Result<u32>;
}

struct Counter(u32);

impl Counter {
    #[retry]
    async fn step(mut self: Pin<&mut Self>) -> io::Result<u32> {
        self.as_mut().0 += 1;
        self.answer()
    }

    #[retry(initial = 1ns)]
    fn step_blocking(mut self: Pin<&mut Self>) -> io::Result<u32> {
        self.as_mut().0 += 1;
        self.answer()
    }

    fn answer(&self) -> io::Result<u32> {
        if self.0 % 3 != 0 {
            return Err(io::ErrorKind::TimedOut.into());
        }
        Ok(self.0)
    }
}

#[async_trait]
impl Poll for Counter {
    #[retry]
    async fn through_a_trait(mut self: Pin<&mut Self>) -> io::Result<u32> {
        self.as_mut().0 += 1;
        self.answer()
    }
}

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() {
    let mut counter = Counter(0);
    assert_eq!(Pin::new(&mut counter).step().await.unwrap(), 3);
    assert_eq!(Pin::new(&mut counter).step_blocking().unwrap(), 6);
    let pinned = Pin::new(&mut counter);
    assert_eq!(pinned.through_a_trait().await.unwrap(), 9);
}
