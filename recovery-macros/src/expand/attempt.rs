//! One attempt.

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};
use quote::{quote, quote_spanned};
use syn::Type;
use syn::spanned::Spanned;

use super::{Expansion, located};
use crate::arguments::Rebinding;
use crate::function::{Body, mention};
use crate::types;

impl Expansion<'_> {
    /// One attempt: `async { body }.await`, or the body itself if it cannot leave the function.
    pub(super) fn async_attempt(
        &self,
        ret: &Type,
        rebindings: &[Rebinding],
        body: &Body,
    ) -> TokenStream {
        let Self { site, krate, .. } = self;
        let prelude = self.prelude(rebindings, body);
        if self.policy.timeout.is_none() && runs_to_its_end(body) {
            return self.plain_attempt(ret, &prelude, body);
        }
        // The early return that never happens tells the compiler the block's type, for `?`,
        // `return` and coercions in the body.
        let never = self.never(ret);
        let attempt = self.plain_attempt(ret, &TokenStream::new(), body);
        let block = body.block(quote_spanned!(*site=> if false { return #never; } #attempt));
        // The prelude is outside: what the body consumes is then owned by the block, not borrowed.
        let attempt = quote_spanned!(*site=> async #block);
        let attempt = match &self.policy.timeout {
            None => attempt,
            Some(timeout) => {
                // An error type that cannot tell of a timeout is complained of where it is written.
                let at_error = site.located_at(types::error_span(ret));
                let runtime = located(krate, at_error);
                let timed_out = quote_spanned!(at_error=> #runtime::__private::timed_out);
                let limit = &timeout.tokens;
                quote_spanned!(*site=> #krate::__private::within(#limit, #attempt, #timed_out))
            }
        };
        if prelude.is_empty() {
            return quote_spanned!(*site=> #attempt.await);
        }
        quote_spanned!(*site=> { #prelude #attempt.await })
    }

    /// One attempt: a closure that is called once, at once, or the body itself if it cannot leave
    /// the function.
    pub(super) fn blocking_attempt(
        &self,
        ret: &Type,
        rebindings: &[Rebinding],
        body: &Body,
    ) -> TokenStream {
        let Self { site, krate, .. } = self;
        let prelude = self.prelude(rebindings, body);
        if runs_to_its_end(body) {
            return self.plain_attempt(ret, &prelude, body);
        }
        let block = if prelude.is_empty() {
            body.block(body.tokens.clone())
        } else {
            let attempt = self.plain_attempt(ret, &TokenStream::new(), body);
            body.block(quote!(#prelude #attempt))
        };
        quote_spanned!(*site=> #krate::__private::attempt(|| -> #ret #block))
    }

    /// The body itself, under a condition that always holds: so its braces are needed, whatever is
    /// in them, and what follows can be reached, should it never end.
    ///
    /// The braces are the user's own, for by them the compiler knows the edition, on which it hangs
    /// when temporaries are dropped. The prelude is outside: a lint asks that items come first.
    fn plain_attempt(&self, ret: &Type, prelude: &TokenStream, body: &Body) -> TokenStream {
        let site = self.site;
        let never = self.never(ret);
        let block = body.block(body.tokens.clone());
        let attempt = quote_spanned!(site=> if true #block else { #never });
        if prelude.is_empty() {
            return attempt;
        }
        quote_spanned!(site=> { #prelude #attempt })
    }

    /// A value of the return type that is never made.
    fn never(&self, ret: &Type) -> TokenStream {
        let krate = self.krate;
        let ret_site = self.site.located_at(ret.span());
        quote_spanned!(ret_site=> #krate::__private::never::<#ret>())
    }

    /// What each attempt begins with: its number, its clones, its `mut` arguments.
    fn prelude(&self, rebindings: &[Rebinding], body: &Body) -> TokenStream {
        let Self {
            policy,
            site,
            krate,
            ..
        } = self;
        let mut tokens = TokenStream::new();
        if let Some(attempt) = &policy.attempt {
            tokens.extend(quote_spanned!(*site=> let #attempt: ::core::primitive::u32 = __progress.attempt();));
        }
        for ident in &policy.clone {
            let rebound = rebindings.iter().find(|rebound| rebound.ident == *ident);
            let mutability = rebound.and_then(|rebound| rebound.mutability);
            let cfgs = rebound.map_or(&[] as &[_], |rebound| &rebound.cfgs);
            // Lints on the `mut` point where it is written.
            let bound = rebound.map_or(ident, |rebound| &rebound.ident);
            let site = site.located_at(ident.span());
            tokens.extend(quote_spanned! {site=>
                #(#cfgs)* let #mutability #bound = ::core::clone::Clone::clone(&#ident);
            });
        }
        for rebound in rebindings {
            let Rebinding {
                ident,
                mutability,
                reborrow,
                cfgs,
            } = rebound;
            // A reference that the body does not use would be said to be unused.
            let is_idle = mutability.is_none() && !mention(body.tokens.clone(), ident);
            if is_idle || policy.clone.contains(ident) {
                continue;
            }
            let site = site.located_at(ident.span());
            let again = if *reborrow {
                quote_spanned!(site=> &mut *#ident)
            } else {
                quote_spanned!(site=> #krate::__private::again(#ident))
            };
            tokens.extend(quote_spanned!(site=> #(#cfgs)* let #mutability #ident = #again;));
        }
        tokens
    }
}

/// Whether nothing in the body can leave the function, nor a loop around it: no `?`, no `return`,
/// no `break` or `continue`, and no macro, which might hide one.
///
/// Such a body needs neither an async block nor a closure around it, which costs the compiler
/// less, and the call too.
fn runs_to_its_end(body: &Body) -> bool {
    fn stays(tokens: TokenStream) -> bool {
        const LEAVES: [&str; 6] = ["return", "break", "continue", "yield", "yeet", "become"];
        // A name, or a fragment of `macro_rules!` that may be one.
        let mut last_is_name = false;
        tokens.into_iter().all(|token| {
            let (stays, is_name) = match token {
                TokenTree::Group(group) => {
                    let is_fragment = group.delimiter() == Delimiter::None;
                    (stays(group.stream()), is_fragment)
                }
                TokenTree::Ident(ident) => (!LEAVES.contains(&&*ident.to_string()), true),
                TokenTree::Punct(punct) => {
                    // `vec![..]`, but not `a != b`.
                    let is_macro =
                        punct.as_char() == '!' && last_is_name && punct.spacing() != Spacing::Joint;
                    (punct.as_char() != '?' && !is_macro, false)
                }
                TokenTree::Literal(_) => (true, false),
            };
            last_is_name = is_name;
            stays
        })
    }
    stays(body.tokens.clone())
}
