//! The future of a retried function is `Send` wherever that of its body is.
#![deny(warnings)]

use std::cell::Cell;
use std::io;
use std::sync::{Arc, Mutex};

use recovery_core::{RetryConfig, retry, retryable_on};

fn assert_send<T: Send>(value: T) -> T {
    value
}

#[derive(Clone)]
struct Client {
    policy: Arc<RetryConfig>,
    log: Arc<Mutex<Vec<u32>>>,
}

impl Client {
    #[retry(policy = self.policy, max = 2, on_retry = |failed| self.log.lock().unwrap().push(failed.number))]
    #[retryable_on(Network, Timeout, error @ _ if error.raw_os_error().is_some())]
    async fn by_reference(&self, word: &str, mut number: u32) -> io::Result<String> {
        number += 1;
        tokio::task::yield_now().await;
        if number < 10 {
            return Err(io::ErrorKind::TimedOut.into());
        }
        Ok(word.to_owned())
    }

    #[retry(policy = RetryConfig::clone(&self.policy))]
    async fn by_mutable_reference(&mut self, words: &mut Vec<String>) -> io::Result<()> {
        words.push(String::new());
        tokio::task::yield_now().await;
        Ok(())
    }
}

#[retry(clone(value))]
async fn generic<T: Clone + Send>(
    value: T,
    by: impl Fn(T) -> io::Result<T> + Send,
) -> io::Result<T> {
    tokio::task::yield_now().await;
    by(value)
}

// `Send`, but not `Sync`: a borrow of it would not be `Send`.
#[retry(clone(count))]
async fn consumed_cell(count: Cell<u32>, calls: &mut u32) -> io::Result<u32> {
    *calls += 1;
    let count = count;
    tokio::task::yield_now().await;
    count.set(count.get() + 1);
    if *calls < 3 {
        return Err(io::ErrorKind::TimedOut.into());
    }
    Ok(count.into_inner())
}

#[retry(clone(count))]
async fn consumed_mutable_cell(mut count: Cell<u32>, calls: &mut u32) -> io::Result<u32> {
    *calls += 1;
    *count.get_mut() += 1;
    tokio::task::yield_now().await;
    if *calls < 3 {
        return Err(io::ErrorKind::TimedOut.into());
    }
    Ok(count.into_inner())
}

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() {
    let mut client = Client {
        policy: Arc::default(),
        log: Arc::default(),
    };
    assert_send(client.by_reference("w", 1)).await.unwrap_err();
    assert_eq!(*client.log.lock().unwrap(), [1]);
    assert_send(client.by_mutable_reference(&mut Vec::new()))
        .await
        .unwrap();
    assert_eq!(assert_send(generic(1, Ok)).await.unwrap(), 1);
    for counted in [
        assert_send(consumed_cell(Cell::new(1), &mut 0)).await,
        assert_send(consumed_mutable_cell(Cell::new(1), &mut 0)).await,
    ] {
        assert_eq!(counted.unwrap(), 2);
    }
    let spawned = client.clone();
    let result = tokio::spawn(async move { spawned.by_reference("w", 9).await })
        .await
        .unwrap();
    assert_eq!(result.unwrap(), "w");
}
