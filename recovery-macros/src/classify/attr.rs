//! Reads `#[classify(..)]`: what all attributes of one place say together.

use proc_macro2::Span;
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::spanned::Spanned;
use syn::{Attribute, Expr, Ident, Lit, LitStr, Meta, Path, Token};

use crate::args::{self, Arg, Value};
use crate::diag::{Diagnostics, mistake};
use crate::{keys, list, values};

/// What is said of a variant, of a struct, or of all variants of an enum.
#[derive(Default)]
pub(crate) struct Label {
    pub(crate) kind: Option<Kind>,
    pub(crate) retry_after: Option<FieldName>,
    pub(crate) forbids_retry: Option<Forbids>,
    /// The variant of `Effect`.
    pub(crate) effect: Option<Ident>,
    pub(crate) transparent: Option<Span>,
    pub(crate) krate: Option<Path>,
    /// Something that could not be understood may have been the kind.
    pub(crate) misread: bool,
}

#[derive(Clone)]
pub(crate) enum Kind {
    /// The variant of `ErrorKind`.
    Named(Ident),
    /// A function of `&Self`.
    Computed(Expr),
}

/// When the other side forbids another try.
pub(crate) enum Forbids {
    Always(Span),
    /// Where the field says so.
    If(FieldName),
}

/// A field as an attribute names it.
pub(crate) struct FieldName {
    /// Its name, or its index.
    pub(crate) name: String,
    pub(crate) span: Span,
}

const EXAMPLE: &str = "name the kind of error: `#[classify(Network)]`";

pub(crate) fn is_classify(attr: &Attribute) -> bool {
    attr.path().is_ident("classify")
}

pub(crate) fn read(attrs: &[Attribute], diagnostics: &mut Diagnostics) -> Label {
    let mut mistakes = Diagnostics::default();
    let mut args: Vec<Arg> = Vec::new();
    for attr in attrs.iter().filter(|attr| is_classify(attr)) {
        for arg in words(attr, &mut mistakes) {
            args::add(&mut args, arg, &mut mistakes);
        }
    }
    let mut label = Label {
        misread: !mistakes.is_empty(),
        ..Label::default()
    };
    for arg in args {
        let is_kind = !matches!(
            arg.key.to_string().as_str(),
            "retry_after" | "forbids_retry" | "effect" | "crate"
        );
        if let Err(error) = label.apply(arg) {
            label.misread |= is_kind;
            mistakes.push(error);
        }
    }
    diagnostics.append(mistakes);
    label
}

/// All words of one attribute that can be read.
fn words(attr: &Attribute, diagnostics: &mut Diagnostics) -> Vec<Arg> {
    let span = attr.path().span();
    match &attr.meta {
        Meta::List(list) if !list.tokens.is_empty() => {
            let parser = |input: ParseStream<'_>| list::parse(input, diagnostics, word);
            // Every mistake has been noted on the way.
            return parser.parse2(list.tokens.clone()).unwrap_or_default();
        }
        Meta::NameValue(_) => {
            diagnostics.error(
                span,
                "`#[classify]` takes its words in parentheses",
                EXAMPLE,
            );
        }
        Meta::List(_) | Meta::Path(_) => {
            diagnostics.error(span, "`#[classify]` says nothing", EXAMPLE);
        }
    }
    Vec::new()
}

fn word(input: ParseStream<'_>) -> syn::Result<Arg> {
    if input.peek(LitStr) {
        let text: LitStr = input.parse()?;
        let help = keys::help_for_own_kind(&text.value());
        return Err(mistake(text.span(), "a kind is not a string", &help));
    }
    if let Ok(path) = Path::parse_mod_style(&input.fork())
        && (path.leading_colon.is_some() || path.segments.len() > 1)
        && let Some(last) = path.segments.last()
    {
        let help = keys::help_for_own_kind(&last.ident.unraw().to_string());
        return Err(mistake(
            path.segments.span(),
            "a kind is written without its path",
            &help,
        ));
    }
    if !input.peek(Ident::peek_any) {
        return Err(mistake(input.span(), "`#[classify]` takes words", EXAMPLE));
    }
    let key = Ident::parse_any(input)?;
    let word = key.unraw().to_string();
    // The value of an unknown word is read too: a comma in it is no end.
    let value = args::parse_value(input, &key);
    if is_kind_name(&word) {
        if !keys::KINDS.contains(&word.as_str()) {
            let message = format!("`{word}` is no kind of error");
            return Err(mistake(
                key.span(),
                &message,
                &keys::help_for_own_kind(&word),
            ));
        }
    } else if !keys::LABELS.contains(&word.as_str()) {
        let message = format!("`#[classify]` has no word `{word}`");
        return Err(mistake(key.span(), &message, &keys::help_for_label(&word)));
    }
    let value = value?;
    if input.peek(Token![|]) {
        return Err(one_kind(input.span()));
    }
    if !input.is_empty() && !input.peek(Token![,]) {
        return Err(args::stray_token(input, &word, &value));
    }
    Ok(Arg { key, value })
}

/// Kinds begin with a capital, all other words do not.
fn is_kind_name(word: &str) -> bool {
    word.starts_with(char::is_uppercase)
}

fn one_kind(span: Span) -> syn::Error {
    mistake(
        span,
        "an error has one kind",
        "keep one; if it depends on the error's value, compute it: `kind = Self::kind_of`",
    )
}

impl Label {
    fn apply(&mut self, arg: Arg) -> syn::Result<()> {
        let word = arg.key.unraw().to_string();
        if word == "crate" {
            self.krate = Some(values::crate_path(&arg)?);
            return Ok(());
        }
        let Arg { key, value } = arg;
        match word.as_str() {
            "retry_after" => {
                let example = "`retry_after = wait`, with the name of the field";
                let value = values::expr(&key, value, example)?;
                self.retry_after = Some(field_name(&value, "retry_after", "wait")?);
            }
            "forbids_retry" => {
                self.forbids_retry = Some(match value {
                    Value::Bare => Forbids::Always(key.span()),
                    value => {
                        let example =
                            "it bare, or with the name of a field: `forbids_retry = is_final`";
                        let value = values::expr(&key, value, example)?;
                        Forbids::If(field_name(&value, "forbids_retry", "is_final")?)
                    }
                });
            }
            "effect" => {
                let example = "`effect = none`, `effect = unknown` or `effect = done`";
                self.effect = Some(effect(&values::expr(&key, value, example)?)?);
            }
            "transparent" => {
                values::bare(&key, &value)?;
                self.transparent = Some(key.span());
            }
            "kind" => {
                let example = "`kind = Self::kind_of`, a function of `&Self`";
                let value = values::expr(&key, value, example)?;
                self.set_kind(key.span(), Kind::Computed(function(value)?))?;
            }
            _ => {
                values::bare(&key, &value)?;
                self.set_kind(key.span(), Kind::Named(key))?;
            }
        }
        Ok(())
    }

    fn set_kind(&mut self, span: Span, kind: Kind) -> syn::Result<()> {
        if self.kind.is_some() {
            return Err(one_kind(span));
        }
        self.kind = Some(kind);
        Ok(())
    }
}

fn field_name(value: &Expr, word: &str, example: &str) -> syn::Result<FieldName> {
    if let Expr::Path(path) = value
        && let Some(ident) = path.path.get_ident()
    {
        return Ok(FieldName {
            name: ident.unraw().to_string(),
            span: ident.span(),
        });
    }
    let help = match value {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Int(index) if index.suffix().is_empty() => {
                return Ok(FieldName {
                    name: index.base10_digits().to_owned(),
                    span: index.span(),
                });
            }
            Lit::Str(text) => format!("write the bare name: `{word} = {}`", text.value()),
            _ if word == "forbids_retry" => "name a field of `bool` that tells, or write \
                                             `forbids_retry` alone where it always holds"
                .into(),
            _ => "name the field that holds what the other side asked for, a `Duration` or an \
                  `Option<Duration>`; the policy's own delays are options of `#[retry]`"
                .into(),
        },
        Expr::Field(field) => {
            let member = field.member.to_token_stream();
            format!("write the bare name: `{word} = {member}`")
        }
        _ => format!("write its bare name, `{word} = {example}`, or its index, `{word} = 0`"),
    };
    let message = format!("`{word}` is the name of a field");
    Err(mistake(value.span(), &message, &help))
}

fn effect(value: &Expr) -> syn::Result<Ident> {
    let word = last_word(value).unwrap_or_default();
    let lower = word.to_lowercase();
    let variant = match lower.as_str() {
        "none" => "None",
        "unknown" => "Unknown",
        "done" => "Done",
        _ => {
            let message = match word.as_str() {
                "" => "this is no effect".into(),
                word => format!("`{word}` is no effect"),
            };
            return Err(mistake(value.span(), &message, keys::HELP_FOR_EFFECT));
        }
    };
    let is_plain = matches!(value, Expr::Path(path) if path.path.is_ident(&lower));
    if !is_plain {
        let help = format!("write `effect = {lower}`");
        return Err(mistake(value.span(), "an effect is a plain word", &help));
    }
    let site = Span::mixed_site().located_at(value.span());
    Ok(Ident::new(variant, site))
}

/// The function that computes the kind. What is no function is most often a kind.
fn function(value: Expr) -> syn::Result<Expr> {
    let is_path = matches!(value, Expr::Path(_));
    let is_lone = matches!(&value, Expr::Path(path) if path.path.get_ident().is_some());
    if let Some(word) = last_word(&value) {
        let is_known = keys::KINDS.contains(&word.as_str());
        if !is_path || is_known || is_lone && is_kind_name(&word) {
            return Err(mistake(
                value.span(),
                "a kind is named without `kind =`, which computes it",
                &keys::help_for_own_kind(&word),
            ));
        }
    }
    if is_path || matches!(value, Expr::Closure(_)) {
        return Ok(value);
    }
    Err(mistake(
        value.span(),
        "`kind` is a function of `&Self`",
        "write its path, `kind = Self::kind_of`, or a closure, `kind = |error| ..`",
    ))
}

/// The name that a path ends in, or the text of a string.
fn last_word(value: &Expr) -> Option<String> {
    match value {
        Expr::Path(path) => {
            let last = path.path.segments.last()?;
            Some(last.ident.unraw().to_string())
        }
        Expr::Lit(literal) => match &literal.lit {
            Lit::Str(text) => Some(text.value()),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use syn::{Attribute, parse_quote};

    use super::{Forbids, Kind, Label, read};
    use crate::diag::Diagnostics;

    fn understood(attr: Attribute) -> Label {
        let mut diagnostics = Diagnostics::default();
        let label = read(&[attr], &mut diagnostics);
        assert!(diagnostics.is_empty(), "{}", diagnostics.into_tokens());
        label
    }

    #[test]
    fn reads_every_word() {
        let label =
            understood(parse_quote!(#[classify(RateLimited, retry_after = r#type, effect = none)]));
        assert!(matches!(label.kind, Some(Kind::Named(kind)) if kind == "RateLimited"));
        assert_eq!(label.retry_after.unwrap().name, "type");
        assert_eq!(label.effect.unwrap(), "None");

        let label = understood(
            parse_quote!(#[classify(crate = ::renamed, kind = |error| error.kind, retry_after = 1,)]),
        );
        assert!(matches!(label.kind, Some(Kind::Computed(_))));
        assert_eq!(label.retry_after.unwrap().name, "1");
        assert!(label.krate.is_some());

        let label = understood(parse_quote!(#[classify(Server, forbids_retry)]));
        assert!(matches!(label.forbids_retry, Some(Forbids::Always(_))));
        let label = understood(parse_quote!(#[classify(Server, forbids_retry = r#final)]));
        let named =
            matches!(label.forbids_retry, Some(Forbids::If(field)) if field.name == "final");
        assert!(named);

        let label = understood(parse_quote!(#[classify(transparent)]));
        assert!(label.transparent.is_some() && label.kind.is_none());
    }

    #[test]
    fn keeps_what_is_right_beside_what_is_wrong() {
        let mut diagnostics = Diagnostics::default();
        let attr: Attribute = parse_quote!(#[classify(Network, efect(a, b), effect = done, "x")]);
        let label = read(&[attr], &mut diagnostics);
        assert!(label.misread && !diagnostics.is_empty());
        assert!(matches!(label.kind, Some(Kind::Named(kind)) if kind == "Network"));
        assert_eq!(label.effect.unwrap(), "Done");
    }

    #[test]
    fn several_attributes_are_one() {
        let mut diagnostics = Diagnostics::default();
        let attrs: [Attribute; 2] = [
            parse_quote!(#[classify(Network)]),
            parse_quote!(#[classify(effect = none)]),
        ];
        let label = read(&attrs, &mut diagnostics);
        assert!(diagnostics.is_empty() && label.kind.is_some() && label.effect.is_some());
    }
}
