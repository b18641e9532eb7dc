//! The moment at which errors became too many.

use std::time::{Instant, SystemTime};

use crate::classify::ErrorKind;

/// Kept until the next one, so that whoever judges the monitor later still learns of it.
#[derive(Clone)]
pub(in crate::watch) struct Crossing {
    /// From 1.
    pub(in crate::watch) number: u64,
    pub(in crate::watch) at: Instant,
    pub(in crate::watch) when: SystemTime,
    /// The errors that there had ever been when the window began that led here.
    pub(in crate::watch) before: u64,
    pub(in crate::watch) by_kind: Vec<(ErrorKind, u64)>,
    pub(in crate::watch) by_operation: Vec<(String, u64)>,
}
