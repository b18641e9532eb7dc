//! The deadline and the shared objects: budget, breaker, push-back, cancellation.

use proc_macro2::TokenStream;
use quote::quote_spanned;
use syn::Type;
use syn::spanned::Spanned;

use super::{Expansion, Mode, located};
use crate::types;

impl Expansion<'_> {
    /// Whether something may hold an attempt back, or end a wait: then the last error is kept over
    /// the wait, to be returned.
    pub(super) fn is_gated(&self) -> bool {
        let policy = self.policy;
        policy.breaker.is_some() || policy.pushback.is_some() || policy.cancel.is_some()
    }

    /// Whether the call may end before its first attempt.
    pub(super) fn can_be_refused(&self) -> bool {
        let policy = self.policy;
        let may_end = policy.deadline.is_some() || policy.cancel.is_some();
        policy.breaker.is_some() || policy.pushback.is_some() && may_end
    }

    /// `let mut brakes = ..;` if there are any.
    pub(super) fn brakes(&self, mode: Mode) -> Option<TokenStream> {
        let Self {
            policy,
            site,
            krate,
            ..
        } = self;
        let mut declared = TokenStream::new();
        let mut setters = TokenStream::new();
        if let Some(deadline) = &policy.deadline {
            let limit = &deadline.tokens;
            setters.extend(quote_spanned!(*site=> .deadline(#limit)));
        }
        if let Some(budget) = &policy.budget {
            declared.extend(self.shared(&self.variable("__budget"), "RetryBudget", budget));
            setters.extend(quote_spanned!(*site=> .budget(__budget)));
        }
        if let Some(breaker) = &policy.breaker {
            declared.extend(self.shared(&self.variable("__breaker"), "CircuitBreaker", breaker));
            setters.extend(quote_spanned!(*site=> .breaker(__breaker)));
        }
        if let Some(pushback) = &policy.pushback {
            declared.extend(self.shared(&self.variable("__pushback"), "Pushback", pushback));
            setters.extend(quote_spanned!(*site=> .pushback(__pushback)));
        }
        if setters.is_empty() && policy.cancel.is_none() {
            return None;
        }
        let none = match mode {
            Mode::Async => quote_spanned!(*site=> NONE),
            Mode::Blocking => quote_spanned!(*site=> BLOCKING),
        };
        let cancel = policy.cancel.as_ref().map(|cancel| {
            let there = site.located_at(cancel.span());
            quote_spanned!(there=> let __cancel = &#cancel;)
        });
        Some(quote_spanned! {*site=>
            #declared
            #cancel
            let mut __brakes = #krate::__private::Brakes::#none #setters;
        })
    }

    /// What is done on success, and what is asked after a failure.
    pub(super) fn braked(&self, admission: &TokenStream) -> (TokenStream, TokenStream) {
        let Self { site, krate, .. } = self;
        let succeeded = quote_spanned! {*site=>
            #krate::__private::Brakes::succeeded(&__brakes, #admission);
        };
        let after_failure = quote_spanned! {*site=>
            #krate::__private::Brakes::after_failure(
                &mut __brakes, __site, &mut __progress, __error, __verdict, __ask, #admission,
            )
        };
        (succeeded, after_failure)
    }

    /// The loop around one attempt, each with leave.
    pub(super) fn gated_attempts(
        &self,
        ret: &Type,
        attempt: &TokenStream,
        mode: Mode,
    ) -> TokenStream {
        let Self { site, krate, .. } = self;
        let brakes = self.brakes(mode);
        let judged = self.judged(ret, attempt);
        let cancelled = self.cancelled();
        let brakes_of = quote_spanned!(*site=> #krate::__private::Brakes);
        let (admit, wait) = match mode {
            Mode::Async => (
                quote_spanned!(*site=> #brakes_of::admit(&__brakes, __site, #cancelled).await),
                quote_spanned!(*site=> #brakes_of::wait(&__brakes, __delay, #cancelled).await),
            ),
            Mode::Blocking => (
                quote_spanned!(*site=> #brakes_of::admit_blocking(&__brakes, __site, #cancelled)),
                quote_spanned!(*site=> #brakes_of::wait_blocking(&__brakes, __delay, #cancelled)),
            ),
        };
        let its_site = &judged.site;
        let admission = if self.can_be_refused() {
            let at_error = site.located_at(types::error_span(ret));
            let runtime = located(krate, at_error);
            let error = quote_spanned!(at_error=> #runtime::__private::not_attempted(__refused));
            let refused = self.leave_refused(&error);
            let admitted = quote_spanned! {*site=>
                match { #its_site #admit } {
                    ::core::result::Result::Ok(__admission) => __admission,
                    ::core::result::Result::Err(__refused) => #refused,
                }
            };
            match mode {
                Mode::Blocking => admitted,
                Mode::Async => quote_spanned! {*site=>
                    match #brakes_of::admit_at_once(&__brakes) {
                        ::core::option::Option::Some(__admission) => __admission,
                        ::core::option::Option::None => #admitted,
                    }
                },
            }
        } else if self.policy.pushback.is_some() {
            // Nothing but time stands before the first attempt.
            quote_spanned! {*site=>
                { #its_site #admit.unwrap_or(#krate::__private::Admission::FREE) }
            }
        } else {
            quote_spanned!(*site=> #krate::__private::Admission::FREE)
        };
        let (succeeded, after_failure) = self.braked(&quote_spanned!(*site=> __admission));
        let decided = self.decided(&judged, &succeeded, &after_failure);
        let (configured, ask) = (&judged.configured, &judged.ask);
        let stop = self.leave_with_error();
        let statics = self.statics();
        let history = self.history_of_loop();
        let attempts = quote_spanned! {*site=>
            #statics
            #history
            let mut __progress = #krate::__private::Progress::START;
            #brakes
            let mut __admission = #admission;
            loop {
                // Only the error is kept over the wait: the value need not be `Send`.
                let (__kept, __delay) = {
                    #decided
                    (__kept, __delay)
                };
                __admission = match #wait {
                    ::core::result::Result::Ok(__admission) => __admission,
                    ::core::result::Result::Err(__reason) => {
                        #its_site
                        #configured
                        let __error = &__kept;
                        #krate::__private::Brakes::ended(
                            &__brakes,
                            __site,
                            __progress,
                            __delay,
                            __error,
                            #ask,
                            __reason,
                        );
                        #stop
                    }
                };
            }
        };
        self.with_fallback(ret, attempts, mode)
    }

    /// What ends a wait.
    fn cancelled(&self) -> TokenStream {
        match &self.policy.cancel {
            None => quote_spanned!(self.site=> ::core::future::pending::<()>()),
            Some(cancel) => {
                let there = self.site.located_at(cancel.span());
                quote_spanned!(there=> __cancel.cancelled())
            }
        }
    }
}
