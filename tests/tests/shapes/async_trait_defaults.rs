//! A default method of an `#[async_trait]` trait is retried, and its future can be spawned.

use std::io;
use std::sync::Arc;

use async_trait::async_trait;
use recovery_core::retry;

use crate::{Flaky, assert_send};

#[async_trait]
trait Greet: Sync {
    fn flaky(&self) -> &Flaky;

    #[retry(max = 4, clone(name))]
    async fn greet(&self, mut name: String) -> Result<String, io::Error> {
        name.push('!');
        self.flaky().call()?;
        Ok(name)
    }

    #[retry]
    async fn greet_borrowed<'n>(&self, name: &'n str, mut times: usize) -> io::Result<&'n str> {
        times += 1;
        self.flaky().call()?;
        Ok(&name[..times])
    }

    #[retry]
    async fn greet_changing(&mut self, words: &mut Vec<u32>) -> io::Result<u32> {
        words.push(1);
        self.flaky().call()
    }

    #[retry]
    async fn greet_all<T>(self: Arc<Self>, names: T) -> io::Result<usize>
    where
        Self: Send + Sized,
        T: AsRef<[u8]> + Send + Sync,
    {
        self.flaky().call()?;
        Ok(names.as_ref().len())
    }
}

struct Host(Flaky);

impl Greet for Host {
    fn flaky(&self) -> &Flaky {
        &self.0
    }
}

#[tokio::test(start_paused = true)]
async fn a_default_method_is_retried_in_a_task_of_its_own() {
    let host: Arc<dyn Greet + Send> = Arc::new(Host(Flaky::default()));
    let shared = Arc::clone(&host);
    let greeting = tokio::spawn(async move { shared.greet("a".to_owned()).await });
    assert_eq!(greeting.await.unwrap().unwrap(), "a!");
    assert_eq!(host.flaky().calls(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_default_method_borrows_its_arguments_anew_in_each_attempt() {
    let mut host = Host(Flaky::default());
    let name = assert_send(host.greet_borrowed("abc", 1)).await;
    assert_eq!((name.unwrap(), host.0.calls()), ("ab", 3));
    let mut words = Vec::new();
    let calls = assert_send(host.greet_changing(&mut words)).await;
    assert_eq!((calls.unwrap(), words), (3, vec![1, 1, 1]));
}

#[tokio::test(start_paused = true)]
async fn a_generic_default_method_is_retried_behind_an_arc() {
    let host = Arc::new(Host(Flaky::default()));
    let len = assert_send(Arc::clone(&host).greet_all("abc")).await;
    assert_eq!((len.unwrap(), host.0.calls()), (3, 3));
}
