//! stub to compile
mod api; mod call; mod event; mod fault; mod gateway; mod ledger; mod mix; mod options; mod platform; mod proxy; mod score; mod send; mod session; mod sync; mod tls; mod token;
pub use crate::{
    event::{EventId, Scene},
    fault::{CallKey, Endpoint, Fault, FaultPlan, FaultPlanError, UnknownFault},
    ledger::{CallRecord, EventRecord, Ledger, Outcome, Tally},
    options::{PlatformOptions, StartError},
    platform::{NotReady, Platform},
    score::{Latency, Score, Unresent},
    token::Credentials,
};
