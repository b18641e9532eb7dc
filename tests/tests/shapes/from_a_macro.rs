//! A function that a `macro_rules!` writes is annotated like any other.

use std::io;
use std::time::Duration;

use async_trait::async_trait;
use recovery_core::{Attempt, retry, retryable_on};

use crate::{assert_send, lost, third_time_lucky};

macro_rules! retried {
    ($name:ident($argument:ident: $ty:ty), $max:expr, $initial:tt, $kind:ident, $body:block) => {
        #[retry(max = $max, initial = $initial, clone($argument), attempt = number)]
        #[retryable_on($kind)]
        async fn $name($argument: $ty, calls: &mut u32) -> io::Result<$ty> {
            *calls += 1;
            let hidden = $argument;
            assert_eq!(number, *calls);
            if *calls < 3 {
                return Err(lost());
            }
            $body;
            Ok(hidden)
        }
    };
}

retried!(given(word: String), 3, 10ms, Network, {});

macro_rules! by_block {
    ($(#[$meta:meta])* $vis:vis async fn $name:ident($($argument:tt)*) -> $ret:ty $body:block) => {
        $(#[$meta])*
        #[retry]
        $vis async fn $name($($argument)*) -> $ret $body
    };
    ($vis:vis fn $name:ident<$lifetime:lifetime>($($argument:tt)*) -> $ret:ty $body:block) => {
        #[retry(initial = 1ns)]
        $vis fn $name<$lifetime>($($argument)*) -> $ret $body
    };
}

by_block! {
    /// Documented.
    #[must_use = "the step"]
    pub(crate) async fn public(mut step: u32, calls: &mut u32) -> io::Result<u32> {
        step += third_time_lucky(calls)?;
        Ok(step)
    }
}

by_block! {
    async fn private((mut a, b): (u32, u32), calls: &mut u32) -> io::Result<u32> {
        a += b;
        if third_time_lucky(calls).is_err() {
            return Err(lost());
        }
        Ok(a)
    }
}

by_block! {
    pub(super) fn blocking<'w>(mut words: &'w [u32], calls: &mut u32) -> io::Result<&'w u32> {
        words = &words[1..];
        third_time_lucky(calls)?;
        Ok(&words[0])
    }
}

macro_rules! by_item {
    ($($item:item)*) => {
        $(#[retry] $item)*
    };
}

by_item! {
    async fn first_item(mut step: u32, calls: &mut u32) -> io::Result<u32> {
        step += 1;
        third_time_lucky(calls)?;
        Ok(step)
    }

    async fn second_item(calls: &mut u32) -> io::Result<u32> {
        third_time_lucky(calls)
    }
}

macro_rules! by_options {
    ($name:ident<$lifetime:lifetime>($pat:pat => $ty:ty) = $value:expr, $($arg:tt)*) => {
        #[retry($($arg)*)]
        async fn $name<$lifetime>($pat: $ty, word: &$lifetime str) -> io::Result<&$lifetime str> {
            third_time_lucky($value)?;
            Ok(word)
        }
    };
}

by_options!(
    by_pattern<'w>((calls, mut step) => (&mut u32, u8)) = { step += 1; assert_eq!(step, 1); calls },
    max = 4, initial = 1s, jitter = none
);

macro_rules! by_statements {
    ($name:ident($calls:ident), $max:literal, $($body:tt)*) => {
        #[retry(max = $max)]
        async fn $name($calls: &mut u32) -> io::Result<u32> {
            $($body)*
        }
    };
}

by_statements! { statements(calls), 3,
    let calls = &mut *calls;
    *calls += 1;
    if *calls < 3 {
        return Err(lost());
    }
    Ok(*calls)
}

macro_rules! by_expression {
    ($name:ident($calls:ident), $body:expr) => {
        #[retry]
        async fn $name($calls: &mut u32) -> io::Result<u32> {
            $body
        }
    };
}

by_expression!(expression(calls), third_time_lucky(calls));
by_expression!(
    expression_of_a_match(calls),
    match third_time_lucky(calls)? {
        1 => Ok(0),
        calls => Ok(calls),
    }
);

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
            Err(lost())
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
                Err(lost())
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
            async fn $name(&$self, mut step: u32, calls: &mut u32) -> io::Result<u32> {
                step += $value;
                third_time_lucky(calls)?;
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

const fn client() -> Client {
    Client {
        base: 1,
        delay: Duration::from_secs(1),
    }
}

#[tokio::test(start_paused = true)]
async fn options_and_bodies_are_fragments() {
    let mut calls = 0;
    let word = assert_send(given("a".to_owned(), &mut calls)).await;
    assert_eq!((word.unwrap().as_str(), calls), ("a", 3));
    assert_eq!(assert_send(statements(&mut 0)).await.unwrap(), 3);
    assert_eq!(assert_send(expression(&mut 0)).await.unwrap(), 3);
    let calls = assert_send(expression_of_a_match(&mut 0)).await;
    assert_eq!(calls.unwrap(), 3);
    let mut calls = 0;
    let word = assert_send(by_pattern((&mut calls, 0), "abc")).await;
    assert_eq!((word.unwrap(), calls), ("abc", 3));
}

#[tokio::test(start_paused = true)]
async fn whole_functions_are_fragments() {
    assert_eq!(assert_send(public(1, &mut 0)).await.unwrap(), 4);
    let mut calls = 0;
    let sum = assert_send(private((1, 2), &mut calls)).await;
    assert_eq!((sum.unwrap(), calls), (3, 3));
    let mut calls = 0;
    let word = blocking(&[1, 2], &mut calls);
    assert_eq!((*word.unwrap(), calls), (2, 3));
    let mut calls = 0;
    let step = assert_send(first_item(1, &mut calls)).await;
    assert_eq!((step.unwrap(), calls), (2, 3));
    assert_eq!(assert_send(second_item(&mut 0)).await.unwrap(), 3);
}

#[tokio::test(start_paused = true)]
async fn values_and_types_are_fragments() {
    let mut calls = 0;
    let error = assert_send(labelled(&mut [0; 3], &mut calls))
        .await
        .unwrap_err();
    assert_eq!((calls, error.to_string().as_str()), (4, "2"));
    let mut words = Vec::new();
    assert_send(pushed(&mut words)).await.unwrap_err();
    assert_eq!(words, [1, 2, 1, 2, 1, 2]);
}

#[tokio::test(start_paused = true)]
async fn methods_are_written_by_a_macro() {
    let mut words = Vec::new();
    assert_send(client().push(&mut words)).await.unwrap_err();
    assert_eq!(words, [1, 2, 1, 2]);
    let (mut of_one, mut of_two) = (0, 0);
    let one = assert_send(client().one(1, &mut of_one)).await.unwrap();
    let two = assert_send(client().two(1, &mut of_two)).await.unwrap();
    assert_eq!((one, two, of_one, of_two), (2, 3, 3, 3));
}
