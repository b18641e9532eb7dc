//! Which URLs an alert may be posted to.

use reqwest::Url;

use super::InvalidWebhook;
use crate::loopback::is_loopback;

/// `https`, or a loopback host.
pub(super) fn encrypted(text: &str) -> Result<Url, InvalidWebhook> {
    let url = any(text)?;
    let host = url.host_str().unwrap_or_default().to_owned();
    if url.scheme() == "https" || is_loopback(&host) {
        return Ok(url);
    }
    Err(InvalidWebhook::NotEncrypted { host })
}

/// `https` or `http`.
pub(super) fn any(text: &str) -> Result<Url, InvalidWebhook> {
    let url = Url::parse(text).map_err(|error| InvalidWebhook::NotAUrl {
        reason: error.to_string(),
    })?;
    if matches!(url.scheme(), "https" | "http") && url.has_host() {
        return Ok(url);
    }
    Err(InvalidWebhook::NotAUrl {
        reason: "it is neither `https` nor `http`".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_hosts_may_do_without_tls() {
        for url in [
            "https://example.com/hook?key=1",
            "http://127.0.0.1:8080",
            "http://[::1]:1",
            "http://localhost/hook",
        ] {
            assert!(encrypted(url).is_ok(), "{url}");
        }
        for url in [
            "http://example.com/hush",
            "http://127.0.0.1.example.com/hush",
            "http://0.0.0.0/hush",
        ] {
            let error = encrypted(url).unwrap_err();
            assert!(matches!(error, InvalidWebhook::NotEncrypted { .. }));
            assert!(!format!("{error} {error:?}").contains("hush"), "{error:?}");
            assert!(any(url).is_ok(), "{url}");
        }
    }

    #[test]
    fn what_is_no_url_is_refused_without_being_shown() {
        for text in [
            "",
            "hush",
            "ftp://127.0.0.1/hush",
            "data:hush",
            "https://",
            "http://hu sh/",
        ] {
            let error = any(text).unwrap_err();
            assert!(matches!(error, InvalidWebhook::NotAUrl { .. }), "{text}");
            assert!(!format!("{error} {error:?}").contains("hush"), "{error:?}");
        }
    }
}
