//! The attributes work by their full path, without an import, in both orders.

use std::io;

use crate::{assert_send, third_time_lucky};

#[recovery_core::retry]
async fn alone(calls: &mut u32) -> io::Result<u32> {
    third_time_lucky(calls)
}

#[recovery_core::retry(max = 4)]
#[recovery_core::retryable_on(Network)]
async fn retry_on_top(calls: &mut u32) -> io::Result<u32> {
    third_time_lucky(calls)
}

#[::recovery_core::retryable_on(Network)]
#[::recovery_core::retry(max = 4)]
async fn retryable_on_on_top(calls: &mut u32) -> io::Result<u32> {
    third_time_lucky(calls)
}

#[tokio::test(start_paused = true)]
async fn full_paths_need_no_import() {
    assert_eq!(assert_send(alone(&mut 0)).await.unwrap(), 3);
    assert_eq!(assert_send(retry_on_top(&mut 0)).await.unwrap(), 3);
    assert_eq!(assert_send(retryable_on_on_top(&mut 0)).await.unwrap(), 3);
}
