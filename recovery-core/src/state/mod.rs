//! A state that outlives the process (feature `state`).
//!
//! [`StateStore`] is where it is kept.

mod error;
mod store;

pub use error::StateError;
pub use store::{Damage, Loaded, StateStore, Written};
