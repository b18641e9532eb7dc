//! An alias of `Result`, with or without parameters, is as good as `Result`.

use std::error::Error;
use std::{fmt, io};

use recovery_core::retry;

use crate::{assert_send, lost, third_time_lucky};

type Outcome = Result<u32, io::Error>;
type Answer<T> = Result<T, io::Error>;
type Either<'a, E> = Result<&'a str, E>;
type BoxError = Box<dyn Error + Send + Sync>;
type Defaulted<T = u32, E = BoxError> = Result<T, E>;

mod shelf {
    use recovery_core::{Classify, ErrorKind};

    /// In the manner of `fmt::Result`: an alias beside its error.
    pub(super) type Result = std::result::Result<(), Error>;

    #[derive(Debug)]
    pub(super) struct Error;

    impl Classify for Error {
        fn kind(&self) -> ErrorKind {
            ErrorKind::Server
        }
    }
}

#[retry]
async fn plain(calls: &mut u32) -> Outcome {
    third_time_lucky(calls)
}

#[retry]
async fn generic(calls: &mut u32) -> Answer<u32> {
    *calls += 1;
    if *calls < 3 {
        Err(io::ErrorKind::TimedOut)?;
    }
    Ok(*calls)
}

#[retry]
async fn borrowed<'w>(word: &'w str, calls: &mut u32) -> Either<'w, io::Error> {
    third_time_lucky(calls)?;
    Ok(word)
}

#[retry(initial = 1ns)]
fn blocking<'w>(word: &'w str, calls: &mut u32) -> Either<'w, io::Error> {
    third_time_lucky(calls)?;
    Ok(word)
}

#[retry(when = |_| true)]
async fn no_value(calls: &mut u32) -> fmt::Result {
    third_time_lucky(calls).map_err(|_| fmt::Error)?;
    Ok(())
}

#[retry]
async fn own(calls: &mut u32) -> shelf::Result {
    third_time_lucky(calls).map_err(|_| shelf::Error)?;
    Ok(())
}

#[retry]
async fn defaulted(calls: &mut u32) -> Defaulted {
    *calls += 1;
    if *calls < 3 {
        return Err(Box::new(lost()));
    }
    Ok(*calls)
}

#[retry(initial = 1ns)]
fn boxed(calls: &mut u32) -> Result<u32, Box<dyn Error + Send + Sync>> {
    Ok(third_time_lucky(calls)?)
}

#[retry(when = |error| error.is::<io::Error>())]
async fn boxed_here(calls: &mut u32) -> Result<u32, Box<dyn Error>> {
    Ok(third_time_lucky(calls)?)
}

#[retry]
async fn boxed_alias(calls: &mut u32) -> Result<u32, BoxError> {
    Ok(third_time_lucky(calls)?)
}

#[retry]
#[allow(unused_qualifications, reason = "the shape under test")]
async fn by_path(calls: &mut u32) -> ::core::result::Result<u32, io::Error> {
    third_time_lucky(calls)
}

#[tokio::test(start_paused = true)]
async fn aliases_are_results() {
    assert_eq!(assert_send(plain(&mut 0)).await.unwrap(), 3);
    assert_eq!(assert_send(generic(&mut 0)).await.unwrap(), 3);
    assert_eq!(assert_send(by_path(&mut 0)).await.unwrap(), 3);
}

#[tokio::test(start_paused = true)]
async fn an_alias_may_borrow() {
    let (mut calls, mut blocking_calls) = (0, 0);
    assert_eq!(assert_send(borrowed("a", &mut calls)).await.unwrap(), "a");
    assert_eq!(blocking("a", &mut blocking_calls).unwrap(), "a");
    assert_eq!([calls, blocking_calls], [3; 2]);
}

#[tokio::test(start_paused = true)]
async fn an_alias_may_have_no_parameters() {
    let (mut calls, mut own_calls) = (0, 0);
    assert_send(no_value(&mut calls)).await.unwrap();
    assert_send(own(&mut own_calls)).await.unwrap();
    assert_eq!([calls, own_calls], [3; 2]);
}

#[tokio::test(start_paused = true)]
async fn an_error_may_be_boxed() {
    assert_eq!(assert_send(defaulted(&mut 0)).await.unwrap(), 3);
    assert_eq!(assert_send(boxed_alias(&mut 0)).await.unwrap(), 3);
    assert_eq!(assert_send(boxed_here(&mut 0)).await.unwrap(), 3);
    assert_eq!(boxed(&mut 0).unwrap(), 3);
}
