//! Access tokens: who gets one, and what it still opens.

use std::{
    collections::HashMap,
    fmt,
    sync::Mutex,
    time::{Duration, Instant},
};

use crate::sync::lock;

/// Within this time of its end, a token is replaced by the token endpoint.
const RENEWAL_WINDOW: Duration = Duration::from_secs(60);

/// The app id and secret of a bot.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    app_id: String,
    secret: String,
}

impl Credentials {
    /// Credentials of one's own choice.
    pub fn new(app_id: impl Into<String>, secret: impl Into<String>) -> Self {
        Self {
            app_id: app_id.into(),
            secret: secret.into(),
        }
    }

    /// Fresh throw-away credentials in the platform's format.
    pub fn random() -> Self {
        Self {
            app_id: format!("1{:08}", fastrand::u32(0..100_000_000)),
            secret: random_text(32),
        }
    }

    /// The app id; not a secret.
    pub fn app_id(&self) -> &str {
        &self.app_id
    }

    /// The secret.
    pub fn secret(&self) -> &str {
        &self.secret
    }
}

impl Default for Credentials {
    /// [`Credentials::random`].
    fn default() -> Self {
        Self::random()
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Credentials")
            .field("app_id", &self.app_id)
            .field("secret", &"<redacted>")
            .finish()
    }
}

fn random_text(length: usize) -> String {
    std::iter::repeat_with(fastrand::alphanumeric)
        .take(length)
        .collect()
}

/// Mints tokens and remembers them.
pub(crate) struct TokenOffice {
    lifetime: Duration,
    desk: Mutex<Desk>,
}

#[derive(Default)]
struct Desk {
    /// The token that each bot would get now.
    current: HashMap<usize, String>,
    issued: HashMap<String, Issued>,
}

#[derive(Clone, Copy)]
struct Issued {
    /// The bot's place in the list of those that the platform knows.
    bot: usize,
    until: Instant,
    revoked: bool,
    barred_from_gateway: bool,
}

/// What the token endpoint hands out.
pub(crate) struct Grant {
    pub(crate) token: String,
    pub(crate) expires_in: Duration,
    pub(crate) is_new: bool,
}

impl TokenOffice {
    pub(crate) fn new(lifetime: Duration) -> Self {
        Self {
            lifetime,
            desk: Mutex::default(),
        }
    }

    /// The bot's current token while it is good, a new one within its last minute or after its
    /// end. An old one that has not been revoked works until its own end.
    pub(crate) fn grant(&self, bot: usize) -> Grant {
        let now = Instant::now();
        let mut desk = lock(&self.desk);
        if let Some(token) = desk.current.get(&bot)
            && let Some(issued) = desk.issued.get(token)
            && !issued.revoked
            && !issued.barred_from_gateway
        {
            let left = issued.until.saturating_duration_since(now);
            if left > RENEWAL_WINDOW {
                return Grant {
                    token: token.clone(),
                    expires_in: left,
                    is_new: false,
                };
            }
        }
        let token = random_text(48);
        let issued = Issued {
            bot,
            until: now + self.lifetime,
            revoked: false,
            barred_from_gateway: false,
        };
        desk.issued.insert(token.clone(), issued);
        desk.current.insert(bot, token.clone());
        Grant {
            token,
            expires_in: self.lifetime,
            is_new: true,
        }
    }

    /// The bot whose token this is, whatever it still opens.
    pub(crate) fn holder(&self, token: &str) -> Option<usize> {
        lock(&self.desk).issued.get(token).map(|issued| issued.bot)
    }

    /// Whether the HTTP API accepts this token.
    pub(crate) fn opens_api(&self, token: &str) -> bool {
        lock(&self.desk)
            .issued
            .get(token)
            .is_some_and(|issued| !issued.revoked && issued.until > Instant::now())
    }

    /// Whether the gateway accepts this token: any that was ever issued, unless it was barred.
    pub(crate) fn opens_gateway(&self, token: &str) -> bool {
        lock(&self.desk)
            .issued
            .get(token)
            .is_some_and(|issued| !issued.barred_from_gateway)
    }

    /// Makes the gateway refuse every token issued so far.
    pub(crate) fn bar_all_from_gateway(&self) {
        for issued in lock(&self.desk).issued.values_mut() {
            issued.barred_from_gateway = true;
        }
    }

    /// Makes the HTTP API refuse this token from now on.
    pub(crate) fn revoke(&self, token: &str) {
        if let Some(issued) = lock(&self.desk).issued.get_mut(token) {
            issued.revoked = true;
        }
    }

    pub(crate) fn revoke_all(&self) {
        for issued in lock(&self.desk).issued.values_mut() {
            issued.revoked = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hands_out_the_same_token_until_its_last_minute() {
        let office = TokenOffice::new(Duration::from_secs(7200));
        let first = office.grant(0);
        let second = office.grant(0);
        assert_eq!(first.token, second.token);
        assert!(first.is_new && !second.is_new);

        let hasty = TokenOffice::new(Duration::from_secs(60));
        let first = hasty.grant(0);
        let second = hasty.grant(0);
        assert_ne!(first.token, second.token);
        assert!(hasty.opens_api(&first.token), "the old one keeps working");
    }

    #[test]
    fn a_revoked_token_still_opens_the_gateway() {
        let office = TokenOffice::new(Duration::from_secs(7200));
        let token = office.grant(0).token;
        office.revoke(&token);
        assert!(!office.opens_api(&token));
        assert!(office.opens_gateway(&token));
        assert_ne!(office.grant(0).token, token);
    }

    #[test]
    fn a_token_that_the_gateway_refuses_is_not_handed_out_again() {
        let office = TokenOffice::new(Duration::from_secs(7200));
        let old = office.grant(0).token;
        office.bar_all_from_gateway();
        assert!(office.opens_api(&old) && !office.opens_gateway(&old));
        let new = office.grant(0).token;
        assert_ne!(new, old);
        assert!(office.opens_gateway(&new));
    }

    #[test]
    fn each_bot_has_tokens_of_its_own() {
        let office = TokenOffice::new(Duration::from_secs(7200));
        let (zero, one) = (office.grant(0).token, office.grant(1).token);
        assert_ne!(zero, one);
        assert_eq!(office.holder(&zero), Some(0));
        assert_eq!(office.holder(&one), Some(1));
        assert_eq!(office.holder("made-up"), None);
    }

    #[test]
    fn debug_shows_no_secret() {
        let credentials = Credentials::new("app", "hush");
        assert!(!format!("{credentials:?}").contains("hush"));
    }
}
