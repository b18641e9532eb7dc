//! Finds out what each failure answers, and refuses what cannot be meant.

use proc_macro2::Span;
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Fields, Ident, Member, Type};

use super::attr::{self, FieldName, Forbids, Kind, Label};
use crate::diag::{Diagnostics, mistake};
use crate::keys;

/// A variant, or the struct, with its answers.
pub(crate) struct Case<'a> {
    /// The variant's name.
    pub(crate) variant: Option<&'a Ident>,
    pub(crate) answers: Answers<'a>,
}

pub(crate) enum Answers<'a> {
    /// Those of its only field.
    Transparent {
        member: Member,
        ty: &'a Type,
    },
    Own(Box<Own>),
}

pub(crate) struct Own {
    pub(crate) kind: Kind,
    pub(crate) wait: Option<Named>,
    pub(crate) forbids: Option<Forbidden>,
    /// The variant of `Effect`.
    pub(crate) effect: Option<Ident>,
}

/// When the other side forbids another try.
pub(crate) enum Forbidden {
    Always,
    If(Named),
}

/// A field that the attribute names.
pub(crate) struct Named {
    pub(crate) member: Member,
    /// Where the attribute names it.
    pub(crate) span: Span,
    pub(crate) is_only_field: bool,
}

/// All cases that can be understood; `label` is what stands above the type.
pub(crate) fn cases<'a>(
    input: &'a DeriveInput,
    mut label: Label,
    diagnostics: &mut Diagnostics,
) -> Vec<Case<'a>> {
    match &input.data {
        Data::Struct(data) => {
            label.misread |= refuse_on_fields(&data.fields, "struct", diagnostics);
            let case = Target::new(None, &input.ident, &data.fields);
            Vec::from_iter(case.understand(label, &Label::default(), diagnostics))
        }
        Data::Enum(data) => {
            let default = check_default(label, diagnostics);
            let cases = data.variants.iter().filter_map(|variant| {
                let mut label = attr::read(&variant.attrs, diagnostics);
                if let Some(krate) = &label.krate {
                    diagnostics.error(
                        krate.segments.span(),
                        "`crate` is said once for all variants",
                        "write `#[classify(crate = ..)]` above the enum",
                    );
                }
                label.misread |= refuse_on_fields(&variant.fields, "variant", diagnostics);
                let name = &variant.ident;
                Target::new(Some(name), name, &variant.fields).understand(
                    label,
                    &default,
                    diagnostics,
                )
            });
            cases.collect()
        }
        Data::Union(data) => {
            diagnostics.error(
                data.union_token.span,
                "a union does not know which of its fields it holds",
                "derive `Classify` for an enum, or implement it by hand",
            );
            Vec::new()
        }
    }
}

/// Above an enum stands what its variants do not say themselves.
fn check_default(mut default: Label, diagnostics: &mut Diagnostics) -> Label {
    let fields = [
        default
            .retry_after
            .as_ref()
            .map(|field| ("retry_after", field)),
        match &default.forbids_retry {
            Some(Forbids::If(field)) => Some(("forbids_retry", field)),
            _ => None,
        },
    ];
    for (word, field) in fields.into_iter().flatten() {
        diagnostics.error(
            field.span,
            "an enum has no field of its own",
            &format!("write `{word}` above each variant that has such a field"),
        );
    }
    if let Some(Forbids::Always(span)) = default.forbids_retry {
        diagnostics.error(
            span,
            "an error that always forbids another try need not be classified",
            "write `forbids_retry` above the variants that do",
        );
    }
    if let Some(span) = default.transparent {
        diagnostics.error(
            span,
            "an enum has no field that could answer for it",
            "write `#[classify(transparent)]` above each variant that holds such an error",
        );
        default.misread = true;
    }
    default
}

/// Whether something stands on a field, which may have been meant for the whole.
fn refuse_on_fields(fields: &Fields, owner: &str, diagnostics: &mut Diagnostics) -> bool {
    let mut refused = false;
    for (field, member) in fields.iter().zip(fields.members()) {
        for attr in field.attrs.iter().filter(|attr| attr::is_classify(attr)) {
            let help = format!(
                "write it above the {owner}: `retry_after = {}`, or `transparent` where this is \
                 the only field",
                name_of(&member)
            );
            diagnostics.error(attr.path().span(), "a field takes no `#[classify]`", &help);
            refused = true;
        }
    }
    refused
}

/// What a label is about.
struct Target<'a> {
    variant: Option<&'a Ident>,
    name: &'a Ident,
    fields: &'a Fields,
}

impl<'a> Target<'a> {
    const fn new(variant: Option<&'a Ident>, name: &'a Ident, fields: &'a Fields) -> Self {
        Self {
            variant,
            name,
            fields,
        }
    }

    fn understand(
        &self,
        label: Label,
        default: &Label,
        diagnostics: &mut Diagnostics,
    ) -> Option<Case<'a>> {
        let answers = match label.transparent {
            Some(span) => diagnostics.take(self.transparent(span, &label))?,
            None => Answers::Own(Box::new(self.own(label, default, diagnostics)?)),
        };
        Some(Case {
            variant: self.variant,
            answers,
        })
    }

    fn transparent(&self, span: Span, label: &Label) -> syn::Result<Answers<'a>> {
        if label.kind.is_some()
            || label.retry_after.is_some()
            || label.forbids_retry.is_some()
            || label.effect.is_some()
        {
            return Err(mistake(
                span,
                "`transparent` leaves every answer to the error inside",
                "keep it alone, or take it out",
            ));
        }
        let mut fields = self.fields.iter().zip(self.fields.members());
        if let (Some((field, member)), None) = (fields.next(), fields.next()) {
            return Ok(Answers::Transparent {
                member,
                ty: &field.ty,
            });
        }
        let count = match self.fields.len() {
            0 => "none".into(),
            several => several.to_string(),
        };
        Err(mistake(
            span,
            &format!(
                "`transparent` asks the only field, and `{}` has {count}",
                self.name.unraw()
            ),
            "name a kind, `#[classify(Network)]`, or compute it, \
             `#[classify(kind = Self::kind_of)]`",
        ))
    }

    fn own(&self, label: Label, default: &Label, diagnostics: &mut Diagnostics) -> Option<Own> {
        const WAIT: &str =
            "give it one of `Duration` or `Option<Duration>`, or leave `retry_after` out";
        const FINAL: &str = "give it one of `bool`, or write `forbids_retry` alone";
        let field = label.retry_after.as_ref();
        let wait = field.and_then(|field| diagnostics.take(self.named(field, WAIT)));
        let forbids = label
            .forbids_retry
            .as_ref()
            .and_then(|forbids| match forbids {
                Forbids::Always(_) => Some(Forbidden::Always),
                Forbids::If(field) => diagnostics
                    .take(self.named(field, FINAL))
                    .map(Forbidden::If),
            });
        let Some(kind) = label.kind.or_else(|| default.kind.clone()) else {
            if !label.misread && !default.misread {
                let help = match self.variant {
                    Some(_) => {
                        "name it above the variant, `#[classify(Network)]`, or give the enum a \
                         default, `#[classify(Other)]` above it"
                    }
                    None => "name it above the struct, for example `#[classify(Network)]`",
                };
                let message = format!("`{}` has no kind", self.name.unraw());
                diagnostics.error(self.name.span(), &message, help);
            }
            return None;
        };
        Some(Own {
            kind,
            wait,
            forbids,
            effect: label.effect.or_else(|| default.effect.clone()),
        })
    }

    fn named(&self, field: &FieldName, help: &str) -> syn::Result<Named> {
        let mut members = self.fields.members();
        if let Some(member) = members.find(|member| name_of(member) == field.name) {
            return Ok(Named {
                member,
                span: field.span,
                is_only_field: self.fields.len() == 1,
            });
        }
        let name = self.name.unraw();
        if self.fields.is_empty() {
            return Err(mistake(field.span, &format!("`{name}` has no field"), help));
        }
        let fields: Vec<String> = self
            .fields
            .members()
            .map(|member| name_of(&member))
            .collect();
        Err(mistake(
            field.span,
            &format!("`{name}` has no field `{}`", field.name),
            &keys::help_for_field(&field.name, &fields),
        ))
    }
}

/// The field's name, or its index.
fn name_of(member: &Member) -> String {
    match member {
        Member::Named(ident) => ident.unraw().to_string(),
        Member::Unnamed(index) => index.index.to_string(),
    }
}
