//! A `return` or `?` that a macro hides ends one attempt too.

use std::error::Error;
use std::io;

use recovery_core::retry;

use crate::{assert_send, lost, third_time_lucky};

macro_rules! bail {
    ($error:expr) => {
        return Err($error.into())
    };
}

macro_rules! ensure {
    ($($condition:tt)+) => {
        if !($($condition)+) {
            bail!(lost());
        }
    };
}

macro_rules! attempted {
    ($result:expr) => {
        match $result {
            Ok(value) => value,
            Err(error) => return Err(error),
        }
    };
}

#[retry]
async fn bails(calls: &mut u32) -> Result<u32, Box<dyn Error + Send + Sync>> {
    *calls += 1;
    if *calls < 3 {
        bail!(lost());
    }
    Ok(*calls)
}

#[retry]
async fn ends_in_bail(calls: &mut u32) -> io::Result<u32> {
    *calls += 1;
    if *calls == 3 {
        return Ok(*calls);
    }
    bail!(lost())
}

#[retry(initial = 1ns)]
fn ensures(calls: &mut u32) -> io::Result<u32> {
    *calls += 1;
    ensure!(*calls > 2);
    Ok(*calls)
}

#[retry]
async fn unwraps(calls: &mut u32) -> io::Result<u32> {
    let calls = attempted!(third_time_lucky(calls));
    Ok(calls)
}

#[tokio::test(start_paused = true)]
async fn a_hidden_return_ends_one_attempt() {
    assert_eq!(assert_send(bails(&mut 0)).await.unwrap(), 3);
    assert_eq!(assert_send(ends_in_bail(&mut 0)).await.unwrap(), 3);
    assert_eq!(ensures(&mut 0).unwrap(), 3);
    assert_eq!(assert_send(unwraps(&mut 0)).await.unwrap(), 3);
}
