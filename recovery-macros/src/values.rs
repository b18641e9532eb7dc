//! The values of single options: what each may be, and what else people write.

use std::time::Duration;

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Expr, Ident, Lit, LitStr, Path, UnOp};

use crate::args::{Arg, Value};
use crate::diag::mistake;
use crate::duration;

pub(crate) fn expr(key: &Ident, value: Value, example: &str) -> syn::Result<Expr> {
    match value {
        Value::Expr(value) => Ok(value),
        Value::Bare | Value::List(..) => {
            let message = format!("`{}` needs a value", key.unraw());
            Err(mistake(key.span(), &message, &format!("write {example}")))
        }
    }
}

pub(crate) fn bare(key: &Ident, value: &Value) -> syn::Result<()> {
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

/// A duration, known if it is a literal.
pub(crate) fn duration(value: &Expr) -> syn::Result<(Option<Duration>, TokenStream)> {
    let literal = duration::parse(value)?;
    let tokens = match literal {
        None => value.to_token_stream(),
        Some(duration) => {
            let (seconds, nanos) = (duration.as_secs(), duration.subsec_nanos());
            let site = Span::mixed_site().located_at(value.span());
            quote_spanned!(site=> ::core::time::Duration::new(#seconds, #nanos))
        }
    };
    Ok((literal, tokens))
}

/// Whether the number of attempts is a literal.
pub(crate) fn max(value: &Expr) -> syn::Result<bool> {
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
pub(crate) fn backoff(value: &Expr) -> syn::Result<(TokenStream, bool)> {
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

pub(crate) fn jitter(krate: &Path, key: &Ident, value: Value) -> syn::Result<(TokenStream, bool)> {
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

pub(crate) fn identifiers(key: &Ident, value: Value) -> syn::Result<Vec<Ident>> {
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

pub(crate) fn identifier(value: &Expr) -> syn::Result<Ident> {
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

pub(crate) fn string(value: &Expr) -> syn::Result<LitStr> {
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

pub(crate) fn crate_path(arg: &Arg) -> syn::Result<Path> {
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
