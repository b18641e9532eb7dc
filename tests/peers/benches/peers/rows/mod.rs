//! The rows of the table, one a file.

mod attribute;
mod backon;
mod backon_macros;
mod bare;
mod by_hand;
mod closure;
mod execution_policy;
mod relentless;
mod tokio_retry;
mod tokio_retry2;
mod tower;
mod tryhard;

use crate::peer::Row;

pub(crate) const ALL: &[Row] = &[
    Row::of::<bare::Bare>(),
    Row::of::<by_hand::ByHand>(),
    Row::of::<attribute::Attribute>(),
    Row::of::<attribute::WithoutHook>(),
    Row::of::<closure::Closure>(),
    Row::of::<backon::Backon>(),
    Row::of::<backon_macros::BackonMacros>(),
    Row::of::<tokio_retry2::TokioRetry2>(),
    Row::of::<tower::Tower>(),
    Row::of::<tower::WithBudget>(),
    Row::of::<relentless::Relentless>(),
    Row::of::<execution_policy::ExecutionPolicy>(),
    Row::of::<tokio_retry::TokioRetry>(),
    Row::of::<tryhard::Tryhard>(),
];
