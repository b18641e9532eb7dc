//! Durations as literals with a unit, exact to the nanosecond: `250us`, `500ms`, `1.5s`, `2m`.

use std::time::Duration;

use proc_macro2::Span;
use quote::ToTokens;
use syn::visit_mut::VisitMut;
use syn::{Expr, ExprUnary, Lit, UnOp, spanned::Spanned};

use crate::diag::mistake;

const FORM: &str = "write a number with its unit, as `250us`, `500ms`, `1.5s`, `2m` or `1h`, \
                    or an expression of `Duration`";

/// The duration that a literal gives; `None` for an expression, which has its say at run time.
pub(crate) fn parse(value: &Expr) -> syn::Result<Option<Duration>> {
    match value {
        Expr::Lit(literal) => parse_literal(&literal.lit).map(Some),
        Expr::Unary(ExprUnary {
            op: UnOp::Neg(_),
            expr,
            ..
        }) if matches!(**expr, Expr::Lit(_)) => {
            Err(mistake(value.span(), "a duration cannot be negative", FORM))
        }
        _ => {
            let mut measured = Measured(None);
            measured.visit_expr_mut(&mut value.clone());
            match measured.0 {
                None => Ok(None),
                Some(span) => Err(mistake(
                    span,
                    "a literal with a unit stands alone",
                    "write the result, as `10s`, or use `Duration::from_secs(5)` in expressions",
                )),
            }
        }
    }
}

fn parse_literal(literal: &Lit) -> syn::Result<Duration> {
    let span = literal.span();
    let (digits, suffix) = match literal {
        Lit::Int(int) => (int.base10_digits(), int.suffix()),
        Lit::Float(float) => (float.base10_digits(), float.suffix()),
        Lit::Str(text) => {
            let help = format!("write it without the quotes: `{}`", text.value());
            return Err(mistake(span, "a duration is not a string", &help));
        }
        _ => return Err(mistake(span, "this is not a duration", FORM)),
    };
    let written = literal.to_token_stream().to_string();
    if written.starts_with("0x") || written.starts_with("0o") || written.starts_with("0b") {
        return Err(mistake(
            span,
            "a duration is written in decimal digits",
            FORM,
        ));
    }
    if digits.contains(['e', 'E']) {
        return Err(mistake(
            span,
            "a duration is written without an exponent",
            FORM,
        ));
    }
    if suffix.is_empty() {
        let help = format!("name the unit: `{digits}ms` or `{digits}s`");
        return Err(mistake(span, "a duration needs its unit", &help));
    }
    let unit = unit_nanos(suffix, span)?;
    nanos(digits, unit)
        .and_then(|nanos| {
            let seconds = u64::try_from(nanos / NANOS_PER_SECOND).ok()?;
            Some(Duration::new(
                seconds,
                u32::try_from(nanos % NANOS_PER_SECOND).ok()?,
            ))
        })
        .ok_or_else(|| {
            mistake(
                span,
                "this duration is finer than a nanosecond, or too long",
                FORM,
            )
        })
}

const NANOS_PER_SECOND: u128 = 1_000_000_000;

/// Whether a word is a unit of time in this language.
pub(crate) fn is_unit(word: &str) -> bool {
    nanos_of_unit(word).is_some()
}

fn nanos_of_unit(unit: &str) -> Option<u128> {
    Some(match unit {
        "ns" => 1,
        "us" => 1_000,
        "ms" => 1_000_000,
        "s" => NANOS_PER_SECOND,
        "m" => 60 * NANOS_PER_SECOND,
        "h" => 3_600 * NANOS_PER_SECOND,
        _ => return None,
    })
}

fn unit_nanos(suffix: &str, span: Span) -> syn::Result<u128> {
    nanos_of_unit(suffix).ok_or_else(|| {
        let message = format!("`{suffix}` is not a unit of time");
        mistake(
            span,
            &message,
            "the units are `ns`, `us`, `ms`, `s`, `m`, `h`",
        )
    })
}

/// A literal with a unit within an expression, which Rust itself could not read.
struct Measured(Option<Span>);

impl VisitMut for Measured {
    fn visit_lit_mut(&mut self, literal: &mut Lit) {
        let suffix = match literal {
            Lit::Int(int) => int.suffix(),
            Lit::Float(float) => float.suffix(),
            _ => return,
        };
        if is_unit(suffix) {
            self.0.get_or_insert(literal.span());
        }
    }
}

/// `digits · unit`, if that is a whole number of nanoseconds.
fn nanos(digits: &str, unit: u128) -> Option<u128> {
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let fraction = fraction.trim_end_matches('0');
    let scale = 10u128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let mut value = whole.parse::<u128>().ok()?.checked_mul(scale)?;
    if !fraction.is_empty() {
        value = value.checked_add(fraction.parse().ok()?)?;
    }
    let product = value.checked_mul(unit)?;
    (product % scale == 0).then_some(product / scale)
}

#[cfg(test)]
mod tests {
    use super::parse;
    use std::time::Duration;

    fn parsed(text: &str) -> Result<Option<Duration>, String> {
        let value = syn::parse_str(text).map_err(|error| error.to_string())?;
        parse(&value).map_err(|error| error.to_string())
    }

    #[test]
    fn reads_every_unit_exactly() {
        for (text, nanos) in [
            ("7ns", 7),
            ("250us", 250_000),
            ("500ms", 500_000_000),
            ("1.5s", 1_500_000_000),
            ("0.000_000_001s", 1),
            ("2m", 120_000_000_000),
            ("1h", 3_600_000_000_000),
            ("1_000ms", 1_000_000_000),
        ] {
            assert_eq!(
                parsed(text),
                Ok(Some(Duration::from_nanos(nanos))),
                "{text}"
            );
        }
    }

    #[test]
    fn leaves_expressions_to_run_time() {
        assert_eq!(parsed("self.delay"), Ok(None));
        assert_eq!(parsed("Duration::from_secs(1)"), Ok(None));
    }

    #[test]
    fn refuses_what_only_looks_like_one() {
        for (text, word) in [
            ("500", "needs its unit"),
            ("1.5", "needs its unit"),
            ("\"500ms\"", "without the quotes: `500ms`"),
            ("-5s", "negative"),
            ("0xbms", "decimal"),
            ("1e3ms", "exponent"),
            ("2f32", "`f32` is not a unit"),
            ("3d", "`d` is not a unit"),
            ("true", "not a duration"),
            ("5s * 2", "stands alone"),
            ("self.delay + 5ms", "stands alone"),
            ("1.5ns", "finer than a nanosecond"),
            ("99999999999999999999999h", "too long"),
        ] {
            let error = parsed(text).unwrap_err();
            assert!(error.contains(word), "{text}: {error}");
            assert!(error.contains("\nhelp: "), "{text}: {error}");
        }
    }
}
