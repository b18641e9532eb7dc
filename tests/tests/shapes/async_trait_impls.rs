//! In an `#[async_trait]` impl each attempt gets borrowed, owned and `mut` arguments anew.

use std::io;

use async_trait::async_trait;
use recovery_core::{retry, retryable_on};

use crate::{assert_send, lost, third_time_lucky};

#[async_trait]
trait Sending {
    async fn borrowed(&self, word: &str, calls: &mut u32) -> Result<String, io::Error>;
    async fn owned(&mut self, word: String, number: u32) -> Result<String, io::Error>;
    async fn changed(&mut self, number: u32, words: Vec<String>) -> Result<u32, io::Error>;
    async fn taken_apart(&self, pair: (u32, u32), calls: &mut u32) -> io::Result<u32>;
    async fn consumed(&mut self, word: String) -> Result<Vec<u8>, io::Error>;
    async fn consumed_of_a_pattern(&mut self, pair: (String, u32)) -> io::Result<Vec<u8>>;
    async fn narrowed(&self, words: &mut [u32], all: &[u32]) -> io::Result<usize>;
    async fn conditional(&self, number: u32, calls: &mut u32) -> io::Result<u32>;
    async fn generic<T: AsRef<str> + Send + Sync>(
        &self,
        word: T,
        calls: &mut u32,
    ) -> io::Result<usize>;
    async fn associated(calls: &mut u32) -> io::Result<u32>;
}

struct Sender {
    calls: u32,
}

#[async_trait]
impl Sending for Sender {
    #[retry]
    async fn borrowed(&self, word: &str, calls: &mut u32) -> Result<String, io::Error> {
        third_time_lucky(calls)?;
        Ok(word.to_owned())
    }

    #[retry]
    #[retryable_on(Network)]
    async fn owned(&mut self, word: String, number: u32) -> Result<String, io::Error> {
        self.calls += 1;
        if self.calls < 3 {
            Err(io::ErrorKind::ConnectionReset)?;
        }
        Ok(word.repeat(usize::try_from(number).unwrap()))
    }

    #[retryable_on(Network)]
    #[retry]
    async fn changed(&mut self, mut number: u32, words: Vec<String>) -> Result<u32, io::Error> {
        self.calls += 1;
        number += 1;
        if self.calls < 3 {
            return Err(lost());
        }
        assert!(words.is_empty());
        Ok(number)
    }

    #[retry]
    async fn taken_apart(&self, (mut a, b): (u32, u32), calls: &mut u32) -> io::Result<u32> {
        *calls += 1;
        a += b;
        if *calls < 3 {
            return Err(lost());
        }
        Ok(a)
    }

    #[retry(clone(word))]
    async fn consumed(&mut self, word: String) -> Result<Vec<u8>, io::Error> {
        self.calls += 1;
        let bytes = word.into_bytes();
        if self.calls < 3 {
            Err(lost())
        } else {
            Ok(bytes)
        }
    }

    #[retry(clone(a))]
    async fn consumed_of_a_pattern(&mut self, (mut a, b): (String, u32)) -> io::Result<Vec<u8>> {
        self.calls += b;
        a.push('!');
        let bytes = a.into_bytes();
        if self.calls < 3 {
            Err(lost())
        } else {
            Ok(bytes)
        }
    }

    #[retry]
    async fn narrowed(&self, mut words: &mut [u32], mut all: &[u32]) -> io::Result<usize> {
        words[0] += 1;
        let calls = words[0];
        words = &mut words[1..];
        all = &all[1..];
        if calls < 3 {
            return Err(lost());
        }
        Ok(words.len() + all.len())
    }

    #[retry]
    async fn conditional(
        &self,
        #[cfg(any())] mut absent: NoSuchType,
        #[cfg(not(any()))] mut number: u32,
        calls: &mut u32,
    ) -> io::Result<u32> {
        *calls += 1;
        number += 1;
        if *calls < 3 {
            return Err(lost());
        }
        Ok(number)
    }

    #[retry]
    async fn generic<T: AsRef<str> + Send + Sync>(
        &self,
        word: T,
        calls: &mut u32,
    ) -> io::Result<usize> {
        third_time_lucky(calls)?;
        Ok(word.as_ref().len())
    }

    #[retry]
    async fn associated(calls: &mut u32) -> io::Result<u32> {
        third_time_lucky(calls)
    }
}

const fn sender() -> Sender {
    Sender { calls: 0 }
}

#[tokio::test(start_paused = true)]
async fn borrowed_arguments_are_borrowed_anew_by_each_attempt() {
    let mut calls = 0;
    let word = assert_send(sender().borrowed("a", &mut calls))
        .await
        .unwrap();
    assert_eq!((word.as_str(), calls), ("a", 3));
}

#[tokio::test(start_paused = true)]
async fn owned_arguments_are_there_in_each_attempt() {
    let mut sender = sender();
    let word = assert_send(sender.owned("a".to_owned(), 2)).await.unwrap();
    assert_eq!((word.as_str(), sender.calls), ("aa", 3));
}

#[tokio::test(start_paused = true)]
async fn mut_arguments_start_each_attempt_as_they_were_passed() {
    let mut sender = sender();
    let number = assert_send(sender.changed(1, Vec::new())).await.unwrap();
    assert_eq!((number, sender.calls), (2, 3));
    let mut calls = 0;
    let sum = assert_send(sender.taken_apart((1, 2), &mut calls))
        .await
        .unwrap();
    assert_eq!((sum, calls), (3, 3));
    let mut numbers = [0; 3];
    let left = assert_send(sender.narrowed(&mut numbers, &[0; 5]))
        .await
        .unwrap();
    assert_eq!((left, numbers), (6, [3, 0, 0]));
}

#[tokio::test(start_paused = true)]
async fn arguments_that_are_consumed_are_cloned_for_each_attempt() {
    let mut by_name = sender();
    let bytes = assert_send(by_name.consumed("a".to_owned())).await;
    assert_eq!((bytes.unwrap(), by_name.calls), (b"a".to_vec(), 3));
    let mut by_pattern = sender();
    let pair = ("a".to_owned(), 1);
    let bytes = assert_send(by_pattern.consumed_of_a_pattern(pair)).await;
    assert_eq!((bytes.unwrap(), by_pattern.calls), (b"a!".to_vec(), 3));
}

#[tokio::test(start_paused = true)]
async fn arguments_are_there_or_not_by_their_cfg() {
    let mut calls = 0;
    let number = assert_send(sender().conditional(1, &mut calls)).await;
    assert_eq!((number.unwrap(), calls), (2, 3));
}

#[tokio::test(start_paused = true)]
async fn generic_and_associated_functions_are_retried() {
    let mut calls = 0;
    let len = assert_send(sender().generic("abc", &mut calls)).await;
    assert_eq!((len.unwrap(), calls), (3, 3));
    let calls = assert_send(Sender::associated(&mut 0)).await;
    assert_eq!(calls.unwrap(), 3);
}
