//! The functions: five shapes that such functions have, in turn.

/// One shape. `@` stands for the function's number, so that no two are alike.
pub(crate) struct Shape {
    pub(crate) signature: &'static str,
    /// What one attempt does.
    pub(crate) body: &'static str,
    /// Whether `?` or `return` in the body must be kept from leaving the loop.
    pub(crate) leaves: bool,
    /// What each attempt begins with, in a loop by hand.
    pub(crate) prelude: &'static str,
    /// The list of `#[retryable_on(..)]`.
    pub(crate) listed: &'static str,
    /// The same for a loop by hand.
    pub(crate) condition: &'static str,
    /// How it is called.
    pub(crate) call: &'static str,
}

/// The shape of a function.
pub(crate) fn of(number: u32) -> &'static Shape {
    match number % 5 {
        0 => &METHOD,
        1 => &TWO_CALLS,
        2 => &EARLY_RETURN,
        3 => &PATTERNS,
        _ => &MUT_AND_GENERIC,
    }
}

const METHOD: Shape = Shape {
    signature: "async fn call_@(&self, key: &str) -> Result<Reply, ApiError>",
    body: r#"self.client.get("/method/@", key).await"#,
    leaves: false,
    prelude: "",
    listed: "Network, Timeout",
    condition: "by_kind && matches!(error.kind(), ErrorKind::Network | ErrorKind::Timeout)",
    call: r#"SERVICE.call_@("key")"#,
};

const TWO_CALLS: Shape = Shape {
    signature: "async fn call_@(&self, key: &str) -> Result<Reply, ApiError>",
    body: r#"let user = self.client.get("/user/@", key).await?;
let reply = self.client.post("/two-calls/@", &user.body).await?;
Ok(Reply { status: user.status, ..reply })"#,
    leaves: true,
    prelude: "",
    listed: "Network, Timeout, RateLimited, Server",
    condition: "by_kind && matches!(
    error.kind(),
    ErrorKind::Network | ErrorKind::Timeout | ErrorKind::RateLimited | ErrorKind::Server
)",
    call: r#"SERVICE.call_@("key")"#,
};

const EARLY_RETURN: Shape = Shape {
    signature: "async fn call_@(client: &Client, key: &str) -> Result<Reply, ApiError>",
    body: r#"let reply = client.get("/early-return/@", key).await?;
if reply.body.is_empty() {
    return Err(ApiError::Empty);
}
Ok(reply)"#,
    leaves: true,
    prelude: "",
    listed: "Network, RateLimited",
    condition: "by_kind && matches!(error.kind(), ErrorKind::Network | ErrorKind::RateLimited)",
    call: r#"call_@(&SERVICE.client, "key")"#,
};

const PATTERNS: Shape = Shape {
    signature: "async fn call_@(client: &Client, key: &str, text: &str) -> Result<Reply, ApiError>",
    body: r#"let path = if key.is_empty() { "/patterns/@" } else { key };
client.post(path, text).await"#,
    leaves: false,
    prelude: "",
    listed: "Network, ApiError::Status(502 | 503)",
    condition: "by_kind && matches!(error.kind(), ErrorKind::Network)
    || matches!(error, ApiError::Status(502 | 503))",
    call: r#"call_@(&SERVICE.client, "key", "text")"#,
};

const MUT_AND_GENERIC: Shape = Shape {
    signature: "async fn call_@<K: AsRef<str>>(client: &Client, key: K, mut page: u16) -> Result<Reply, ApiError>",
    body: r#"loop {
    let reply = client.page("/mut-and-generic/@", key.as_ref(), page).await?;
    if reply.status != 206 {
        return Ok(reply);
    }
    page += 1;
}"#,
    leaves: true,
    prelude: "let mut page = page;",
    listed: "Network, Timeout",
    condition: "by_kind && matches!(error.kind(), ErrorKind::Network | ErrorKind::Timeout)",
    call: r#"call_@(&SERVICE.client, "key", 1)"#,
};
