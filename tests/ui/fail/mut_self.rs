//! Changes of `mut self` would leak into the next attempt.

use std::io;
use std::sync::Arc;

use async_trait::async_trait;
use recovery_core::retry;

#[derive(Clone)]
struct Client {
    calls: u32,
}

impl Client {
    #[retry]
    async fn send(mut self) -> io::Result<u32> {
        self.calls += 1;
        Ok(self.calls)
    }

    #[retry]
    async fn boxed(mut self: Box<Self>) -> io::Result<u32> {
        self.calls += 1;
        Ok(self.calls)
    }

    #[retry]
    fn shared(mut self: Arc<Self>) -> io::Result<u32> {
        Arc::make_mut(&mut self).calls += 1;
        Ok(self.calls)
    }
}

#[async_trait]
trait Send {
    async fn owned(self) -> io::Result<u32>;
    async fn owned_box(self: Box<Self>) -> io::Result<u32>;
}

#[async_trait]
impl Send for Client {
    #[retry]
    async fn owned(mut self) -> io::Result<u32> {
        self.calls += 1;
        Ok(self.calls)
    }

    #[retry]
    async fn owned_box(mut self: Box<Self>) -> io::Result<u32> {
        self.calls += 1;
        Ok(self.calls)
    }
}

fn main() {
    let client = Client { calls: 0 };
    drop(client.clone().send());
    drop(Box::new(client.clone()).boxed());
    drop(Arc::new(client.clone()).shared());
    drop(client.clone().owned());
    drop(Box::new(client).owned_box());
}
