//! Parses `#[retry(..)]` into options, each with its value as written; their meaning is given
//! in `check`.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Expr, Ident, Lit, Token, token};

use crate::diag::{Diagnostics, mistake};
use crate::{duration, keys, list};

/// One option as written.
pub(crate) struct Arg {
    pub(crate) key: Ident,
    pub(crate) value: Value,
}

/// What stands behind an option's name.
pub(crate) enum Value {
    /// Nothing: `jitter`.
    Bare,
    /// `= value`.
    Expr(Expr),
    /// `(a, b)`.
    List(Vec<Expr>, Span),
}

impl Value {
    /// Where it is written, if it is.
    pub(crate) fn span(&self) -> Option<Span> {
        match self {
            Self::Bare => None,
            Self::Expr(value) => Some(value.span()),
            Self::List(_, span) => Some(*span),
        }
    }
}

/// All options that can be read, each once.
pub(crate) fn parse(tokens: TokenStream, diagnostics: &mut Diagnostics) -> Vec<Arg> {
    let parser = |input: ParseStream<'_>| list::parse(input, diagnostics, parse_arg);
    // Every mistake has been noted on the way.
    let read = parser.parse2(tokens).unwrap_or_default();
    let mut args: Vec<Arg> = Vec::new();
    for arg in read {
        add(&mut args, arg, diagnostics);
    }
    args
}

/// Adds the option, unless it has been given before.
pub(crate) fn add(args: &mut Vec<Arg>, arg: Arg, diagnostics: &mut Diagnostics) {
    if (args.iter()).any(|earlier| earlier.key.unraw() == arg.key.unraw()) {
        let message = format!("`{}` is given twice", arg.key.unraw());
        diagnostics.error(arg.key.span(), &message, "keep one of them");
    } else {
        args.push(arg);
    }
}

fn parse_arg(input: ParseStream<'_>) -> syn::Result<Arg> {
    if !input.peek(Ident::peek_any) {
        return Err(mistake(
            input.span(),
            "`#[retry]` takes options by name",
            "write for example `max = 3`: three attempts in all, the first included",
        ));
    }
    let key = Ident::parse_any(input)?;
    let word = key.unraw().to_string();
    let known = keys::OPTIONS.contains(&word.as_str());
    // The value of an unknown option is read too: a comma in it is no end.
    let value = parse_value(input, &key);
    if !known {
        let message = format!("`#[retry]` has no option `{word}`");
        return Err(mistake(key.span(), &message, &keys::help_for_option(&word)));
    }
    let value = value?;
    if !input.is_empty() && !input.peek(Token![,]) {
        return Err(stray_token(input, &word, &value));
    }
    Ok(Arg { key, value })
}

pub(crate) fn parse_value(input: ParseStream<'_>, key: &Ident) -> syn::Result<Value> {
    let unreadable = |input, error: &syn::Error| {
        let help = format!("look at the value of `{}`", key.unraw());
        list::unreadable(input, error, key.span(), &help)
    };
    if input.peek(token::Paren) {
        let content;
        let parens = syn::parenthesized!(content in input);
        let items = Punctuated::<Expr, Token![,]>::parse_terminated(&content)
            .map_err(|error| unreadable(&content, &error))?;
        Ok(Value::List(
            items.into_iter().map(ungrouped).collect(),
            parens.span.join(),
        ))
    } else if input.peek(Token![=]) {
        input.parse::<Token![=]>()?;
        if input.is_empty() || input.peek(Token![,]) {
            let message = format!("`{}` has no value", key.unraw());
            return Err(mistake(key.span(), &message, "write it behind the `=`"));
        }
        let value = input.parse().map_err(|error| unreadable(input, &error))?;
        Ok(Value::Expr(ungrouped(value)))
    } else {
        Ok(Value::Bare)
    }
}

/// The expression without the invisible group that a `macro_rules!` puts around a fragment, and
/// without parentheses around a literal.
fn ungrouped(expr: Expr) -> Expr {
    match expr {
        Expr::Group(group) => ungrouped(*group.expr),
        Expr::Paren(paren) if matches!(*paren.expr, Expr::Lit(_)) => *paren.expr,
        expr => expr,
    }
}

/// Explains what stands behind a value where a comma should.
pub(crate) fn stray_token(input: ParseStream<'_>, word: &str, value: &Value) -> syn::Error {
    if let Value::Expr(Expr::Lit(number)) = value
        && matches!(number.lit, Lit::Int(_) | Lit::Float(_))
        && let Ok(unit) = Ident::parse_any(&input.fork())
        && duration::is_unit(&unit.to_string())
    {
        let span = number
            .span()
            .join(unit.span())
            .unwrap_or_else(|| unit.span());
        let help = format!("write `{}{unit}`", number.to_token_stream());
        return mistake(
            span,
            "a duration is written without a space before its unit",
            &help,
        );
    }
    if matches!(value, Value::Bare) && (input.peek(Token![:]) || input.peek(Lit)) {
        let message = format!("the value of `{word}` is written behind `=`");
        let help = format!("write `{word} = ..`");
        return mistake(input.span(), &message, &help);
    }
    let message = format!("`{word}` ends here, and something else follows");
    mistake(input.span(), &message, "separate options by commas")
}
