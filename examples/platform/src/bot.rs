//! The bot's process: one that cannot be left behind.

use std::{
    io,
    process::{ExitStatus, Stdio},
    time::Duration,
};

use tokio::{
    process::{Child, Command},
    time::{interval, timeout},
};

use crate::stage::{BotExit, StageError};

const MEMORY_EVERY: Duration = Duration::from_millis(250);

/// A running bot program. It is killed when dropped.
pub(crate) struct Bot {
    child: Child,
    /// The process id, which is also the group's; `None` once it may belong to someone else.
    id: Option<u32>,
    peak_memory: Option<u64>,
}

impl Bot {
    pub(crate) fn start(mut command: Command) -> Result<Self, StageError> {
        command.kill_on_drop(true).stdin(Stdio::null());
        #[cfg(unix)]
        command.process_group(0);
        let child = command.spawn().map_err(|source| StageError::Spawn {
            program: command
                .as_std()
                .get_program()
                .to_string_lossy()
                .into_owned(),
            source,
        })?;
        Ok(Self {
            id: child.id(),
            child,
            peak_memory: None,
        })
    }

    /// Waits for the bot to end by itself, and watches its memory meanwhile.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub(crate) async fn ended(&mut self) -> io::Result<ExitStatus> {
        let mut glance = interval(MEMORY_EVERY);
        loop {
            tokio::select! {
                status = self.child.wait() => {
                    // Whatever it started must not outlive it. The id is still the group's as
                    // long as anyone is left in it, and free only a moment ago otherwise.
                    self.kill_group();
                    self.id = None;
                    return status;
                }
                _ = glance.tick() => self.measure(),
            }
        }
    }

    /// The most memory that was seen resident, in bytes.
    pub(crate) fn peak_memory(&self) -> Option<u64> {
        self.peak_memory
    }

    fn measure(&mut self) {
        if let Some(seen) = self.id.and_then(high_water_mark) {
            self.peak_memory = self.peak_memory.max(Some(seen));
        }
    }

    /// Asks the bot to end, waits, and kills it if it does not.
    pub(crate) async fn stop(&mut self, within: Duration) -> io::Result<BotExit> {
        self.measure();
        if !self.ask_to_end() {
            self.kill().await?;
            return Ok(BotExit::Killed);
        }
        if let Ok(status) = timeout(within, self.ended()).await {
            return status.map(BotExit::Asked);
        }
        self.kill().await?;
        Ok(BotExit::Killed)
    }

    /// Kills the bot and waits until it is gone.
    pub(crate) async fn kill(&mut self) -> io::Result<()> {
        self.kill_group();
        self.child.kill().await?;
        self.id = None;
        Ok(())
    }

    /// Sends what Ctrl-C in a terminal would; `false` where that is not possible.
    #[cfg(unix)]
    fn ask_to_end(&self) -> bool {
        self.signal_group(rustix::process::Signal::INT)
    }

    #[cfg(not(unix))]
    #[expect(clippy::unused_self, reason = "the same shape as with signals")]
    fn ask_to_end(&self) -> bool {
        false
    }

    #[cfg(unix)]
    fn kill_group(&self) {
        self.signal_group(rustix::process::Signal::KILL);
    }

    #[cfg(not(unix))]
    #[expect(clippy::unused_self, reason = "the same shape as with signals")]
    fn kill_group(&self) {}

    /// Reaches the bot and whatever it started, a shell's child for instance.
    #[cfg(unix)]
    fn signal_group(&self, signal: rustix::process::Signal) -> bool {
        self.id
            .and_then(|id| i32::try_from(id).ok())
            .and_then(rustix::process::Pid::from_raw)
            .is_some_and(|group| rustix::process::kill_process_group(group, signal).is_ok())
    }
}

impl Drop for Bot {
    fn drop(&mut self) {
        // Does nothing once the bot has ended; otherwise its children must not outlive it either.
        self.kill_group();
    }
}

#[cfg(target_os = "linux")]
fn high_water_mark(id: u32) -> Option<u64> {
    parse_high_water_mark(&std::fs::read_to_string(format!("/proc/{id}/status")).ok()?)
}

#[cfg(not(target_os = "linux"))]
fn high_water_mark(_id: u32) -> Option<u64> {
    None
}

#[cfg(target_os = "linux")]
fn parse_high_water_mark(status: &str) -> Option<u64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kilobytes.checked_mul(1024)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn reads_the_peak_of_resident_memory() {
        let status = "Name:\tbot\nVmPeak:\t  9000 kB\nVmHWM:\t    1234 kB\nVmRSS:\t 1 kB\n";
        assert_eq!(parse_high_water_mark(status), Some(1234 * 1024));
        assert_eq!(parse_high_water_mark("Name:\tbot\n"), None);
        assert!(high_water_mark(std::process::id()).is_some_and(|bytes| bytes > 100_000));
    }
}
