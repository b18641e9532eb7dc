//! What `std::io::Error` means, by itself and around another error.

use std::error::Error;
use std::io;

use recovery_core::{Classify, Effect, ErrorKind};

#[test]
fn only_a_connection_that_never_was_proves_that_nothing_was_sent() {
    use io::ErrorKind as Io;
    for (io, kind, effect) in [
        (Io::ConnectionRefused, ErrorKind::Network, Effect::None),
        (Io::AddrNotAvailable, ErrorKind::Network, Effect::None),
        (Io::ConnectionReset, ErrorKind::Network, Effect::Unknown),
        (Io::ConnectionAborted, ErrorKind::Network, Effect::Unknown),
        (Io::NotConnected, ErrorKind::Network, Effect::Unknown),
        (Io::BrokenPipe, ErrorKind::Network, Effect::Unknown),
        (Io::UnexpectedEof, ErrorKind::Network, Effect::Unknown),
        // A host that answered before may be unreachable by the time of its answer.
        (Io::HostUnreachable, ErrorKind::Network, Effect::Unknown),
        (Io::NetworkUnreachable, ErrorKind::Network, Effect::Unknown),
        (Io::NetworkDown, ErrorKind::Network, Effect::Unknown),
        (Io::TimedOut, ErrorKind::Timeout, Effect::Unknown),
        (Io::WouldBlock, ErrorKind::Timeout, Effect::Unknown),
        (Io::PermissionDenied, ErrorKind::Forbidden, Effect::Unknown),
        (Io::NotFound, ErrorKind::NotFound, Effect::Unknown),
        (Io::AlreadyExists, ErrorKind::Conflict, Effect::Unknown),
        (Io::AddrInUse, ErrorKind::Conflict, Effect::Unknown),
        (Io::InvalidInput, ErrorKind::InvalidInput, Effect::Unknown),
        (Io::InvalidData, ErrorKind::InvalidInput, Effect::Unknown),
        (Io::Interrupted, ErrorKind::Other, Effect::Unknown),
        (Io::Other, ErrorKind::Other, Effect::Unknown),
    ] {
        let error = io::Error::from(io);
        assert_eq!(
            (Classify::kind(&error), error.effect()),
            (kind, effect),
            "{io:?}"
        );
        let boxed: Box<dyn Error + Send + Sync> = Box::new(error);
        assert_eq!(
            (boxed.kind(), boxed.effect()),
            (kind, effect),
            "boxed {io:?}"
        );
        assert_eq!(boxed.is_transient(), kind.is_transient(), "boxed {io:?}");
    }
}

#[test]
fn an_error_that_says_nothing_is_known_by_the_one_inside() {
    let refused = io::Error::other(io::Error::from(io::ErrorKind::ConnectionRefused));
    assert_eq!(Classify::kind(&refused), ErrorKind::Network);
    assert_eq!(refused.effect(), Effect::None);
    let boxed: Box<dyn Error + Send + Sync> = Box::new(refused);
    assert_eq!(
        (boxed.kind(), boxed.effect()),
        (ErrorKind::Network, Effect::None)
    );

    let text = io::Error::other("text");
    assert_eq!(Classify::kind(&text), ErrorKind::Other);
}

#[test]
fn a_read_that_runs_into_its_timeout_is_one() -> io::Result<()> {
    use std::io::Read;
    let silent = std::net::TcpListener::bind("127.0.0.1:0")?;
    let mut stream = std::net::TcpStream::connect(silent.local_addr()?)?;
    stream.set_read_timeout(Some(std::time::Duration::from_millis(1)))?;
    let error = stream.read(&mut [0]).expect_err("nobody writes");
    assert_eq!(Classify::kind(&error), ErrorKind::Timeout, "{error}");
    Ok(())
}
