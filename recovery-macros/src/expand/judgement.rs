//! What is decided after each attempt: the policy, and what the error means.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Expr, Pat, Type};

use super::Expansion;
use crate::check::Condition;
use crate::partner::Errors;
use crate::{types, values};

/// The parts of a decision, as tokens.
pub(super) struct Judged {
    /// `let result: R = attempt;`
    result: TokenStream,
    /// `let site: &Site = ..;`, with what is known at compile time.
    pub(super) site: TokenStream,
    /// `Err(error)`, where the return type is written.
    failed: TokenStream,
    /// `let site = ..;` with what only run time knows.
    pub(super) configured: TokenStream,
    /// How to ask the error what it means.
    pub(super) ask: TokenStream,
    /// What patterns or a predicate say of it.
    verdict: TokenStream,
}

impl Expansion<'_> {
    pub(super) fn judged(&self, ret: &Type, attempt: &TokenStream) -> Judged {
        let site = &self.site;
        // A return type that is no `Result` is complained of where it is written.
        let ret_site = site.located_at(ret.span());
        Judged {
            result: quote_spanned!(*site=> let __result: #ret = #attempt;),
            site: self.declared_site(),
            failed: quote_spanned!(ret_site=> ::core::result::Result::Err(__error)),
            configured: self.configured(),
            ask: self.ask(ret),
            verdict: self.verdict(),
        }
    }

    /// From the attempt to the delay that follows it; leaves the loop if none does. The error is
    /// given away: nobody needs it afterwards.
    pub(super) fn decided_by_value(&self, judged: &Judged) -> TokenStream {
        let Self { site, krate, .. } = self;
        let Judged {
            result,
            site: its_site,
            failed,
            configured,
            ask,
            verdict,
        } = judged;
        quote_spanned! {*site=>
            #result
            #its_site
            let #failed = __result else {
                #krate::__private::Progress::succeeded(&__progress, __site);
                break __result;
            };
            #configured
            // Patterns and predicates are shown a reference.
            let __owned = __error;
            let __error = &__owned;
            let __verdict = #verdict;
            let __ask = #ask;
            match #krate::__private::Site::after_error(
                __site, &mut __progress, __owned, __verdict, __ask,
            ) {
                ::core::result::Result::Ok(__delay) => __delay,
                ::core::result::Result::Err(__error) => {
                    break ::core::result::Result::Err(__error);
                }
            }
        }
    }

    /// From the attempt to the delay that follows it; leaves the loop if none does.
    pub(super) fn decided(
        &self,
        judged: &Judged,
        succeeded: &TokenStream,
        after_failure: &TokenStream,
    ) -> TokenStream {
        let Self { site, krate, .. } = self;
        let Judged {
            result,
            site: its_site,
            failed,
            configured,
            ask,
            verdict,
        } = judged;
        let (before, hook) = self.hook();
        let success = self.leave_with_result();
        let stop = self.leave_with_error();
        let record = self.record();
        let reason = if self.policy.fallback.is_some() {
            quote_spanned!(*site=> __reason)
        } else {
            quote_spanned!(*site=> _)
        };
        quote_spanned! {*site=>
            #result
            #its_site
            let #failed = __result else {
                #succeeded
                #krate::__private::Progress::succeeded(&__progress, __site);
                #success;
            };
            #configured
            let __kept = __error;
            let __error = &__kept;
            let __verdict = #verdict;
            let __ask = #ask;
            #before
            let __decision = #after_failure;
            #record
            let __delay = match __decision {
                ::core::result::Result::Ok(__delay) => __delay,
                ::core::result::Result::Err(#reason) => #stop,
            };
            #hook
        }
    }

    /// What is known of the call at compile time, and its counts: outside the loop.
    pub(super) fn statics(&self) -> TokenStream {
        let Self {
            site,
            krate,
            policy,
            name,
        } = self;
        let mut tokens = match &policy.base {
            None if policy.schedule.is_literal() => {
                let config = self.built();
                quote_spanned!(*site=> #krate::__private::Site::new(#name, #config))
            }
            _ => quote_spanned!(*site=> #krate::__private::Site::named(#name)),
        };
        if policy.at_most_once {
            tokens.extend(quote_spanned!(*site=> .at_most_once()));
        }
        if let Condition::Listed(listed) = &policy.condition {
            if !listed.retried.is_empty() {
                let kinds = self.kinds(&listed.retried);
                tokens.extend(quote_spanned!(*site=> .retry_on(#kinds)));
            }
            if !listed.excepted.kinds.is_empty() {
                let kinds = self.kinds(&listed.excepted);
                tokens.extend(quote_spanned!(*site=> .except(#kinds)));
            }
        }
        quote_spanned! {*site=>
            static __RECOVERY_STATS: #krate::__private::SiteStats = #krate::__private::SiteStats::new();
            static __RECOVERY_SITE: #krate::__private::Site = #tokens.counted(&__RECOVERY_STATS);
        }
    }

    fn declared_site(&self) -> TokenStream {
        quote_spanned!(self.site=> let __site = &__RECOVERY_SITE;)
    }

    fn kinds(&self, errors: &Errors) -> TokenStream {
        let Self { site, krate, .. } = self;
        let kinds = &errors.kinds;
        quote_spanned!(*site=> &[#(#krate::ErrorKind::#kinds),*])
    }

    /// The written options, on top of the default policy.
    fn built(&self) -> TokenStream {
        let Self { site, krate, .. } = self;
        let setters = self.policy.schedule.setters(*site);
        quote_spanned!(*site=> #krate::__private::policy(#krate::RetryConfig::builder() #setters))
    }

    /// `let site = ..;` with the policy that only run time knows.
    fn configured(&self) -> TokenStream {
        let Self {
            site,
            krate,
            policy,
            ..
        } = self;
        let Some(base) = &policy.base else {
            if policy.schedule.is_literal() {
                return TokenStream::new();
            }
            let built = self.built();
            return quote_spanned!(*site=> let __site = &#krate::__private::Site::with_config(__site, #built););
        };
        let setters = policy.schedule.setters(*site);
        let config = if setters.is_empty() {
            quote_spanned!(*site=> ::core::clone::Clone::clone(__config))
        } else {
            quote_spanned!(*site=> #krate::__private::policy(#krate::RetryConfig::to_builder(__config) #setters))
        };
        let base = self.shared(&self.variable("__config"), "RetryConfig", base);
        quote_spanned! {*site=>
            #base
            let __site = &#krate::__private::Site::with_config(__site, #config);
        }
    }

    /// `let name: &T = &value;`: whatever dereferences to a `T` will do.
    pub(super) fn shared(&self, name: &Ident, ty: &str, value: &Expr) -> TokenStream {
        let krate = self.krate;
        let there = self.site.located_at(value.span());
        let ty = Ident::new(ty, there);
        let value = if values::needs_parentheses(value) {
            quote_spanned!(there=> (#value))
        } else {
            value.to_token_stream()
        };
        // In two steps: the arms of an `if` or a `match` may be references themselves.
        quote_spanned! {there=>
            let __shared = &#value;
            let #name: &#krate::#ty = __shared;
        }
    }

    /// A variable of ours.
    pub(super) fn variable(&self, name: &str) -> Ident {
        Ident::new(name, self.site)
    }

    /// How to ask the error what it means, and for its text.
    fn ask(&self, ret: &Type) -> TokenStream {
        let Self { site, krate, .. } = self;
        // Whether it has taken effect is asked too.
        let asks_effect = self.policy.at_most_once;
        let needs_class = asks_effect
            || match &self.policy.condition {
                Condition::Transient => true,
                Condition::When(_) => false,
                Condition::Listed(listed) => {
                    listed.retried.is_empty()
                        || !listed.retried.kinds.is_empty()
                        || !listed.excepted.kinds.is_empty()
                }
            };
        let probe = quote_spanned!(*site=> #krate::__private::Probe::new(__error));
        let ask = quote_spanned!(*site=> (#probe.recovery_class(), #probe.recovery_text()));
        if needs_class {
            // An error type that is not classified is complained of once, where it is written.
            let at_error = site.located_at(types::error_span(ret));
            let classified = quote_spanned!(at_error=> #krate::__private::classified(__error));
            quote_spanned!(*site=> { #classified; #ask })
        } else {
            ask
        }
    }

    /// What patterns or a predicate say of the error.
    fn verdict(&self) -> TokenStream {
        let Self { site, krate, .. } = self;
        let verdict = quote_spanned!(*site=> #krate::__private::Verdict);
        match &self.policy.condition {
            Condition::Transient => quote_spanned!(*site=> #verdict::ByKind),
            Condition::When(predicate) => quote_spanned! {*site=>
                #verdict::when(#krate::__private::holds(__error, #predicate))
            },
            Condition::Listed(listed) => {
                let excepted = matches(*site, &listed.excepted.patterns);
                let retried = matches(*site, &listed.retried.patterns);
                let excepted = excepted
                    .map(|matches| quote_spanned!(*site=> if #matches { #verdict::Except } else));
                let retried = retried
                    .map(|matches| quote_spanned!(*site=> if #matches { #verdict::Retry } else));
                if excepted.is_none() && retried.is_none() {
                    return quote_spanned!(*site=> #verdict::ByKind);
                }
                quote_spanned!(*site=> #excepted #retried { #verdict::ByKind })
            }
        }
    }

    /// What stands before the decision for the hook, and its call.
    fn hook(&self) -> (TokenStream, TokenStream) {
        let Self { site, krate, .. } = self;
        let before = if self.policy.on_retry.is_some() || self.policy.history {
            quote_spanned!(*site=> let __failed = __progress;)
        } else {
            TokenStream::new()
        };
        let Some(hook) = &self.policy.on_retry else {
            return (before, TokenStream::new());
        };
        let history = if self.policy.history {
            quote_spanned!(*site=> ::core::option::Option::Some(&__history))
        } else {
            quote_spanned!(*site=> ::core::option::Option::None)
        };
        let call = quote_spanned! {*site=>
            #krate::__private::call_hook(
                &#krate::__private::Site::attempt(__site, __failed, __error, __ask, __delay, #history),
                #hook,
            );
        };
        (before, call)
    }

    /// The history, if one is kept and no fallback outside the loop needs it.
    pub(super) fn history_of_loop(&self) -> TokenStream {
        match self.policy.fallback {
            Some(_) => TokenStream::new(),
            None => self.history(),
        }
    }

    /// `let mut history = ..;` if one is kept.
    pub(super) fn history(&self) -> TokenStream {
        let Self { site, krate, .. } = self;
        if self.policy.history {
            quote_spanned!(*site=> let mut __history = #krate::History::new();)
        } else {
            TokenStream::new()
        }
    }

    /// Takes the attempt into the history.
    fn record(&self) -> TokenStream {
        let Self { site, krate, .. } = self;
        if self.policy.history {
            quote_spanned! {*site=>
                #krate::History::record(&mut __history, __failed, __error, __ask, &__decision);
            }
        } else {
            TokenStream::new()
        }
    }
}

/// Whether the error matches one of the patterns.
fn matches(site: Span, patterns: &[(Pat, Option<Expr>)]) -> Option<TokenStream> {
    let matches = patterns.iter().map(|(pattern, guard)| {
        let guard = guard.as_ref().map(|guard| quote!(if #guard));
        quote_spanned!(site=> ::core::matches!(__error, #pattern #guard))
    });
    matches.reduce(|left, right| quote_spanned!(site=> #left || #right))
}
