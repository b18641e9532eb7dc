//! What a retried call costs at run time, beside other retry crates.
//!
//! ```sh
//! cargo bench -p recovery-peers
//! cargo bench -p recovery-peers -- --only '#[retry]' --only hand --scenario success
//! ```
//!
//! Every row calls the same operation, which fails as often as it is told to, under the same
//! policy: 5 attempts in all, a delay of 100 ms that doubles up to 10 s, jitter, a predicate, a hook.
//! What a crate has none of is left out, and said below the table; so is what it has only by the
//! caller's own code. `retry_after` is obeyed by the loop by hand and by ours alone. Before a row is
//! measured, its results and the number of its attempts are checked.
//!
//! Ir are instructions, counted by callgrind: the program runs itself under it with so many
//! repetitions and with twice as many, and takes the difference. They repeat from run to run to
//! within a few in a hundred, whatever else the machine does; wall time is measured only where
//! threads meet. A framework such as gungraun would count them too, but needs a runner of the same
//! version installed beside valgrind, and knows nothing of bytes and threads: this needs valgrind
//! alone, and without it prints what else there is.
//!
//! - **success**: the operation is ready and inlined; **suspendable**: it has an `.await` that
//!   seldom waits, and a future of 32 bytes, which is the realistic case;
//! - **not retried**: the first error is final;
//! - **1 failure**: then success, without delay. The future is polled by hand, so that no
//!   scheduler is counted. A sleep of zero is ready at once on the paused clock used here; on a
//!   real one it lasts up to a millisecond;
//! - **1 ms**: the same with that delay, run by the runtime, whose clock leaps to the timer; jitter
//!   decides whether it is at the next millisecond or the one after;
//! - **crowd**: 10,000 calls (`--calls`) spawned on one thread, of which each fails three times and then
//!   succeeds, on tokio's paused clock; the task, its timers and its share of the scheduler included;
//! - **allocations**: of a call that succeeds at once, and of one that fails once before;
//! - **next delay**: drawing the next jittered delay, where a caller can do so.
//!
//! The table of contention: calls of a ready operation with a shared budget or breaker, less the
//! same calls without; ours through the attribute, the others a plain `Mutex` in a loop by hand. The
//! budget is full, so that a success has nothing to give back, or spent. Median of rounds in turn.
//!
//! A package of its own: `recovery-core` has just the features `macros` and `tokio` here, and
//! `cargo test --workspace` compiles no peer.

mod contention;
mod instructions;
mod operation;
mod peer;
mod plain;
mod rows;
mod scenario;
mod table;

use std::process::ExitCode;

use anyhow::{Context, Result, bail, ensure};
use clap::{Parser, ValueEnum};

use crate::peer::Row;
use crate::scenario::{Counted, Scenario};
use crate::table::Counting;

#[derive(Parser)]
#[command(name = "peers", about = "What a retried call costs at run time")]
struct Arguments {
    /// Only the rows whose name contains this; may be given several times.
    #[arg(long)]
    only: Vec<String>,
    /// Only this scenario; may be given several times.
    #[arg(long)]
    scenario: Vec<Scenario>,
    /// Calls of the crowd, which are under way at the same time.
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    calls: u32,
    /// Repeats one row's scenario: what is run under callgrind.
    #[arg(long, hide = true, num_args = 3, value_names = ["ROW", "SCENARIO", "TIMES"])]
    count: Option<Vec<String>>,
    /// What cargo adds for `cargo bench`, and leaves out for `cargo test --all-targets`.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if !arguments.bench {
        println!("nothing measured: this is for `cargo bench`");
        return ExitCode::SUCCESS;
    }
    let result = match &arguments.count {
        Some(count) => repeat(count, arguments.calls),
        None => run(&arguments),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<()> {
    let rows: Vec<&Row> = rows::ALL
        .iter()
        .filter(|row| {
            arguments.only.is_empty() || arguments.only.iter().any(|part| row.name.contains(part))
        })
        .collect();
    ensure!(!rows.is_empty(), "no row has such a name");
    let wanted = |scenario| arguments.scenario.is_empty() || arguments.scenario.contains(&scenario);

    let countable = instructions::are_countable();
    let counts = Counted::ALL
        .into_iter()
        .any(|counted| wanted(counted.scenario()));
    if counts && !countable {
        println!(
            "instructions (Ir) are not counted: that needs valgrind \
             (`apt install valgrind`, `dnf install valgrind`)\n"
        );
    }
    let counting = Counting {
        is_possible: countable,
        crowd: arguments.calls,
    };
    table::print(&rows, wanted, counting)?;
    if wanted(Scenario::Contention) && (arguments.only.is_empty() || !arguments.scenario.is_empty())
    {
        contention::print();
    }
    Ok(())
}

fn repeat(count: &[String], crowd: u32) -> Result<()> {
    let [name, counted, times] = count else {
        bail!("a row, a scenario and a number");
    };
    let row = rows::ALL
        .iter()
        .find(|row| row.name == name)
        .with_context(|| format!("no row is called {name}"))?;
    let counted = Counted::from_str(counted, false)
        .ok()
        .with_context(|| format!("nothing is counted as {counted}"))?;
    let times = times.parse().context("read the number")?;
    // The allocator counts in the same program; not here, where it would be counted itself.
    allocation_counter::opt_out(|| (row.repeat)(counted, times, crowd));
    Ok(())
}
