//! Inner closures, blocks and functions keep their own `return` and `?`; unusual bodies compile.
#![deny(warnings)]

use std::io;

use recovery_core::retry;

fn lost<T>() -> io::Result<T> {
    Err(io::ErrorKind::ConnectionReset.into())
}

#[retry]
async fn inner(calls: &mut u32) -> io::Result<u32> {
    *calls += 1;
    let closure = |number: u32| {
        if number == 1 {
            return "one";
        }
        "other"
    };
    assert_eq!((closure(1), closure(2)), ("one", "other"));
    let block = async {
        if *calls < 3 {
            return lost();
        }
        io::Result::Ok(1u8)
    };
    let closed: Result<u8, &str> = (async || Err("inner")?)().await;
    assert_eq!(closed, Err("inner"));
    fn function() -> Option<u32> {
        None?;
        return Some(1);
    }
    assert_eq!(function(), None);
    block.await?;
    Ok(*calls)
}

#[retry]
async fn loops(calls: &mut u32) -> io::Result<u32> {
    *calls += 1;
    let value = 'outer: loop {
        for _ in 0..3 {
            if *calls < 3 {
                break 'outer lost();
            }
            continue;
        }
        break Ok(*calls);
    };
    value
}

#[retry]
async fn recursive(depth: u32, calls: &mut u32) -> io::Result<u32> {
    *calls += 1;
    if depth == 0 {
        return if *calls < 6 { lost() } else { Ok(*calls) };
    }
    Box::pin(recursive(depth - 1, calls)).await
}

#[retry(initial = 1ns)]
fn blocking_recursive(depth: u32, calls: &mut u32) -> io::Result<u32> {
    *calls += 1;
    if depth == 0 {
        return if *calls < 6 { lost() } else { Ok(*calls) };
    }
    blocking_recursive(depth - 1, calls)
}

#[retry]
async fn unfinished() -> io::Result<u32> {
    todo!()
}

#[retry]
fn blocking_unfinished(_: u32) -> io::Result<u32> {
    unimplemented!("later")
}

#[retry]
async fn never() -> io::Result<u32> {
    loop {
        tokio::task::yield_now().await;
    }
}

#[retry]
async fn panics(_: &str) -> io::Result<u32> {
    panic!();
}

#[retry]
async fn nested(calls: &mut u32) -> io::Result<u32> {
    #[retry]
    async fn deep(calls: &mut u32) -> io::Result<u32> {
        *calls += 1;
        if *calls < 3 { lost() } else { Ok(*calls) }
    }
    deep(calls).await
}

#[retry]
async fn unsafe_block_and_items() -> io::Result<u32> {
    const ONE: u32 = 1;
    struct Two;
    impl Two {
        fn get(&self) -> u32 {
            ONE + 1
        }
    }
    Ok(Two.get())
}

#[retry]
async fn match_tail(calls: &mut u32) -> io::Result<u32> {
    *calls += 1;
    match *calls {
        1 => lost(),
        2 => Err(io::ErrorKind::TimedOut.into()),
        calls => Ok(calls),
    }
}

#[retry]
async fn shadowed(word: &str, number: u32) -> io::Result<usize> {
    let number = number + 1;
    let word = word.repeat(number as usize);
    Ok(word.len())
}

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() {
    assert_eq!(inner(&mut 0).await.unwrap(), 3);
    assert_eq!(loops(&mut 0).await.unwrap(), 3);
    assert_eq!(recursive(1, &mut 0).await.unwrap(), 6);
    assert_eq!(blocking_recursive(1, &mut 0).unwrap(), 6);
    assert_eq!(nested(&mut 0).await.unwrap(), 3);
    assert_eq!(match_tail(&mut 0).await.unwrap(), 3);
    assert_eq!(unsafe_block_and_items().await.unwrap(), 2);
    assert_eq!(shadowed("ab", 1).await.unwrap(), 4);
    drop((unfinished(), never(), panics("")));
    let _ = blocking_unfinished;
}
