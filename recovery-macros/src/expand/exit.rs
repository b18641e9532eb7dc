//! How a call ends: by its result, by its last error, or by its fallback.

use proc_macro2::TokenStream;
use quote::quote_spanned;
use syn::spanned::Spanned;
use syn::{Expr, Type};

use super::{Expansion, Mode};

impl Expansion<'_> {
    /// Ends the call with `result`, which is a success.
    pub(super) fn leave_with_result(&self) -> TokenStream {
        if self.has_label() {
            quote_spanned!(self.site=> break 'call __result)
        } else {
            quote_spanned!(self.site=> break __result)
        }
    }

    /// Ends the call with the error that was kept, for `reason`.
    pub(super) fn leave_with_error(&self) -> TokenStream {
        let site = self.site;
        if self.policy.fallback.is_some() {
            quote_spanned!(site=> break 'stopped (__kept, __reason))
        } else if self.has_label() {
            quote_spanned!(site=> break 'call ::core::result::Result::Err(__kept))
        } else {
            quote_spanned!(site=> break ::core::result::Result::Err(__kept))
        }
    }

    /// Ends the call with `error`, made of `refused`, before its first attempt.
    pub(super) fn leave_refused(&self, error: &TokenStream) -> TokenStream {
        let Self { site, krate, .. } = self;
        if self.policy.fallback.is_some() {
            quote_spanned! {*site=>
                break 'stopped (#error, #krate::NotAttempted::reason(&__refused))
            }
        } else {
            quote_spanned!(*site=> break 'call ::core::result::Result::Err(#error))
        }
    }

    fn has_label(&self) -> bool {
        self.policy.fallback.is_some() || self.can_be_refused()
    }

    /// Around the loop: what is left by `leave_with_result` and `leave_with_error`.
    pub(super) fn with_fallback(
        &self,
        ret: &Type,
        attempts: TokenStream,
        mode: Mode,
    ) -> TokenStream {
        let Self { site, krate, .. } = self;
        let Some(fallback) = &self.policy.fallback else {
            return if self.has_label() {
                quote_spanned!(*site=> 'call: { #attempts })
            } else {
                attempts
            };
        };
        let runtime = quote_spanned!(*site=> #krate::__private);
        // A blocking fallback answers at once, with what may have to be coerced; an async one with a
        // result or with a future.
        let answer = match mode {
            Mode::Blocking => quote_spanned!(*site=> #ret),
            Mode::Async => quote_spanned!(*site=> _),
        };
        let call = match fallback {
            Expr::Closure(closure) if closure.inputs.len() == 1 => {
                quote_spanned!(*site=> #runtime::fall_back::<_, #answer, _>)
            }
            Expr::Closure(closure) if closure.inputs.len() == 2 => {
                quote_spanned!(*site=> #runtime::fall_back_by_reason::<_, #answer, _>)
            }
            Expr::Closure(_) => {
                quote_spanned!(*site=> #runtime::fall_back_by_history::<_, #answer, _>)
            }
            _ => quote_spanned!(*site=> #runtime::fall_back_by_path::<_, #answer, _, _>),
        };
        // An answer that is none is complained of where the fallback is written.
        let there = site.located_at(fallback.span());
        let answered = match mode {
            Mode::Blocking => quote_spanned!(there=> __answer),
            Mode::Async => quote_spanned! {there=>
                let __later = #krate::__private::Answer::new(__answer).recovery_answer();
                __later.await
            },
        };
        let declared = self.history();
        let history = if self.policy.history {
            quote_spanned!(*site=> __history)
        } else {
            quote_spanned!(*site=> #runtime::NoHistory)
        };
        quote_spanned! {*site=>
            'call: {
                #declared
                let (__error, __reason) = 'stopped: {
                    #attempts
                };
                let __answer = #call(__error, __reason, #history, #fallback);
                #answered
            }
        }
    }
}
