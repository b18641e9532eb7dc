//! Imported names stay used, in both orders of the attributes; an import may rename them.

use std::io;

use recovery_core::{retry, retryable_on};

use crate::{assert_send, third_time_lucky};

#[retry]
#[retryable_on(Network)]
async fn retry_on_top(calls: &mut u32) -> io::Result<u32> {
    third_time_lucky(calls)
}

mod other_order {
    use std::io;

    use recovery_core::{retry, retryable_on};

    #[retryable_on(Network)]
    #[retry]
    pub(super) async fn retryable_on_on_top(calls: &mut u32) -> io::Result<u32> {
        crate::third_time_lucky(calls)
    }
}

mod renamed {
    use std::io;

    use recovery_core::retry as again;

    #[again]
    pub(super) async fn by_another_name(calls: &mut u32) -> io::Result<u32> {
        crate::third_time_lucky(calls)
    }
}

#[tokio::test(start_paused = true)]
async fn imports_are_used_in_both_orders() {
    assert_eq!(assert_send(retry_on_top(&mut 0)).await.unwrap(), 3);
    let calls = assert_send(other_order::retryable_on_on_top(&mut 0)).await;
    assert_eq!(calls.unwrap(), 3);
}

mod all_at_once {
    use std::io;

    use recovery_core::*;

    #[retry]
    #[retryable_on(Network)]
    pub(super) async fn by_a_glob(calls: &mut u32) -> io::Result<u32> {
        crate::third_time_lucky(calls)
    }
}

#[tokio::test(start_paused = true)]
async fn an_import_may_rename_the_attribute_or_take_all() {
    let calls = assert_send(renamed::by_another_name(&mut 0)).await;
    assert_eq!(calls.unwrap(), 3);
    let calls = assert_send(all_at_once::by_a_glob(&mut 0)).await;
    assert_eq!(calls.unwrap(), 3);
}
