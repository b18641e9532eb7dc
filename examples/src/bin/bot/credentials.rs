//! The bot's identity, from the environment.

use std::env::{self, VarError};
use std::fmt;

use anyhow::bail;
use botrs::Token;

const APP_ID: &str = "QQ_BOT_APP_ID";
const SECRET: &str = "QQ_BOT_SECRET";

/// The bot's app id and secret. The secret is never shown.
#[derive(Clone)]
pub(crate) struct Credentials {
    app_id: String,
    secret: String,
}

impl Credentials {
    /// Both variables, or neither.
    pub(crate) fn from_env() -> anyhow::Result<Option<Self>> {
        match (variable(APP_ID)?, variable(SECRET)?) {
            (Some(app_id), Some(secret)) => Ok(Some(Self { app_id, secret })),
            (None, None) => Ok(None),
            (Some(_), None) => bail!(missing(SECRET, APP_ID)),
            (None, Some(_)) => bail!(missing(APP_ID, SECRET)),
        }
    }

    /// A token that has not been fetched yet.
    pub(crate) fn token(&self) -> Token {
        Token::new(&self.app_id, &self.secret)
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("app_id", &self.app_id)
            .finish_non_exhaustive()
    }
}

fn variable(name: &str) -> anyhow::Result<Option<String>> {
    match env::var(name) {
        Ok(value) if value.trim().is_empty() => {
            bail!("{name} is empty: give it a value, or unset it and the other one too")
        }
        Ok(value) => Ok(Some(value.trim().to_owned())),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(_)) => bail!("{name} is not text"),
    }
}

fn missing(absent: &str, present: &str) -> String {
    format!("{present} is set and {absent} is not: set both to join the platform, or neither")
}
