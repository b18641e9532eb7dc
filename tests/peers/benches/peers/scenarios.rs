//! What is measured of each subject.

use std::hint::black_box;

use tokio::runtime::{Builder, Runtime};

use crate::operation::{Operation, Plan, Ready, Suspendable};
use crate::subjects::Subject;

/// A column of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Scenario {
    /// Success at the first try of an operation that never waits
    Ready,
    /// Success at the first try of one that might
    Success,
    /// An error that is not retried
    Final,
    /// One failure, no delay, success
    Once,
    /// Concurrent calls that fail three times each
    Many,
}

impl Scenario {
    pub(crate) const ALL: [Self; 5] = [
        Self::Ready,
        Self::Success,
        Self::Final,
        Self::Once,
        Self::Many,
    ];

    pub(crate) const fn heading(self) -> &'static str {
        match self {
            Self::Ready => "success at the first try of an operation that never waits",
            Self::Success => "success at the first try of one that might",
            Self::Final => "an error that is not retried",
            Self::Once => "one failure, no delay, success",
            Self::Many => "each of 10,000 concurrent calls that fail three times, then succeed",
        }
    }

    pub(crate) const fn short(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Success => "success",
            Self::Final => "final",
            Self::Once => "once",
            Self::Many => "many",
        }
    }

    /// How many calls are counted.
    pub(crate) const fn calls(self) -> u32 {
        match self {
            Self::Many => 10_000,
            _ => 2_000,
        }
    }
}

pub(crate) fn runtime() -> Runtime {
    Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime for this thread")
}

/// Makes so many calls.
pub(crate) fn run<S: Subject>(scenario: Scenario, calls: u32) {
    fastrand::seed(1);
    match scenario {
        Scenario::Ready => repeat::<S, Ready>(&Plan::failing(0), calls),
        Scenario::Success => repeat::<S, Suspendable>(&Plan::failing(0), calls),
        Scenario::Final => repeat::<S, Suspendable>(&Plan::hopeless(), calls),
        Scenario::Once => once::<S>(calls),
        Scenario::Many => many::<S>(plans(calls)),
    }
}

fn repeat<S: Subject, O: Operation>(outcome: &Plan, calls: u32) {
    let plan = Plan::failing(0).leaked();
    plan.set(outcome);
    runtime().block_on(async {
        for _ in 0..calls {
            let result = S::call::<O>(black_box(plan)).await;
            let _ = black_box(result);
        }
    });
}

fn once<S: Subject>(calls: u32) {
    let plan = Plan::failing(0).leaked();
    runtime().block_on(async {
        for _ in 0..calls {
            plan.set(&Plan::failing(1));
            let result = S::at_once::<Suspendable>(black_box(plan)).await;
            assert!(result.is_ok());
        }
    });
}

/// One for each call, made before anything is measured.
pub(crate) fn plans(calls: u32) -> &'static [Plan] {
    (0..calls)
        .map(|_| Plan::failing(3))
        .collect::<Vec<_>>()
        .leak()
}

pub(crate) fn can_be_spawned<S: Subject>() -> bool {
    runtime().block_on(async { S::spawn(Plan::failing(0).leaked()).is_some() })
}

/// All calls at once, each in a task of its own.
pub(crate) fn many<S: Subject>(plans: &'static [Plan]) {
    runtime().block_on(async {
        let tasks: Vec<_> = plans.iter().filter_map(S::spawn).collect();
        for task in tasks {
            task.await.expect("no panic");
        }
    });
}
