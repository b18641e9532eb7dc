//! Writes the loop into the function.

mod attempt;
mod brakes;
mod judgement;

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Block, Expr, ItemFn, Pat, Path, ReturnType, Stmt, Type, parse_quote};

use crate::arguments::{self, Rebinding};
use crate::check::Policy;
use crate::diag::Diagnostics;
use crate::target::{self, Shape};
use crate::{args, async_trait, check, docs, fallback, future, partner, types};

/// `#[retry]`: all stages.
pub(crate) fn retry(args: TokenStream, item: TokenStream) -> TokenStream {
    let mut diagnostics = Diagnostics::default();
    let mut function = match target::parse(item.clone()) {
        Ok(function) => function,
        Err(error) => {
            diagnostics.push(error);
            return fallback::emit(diagnostics, item);
        }
    };
    let listed = partner::take(&mut function.attrs, &mut diagnostics);
    refuse_second(&mut function, &mut diagnostics);
    let args = args::parse(args, &mut diagnostics);
    let names = arguments::names(&function);
    let mut policy = check::policy(args, listed, names, &mut diagnostics);
    let shape = target::shape(&function, &mut diagnostics);
    if let (Shape::Blocking, Some(timeout)) = (shape, &policy.timeout) {
        diagnostics.error(
            timeout.key.span(),
            "a blocking attempt cannot be cut off",
            "make the function async, or give what it calls a time limit of its own",
        );
    }
    if !diagnostics.is_empty() {
        return fallback::emit(diagnostics, function);
    }
    if matches!(shape, Shape::AsyncTrait) && function.sig.receiver().is_some() {
        policy.rename_self(async_trait::SELF);
    }
    docs::append(&policy, &mut function.attrs);
    Expansion::new(&policy, &function).apply(shape, &mut function);
    function.into_token_stream()
}

fn refuse_second(function: &mut ItemFn, diagnostics: &mut Diagnostics) {
    function.attrs.retain(|attr| {
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
    fn new(policy: &'p Policy, function: &ItemFn) -> Self {
        let site = Span::mixed_site();
        let name = if let Some(name) = &policy.name {
            name.to_token_stream()
        } else {
            let path = format!("::{}", function.sig.ident.unraw());
            quote_spanned!(site=> ::core::concat!(::core::module_path!(), #path))
        };
        Self {
            policy,
            site,
            krate: &policy.krate,
            name,
        }
    }

    fn apply(&self, shape: Shape, function: &mut ItemFn) {
        let ReturnType::Type(_, ty) = &function.sig.output else {
            return;
        };
        let ret = types::annotation(ty);
        match shape {
            Shape::Async => {
                let rebindings = arguments::take_mut_arguments(&mut function.sig);
                self.retry(&ret, &rebindings, &mut function.block, Mode::Async);
            }
            Shape::Blocking => {
                let rebindings = arguments::take_mut_arguments(&mut function.sig);
                self.retry(&ret, &rebindings, &mut function.block, Mode::Blocking);
            }
            Shape::AsyncTrait => self.apply_in_async_trait(function),
            Shape::Future => self.apply_in_future(function),
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
    fn apply_in_async_trait(&self, function: &mut ItemFn) {
        let mut rebindings = arguments::take_mut_arguments(&mut function.sig);
        rebindings.retain(|rebound| !async_trait::is_taken_apart(&rebound.ident));
        let Some(block) = async_trait::block_mut(&mut function.block) else {
            return;
        };
        let place = async_trait::result_place(block).unwrap_or_default();
        for stmt in block.stmts.iter_mut().take(place) {
            if let Stmt::Local(local) = stmt {
                // `let mut __self = self;` is a reference, and stays.
                let own = matches!(&local.pat, Pat::Ident(pat) if pat.ident == async_trait::SELF);
                if !own {
                    let cfgs = arguments::cfgs(&local.attrs);
                    let reborrow = arguments::is_reborrowed(&function.sig, &local.pat);
                    arguments::take_mut(&mut local.pat, reborrow, &cfgs, &mut rebindings);
                }
            }
        }
        if let Some(Stmt::Local(local)) = block.stmts.get_mut(place)
            && let Pat::Type(pat) = &local.pat
            && let Some(init) = &mut local.init
            && let Expr::Block(body) = &mut *init.expr
        {
            self.retry(&pat.ty, &rebindings, &mut body.block, Mode::Async);
        }
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
    fn apply_in_future(&self, function: &mut ItemFn) {
        let ReturnType::Type(_, ty) = &function.sig.output else {
            return;
        };
        let Some(ret) = types::output(ty).map(types::annotation) else {
            return;
        };
        let mut sig = function.sig.clone();
        let rebindings = arguments::take_mut_arguments(&mut sig);
        let before = future::statements_before(&function.block);
        // What is changed before the future is made keeps its `mut` there too.
        let is_changed = |rebound: &Rebinding| future::mention(before, &rebound.ident);
        if rebindings.iter().any(is_changed) {
            function.attrs.push(parse_quote!(#[allow(unused_mut)]));
        } else {
            function.sig = sig;
        }
        if let Some(body) = future::tail(&mut function.block) {
            self.retry(&ret, &rebindings, body, Mode::Async);
        }
    }

    /// Puts the loop between the braces the user wrote.
    fn retry(&self, ret: &Type, rebindings: &[Rebinding], body: &mut Block, mode: Mode) {
        let attempt = match mode {
            Mode::Async => self.async_attempt(ret, rebindings, body),
            Mode::Blocking => self.blocking_attempt(ret, rebindings, body),
        };
        let attempts = if self.is_gated() {
            self.gated_attempts(ret, &attempt, mode)
        } else {
            self.attempts(ret, &attempt, mode)
        };
        body.stmts = parse_quote!(#attempts);
    }

    /// The loop around one attempt.
    fn attempts(&self, ret: &Type, attempt: &TokenStream, mode: Mode) -> TokenStream {
        let Self { site, krate, .. } = self;
        let brakes = self.brakes(mode);
        let judged = self.judged(ret, attempt);
        let free = quote_spanned!(*site=> #krate::__private::Admission::FREE);
        let (succeeded, after_failure) = if brakes.is_some() {
            self.braked(&free)
        } else {
            let after_failure = quote_spanned! {*site=>
                site.after_failure(&mut progress, failure, verdict, display)
            };
            (TokenStream::new(), after_failure)
        };
        let decided = self.decided(&judged, &succeeded, &after_failure);
        let wait = match mode {
            Mode::Async => quote_spanned!(*site=> #krate::__private::wait(delay).await;),
            Mode::Blocking => quote_spanned!(*site=> #krate::__private::wait_blocking(delay);),
        };
        let attempts = quote_spanned! {*site=>
            let mut progress = #krate::__private::Progress::START;
            #brakes
            loop {
                // The block ends before the wait, and with it the error.
                let delay = {
                    #decided
                    delay
                };
                #wait
            }
        };
        self.with_fallback(attempts, mode)
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
