//! Inner closures and blocks keep their own `return` and `?`; unusual bodies compile.

use std::io;
use std::num::ParseIntError;

use recovery_core::retry;

use crate::{assert_send, lost, third_time_lucky};

#[retry]
async fn inner(calls: &mut u32) -> io::Result<u32> {
    *calls += 1;
    let closure = |number: u32| {
        if number == 1 {
            return "one";
        }
        "other"
    };
    assert_eq!((closure(1), closure(2)), ("one", "other"));
    let block = async {
        if *calls < 3 {
            return Err(lost());
        }
        io::Result::Ok(1_u8)
    };
    let closed = async |word| {
        let number: u32 = str::parse(word)?;
        Result::<u32, ParseIntError>::Ok(number)
    };
    assert!(closed("inner").await.is_err());
    block.await?;
    Ok(*calls)
}

#[retry(initial = 1ns)]
fn blocking_inner(calls: &mut u32) -> io::Result<u32> {
    let parsed = |word: &str| -> Result<u32, ParseIntError> {
        let number: u32 = word.parse()?;
        if number == 0 {
            return Ok(1);
        }
        Ok(number)
    };
    assert!(parsed("x").is_err());
    let doubled = |known: Option<u32>| Some(known? * 2);
    assert_eq!((parsed("0"), doubled(None)), (Ok(1), None));
    let attempted = || third_time_lucky(calls);
    let mut attempted = attempted;
    attempted()
}

#[retry]
async fn moved_into_inner_blocks(calls: &mut u32) -> io::Result<u32> {
    let calls = &mut *calls;
    let answer = async move {
        let calls = third_time_lucky(calls)?;
        io::Result::Ok(calls)
    };
    let both = async move { io::Result::Ok(answer.await? + 1) };
    both.await
}

#[retry]
async fn loops(calls: &mut u32) -> io::Result<u32> {
    *calls += 1;
    let mut rounds = 0;
    'outer: loop {
        for number in 0..3 {
            if number == 0 {
                continue;
            }
            if rounds == 2 && *calls < 3 {
                break 'outer Err(lost());
            }
        }
        rounds += 1;
        if rounds > 2 {
            break Ok(*calls);
        }
    }
}

#[retry(initial = 1ns)]
fn blocking_loops(calls: &mut u32) -> io::Result<u32> {
    let mut rounds = 0;
    'attempts: while rounds < 3 {
        for _ in 0..2 {
            rounds += 1;
            if rounds == 2 {
                continue 'attempts;
            }
        }
        break;
    }
    let found = 'block: {
        for number in 0..rounds {
            if number == 1 {
                break 'block number;
            }
        }
        return Ok(0);
    };
    Ok(found + third_time_lucky(calls)?)
}

#[retry]
async fn match_tail(calls: &mut u32) -> io::Result<u32> {
    *calls += 1;
    match *calls {
        1 => Err(lost()),
        2 => Err(io::ErrorKind::TimedOut.into()),
        calls => Ok(calls),
    }
}

#[retry]
async fn if_let_tail(calls: &mut u32) -> io::Result<u32> {
    if let Err(error) = third_time_lucky(calls) {
        Err(error)
    } else {
        Ok(*calls)
    }
}

#[retry]
async fn let_else(calls: &mut u32) -> io::Result<u32> {
    let Ok(calls) = third_time_lucky(calls) else {
        return Err(io::ErrorKind::TimedOut.into());
    };
    Ok(calls)
}

#[retry]
async fn block_tail(calls: &mut u32) -> io::Result<u32> {
    {
        *calls += 1;
        if *calls < 3 { Err(lost()) } else { Ok(*calls) }
    }
}

#[retry]
async fn loop_tail(calls: &mut u32) -> io::Result<u32> {
    let mut rounds = 0;
    loop {
        rounds += 1;
        if rounds == 2 {
            break third_time_lucky(calls);
        }
    }
}

#[retry]
async fn return_tail(calls: &mut u32) -> io::Result<u32> {
    #![allow(clippy::needless_return, reason = "the shape under test")]
    return third_time_lucky(calls);
}

macro_rules! answer {
    ($calls:expr) => {
        third_time_lucky($calls)
    };
}

#[retry]
async fn macro_tail(calls: &mut u32) -> io::Result<u32> {
    answer! { calls }
}

#[retry(initial = 1ns)]
fn blocking_macro_tail(calls: &mut u32) -> io::Result<u32> {
    *calls += 0;
    answer!(calls)
}

#[retry]
async fn select_tail(calls: &mut u32) -> io::Result<u32> {
    tokio::select! {
        () = std::future::pending() => Ok(0),
        result = async { third_time_lucky(calls) } => result,
    }
}

#[retry]
async fn joins(calls: &mut u32) -> io::Result<u32> {
    let (calls, one) = tokio::try_join!(async { third_time_lucky(calls) }, async { Ok(1) })?;
    Ok(calls * one)
}

#[retry]
async fn shadowed(word: &str, number: usize, calls: &mut u32) -> io::Result<usize> {
    let number = number + 1;
    let word = word.repeat(number);
    third_time_lucky(calls)?;
    Ok(word.len())
}

#[retry]
async fn borrows_across_waits(words: &mut [String], calls: &mut u32) -> io::Result<usize> {
    let first = &mut words[0];
    tokio::task::yield_now().await;
    first.push('!');
    third_time_lucky(calls)?;
    Ok(first.len())
}

#[tokio::test(start_paused = true)]
async fn inner_closures_and_blocks_keep_their_own_ends() {
    assert_eq!(assert_send(inner(&mut 0)).await.unwrap(), 3);
    assert_eq!(blocking_inner(&mut 0).unwrap(), 3);
    let mut calls = 0;
    let sum = assert_send(moved_into_inner_blocks(&mut calls)).await;
    assert_eq!((sum.unwrap(), calls), (4, 3));
}

#[tokio::test(start_paused = true)]
async fn inner_loops_keep_their_labels() {
    assert_eq!(assert_send(loops(&mut 0)).await.unwrap(), 3);
    let mut calls = 0;
    assert_eq!(blocking_loops(&mut calls).unwrap(), 4);
    assert_eq!(calls, 3);
}

#[tokio::test(start_paused = true)]
async fn a_body_may_end_in_any_expression() {
    assert_eq!(assert_send(match_tail(&mut 0)).await.unwrap(), 3);
    assert_eq!(assert_send(if_let_tail(&mut 0)).await.unwrap(), 3);
    assert_eq!(assert_send(let_else(&mut 0)).await.unwrap(), 3);
    assert_eq!(assert_send(block_tail(&mut 0)).await.unwrap(), 3);
    assert_eq!(assert_send(loop_tail(&mut 0)).await.unwrap(), 3);
    assert_eq!(assert_send(return_tail(&mut 0)).await.unwrap(), 3);
    assert_eq!(assert_send(macro_tail(&mut 0)).await.unwrap(), 3);
    assert_eq!(blocking_macro_tail(&mut 0).unwrap(), 3);
    assert_eq!(assert_send(select_tail(&mut 0)).await.unwrap(), 3);
    assert_eq!(assert_send(joins(&mut 0)).await.unwrap(), 3);
}

#[tokio::test(start_paused = true)]
async fn arguments_are_shadowed_and_borrowed_as_anywhere() {
    let mut calls = 0;
    let len = assert_send(shadowed("ab", 1, &mut calls)).await;
    assert_eq!((len.unwrap(), calls), (4, 3));
    let mut words = vec![String::new()];
    let len = assert_send(borrows_across_waits(&mut words, &mut 0)).await;
    assert_eq!(len.unwrap(), 3);
}
