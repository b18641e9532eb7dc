//! backon-macros.

use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use backon::ExponentialBuilder;
use backon_macros::backon;

use super::{Subject, backon_};
use crate::operation::{Failure, HOOKED, Operation, Plan, is_transient};

pub(crate) struct BackonMacros;

fn growing() -> ExponentialBuilder {
    backon_::backoff(Duration::from_millis(500))
}

fn at_once() -> ExponentialBuilder {
    backon_::backoff(Duration::ZERO)
}

fn hook(_: &Failure, _: Duration) {
    HOOKED.fetch_add(1, Relaxed);
}

#[backon(backoff = growing, sleep = tokio::time::sleep, when = is_transient, notify = hook)]
async fn annotated<O: Operation>(plan: &'static Plan) -> Result<u64, Failure> {
    O::begin(plan).await
}

#[backon(backoff = at_once, sleep = tokio::time::sleep, when = is_transient, notify = hook)]
async fn annotated_at_once<O: Operation>(plan: &'static Plan) -> Result<u64, Failure> {
    O::begin(plan).await
}

impl Subject for BackonMacros {
    const NAME: &'static str = "backon-macros";
    const LACKS: &'static str = "retry_after";

    fn call<O: Operation>(plan: &'static Plan) -> impl Future<Output = Result<u64, Failure>> {
        annotated::<O>(plan)
    }

    fn at_once<O: Operation>(plan: &'static Plan) -> impl Future<Output = Result<u64, Failure>> {
        annotated_at_once::<O>(plan)
    }

    super::spawned!();
}
