//! The future of a retried function is `Send` wherever that of its body is.

use std::cell::Cell;
use std::io;
use std::rc::Rc;
use std::sync::{Arc, Mutex};

use recovery_core::{Classify, ErrorKind, RetryConfig, retry, retryable_on};

use crate::{Flaky, assert_send, third_time_lucky};

struct Client {
    policy: Arc<RetryConfig>,
    log: Arc<Mutex<Vec<u32>>>,
    flaky: Flaky,
}

impl Client {
    #[retry(policy = self.policy, max = 2, on_retry = |failed| self.log.lock().unwrap().push(failed.number))]
    #[retryable_on(Network, Timeout, error if error.raw_os_error().is_some())]
    async fn by_reference(&self, word: &str, mut number: u32) -> io::Result<String> {
        number += u32::try_from(self.log.lock().unwrap().len()).unwrap();
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
        self.flaky.call().map(drop)
    }
}

#[retry(clone(value))]
async fn generic<T: Clone + Send>(
    value: T,
    by: impl Fn(T) -> io::Result<T> + Sync,
) -> io::Result<T> {
    tokio::task::yield_now().await;
    by(value)
}

// `Send`, but not `Sync`: a borrow of it would not be `Send`.
#[retry(clone(count))]
async fn consumed_cell(count: Cell<u32>, calls: &mut u32) -> io::Result<u32> {
    let count = count;
    tokio::task::yield_now().await;
    count.set(count.get() + 1);
    third_time_lucky(calls)?;
    Ok(count.into_inner())
}

#[retry(clone(count))]
async fn consumed_mutable_cell(mut count: Cell<u32>, calls: &mut u32) -> io::Result<u32> {
    *count.get_mut() += 1;
    tokio::task::yield_now().await;
    third_time_lucky(calls)?;
    Ok(count.into_inner())
}

/// Not `Send`, so that it must be gone before each wait.
#[derive(Debug)]
struct NotSend(Rc<u32>);

impl Classify for NotSend {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Network
    }
}

#[retry]
async fn not_send(calls: &mut u32) -> Result<(), NotSend> {
    tokio::task::yield_now().await;
    *calls += 1;
    Err(NotSend(Rc::new(*calls)))
}

#[tokio::test(start_paused = true)]
async fn a_future_with_options_that_name_self_is_send() {
    let mut client = Client {
        policy: Arc::default(),
        log: Arc::default(),
        flaky: Flaky::new(),
    };
    assert_send(client.by_reference("w", 1)).await.unwrap_err();
    assert_eq!(*client.log.lock().unwrap(), [1]);
    let mut words = Vec::new();
    assert_send(client.by_mutable_reference(&mut words))
        .await
        .unwrap();
    assert_eq!(words.len(), 3);
    let client = Arc::new(client);
    let spawned = Arc::clone(&client);
    let result = tokio::spawn(async move { spawned.by_reference("w", 8).await });
    assert_eq!(result.await.unwrap().unwrap(), "w");
    assert_eq!(*client.log.lock().unwrap(), [1, 1]);
}

#[tokio::test(start_paused = true)]
async fn a_generic_future_is_send_if_its_arguments_are() {
    let flaky = Flaky::new();
    let value = generic(1, |value| flaky.call().map(|_| value));
    assert_eq!(assert_send(value).await.unwrap(), 1);
    assert_eq!(flaky.calls(), 3);
}

#[tokio::test(start_paused = true)]
async fn an_argument_that_is_cloned_need_not_be_sync() {
    let (mut consumed, mut changed) = (0, 0);
    let count = assert_send(consumed_cell(Cell::new(1), &mut consumed)).await;
    assert_eq!((count.unwrap(), consumed), (2, 3));
    let count = assert_send(consumed_mutable_cell(Cell::new(1), &mut changed)).await;
    assert_eq!((count.unwrap(), changed), (2, 3));
}

#[tokio::test(start_paused = true)]
async fn an_error_need_not_be_send_to_be_retried() {
    let mut calls = 0;
    let error = assert_send(not_send(&mut calls)).await.unwrap_err();
    assert_eq!((*error.0, calls), (3, 3));
}
