//! What the attributes cost the compiler, beside the loop that one would write by hand.
//!
//! ```sh
//! cargo bench -p recovery-tests --bench compile_cost
//! cargo bench -p recovery-tests --bench compile_cost -- --functions 100 --rounds 3
//! ```
//!
//! It writes three crates into a temporary folder, each with the same functions that call a
//! service (five shapes in turn: see `shapes.rs`):
//!
//! - `bare`: the functions alone;
//! - `by_hand`: a full loop in each that does the same job, as a careful developer writes it:
//!   attempts counted, errors told apart, what has surely taken effect not repeated, a growing
//!   delay with jitter that is below its cap and keeps its spread there, `retry_after` as a floor
//!   with the jitter on top, the error dropped before the wait;
//! - `annotated`: `#[retry(..)]` and `#[retryable_on(..)]` on each.
//!
//! All dependencies are compiled beforehand. Then `by_hand` and `annotated` are compiled in turn,
//! each time the crate alone and from scratch, by `cargo check` and by `cargo build --release`.
//! A ratio compares two neighbours in time, and the median of the rounds' ratios is what counts;
//! below 1 the attributes are the cheaper way. CPU is user and system time of all processes, which
//! suffers less from what else the machine does; wall is what one waits.
//!
//! Code is what a release program grows by over `bare`: the text of the executable, the runtime of
//! `recovery-core` included. Events are off, since the loop by hand has none.
//!
//! Needed: a Rust toolchain and a C compiler. What the workspace's lock file names is used, and
//! nothing downloaded that it does not name.

mod generate;
mod measure;
mod shapes;

use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;

use crate::generate::{Package, Variant};
use crate::measure::{Cost, Pair};

#[derive(Parser)]
#[command(name = "compile_cost", about = "What the attributes cost the compiler")]
struct Arguments {
    /// Functions in each crate.
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    functions: u32,
    /// Times that each crate is compiled.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1000))]
    rounds: u32,
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
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<()> {
    let folder = tempfile::tempdir().context("make a temporary folder")?;
    let write = |variant| Package::write(folder.path(), variant, arguments.functions);
    let bare = write(Variant::Bare)?;
    let by_hand = write(Variant::ByHand)?;
    let annotated = write(Variant::Annotated)?;

    println!(
        "{} functions; compiling dependencies ...",
        arguments.functions
    );
    let without = measure::code_size(&bare)?;
    let code_by_hand = measure::code_size(&by_hand)?.saturating_sub(without);
    let code_annotated = measure::code_size(&annotated)?.saturating_sub(without);
    for package in [&by_hand, &annotated] {
        measure::compile(package, &["check"])?;
    }

    println!();
    println!("                        by hand              annotated         annotated / by hand");
    println!("                     wall      CPU         wall      CPU           wall    CPU");
    for (title, command) in [
        ("check", &["check"] as &[&str]),
        ("build --release", &["build", "--release"]),
    ] {
        let mut pairs = Vec::new();
        for round in 1..=arguments.rounds {
            let pair = Pair {
                by_hand: measure::compile(&by_hand, command)?,
                annotated: measure::compile(&annotated, command)?,
            };
            print_round(title, round, &pair);
            pairs.push(pair);
        }
        print_median(title, &pairs);
    }
    print_code(arguments.functions, code_by_hand, code_annotated);
    Ok(())
}

fn print_round(title: &str, round: u32, pair: &Pair) {
    let show = |cost: Cost| {
        let wall = format!("{:.2} s", cost.wall.as_secs_f64());
        let cpu = cost.cpu.map_or_else(
            || "–".to_owned(),
            |cpu| format!("{:.2} s", cpu.as_secs_f64()),
        );
        format!("{wall:>8} {cpu:>8}")
    };
    println!(
        "{title:<15} {round:>2} {}   {}         {}",
        show(pair.by_hand),
        show(pair.annotated),
        ratios(Some(pair.wall_ratio()), pair.cpu_ratio()),
    );
}

fn print_median(title: &str, pairs: &[Pair]) {
    let wall = measure::median(pairs.iter().map(Pair::wall_ratio).collect());
    let cpu = pairs
        .iter()
        .map(Pair::cpu_ratio)
        .collect::<Option<Vec<_>>>();
    println!(
        "{:<67}{}",
        format!("{title}, median"),
        ratios(wall, cpu.and_then(measure::median))
    );
}

fn ratios(wall: Option<f64>, cpu: Option<f64>) -> String {
    let show = |ratio: Option<f64>| ratio.map_or_else(|| "–".to_owned(), |r| format!("{r:.2}"));
    format!("{:>6} {:>6}", show(wall), show(cpu))
}

#[expect(
    clippy::cast_precision_loss,
    reason = "sizes of programs are far below 2⁵²"
)]
fn print_code(functions: u32, by_hand: u64, annotated: u64) {
    let each = |bytes: u64| format!("{:.0} bytes", bytes as f64 / f64::from(functions));
    println!(
        "{:<18} {:>17}   {:>17}         {:>6}",
        "code a function",
        each(by_hand),
        each(annotated),
        format!("{:.2}", annotated as f64 / by_hand as f64),
    );
}
