//! The options that set values of a `RetryConfig`: each as tokens, and as a value where it is a
//! literal, so that impossible policies are refused at compile time.

use std::time::Duration;

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::Ident;
use syn::spanned::Spanned;

use crate::args::Value;
use crate::diag::Diagnostics;
use crate::values::{self, Context};

/// One written option.
pub(crate) struct Setting<T> {
    /// The value, if it is known at compile time.
    pub(crate) literal: Option<T>,
    pub(crate) tokens: TokenStream,
    /// The option's name.
    pub(crate) key: Ident,
    /// Where the value is written.
    pub(crate) span: Span,
}

/// `RetryConfig::default()`, which written values are checked against.
pub(crate) const DEFAULT_MAX: u32 = 3;
pub(crate) const DEFAULT_INITIAL: Duration = Duration::from_millis(500);
pub(crate) const DEFAULT_MAX_DELAY: Duration = Duration::from_secs(30);
pub(crate) const DEFAULT_FACTOR: f64 = 2.0;
pub(crate) const DEFAULT_GROWTH: Growth = Growth::Exponential(DEFAULT_FACTOR);
pub(crate) const DEFAULT_FRACTION: f64 = 0.25;
pub(crate) const DEFAULT_JITTER: Jitter = Jitter::Proportional(DEFAULT_FRACTION);

/// The growth of the delay, known at compile time.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Growth {
    None,
    Constant,
    Linear,
    Fibonacci,
    Exponential(f64),
    Decorrelated,
}

/// The random part of the delay, known at compile time.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Jitter {
    None,
    Proportional(f64),
    Full,
    Equal,
}

/// All options of the schedule.
#[derive(Default)]
pub(crate) struct Schedule {
    pub(crate) max: Option<Setting<u32>>,
    pub(crate) initial: Option<Setting<Duration>>,
    pub(crate) backoff: Option<Setting<Growth>>,
    pub(crate) max_delay: Option<Setting<Duration>>,
    pub(crate) jitter: Option<Setting<Jitter>>,
}

impl Schedule {
    /// Understands the option if it is one of the schedule's; else gives the value back.
    pub(crate) fn apply(
        &mut self,
        context: &Context,
        key: &Ident,
        word: &str,
        value: Value,
    ) -> syn::Result<Option<Value>> {
        match word {
            "max" => {
                let example = "`max = 3`: attempts in all, the first included";
                let value = values::expr(key, value, example)?;
                let (literal, tokens) = values::max(context, &value)?;
                self.max = Some(Setting::new(key, value.span(), literal, tokens));
            }
            "initial" => {
                self.initial = Some(Setting::duration(key, value, "`initial = 500ms`")?);
            }
            "max_delay" => {
                self.max_delay = Some(Setting::duration(key, value, "`max_delay = 30s`")?);
            }
            "backoff" => {
                let example = "`backoff = 2.0`: each delay is twice the last";
                let value = values::expr(key, value, example)?;
                let (literal, tokens) = values::backoff(context, key, &value)?;
                self.backoff = Some(Setting::new(key, value.span(), literal, tokens));
            }
            "jitter" => {
                let span = value.span().unwrap_or_else(|| key.span());
                let (literal, tokens) = values::jitter(context, key, value)?;
                self.jitter = Some(Setting::new(key, span, literal, tokens));
            }
            _ => return Ok(Some(value)),
        }
        Ok(None)
    }

    /// Whether all that is written is known at compile time.
    pub(crate) fn is_literal(&self) -> bool {
        self.max.as_ref().is_none_or(|it| it.literal.is_some())
            && self.initial.as_ref().is_none_or(|it| it.literal.is_some())
            && self.backoff.as_ref().is_none_or(|it| it.literal.is_some())
            && (self.max_delay.as_ref()).is_none_or(|it| it.literal.is_some())
            && self.jitter.as_ref().is_none_or(|it| it.literal.is_some())
    }

    /// `.max_attempts(3).initial_delay(..)`, the calls on `RetryConfigBuilder`.
    pub(crate) fn setters(&self, site: Span) -> TokenStream {
        let max = self.max.as_ref().map(|it| it.setter(site, "max_attempts"));
        let initial = (self.initial.as_ref()).map(|it| it.setter(site, "initial_delay"));
        let backoff = self.backoff.as_ref().map(|it| it.setter(site, "backoff"));
        let max_delay = (self.max_delay.as_ref()).map(|it| it.setter(site, "max_delay"));
        let jitter = self.jitter.as_ref().map(|it| it.setter(site, "jitter"));
        quote_spanned!(site=> #max #initial #backoff #max_delay #jitter)
    }

    /// Every expression, for another name of `self`.
    pub(crate) fn tokens_mut(&mut self) -> impl Iterator<Item = &mut TokenStream> {
        [
            self.max.as_mut().map(|it| &mut it.tokens),
            self.initial.as_mut().map(|it| &mut it.tokens),
            self.backoff.as_mut().map(|it| &mut it.tokens),
            self.max_delay.as_mut().map(|it| &mut it.tokens),
            self.jitter.as_mut().map(|it| &mut it.tokens),
        ]
        .into_iter()
        .flatten()
    }

    /// The delay after the first failure without jitter, if it is known; `has_base` says that what
    /// is not written comes from a `policy`.
    pub(crate) fn first_delay(&self, has_base: bool) -> Option<Duration> {
        match known(self.backoff.as_ref(), has_base, DEFAULT_GROWTH)? {
            Growth::None => Some(Duration::ZERO),
            _ => known(self.initial.as_ref(), has_base, DEFAULT_INITIAL),
        }
    }

    /// Refuses what contradicts itself, or would be without meaning.
    pub(crate) fn check(&self, has_base: bool, diagnostics: &mut Diagnostics) {
        let growth = self.backoff.as_ref().and_then(|it| it.literal);
        if growth == Some(Growth::None) {
            let idle = [
                self.initial.as_ref().map(|it| &it.key),
                self.max_delay.as_ref().map(|it| &it.key),
                self.jitter.as_ref().map(|it| &it.key),
            ];
            for key in idle.into_iter().flatten() {
                let message = format!("`{key}` has no meaning where `backoff = none` never waits");
                diagnostics.error(
                    key.span(),
                    &message,
                    "keep one of them; `backoff = constant` waits `initial` each time",
                );
            }
            return;
        }
        if growth == Some(Growth::Decorrelated)
            && let Some(jitter) = &self.jitter
        {
            diagnostics.error(
                jitter.span,
                "decorrelated delays are random already",
                "leave out `jitter`, or choose another `backoff`",
            );
        }
        let (Some(initial), Some(max)) = (
            known(self.initial.as_ref(), has_base, DEFAULT_INITIAL),
            known(self.max_delay.as_ref(), has_base, DEFAULT_MAX_DELAY),
        ) else {
            return;
        };
        if initial <= max {
            return;
        }
        let (span, help) = match (&self.initial, &self.max_delay) {
            (Some(written), Some(_)) => (
                written.span,
                format!("no delay is ever longer than `max_delay`, which is {max:?}"),
            ),
            (Some(written), None) => (
                written.span,
                format!("the default `max_delay` is 30s: give one of at least {initial:?}"),
            ),
            (None, Some(written)) => (
                written.span,
                format!("the default `initial` is 500ms: give one of at most {max:?}"),
            ),
            (None, None) => return,
        };
        diagnostics.error(span, "the first delay is longer than the longest", &help);
    }
}

/// The value in force, if it is known at compile time.
pub(crate) fn known<T: Copy>(
    setting: Option<&Setting<T>>,
    has_base: bool,
    default: T,
) -> Option<T> {
    match setting {
        Some(setting) => setting.literal,
        None if has_base => None,
        None => Some(default),
    }
}

impl<T> Setting<T> {
    fn new(key: &Ident, span: Span, literal: Option<T>, tokens: TokenStream) -> Self {
        Self {
            literal,
            tokens,
            key: key.clone(),
            span,
        }
    }

    fn setter(&self, site: Span, method: &str) -> TokenStream {
        let method = Ident::new(method, site.located_at(self.key.span()));
        let tokens = &self.tokens;
        quote_spanned!(site=> .#method(#tokens))
    }
}

impl Setting<Duration> {
    pub(crate) fn duration(key: &Ident, value: Value, example: &str) -> syn::Result<Self> {
        let value = values::expr(key, value, example)?;
        let (literal, tokens) = values::duration(&value)?;
        Ok(Self::new(key, value.span(), literal, tokens))
    }
}

#[cfg(test)]
mod tests {
    use recovery_core::{Backoff, RetryConfig};

    use super::{
        DEFAULT_FACTOR, DEFAULT_FRACTION, DEFAULT_INITIAL, DEFAULT_MAX, DEFAULT_MAX_DELAY,
    };

    #[test]
    fn the_defaults_are_those_of_the_runtime() {
        let config = RetryConfig::default();
        assert_eq!(config.max_attempts(), DEFAULT_MAX);
        assert_eq!(config.initial_delay(), DEFAULT_INITIAL);
        assert_eq!(config.max_delay(), DEFAULT_MAX_DELAY);
        assert_eq!(config.backoff(), Backoff::Exponential(DEFAULT_FACTOR));
        let jitter = recovery_core::Jitter::Proportional(DEFAULT_FRACTION);
        assert_eq!(config.jitter(), jitter);
    }
}
