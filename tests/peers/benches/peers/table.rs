//! The table of all rows.

use anyhow::Result;

use crate::instructions;
use crate::peer::Row;
use crate::scenario::{Counted, Scenario};

struct Column {
    scenario: Scenario,
    head: [&'static str; 2],
}

const COLUMNS: [Column; 10] = [
    Column::new(Scenario::Future, ["future", "bytes"]),
    Column::new(Scenario::Success, ["success", "Ir"]),
    Column::new(Scenario::Suspendable, ["suspendable", "Ir"]),
    Column::new(Scenario::Refused, ["not retried", "Ir"]),
    Column::new(Scenario::AtOnce, ["1 failure", "Ir"]),
    Column::new(Scenario::Briefly, ["1 ms", "Ir"]),
    Column::new(Scenario::Crowd, ["crowd", "Ir a call"]),
    Column::new(Scenario::Peak, ["crowd", "bytes a call"]),
    Column::new(Scenario::Allocations, ["allocations", "ok / fail"]),
    Column::new(Scenario::Delay, ["next delay", "Ir"]),
];

impl Column {
    const fn new(scenario: Scenario, head: [&'static str; 2]) -> Self {
        Self { scenario, head }
    }

    /// What is measured of a row; a dash where there is nothing to measure.
    fn cell(&self, row: &Row, counting: Counting) -> Result<String> {
        let dash = || "–".to_owned();
        let counted = Counted::ALL
            .into_iter()
            .find(|counted| counted.scenario() == self.scenario);
        if let Some(counted) = counted {
            return if counting.is_possible && (row.has)(counted) {
                Ok(instructions::count(row, counted, counting.crowd)?.to_string())
            } else {
                Ok(dash())
            };
        }
        Ok(match self.scenario {
            Scenario::Future => (row.future_size)().to_string(),
            Scenario::Peak => {
                (row.peak)(counting.crowd).map_or_else(dash, |bytes| bytes.to_string())
            }
            _ => {
                let (succeeding, failing) = (row.allocations)();
                let failing = failing.map_or_else(dash, |count| count.to_string());
                format!("{succeeding} / {failing}")
            }
        })
    }
}

/// How instructions are counted.
#[derive(Clone, Copy)]
pub(crate) struct Counting {
    pub(crate) is_possible: bool,
    /// Calls at the same time.
    pub(crate) crowd: u32,
}

const NAME_WIDTH: usize = 18;
const WIDTH: usize = 13;

/// Prints each row as it is known.
pub(crate) fn print(
    rows: &[&Row],
    wanted: impl Fn(Scenario) -> bool,
    counting: Counting,
) -> Result<()> {
    let columns: Vec<&Column> = COLUMNS
        .iter()
        .filter(|column| wanted(column.scenario))
        .collect();
    if columns.is_empty() {
        return Ok(());
    }
    for line in 0..2 {
        print!("{:NAME_WIDTH$}", "");
        for column in &columns {
            print!("{:>WIDTH$}", column.head[line]);
        }
        println!();
    }
    let mut known = Vec::new();
    for row in rows {
        (row.check)()?;
        print!("{:NAME_WIDTH$}", row.name);
        let mut cells = Vec::new();
        for column in &columns {
            let cell = column.cell(row, counting)?;
            print!("{cell:>WIDTH$}");
            cells.push(cell);
        }
        println!();
        known.push((row.name, cells));
    }
    print_ratios(&known);
    println!();
    println!(
        "Ir: instructions a call, by callgrind. Suspendable: the operation has an `.await`.\n\
         1 ms: one failure, and success after that delay; the timer and the runtime's way to it included.\n\
         Crowd: {} calls at the same time, of which each fails three times.\n",
        counting.crowd
    );
    for row in rows.iter().filter(|row| !row.lacks.is_empty()) {
        println!("{:NAME_WIDTH$}{}", row.name, row.lacks);
    }
    println!();
    Ok(())
}

/// Ours beside the loop by hand: what the attribute costs or saves.
fn print_ratios(known: &[(&str, Vec<String>)]) {
    let cells = |name| {
        let found = known.iter().find(|(known, _)| *known == name);
        found.map(|(_, cells)| cells)
    };
    let (Some(ours), Some(by_hand)) = (cells("#[retry]"), cells("by hand")) else {
        return;
    };
    print!("{:NAME_WIDTH$}", "#[retry] / by hand");
    for (ours, by_hand) in ours.iter().zip(by_hand) {
        let ratio = match (ours.parse::<f64>(), by_hand.parse::<f64>()) {
            (Ok(ours), Ok(by_hand)) => format!("{:.2}", ours / by_hand),
            _ => String::new(),
        };
        print!("{ratio:>WIDTH$}");
    }
    println!();
}
