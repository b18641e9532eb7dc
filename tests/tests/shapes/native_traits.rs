//! Async methods of traits without `#[async_trait]` are retried, in the trait and in the impl.
#![allow(
    async_fn_in_trait,
    reason = "the traits are used with these types alone"
)]

use std::io;

use recovery_core::{Classify, retry};

use crate::{Flaky, assert_send};

trait Load: Sync {
    fn flaky(&self) -> &Flaky;

    #[retry]
    async fn default(&self) -> io::Result<u32> {
        self.flaky().call()
    }

    #[retry(initial = 1ns)]
    fn blocking_default(&mut self, mut step: u32) -> io::Result<u32> {
        step += 1;
        self.flaky().call()?;
        Ok(step)
    }

    async fn load(&self, key: &str) -> io::Result<String>;
    fn blocking(&self) -> io::Result<u32>;
}

struct Store(Flaky);

impl Load for Store {
    fn flaky(&self) -> &Flaky {
        &self.0
    }

    #[retry]
    async fn load(&self, key: &str) -> io::Result<String> {
        self.0.call()?;
        Ok(key.to_owned())
    }

    #[retry(initial = 1ns)]
    fn blocking(&self) -> io::Result<u32> {
        self.0.call()
    }
}

trait Repository {
    type Key<'k>: Sync
    where
        Self: 'k;
    type Value: From<u32>;
    type Error: Classify + From<io::Error>;
    const LIMIT: u32;

    fn flaky(&self) -> &Flaky;

    #[retry(max = Self::LIMIT)]
    async fn get<T>(&self, by: impl Fn(Self::Value) -> T) -> Result<T, Self::Error> {
        let value = self.flaky().call()?;
        Ok(by(value.into()))
    }

    async fn find<'k>(&'k self, key: Self::Key<'k>) -> Result<Self::Value, Self::Error>;
}

impl Repository for Store {
    type Key<'k> = &'k str;
    type Value = u64;
    type Error = io::Error;
    const LIMIT: u32 = 3;

    fn flaky(&self) -> &Flaky {
        &self.0
    }

    #[retry(max = Self::LIMIT)]
    async fn find<'k>(&'k self, key: Self::Key<'k>) -> Result<Self::Value, Self::Error> {
        Ok(u64::from(self.0.call()?) + key.len() as u64)
    }
}

#[tokio::test(start_paused = true)]
async fn default_methods_are_retried() {
    let mut store = Store(Flaky::new());
    assert_eq!(assert_send(store.default()).await.unwrap(), 3);
    store.0.calls();
    assert_eq!(store.blocking_default(1).unwrap(), 2);
    assert_eq!(store.0.calls(), 3);
}

#[tokio::test(start_paused = true)]
async fn methods_of_an_impl_are_retried() {
    let store = Store(Flaky::new());
    assert_eq!(assert_send(store.load("k")).await.unwrap(), "k");
    assert_eq!(store.0.calls(), 3);
    assert_eq!(store.blocking().unwrap(), 3);
}

#[tokio::test(start_paused = true)]
async fn generic_methods_and_associated_types_are_retried() {
    let store = Store(Flaky::new());
    let next = assert_send(store.get(|value| value + 1)).await;
    assert_eq!((next.unwrap(), store.0.calls()), (4, 3));
    let found = assert_send(store.find("abc")).await;
    assert_eq!((found.unwrap(), store.0.calls()), (6, 3));
}
