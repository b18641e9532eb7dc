//! The gateway: shards that stay connected.
//!
//! Each [`Shard`] runs one [connection](connection) after the other. How one ended goes through the
//! [`close_code`] table and the shard's [course](plan), which say what follows.

mod allowance;
mod close_code;
mod connect;
mod connection;
mod doubts;
mod ending;
mod frame;
mod gate;
mod heartbeat;
mod plan;
mod shard;
mod starts;
mod status;
mod timing;
mod watermark;

pub(crate) use self::connection::halted;
pub(crate) use self::frame::Dispatch;
pub(crate) use self::gate::{Gate, LookUpError};
pub(crate) use self::shard::{Shard, Told};
pub(crate) use self::status::StatusBoard;
pub use self::status::{ShardState, ShardStatus};
pub use self::timing::GatewayTiming;
pub(crate) use self::watermark::Watermark;
