//! Where the platform is.

use reqwest::Url;

use crate::loopback::is_loopback;

/// The hosts of the platform: one for access tokens, one for everything else.
///
/// # Examples
/// ```
/// use recovery_core::botrs::Hosts;
///
/// let hosts = Hosts::sandbox();
/// assert_eq!(hosts.api().as_str(), "https://sandbox.api.sgroup.qq.com/");
/// assert_eq!(hosts.tokens().as_str(), "https://bots.qq.com/");
///
/// // The one host that the platform's wiki v1.32.0 names, or a gateway of one's own before it:
/// let hosts = Hosts::production()
///     .with_api("https://api.bot.qq.com")?
///     .with_tokens("https://api.bot.qq.com")?;
/// assert_eq!(hosts.api(), hosts.tokens());
///
/// assert!(Hosts::production().with_api("http://example.com").is_err(), "tokens need TLS");
/// # Ok::<(), recovery_core::botrs::InvalidHost>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hosts {
    api: Url,
    tokens: Url,
}

impl Hosts {
    /// The hosts that botrs 0.13.0 calls: `https://api.sgroup.qq.com` and `https://bots.qq.com`.
    pub fn production() -> Self {
        Self {
            api: known("https://api.sgroup.qq.com"),
            tokens: known("https://bots.qq.com"),
        }
    }

    /// The platform's sandbox: `https://sandbox.api.sgroup.qq.com`; tokens come from where they
    /// always do.
    pub fn sandbox() -> Self {
        Self {
            api: known("https://sandbox.api.sgroup.qq.com"),
            ..Self::production()
        }
    }

    /// Calls the API under `url`, which may have a path.
    ///
    /// # Errors
    /// If it is no `https` URL (`http` will do for a loopback host: `localhost`, 127.0.0.0/8, `::1`),
    /// or has a query, a fragment, a user name or a password.
    pub fn with_api(mut self, url: &str) -> Result<Self, InvalidHost> {
        self.api = checked(url)?;
        Ok(self)
    }

    /// Fetches access tokens under `url`.
    ///
    /// # Errors
    /// As [`with_api`](Self::with_api).
    pub fn with_tokens(mut self, url: &str) -> Result<Self, InvalidHost> {
        self.tokens = checked(url)?;
        Ok(self)
    }

    /// Where the API is.
    pub fn api(&self) -> &Url {
        &self.api
    }

    /// Where access tokens come from.
    pub fn tokens(&self) -> &Url {
        &self.tokens
    }
}

/// [`Hosts::production`].
impl Default for Hosts {
    fn default() -> Self {
        Self::production()
    }
}

/// A URL that cannot be the platform's.
///
/// It does not show the URL, since there may be a password in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidHost {
    /// It is none.
    #[error("the platform's host must be a URL such as `https://api.sgroup.qq.com`: {reason}")]
    NotAUrl {
        /// What is wrong with it.
        reason: String,
    },
    /// It would send tokens and secrets over the network in the clear.
    #[error(
        "the platform's host `{host}` must be called by `https`; only a loopback host may do without"
    )]
    NotEncrypted {
        /// The host.
        host: String,
    },
    /// It names more than a host and a path.
    #[error("the URL of the platform's host `{host}` must have no {part}")]
    HasMore {
        /// The host.
        host: String,
        /// What it should not have.
        part: &'static str,
    },
}

/// `base` with these segments behind its path, each encoded, so that an id cannot lead elsewhere.
pub(super) fn join(base: &Url, segments: &[&str]) -> Url {
    let mut url = base.clone();
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(segments);
    }
    url
}

fn known(url: &'static str) -> Url {
    Url::parse(url).expect("the platform's own hosts are URLs")
}

fn checked(text: &str) -> Result<Url, InvalidHost> {
    let url = Url::parse(text).map_err(|error| InvalidHost::NotAUrl {
        reason: error.to_string(),
    })?;
    let Some(host) = url.host_str().map(str::to_owned) else {
        return Err(InvalidHost::NotAUrl {
            reason: "it names no host".to_owned(),
        });
    };
    match url.scheme() {
        "https" => {}
        "http" if is_loopback(&host) => {}
        _ => return Err(InvalidHost::NotEncrypted { host }),
    }
    let parts = [
        (!url.username().is_empty(), "user name"),
        (url.password().is_some(), "password"),
        (url.query().is_some(), "query"),
        (url.fragment().is_some(), "fragment"),
    ];
    match parts.into_iter().find(|(present, _)| *present) {
        Some((_, part)) => Err(InvalidHost::HasMore { host, part }),
        None => Ok(url),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_hosts_may_do_without_tls() {
        for url in [
            "https://example.com",
            "http://127.0.0.1:8080",
            "http://127.9.9.9",
            "http://[::1]:1",
            "http://localhost/prefix/",
        ] {
            assert!(checked(url).is_ok(), "{url}");
        }
        for url in [
            "http://example.com",
            "http://127.0.0.1.example.com",
            "http://localhost.example.com",
            "http://0.0.0.0",
            "ftp://127.0.0.1",
        ] {
            assert!(
                matches!(checked(url), Err(InvalidHost::NotEncrypted { .. })),
                "{url}"
            );
        }
    }

    #[test]
    fn a_host_is_a_host_and_a_path() {
        for url in [
            "https://u@example.com",
            "https://:hush@example.com",
            "https://example.com?x=hush",
            "https://example.com#hush",
        ] {
            let error = checked(url).unwrap_err();
            assert!(matches!(error, InvalidHost::HasMore { .. }), "{url}");
            assert!(!format!("{error} {error:?}").contains("hush"), "{error:?}");
        }
        for text in ["", "example.com", "https://", "data:text"] {
            let error = checked(text).unwrap_err();
            assert!(matches!(error, InvalidHost::NotAUrl { .. }), "{text}");
        }
    }

    #[test]
    fn an_id_stays_within_its_segment() {
        let base = checked("http://localhost/qq/").unwrap();
        let url = join(&base, &["v2", "groups", "../x?y#z", "messages"]);
        assert_eq!(
            url.as_str(),
            "http://localhost/qq/v2/groups/..%2Fx%3Fy%23z/messages"
        );
        assert_eq!(
            join(&known("https://a.example"), &["users", "@me"]).as_str(),
            "https://a.example/users/@me"
        );
    }
}
