//! Systems that have no systemd.

use std::io;

#[expect(clippy::unnecessary_wraps, reason = "as on Unix")]
pub(super) const fn ready() -> io::Result<()> {
    Ok(())
}

#[expect(clippy::unnecessary_wraps, reason = "as on Unix")]
pub(super) const fn stopping() -> io::Result<()> {
    Ok(())
}

#[expect(clippy::unnecessary_wraps, reason = "as on Unix")]
pub(super) const fn status(_: &str) -> io::Result<()> {
    Ok(())
}

pub(super) async fn watchdog(_: impl Fn() -> bool) {}
