//! `when` decides by a closure or a path, also for an error that is not classified.

use std::io;

use recovery_core::retry;

use crate::assert_send;

/// Neither `Classify` nor `Display` nor `Debug`.
enum Unclassified {
    Busy(u32),
}

impl Unclassified {
    const fn is_busy(&self) -> bool {
        matches!(self, Self::Busy(_))
    }
}

const fn is_busy(error: &Unclassified) -> bool {
    error.is_busy()
}

#[retry(when = is_busy)]
async fn by_path(calls: &mut u32) -> Result<(), Unclassified> {
    *calls += 1;
    Err(Unclassified::Busy(*calls))
}

#[retry(when = Unclassified::is_busy)]
async fn by_method(calls: &mut u32) -> Result<(), Unclassified> {
    *calls += 1;
    Err(Unclassified::Busy(*calls))
}

#[retry(when = |Unclassified::Busy(call)| *call < 2)]
async fn by_closure(calls: &mut u32) -> Result<(), Unclassified> {
    *calls += 1;
    Err(Unclassified::Busy(*calls))
}

#[retry(when = |error| error.is_busy() && again)]
async fn by_closure_over_an_argument(calls: &mut u32, again: bool) -> Result<(), Unclassified> {
    *calls += 1;
    Err(Unclassified::Busy(*calls))
}

#[retry(when = |_| true)]
async fn generic<E>(calls: &mut u32, error: impl Fn() -> E) -> Result<(), E> {
    *calls += 1;
    Err(error())
}

struct Client {
    limit: u32,
}

impl Client {
    #[retry(max = 9, when = |Unclassified::Busy(call)| *call < self.limit)]
    async fn by_self(&self, calls: &mut u32) -> Result<(), Unclassified> {
        *calls += 1;
        Err(Unclassified::Busy(*calls))
    }
}

#[retry(initial = 1ns, when = |error| error.kind() == io::ErrorKind::Other)]
fn blocking(calls: &mut u32) -> io::Result<()> {
    *calls += 1;
    Err(io::ErrorKind::Other.into())
}

#[tokio::test(start_paused = true)]
async fn a_path_or_a_closure_decides() {
    let mut calls = 0;
    assert!(assert_send(by_path(&mut calls)).await.is_err());
    assert_eq!(calls, 3);
    assert!(assert_send(by_method(&mut calls)).await.is_err());
    assert_eq!(calls, 6);
    let mut calls = 0;
    let Err(Unclassified::Busy(2)) = assert_send(by_closure(&mut calls)).await else {
        panic!("{calls}")
    };
    let mut calls = 0;
    blocking(&mut calls).unwrap_err();
    assert_eq!(calls, 3);
}

#[tokio::test(start_paused = true)]
async fn a_closure_may_name_arguments_and_self() {
    for (again, expected) in [(true, 3), (false, 1)] {
        let mut calls = 0;
        let result = assert_send(by_closure_over_an_argument(&mut calls, again)).await;
        assert!(result.is_err());
        assert_eq!(calls, expected);
    }
    let mut calls = 0;
    let client = Client { limit: 5 };
    assert!(assert_send(client.by_self(&mut calls)).await.is_err());
    assert_eq!(calls, 5);
}

#[tokio::test(start_paused = true)]
async fn a_generic_error_is_retried_without_a_bound() {
    let mut calls = 0;
    assert_send(generic(&mut calls, || ())).await.unwrap_err();
    assert_eq!(calls, 3);
}
