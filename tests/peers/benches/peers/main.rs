//! What a retried call costs, beside other libraries and a loop by hand.
//!
//! ```sh
//! cargo bench -p recovery-peers
//! cargo bench -p recovery-peers -- --only backon --scenario success
//! ```
//!
//! Instructions are counted by callgrind, since they hardly differ from run to run, as times do. For
//! each subject and scenario the program starts itself under valgrind, with some calls and with twice as
//! many: the difference belongs to the calls alone. So nothing has to be installed but valgrind; without
//! it the sizes are printed all the same.
//!
//! Each subject does the same job, with as much of jitter, predicate and hook as it has: see
//! `subjects/`. All run on tokio's paused clock, on one thread.

mod contention;
mod measure;
mod operation;
mod scenarios;
mod subjects;

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;

use crate::measure::Row;
use crate::scenarios::Scenario;
use crate::subjects::{
    Annotated, Backon, BackonMacros, Bare, ByHand, Closure, ExecutionPolicy, Hooked, Relentless,
    Subject, TokioRetry, TokioRetry2, Tower, TowerWithBudget, Tryhard,
};

#[derive(Parser)]
#[command(
    name = "peers",
    about = "What a retried call costs, beside other libraries"
)]
struct Arguments {
    /// Only those whose name contains this.
    #[arg(long, default_value = "")]
    only: String,
    /// Only this column; may be given several times.
    #[arg(long)]
    scenario: Vec<Scenario>,
    /// What cargo adds for `cargo bench`, and leaves out for `cargo test --all-targets`.
    #[arg(long, hide = true)]
    bench: bool,
    #[arg(long, hide = true)]
    child: Option<String>,
    #[arg(long, hide = true, default_value = "ready")]
    child_scenario: Scenario,
    #[arg(long, hide = true, default_value_t = 1)]
    child_calls: u32,
}

/// Does something with each subject.
trait Visitor {
    fn visit<S: Subject>(&mut self) -> Result<()>;
}

fn visit_all(visitor: &mut impl Visitor) -> Result<()> {
    visitor.visit::<Bare>()?;
    visitor.visit::<ByHand>()?;
    visitor.visit::<Annotated>()?;
    visitor.visit::<Hooked>()?;
    visitor.visit::<Closure>()?;
    visitor.visit::<TokioRetry>()?;
    visitor.visit::<TokioRetry2>()?;
    visitor.visit::<Tryhard>()?;
    visitor.visit::<Backon>()?;
    visitor.visit::<BackonMacros>()?;
    visitor.visit::<Tower>()?;
    visitor.visit::<TowerWithBudget>()?;
    visitor.visit::<Relentless>()?;
    visitor.visit::<ExecutionPolicy>()
}

/// The measured program of one subject.
struct Child {
    name: String,
    scenario: Scenario,
    calls: u32,
}

impl Visitor for Child {
    fn visit<S: Subject>(&mut self) -> Result<()> {
        if S::NAME == self.name {
            scenarios::run::<S>(self.scenario, self.calls);
        }
        Ok(())
    }
}

/// Measures, and prints row by row.
struct Table {
    only: String,
    scenarios: Vec<Scenario>,
    has_valgrind: bool,
    by_hand: Option<Row>,
}

impl Visitor for Table {
    fn visit<S: Subject>(&mut self) -> Result<()> {
        if !S::NAME.contains(&self.only) {
            return Ok(());
        }
        let row = measure::row::<S>(&self.scenarios, self.has_valgrind)?;
        print(&row, self.by_hand.as_ref());
        if row.name == ByHand::NAME {
            self.by_hand = Some(row);
        }
        Ok(())
    }
}

fn print(row: &Row, by_hand: Option<&Row>) {
    print!("{:24}{:>7}", row.name, row.future);
    for (at, count) in row.instructions.iter().enumerate() {
        let text = match (count, by_hand.and_then(|by_hand| by_hand.instructions[at])) {
            (None, _) => "-".to_owned(),
            (Some(count), None) => count.to_string(),
            #[expect(clippy::cast_precision_loss, reason = "small numbers")]
            (Some(count), Some(by_hand)) => {
                format!("{count} ({:.2})", *count as f64 / by_hand as f64)
            }
        };
        print!("{text:>14}");
    }
    let peak = row
        .peak
        .map_or_else(|| "-".to_owned(), |peak| peak.to_string());
    let allocations = &row.allocations;
    println!(
        "{peak:>7}{:>5} / {}",
        allocations.success, allocations.failure
    );
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if !arguments.bench {
        println!("nothing measured: this is for `cargo bench`");
        return ExitCode::SUCCESS;
    }
    match bench(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn bench(arguments: Arguments) -> Result<()> {
    if let Some(name) = arguments.child {
        return visit_all(&mut Child {
            name,
            scenario: arguments.child_scenario,
            calls: arguments.child_calls,
        });
    }
    let has_valgrind = measure::has_valgrind();
    if !has_valgrind {
        eprintln!(
            "instructions are not counted: that takes valgrind (`apt-get install valgrind`)\n"
        );
    }
    let scenarios = match arguments.scenario {
        chosen if chosen.is_empty() => Scenario::ALL.to_vec(),
        chosen => chosen,
    };
    println!("Instructions a call, and in parentheses the ratio to the loop by hand; bytes.\n");
    print!("{:24}{:>7}", "", "future");
    for scenario in Scenario::ALL {
        print!("{:>14}", scenario.short());
    }
    println!("{:>7}{:>9}", "peak", "allocs");
    let mut table = Table {
        only: arguments.only,
        scenarios,
        has_valgrind,
        by_hand: None,
    };
    visit_all(&mut table)?;
    println!("\nfuture: bytes of a call's future around an operation's of 32");
    for scenario in Scenario::ALL {
        println!("{}: {}", scenario.short(), scenario.heading());
    }
    println!(
        "peak: bytes that each of 10,000 concurrent calls holds; allocs: in a success / one failure"
    );
    let mut lacks = Lacks(table.only);
    visit_all(&mut lacks)?;
    contention::table();
    Ok(())
}

/// Says what each has not.
struct Lacks(String);

impl Visitor for Lacks {
    fn visit<S: Subject>(&mut self) -> Result<()> {
        if !S::LACKS.is_empty() && S::NAME.contains(&self.0) {
            println!("{} has no {}", S::NAME, S::LACKS);
        }
        Ok(())
    }
}
