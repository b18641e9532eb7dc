//! What the supervision of the gateway costs, and whether it lasts.
//!
//! ```sh
//! cargo bench -p recovery-tests --bench gateway               # throughput, beside botrs alone
//! cargo bench -p recovery-tests --bench gateway -- --soak 8   # eight hours in eight minutes
//! ```

mod soak;
#[path = "../../tests/gateway/support.rs"]
#[allow(dead_code, reason = "the tests use more of it")]
mod support;
mod throughput;

use std::time::Duration;

use clap::Parser;

/// What the supervision of the gateway costs, and whether it lasts.
#[derive(Debug, Parser)]
struct Options {
    /// Run for so many minutes, each of which stands for an hour, with faults everywhere.
    #[arg(long, value_name = "MINUTES")]
    soak: Option<f64>,
    /// The seed of the faults.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// What cargo passes to every bench.
    #[arg(long, hide = true)]
    bench: bool,
}

#[tokio::main]
async fn main() -> std::process::ExitCode {
    let options = Options::parse();
    let is_well = match options.soak {
        None => throughput::run().await,
        Some(minutes) => soak::run(Duration::from_secs_f64(60.0 * minutes), options.seed).await,
    };
    if is_well {
        std::process::ExitCode::SUCCESS
    } else {
        std::process::ExitCode::FAILURE
    }
}
