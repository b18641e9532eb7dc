//! Gives the options their meaning, and refuses what cannot be meant.

use std::time::Duration;

use proc_macro2::{Group, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Expr, Ident, LitStr, Path, parse_quote};

use crate::args::Arg;
use crate::diag::{Diagnostics, mistake};
use crate::partner::RetryableOn;
use crate::values;

/// One use of `#[retry]`, understood.
pub(crate) struct Policy {
    /// The path of `recovery-core`.
    pub(crate) krate: Path,
    pub(crate) name: Option<LitStr>,
    /// `policy = ..`: what the settings below override.
    pub(crate) base: Option<Expr>,
    pub(crate) settings: Vec<Setting>,
    pub(crate) timeout: Option<Timeout>,
    pub(crate) at_most_once: bool,
    pub(crate) condition: Condition,
    pub(crate) on_retry: Option<Expr>,
    pub(crate) clone: Vec<Ident>,
    pub(crate) attempt: Option<Ident>,
}

/// Which errors are retried.
pub(crate) enum Condition {
    Transient,
    When(Expr),
    Listed(RetryableOn),
}

/// A written option that sets a value of the `RetryConfig`.
pub(crate) struct Setting {
    /// The method of `RetryConfigBuilder`.
    pub(crate) method: Ident,
    pub(crate) value: TokenStream,
    /// Whether the value is known at compile time.
    pub(crate) is_literal: bool,
}

/// The limit of each attempt.
pub(crate) struct Timeout {
    pub(crate) key: Ident,
    pub(crate) limit: TokenStream,
}

/// The defaults of `RetryConfig` that written values are checked against.
const DEFAULT_INITIAL: Duration = Duration::from_millis(500);
const DEFAULT_MAX_DELAY: Duration = Duration::from_secs(30);

/// Understands all options; what cannot be meant is noted.
pub(crate) fn policy(
    args: Vec<Arg>,
    listed: Option<RetryableOn>,
    diagnostics: &mut Diagnostics,
) -> Policy {
    let krate = args.iter().find(|arg| arg.key.unraw() == "crate");
    let krate = krate.and_then(|arg| diagnostics.take(values::crate_path(arg)));
    let mut policy = Policy {
        krate: krate.unwrap_or_else(|| parse_quote!(::recovery_core)),
        name: None,
        base: None,
        settings: Vec::new(),
        timeout: None,
        at_most_once: false,
        condition: listed.map_or(Condition::Transient, Condition::Listed),
        on_retry: None,
        clone: Vec::new(),
        attempt: None,
    };
    let mut delays = Delays::default();
    for arg in args {
        if let Err(error) = policy.apply(arg, &mut delays) {
            diagnostics.push(error);
        }
    }
    if policy.base.is_none() {
        delays.check(diagnostics);
    }
    policy
}

/// The delays that are literals, with their places.
#[derive(Default)]
struct Delays {
    initial: Option<(Duration, Span)>,
    max: Option<(Duration, Span)>,
    /// A delay that only run time knows: nothing can be said of the pair.
    unknown: bool,
}

impl Delays {
    fn check(&self, diagnostics: &mut Diagnostics) {
        let initial = self.initial.map_or(DEFAULT_INITIAL, |(value, _)| value);
        let max = self.max.map_or(DEFAULT_MAX_DELAY, |(value, _)| value);
        if self.unknown || initial <= max {
            return;
        }
        let (span, help) = match (self.initial, self.max) {
            (Some((_, span)), Some(_)) => (
                span,
                format!("no delay is ever longer than `max_delay`, which is {max:?}"),
            ),
            (Some((_, span)), None) => (
                span,
                format!("the default `max_delay` is 30s: give one of at least {initial:?}"),
            ),
            (None, Some((_, span))) => (
                span,
                format!("the default `initial` is 500ms: give one of at most {max:?}"),
            ),
            (None, None) => return,
        };
        diagnostics.error(span, "the first delay is longer than the longest", &help);
    }
}

impl Policy {
    /// Writes `name` for `self` in all expressions, as `#[async_trait]` has done in the body.
    pub(crate) fn rename_self(&mut self, name: &str) {
        let renamed = |expr: &Expr| Expr::Verbatim(with_self_as(name, expr.to_token_stream()));
        let exprs = self.base.iter_mut().chain(&mut self.on_retry);
        exprs.for_each(|expr| *expr = renamed(expr));
        for setting in &mut self.settings {
            setting.value = with_self_as(name, setting.value.clone());
        }
        if let Some(timeout) = &mut self.timeout {
            timeout.limit = with_self_as(name, timeout.limit.clone());
        }
        match &mut self.condition {
            Condition::Transient => {}
            Condition::When(expr) => *expr = renamed(expr),
            Condition::Listed(listed) => {
                for guard in listed
                    .patterns
                    .iter_mut()
                    .filter_map(|(_, guard)| guard.as_mut())
                {
                    *guard = renamed(guard);
                }
            }
        }
    }

    fn apply(&mut self, arg: Arg, delays: &mut Delays) -> syn::Result<()> {
        let Arg { key, value } = arg;
        match key.unraw().to_string().as_str() {
            "max" => {
                let value = values::expr(
                    &key,
                    value,
                    "`max = 3`: attempts in all, the first included",
                )?;
                let is_literal = values::max(&value)?;
                self.set(&key, "max_attempts", value.to_token_stream(), is_literal);
            }
            "initial" => {
                let value = values::expr(&key, value, "`initial = 500ms`")?;
                let literal = self.set_delay(&key, "initial_delay", &value)?;
                delays.unknown |= literal.is_none();
                delays.initial = literal.map(|literal| (literal, value.span()));
            }
            "max_delay" => {
                let value = values::expr(&key, value, "`max_delay = 30s`")?;
                let literal = self.set_delay(&key, "max_delay", &value)?;
                delays.unknown |= literal.is_none();
                delays.max = literal.map(|literal| (literal, value.span()));
            }
            "backoff" => {
                let value =
                    values::expr(&key, value, "`backoff = 2.0`: each delay is twice the last")?;
                let (tokens, is_literal) = values::backoff(&value)?;
                self.set(&key, "backoff_factor", tokens, is_literal);
            }
            "jitter" => {
                let (tokens, is_literal) = values::jitter(&self.krate, &key, value)?;
                self.set(&key, "jitter", tokens, is_literal);
            }
            "timeout" => {
                let value = values::expr(&key, value, "`timeout = 5s`: the limit of each attempt")?;
                let (literal, limit) = values::duration(&value)?;
                if literal.is_some_and(|literal| literal.is_zero()) {
                    return Err(mistake(
                        value.span(),
                        "no attempt ends within no time",
                        "give each attempt as long as it may need, or leave `timeout` out",
                    ));
                }
                self.timeout = Some(Timeout { key, limit });
            }
            "policy" => {
                self.base = Some(values::expr(&key, value, "`policy = self.retry_config`")?);
            }
            "when" => {
                let value = values::expr(&key, value, "`when = is_transient`, or a closure")?;
                if matches!(self.condition, Condition::Listed(_)) {
                    return Err(mistake(
                        key.span(),
                        "`when` and `#[retryable_on]` both say which errors are retried",
                        "keep one of them; a pattern in `#[retryable_on]` may have an `if` guard",
                    ));
                }
                self.condition = Condition::When(value);
            }
            "at_most_once" => {
                values::bare(&key, &value)?;
                self.at_most_once = true;
            }
            "on_retry" => {
                self.on_retry = Some(values::expr(
                    &key,
                    value,
                    "`on_retry = report`, or a closure",
                )?);
            }
            "clone" => self.clone = values::identifiers(&key, value)?,
            "attempt" => {
                let value = values::expr(&key, value, "`attempt = n`")?;
                self.attempt = Some(values::identifier(&value)?);
            }
            "name" => {
                let value = values::expr(&key, value, "`name = \"send\"`")?;
                self.name = Some(values::string(&value)?);
            }
            // `crate` has been read first: the others need it.
            _ => {}
        }
        Ok(())
    }

    fn set(&mut self, key: &Ident, method: &str, value: TokenStream, is_literal: bool) {
        let method = Ident::new(method, Span::mixed_site().located_at(key.span()));
        self.settings.push(Setting {
            method,
            value,
            is_literal,
        });
    }

    fn set_delay(
        &mut self,
        key: &Ident,
        method: &str,
        value: &Expr,
    ) -> syn::Result<Option<Duration>> {
        let (literal, tokens) = values::duration(value)?;
        self.set(key, method, tokens, literal.is_some());
        Ok(literal)
    }
}

fn with_self_as(name: &str, tokens: TokenStream) -> TokenStream {
    tokens
        .into_iter()
        .map(|token| match token {
            TokenTree::Ident(ident) if ident == "self" => {
                TokenTree::Ident(Ident::new(name, ident.span()))
            }
            TokenTree::Group(group) => {
                let mut renamed = Group::new(group.delimiter(), with_self_as(name, group.stream()));
                renamed.set_span(group.span());
                TokenTree::Group(renamed)
            }
            token => token,
        })
        .collect()
}
