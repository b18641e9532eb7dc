//! Access to the platform's API: one token for all, and a new one when that is refused.

use std::sync::{Arc, Mutex, PoisonError};

use botrs::http::HttpClient;
use botrs::{BotApi, BotError, Token};
use recovery_core::botrs::is_token_expired;
use recovery_core::retry;

use crate::credentials::Credentials;
use crate::sender::SEND_TIMEOUT;

/// Hands out the API of the token that is good at present.
pub(crate) struct Access {
    credentials: Credentials,
    http: HttpClient,
    current: Mutex<Arc<Login>>,
}

/// A token, and the API that uses it. A `botrs::Token` is fetched at its first use, and then kept
/// until it expires by its own count, even where the platform refuses it before.
pub(crate) struct Login {
    pub(crate) token: Token,
    pub(crate) api: BotApi,
}

impl Login {
    fn new(credentials: &Credentials, http: &HttpClient) -> Arc<Self> {
        let token = credentials.token();
        let api = BotApi::new(http.clone(), token.clone());
        Arc::new(Self { token, api })
    }
}

impl Access {
    pub(crate) fn new(credentials: Credentials, sandbox: bool) -> Result<Self, BotError> {
        let http = HttpClient::new(SEND_TIMEOUT.as_secs(), sandbox)?;
        let current = Mutex::new(Login::new(&credentials, &http));
        Ok(Self {
            credentials,
            http,
            current,
        })
    }

    /// The login that is good as far as is known.
    pub(crate) fn current(&self) -> Arc<Login> {
        self.current
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Fetches the token, so that a wrong secret is told before anything else is tried. botrs
    /// itself would wait 20 s for a platform that is silent.
    #[retry(max = 10, initial = 500ms, max_delay = 10s, jitter = full, timeout = SEND_TIMEOUT)]
    pub(crate) async fn fetch_token(&self) -> Result<(), BotError> {
        self.current().token.authorization_header().await?;
        Ok(())
    }

    /// Replaces `login` if `error` says that its token is no longer accepted: once, however many
    /// calls met that.
    pub(crate) fn renew_if_expired(&self, login: &Arc<Login>, error: &BotError) {
        if !is_token_expired(error) {
            return;
        }
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if Arc::ptr_eq(&current, login) {
            *current = Login::new(&self.credentials, &self.http);
        }
    }
}
