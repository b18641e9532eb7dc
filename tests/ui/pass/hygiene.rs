//! The user's names are never those of the expansion, nor the other way round.
#![deny(warnings)]
#![no_implicit_prelude]

use ::std::prelude::rust_2024::{Err, From, Ok};
use ::std::{assert_eq, io};

use ::recovery_core::retry;

// Names that the expansion must not pick up.
mod shadows {
    #![allow(dead_code, non_camel_case_types)]
    pub struct Result;
    pub struct Option;
    pub struct RetryConfig;
    pub mod core {}
    pub mod std {}
    pub mod recovery_core {}
}
#[allow(unused_imports)]
use shadows::*;

#[retry]
async fn arguments(
    attempt: u32,
    result: u32,
    delay: u32,
    error: u32,
    progress: u32,
    config: u32,
    machine: u32,
    failure: u32,
    mut base: u32,
    calls: &mut u32,
) -> ::core::result::Result<u32, io::Error> {
    *calls += 1;
    base += 1;
    if *calls < 3 {
        return Err(io::Error::from(io::ErrorKind::TimedOut));
    }
    Ok(attempt + result + delay + error + progress + config + machine + failure + base)
}

#[retry(
    max = config,
    initial = delay,
    policy = base,
    when = |_| progress && failure,
    on_retry = |_| *result.borrow_mut() += 1,
    name = "locals"
)]
async fn in_options(
    config: u32,
    delay: ::std::time::Duration,
    base: &::recovery_core::RetryConfig,
    progress: bool,
    failure: bool,
    result: &::std::cell::RefCell<u32>,
) -> ::core::result::Result<u32, io::Error> {
    let (attempt, error, machine) = (1, 2, 3);
    if *result.borrow() < 3 {
        return Err(io::Error::from(io::ErrorKind::Other));
    }
    Ok(attempt + error + machine)
}

#[retry(initial = 1ns)]
fn blocking(attempt: u32, result: u32, calls: &mut u32) -> ::core::result::Result<u32, io::Error> {
    *calls += 1;
    let (delay, error, progress) = (1, 2, 3);
    if *calls < 3 {
        return Err(io::Error::from(io::ErrorKind::TimedOut));
    }
    Ok(attempt + result + delay + error + progress)
}

fn main() {
    let runtime = ::tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build();
    runtime.unwrap().block_on(all());
}

async fn all() {
    assert_eq!(
        arguments(1, 2, 3, 4, 5, 6, 7, 8, 9, &mut 0).await.unwrap(),
        46
    );
    let retries = ::std::cell::RefCell::new(0);
    let policy = <::recovery_core::RetryConfig as ::core::default::Default>::default();
    let delay = ::std::time::Duration::from_millis(1);
    let sum = in_options(4, delay, &policy, true, true, &retries).await;
    assert_eq!(sum.unwrap(), 6);
    assert_eq!(blocking(1, 2, &mut 0).unwrap(), 9);
}
