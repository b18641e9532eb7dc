//! A process that saves a state as fast as it can, to be killed, and to run into full disks.
//!
//! It tells on standard output, a line each: `loaded N`, `saved N` for each number that was acknowledged,
//! `failed ERROR` for a save that was not, `refused ERROR` if it cannot begin, `closed`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use recovery_core::state::{
    JsonFile, Records, RedbStore, StateError, StatePersistence, TrackedMap,
};

/// Saves a number and so many copies of it, then the next number, until it is killed.
#[derive(Debug, Parser)]
struct Options {
    /// Where to keep it.
    path: PathBuf,
    #[arg(long, value_enum)]
    store: Store,
    /// End after so many saves, failed ones included.
    #[arg(long, default_value_t = u64::MAX)]
    saves: u64,
    /// How many copies; of several, in turn.
    #[arg(long, value_delimiter = ',', default_value = "200")]
    copies: Vec<usize>,
    /// After that, wait for ever.
    #[arg(long)]
    hold: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Store {
    Json,
    Redb,
}

/// All the numbers are the same, or it is a mixture of two states.
trait State: Default + Clone + Send + Sync + 'static {
    fn number(&self) -> u64;
    fn set(&mut self, number: u64, copies: usize);
}

impl State for Vec<u64> {
    fn number(&self) -> u64 {
        self.first().copied().unwrap_or(0)
    }

    fn set(&mut self, number: u64, copies: usize) {
        *self = vec![number; copies];
    }
}

#[derive(Clone, Default)]
struct Numbers {
    number: u64,
    copies: TrackedMap<u64>,
}

impl Records for Numbers {
    type Root = u64;
    type Record = u64;

    fn from_parts(number: u64, copies: TrackedMap<u64>) -> Self {
        Self { number, copies }
    }

    fn root(&self) -> u64 {
        self.number
    }

    fn records(&mut self) -> &mut TrackedMap<u64> {
        &mut self.copies
    }
}

impl State for Numbers {
    fn number(&self) -> u64 {
        self.number
    }

    fn set(&mut self, number: u64, copies: usize) {
        self.number = number;
        for copy in 0..copies {
            self.copies.insert(copy.to_string(), number);
        }
        self.copies.retain(|_, copy| *copy == number);
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    let path = &options.path;
    match options.store {
        Store::Json => {
            let opened = StatePersistence::<Vec<u64>>::open(JsonFile::new(path)).await;
            run(&options, opened).await
        }
        Store::Redb => {
            let opened = StatePersistence::<Numbers>::open(RedbStore::new(path)).await;
            run(&options, opened).await
        }
    }
}

async fn run<S: State>(
    options: &Options,
    opened: Result<StatePersistence<S>, StateError>,
) -> ExitCode {
    let state = match opened {
        Ok(state) => state,
        Err(error) => {
            println!("refused {error}");
            return ExitCode::FAILURE;
        }
    };
    if let Err(error) = write(options, &state).await {
        println!("failed {error}");
        return ExitCode::FAILURE;
    }
    println!("closed");
    ExitCode::SUCCESS
}

async fn write<S: State>(options: &Options, state: &StatePersistence<S>) -> Result<(), StateError> {
    let first = state.read(State::number);
    println!("loaded {first}");
    let copies = options.copies.iter().cycle();
    for (save, &copies) in (0..options.saves).zip(copies) {
        let number = first + save + 1;
        state.update_state(|state| state.set(number, copies));
        match state.save().await {
            Ok(()) => println!("saved {number}"),
            Err(error) => println!("failed {error}"),
        }
    }
    if options.hold {
        std::future::pending::<()>().await;
    }
    state.close().await
}
