//! An alias of `Result`, with or without parameters, is as good as `Result`.
#![deny(warnings)]

use std::{fmt, io};

use recovery_core::retry;

type Outcome = Result<u32, io::Error>;
type Answer<T> = Result<T, io::Error>;
type Either<'a, E> = Result<&'a str, E>;

#[retry]
async fn plain(calls: &mut u32) -> Outcome {
    *calls += 1;
    if *calls < 3 {
        return Err(io::ErrorKind::TimedOut.into());
    }
    Ok(*calls)
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
async fn borrowed(word: &str) -> Either<'_, io::Error> {
    Ok(word)
}

#[retry(initial = 1ns)]
fn blocking(word: &str) -> Either<'_, io::Error> {
    Ok(word)
}

#[retry(when = |_| true)]
async fn no_value(_: &u32) -> fmt::Result {
    Ok(())
}

#[retry]
async fn by_path() -> ::core::result::Result<(), io::Error> {
    Ok(())
}

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() {
    assert_eq!(plain(&mut 0).await.unwrap(), 3);
    assert_eq!(generic(&mut 0).await.unwrap(), 3);
    assert_eq!(borrowed("a").await.unwrap(), "a");
    assert_eq!(blocking("a").unwrap(), "a");
    no_value(&0).await.unwrap();
    by_path().await.unwrap();
}
