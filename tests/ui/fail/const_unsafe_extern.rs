//! On functions of a kind that cannot be called again.

use std::io;

use recovery_core::retry;

#[retry]
const fn constant() -> Result<u32, io::Error> {
    Ok(1)
}

#[retry]
unsafe fn promised() -> Result<u32, io::Error> {
    Ok(1)
}

#[retry]
extern "C" fn foreign() -> Result<u32, io::Error> {
    Ok(1)
}

fn main() {
    drop(constant());
    drop(unsafe { promised() });
    drop(foreign());
}
