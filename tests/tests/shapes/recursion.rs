//! A retried function may call itself: each level has attempts of its own.

use std::io;

use async_trait::async_trait;
use recovery_core::retry;

use crate::{Flaky, assert_send, lost};

fn sixth_time_lucky(calls: u32) -> io::Result<u32> {
    if calls < 6 { Err(lost()) } else { Ok(calls) }
}

#[retry]
async fn recursive(depth: u32, calls: &mut u32) -> io::Result<u32> {
    *calls += 1;
    if depth == 0 {
        return sixth_time_lucky(*calls);
    }
    Box::pin(recursive(depth - 1, calls)).await
}

#[retry(initial = 1ns)]
fn blocking_recursive(depth: u32, calls: &mut u32) -> io::Result<u32> {
    *calls += 1;
    if depth == 0 {
        return sixth_time_lucky(*calls);
    }
    blocking_recursive(depth - 1, calls)
}

#[retry]
async fn even(number: u32, calls: &mut u32) -> io::Result<bool> {
    if number == 0 {
        *calls += 1;
        return sixth_time_lucky(*calls).map(|_| true);
    }
    Box::pin(odd(number - 1, calls)).await
}

#[retry]
async fn odd(number: u32, calls: &mut u32) -> io::Result<bool> {
    if number == 0 {
        return Ok(false);
    }
    Box::pin(even(number - 1, calls)).await
}

#[async_trait]
trait Walk {
    async fn walk(&self, depth: u32, path: &mut Vec<u32>) -> io::Result<usize>;

    #[retry]
    async fn descend(&self, mut depth: u32) -> io::Result<u32>
    where
        Self: Sync,
    {
        if depth == 0 {
            return self.leaf();
        }
        depth -= 1;
        self.descend(depth).await
    }

    fn leaf(&self) -> io::Result<u32>;
}

struct Tree(Flaky);

#[async_trait]
impl Walk for Tree {
    #[retry]
    async fn walk(&self, depth: u32, path: &mut Vec<u32>) -> io::Result<usize> {
        path.push(depth);
        if depth == 0 {
            self.0.call()?;
            return Ok(path.len());
        }
        self.walk(depth - 1, path).await
    }

    fn leaf(&self) -> io::Result<u32> {
        self.0.call()
    }
}

#[tokio::test(start_paused = true)]
async fn a_function_may_call_itself() {
    assert_eq!(assert_send(recursive(1, &mut 0)).await.unwrap(), 6);
    assert_eq!(blocking_recursive(1, &mut 0).unwrap(), 6);
}

#[tokio::test(start_paused = true)]
async fn two_functions_may_call_each_other() {
    let mut calls = 0;
    assert!(assert_send(even(2, &mut calls)).await.unwrap());
    assert_eq!(calls, 6);
}

#[tokio::test(start_paused = true)]
async fn a_method_of_an_async_trait_may_call_itself() {
    let tree = Tree(Flaky::new());
    let mut path = Vec::new();
    assert_eq!(assert_send(tree.walk(2, &mut path)).await.unwrap(), 5);
    assert_eq!((path, tree.0.calls()), (vec![2, 1, 0, 0, 0], 3));
    assert_eq!(assert_send(tree.descend(2)).await.unwrap(), 3);
}
