//! A function that a `macro_rules!` writes is annotated like any other.
#![deny(warnings)]

use std::io;
use std::time::Duration;

use async_trait::async_trait;
use recovery_core::{Attempt, retry, retryable_on};

macro_rules! retried {
    ($name:ident($argument:ident: $ty:ty), $max:expr, $initial:tt, $kind:ident, $body:block) => {
        #[retry(max = $max, initial = $initial, clone($argument), attempt = number)]
        #[retryable_on($kind)]
        async fn $name($argument: $ty, calls: &mut u32) -> io::Result<$ty> {
            *calls += 1;
            let hidden = $argument;
            assert_eq!(number, *calls);
            if *calls < 3 {
                return Err(io::ErrorKind::TimedOut.into());
            }
            $body;
            Ok(hidden)
        }
    };
}

retried!(given(word: String), 3, 10ms, Timeout, {});

macro_rules! by_values {
    ($name:ident, $max:literal, $initial:literal, $label:literal, $hook:expr, $words:ty) => {
        #[retry(max = $max, initial = $initial, jitter = none, name = $label, on_retry = $hook)]
        async fn $name(mut words: $words, calls: &mut u32) -> io::Result<usize> {
            *calls += 1;
            let (_, rest) = words.split_at_mut(1);
            words = rest;
            Err(io::Error::new(
                io::ErrorKind::TimedOut,
                words.len().to_string(),
            ))
        }
    };
}

by_values!(
    labelled,
    4,
    10ms,
    "labelled",
    |failed| assert_eq!((failed.name, failed.max_attempts), ("labelled", 4)),
    &mut [u32]
);

macro_rules! by_types {
    ($name:ident, $words:ty, $result:ty, $hook:path) => {
        #[retry(initial = (5s), jitter = none, on_retry = $hook)]
        async fn $name(mut words: $words) -> $result {
            words.push(1);
            words = &mut *words;
            words.push(2);
            Err(io::ErrorKind::TimedOut.into())
        }
    };
}

macro_rules! implemented {
    ($words:ty, $result:ty, $max:expr) => {
        #[async_trait]
        impl Push for Client {
            #[retry(max = $max, initial = self.delay)]
            async fn push(&self, mut words: $words) -> $result {
                words.push(1);
                words = &mut *words;
                words.push(2);
                Err(io::ErrorKind::TimedOut.into())
            }
        }
    };
}

implemented!(&mut Vec<u8>, io::Result<()>, 2);

fn first_is_five_seconds<E>(failed: &Attempt<'_, E>) {
    assert_eq!(failed.delay, Duration::from_secs(5) * failed.number);
}

by_types!(pushed, &mut Vec<u8>, io::Result<()>, first_is_five_seconds);

macro_rules! methods {
    ($($name:ident $self:ident => $value:expr;)*) => {
        $(
            #[retry]
            async fn $name(&$self, mut step: u32) -> io::Result<u32> {
                step += $value;
                Ok(step)
            }
        )*
    };
}

#[async_trait]
trait Push {
    async fn push(&self, words: &mut Vec<u8>) -> io::Result<()>;
}

struct Client {
    base: u32,
    delay: Duration,
}

impl Client {
    methods! {
        one self => self.base;
        two self => self.base * 2;
    }
}

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() {
    assert_eq!(given("a".to_owned(), &mut 0).await.unwrap(), "a");
    let mut calls = 0;
    let error = labelled(&mut [0; 3], &mut calls).await.unwrap_err();
    assert_eq!((calls, error.to_string().as_str()), (4, "2"));
    let mut words = Vec::new();
    pushed(&mut words).await.unwrap_err();
    assert_eq!(words, [1, 2, 1, 2, 1, 2]);
    let client = Client {
        base: 1,
        delay: Duration::from_secs(1),
    };
    words.clear();
    client.push(&mut words).await.unwrap_err();
    assert_eq!(words, [1, 2, 1, 2]);
    assert_eq!(
        client.one(1).await.unwrap() + client.two(1).await.unwrap(),
        5
    );
}
