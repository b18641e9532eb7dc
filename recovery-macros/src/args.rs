//! Parses `#[retry(..)]` into options, each with its value as written; their meaning is given
//! in `check`.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Expr, Ident, Lit, Token, token};

use crate::diag::{Diagnostics, mistake};
use crate::keys;

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

/// All options that can be read; what cannot is noted, and reading goes on after the next comma.
pub(crate) fn parse(tokens: TokenStream, diagnostics: &mut Diagnostics) -> Vec<Arg> {
    let parser = |input: ParseStream<'_>| {
        let mut args: Vec<Arg> = Vec::new();
        while !input.is_empty() {
            match parse_arg(input) {
                Ok(arg) => {
                    if args.iter().any(|earlier| earlier.key == arg.key) {
                        let message = format!("`{}` is given twice", arg.key.unraw());
                        diagnostics.error(arg.key.span(), &message, "keep one of them");
                    } else {
                        args.push(arg);
                    }
                }
                Err(error) => {
                    diagnostics.push(error);
                    skip_to_comma(input)?;
                }
            }
            if input.peek(Token![,]) {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(args)
    };
    // Every mistake has been noted on the way.
    parser.parse2(tokens).unwrap_or_default()
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
    if !keys::OPTIONS.contains(&word.as_str()) {
        let message = format!("`#[retry]` has no option `{word}`");
        return Err(mistake(key.span(), &message, &keys::help_for_option(&word)));
    }
    let value = if input.peek(token::Paren) {
        let content;
        let parens = syn::parenthesized!(content in input);
        let items = Punctuated::<Expr, Token![,]>::parse_terminated(&content)?;
        Value::List(items.into_iter().collect(), parens.span.join())
    } else if input.peek(Token![=]) {
        input.parse::<Token![=]>()?;
        if input.is_empty() || input.peek(Token![,]) {
            let message = format!("`{word}` has no value");
            return Err(mistake(key.span(), &message, "write it behind the `=`"));
        }
        Value::Expr(input.parse()?)
    } else {
        Value::Bare
    };
    if !input.is_empty() && !input.peek(Token![,]) {
        return Err(stray_token(input, &word, &value));
    }
    Ok(Arg { key, value })
}

/// Explains what stands behind a value where a comma should.
fn stray_token(input: ParseStream<'_>, word: &str, value: &Value) -> syn::Error {
    if let Value::Expr(Expr::Lit(number)) = value
        && matches!(number.lit, Lit::Int(_) | Lit::Float(_))
        && let Ok(unit) = Ident::parse_any(&input.fork())
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
    let message = format!("`{word}` ends here, and something else follows");
    mistake(input.span(), &message, "separate options by commas")
}

fn skip_to_comma(input: ParseStream<'_>) -> syn::Result<()> {
    while !input.is_empty() && !input.peek(Token![,]) {
        input.parse::<TokenTree>()?;
    }
    Ok(())
}
