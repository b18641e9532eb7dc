//! A blocking function is retried too, with the same rights as an async one.
#![deny(warnings)]

use std::error::Error;
use std::io;

use recovery_core::retry;

fn lost() -> io::Error {
    io::ErrorKind::ConnectionReset.into()
}

#[retry(initial = 0ms)]
fn question_mark(calls: &mut u32) -> io::Result<u32> {
    *calls += 1;
    let value = if *calls < 3 { Err(lost()) } else { Ok(*calls) };
    Ok(value?)
}

#[retry(initial = 0ms)]
fn coerced(calls: &mut u32) -> Result<Box<dyn Fn() -> u32>, Box<dyn Error + Send + Sync>> {
    *calls += 1;
    if *calls < 3 {
        return Err(Box::new(lost()));
    }
    Ok(Box::new(|| 3))
}

#[retry(initial = 0ms)]
fn first<'w>(words: &'w [String], mut skip: usize, calls: &mut u32) -> io::Result<&'w str> {
    *calls += 1;
    skip += 1;
    if *calls < 3 {
        Err(lost())
    } else {
        Ok(&words[skip])
    }
}

struct Counter {
    calls: u32,
}

impl Counter {
    #[retry(initial = 0ms)]
    fn count(&mut self) -> Result<&'static str, io::Error> {
        self.calls += 1;
        if self.calls < 3 {
            Err(lost())
        } else {
            Ok("counted")
        }
    }
}

fn main() {
    assert_eq!(question_mark(&mut 0).unwrap(), 3);
    assert_eq!(coerced(&mut 0).unwrap()(), 3);
    let words = ["a".to_owned(), "b".to_owned(), "c".to_owned()];
    assert_eq!(first(&words, 0, &mut 0).unwrap(), "b");
    let mut counter = Counter { calls: 0 };
    assert_eq!(counter.count().unwrap(), "counted");
    assert_eq!(counter.calls, 3);
}
