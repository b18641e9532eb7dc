//! Items and methods of the user's, named as a retry loop might name its own.

use std::io;

use recovery_core::{Attempt, retry, retryable_on};

use super::{Flaky, assert_send, third_time_lucky};

/// Patterns resolve to items before they bind a name.
mod items {
    #![allow(
        non_camel_case_types,
        non_upper_case_globals,
        reason = "named as variables are"
    )]
    use std::io;

    use recovery_core::{retry, retryable_on};

    use crate::third_time_lucky;

    pub(super) const progress: u32 = 1;
    pub(super) const attempt: u32 = 2;
    pub(super) static machine: u32 = 4;
    pub(super) struct delay;
    pub(super) struct result;
    pub(super) struct error;
    pub(super) struct site;

    #[retry(on_retry = |_| ())]
    #[retryable_on(Network, except(Timeout))]
    pub(super) async fn call(calls: &mut u32) -> io::Result<u32> {
        let _ = (delay, result, error, site);
        third_time_lucky(calls)?;
        Ok(progress + attempt + machine)
    }
}

/// A trait for all types, with methods that take `self` by value, comes before methods of a type
/// that take it by reference.
#[allow(dead_code, reason = "nothing may call them")]
trait Everywhere: Sized {
    fn after_failure(self) {}
    fn attempt(self) {}
    fn display(self) {}
    fn failure(self) {}
    fn get(self) {}
    fn reason(self) {}
    fn succeeded(self) {}
    fn to_builder(self) {}
    fn wait(self) {}
    fn with_config(self) {}
}

impl<T> Everywhere for T {}

struct Client {
    policy: recovery_core::RetryConfig,
    flaky: Flaky,
}

impl Client {
    #[retry(
        policy = self.policy,
        max = 3,
        attempt = n,
        on_retry = |failed: &Attempt<'_, io::Error>| assert!(failed.number < 3),
        fallback = |error| async { Err(error) },
    )]
    #[retryable_on(Network)]
    async fn call(&self) -> io::Result<u32> {
        self.flaky.call()?;
        Ok(n)
    }
}

/// The attempt's number is the `u32` of the language.
mod types {
    use std::io;

    use recovery_core::retry;

    use crate::third_time_lucky;

    #[allow(non_camel_case_types, dead_code, reason = "named as the primitive is")]
    pub(super) struct u32;

    #[retry(attempt = n)]
    pub(super) async fn call(calls: &mut core::primitive::u32) -> io::Result<u64> {
        third_time_lucky(calls)?;
        Ok(u64::from(n))
    }
}

#[tokio::test(start_paused = true)]
async fn items_of_such_names_are_the_users() {
    let mut calls = 0;
    assert_eq!(assert_send(items::call(&mut calls)).await.unwrap(), 7);
    assert_eq!(calls, 3);
}

#[tokio::test(start_paused = true)]
async fn methods_of_such_names_are_never_called() {
    let client = Client {
        policy: recovery_core::RetryConfig::default(),
        flaky: Flaky::new(),
    };
    assert_eq!(assert_send(client.call()).await.unwrap(), 3);
    assert_eq!(client.flaky.calls(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_type_named_as_a_primitive_is_the_users() {
    let mut calls = 0;
    assert_eq!(assert_send(types::call(&mut calls)).await.unwrap(), 3);
    assert_eq!(calls, 3);
}

/// A braced fragment as a statement, with an expression behind it.
macro_rules! block_and_then {
    ($name:ident, $body:block) => {
        #[retry]
        async fn $name(calls: &mut u32) -> io::Result<u32> {
            $body
            third_time_lucky(calls)?;
            Ok(*calls)
        }
    };
}

block_and_then!(begun_by_a_fragment, {
    let _ = 1;
});

#[tokio::test(start_paused = true)]
async fn a_body_is_read_by_the_compiler_alone() {
    let mut calls = 0;
    assert_eq!(
        assert_send(begun_by_a_fragment(&mut calls)).await.unwrap(),
        3
    );
}

/// What takes a `&mut` argument by value.
fn push<T: Extend<u32>>(mut words: T, word: u32) {
    words.extend([word]);
}

struct Words<'a>(&'a mut Vec<u32>);

impl Extend<u32> for Words<'_> {
    fn extend<I: IntoIterator<Item = u32>>(&mut self, words: I) {
        self.0.extend(words);
    }
}

#[retry]
async fn moved(words: &mut Vec<u32>, calls: &mut u32) -> io::Result<()> {
    let taken = words;
    push(Words(taken), 7);
    let counted = calls;
    third_time_lucky(counted).map(drop)
}

#[retry]
async fn moved_into_a_block(words: &mut Vec<u32>, calls: &mut u32) -> io::Result<()> {
    async move {
        words.push(7);
        third_time_lucky(calls)
    }
    .await?;
    Ok(())
}

#[retry(initial = 1ns)]
fn moved_blocking(words: &mut Vec<u32>, calls: &mut u32) -> io::Result<u32> {
    for word in words {
        *word += 1;
    }
    third_time_lucky(calls)
}

#[tokio::test(start_paused = true)]
async fn mutable_references_may_be_moved_by_each_attempt() {
    let (mut words, mut calls) = (vec![], 0);
    assert_send(moved(&mut words, &mut calls)).await.unwrap();
    assert_eq!((words.as_slice(), calls), ([7, 7, 7].as_slice(), 3));
    calls = 0;
    assert_send(moved_into_a_block(&mut words, &mut calls))
        .await
        .unwrap();
    assert_eq!((words.len(), calls), (6, 3));
    calls = 0;
    moved_blocking(&mut words, &mut calls).unwrap();
    assert_eq!((words[0], calls), (10, 3));
}
