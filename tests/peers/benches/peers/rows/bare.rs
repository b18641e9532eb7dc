//! The operation alone.

use crate::operation::{self, ApiError, Plan};
use crate::peer::Peer;

pub(crate) struct Bare;

impl Peer for Bare {
    const NAME: &'static str = "bare await";
    const LACKS: &'static str = "the operation alone: retries nothing";
    const RETRIES: bool = false;
    type Error = ApiError;

    fn ready(plan: &'static Plan) -> impl Future<Output = Result<u64, ApiError>> {
        operation::ready(plan)
    }

    fn suspendable(plan: &'static Plan) -> impl Future<Output = Result<u64, ApiError>> + Send {
        operation::suspendable(plan)
    }

    fn at_once(plan: &'static Plan) -> impl Future<Output = Result<u64, ApiError>> {
        operation::ready(plan)
    }

    fn briefly(plan: &'static Plan) -> impl Future<Output = Result<u64, ApiError>> {
        operation::ready(plan)
    }
}
