//! Writes the crates that are compiled.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::shapes::{self, Shape};

/// The root of the workspace.
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// What is around the bodies.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Variant {
    Bare,
    ByHand,
    Annotated,
}

impl Variant {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Bare => "bare",
            Self::ByHand => "by_hand",
            Self::Annotated => "annotated",
        }
    }
}

/// A crate on disk: a library with all functions, and a program that calls each of them.
pub(crate) struct Package {
    pub(crate) folder: PathBuf,
    pub(crate) name: &'static str,
}

impl Package {
    pub(crate) fn write(parent: &Path, variant: Variant, functions: u32) -> Result<Self> {
        let package = Self {
            folder: parent.join(variant.name()),
            name: variant.name(),
        };
        let root = fs::canonicalize(ROOT).with_context(|| format!("find the workspace {ROOT}"))?;
        let lock = fs::read_to_string(root.join("Cargo.lock")).context("read Cargo.lock")?;
        // So that nothing has to be looked up, and all three use the workspace's versions.
        package.put("Cargo.lock", &lock)?;
        package.put("Cargo.toml", &manifest(variant, &root))?;
        package.put("src/api.rs", include_str!("api.rs"))?;
        package.put("src/main.rs", &program(variant))?;
        package.put("src/lib.rs", &library(variant, functions))?;
        Ok(package)
    }

    pub(crate) fn library(&self) -> PathBuf {
        self.folder.join("src/lib.rs")
    }

    fn put(&self, path: &str, text: &str) -> Result<()> {
        let path = self.folder.join(path);
        path.parent()
            .map_or(Ok(()), fs::create_dir_all)
            .and_then(|()| fs::write(&path, text))
            .with_context(|| format!("write {}", path.display()))
    }
}

fn manifest(variant: Variant, root: &Path) -> String {
    // A crate that writes its loops by hand would not load the attributes.
    let features = match variant {
        Variant::Bare | Variant::ByHand => "'tokio'",
        Variant::Annotated => "'macros', 'tokio'",
    };
    format!(
        "[package]
name = '{name}'
version = '0.0.0'
edition = '2024'

[workspace]

[dependencies]
fastrand = '2'
recovery-core = {{ path = '{core}', default-features = false, features = [{features}] }}
tokio = {{ version = '1', default-features = false, features = ['time'] }}
",
        name = variant.name(),
        core = root.join("recovery-core").display(),
    )
}

/// Polls each future: a future that nobody polls has no code.
fn program(variant: Variant) -> String {
    format!(
        "use std::task::{{Context, Waker}};

fn main() {{
    {}::each(&mut |mut call| {{
        let _ = call.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    }});
}}
",
        variant.name(),
    )
}

fn library(variant: Variant, functions: u32) -> String {
    let mut text = String::from(
        "#![allow(dead_code, unused_imports)]
mod api;

use std::pin::Pin;
use std::time::Duration;

use recovery_core::{Classify, Effect, ErrorKind};

use crate::api::{ApiError, Client, Reply};

struct Service {
    client: Client,
}

static SERVICE: Service = Service { client: Client };

pub type Call = Pin<Box<dyn Future<Output = Result<Reply, ApiError>> + Send>>;
",
    );
    let mut calls = String::new();
    for number in 0..functions {
        let shape = shapes::of(number);
        let function = function(variant, shape, number);
        let is_method = shape.signature.contains("&self");
        let function = if is_method {
            format!("impl Service {{\n{function}}}\n")
        } else {
            function
        };
        text += &function.replace('@', &number.to_string());
        let call = shape.call.replace('@', &number.to_string());
        let _ = writeln!(calls, "    each(Box::pin({call}));");
    }
    let _ = write!(
        text,
        "\npub fn each(each: &mut dyn FnMut(Call)) {{\n{calls}}}\n"
    );
    text
}

fn function(variant: Variant, shape: &Shape, number: u32) -> String {
    let Shape {
        signature,
        body,
        prelude,
        listed,
        condition,
        ..
    } = shape;
    // Policies differ from place to place.
    let max = 3 + number % 4;
    let initial = 100 + 50 * (number % 7);
    match variant {
        Variant::Bare => format!("\n{signature} {{\n{body}\n}}\n"),
        Variant::Annotated => format!(
            "
#[recovery_core::retry(max = {max}, initial = {initial}ms, max_delay = 10s, jitter)]
#[recovery_core::retryable_on({listed})]
{signature} {{
{body}
}}
"
        ),
        Variant::ByHand => {
            let signature = signature.replace("mut page", "page");
            let attempt = if shape.leaves {
                format!("async {{\n{body}\n}}.await")
            } else if body.contains(';') {
                format!("{{\n{body}\n}}")
            } else {
                (*body).to_owned()
            };
            format!(
                "
{signature} {{
    let mut attempt = 1;
    loop {{
        {prelude}
        let result: Result<Reply, ApiError> = {attempt};
        let delay = match result {{
            Ok(reply) => return Ok(reply),
            Err(error) => {{
                let by_kind = error.effect() != Effect::Done;
                let retryable = {condition};
                if !retryable || attempt >= {max} {{
                    return Err(error);
                }}
                let high = Duration::from_millis({initial})
                    .saturating_mul(2u32.saturating_pow(attempt - 1))
                    .mul_f64(1.25)
                    .min(Duration::from_secs(10));
                let low = high.mul_f64(1.0 / 1.25);
                let jitter = (high - low).mul_f64(fastrand::f64());
                let delay = low + jitter;
                error.retry_after().map_or(delay, |asked| delay.max(asked.saturating_add(jitter)))
            }}
        }};
        attempt += 1;
        tokio::time::sleep(delay).await;
    }}
}}
"
            )
        }
    }
}
