//! `?` and `return` end one attempt of an async function, and coercions work as without `#[retry]`.

use std::error::Error;
use std::io;

use recovery_core::retry;

use crate::{Flaky, assert_send, lost, third_time_lucky};

#[retry(jitter = none)]
async fn question_mark(calls: &mut u32) -> Result<u32, io::Error> {
    let value = third_time_lucky(calls)?;
    Ok(value)
}

#[retry(jitter = none)]
async fn early_return(calls: &mut u32) -> io::Result<u32> {
    *calls += 1;
    if *calls < 3 {
        return Err(lost());
    }
    if *calls == 3 {
        return Ok(*calls);
    }
    Ok(0)
}

#[retry(jitter = none)]
async fn question_mark_on_err(calls: &mut u32) -> Result<u32, Box<dyn Error + Send + Sync>> {
    *calls += 1;
    if *calls < 3 {
        Err(lost())?;
    }
    Ok(*calls)
}

#[retry(jitter = none)]
async fn coerced(calls: &mut u32) -> Result<Box<dyn Fn() -> u32>, io::Error> {
    *calls += 1;
    if *calls < 3 {
        Err(lost())
    } else {
        Ok(Box::new(|| 3))
    }
}

#[retry(jitter = none)]
async fn first<'w>(words: &'w [String], calls: &mut u32) -> io::Result<&'w str> {
    *calls += 1;
    if *calls < 3 {
        Err(lost())
    } else {
        Ok(&words[0])
    }
}

#[retry(jitter = none)]
async fn inferred(calls: &mut u32) -> io::Result<Vec<u32>> {
    *calls += 1;
    if *calls < 3 {
        return Err(lost());
    }
    Ok((0..3).collect())
}

#[retry]
async fn single_call(calls: &mut u32) -> io::Result<u32> {
    third_time_lucky(calls)
}

#[retry]
async fn single_awaited_call(calls: &mut u32) -> io::Result<u32> {
    async { third_time_lucky(calls) }.await
}

#[retry]
async fn without_arguments() -> Result<u32, Box<dyn Error + Send + Sync>> {
    static FLAKY: Flaky = Flaky::new();
    Ok(FLAKY.call()?)
}

#[tokio::test(start_paused = true)]
async fn a_question_mark_ends_one_attempt() {
    assert_eq!(assert_send(question_mark(&mut 0)).await.unwrap(), 3);
    let value = assert_send(question_mark_on_err(&mut 0)).await;
    assert_eq!(value.unwrap(), 3);
    let value = assert_send(without_arguments()).await;
    assert_eq!(value.unwrap(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_return_ends_one_attempt() {
    assert_eq!(assert_send(early_return(&mut 0)).await.unwrap(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_value_is_coerced_to_the_type_that_is_returned() {
    assert_eq!(assert_send(coerced(&mut 0)).await.unwrap()(), 3);
    assert_eq!(assert_send(inferred(&mut 0)).await.unwrap(), [0, 1, 2]);
}

#[tokio::test(start_paused = true)]
async fn what_is_borrowed_from_an_argument_is_returned() {
    let mut calls = 0;
    let words = ["a".to_owned()];
    assert_eq!(assert_send(first(&words, &mut calls)).await.unwrap(), "a");
    assert_eq!(calls, 3);
}

#[tokio::test(start_paused = true)]
async fn a_body_may_be_one_call() {
    assert_eq!(assert_send(single_call(&mut 0)).await.unwrap(), 3);
    assert_eq!(assert_send(single_awaited_call(&mut 0)).await.unwrap(), 3);
}
