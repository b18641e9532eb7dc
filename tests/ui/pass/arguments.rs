//! `mut` arguments start each attempt as they were passed; patterns bind as without `#[retry]`.
#![deny(warnings)]

use std::io;

use recovery_core::retry;

struct Point {
    x: u32,
    y: u32,
}

fn lost<T>() -> io::Result<T> {
    Err(io::ErrorKind::ConnectionReset.into())
}

#[retry]
async fn counted(mut left: u32, calls: &mut u32) -> io::Result<u32> {
    *calls += 1;
    left += 10;
    if *calls < 3 { lost() } else { Ok(left) }
}

#[retry]
async fn tuple((a, mut b): (u32, u32), calls: &mut u32) -> io::Result<u32> {
    *calls += 1;
    b += a;
    if *calls < 3 { lost() } else { Ok(b) }
}

#[retry]
async fn fields(Point { x, y: mut height }: Point, _: u8, calls: &mut u32) -> io::Result<u32> {
    *calls += 1;
    height += x;
    if *calls < 3 { lost() } else { Ok(height) }
}

#[retry]
async fn mutable_fields(Point { mut x, .. }: Point, calls: &mut u32) -> io::Result<u32> {
    *calls += 1;
    x += 1;
    if *calls < 3 { lost() } else { Ok(x) }
}

#[retry]
async fn array([first, .., last]: [u32; 4], &step: &u32) -> io::Result<u32> {
    Ok(first + last + step)
}

#[retry]
async fn bound(whole @ Point { x, .. }: &Point) -> io::Result<u32> {
    Ok(whole.y + x)
}

// A `&mut` argument that is itself `mut` is borrowed again by each attempt.
#[retry]
async fn rest(mut words: &mut [u32], calls: &mut u32) -> io::Result<u32> {
    *calls += 1;
    words[0] += 1;
    words = &mut words[1..];
    if *calls < 3 { lost() } else { Ok(words[0]) }
}

#[retry]
async fn shared(mut words: &[u32], calls: &mut u32) -> io::Result<usize> {
    *calls += 1;
    words = &words[1..];
    if *calls < 3 { lost() } else { Ok(words.len()) }
}

#[retry]
async fn conditional(
    #[cfg(any())] mut absent: NoSuchType,
    #[cfg(not(any()))] mut present: u32,
    calls: &mut u32,
) -> io::Result<u32> {
    *calls += 1;
    present += 1;
    if *calls < 3 { lost() } else { Ok(present) }
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
    *calls += 1;
    present.push('!');
    if *calls < 3 { lost() } else { Ok(present) }
}

#[retry(initial = 1ns)]
fn blocking((mut a, b): (u32, u32), mut c: u32, calls: &mut u32) -> io::Result<u32> {
    *calls += 1;
    a += b;
    c += a;
    if *calls < 3 { lost() } else { Ok(c) }
}

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() {
    assert_eq!(counted(1, &mut 0).await.unwrap(), 11);
    assert_eq!(tuple((1, 2), &mut 0).await.unwrap(), 3);
    assert_eq!(fields(Point { x: 1, y: 2 }, 0, &mut 0).await.unwrap(), 3);
    assert_eq!(
        mutable_fields(Point { x: 1, y: 2 }, &mut 0).await.unwrap(),
        2
    );
    assert_eq!(array([1, 0, 0, 2], &3).await.unwrap(), 6);
    assert_eq!(bound(&Point { x: 1, y: 2 }).await.unwrap(), 3);
    let mut words = [0, 7];
    assert_eq!(rest(&mut words, &mut 0).await.unwrap(), 7);
    assert_eq!(words[0], 3);
    assert_eq!(shared(&words, &mut 0).await.unwrap(), 1);
    assert_eq!(conditional(1, &mut 0).await.unwrap(), 2);
    assert_eq!(conditional_blocking(String::new(), &mut 0).unwrap(), "!");
    assert_eq!(blocking((1, 2), 3, &mut 0).unwrap(), 6);
}
