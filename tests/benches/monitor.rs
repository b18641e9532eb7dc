//! What it costs to record an error, by one thread and by two at the same time.
//!
//! ```sh
//! cargo bench -p recovery-tests --bench monitor
//! ```

use std::thread;
use std::time::{Duration, Instant};

use recovery_core::ErrorKind;
use recovery_core::watch::ErrorMonitor;

const EACH: u32 = 100_000;
const ROUNDS: usize = 101;

fn main() {
    println!("{EACH} errors a thread, the best and the median of {ROUNDS} rounds");
    for threads in [1, 2] {
        let mut times: Vec<f64> = (0..ROUNDS).map(|_| record_all(threads)).collect();
        times.sort_by(f64::total_cmp);
        let (best, median) = (times[0], times[ROUNDS / 2]);
        println!("{threads} thread(s) {best:>8.1} ns {median:>8.1} ns each");
    }
}

/// Nanoseconds that an error takes its thread.
fn record_all(threads: u64) -> f64 {
    let monitor = ErrorMonitor::new(1_000, Duration::from_secs(60));
    let begun = Instant::now();
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                for number in 0..EACH {
                    let operation = if number % 2 == 0 {
                        "send_message"
                    } else {
                        "fetch"
                    };
                    monitor.record(operation, ErrorKind::Network);
                }
            });
        }
    });
    let elapsed = begun.elapsed();
    assert_eq!(monitor.report().total, threads * u64::from(EACH));
    elapsed.as_secs_f64() * 1e9 / f64::from(EACH)
}
