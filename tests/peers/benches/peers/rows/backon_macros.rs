//! backon-macros, the attribute on backon.

use std::time::Duration;

use backon::ExponentialBuilder;
use backon_macros::backon;

use super::backon::policy;
use crate::operation::{self, ApiError, BRIEF, INITIAL, Plan, is_listed, note};
use crate::peer::Peer;

pub(crate) struct BackonMacros;

const fn patient() -> ExponentialBuilder {
    policy(INITIAL)
}

const fn without_delay() -> ExponentialBuilder {
    policy(Duration::ZERO)
}

const fn brief() -> ExponentialBuilder {
    policy(BRIEF)
}

impl Peer for BackonMacros {
    const NAME: &'static str = "backon-macros";
    const LACKS: &'static str =
        "as backon; no `&mut self`; arguments that are not `Copy` need `context`";
    type Error = ApiError;

    #[backon(backoff = patient, sleep = tokio::time::sleep, when = is_listed, notify = note)]
    async fn ready(plan: &'static Plan) -> Result<u64, ApiError> {
        operation::ready(plan).await
    }

    #[backon(backoff = patient, sleep = tokio::time::sleep, when = is_listed, notify = note)]
    async fn suspendable(plan: &'static Plan) -> Result<u64, ApiError> {
        operation::suspendable(plan).await
    }

    #[backon(backoff = without_delay, sleep = tokio::time::sleep, when = is_listed, notify = note)]
    async fn at_once(plan: &'static Plan) -> Result<u64, ApiError> {
        operation::ready(plan).await
    }

    #[backon(backoff = brief, sleep = tokio::time::sleep, when = is_listed, notify = note)]
    async fn briefly(plan: &'static Plan) -> Result<u64, ApiError> {
        operation::ready(plan).await
    }
}
