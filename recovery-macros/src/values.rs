//! The values of single options: what each may be, and what else people write.

use std::time::Duration;

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::visit_mut::{self, VisitMut};
use syn::{Expr, Ident, Lit, LitStr, Path, UnOp};

use crate::args::{Arg, Value};
use crate::diag::mistake;
use crate::schedule::{DEFAULT_FACTOR, DEFAULT_FRACTION, DEFAULT_GROWTH, Growth, Jitter};
use crate::{duration, keys};

/// What the values of one use of `#[retry]` are read in.
pub(crate) struct Context {
    /// The path of `recovery-core`.
    pub(crate) krate: Path,
    /// The names of the function's arguments.
    pub(crate) arguments: Vec<Ident>,
}

impl Context {
    /// The word that stands as a value, if it is not the name of an argument.
    fn word(&self, value: &Expr) -> Option<String> {
        match value {
            Expr::Path(path) => path.path.get_ident(),
            _ => None,
        }
        .filter(|word| !self.arguments.contains(word))
        .map(ToString::to_string)
        // A constant of the user's.
        .filter(|word| word.contains(char::is_lowercase))
    }
}

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
    let Some(span) = value.span() else {
        return Ok(());
    };
    let message = format!("`{}` takes no value", key.unraw());
    Err(mistake(
        span,
        &message,
        "write the bare word, or leave it out",
    ))
}

/// Whether the expression needs parentheses behind a `&`.
pub(crate) fn needs_parentheses(value: &Expr) -> bool {
    matches!(
        value,
        Expr::Binary(_) | Expr::Cast(_) | Expr::Range(_) | Expr::Assign(_)
    )
}

/// Refuses what would leave the function from within the value of an option.
pub(crate) fn stays(what: &str, value: &Expr) -> syn::Result<()> {
    #[derive(Default)]
    struct Leaves {
        span: Option<Span>,
        loops: u32,
    }
    impl VisitMut for Leaves {
        fn visit_expr_mut(&mut self, expr: &mut Expr) {
            let leaves = match expr {
                Expr::Try(expr) => Some(expr.question_token.span),
                Expr::Return(expr) => Some(expr.return_token.span),
                Expr::Break(expr) if self.loops == 0 => Some(expr.break_token.span),
                Expr::Continue(expr) if self.loops == 0 => Some(expr.continue_token.span),
                // These have an end of their own.
                Expr::Closure(_) | Expr::Async(_) => return,
                _ => None,
            };
            self.span = self.span.or(leaves);
            let is_loop = matches!(expr, Expr::Loop(_) | Expr::While(_) | Expr::ForLoop(_));
            self.loops += u32::from(is_loop);
            visit_mut::visit_expr_mut(self, expr);
            self.loops -= u32::from(is_loop);
        }
    }
    let mut leaves = Leaves::default();
    leaves.visit_expr_mut(&mut value.clone());
    match leaves.span {
        None => Ok(()),
        Some(span) => {
            let message = format!("{what} cannot end the function");
            Err(mistake(
                span,
                &message,
                "compute it before the call, and name it here",
            ))
        }
    }
}

/// Refuses a closure that does not take from one to `most` arguments.
pub(crate) fn closure_of(value: &Expr, most: usize, what: &str) -> syn::Result<()> {
    match value {
        Expr::Closure(closure) if !(1..=most).contains(&closure.inputs.len()) => {
            let message = format!("this closure takes {} arguments", closure.inputs.len());
            Err(mistake(value.span(), &message, what))
        }
        Expr::Lit(literal) => Err(mistake(literal.span(), "this is no function", what)),
        _ => Ok(()),
    }
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

/// The number of attempts, known if it is a literal.
pub(crate) fn max(context: &Context, value: &Expr) -> syn::Result<(Option<u32>, TokenStream)> {
    const HELP: &str = "`max` counts attempts in all, the first included: `max = 3` is one call \
                        and at most two retries";
    let literal = match value {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Int(int) if !int.suffix().is_empty() && int.suffix() != "u32" => {
                return Err(mistake(int.span(), "`max` is a `u32`", HELP));
            }
            Lit::Int(int) => match int.base10_parse::<u32>() {
                Ok(0) => {
                    let message = "`max = 0` allows no attempt at all";
                    return Err(mistake(int.span(), message, HELP));
                }
                Ok(max) if max <= 1_000_000 => max,
                _ => {
                    return Err(mistake(
                        int.span(),
                        "more attempts than are counted, a million",
                        "write `max = unlimited` for a call that never gives up",
                    ));
                }
            },
            other => return Err(mistake(other.span(), "`max` is a whole number", HELP)),
        },
        Expr::Unary(unary) if matches!(unary.op, UnOp::Neg(_)) => {
            return Err(mistake(value.span(), "`max` cannot be negative", HELP));
        }
        _ if context.word(value).as_deref() == Some("unlimited") => u32::MAX,
        _ if context
            .word(value)
            .is_some_and(|word| keys::UNLIMITED.contains(&&*word)) =>
        {
            return Err(mistake(
                value.span(),
                "`max` is a number, or `unlimited`",
                "write `max = unlimited` for a call that never gives up",
            ));
        }
        _ => return Ok((None, value.to_token_stream())),
    };
    let site = Span::mixed_site().located_at(value.span());
    Ok((Some(literal), quote_spanned!(site=> #literal)))
}

const BACKOFFS: &[&str] = &[
    "none",
    "constant",
    "linear",
    "fibonacci",
    "exponential",
    "decorrelated",
];

/// The growth of the delay, known if it is a literal or one of the words.
pub(crate) fn backoff(
    context: &Context,
    key: &Ident,
    value: &Expr,
) -> syn::Result<(Option<Growth>, TokenStream)> {
    const HELP: &str = "`backoff = 2.0` doubles the delay each time; the words are `none`, \
                        `constant`, `linear`, `fibonacci`, `exponential`, `decorrelated`";
    let krate = &context.krate;
    let site = Span::mixed_site().located_at(value.span());
    if let Some(factor) = number(value, HELP) {
        let factor = factor?;
        if !(factor.is_finite() && factor >= 1.0) {
            let message = "the growth of the delay is a finite number of at least 1";
            return Err(mistake(value.span(), message, HELP));
        }
        let tokens = float_tokens(factor, value.span());
        let tokens = quote_spanned!(site=> #krate::Backoff::Exponential(#tokens));
        return Ok((Some(Growth::Exponential(factor)), tokens));
    }
    if matches!(value, Expr::Lit(_)) {
        let message = "`backoff` is a number, the growth of the delay, or a word";
        return Err(mistake(value.span(), message, HELP));
    }
    let word = context.word(value);
    let (growth, variant) = match word.as_deref() {
        Some("none") => (Growth::None, quote_spanned!(site=> None)),
        Some("constant") => (Growth::Constant, quote_spanned!(site=> Constant)),
        Some("linear") => (Growth::Linear, quote_spanned!(site=> Linear)),
        Some("fibonacci") => (Growth::Fibonacci, quote_spanned!(site=> Fibonacci)),
        Some("exponential") => (
            DEFAULT_GROWTH,
            quote_spanned!(site=> Exponential(#DEFAULT_FACTOR)),
        ),
        Some("decorrelated") => (Growth::Decorrelated, quote_spanned!(site=> Decorrelated)),
        Some(other) if let Some(known) = keys::backoff_meant(other, BACKOFFS) => {
            let message = format!("`{other}` is no growth of the delay");
            let help = format!("did you mean `{known}`?");
            return Err(mistake(value.span(), &message, &help));
        }
        _ => {
            let site = Span::mixed_site().located_at(key.span());
            let tokens = quote_spanned!(site=> #krate::__private::backoff(#value));
            return Ok((None, tokens));
        }
    };
    let tokens = quote_spanned!(site=> #krate::Backoff::#variant);
    Ok((Some(growth), tokens))
}

/// The random part of the delay, known if it is a literal or one of the words.
pub(crate) fn jitter(
    context: &Context,
    key: &Ident,
    value: Value,
) -> syn::Result<(Option<Jitter>, TokenStream)> {
    const HELP: &str = "write bare `jitter` (up to a quarter more), a fraction from 0 to 1, \
                        `full`, `equal` or `none`";
    let krate = &context.krate;
    let site = Span::mixed_site().located_at(key.span());
    let proportional = |fraction: f64, span: Span| {
        let tokens = float_tokens(fraction, span);
        let tokens = quote_spanned!(site=> #krate::Jitter::Proportional(#tokens));
        Ok((Some(Jitter::Proportional(fraction)), tokens))
    };
    let value = match value {
        Value::Bare => return proportional(DEFAULT_FRACTION, key.span()),
        Value::List(_, span) => {
            return Err(mistake(span, "`jitter` takes one value, behind `=`", HELP));
        }
        Value::Expr(value) => value,
    };
    if let Some(fraction) = number(&value, HELP) {
        let fraction = fraction?;
        if !(0.0..=1.0).contains(&fraction) {
            let message = "the jitter's fraction is from 0 to 1";
            return Err(mistake(value.span(), message, HELP));
        }
        return proportional(fraction, value.span());
    }
    if matches!(value, Expr::Lit(_)) {
        return Err(mistake(value.span(), "this is no jitter", HELP));
    }
    let word = context.word(&value);
    let (jitter, variant) = match word.as_deref() {
        Some("full") => (Jitter::Full, quote_spanned!(site=> Full)),
        Some("equal") => (Jitter::Equal, quote_spanned!(site=> Equal)),
        Some("none") => (Jitter::None, quote_spanned!(site=> None)),
        Some("Full" | "Equal" | "None") => {
            let help = format!("write `{}`", word.unwrap_or_default().to_lowercase());
            let message = "this jitter is named by a plain word";
            return Err(mistake(value.span(), message, &help));
        }
        _ => {
            let tokens = quote_spanned!(site=> #krate::__private::jitter(#value));
            return Ok((None, tokens));
        }
    };
    let tokens = quote_spanned!(site=> #krate::Jitter::#variant);
    Ok((Some(jitter), tokens))
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
        && ident != "self"
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
