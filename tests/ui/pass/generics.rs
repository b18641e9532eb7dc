//! Generics, `where`, const generics, lifetimes and `impl Trait` pass through.
#![deny(warnings)]

use std::fmt::{Debug, Display};
use std::io;

use recovery_core::{Classify, ErrorKind, retry, retryable_on};

#[derive(Debug)]
struct Failed<'a, T>(&'a str, T);

impl<T> Classify for Failed<'_, T> {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Network
    }
}

#[retry]
async fn generic<'a, T, F, const N: usize>(
    word: &'a str,
    value: &T,
    mut make: F,
) -> Result<[T; N], Failed<'a, T>>
where
    T: Clone + Debug,
    F: FnMut() -> bool + Copy,
{
    if make() {
        Ok(std::array::from_fn(|_| value.clone()))
    } else {
        Err(Failed(word, value.clone()))
    }
}

#[retry]
async fn any_error<E: Classify>(calls: &mut u32, error: impl Fn() -> E) -> Result<u32, E> {
    *calls += 1;
    if *calls < 3 { Err(error()) } else { Ok(*calls) }
}

#[retry]
async fn impl_arguments(word: impl AsRef<str>, times: impl Into<u32> + Copy) -> io::Result<String> {
    Ok(format!("{}{}", word.as_ref(), times.into()))
}

#[retry]
async fn impl_result(calls: &mut u32) -> Result<impl Display + use<>, io::Error> {
    *calls += 1;
    if *calls < 3 {
        return Err(io::ErrorKind::TimedOut.into());
    }
    Ok("shown")
}

#[retry(initial = 1ns)]
fn blocking_impl_result(calls: &mut u32) -> Result<impl Iterator<Item = u32> + use<>, io::Error> {
    *calls += 1;
    if *calls < 3 {
        return Err(io::ErrorKind::TimedOut.into());
    }
    Ok(0..3)
}

trait Store {
    type Error: Classify;
    fn get(&self) -> Result<u32, Self::Error>;
}

impl Store for u32 {
    type Error = io::Error;
    fn get(&self) -> io::Result<u32> {
        Ok(*self)
    }
}

#[retry]
#[retryable_on(Network)]
async fn projected<S: Store>(store: &S) -> Result<u32, S::Error> {
    store.get()
}

struct Wrapper<T>(T);

impl<T: Clone> Wrapper<T> {
    #[retry]
    async fn inner(&self) -> Result<T, io::Error> {
        Ok(self.0.clone())
    }

    #[retry]
    async fn rewrapped(self) -> Result<Self, Failed<'static, u8>>
    where
        T: Copy,
    {
        Ok(Self(self.0))
    }
}

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() {
    assert_eq!(generic("w", &7, || true).await.unwrap(), [7, 7]);
    let failed: Result<[u32; 1], _> = generic("w", &7, || false).await;
    let Failed(word, value) = failed.unwrap_err();
    assert_eq!((word, value), ("w", 7));
    assert_eq!(
        any_error(&mut 0, || io::Error::from(io::ErrorKind::TimedOut))
            .await
            .unwrap(),
        3
    );
    assert_eq!(impl_arguments("a", 1u8).await.unwrap(), "a1");
    assert_eq!(impl_result(&mut 0).await.unwrap().to_string(), "shown");
    assert_eq!(blocking_impl_result(&mut 0).unwrap().sum::<u32>(), 3);
    assert_eq!(projected(&4).await.unwrap(), 4);
    assert_eq!(
        Wrapper(5).rewrapped().await.unwrap().inner().await.unwrap(),
        5
    );
}
