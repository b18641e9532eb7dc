//! Async methods of traits without `#[async_trait]` are retried, in the trait and in the impl.
#![deny(warnings)]
#![allow(async_fn_in_trait)]

use std::cell::Cell;
use std::io;

use recovery_core::retry;

trait Load {
    fn calls(&self) -> &Cell<u32>;

    #[retry]
    async fn default(&self) -> io::Result<u32> {
        self.calls().set(self.calls().get() + 1);
        if self.calls().get() < 3 {
            Err(io::ErrorKind::TimedOut.into())
        } else {
            Ok(self.calls().get())
        }
    }

    async fn load(&self, key: &str) -> io::Result<String>;
    fn blocking(&self) -> io::Result<u32>;
}

struct Store(Cell<u32>);

impl Load for Store {
    fn calls(&self) -> &Cell<u32> {
        &self.0
    }

    #[retry]
    async fn load(&self, key: &str) -> io::Result<String> {
        self.0.set(self.0.get() + 1);
        if self.0.get() < 3 {
            Err(io::ErrorKind::TimedOut.into())
        } else {
            Ok(key.to_owned())
        }
    }

    #[retry(initial = 1ns)]
    fn blocking(&self) -> io::Result<u32> {
        self.0.set(self.0.get() + 1);
        if self.0.get() < 3 {
            Err(io::ErrorKind::TimedOut.into())
        } else {
            Ok(self.0.get())
        }
    }
}

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() {
    let store = Store(Cell::new(0));
    assert_eq!(store.default().await.unwrap(), 3);
    store.0.set(0);
    assert_eq!(store.load("k").await.unwrap(), "k");
    store.0.set(0);
    assert_eq!(store.blocking().unwrap(), 3);
}
