//! The process under test.

use std::io::{BufRead, BufReader, Lines};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// A running `lifecycle_probe`. It is killed when dropped, and does not outlive its time.
pub(crate) struct Process {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    _alive: mpsc::Sender<()>,
}

/// Longer than any test takes.
const PATIENCE: Duration = Duration::from_secs(60);

impl Process {
    /// Starts it, and waits until it listens for signals.
    pub(crate) fn start(life: &str, variables: &[(&str, &str)]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lifecycle_probe"));
        for name in ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"] {
            command.env_remove(name);
        }
        command.arg(life).envs(variables.iter().copied());
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("it starts");
        let pid = pid_of(&child);
        // So that a test that waits in vain fails instead of hanging: reading ends with the process.
        let (alive, ended) = mpsc::channel();
        thread::spawn(move || {
            if ended.recv_timeout(PATIENCE) == Err(mpsc::RecvTimeoutError::Timeout) {
                let _ = kill(pid, Signal::SIGKILL);
            }
        });
        let lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        let mut process = Self {
            child,
            lines,
            _alive: alive,
        };
        assert_eq!(process.tells(), "listening");
        process
    }

    /// The next line that it tells.
    pub(crate) fn tells(&mut self) -> String {
        let line = self.lines.next().expect("it tells something");
        line.expect("it is text")
    }

    pub(crate) fn send(&self, signal: Signal) {
        kill(pid_of(&self.child), signal).expect("it runs");
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("it is our child").is_none()
    }

    /// Waits for its end, without more on its standard input.
    pub(crate) fn ends(mut self) -> ExitStatus {
        self.child.wait().expect("it is our child")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn pid_of(child: &Child) -> Pid {
    Pid::from_raw(child.id().try_into().expect("a process id"))
}
