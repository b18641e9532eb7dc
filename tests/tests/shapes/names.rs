//! Raw identifiers and names that are nearly keywords.

use std::io;

use recovery_core::retry;

use crate::{Flaky, assert_send, third_time_lucky};

#[retry(attempt = r#match)]
async fn raw(r#type: &str, mut r#fn: u32, calls: &mut u32) -> io::Result<(usize, u32)> {
    r#fn += r#match;
    third_time_lucky(calls)?;
    Ok((r#type.len(), r#fn))
}

#[retry(initial = 1ns, clone(r#struct))]
fn r#loop(r#struct: String, calls: &mut u32) -> io::Result<Vec<u8>> {
    let bytes = r#struct.into_bytes();
    third_time_lucky(calls)?;
    Ok(bytes)
}

#[retry(max = u32::from(self_[0]), on_retry = |_| assert_eq!(self_, [3]))]
async fn nearly_self(self_: &[u8], this: &Flaky, mut __self: u32) -> io::Result<u32> {
    __self += 1;
    this.call()?;
    Ok(__self)
}

#[retry(max = r#async)]
async fn raw_in_options(r#async: u32, calls: &mut u32) -> io::Result<u32> {
    third_time_lucky(calls)
}

#[retry(initial = 1ns)]
fn underscored(_unused: u32, _: u32, calls: &mut u32) -> io::Result<u32> {
    third_time_lucky(calls)
}

struct Type {
    r#type: u32,
}

impl Type {
    #[retry(max = self.r#type)]
    async fn r#move(&self, calls: &mut u32) -> io::Result<u32> {
        third_time_lucky(calls)
    }
}

#[tokio::test(start_paused = true)]
async fn raw_identifiers_name_arguments_and_functions() {
    let mut calls = 0;
    let pair = assert_send(raw("ab", 1, &mut calls)).await.unwrap();
    assert_eq!((pair, calls), ((2, 4), 3));
    let mut calls = 0;
    assert_eq!(r#loop("a".to_owned(), &mut calls).unwrap(), b"a");
    assert_eq!(calls, 3);
    assert_eq!(assert_send(raw_in_options(3, &mut 0)).await.unwrap(), 3);
    let value = Type { r#type: 3 };
    assert_eq!(assert_send(value.r#move(&mut 0)).await.unwrap(), 3);
}

#[tokio::test(start_paused = true)]
async fn names_like_self_or_unused_are_names() {
    let flaky = Flaky::new();
    let value = assert_send(nearly_self(&[3], &flaky, 1)).await;
    assert_eq!((value.unwrap(), flaky.calls()), (2, 3));
    assert_eq!(underscored(0, 0, &mut 0).unwrap(), 3);
}
