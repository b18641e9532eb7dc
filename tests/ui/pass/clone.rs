//! `clone(..)` gives each attempt its own, for a body that consumes its arguments.
#![deny(warnings)]

use std::io;
use std::sync::Arc;

use recovery_core::retry;

#[retry(clone(body, shared))]
async fn consumed(body: String, shared: Arc<u32>, calls: &mut u32) -> io::Result<(usize, u32)> {
    *calls += 1;
    let bytes = body.into_bytes();
    drop(shared);
    if *calls < 3 {
        Err(io::ErrorKind::TimedOut.into())
    } else {
        Ok((bytes.len(), *calls))
    }
}

#[retry(clone(words,))]
async fn changed(mut words: Vec<u32>, calls: &mut u32) -> io::Result<Vec<u32>> {
    *calls += 1;
    words.push(*calls);
    if *calls < 3 {
        Err(io::ErrorKind::TimedOut.into())
    } else {
        Ok(words)
    }
}

#[retry(clone(a))]
async fn of_a_pattern((a, _): (String, u32), calls: &mut u32) -> io::Result<Vec<u8>> {
    *calls += 1;
    let bytes = a.into_bytes();
    if *calls < 3 {
        Err(io::ErrorKind::TimedOut.into())
    } else {
        Ok(bytes)
    }
}

#[retry(clone(body))]
async fn moved_into_a_task<T: Clone + Send + 'static>(body: T) -> io::Result<T> {
    tokio::spawn(async move { body })
        .await
        .map_err(io::Error::other)
}

#[retry(initial = 1ns, clone(body))]
fn blocking(body: String, calls: &mut u32) -> io::Result<Vec<u8>> {
    *calls += 1;
    let bytes = body.into_bytes();
    if *calls < 3 {
        Err(io::ErrorKind::TimedOut.into())
    } else {
        Ok(bytes)
    }
}

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() {
    assert_eq!(
        consumed("a".to_owned(), Arc::new(1), &mut 0).await.unwrap(),
        (1, 3)
    );
    assert_eq!(changed(Vec::new(), &mut 0).await.unwrap(), [3]);
    assert_eq!(
        of_a_pattern(("a".to_owned(), 0), &mut 0).await.unwrap(),
        b"a"
    );
    assert_eq!(moved_into_a_task(7).await.unwrap(), 7);
    assert_eq!(blocking("a".to_owned(), &mut 0).unwrap(), b"a");
}
