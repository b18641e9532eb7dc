//! Writes the loop into the function.

mod attempt;
mod brakes;
mod exit;
mod judgement;

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{
    Attribute, Block, Expr, ItemFn, Pat, Path, ReturnType, Signature, Stmt, Type, parse_quote,
};

use crate::arguments::{self, Rebinding};
use crate::check::Policy;
use crate::diag::Diagnostics;
use crate::function::{Body, Function};
use crate::target::{self, Shape};
use crate::{args, async_trait, check, docs, function, future, partner, refusal, types};

/// `#[retry]`: all stages.
pub(crate) fn retry(args: TokenStream, item: TokenStream) -> TokenStream {
    let mut diagnostics = Diagnostics::default();
    let mut function = match target::parse(item.clone()) {
        Ok(function) => function,
        Err(error) => {
            diagnostics.push(error);
            return refusal::emit(diagnostics, item);
        }
    };
    let attrs = &mut function.item.attrs;
    let listed = partner::take(attrs, &mut diagnostics);
    refuse_second(attrs, &mut diagnostics);
    let shape = target::shape(&function, &mut diagnostics);
    let names = arguments::names(&function.item.sig, &shape);
    let args = args::parse(args, &mut diagnostics);
    let mut policy = check::policy(args, listed, names, &mut diagnostics);
    if let (Shape::Blocking, Some(timeout)) = (&shape, &policy.timeout) {
        diagnostics.error(
            timeout.key.span(),
            "a blocking attempt cannot be cut off",
            "make the function async, or give what it calls a time limit of its own",
        );
    }
    if !diagnostics.is_empty() {
        return refusal::emit(diagnostics, function);
    }
    if matches!(shape, Shape::Unreadable) {
        return function.into_token_stream();
    }
    docs::append(&policy, &mut function.item.attrs);
    if matches!(shape, Shape::AsyncTrait(_)) && function.item.sig.receiver().is_some() {
        policy.rename_self(async_trait::SELF);
    }
    let body = Expansion::new(&policy, &function.item.sig).body(shape, &mut function);
    function.with_body(body)
}

fn refuse_second(attrs: &mut Vec<Attribute>, diagnostics: &mut Diagnostics) {
    attrs.retain(|attr| {
        let second = partner::names(attr, "retry");
        if second {
            diagnostics.error(
                attr.path().span(),
                "a second `#[retry]` would multiply the attempts of the first",
                "put all options into one",
            );
        }
        !second
    });
}

/// One expansion. All that it writes is of mixed site: no user code sees its variables, and they
/// shadow none of the user's.
struct Expansion<'p> {
    policy: &'p Policy,
    site: Span,
    krate: &'p Path,
    name: TokenStream,
}

/// How the call waits.
#[derive(Clone, Copy, PartialEq)]
enum Mode {
    Async,
    Blocking,
}

impl<'p> Expansion<'p> {
    fn new(policy: &'p Policy, sig: &Signature) -> Self {
        let site = Span::mixed_site();
        let name = if let Some(name) = &policy.name {
            name.to_token_stream()
        } else {
            let path = format!("::{}", sig.ident.unraw());
            quote_spanned!(site=> ::core::concat!(::core::module_path!(), #path))
        };
        Self {
            policy,
            site,
            krate: &policy.krate,
            name,
        }
    }

    /// The function's new body; the arguments that each attempt gets anew lose their `mut`.
    fn body(&self, shape: Shape, function: &mut Function) -> TokenStream {
        let sig = &mut function.item.sig;
        let ReturnType::Type(_, ty) = sig.output.clone() else {
            return function.body.tokens.clone();
        };
        match shape {
            Shape::Async | Shape::Blocking => {
                let rebindings = arguments::take_rebound(sig);
                let mode = match shape {
                    Shape::Async => Mode::Async,
                    _ => Mode::Blocking,
                };
                self.retry(&types::annotation(&ty), &rebindings, &function.body, mode)
            }
            Shape::AsyncTrait(block) => self.body_in_async_trait(block, sig),
            Shape::Future(block) => self.body_in_future(block, &ty, &mut function.item),
            Shape::Unreadable => function.body.tokens.clone(),
        }
    }

    // Input (what async_trait has written):
    //     Box::pin(async move {
    //         let mut n = n;
    //         let __ret: R = { body };
    //         __ret
    //     })
    //
    // Output:
    //     Box::pin(async move {
    //         let n = n;
    //         let __ret: R = { attempts of { let mut n = n; body } };
    //         __ret
    //     })
    fn body_in_async_trait(&self, mut body: Block, sig: &mut Signature) -> TokenStream {
        let mut rebindings = arguments::take_rebound(sig);
        rebindings.retain(|rebound| !async_trait::is_taken_apart(&rebound.ident));
        if let Some(block) = async_trait::block_mut(&mut body) {
            let place = async_trait::result_place(block).unwrap_or_default();
            for stmt in block.stmts.iter_mut().take(place) {
                if let Stmt::Local(local) = stmt {
                    // `let mut __self = self;` is a reference, and stays.
                    let own =
                        matches!(&local.pat, Pat::Ident(pat) if pat.ident == async_trait::SELF);
                    if !own {
                        let cfgs = arguments::cfgs(&local.attrs);
                        let reborrow = arguments::is_reborrowed(sig, &local.pat);
                        arguments::take(&mut local.pat, reborrow, &cfgs, &mut rebindings);
                    }
                }
            }
            if let Some(Stmt::Local(local)) = block.stmts.get_mut(place)
                && let Pat::Type(pat) = &local.pat
                && let Some(init) = &mut local.init
                && let Expr::Block(inner) = &mut *init.expr
            {
                self.retry_block(&pat.ty, &rebindings, &mut inner.block);
            }
        }
        Body::of(&body).tokens
    }

    // Input:
    //     fn f(mut n: u32) -> impl Future<Output = R> {
    //         before;
    //         async move { body }
    //     }
    //
    // Output:
    //     fn f(n: u32) -> impl Future<Output = R> {
    //         before;
    //         async move { attempts of { let mut n = n; body } }
    //     }
    fn body_in_future(&self, mut body: Block, ty: &Type, item: &mut ItemFn) -> TokenStream {
        let mut sig = item.sig.clone();
        let rebindings = arguments::take_rebound(&mut sig);
        let before = future::statements_before(&body);
        let before = quote!(#(#before)*);
        // What is changed before the future is made keeps its `mut` there too.
        let is_changed = |rebound: &Rebinding| {
            rebound.mutability.is_some() && function::mention(before.clone(), &rebound.ident)
        };
        if rebindings.iter().any(is_changed) {
            item.attrs.push(parse_quote!(#[allow(unused_mut)]));
        } else {
            item.sig = sig;
        }
        if let Some(ret) = types::output(ty).map(types::annotation)
            && let Some(tail) = future::tail(&mut body)
        {
            self.retry_block(&ret, &rebindings, tail);
        }
        Body::of(&body).tokens
    }

    fn retry_block(&self, ret: &Type, rebindings: &[Rebinding], block: &mut Block) {
        let body = Body::of(block);
        *block = body.block(self.retry(ret, rebindings, &body, Mode::Async));
    }

    fn retry(&self, ret: &Type, rebindings: &[Rebinding], body: &Body, mode: Mode) -> TokenStream {
        let attempt = match mode {
            Mode::Async => self.async_attempt(ret, rebindings, body),
            Mode::Blocking => self.blocking_attempt(ret, rebindings, body),
        };
        if self.is_gated() {
            self.gated_attempts(ret, &attempt, mode)
        } else {
            self.attempts(ret, &attempt, mode)
        }
    }

    /// The loop around one attempt.
    fn attempts(&self, ret: &Type, attempt: &TokenStream, mode: Mode) -> TokenStream {
        let Self { site, krate, .. } = self;
        let brakes = self.brakes(mode);
        let judged = self.judged(ret, attempt);
        let decided = if brakes.is_some() {
            let free = quote_spanned!(*site=> #krate::__private::Admission::FREE);
            let (succeeded, after_failure) = self.braked(&free);
            let decided = self.decided(&judged, &succeeded, &after_failure);
            quote_spanned!(*site=> #decided __delay)
        } else if self.policy.on_retry.is_some() || self.policy.fallback.is_some() {
            let after_failure = quote_spanned! {*site=>
                #krate::__private::Site::after_failure(
                    __site, &mut __progress, __error, __verdict, __ask,
                )
            };
            let decided = self.decided(&judged, &TokenStream::new(), &after_failure);
            quote_spanned!(*site=> #decided __delay)
        } else {
            self.decided_by_value(&judged)
        };
        let wait = match mode {
            Mode::Async => quote_spanned!(*site=> #krate::__private::wait(__delay).await;),
            Mode::Blocking => quote_spanned!(*site=> #krate::__private::wait_blocking(__delay);),
        };
        let statics = self.statics();
        let history = self.history_of_loop();
        let attempts = quote_spanned! {*site=>
            #statics
            #history
            let mut __progress = #krate::__private::Progress::START;
            #brakes
            loop {
                // The block ends before the wait, and with it the error.
                let __delay = { #decided };
                #wait
            }
        };
        self.with_fallback(ret, attempts, mode)
    }
}

/// The path, as if it stood there.
fn located(path: &Path, there: Span) -> TokenStream {
    let located = path.to_token_stream().into_iter().map(|mut token| {
        token.set_span(token.span().located_at(there));
        token
    });
    located.collect()
}
