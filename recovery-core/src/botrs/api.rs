//! Calls to the platform over HTTP.
//!
//! botrs has a client of its own, but loses what a retry must know: the platform's code, the wait that
//! a 429 asks for (or invents 60 s), and the id of an audit.

use std::sync::Arc;
use std::time::Duration;

use botrs::BotError;
use botrs::models::api::GatewayResponse;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue, RETRY_AFTER, USER_AGENT};
use reqwest::{Client, Method, RequestBuilder, Response, redirect};
use serde_json::{Value, json};

use super::answer::{Answer, Raw};
use super::hosts::{Hosts, join};
use super::token::{AccessToken, TokenError};

/// Shorter than the shortest call, so that a connection that hangs is known to have carried nothing.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(4);
const READ_TIMEOUT: Duration = Duration::from_secs(10);

/// More than any answer needs.
const LONGEST_BODY: usize = 1 << 20;

const AGENT: &str = concat!("recovery/", env!("CARGO_PKG_VERSION"), " botrs");
const JSON: &str = "application/json";

/// The platform, as one bot calls it. Each method is one attempt; clones share their connections.
#[derive(Clone)]
pub(crate) struct PlatformApi {
    client: Client,
    hosts: Hosts,
    app_id: Arc<str>,
}

impl PlatformApi {
    /// A client that obeys `HTTPS_PROXY` and its like, and follows no redirect.
    pub(crate) fn new(hosts: Hosts, app_id: &str) -> Result<Self, reqwest::Error> {
        let client = Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            // Whoever redirects a call would be handed its token.
            .redirect(redirect::Policy::none())
            .build()?;
        Ok(Self {
            client,
            hosts,
            app_id: app_id.into(),
        })
    }

    /// The same calls by another client.
    pub(crate) fn with_client(mut self, client: Client) -> Self {
        self.client = client;
        self
    }

    pub(crate) const fn hosts(&self) -> &Hosts {
        &self.hosts
    }

    /// Asks for an access token and its lifetime.
    pub(crate) async fn request_token(
        &self,
        app_id: &str,
        secret: &str,
    ) -> Result<(String, Duration), TokenError> {
        let url = join(self.hosts.tokens(), &["app", "getAppAccessToken"]);
        let body = json!({"appId": app_id, "clientSecret": secret});
        let request = self.client.post(url).timeout(READ_TIMEOUT);
        let response = with_body(request, &body).send().await?;
        TokenError::check(&read(response).await?)
    }

    /// Where the gateway is, and how many sessions may begin.
    pub(crate) async fn gateway(&self, access: &AccessToken) -> Result<GatewayResponse, BotError> {
        let request = self.request(Method::GET, access, &["gateway", "bot"])?;
        call(request.timeout(READ_TIMEOUT)).await?.gateway()
    }

    /// Sends a message to the path of these segments.
    pub(crate) async fn send(
        &self,
        access: &AccessToken,
        path: &[&str],
        body: &Value,
        timeout: Duration,
    ) -> Result<Answer, BotError> {
        let request = self.request(Method::POST, access, path)?;
        call(with_body(request, body).timeout(timeout))
            .await?
            .sent()
    }

    fn request(
        &self,
        method: Method,
        access: &AccessToken,
        path: &[&str],
    ) -> Result<RequestBuilder, BotError> {
        let unusable = |_| BotError::config("the app id or the access token is no header value");
        let mut token = HeaderValue::try_from(access.authorization_header()).map_err(unusable)?;
        token.set_sensitive(true);
        let app_id = HeaderValue::from_str(&self.app_id).map_err(unusable)?;
        Ok(self
            .client
            .request(method, join(self.hosts.api(), path))
            .header(USER_AGENT, AGENT)
            .header(AUTHORIZATION, token)
            .header("X-Union-Appid", app_id))
    }
}

fn with_body(request: RequestBuilder, body: &Value) -> RequestBuilder {
    request.header(CONTENT_TYPE, JSON).body(body.to_string())
}

async fn call(request: RequestBuilder) -> Result<Raw, BotError> {
    let response = request.send().await.map_err(lost)?;
    read(response).await.map_err(lost)
}

/// A call without a readable answer; by its cause it was surely not made, or perhaps.
fn lost(error: reqwest::Error) -> BotError {
    if error.is_timeout() && !error.is_connect() {
        BotError::Timeout
    } else {
        BotError::Http(error)
    }
}

async fn read(mut response: Response) -> Result<Raw, reqwest::Error> {
    let header = response.headers().get(RETRY_AFTER);
    let retry_after = header.and_then(|value| Some(value.to_str().ok()?.to_owned()));
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        body.extend_from_slice(&chunk);
        if body.len() > LONGEST_BODY {
            // No answer of the platform: read as one that cannot be decoded.
            body.clear();
            break;
        }
    }
    Ok(Raw {
        status: response.status(),
        retry_after,
        body,
    })
}

#[cfg(test)]
mod tests;
