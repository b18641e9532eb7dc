//! Writes the implementation: the methods whose default does not say it already.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, quote_spanned};
use syn::ext::IdentExt;
use syn::{DeriveInput, Generics, Ident, Member, Path, Type, parse_quote};

use super::attr::Kind;
use super::check::{Answers, Case, Forbidden, Named, Own};

// Input:
//     #[derive(Classify)]
//     enum ApiError {
//         #[classify(RateLimited, retry_after = wait)]
//         Busy { wait: Duration, queue: u32 },
//         #[classify(Server)]
//         Down,
//         #[classify(transparent)]
//         Io(io::Error),
//     }
//
// Output, with all paths absolute (`retry_after` in full; `effect` and `is_transient` are alike):
//     #[automatically_derived]
//     impl Classify for ApiError {
//         fn kind(&self) -> ErrorKind {
//             match self {
//                 Self::Busy { .. } => ErrorKind::RateLimited,
//                 Self::Down { .. } => ErrorKind::Server,
//                 Self::Io { 0: inner } => <io::Error as Classify>::kind(inner),
//             }
//         }
//         fn retry_after(&self) -> Option<Duration> {
//             match self {
//                 Self::Busy { wait, .. } => asked(wait),
//                 Self::Down { .. } => None,
//                 Self::Io { 0: inner } => <io::Error as Classify>::retry_after(inner),
//             }
//         }
//         ..
//     }
pub(crate) fn implementation(input: &DeriveInput, krate: &Path, cases: &[Case<'_>]) -> TokenStream {
    let expansion = Expansion {
        site: Span::mixed_site(),
        krate,
        cases,
    };
    let mut generics = input.generics.clone();
    for case in cases {
        if let Answers::Transparent { ty, .. } = &case.answers
            && mentions_parameter(ty, &input.generics)
        {
            let clause = generics.make_where_clause();
            clause.predicates.push(parse_quote!(#ty: #krate::Classify));
        }
    }
    let methods = [
        Some(expansion.kind()),
        expansion.retry_after(),
        expansion.forbids_retry(),
        expansion.effect(),
        expansion.is_transient(),
    ];
    let methods = methods.into_iter().flatten().collect();
    expansion.wrap(&input.ident, &generics, &methods)
}

/// What stands beside a mistake, so that it does not become one at each place of use.
pub(crate) fn stand_in(input: &DeriveInput, krate: &Path) -> TokenStream {
    let expansion = Expansion {
        site: Span::mixed_site(),
        krate,
        cases: &[],
    };
    let kind = quote_spanned! {expansion.site=>
        fn kind(&self) -> #krate::ErrorKind {
            #krate::ErrorKind::Other
        }
    };
    expansion.wrap(&input.ident, &input.generics, &kind)
}

/// Whether a type of the parameters is in it: then its `Classify` depends on them.
fn mentions_parameter(ty: &Type, generics: &Generics) -> bool {
    let names: Vec<Ident> = (generics.type_params())
        .map(|param| param.ident.unraw())
        .collect();
    mentions(ty.to_token_stream(), &names)
}

fn mentions(tokens: TokenStream, names: &[Ident]) -> bool {
    let mut colons = 0;
    tokens.into_iter().any(|token| {
        let is_behind_path = colons == 2;
        colons = match &token {
            TokenTree::Punct(punct) if punct.as_char() == ':' => colons + 1,
            _ => 0,
        };
        match token {
            TokenTree::Ident(ident) => !is_behind_path && names.contains(&ident.unraw()),
            TokenTree::Group(group) => mentions(group.stream(), names),
            TokenTree::Punct(_) | TokenTree::Literal(_) => false,
        }
    })
}

/// One expansion. All that it writes is of mixed site, also the names of variants and fields:
/// a deprecated one is not used by the user here.
struct Expansion<'a> {
    site: Span,
    krate: &'a Path,
    cases: &'a [Case<'a>],
}

/// What a method answers in one case.
struct Answer {
    /// The fields that it looks at, as a pattern.
    fields: Option<TokenStream>,
    expr: TokenStream,
}

impl Answer {
    const fn fixed(expr: TokenStream) -> Self {
        Self { fields: None, expr }
    }
}

/// The cases with one answer.
struct Arm {
    patterns: Vec<TokenStream>,
    answer: Answer,
}

impl Expansion<'_> {
    fn wrap(&self, name: &Ident, generics: &Generics, methods: &TokenStream) -> TokenStream {
        let Self { site, krate, .. } = self;
        let name = located_ident(name, *site);
        let (impl_generics, ty_generics, where_clause) = generics.split_for_impl();
        // The types of transparent fields are the user's own tokens, so that an error points at
        // them. What a lint says of them it has said at the field, where it can be allowed.
        let allowed = self.has_transparent().then(|| {
            quote_spanned! {*site=>
                #[allow(deprecated, unused_qualifications)]
            }
        });
        quote_spanned! {*site=>
            #[automatically_derived]
            #allowed
            impl #impl_generics #krate::Classify for #name #ty_generics #where_clause {
                #methods
            }
        }
    }

    fn kind(&self) -> TokenStream {
        let Self { site, krate, .. } = self;
        let body = self.body("kind", |own| {
            Answer::fixed(match &own.kind {
                Kind::Named(kind) => quote_spanned!(*site=> #krate::ErrorKind::#kind),
                Kind::Computed(function) => {
                    quote_spanned!(*site=> #krate::__private::kind_of(self, #function))
                }
            })
        });
        quote_spanned! {*site=>
            fn kind(&self) -> #krate::ErrorKind {
                #body
            }
        }
    }

    fn retry_after(&self) -> Option<TokenStream> {
        let Self { site, krate, .. } = self;
        if !self.has_transparent() && !self.owns().any(|own| own.wait.is_some()) {
            return None;
        }
        let body = self.body("retry_after", |own| match &own.wait {
            None => Answer::fixed(quote_spanned!(*site=> ::core::option::Option::None)),
            Some(field) => self.of_field(
                field,
                "wait",
                |wait| quote_spanned!(*site=> #krate::__private::asked(#wait)),
            ),
        });
        Some(quote_spanned! {*site=>
            fn retry_after(&self) -> ::core::option::Option<::core::time::Duration> {
                #body
            }
        })
    }

    fn forbids_retry(&self) -> Option<TokenStream> {
        let Self { site, krate, .. } = self;
        if !self.has_transparent() && !self.owns().any(|own| own.forbids.is_some()) {
            return None;
        }
        let body = self.body("forbids_retry", |own| match &own.forbids {
            None => Answer::fixed(quote_spanned!(*site=> false)),
            Some(Forbidden::Always) => Answer::fixed(quote_spanned!(*site=> true)),
            Some(Forbidden::If(field)) => self.of_field(
                field,
                "forbids",
                |forbids| quote_spanned!(*site=> #krate::__private::said_no(#forbids)),
            ),
        });
        Some(quote_spanned! {*site=>
            fn forbids_retry(&self) -> ::core::primitive::bool {
                #body
            }
        })
    }

    /// What a field answers.
    fn of_field(
        &self,
        field: &Named,
        variable: &str,
        expr: impl FnOnce(&Ident) -> TokenStream,
    ) -> Answer {
        let site = self.site;
        let member = located(&field.member, site);
        // A field of another type is complained of where the attribute names it.
        let variable = Ident::new(variable, site.located_at(field.span));
        let others = (!field.is_only_field).then(|| quote_spanned!(site=> , ..));
        Answer {
            fields: Some(quote_spanned!(site=> #member: #variable #others)),
            expr: expr(&variable),
        }
    }

    fn effect(&self) -> Option<TokenStream> {
        let Self { site, krate, .. } = self;
        if !self.has_transparent() && !self.owns().any(|own| own.effect.is_some()) {
            return None;
        }
        let unknown = Ident::new("Unknown", *site);
        let body = self.body("effect", |own| {
            let effect = own.effect.as_ref().unwrap_or(&unknown);
            Answer::fixed(quote_spanned!(*site=> #krate::Effect::#effect))
        });
        Some(quote_spanned! {*site=>
            fn effect(&self) -> #krate::Effect {
                #body
            }
        })
    }

    /// Only an error inside may answer otherwise than by its kind and effect.
    fn is_transient(&self) -> Option<TokenStream> {
        let Self { site, krate, .. } = self;
        if !self.has_transparent() {
            return None;
        }
        let body = self.body("is_transient", |_| {
            Answer::fixed(quote_spanned! {*site=>
                #krate::Classify::kind(self).is_transient()
                    && #krate::Classify::effect(self) != #krate::Effect::Done
            })
        });
        Some(quote_spanned! {*site=>
            fn is_transient(&self) -> bool {
                #body
            }
        })
    }

    fn owns(&self) -> impl Iterator<Item = &Own> {
        self.cases.iter().filter_map(|case| match &case.answers {
            Answers::Own(own) => Some(&**own),
            Answers::Transparent { .. } => None,
        })
    }

    fn has_transparent(&self) -> bool {
        self.owns().count() < self.cases.len()
    }

    /// The body of `method`: each case with its own answer, or with that of the error inside.
    fn body(&self, method: &str, own: impl Fn(&Own) -> Answer) -> TokenStream {
        let Self { site, krate, .. } = self;
        let method = Ident::new(method, *site);
        let mut arms: Vec<Arm> = Vec::new();
        for case in self.cases {
            let answer = match &case.answers {
                Answers::Own(answers) => own(answers),
                Answers::Transparent { member, ty } => {
                    let member = located(member, *site);
                    Answer {
                        fields: Some(quote_spanned!(*site=> #member: inner)),
                        expr: quote_spanned!(*site=> <#ty as #krate::Classify>::#method(inner)),
                    }
                }
            };
            let variant = case.variant.map(|variant| {
                let variant = located_ident(variant, *site);
                quote_spanned!(*site=> ::#variant)
            });
            let path = quote_spanned!(*site=> Self #variant);
            let fields = (answer.fields.as_ref())
                .map_or_else(|| quote_spanned!(*site=> ..), ToTokens::to_token_stream);
            let pattern = quote_spanned!(*site=> #path { #fields });
            match arms.iter_mut().find(|arm| arm.is_as(&answer)) {
                Some(arm) => arm.patterns.push(pattern),
                None => arms.push(Arm {
                    patterns: vec![pattern],
                    answer,
                }),
            }
        }
        self.choice(&arms)
    }

    fn choice(&self, arms: &[Arm]) -> TokenStream {
        let site = self.site;
        match arms {
            [] => quote_spanned!(site=> match *self {}),
            [Arm { patterns, answer }] => {
                let expr = &answer.expr;
                let fields = (answer.fields.as_ref())
                    .map(|_| quote_spanned!(site=> let #(#patterns)* = self;));
                quote_spanned!(site=> #fields #expr)
            }
            arms => {
                let arms = arms.iter().map(|Arm { patterns, answer }| {
                    let expr = &answer.expr;
                    quote_spanned!(site=> #(#patterns)|* => #expr,)
                });
                quote_spanned!(site=> match self { #(#arms)* })
            }
        }
    }
}

impl Arm {
    /// Answers that look at fields are not compared: their variables may differ in type.
    fn is_as(&self, answer: &Answer) -> bool {
        self.answer.fields.is_none()
            && answer.fields.is_none()
            && self.answer.expr.to_string() == answer.expr.to_string()
    }
}

fn located(member: &Member, site: Span) -> Member {
    match member {
        Member::Named(ident) => Member::Named(located_ident(ident, site)),
        Member::Unnamed(index) => Member::Unnamed(index.clone()),
    }
}

/// The name at its place, raw if it is, and written by the expansion.
fn located_ident(ident: &Ident, site: Span) -> Ident {
    let mut ident = ident.clone();
    ident.set_span(site.located_at(ident.span()));
    ident
}
