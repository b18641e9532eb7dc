//! `mut` arguments start each attempt as they were passed; patterns bind as without `#[retry]`.

use std::io;

use recovery_core::retry;

use crate::{assert_send, third_time_lucky};

struct Point {
    x: u32,
    y: u32,
}

struct Pair(u32, Point);

#[retry]
async fn counted(mut left: u32, calls: &mut u32) -> io::Result<u32> {
    left += 10;
    third_time_lucky(calls)?;
    Ok(left)
}

#[retry]
async fn tuple((a, mut b): (u32, u32), calls: &mut u32) -> io::Result<u32> {
    b += a;
    third_time_lucky(calls)?;
    Ok(b)
}

#[retry]
async fn fields(Point { x, y: mut height }: Point, _: u8, calls: &mut u32) -> io::Result<u32> {
    height += x;
    third_time_lucky(calls)?;
    Ok(height)
}

#[retry]
async fn mutable_fields(Point { mut x, .. }: Point, calls: &mut u32) -> io::Result<u32> {
    x += 1;
    third_time_lucky(calls)?;
    Ok(x)
}

#[retry]
async fn nested(
    (Pair(a, Point { mut x, .. }), [b, ..]): (Pair, [u32; 2]),
    ((), _): ((), &str),
    calls: &mut u32,
) -> io::Result<u32> {
    x += a + b;
    third_time_lucky(calls)?;
    Ok(x)
}

#[retry]
async fn array([first, .., last]: [u32; 4], &step: &u32, calls: &mut u32) -> io::Result<u32> {
    third_time_lucky(calls)?;
    Ok(first + last + step)
}

#[retry]
async fn middle([_, rest @ .., _]: &[u32; 4], calls: &mut u32) -> io::Result<usize> {
    third_time_lucky(calls)?;
    Ok(rest.len())
}

#[retry]
async fn bound(whole @ Point { x, .. }: &Point, calls: &mut u32) -> io::Result<u32> {
    third_time_lucky(calls)?;
    Ok(whole.y + x)
}

#[retry]
#[expect(clippy::toplevel_ref_arg, reason = "the shape under test")]
async fn by_reference(ref word: String, calls: &mut u32) -> io::Result<usize> {
    third_time_lucky(calls)?;
    Ok(word.len())
}

// A `&mut` argument that is itself `mut` is borrowed again by each attempt.
#[retry]
async fn rest(mut words: &mut [u32], calls: &mut u32) -> io::Result<u32> {
    words[0] += 1;
    words = &mut words[1..];
    third_time_lucky(calls)?;
    Ok(words[0])
}

#[retry]
async fn shared(mut words: &[u32], calls: &mut u32) -> io::Result<usize> {
    words = &words[1..];
    third_time_lucky(calls)?;
    Ok(words.len())
}

#[retry]
async fn conditional(
    #[cfg(any())] mut absent: NoSuchType,
    #[cfg(not(any()))] mut present: u32,
    #[allow(unused_variables)] unused: u32,
    calls: &mut u32,
) -> io::Result<u32> {
    present += 1;
    third_time_lucky(calls)?;
    Ok(present)
}

#[retry(initial = 1ns, clone(present))]
fn conditional_blocking(
    #[cfg(any())] mut absent: NoSuchType,
    #[cfg(not(any()))] mut present: String,
    #[cfg(not(any()))]
    #[cfg(any())]
    mut absent_too: NoSuchType,
    calls: &mut u32,
) -> io::Result<String> {
    present.push('!');
    third_time_lucky(calls)?;
    Ok(present)
}

#[retry(initial = 1ns)]
fn blocking((mut a, b): (u32, u32), mut c: u32, calls: &mut u32) -> io::Result<u32> {
    a += b;
    c += a;
    third_time_lucky(calls)?;
    Ok(c)
}

#[retry(initial = 1ns)]
fn blocking_nested(
    Pair(_, Point { x, y }): Pair,
    [first, .., mut last]: [u32; 3],
    mut words: &mut [u32],
    calls: &mut u32,
) -> io::Result<u32> {
    last += x + y + first;
    words = &mut words[1..];
    words[0] += last;
    third_time_lucky(calls)?;
    Ok(words[0])
}

const fn point() -> Point {
    Point { x: 1, y: 2 }
}

#[tokio::test(start_paused = true)]
async fn a_mut_argument_starts_each_attempt_as_it_was_passed() {
    let mut calls = 0;
    let left = assert_send(counted(1, &mut calls)).await.unwrap();
    assert_eq!((left, calls), (11, 3));
}

#[tokio::test(start_paused = true)]
async fn mut_variables_of_a_pattern_start_each_attempt_as_they_were_passed() {
    let mut calls = 0;
    let sum = assert_send(tuple((1, 2), &mut calls)).await.unwrap();
    assert_eq!((sum, calls), (3, 3));
    let sum = assert_send(fields(point(), 0, &mut 0)).await.unwrap();
    assert_eq!(sum, 3);
    let x = assert_send(mutable_fields(point(), &mut 0)).await.unwrap();
    assert_eq!(x, 2);
    let mut calls = 0;
    let sum = nested((Pair(3, point()), [4, 0]), ((), ""), &mut calls);
    assert_eq!((assert_send(sum).await.unwrap(), calls), (8, 3));
}

#[tokio::test(start_paused = true)]
async fn patterns_bind_in_each_attempt() {
    let (mut of_array, mut of_middle, mut of_bound, mut of_reference) = (0, 0, 0, 0);
    let sum = array([1, 0, 0, 2], &3, &mut of_array);
    assert_eq!(assert_send(sum).await.unwrap(), 6);
    let len = middle(&[0; 4], &mut of_middle);
    assert_eq!(assert_send(len).await.unwrap(), 2);
    let point = point();
    let sum = bound(&point, &mut of_bound);
    assert_eq!(assert_send(sum).await.unwrap(), 3);
    let len = by_reference("abc".to_owned(), &mut of_reference);
    assert_eq!(assert_send(len).await.unwrap(), 3);
    assert_eq!([of_array, of_middle, of_bound, of_reference], [3; 4]);
}

#[tokio::test(start_paused = true)]
async fn a_reference_that_is_narrowed_is_whole_in_the_next_attempt() {
    let mut words = [0, 7];
    let mut calls = 0;
    let last = assert_send(rest(&mut words, &mut calls)).await.unwrap();
    assert_eq!((last, words[0], calls), (7, 3, 3));
    let left = assert_send(shared(&words, &mut 0)).await.unwrap();
    assert_eq!(left, 1);
}

#[tokio::test(start_paused = true)]
async fn arguments_are_there_or_not_by_their_cfg() {
    let mut calls = 0;
    let present = assert_send(conditional(1, 0, &mut calls)).await.unwrap();
    assert_eq!((present, calls), (2, 3));
    let present = conditional_blocking(String::new(), &mut 0).unwrap();
    assert_eq!(present, "!");
}

#[test]
fn arguments_of_a_blocking_function_start_each_attempt_as_they_were_passed() {
    let mut calls = 0;
    assert_eq!(blocking((1, 2), 3, &mut calls).unwrap(), 6);
    assert_eq!(calls, 3);
    let (mut calls, mut words) = (0, [0, 0]);
    let sum = blocking_nested(Pair(0, point()), [4, 0, 5], &mut words, &mut calls);
    assert_eq!((sum.unwrap(), calls), (3 * 12, 3));
}
