//! How far a run is: a bar on a terminal, a line now and then elsewhere.

use std::{
    convert::Infallible,
    io::{self, IsTerminal as _, Write as _},
    time::Duration,
};

use indicatif::{ProgressBar, ProgressStyle};

use crate::{ledger::Ledger, record::Tally};

const BAR_EVERY: Duration = Duration::from_millis(200);
const LINE_EVERY: Duration = Duration::from_secs(2);

/// Shows on standard error how far a run is, until the future is dropped.
///
/// # Cancel safety
///
/// Meant to be dropped; the bar goes with it.
pub async fn show(ledger: &Ledger, commands: u32) -> Infallible {
    if io::stderr().is_terminal() {
        show_bar(ledger, commands).await
    } else {
        show_lines(ledger, commands).await
    }
}

async fn show_bar(ledger: &Ledger, commands: u32) -> Infallible {
    let style = ProgressStyle::with_template("{elapsed:>4}  {bar:30} {pos}/{len}  {msg}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar = Cleared(ProgressBar::new(u64::from(commands)).with_style(style));
    loop {
        let tally = ledger.tally();
        bar.0.set_position(tally.delivered as u64);
        bar.0.set_message(format!(
            "faults {}  retries {}",
            tally.faulted, tally.retries
        ));
        bar.0.tick();
        tokio::time::sleep(BAR_EVERY).await;
    }
}

/// Takes its bar off the terminal when dropped.
struct Cleared(ProgressBar);

impl Drop for Cleared {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

async fn show_lines(ledger: &Ledger, commands: u32) -> Infallible {
    let started = ledger.elapsed();
    loop {
        tokio::time::sleep(LINE_EVERY).await;
        let elapsed = ledger.elapsed().saturating_sub(started);
        // Progress that nobody can read is no reason to end a run.
        let _ = writeln!(
            io::stderr().lock(),
            "{}",
            line(elapsed, commands, ledger.tally())
        );
    }
}

fn line(elapsed: Duration, commands: u32, tally: Tally) -> String {
    format!(
        "{:>4}s  commands {}/{commands}  delivered {}  faults {}  retries {}",
        elapsed.as_secs(),
        tally.commands,
        tally.delivered,
        tally.faulted,
        tally.retries
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_has_happened_so_far() {
        let tally = Tally {
            commands: 240,
            delivered: 201,
            faulted: 97,
            retries: 101,
            under_way: 0,
            last_activity: Duration::ZERO,
        };
        assert_eq!(
            line(Duration::from_secs(12), 500, tally),
            "  12s  commands 240/500  delivered 201  faults 97  retries 101"
        );
    }
}
