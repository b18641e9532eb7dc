//! The score as a person reads it.

use std::{fmt, time::Duration};

use crate::score::Score;

const WIDTH: usize = 76;
const LABEL: usize = 26;

impl fmt::Display for Score {
    /// The scoreboard: plain text, at most 80 columns.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = match (self.is_clean(), self.unresent.not_arrived) {
            _ if self.interrupted => "interrupted: what was under way looks lost".to_owned(),
            (true, 0) => "clean: nothing lost, nothing doubled".to_owned(),
            (true, apart) => format!("clean: nothing lost, nothing doubled; {apart} left in doubt"),
            (false, _) => "not clean".to_owned(),
        };
        let rule = "─".repeat(WIDTH);
        writeln!(formatter, "{rule}")?;
        writeln!(formatter, " {:<LABEL$} {verdict}", "loopback platform")?;
        writeln!(formatter, "{rule}")?;

        let commands = self.commands;
        row(formatter, "commands", commands, "")?;
        row(
            formatter,
            "  delivered exactly once",
            self.delivered_once,
            &share(self.delivered_once, commands),
        )?;
        let never_called = match self.never_called {
            0 => String::new(),
            count => format!("{count} of them without a single call"),
        };
        row(formatter, "  lost", self.lost, &never_called)?;
        row(formatter, "  doubled", self.doubled, "")?;
        let apart = self.unresent;
        row(
            formatter,
            "counted apart",
            apart.total(),
            &format!(
                "{} had arrived, {} had not",
                apart.arrived, apart.not_arrived
            ),
        )?;
        if apart.total() > 0 {
            for line in [
                "channel and direct replies whose last call failed without saying",
                "whether it took effect; these scenes have no deduplication key, so",
                "a resend might be seen twice, and a careful bot does not resend;",
                "had arrived: also delivered once, had not: not counted as lost",
            ] {
                writeln!(formatter, "     {line}")?;
            }
        }
        writeln!(formatter, "{rule}")?;

        row(formatter, "HTTP calls", self.calls, "")?;
        let stale = self.calls_with_expired_token;
        if stale > 0 {
            let remark = "refused; not part of the next share";
            row(formatter, "  with an expired token", stale, remark)?;
        }
        let faulted = share(self.calls_faulted, self.calls - stale);
        row(formatter, "  met a fault", self.calls_faulted, &faulted)?;
        let kinds: Vec<String> = self
            .faults
            .iter()
            .map(|(fault, count)| format!("{:<18}{count:>6}", fault.name()))
            .collect();
        for pair in kinds.chunks(2) {
            writeln!(formatter, "     {}", pair.join("     "))?;
        }
        row(formatter, "  retries", self.retries, "")?;
        row(
            formatter,
            "  duplicates refused",
            self.duplicates_refused,
            "",
        )?;
        row(formatter, "  sent after an audit", self.audits, "")?;
        if self.unsolicited > 0 {
            row(formatter, "  replies to nothing", self.unsolicited, "")?;
        }
        row(formatter, "tokens issued", self.tokens_issued, "")?;
        row(
            formatter,
            "gateway sessions",
            self.identifies,
            &format!("{} resumed", plural(self.resumes, "time")),
        )?;
        let latency = self.added_latency;
        writeln!(
            formatter,
            " {:<LABEL$} p50 {}, p99 {}, max {}",
            "latency added by faults",
            seconds(latency.p50),
            seconds(latency.p99),
            seconds(latency.max)
        )?;
        write!(formatter, "{rule}")
    }
}

fn row(formatter: &mut fmt::Formatter<'_>, label: &str, value: u64, remark: &str) -> fmt::Result {
    let line = format!(" {label:<LABEL$} {value:>7}   {remark}");
    writeln!(formatter, "{}", line.trim_end())
}

#[expect(clippy::cast_precision_loss, reason = "a percentage with one digit")]
fn share(part: u64, whole: u64) -> String {
    if whole == 0 {
        return String::new();
    }
    // Cut, not rounded: 100.0 % is said of all and nothing less.
    let tenths = part.saturating_mul(1000) / whole;
    format!("{:.1} %", tenths as f64 / 10.0)
}

fn plural(count: u64, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

fn seconds(duration: Duration) -> String {
    format!("{:.2} s", duration.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{fault::Fault, score::Unresent};

    #[test]
    fn fits_eighty_columns_and_explains_what_is_counted_apart() {
        let score = Score {
            commands: 1_000_000,
            delivered_once: 999_999,
            lost: 1,
            never_called: 1,
            unresent: Unresent {
                arrived: 100_000,
                not_arrived: 100_000,
            },
            faults: Fault::ALL.into_iter().zip([999_999; 11]).collect(),
            calls: 9_999_999,
            calls_faulted: 1,
            ..Score::default()
        };
        let board = score.to_string();
        for line in board.lines() {
            assert!(line.chars().count() <= 80, "too wide: {line}");
        }
        assert!(board.contains("a careful bot does not resend"));
        assert!(board.contains("99.9 %"), "never rounded up:\n{board}");
    }
}
