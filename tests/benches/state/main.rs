//! What it costs to keep a large state: a JSON file and an embedded database, side by side.
//!
//! ```sh
//! cargo bench -p recovery-tests --bench state
//! cargo bench -p recovery-tests --bench state -- --users 10000
//! ```

mod measure;
mod process;
mod table;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};

/// What it costs to keep a large state.
#[derive(Debug, Parser)]
struct Options {
    /// How many users the state has.
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u32).range(1..))]
    users: u32,
    /// What a process of its own is to measure.
    #[arg(long, hide = true, requires = "store", requires = "folder")]
    step: Option<Step>,
    #[arg(long, hide = true)]
    store: Option<Store>,
    #[arg(long, hide = true)]
    folder: Option<PathBuf>,
    /// What cargo passes to every bench.
    #[arg(long, hide = true)]
    bench: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Step {
    Save,
    Load,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Store {
    Json,
    Redb,
}

fn main() -> ExitCode {
    let options = Options::parse();
    if let (Some(step), Some(store), Some(folder)) = (options.step, options.store, &options.folder)
    {
        let figures = measure::run(step, store, folder, options.users);
        println!(
            "{}",
            serde_json::to_string(&figures).expect("plain numbers")
        );
        return ExitCode::SUCCESS;
    }
    let folder =
        tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder on a real disk");
    let [json, redb] = [Store::Json, Store::Redb].map(|store| {
        [Step::Save, Step::Load].map(|step| process::run(step, store, folder.path(), options.users))
    });
    table::print(options.users, &json, &redb);
    ExitCode::SUCCESS
}
