//! The table of all rows.

use anyhow::Result;

use crate::instructions;
use crate::peer::Row;
use crate::scenario::{Counted, Scenario};

struct Column {
    scenario: Scenario,
    head: [&'static str; 2],
}

const COLUMNS: [Column; 9] = [
    Column::new(Scenario::Future, ["future", "bytes"]),
    Column::new(Scenario::Success, ["success", "Ir"]),
    Column::new(Scenario::Suspendable, ["suspendable", "Ir"]),
    Column::new(Scenario::Refused, ["not retried", "Ir"]),
    Column::new(Scenario::AtOnce, ["1 failure", "Ir"]),
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
    fn cell(&self, row: &Row, countable: bool) -> Result<String> {
        let dash = || "–".to_owned();
        let counted = Counted::ALL
            .into_iter()
            .find(|counted| counted.scenario() == self.scenario);
        if let Some(counted) = counted {
            return if countable && (row.has)(counted) {
                Ok(instructions::count(row, counted)?.to_string())
            } else {
                Ok(dash())
            };
        }
        Ok(match self.scenario {
            Scenario::Future => (row.future_size)().to_string(),
            Scenario::Peak => (row.peak)().map_or_else(dash, |bytes| bytes.to_string()),
            _ => {
                let (succeeding, failing) = (row.allocations)();
                let failing = failing.map_or_else(dash, |count| count.to_string());
                format!("{succeeding} / {failing}")
            }
        })
    }
}

const NAME_WIDTH: usize = 18;
const WIDTH: usize = 13;

/// Prints each row as it is known.
pub(crate) fn print(
    rows: &[&Row],
    wanted: impl Fn(Scenario) -> bool,
    countable: bool,
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
    for row in rows {
        (row.check)()?;
        print!("{:NAME_WIDTH$}", row.name);
        for column in &columns {
            print!("{:>WIDTH$}", column.cell(row, countable)?);
        }
        println!();
    }
    println!();
    println!(
        "Ir: instructions a call, by callgrind. Suspendable: the operation has an `.await`.\n\
         Crowd: 10,000 calls at the same time, of which each fails three times.\n"
    );
    for row in rows.iter().filter(|row| !row.lacks.is_empty()) {
        println!("{:NAME_WIDTH$}{}", row.name, row.lacks);
    }
    println!();
    Ok(())
}
