//! The user's names are never those of the expansion, nor the other way round.
#![no_implicit_prelude]
#![allow(clippy::too_many_arguments, reason = "each has a name to protect")]

use ::std::prelude::rust_2024::{Err, From, Ok, test};
use ::std::{assert_eq, io};

use ::recovery_core::{RetryConfig, retry};

use crate::assert_send;

// Names that the expansion must not pick up.
mod shadows {
    #![allow(dead_code, non_camel_case_types, reason = "to be in the way")]
    pub(super) struct Result;
    pub(super) struct Option;
    pub(super) struct Duration;
    pub(super) struct Clone;
    pub(super) struct Classify;
    pub(super) enum Never {}
    pub(super) struct bool;
    pub(super) mod core {}
    pub(super) mod std {}
    pub(super) mod alloc {}
    pub(super) mod tokio {}
    pub(super) mod recovery_core {}
}
#[allow(unused_imports, reason = "to be in the way")]
use shadows::*;

type Number = ::core::primitive::u32;

fn lost<T>() -> ::core::result::Result<T, io::Error> {
    Err(From::from(io::ErrorKind::TimedOut))
}

#[retry]
async fn arguments(
    attempt: Number,
    result: Number,
    delay: Number,
    error: Number,
    progress: Number,
    config: Number,
    site: Number,
    machine: Number,
    failure: Number,
    mut base: Number,
    calls: &mut Number,
) -> ::core::result::Result<Number, io::Error> {
    *calls += 1;
    base += 1;
    if *calls < 3 {
        return lost();
    }
    Ok(attempt + result + delay + error + progress + config + site + machine + failure + base)
}

#[retry]
async fn more_arguments(
    brakes: Number,
    reason: Number,
    permit: Number,
    fallback: Number,
    last: Number,
    name: Number,
    policy: Number,
    limit: Number,
    value: Number,
    mut state: Number,
    calls: &mut Number,
) -> ::core::result::Result<Number, io::Error> {
    *calls += 1;
    state += 1;
    if *calls < 3 {
        return lost();
    }
    Ok(brakes + reason + permit + fallback + last + name + policy + limit + value + state)
}

#[retry(
    max = config,
    initial = delay,
    policy = base,
    when = |_| progress && failure,
    on_retry = |_| { result.fetch_add(1, ::std::sync::atomic::Ordering::Relaxed); },
    name = "locals"
)]
async fn in_options(
    config: Number,
    delay: ::std::time::Duration,
    base: &RetryConfig,
    progress: ::core::primitive::bool,
    failure: ::core::primitive::bool,
    result: &::std::sync::atomic::AtomicU32,
) -> ::core::result::Result<Number, io::Error> {
    let (attempt, error, machine) = (1, 2, 3);
    if result.load(::std::sync::atomic::Ordering::Relaxed) < 3 {
        return Err(From::from(io::ErrorKind::Other));
    }
    Ok(attempt + error + machine)
}

#[retry(initial = 1ns, attempt = progress, clone(delay))]
fn blocking(
    attempt: Number,
    mut result: Number,
    delay: Number,
    calls: &mut Number,
) -> ::core::result::Result<Number, io::Error> {
    *calls += 1;
    result += delay;
    let (config, error) = (1, 2);
    if *calls < 3 {
        return lost();
    }
    Ok(attempt + result + config + error + progress)
}

fn block_on<F: ::std::future::Future>(future: F) -> F::Output {
    let runtime = ::tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build();
    runtime.unwrap().block_on(future)
}

#[test]
fn arguments_like_variables_of_the_expansion_stay_the_users() {
    let mut calls = 0;
    let sum = arguments(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, &mut calls);
    assert_eq!(block_on(assert_send(sum)).unwrap(), 56);
    assert_eq!(calls, 3);
    let mut calls = 0;
    let sum = more_arguments(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, &mut calls);
    assert_eq!(block_on(assert_send(sum)).unwrap(), 56);
    assert_eq!(calls, 3);
    let mut calls = 0;
    assert_eq!(blocking(1, 2, 3, &mut calls).unwrap(), 12);
    assert_eq!(calls, 3);
}

#[test]
fn names_in_options_are_those_of_the_arguments() {
    let retries = ::std::sync::atomic::AtomicU32::new(0);
    let policy = <RetryConfig as ::core::default::Default>::default();
    let delay = ::std::time::Duration::from_millis(1);
    let sum = in_options(4, delay, &policy, true, true, &retries);
    assert_eq!(block_on(assert_send(sum)).unwrap(), 6);
    assert_eq!(retries.into_inner(), 3);
}
