//! What systemd hears, by a socket like its own.

use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use nix::sys::signal::Signal::SIGTERM;

use crate::process::Process;

fn next(socket: &UnixDatagram) -> String {
    let mut message = [0; 4096];
    let length = socket.recv(&mut message).expect("a message in time");
    String::from_utf8_lossy(&message[..length]).into_owned()
}

/// Runs the service with this watchdog to its end; all that systemd has heard.
fn heard(watchdog: &[(&str, &str)]) -> Vec<String> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("notify");
    let socket = UnixDatagram::bind(&path).expect("a socket");
    socket
        .set_read_timeout(Some(Duration::from_secs(60)))
        .expect("a limit");
    let mut variables = vec![("NOTIFY_SOCKET", path.to_str().expect("a plain path"))];
    variables.extend(watchdog);
    let process = Process::start("service", &variables);
    let has_watchdog = watchdog.len() == 1;
    let mut heard = Vec::new();
    let expected = if has_watchdog { 5 } else { 2 };
    while heard.len() < expected {
        heard.push(next(&socket));
    }
    // Many times its interval: it is no longer alive.
    std::thread::sleep(Duration::from_millis(300));
    process.send(SIGTERM);
    heard.push(next(&socket));
    assert_eq!(process.ends().code(), Some(0));
    socket.set_nonblocking(true).expect("it can be");
    assert!(socket.recv(&mut [0]).is_err(), "nothing more");
    heard
}

#[test]
fn systemd_hears_how_the_program_is() {
    assert_eq!(
        heard(&[]),
        ["READY=1\n", "STATUS=connected READY=0\n", "STOPPING=1\n"]
    );
}

#[test]
fn the_watchdog_hears_it_as_long_as_it_is_alive() {
    let mut heard = heard(&[("WATCHDOG_USEC", "40000")]);
    assert_eq!(heard.pop().as_deref(), Some("STOPPING=1\n"));
    heard.sort();
    assert_eq!(
        heard,
        [
            "READY=1\n",
            "STATUS=connected READY=0\n",
            "WATCHDOG=1\n",
            "WATCHDOG=1\n",
            "WATCHDOG=1\n",
        ]
    );
}

#[test]
fn the_watchdog_of_another_process_is_not_its_own() {
    let heard = heard(&[("WATCHDOG_USEC", "40000"), ("WATCHDOG_PID", "1")]);
    assert_eq!(heard.len(), 3);
}

#[test]
fn without_systemd_nothing_is_told_and_nothing_fails() {
    let process = Process::start("service", &[("WATCHDOG_USEC", "40000")]);
    process.send(SIGTERM);
    assert_eq!(process.ends().code(), Some(0));
}

#[test]
#[cfg(target_os = "linux")]
fn a_socket_without_a_file_is_reached_too() {
    use std::os::linux::net::SocketAddrExt;
    use std::os::unix::net::SocketAddr;
    let name = format!("recovery-test-{}", std::process::id());
    let address = SocketAddr::from_abstract_name(&name).expect("a name");
    let socket = UnixDatagram::bind_addr(&address).expect("a socket");
    let limit = Some(Duration::from_secs(60));
    socket.set_read_timeout(limit).expect("a limit");
    let process = Process::start("service", &[("NOTIFY_SOCKET", &format!("@{name}"))]);
    assert_eq!(next(&socket), "READY=1\n");
    assert_eq!(next(&socket), "STATUS=connected READY=0\n");
    process.send(SIGTERM);
    assert_eq!(next(&socket), "STOPPING=1\n");
    assert_eq!(process.ends().code(), Some(0));
}

#[test]
fn a_socket_that_is_gone_is_an_error_and_no_panic() {
    let process = std::process::Command::new(env!("CARGO_BIN_EXE_lifecycle_probe"))
        .arg("service")
        .env("NOTIFY_SOCKET", "/nonexistent/notify")
        .output()
        .expect("it runs");
    assert_eq!(process.status.code(), Some(1));
}
