//! In an `#[async_trait]` impl each attempt gets borrowed, owned and `mut` arguments anew.
#![deny(warnings)]

use std::io;

use async_trait::async_trait;
use recovery_core::{retry, retryable_on};

#[async_trait]
trait Send {
    async fn borrowed(&self, word: &str, calls: &mut u32) -> Result<String, io::Error>;
    async fn owned(&mut self, word: String, number: u32) -> Result<String, io::Error>;
    async fn changed(&mut self, number: u32, words: Vec<String>) -> Result<u32, io::Error>;
    async fn taken_apart(&self, pair: (u32, u32), calls: &mut u32) -> io::Result<u32>;
    async fn consumed(&mut self, word: String) -> Result<Vec<u8>, io::Error>;
    async fn consumed_of_a_pattern(&mut self, pair: (String, u32)) -> io::Result<Vec<u8>>;
    async fn narrowed(&self, words: &mut [u32], all: &[u32]) -> io::Result<usize>;
    async fn conditional(&self, number: u32, calls: &mut u32) -> io::Result<u32>;
    async fn generic<T: AsRef<str> + std::marker::Send + Sync>(&self, word: T)
    -> io::Result<usize>;
    async fn associated(calls: &mut u32) -> io::Result<u32>;
}

struct Sender {
    calls: u32,
}

#[async_trait]
impl Send for Sender {
    #[retry]
    async fn borrowed(&self, word: &str, calls: &mut u32) -> Result<String, io::Error> {
        *calls += 1;
        if *calls < 3 {
            return Err(io::ErrorKind::TimedOut.into());
        }
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
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        assert!(words.is_empty());
        Ok(number)
    }

    #[retry]
    async fn taken_apart(&self, (mut a, b): (u32, u32), calls: &mut u32) -> io::Result<u32> {
        *calls += 1;
        a += b;
        if *calls < 3 {
            return Err(io::ErrorKind::TimedOut.into());
        }
        Ok(a)
    }

    #[retry(clone(word))]
    async fn consumed(&mut self, word: String) -> Result<Vec<u8>, io::Error> {
        self.calls += 1;
        let bytes = word.into_bytes();
        if self.calls < 3 {
            Err(io::ErrorKind::TimedOut.into())
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
            Err(io::ErrorKind::TimedOut.into())
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
            return Err(io::ErrorKind::TimedOut.into());
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
            return Err(io::ErrorKind::TimedOut.into());
        }
        Ok(number)
    }

    #[retry]
    async fn generic<T: AsRef<str> + std::marker::Send + Sync>(
        &self,
        word: T,
    ) -> io::Result<usize> {
        Ok(word.as_ref().len())
    }

    #[retry]
    async fn associated(calls: &mut u32) -> io::Result<u32> {
        *calls += 1;
        if *calls < 3 {
            Err(io::ErrorKind::TimedOut.into())
        } else {
            Ok(*calls)
        }
    }
}

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() {
    let mut sender = Sender { calls: 0 };
    assert_eq!(sender.borrowed("a", &mut 0).await.unwrap(), "a");
    assert_eq!(sender.owned("a".to_owned(), 2).await.unwrap(), "aa");
    sender.calls = 0;
    assert_eq!(sender.changed(1, Vec::new()).await.unwrap(), 2);
    assert_eq!(sender.taken_apart((1, 2), &mut 0).await.unwrap(), 3);
    sender.calls = 0;
    assert_eq!(sender.consumed("a".to_owned()).await.unwrap(), b"a");
    sender.calls = 0;
    let pair = ("a".to_owned(), 1);
    assert_eq!(sender.consumed_of_a_pattern(pair).await.unwrap(), b"a!");
    assert_eq!(sender.calls, 3);
    assert_eq!(sender.narrowed(&mut [0; 3], &[0; 5]).await.unwrap(), 6);
    assert_eq!(sender.conditional(1, &mut 0).await.unwrap(), 2);
    assert_eq!(sender.generic("abc").await.unwrap(), 3);
    assert_eq!(Sender::associated(&mut 0).await.unwrap(), 3);
}
