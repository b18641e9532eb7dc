//! Writes the loop into the function.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Block, Expr, ItemFn, Pat, Path, ReturnType, Stmt, Type, parse_quote};

use crate::check::{Condition, Policy, Timeout};
use crate::diag::Diagnostics;
use crate::target::{self, Rebinding, Shape};
use crate::{args, check, fallback, partner};

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
    let mut policy = check::policy(args, listed, &mut diagnostics);
    refuse_wrong_names(&policy, &function, &mut diagnostics);
    let shape = target::shape(&function, &mut diagnostics);
    if let (Shape::Blocking, Some(timeout)) = (shape, &policy.timeout) {
        diagnostics.error(
            timeout.key.span(),
            "a blocking attempt cannot be cut off",
            "make the function async, or give what it calls a time limit of its own",
        );
    }
    if matches!(shape, Shape::AsyncTrait) && function.sig.receiver().is_some() {
        policy.rename_self(target::ASYNC_TRAIT_SELF);
    }
    if !diagnostics.is_empty() {
        return fallback::emit(diagnostics, function);
    }
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

/// `clone(..)` names arguments, `attempt` none.
fn refuse_wrong_names(policy: &Policy, function: &ItemFn, diagnostics: &mut Diagnostics) {
    let known = target::argument_names(function);
    for ident in policy.clone.iter().filter(|ident| !known.contains(ident)) {
        let message = format!("`{}` is no argument of this function", ident.unraw());
        diagnostics.error(
            ident.span(),
            &message,
            "`clone(..)` names arguments; clone anything else in the body",
        );
    }
    if let Some(ident) = policy
        .attempt
        .as_ref()
        .filter(|ident| known.contains(ident))
    {
        let message = format!("`{}` is an argument of this function", ident.unraw());
        diagnostics.error(
            ident.span(),
            &message,
            "give the attempt's number another name",
        );
    }
}

/// One expansion. All that it writes is of mixed site: no user code sees its variables, and they
/// shadow none of the user's.
struct Expansion<'p> {
    policy: &'p Policy,
    site: Span,
    krate: &'p Path,
    name: TokenStream,
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
        let mut rebindings = target::take_mut_arguments(function);
        if let ReturnType::Type(_, ty) = &function.sig.output {
            let ret = target::annotation(ty);
            match shape {
                Shape::Async => {
                    let attempt = self.async_attempt(&ret, &rebindings, &function.block);
                    set_body(
                        &mut function.block,
                        &self.attempts(&ret, &attempt, Wait::Async),
                    );
                }
                Shape::Blocking => {
                    let attempt = self.blocking_attempt(&ret, &rebindings, &function.block);
                    set_body(
                        &mut function.block,
                        &self.attempts(&ret, &attempt, Wait::Blocking),
                    );
                }
                Shape::AsyncTrait => self.apply_in_async_trait(&mut rebindings, function),
            }
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
    fn apply_in_async_trait(&self, rebindings: &mut Vec<Rebinding>, function: &mut ItemFn) {
        rebindings.retain(|rebound| !target::is_taken_apart(&rebound.ident));
        let place = target::async_trait_result(&function.block);
        let Some(block) = target::async_block_mut(&mut function.block) else {
            return;
        };
        for stmt in block.stmts.iter_mut().take(place.unwrap_or_default()) {
            if let Stmt::Local(local) = stmt {
                // `let mut __self = self;` is a reference, and stays.
                let own =
                    matches!(&local.pat, Pat::Ident(pat) if pat.ident == target::ASYNC_TRAIT_SELF);
                if !own {
                    let cfgs = target::cfgs(&local.attrs);
                    let reborrow = target::is_reborrowed(&function.sig, &local.pat);
                    target::take_mut(&mut local.pat, reborrow, &cfgs, rebindings);
                }
            }
        }
        if let Some(Stmt::Local(local)) = place.and_then(|place| block.stmts.get_mut(place))
            && let Pat::Type(pat) = &local.pat
            && let Some(init) = &mut local.init
            && let Expr::Block(body) = &mut *init.expr
        {
            let ret = (*pat.ty).clone();
            let attempt = self.async_attempt(&ret, rebindings, &body.block);
            set_body(&mut body.block, &self.attempts(&ret, &attempt, Wait::Async));
        }
    }

    /// One attempt: `async { body }.await`.
    ///
    /// The early return that never happens tells the compiler the block's type, for `?`,
    /// `return` and coercions in the body.
    fn async_attempt(&self, ret: &Type, rebindings: &[Rebinding], body: &Block) -> TokenStream {
        let Self { site, krate, .. } = self;
        let prelude = self.prelude(rebindings);
        let ret_site = site.located_at(ret.span());
        let early = quote_spanned! {ret_site=>
            if false {
                return #krate::__private::never::<#ret>();
            }
        };
        let block = begun_with(&early, body);
        // The prelude is outside: what the body consumes is then owned by the block, not borrowed.
        let attempt = quote_spanned!(*site=> async #block);
        let attempt = match &self.policy.timeout {
            None => attempt,
            Some(Timeout { limit, .. }) => {
                // An error type that cannot tell of a timeout is complained of where it is written.
                let at_error = site.located_at(target::error_span(ret));
                let runtime = located(krate, at_error);
                let timed_out = quote_spanned!(at_error=> #runtime::__private::timed_out);
                quote_spanned!(*site=> #krate::__private::within(#limit, #attempt, #timed_out))
            }
        };
        quote_spanned!(*site=> { #prelude #attempt.await })
    }

    /// One attempt: a closure that is called once, at once.
    fn blocking_attempt(&self, ret: &Type, rebindings: &[Rebinding], body: &Block) -> TokenStream {
        let Self { site, krate, .. } = self;
        let prelude = self.prelude(rebindings);
        let block = begun_with(&prelude, body);
        quote_spanned!(*site=> #krate::__private::attempt(|| -> #ret #block))
    }

    /// What each attempt begins with: its number, its clones, its `mut` arguments.
    fn prelude(&self, rebindings: &[Rebinding]) -> TokenStream {
        let Self {
            policy,
            site,
            krate,
            ..
        } = self;
        let mut tokens = TokenStream::new();
        if let Some(attempt) = &policy.attempt {
            tokens.extend(quote_spanned!(*site=> let #attempt: u32 = progress.attempt();));
        }
        for ident in &policy.clone {
            let rebound = rebindings.iter().find(|rebound| rebound.ident == *ident);
            let mutability = rebound.map(|rebound| rebound.mutability);
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
            if policy.clone.contains(ident) {
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

    /// The loop around one attempt.
    fn attempts(&self, ret: &Type, attempt: &TokenStream, wait: Wait) -> TokenStream {
        let Self {
            site,
            krate,
            name,
            policy,
        } = self;
        let config = self.config();
        let at_most_once = policy.at_most_once;
        let judged = self.failure(ret);
        // A return type that is no `Result` is complained of where it is written.
        let ret_site = site.located_at(ret.span());
        let failed = quote_spanned!(ret_site=> ::core::result::Result::Err(error));
        let hook = policy.on_retry.as_ref().map(|hook| {
            quote_spanned! {*site=>
                #krate::__private::call_hook(
                    &machine.attempt(progress, failure, error, delay),
                    #hook,
                );
            }
        });
        let wait = match wait {
            Wait::Async => quote_spanned!(*site=> #krate::__private::wait(delay).await;),
            Wait::Blocking => quote_spanned!(*site=> #krate::__private::wait_blocking(delay);),
        };
        quote_spanned! {*site=>
            let mut progress = #krate::__private::Progress::START;
            loop {
                // The block ends before the wait, and with it the error.
                let delay = {
                    let result: #ret = #attempt;
                    let #failed = &result else {
                        progress.succeeded(#name);
                        break result;
                    };
                    #config
                    let machine = #krate::__private::machine(#name, config, #at_most_once);
                    let failure = #judged;
                    let delay = machine.after_failure(
                        progress,
                        failure,
                        #krate::__private::Probe::new(error).display(),
                    );
                    let ::core::option::Option::Some(delay) = delay else {
                        break result;
                    };
                    #hook
                    delay
                };
                // First, so that the delay is not kept over the wait.
                progress.advance(delay);
                #wait
            }
        }
    }

    /// `let config: &RetryConfig = ..;`, a constant where all is known.
    fn config(&self) -> TokenStream {
        let Self {
            site,
            krate,
            policy,
            ..
        } = self;
        let settings = policy.settings.iter().map(|setting| {
            let (method, value) = (&setting.method, &setting.value);
            quote_spanned!(*site=> .#method(#value))
        });
        let policy_of = quote_spanned!(*site=> #krate::__private::policy);
        match &policy.base {
            None => {
                let built = quote_spanned!(*site=> #policy_of(#krate::RetryConfig::builder() #(#settings)*));
                if policy.settings.iter().all(|setting| setting.is_literal) {
                    quote_spanned!(*site=> let config = const { &#built };)
                } else {
                    quote_spanned!(*site=> let config = &#built;)
                }
            }
            Some(base) => {
                let base_site = site.located_at(base.span());
                let borrowed = quote_spanned! {base_site=>
                    let base = &#base;
                    let config: &#krate::RetryConfig = ::core::borrow::Borrow::borrow(base);
                };
                if policy.settings.is_empty() {
                    return borrowed;
                }
                quote_spanned! {*site=>
                    #borrowed
                    let config = &#policy_of(config.to_builder() #(#settings)*);
                }
            }
        }
    }

    /// What the error means.
    fn failure(&self, ret: &Type) -> TokenStream {
        let Self { site, krate, .. } = self;
        // An error type that is not classified is complained of where it is written.
        let at_error = site.located_at(target::error_span(ret));
        let classified = quote_spanned!(at_error=> #krate::__private::Failure::classified(error));
        let probed = quote_spanned!(*site=> #krate::__private::Probe::new(error).failure());
        match &self.policy.condition {
            Condition::Transient => classified,
            Condition::When(predicate) => quote_spanned! {*site=>
                #probed.if_true(#krate::__private::holds(error, #predicate))
            },
            Condition::Listed(listed) => {
                let patterns = listed.patterns.iter().map(|(pattern, guard)| {
                    let guard = guard.as_ref().map(|guard| quote!(if #guard));
                    quote_spanned!(*site=> .or_if(::core::matches!(error, #pattern #guard)))
                });
                let kinds = &listed.kinds;
                let known = if kinds.is_empty() { probed } else { classified };
                quote_spanned! {*site=>
                    #known.if_kind_in(&[#(#krate::ErrorKind::#kinds),*]) #(#patterns)*
                }
            }
        }
    }
}

#[derive(Clone, Copy)]
enum Wait {
    Async,
    Blocking,
}

/// The block with `tokens` ahead of its statements, but behind the items it begins with: a lint
/// asks that items come first.
fn begun_with(tokens: &TokenStream, block: &Block) -> Block {
    let mut block = block.clone();
    let begin: Vec<Stmt> = parse_quote!(#tokens);
    let is_item = |stmt: &&Stmt| matches!(stmt, Stmt::Item(_));
    let items = block.stmts.iter().take_while(is_item).count();
    block.stmts.splice(items..items, begin);
    block
}

/// The path, as if it stood there.
fn located(path: &Path, there: Span) -> TokenStream {
    let located = path.to_token_stream().into_iter().map(|mut token| {
        token.set_span(token.span().located_at(there));
        token
    });
    located.collect()
}

/// Puts the loop between the braces the user wrote.
fn set_body(block: &mut Block, tokens: &TokenStream) {
    block.stmts = parse_quote!(#tokens);
}
