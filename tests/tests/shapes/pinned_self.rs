//! `mut self: Pin<&mut Self>` only points: what it points at keeps its changes, as `&mut self`.

use std::io;
use std::pin::Pin;

use async_trait::async_trait;
use recovery_core::retry;

use crate::{assert_send, lost};

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

    #[retry]
    async fn look(self: Pin<&Self>, calls: &mut u32) -> io::Result<u32> {
        crate::third_time_lucky(calls)?;
        Ok(self.0)
    }

    fn answer(&self) -> io::Result<u32> {
        if !self.0.is_multiple_of(3) {
            return Err(lost());
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

#[tokio::test(start_paused = true)]
async fn a_pinned_self_keeps_its_changes() {
    let mut counter = Counter(0);
    let step = Pin::new(&mut counter).step();
    assert_eq!(assert_send(step).await.unwrap(), 3);
    assert_eq!(Pin::new(&mut counter).step_blocking().unwrap(), 6);
    let pinned = Pin::new(&mut counter);
    assert_eq!(assert_send(pinned.through_a_trait()).await.unwrap(), 9);
    let mut calls = 0;
    let look = Pin::new(&counter).look(&mut calls);
    assert_eq!((assert_send(look).await.unwrap(), calls), (9, 3));
}
