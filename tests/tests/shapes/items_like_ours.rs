//! Items of the user that are named like what an expansion might write.
#![allow(dead_code, unused_macros, reason = "they are there to be in the way")]

use std::io;

use recovery_core::retry;

use crate::{assert_send, third_time_lucky};

struct Site;
struct Progress;
struct Machine;
struct Failure;
struct Probe;
enum Error {}

const SITE: u32 = 1;
const NAME: u32 = 1;
const CONFIG: u32 = 1;
static POLICY: u32 = 1;

const fn wait(_: u32) -> u32 {
    1
}
const fn attempt() -> u32 {
    1
}
const fn never() -> u32 {
    1
}
const fn progress() -> u32 {
    1
}
const fn delay() -> u32 {
    1
}
const fn result() -> u32 {
    1
}
const fn error() -> u32 {
    1
}
const fn config() -> u32 {
    1
}
const fn machine() -> u32 {
    1
}
mod private {}
mod __private {}

macro_rules! matches {
    ($($any:tt)*) => {
        compile_error!("the user's")
    };
}
macro_rules! concat {
    ($($any:tt)*) => {
        compile_error!("the user's")
    };
}
macro_rules! module_path {
    ($($any:tt)*) => {
        compile_error!("the user's")
    };
}

#[retry(timeout = 1m, attempt = number, clone(word), on_retry = |_| (), jitter = full)]
#[recovery_core::retryable_on(Network, error if error.kind() == io::ErrorKind::TimedOut)]
async fn among_them(word: String, mut n: u32, calls: &mut u32) -> io::Result<u32> {
    drop(word);
    n += SITE + NAME + CONFIG + POLICY + wait(0) + attempt() + never();
    n += progress() + delay() + result() + error() + config() + machine();
    assert_eq!(third_time_lucky(calls)?, number);
    Ok(n)
}

#[retry(initial = 1ns)]
fn blocking_among_them(mut n: u32, calls: &mut u32) -> io::Result<u32> {
    struct Site(u32);
    const SITE: Site = Site(2);
    const fn wait(site: &Site) -> u32 {
        site.0
    }
    n += wait(&SITE);
    third_time_lucky(calls)?;
    Ok(n)
}

#[tokio::test(start_paused = true)]
async fn items_like_those_of_the_expansion_stay_the_users() {
    let mut calls = 0;
    let sum = assert_send(among_them(String::new(), 0, &mut calls)).await;
    assert_eq!((sum.unwrap(), calls), (13, 3));
    let mut calls = 0;
    assert_eq!(blocking_among_them(1, &mut calls).unwrap(), 3);
    assert_eq!(calls, 3);
}
