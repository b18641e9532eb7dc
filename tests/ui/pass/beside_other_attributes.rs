//! Other attributes, docs and `#[cfg]`s keep their meaning beside `#[retry]`.
#![deny(warnings, missing_docs)]
//!

use std::io;

use recovery_core::{retry, retryable_on};

/// Documented.
#[must_use = "the answer"]
#[inline]
#[retry(max = 2)]
#[allow(clippy::unused_async)]
/// Also between the attributes.
#[retryable_on(Timeout)]
#[cfg(not(any()))]
#[track_caller]
pub fn documented(
    #[cfg(any())] absent: NoSuchType,
    #[cfg(not(any()))] calls: &mut u32,
    #[allow(unused_variables)] unused: u32,
) -> io::Result<()> {
    *calls += 1;
    Err(io::ErrorKind::TimedOut.into())
}

#[retry]
#[allow(unused_mut, unused_variables)]
async fn allowed(mut calls: u32) -> io::Result<()> {
    let mut inner = 1;
    Ok(())
}

#[allow(dead_code)]
#[retry]
async fn never_called() -> io::Result<()> {
    Ok(())
}

#[retry]
#[deprecated]
pub(crate) async fn deprecated() -> io::Result<()> {
    #![allow(unused)]
    let inner = 1;
    Ok(())
}

#[allow(unreachable_code)]
#[retry]
#[cfg_attr(all(), expect(unused_variables))]
async fn expected() -> io::Result<()> {
    let unused = 1;
    Ok(())
}

#[retry(max = 2)]
#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn runtime(calls: &mut u32) -> io::Result<()> {
    *calls += 1;
    tokio::task::yield_now().await;
    Err(io::ErrorKind::TimedOut.into())
}

#[tokio::main(flavor = "current_thread", start_paused = true)]
#[retry(initial = 1ms)]
async fn runtime_on_top(calls: &mut u32) -> io::Result<()> {
    *calls += 1;
    tokio::task::yield_now().await;
    Err(io::ErrorKind::TimedOut.into())
}

fn main() {
    let mut calls = 0;
    documented(&mut calls, 0).unwrap_err();
    runtime(&mut calls).unwrap_err();
    assert_eq!(calls, 4);
    runtime_on_top(&mut calls).unwrap_err();
    assert_eq!(calls, 7);
    runs(allowed(0));
    #[allow(deprecated)]
    runs(deprecated());
    runs(expected());
}

fn runs(future: impl Future<Output = io::Result<()>>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(future).unwrap();
}
