//! A history that nobody is shown, or that is shown and not kept.

use std::io;

use recovery_core::retry;

#[retry(history)]
async fn nobody_reads_it() -> io::Result<()> {
    Ok(())
}

#[retry(fallback = |error, reason, history| Err(error))]
async fn nobody_keeps_it() -> io::Result<()> {
    Ok(())
}

#[retry(history = 5, on_retry = |_| ())]
async fn it_takes_no_value() -> io::Result<()> {
    Ok(())
}

fn main() {
    let _ = (nobody_reads_it(), nobody_keeps_it(), it_takes_no_value());
}
