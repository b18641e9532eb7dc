//! `?` and `return` end one attempt of an async function, and coercions work as without `#[retry]`.
#![deny(warnings)]

use std::error::Error;
use std::io;

use recovery_core::retry;

fn lost() -> io::Error {
    io::ErrorKind::ConnectionReset.into()
}

#[retry(jitter = none)]
async fn question_mark(calls: &mut u32) -> Result<u32, io::Error> {
    *calls += 1;
    let value = if *calls < 3 { Err(lost()) } else { Ok(*calls) };
    Ok(value?)
}

#[retry(jitter = none)]
async fn early_return(calls: &mut u32) -> io::Result<u32> {
    *calls += 1;
    if *calls < 3 {
        return Err(lost());
    }
    return Ok(*calls);
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

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() {
    assert_eq!(question_mark(&mut 0).await.unwrap(), 3);
    assert_eq!(early_return(&mut 0).await.unwrap(), 3);
    assert_eq!(question_mark_on_err(&mut 0).await.unwrap(), 3);
    assert_eq!(coerced(&mut 0).await.unwrap()(), 3);
    assert_eq!(first(&["a".to_owned()], &mut 0).await.unwrap(), "a");
    assert_eq!(inferred(&mut 0).await.unwrap(), [0, 1, 2]);
}
