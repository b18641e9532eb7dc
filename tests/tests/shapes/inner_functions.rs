//! Functions within functions are retried, each for itself.

use std::io;

use recovery_core::retry;

use crate::{Flaky, assert_send, lost, third_time_lucky};

#[retry]
async fn keeps_its_own_items(calls: &mut u32) -> io::Result<u32> {
    const ONE: u32 = 1;
    struct Two;
    impl Two {
        const fn get(&self) -> u32 {
            ONE + 1
        }
    }
    fn function() -> Option<u32> {
        None?;
        Some(1)
    }
    use std::string::ToString as _;

    assert_eq!(function(), None);
    assert_eq!(Two.get().to_string(), "2");
    third_time_lucky(calls)
}

#[retry(max = 2)]
async fn outer(calls: &mut u32) -> io::Result<u32> {
    #[retry]
    async fn deep(calls: &mut u32) -> io::Result<u32> {
        *calls += 1;
        if *calls < 5 { Err(lost()) } else { Ok(*calls) }
    }
    deep(calls).await
}

#[retry(initial = 1ns)]
fn within_an_impl_within_a_function(calls: &mut u32) -> io::Result<u32> {
    struct Inner<'c>(&'c mut u32);
    impl Inner<'_> {
        #[retry(max = 2, initial = 1ns)]
        fn method(&mut self) -> io::Result<u32> {
            #[retry(max = 1)]
            fn innermost(calls: &mut u32) -> io::Result<u32> {
                *calls += 1;
                if *calls < 6 { Err(lost()) } else { Ok(*calls) }
            }
            innermost(self.0)
        }
    }
    Inner(calls).method()
}

/// Not retried, unlike what it calls.
async fn within_a_closure_and_a_block(flaky: &Flaky) -> io::Result<u32> {
    let closure = || {
        #[retry(initial = 1ns)]
        fn in_a_closure(flaky: &Flaky) -> io::Result<u32> {
            flaky.call()
        }
        in_a_closure(flaky)
    };
    let closed = closure()?;
    flaky.calls();
    let block = async {
        #[retry]
        async fn in_a_block(flaky: &Flaky) -> io::Result<u32> {
            flaky.call()
        }
        in_a_block(flaky).await
    };
    Ok(closed + block.await?)
}

#[tokio::test(start_paused = true)]
async fn a_body_may_begin_with_items() {
    assert_eq!(assert_send(keeps_its_own_items(&mut 0)).await.unwrap(), 3);
}

#[tokio::test(start_paused = true)]
async fn attempts_of_inner_functions_multiply() {
    assert_eq!(assert_send(outer(&mut 0)).await.unwrap(), 5);
    let calls = within_an_impl_within_a_function(&mut 0);
    assert_eq!(calls.unwrap(), 6);
}

#[tokio::test(start_paused = true)]
async fn functions_of_closures_and_blocks_are_retried() {
    let flaky = Flaky::new();
    let sum = assert_send(within_a_closure_and_a_block(&flaky)).await;
    assert_eq!(sum.unwrap(), 6);
}
