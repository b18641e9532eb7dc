//! What a bot needs in its environment to end up on this platform.

use std::{
    fmt, fs,
    io::{self, Write as _},
    path::Path,
};

use tempfile::TempDir;

use crate::{platform::Platform, token::Credentials};

/// Variables that could lead a bot past the platform.
const CLEARED: [&str; 7] = [
    "NO_PROXY",
    "no_proxy",
    "HTTP_PROXY",
    "http_proxy",
    "ALL_PROXY",
    "all_proxy",
    "SSL_CERT_DIR",
];

/// The environment of a bot under a [`Platform`].
///
/// `SSL_CERT_FILE` names a file that only its owner can read, in a private directory that is
/// removed when this value is dropped. It holds the authority's certificate, and no key.
pub struct BotEnvironment {
    directory: TempDir,
    proxy: String,
    credentials: Credentials,
}

impl BotEnvironment {
    /// Writes the certificate file for a platform.
    ///
    /// # Errors
    ///
    /// If the system's directory for temporary files cannot be written to.
    pub fn new(platform: &Platform) -> io::Result<Self> {
        let directory = tempfile::Builder::new()
            .prefix("loopback-platform-")
            .tempdir()?;
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options
            .open(directory.path().join("ca.pem"))?
            .write_all(platform.certificate_pem().as_bytes())?;
        Ok(Self {
            directory,
            proxy: platform.proxy_url(),
            credentials: platform.credentials().clone(),
        })
    }

    /// The directory of the certificate file.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Each variable and its value, the secret among them.
    pub fn variables(&self) -> Vec<(&'static str, String)> {
        let file = self.directory.path().join("ca.pem");
        vec![
            ("HTTPS_PROXY", self.proxy.clone()),
            ("https_proxy", self.proxy.clone()),
            ("SSL_CERT_FILE", file.to_string_lossy().into_owned()),
            ("QQ_BOT_APP_ID", self.credentials.app_id().to_owned()),
            ("QQ_BOT_SECRET", self.credentials.secret().to_owned()),
        ]
    }

    /// Variables that must not be set, since they could lead the bot elsewhere.
    pub fn cleared(&self) -> &'static [&'static str] {
        &CLEARED
    }

    /// Prepares a command with this environment.
    pub fn apply(&self, command: &mut tokio::process::Command) {
        for name in CLEARED {
            command.env_remove(name);
        }
        command.envs(self.variables());
    }
}

impl fmt::Debug for BotEnvironment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("BotEnvironment")
            .field("directory", &self.directory.path())
            .field("proxy", &self.proxy)
            .field("credentials", &self.credentials)
            .finish()
    }
}
