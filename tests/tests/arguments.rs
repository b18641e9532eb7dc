//! What a retried function does with its arguments, in each shape.

mod support;

use recovery_core::{ErrorKind, retry, retryable_on};
use support::{Failure, NETWORK};

#[tokio::test(start_paused = true)]
async fn mut_arguments_start_each_attempt_anew() {
    #[retry(max = 3)]
    async fn call(
        mut n: u32,
        (mut left, right): (u32, u32),
        mut seen: &mut Vec<(u32, u32)>,
        spare: &mut Vec<(u32, u32)>,
    ) -> Result<u32, Failure> {
        n += 1;
        left += right;
        if seen.len() == 9 {
            seen = spare;
        }
        seen.push((n, left));
        Err(NETWORK)
    }
    let mut seen = Vec::new();
    assert_eq!(
        call(10, (1, 5), &mut seen, &mut Vec::new()).await,
        Err(NETWORK)
    );
    assert_eq!(seen, [(11, 6), (11, 6), (11, 6)]);
}

#[tokio::test(start_paused = true)]
async fn names_like_ours_stay_the_users() {
    #[retry(max = 2, initial = 1ms)]
    async fn call(
        attempt: u32,
        result: u32,
        delay: u32,
        error: u32,
        progress: &mut Vec<u32>,
    ) -> Result<u32, Failure> {
        let (config, machine, failure, base) = (1, 2, 3, 4);
        progress.push(attempt + result + delay + error + config + machine + failure + base);
        if progress.len() < 2 {
            Err(NETWORK)
        } else {
            Ok(attempt)
        }
    }
    let mut progress = Vec::new();
    assert_eq!(call(100, 200, 300, 400, &mut progress).await, Ok(100));
    assert_eq!(progress, [1_010, 1_010]);
}

#[tokio::test(start_paused = true)]
async fn clone_gives_each_attempt_its_own() {
    #[retry(max = 3, clone(text, list))]
    async fn call(text: String, mut list: Vec<u32>, seen: &mut Vec<u32>) -> Result<(), Failure> {
        list.push(u32::try_from(text.len()).expect("short"));
        seen.extend(list);
        drop(text);
        Err(NETWORK)
    }
    let mut seen = Vec::new();
    assert_eq!(
        call("abc".to_owned(), vec![7], &mut seen).await,
        Err(NETWORK)
    );
    assert_eq!(seen, [7, 3, 7, 3, 7, 3]);
}

#[tokio::test(start_paused = true)]
async fn attempt_counts_from_one() {
    #[retry(max = 4, attempt = n)]
    async fn call(seen: &mut Vec<u32>) -> Result<u32, Failure> {
        seen.push(n);
        if n < 3 { Err(NETWORK) } else { Ok(n) }
    }
    let mut seen = Vec::new();
    assert_eq!(call(&mut seen).await, Ok(3));
    assert_eq!(seen, [1, 2, 3]);
}

#[test]
fn blocking_functions_are_retried_in_their_thread() {
    #[retry(max = 4, initial = 1ms, jitter = none)]
    #[retryable_on(Network)]
    fn first_of<'a>(words: &'a [String], calls: &mut u32) -> Result<&'a str, Failure> {
        *calls += 1;
        if *calls < 3 {
            Err(NETWORK)?;
        }
        words
            .first()
            .map(String::as_str)
            .ok_or(Failure::of(ErrorKind::NotFound))
    }
    let mut calls = 0;
    assert_eq!(first_of(&["a".to_owned()], &mut calls), Ok("a"));
    assert_eq!(calls, 3);
    assert_eq!(
        first_of(&[], &mut calls),
        Err(Failure::of(ErrorKind::NotFound))
    );
}

#[tokio::test(start_paused = true)]
async fn async_trait_methods_are_really_retried() {
    #[async_trait::async_trait]
    trait Api: Sync {
        async fn fetch(&self, key: String, mut n: u32, seen: &mut Vec<u32>)
        -> Result<u32, Failure>;

        #[retry(max = 5)]
        async fn given(&self, calls: &mut u32) -> Result<u32, Failure> {
            *calls += 1;
            if *calls < 5 { Err(NETWORK) } else { Ok(*calls) }
        }
    }
    struct Real;

    #[async_trait::async_trait]
    impl Api for Real {
        #[retry(max = 3, initial = 10ms)]
        #[retryable_on(Network)]
        async fn fetch(
            &self,
            key: String,
            mut n: u32,
            seen: &mut Vec<u32>,
        ) -> Result<u32, Failure> {
            n += u32::try_from(key.len()).expect("short");
            seen.push(n);
            if seen.len() < 3 {
                return Err(NETWORK);
            }
            Ok(n)
        }
    }

    let mut seen = Vec::new();
    assert_eq!(Real.fetch("abc".to_owned(), 4, &mut seen).await, Ok(7));
    assert_eq!(seen, [7, 7, 7], "the argument starts each attempt anew");
    assert_eq!(Real.given(&mut 0).await, Ok(5));
}
