//! A hook is not awaited, so an async one is refused at the closure.

use std::io;

use recovery_core::{Attempt, retry};

#[retry(on_retry = |_| async {})]
async fn block() -> io::Result<()> {
    Ok(())
}

#[retry(on_retry = async |_| {})]
async fn closure() -> io::Result<()> {
    Ok(())
}

async fn report(_: &Attempt<'_, io::Error>) {}

#[retry(on_retry = report)]
fn function() -> io::Result<()> {
    Ok(())
}

#[retry(on_retry = |failed| report(failed))]
fn call() -> io::Result<()> {
    Ok(())
}

fn main() {
    drop((block(), closure()));
    drop(function());
    drop(call());
}
