//! A blocking function is retried too, with the same rights as an async one.

use std::error::Error;
use std::io;

use recovery_core::retry;

use crate::{lost, third_time_lucky};

#[retry(initial = 0ms)]
fn question_mark(calls: &mut u32) -> io::Result<u32> {
    let value = third_time_lucky(calls)?;
    Ok(value)
}

#[retry(initial = 0ms)]
fn coerced(calls: &mut u32) -> Result<Box<dyn Fn() -> u32>, Box<dyn Error + Send + Sync>> {
    *calls += 1;
    if *calls < 3 {
        return Err(Box::new(lost()));
    }
    Ok(Box::new(|| 3))
}

#[retry(initial = 0ms)]
fn first<'w>(words: &'w [String], mut skip: usize, calls: &mut u32) -> io::Result<&'w str> {
    *calls += 1;
    skip += 1;
    if *calls < 3 {
        Err(lost())
    } else {
        Ok(&words[skip])
    }
}

#[retry(initial = 0ms)]
fn single_call(calls: &mut u32) -> io::Result<u32> {
    third_time_lucky(calls)
}

#[retry(initial = 0ms)]
fn matched(calls: &mut u32) -> io::Result<u32> {
    match third_time_lucky(calls) {
        Ok(calls) => Ok(calls),
        Err(error) if error.kind() == io::ErrorKind::ConnectionReset => Err(error),
        Err(_) => Ok(0),
    }
}

struct Counter {
    calls: u32,
}

impl Counter {
    #[retry(initial = 0ms)]
    fn count(&mut self) -> Result<&'static str, io::Error> {
        third_time_lucky(&mut self.calls)?;
        Ok("counted")
    }
}

#[test]
fn a_question_mark_or_a_return_ends_one_attempt() {
    assert_eq!(question_mark(&mut 0).unwrap(), 3);
    let mut calls = 0;
    assert_eq!(coerced(&mut calls).unwrap()(), 3);
    assert_eq!(calls, 3);
}

#[test]
fn what_is_borrowed_from_an_argument_is_returned() {
    let words = ["a".to_owned(), "b".to_owned(), "c".to_owned()];
    let mut calls = 0;
    assert_eq!(first(&words, 0, &mut calls).unwrap(), "b");
    assert_eq!(calls, 3);
}

#[test]
fn a_body_may_be_one_expression() {
    assert_eq!(single_call(&mut 0).unwrap(), 3);
    assert_eq!(matched(&mut 0).unwrap(), 3);
}

#[test]
fn a_method_borrows_self_anew_in_each_attempt() {
    let mut counter = Counter { calls: 0 };
    assert_eq!(counter.count().unwrap(), "counted");
    assert_eq!(counter.calls, 3);
}
