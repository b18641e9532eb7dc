//! Gives the options their meaning, and refuses what cannot be meant.

use std::time::Duration;

use proc_macro2::{Group, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Expr, Ident, Lit, LitStr, Path, UnOp, parse_quote};

use crate::args::{Arg, Value};
use crate::diag::{Diagnostics, mistake};
use crate::duration;
use crate::partner::RetryableOn;

/// One use of `#[retry]`, understood.
pub(crate) struct Policy {
    /// The path of `recovery-core`.
    pub(crate) krate: Path,
    pub(crate) name: Option<LitStr>,
    /// `policy = ..`: what the settings below override.
    pub(crate) base: Option<Expr>,
    pub(crate) settings: Vec<Setting>,
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
    let krate = krate.and_then(|arg| diagnostics.take(crate_path(arg)));
    let mut policy = Policy {
        krate: krate.unwrap_or_else(|| parse_quote!(::recovery_core)),
        name: None,
        base: None,
        settings: Vec::new(),
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
                let value = expr(
                    &key,
                    value,
                    "`max = 3`: attempts in all, the first included",
                )?;
                let is_literal = check_max(&value)?;
                self.set(&key, "max_attempts", value.to_token_stream(), is_literal);
            }
            "initial" => {
                let value = expr(&key, value, "`initial = 500ms`")?;
                let literal = self.set_delay(&key, "initial_delay", &value)?;
                delays.unknown |= literal.is_none();
                delays.initial = literal.map(|literal| (literal, value.span()));
            }
            "max_delay" => {
                let value = expr(&key, value, "`max_delay = 30s`")?;
                let literal = self.set_delay(&key, "max_delay", &value)?;
                delays.unknown |= literal.is_none();
                delays.max = literal.map(|literal| (literal, value.span()));
            }
            "backoff" => {
                let value = expr(&key, value, "`backoff = 2.0`: each delay is twice the last")?;
                let (tokens, is_literal) = backoff(&value)?;
                self.set(&key, "backoff_factor", tokens, is_literal);
            }
            "jitter" => {
                let (tokens, is_literal) = jitter(&self.krate, &key, value)?;
                self.set(&key, "jitter", tokens, is_literal);
            }
            "policy" => self.base = Some(expr(&key, value, "`policy = self.retry_config`")?),
            "when" => {
                let value = expr(&key, value, "`when = is_transient`, or a closure")?;
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
                bare(&key, &value)?;
                self.at_most_once = true;
            }
            "on_retry" => {
                self.on_retry = Some(expr(&key, value, "`on_retry = report`, or a closure")?);
            }
            "clone" => self.clone = identifiers(&key, value)?,
            "attempt" => self.attempt = Some(identifier(&expr(&key, value, "`attempt = n`")?)?),
            "name" => self.name = Some(string(&expr(&key, value, "`name = \"send\"`")?)?),
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
        let literal = duration::parse(value)?;
        let tokens = match literal {
            None => value.to_token_stream(),
            Some(duration) => {
                let (seconds, nanos) = (duration.as_secs(), duration.subsec_nanos());
                let site = Span::mixed_site().located_at(value.span());
                quote_spanned!(site=> ::core::time::Duration::new(#seconds, #nanos))
            }
        };
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

fn expr(key: &Ident, value: Value, example: &str) -> syn::Result<Expr> {
    match value {
        Value::Expr(value) => Ok(value),
        Value::Bare | Value::List(..) => {
            let message = format!("`{}` needs a value", key.unraw());
            Err(mistake(key.span(), &message, &format!("write {example}")))
        }
    }
}

fn bare(key: &Ident, value: &Value) -> syn::Result<()> {
    let span = match value {
        Value::Bare => return Ok(()),
        Value::Expr(value) => value.span(),
        Value::List(_, span) => *span,
    };
    let message = format!("`{}` takes no value", key.unraw());
    Err(mistake(
        span,
        &message,
        "write the bare word, or leave it out",
    ))
}

/// Whether the number of attempts is a literal.
fn check_max(value: &Expr) -> syn::Result<bool> {
    const HELP: &str = "`max` counts attempts in all, the first included: `max = 3` is one call \
                        and at most two retries";
    match value {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Int(int) if !int.suffix().is_empty() && int.suffix() != "u32" => {
                Err(mistake(int.span(), "`max` is a `u32`", HELP))
            }
            Lit::Int(int) => match int.base10_parse::<u32>() {
                Ok(0) => Err(mistake(
                    int.span(),
                    "`max = 0` allows no attempt at all",
                    HELP,
                )),
                Ok(_) => Ok(true),
                Err(_) => Err(mistake(
                    int.span(),
                    "more attempts than a `u32` counts",
                    "write `max = u32::MAX` for a call that never gives up",
                )),
            },
            other => Err(mistake(other.span(), "`max` is a whole number", HELP)),
        },
        Expr::Unary(unary) if matches!(unary.op, UnOp::Neg(_)) => {
            Err(mistake(value.span(), "`max` cannot be negative", HELP))
        }
        Expr::Path(path) if path.path.is_ident("unlimited") => Err(mistake(
            value.span(),
            "`max` is a number",
            "write `max = u32::MAX` for a call that never gives up",
        )),
        _ => Ok(false),
    }
}

/// The growth factor as an `f64`, and whether it is a literal.
fn backoff(value: &Expr) -> syn::Result<(TokenStream, bool)> {
    const HELP: &str = "`backoff = 2.0` doubles the delay each time, `backoff = 1.0` keeps it";
    if let Expr::Lit(_) = value
        && number(value, HELP).is_none()
    {
        return Err(mistake(
            value.span(),
            "`backoff` is a number, the growth of the delay",
            HELP,
        ));
    }
    if let Some(factor) = number(value, HELP) {
        let factor = factor?;
        if !(factor.is_finite() && factor >= 1.0) {
            return Err(mistake(
                value.span(),
                "the growth of the delay is at least 1",
                HELP,
            ));
        }
        return Ok((float_tokens(factor, value.span()), true));
    }
    if let Expr::Path(path) = value
        && let Some(word) = path.path.get_ident()
        && matches!(
            word.to_string().as_str(),
            "none" | "constant" | "fixed" | "linear" | "fibonacci" | "exponential" | "decorrelated"
        )
    {
        return Err(mistake(
            value.span(),
            "`backoff` is a number, the growth of the delay",
            HELP,
        ));
    }
    Ok((value.to_token_stream(), false))
}

fn jitter(krate: &Path, key: &Ident, value: Value) -> syn::Result<(TokenStream, bool)> {
    const HELP: &str = "write bare `jitter` (up to a quarter more), a fraction from 0 to 1, \
                        `full`, `equal` or `none`";
    let site = Span::mixed_site().located_at(key.span());
    let value = match value {
        Value::Bare => {
            return Ok((
                quote_spanned!(site=> #krate::Jitter::Proportional(0.25)),
                true,
            ));
        }
        Value::List(_, span) => {
            return Err(mistake(span, "`jitter` takes one value, behind `=`", HELP));
        }
        Value::Expr(value) => value,
    };
    if let Some(fraction) = number(&value, HELP) {
        let fraction = fraction?;
        if !(0.0..=1.0).contains(&fraction) {
            return Err(mistake(
                value.span(),
                "the jitter's fraction is from 0 to 1",
                HELP,
            ));
        }
        let fraction = float_tokens(fraction, value.span());
        return Ok((
            quote_spanned!(site=> #krate::Jitter::Proportional(#fraction)),
            true,
        ));
    }
    let word = match &value {
        Expr::Path(path) => path.path.get_ident().map(ToString::to_string),
        Expr::Lit(_) => return Err(mistake(value.span(), "this is no jitter", HELP)),
        _ => None,
    };
    if let Expr::Path(path) = &value
        && let Some(last) = path.path.segments.last()
        && matches!(last.ident.to_string().as_str(), "Full" | "Equal" | "None")
    {
        let help = format!("write `{}`", last.ident.to_string().to_lowercase());
        return Err(mistake(
            value.span(),
            "this jitter is named by a plain word",
            &help,
        ));
    }
    let variant = match word.as_deref() {
        Some("full") => quote_spanned!(site=> Full),
        Some("equal") => quote_spanned!(site=> Equal),
        Some("none") => quote_spanned!(site=> None),
        _ => {
            return Ok((
                quote_spanned!(site=> #krate::Jitter::Proportional(#value)),
                false,
            ));
        }
    };
    Ok((quote_spanned!(site=> #krate::Jitter::#variant), true))
}

/// A literal number; `None` for anything else.
fn number(value: &Expr, help: &str) -> Option<syn::Result<f64>> {
    let (literal, sign) = match value {
        Expr::Lit(literal) => (literal, 1.0),
        Expr::Unary(unary) if matches!(unary.op, UnOp::Neg(_)) => match &*unary.expr {
            Expr::Lit(literal) => (literal, -1.0),
            _ => return None,
        },
        _ => return None,
    };
    let (digits, suffix) = match &literal.lit {
        Lit::Int(int) => (int.base10_digits(), int.suffix()),
        Lit::Float(float) => (float.base10_digits(), float.suffix()),
        _ => return None,
    };
    Some(match digits.parse::<f64>() {
        Ok(number) if suffix.is_empty() || suffix == "f64" => Ok(sign * number),
        _ => Err(mistake(
            literal.span(),
            "this is a plain number, without a unit",
            help,
        )),
    })
}

fn float_tokens(value: f64, span: Span) -> TokenStream {
    let mut literal = proc_macro2::Literal::f64_suffixed(value);
    literal.set_span(span);
    quote_spanned!(span=> #literal)
}

fn identifiers(key: &Ident, value: Value) -> syn::Result<Vec<Ident>> {
    const HELP: &str = "write `clone(a, b)` with the names of the arguments that the body consumes";
    match value {
        Value::List(items, _) if !items.is_empty() => {
            let mut names: Vec<Ident> = Vec::new();
            for item in &items {
                let name = identifier(item)?;
                if names.contains(&name) {
                    let message = format!("`{}` is named twice", name.unraw());
                    return Err(mistake(name.span(), &message, HELP));
                }
                names.push(name);
            }
            Ok(names)
        }
        Value::List(_, span) => Err(mistake(span, "`clone` names no argument", HELP)),
        Value::Bare | Value::Expr(_) => Err(mistake(
            key.span(),
            "`clone` takes a list of arguments",
            HELP,
        )),
    }
}

fn identifier(value: &Expr) -> syn::Result<Ident> {
    if let Expr::Path(path) = value
        && let Some(ident) = path.path.get_ident()
    {
        return Ok(ident.clone());
    }
    Err(mistake(
        value.span(),
        "this is not a name",
        "write a plain identifier",
    ))
}

fn string(value: &Expr) -> syn::Result<LitStr> {
    match value {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Str(text) if !text.value().trim().is_empty() => Ok(text.clone()),
            Lit::Str(text) => Err(mistake(
                text.span(),
                "the name is empty",
                "leave `name` out for the function's own path",
            )),
            other => Err(mistake(
                other.span(),
                "`name` is a string",
                "write `name = \"send\"`",
            )),
        },
        _ => Err(mistake(
            value.span(),
            "`name` is a literal string",
            "write `name = \"send\"`",
        )),
    }
}

fn crate_path(arg: &Arg) -> syn::Result<Path> {
    const HELP: &str =
        "write the path under which you know `recovery-core`: `crate = ::my_recovery`";
    match &arg.value {
        Value::Expr(Expr::Path(path)) if path.qself.is_none() => Ok(path.path.clone()),
        Value::Expr(other) => Err(mistake(other.span(), "`crate` is a path", HELP)),
        Value::Bare | Value::List(..) => {
            Err(mistake(arg.key.span(), "`crate` needs a value", HELP))
        }
    }
}
