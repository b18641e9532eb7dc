//! Methods borrow `self` anew in each attempt.
#![deny(warnings)]

use std::cell::Cell;
use std::io;

use recovery_core::retry;

struct Client {
    calls: Cell<u32>,
    total: u32,
    name: String,
}

impl Client {
    #[retry]
    async fn by_reference(&self, word: &str) -> Result<String, io::Error> {
        self.calls.set(self.calls.get() + 1);
        if self.calls.get() < 3 {
            return Err(io::ErrorKind::TimedOut.into());
        }
        Ok(format!("{} {word}", self.name))
    }

    #[retry]
    async fn by_mutable_reference(&mut self, step: u32) -> Result<u32, io::Error> {
        self.total += step;
        if self.total < 3 * step {
            Err(io::ErrorKind::TimedOut.into())
        } else {
            Ok(self.total)
        }
    }

    #[retry]
    async fn by_value(self) -> Result<u32, io::Error> {
        self.calls.set(self.calls.get() + 1);
        if self.calls.get() < 3 {
            Err(io::ErrorKind::TimedOut.into())
        } else {
            Ok(self.calls.get())
        }
    }

    #[retry]
    async fn boxed(self: Box<Self>) -> Result<u32, io::Error> {
        self.calls.set(self.calls.get() + 1);
        if self.calls.get() < 3 {
            Err(io::ErrorKind::TimedOut.into())
        } else {
            Ok(self.calls.get())
        }
    }

    #[retry]
    async fn borrowed_from_self(&self) -> Result<&str, io::Error> {
        Ok(&self.name)
    }

    #[retry]
    async fn associated(name: &str) -> Result<Self, io::Error> {
        Ok(Self {
            calls: Cell::new(0),
            total: 0,
            name: name.to_owned(),
        })
    }
}

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() {
    let mut client = Client::associated("c").await.unwrap();
    assert_eq!(client.by_reference("w").await.unwrap(), "c w");
    assert_eq!(client.by_mutable_reference(5).await.unwrap(), 15);
    assert_eq!(client.borrowed_from_self().await.unwrap(), "c");
    client.calls.set(0);
    assert_eq!(client.by_value().await.unwrap(), 3);
    assert_eq!(
        Box::new(Client::associated("d").await.unwrap())
            .boxed()
            .await
            .unwrap(),
        3
    );
}
