//! `crate` says where the expansion finds `recovery_core` under another name.

use std::io;

use again::{retry, retryable_on};

use crate::{assert_send, lost, third_time_lucky};

mod nested {
    pub(super) extern crate recovery_core as recovery;
}

#[retry(crate = ::again)]
async fn absolute(calls: &mut u32) -> io::Result<u32> {
    third_time_lucky(calls)
}

#[retry(max = 2, jitter = full, crate = crate::renamed_crate::nested::recovery, on_retry = |_| ())]
#[retryable_on(Network)]
async fn by_path(calls: &mut u32) -> io::Result<u32> {
    *calls += 1;
    Err(lost())
}

#[retry(crate = self::nested::recovery, timeout = 1m, clone(word))]
async fn by_relative_path(word: String, calls: &mut u32) -> io::Result<(String, u32)> {
    Ok((word, third_time_lucky(calls)?))
}

#[retry(initial = 1ns, crate = again, when = |_| true)]
fn blocking(calls: &mut u32) -> io::Result<u32> {
    third_time_lucky(calls)
}

#[tokio::test(start_paused = true)]
async fn a_renamed_crate_is_found() {
    assert_eq!(assert_send(absolute(&mut 0)).await.unwrap(), 3);
    let mut calls = 0;
    assert_send(by_path(&mut calls)).await.unwrap_err();
    assert_eq!(calls, 2);
    let (_, calls) = assert_send(by_relative_path(String::new(), &mut 0))
        .await
        .unwrap();
    assert_eq!(calls, 3);
    assert_eq!(blocking(&mut 0).unwrap(), 3);
}
