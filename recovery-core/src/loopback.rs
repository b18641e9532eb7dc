//! Which hosts are this machine.

use std::net::IpAddr;

/// Whether the host of a URL names this machine: by an address, or as `localhost`.
pub(crate) fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || address
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}
