//! Instructions by callgrind, bytes and allocations by counting.

use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::operation::{Plan, Suspendable};
use crate::scenarios::{self, Scenario};
use crate::subjects::Subject;

/// One row of the table.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    /// Bytes of a call's future, around an operation's of 32.
    pub(crate) future: usize,
    /// Instructions a call, where they were counted.
    pub(crate) instructions: [Option<u64>; Scenario::ALL.len()],
    /// Bytes that each of many concurrent calls holds at the peak.
    pub(crate) peak: Option<u64>,
    pub(crate) allocations: Allocations,
}

/// In one call that succeeds, and in one that fails once.
pub(crate) struct Allocations {
    pub(crate) success: u64,
    pub(crate) failure: u64,
}

pub(crate) fn row<S: Subject>(scenarios: &[Scenario], has_valgrind: bool) -> Result<Row> {
    let is_bare = S::LACKS == "everything";
    let can_be_spawned = !is_bare && scenarios::can_be_spawned::<S>();
    let mut instructions = [None; Scenario::ALL.len()];
    for (at, scenario) in Scenario::ALL.into_iter().enumerate() {
        let fits = match scenario {
            Scenario::Ready | Scenario::Success => true,
            Scenario::Final | Scenario::Once => !is_bare,
            Scenario::Many => can_be_spawned,
        };
        if has_valgrind && scenarios.contains(&scenario) && fits {
            instructions[at] = Some(count(S::NAME, scenario)?);
        }
    }
    let plan = Plan::failing(0).leaked();
    let calls = Scenario::Many.calls();
    let peak = can_be_spawned.then(|| {
        let plans = scenarios::plans(calls);
        let counted = allocation_counter::measure(|| scenarios::many::<S>(plans));
        counted.bytes_max / u64::from(calls)
    });
    Ok(Row {
        name: S::NAME,
        future: size_of_val(&S::call::<Suspendable>(plan)),
        instructions,
        peak,
        allocations: Allocations {
            success: allocations::<S>(0),
            failure: if is_bare { 0 } else { allocations::<S>(1) },
        },
    })
}

/// In the second of two calls: what a first call makes for good is not counted.
fn allocations<S: Subject>(failures: u32) -> u64 {
    let runtime = scenarios::runtime();
    let plan = Plan::failing(0).leaked();
    runtime.block_on(async {
        for _ in 0..2 {
            plan.set(&Plan::failing(failures));
            let _ = S::at_once::<Suspendable>(plan).await;
        }
    });
    plan.set(&Plan::failing(failures));
    let counted = allocation_counter::measure(|| {
        let _ = runtime.block_on(S::at_once::<Suspendable>(plan));
    });
    // The runtime's own, for a call that does nothing.
    let own = allocation_counter::measure(|| runtime.block_on(std::future::ready(())));
    counted.count_total.saturating_sub(own.count_total)
}

pub(crate) fn has_valgrind() -> bool {
    let version = Command::new("valgrind").arg("--version").output();
    version.is_ok_and(|output| output.status.success())
}

/// Instructions of one call: what twice as many calls cost more, shared among them.
fn count(name: &str, scenario: Scenario) -> Result<u64> {
    let calls = scenario.calls();
    let (once, twice) = (
        total(name, scenario, calls)?,
        total(name, scenario, 2 * calls)?,
    );
    Ok(twice.saturating_sub(once) / u64::from(calls))
}

fn total(name: &str, scenario: Scenario, calls: u32) -> Result<u64> {
    let program = std::env::current_exe().context("cannot find this program")?;
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(program)
        .args(["--bench", "--child", name])
        .args(["--child-scenario", &format!("{scenario:?}").to_lowercase()])
        .args(["--child-calls", &calls.to_string()])
        .output()
        .context("cannot start valgrind")?;
    let told = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        bail!("{name}, {scenario:?}: {}", told.trim());
    }
    let collected = told
        .lines()
        .find_map(|line| line.split("Collected : ").nth(1));
    let collected = collected.and_then(|count| count.trim().parse().ok());
    collected.with_context(|| format!("valgrind told no count: {}", told.trim()))
}
