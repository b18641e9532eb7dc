//! Generics, `where`, const generics, lifetimes and `impl Trait` pass through.

use std::fmt::{Debug, Display};
use std::io;

use recovery_core::{Classify, ErrorKind, retry, retryable_on};

use crate::{Flaky, assert_send, lost, third_time_lucky};

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
async fn impl_arguments(
    word: impl AsRef<str>,
    times: impl Into<u32> + Copy,
    calls: &mut u32,
) -> io::Result<String> {
    third_time_lucky(calls)?;
    Ok(format!("{}{}", word.as_ref(), times.into()))
}

#[retry]
async fn dynamic_arguments(
    word: &(dyn AsRef<str> + Sync),
    attempted: &mut (dyn FnMut() -> io::Result<u32> + Send),
) -> io::Result<usize> {
    attempted()?;
    Ok(word.as_ref().len())
}

#[retry]
async fn borrowed_closure(attempted: &mut impl FnMut() -> io::Result<u32>) -> io::Result<u32> {
    attempted()
}

#[retry]
async fn async_closure(attempted: impl AsyncFn() -> io::Result<u32>) -> io::Result<u32> {
    attempted().await
}

#[retry]
async fn read_from(reader: &mut (impl io::Read + ?Sized), calls: &mut u32) -> io::Result<usize> {
    third_time_lucky(calls)?;
    reader.read(&mut [0; 2])
}

#[retry]
async fn higher_ranked<F>(of: F, word: &str, calls: &mut u32) -> io::Result<usize>
where
    for<'w> F: Fn(&'w str) -> &'w [u8],
{
    third_time_lucky(calls)?;
    Ok(of(word).len())
}

#[retry]
async fn impl_result(calls: &mut u32) -> Result<impl Display + use<>, io::Error> {
    *calls += 1;
    if *calls < 3 {
        return Err(lost());
    }
    Ok("shown")
}

#[retry(initial = 1ns)]
fn blocking_impl_result(calls: &mut u32) -> Result<impl Iterator<Item = u32> + use<>, io::Error> {
    *calls += 1;
    if *calls < 3 {
        return Err(lost());
    }
    Ok(0..3)
}

#[retry]
async fn impl_results(calls: &mut u32) -> io::Result<(impl Display, Vec<impl Fn() -> u32>)> {
    let calls = third_time_lucky(calls)?;
    Ok((calls, vec![move || calls]))
}

#[retry(initial = 1ns)]
fn array_of<T: Copy, const N: usize>(value: T, calls: &mut u32) -> io::Result<[T; N]> {
    third_time_lucky(calls)?;
    Ok([value; N])
}

trait Store {
    type Error: Classify + Send;
    fn get(&self) -> Result<u32, Self::Error>;
}

impl Store for Flaky {
    type Error = io::Error;
    fn get(&self) -> io::Result<u32> {
        self.call()
    }
}

#[retry]
#[retryable_on(Network)]
async fn projected<S: Store>(store: &S) -> Result<u32, S::Error> {
    store.get()
}

#[retry]
async fn fully_qualified<S>(store: &S) -> Result<u32, <S as Store>::Error>
where
    S: Store + ?Sized,
{
    store.get()
}

struct Wrapper<T>(T);

impl<T: Clone> Wrapper<T> {
    #[retry]
    async fn inner(&self, calls: &mut u32) -> Result<T, io::Error> {
        third_time_lucky(calls)?;
        Ok(self.0.clone())
    }

    #[retry]
    async fn rewrapped(self, calls: &mut u32) -> Result<Self, Failed<'static, u8>>
    where
        T: Copy,
    {
        third_time_lucky(calls).map_err(|_| Failed("", 0))?;
        Ok(Self(self.0))
    }

    #[retry]
    async fn mapped<'s, U>(&'s self, by: fn(&'s T) -> U, calls: &mut u32) -> io::Result<U>
    where
        U: 's,
    {
        third_time_lucky(calls)?;
        Ok(by(&self.0))
    }
}

#[tokio::test(start_paused = true)]
async fn generic_arguments_and_lifetimes_pass_through() {
    let flaky = Flaky::new();
    let made = generic("w", &7, || flaky.call().is_ok());
    assert_eq!(assert_send(made).await.unwrap(), [7, 7]);
    assert_eq!(flaky.calls(), 3);
    let failed: Result<[u32; 1], _> = assert_send(generic("w", &7, || false)).await;
    let Failed(word, value) = failed.unwrap_err();
    assert_eq!((word, value), ("w", 7));
    let calls = assert_send(any_error(&mut 0, lost)).await;
    assert_eq!(calls.unwrap(), 3);
    let mut calls = 0;
    assert_eq!(array_of::<_, 2>(1, &mut calls).unwrap(), [1, 1]);
    assert_eq!(calls, 3);
}

#[tokio::test(start_paused = true)]
async fn arguments_of_impl_and_dyn_traits_pass_through() {
    // What an async closure borrows for less than `'static`, rustc does not take for `Send`.
    static FLAKY: Flaky = Flaky::new();
    let mut calls = 0;
    let word = assert_send(impl_arguments("a", 1_u8, &mut calls)).await;
    assert_eq!((word.unwrap().as_str(), calls), ("a1", 3));
    let mut calls = 0;
    let mut attempted = || third_time_lucky(&mut calls);
    let len = assert_send(dynamic_arguments(&"abc", &mut attempted)).await;
    assert_eq!((len.unwrap(), calls), (3, 3));
    let mut calls = 0;
    let mut attempted = || third_time_lucky(&mut calls);
    let closed = assert_send(borrowed_closure(&mut attempted)).await;
    assert_eq!(closed.unwrap(), 3);
    let closed = assert_send(async_closure(async || FLAKY.call())).await;
    assert_eq!(closed.unwrap(), 3);
    let mut calls = 0;
    let read = assert_send(read_from(&mut io::repeat(0), &mut calls)).await;
    assert_eq!((read.unwrap(), calls), (2, 3));
    let mut calls = 0;
    let len = assert_send(higher_ranked(str::as_bytes, "abc", &mut calls)).await;
    assert_eq!((len.unwrap(), calls), (3, 3));
}

#[tokio::test(start_paused = true)]
async fn an_impl_trait_is_returned_within_the_result() {
    let mut calls = 0;
    let shown = assert_send(impl_result(&mut calls)).await.unwrap();
    assert_eq!(shown.to_string(), "shown");
    assert_eq!(calls, 3);
    let mut calls = 0;
    let numbers = blocking_impl_result(&mut calls).unwrap();
    assert_eq!((numbers.sum::<u32>(), calls), (3, 3));
    let mut calls = 0;
    let (shown, functions) = assert_send(impl_results(&mut calls)).await.unwrap();
    assert_eq!((shown.to_string().as_str(), functions[0]()), ("3", 3));
}

#[tokio::test(start_paused = true)]
async fn an_error_may_be_an_associated_type() {
    let store = Flaky::new();
    assert_eq!(assert_send(projected(&store)).await.unwrap(), 3);
    store.calls();
    assert_eq!(assert_send(fully_qualified(&store)).await.unwrap(), 3);
}

#[tokio::test(start_paused = true)]
async fn methods_of_generic_types_are_retried() {
    let (mut rewrapping, mut inner, mut mapping) = (0, 0, 0);
    let wrapper = assert_send(Wrapper(5).rewrapped(&mut rewrapping)).await;
    let wrapper = wrapper.unwrap_or_else(|Failed(word, _)| panic!("{word}"));
    let value = assert_send(wrapper.inner(&mut inner)).await.unwrap();
    let mapped = wrapper.mapped(|value| value + 1, &mut mapping);
    assert_eq!((value, assert_send(mapped).await.unwrap()), (5, 6));
    assert_eq!([rewrapping, inner, mapping], [3; 3]);
}
