//! Gives the options their meaning, and refuses what cannot be meant.

use std::time::Duration;

use proc_macro2::{Group, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Expr, Ident, LitStr, Path, parse_quote};

use crate::args::{Arg, Value};
use crate::diag::{Diagnostics, mistake};
use crate::partner::RetryableOn;
use crate::schedule::{Schedule, Setting};
use crate::values::{self, Context};

/// One use of `#[retry]`, understood.
pub(crate) struct Policy {
    /// The path of `recovery-core`.
    pub(crate) krate: Path,
    pub(crate) name: Option<LitStr>,
    /// `policy = ..`: what the schedule's options override.
    pub(crate) base: Option<Expr>,
    pub(crate) schedule: Schedule,
    pub(crate) timeout: Option<Setting<Duration>>,
    pub(crate) deadline: Option<Setting<Duration>>,
    pub(crate) at_most_once: bool,
    pub(crate) condition: Condition,
    pub(crate) on_retry: Option<Expr>,
    pub(crate) fallback: Option<Expr>,
    pub(crate) history: bool,
    pub(crate) budget: Option<Expr>,
    pub(crate) breaker: Option<Expr>,
    pub(crate) pushback: Option<Expr>,
    pub(crate) cancel: Option<Expr>,
    pub(crate) clone: Vec<Ident>,
    pub(crate) attempt: Option<Ident>,
}

/// Which errors are retried.
pub(crate) enum Condition {
    Transient,
    When(Expr),
    Listed(RetryableOn),
}

/// Understands all options; what cannot be meant is noted.
pub(crate) fn policy(
    args: Vec<Arg>,
    listed: Option<RetryableOn>,
    arguments: Vec<Ident>,
    diagnostics: &mut Diagnostics,
) -> Policy {
    let krate = args.iter().find(|arg| arg.key.unraw() == "crate");
    let krate = krate.and_then(|arg| diagnostics.take(values::crate_path(arg)));
    let context = Context {
        krate: krate.unwrap_or_else(|| parse_quote!(::recovery_core)),
        arguments,
    };
    let mut policy = Policy {
        krate: context.krate.clone(),
        name: None,
        base: None,
        schedule: Schedule::default(),
        timeout: None,
        deadline: None,
        at_most_once: false,
        condition: listed.map_or(Condition::Transient, Condition::Listed),
        on_retry: None,
        fallback: None,
        history: false,
        budget: None,
        breaker: None,
        pushback: None,
        cancel: None,
        clone: Vec::new(),
        attempt: None,
    };
    let written_history = args.iter().find(|arg| arg.key.unraw() == "history");
    let written_history = written_history.map(|arg| arg.key.span());
    for arg in args {
        if let Err(error) = policy.apply(&context, arg) {
            diagnostics.push(error);
        }
    }
    policy.schedule.check(policy.base.is_some(), diagnostics);
    policy.check_deadline(diagnostics);
    policy.check_retries(diagnostics);
    policy.check_history(written_history, diagnostics);
    policy.check_names(&context.arguments, diagnostics);
    policy
}

impl Policy {
    fn apply(&mut self, context: &Context, arg: Arg) -> syn::Result<()> {
        let Arg { key, value } = arg;
        let word = key.unraw().to_string();
        if let Value::Expr(value) = &value {
            values::stays(&format!("the value of `{word}`"), value)?;
        }
        let Some(value) = self.schedule.apply(context, &key, &word, value)? else {
            return Ok(());
        };
        match word.as_str() {
            "timeout" => {
                let limit =
                    Setting::duration(&key, value, "`timeout = 5s`: the limit of each attempt")?;
                refuse_zero(
                    &limit,
                    "no attempt ends within no time",
                    "give each attempt as long as it may need, or leave `timeout` out",
                )?;
                self.timeout = Some(limit);
            }
            "deadline" => {
                let example = "`deadline = 60s`: no attempt begins later after the first";
                let limit = Setting::duration(&key, value, example)?;
                refuse_zero(
                    &limit,
                    "a deadline that has passed at once leaves no retry",
                    "say how long all attempts may take together, or leave `deadline` out",
                )?;
                self.deadline = Some(limit);
            }
            "policy" => {
                self.base = Some(values::expr(&key, value, "`policy = self.retry_config`")?);
            }
            "when" => {
                let value = values::expr(&key, value, "`when = is_transient`, or a closure")?;
                values::closure_of(
                    &value,
                    1,
                    "`when` takes a function of the error, as `|error| error.is_timeout()`",
                )?;
                if matches!(self.condition, Condition::Listed(_)) {
                    return Err(mistake(
                        key.span(),
                        "`when` and `#[retryable_on]` both say which errors are retried",
                        "keep one of them; a pattern in `#[retryable_on]` may have an `if` guard",
                    ));
                }
                self.condition = Condition::When(value);
            }
            "at_most_once" => {
                values::bare(&key, &value)?;
                self.at_most_once = true;
            }
            "on_retry" => {
                let value = values::expr(&key, value, "`on_retry = report`, or a closure")?;
                values::closure_of(
                    &value,
                    1,
                    "`on_retry` takes a function of the `Attempt`, as `|failed| report(failed)`",
                )?;
                self.on_retry = Some(value);
            }
            "fallback" => {
                let example = "`fallback = cached`, or a closure of the last error";
                let value = values::expr(&key, value, example)?;
                let what = "`fallback` takes a function of the error, as `|error| cached(error)`, or of the error \
                            and the reason, or with `history` of these and the history";
                values::closure_of(&value, 3, what)?;
                self.fallback = Some(value);
            }
            "history" => {
                values::bare(&key, &value)?;
                self.history = true;
            }
            "budget" => self.budget = Some(shared(&key, value, "`budget = self.budget`")?),
            "breaker" => self.breaker = Some(shared(&key, value, "`breaker = self.breaker`")?),
            "pushback" => self.pushback = Some(shared(&key, value, "`pushback = self.pushback`")?),
            "cancel" => self.cancel = Some(shared(&key, value, "`cancel = self.shutdown`")?),
            "clone" => self.clone = values::identifiers(&key, value)?,
            "attempt" => {
                let value = values::expr(&key, value, "`attempt = n`")?;
                self.attempt = Some(values::identifier(&value)?);
            }
            "name" => {
                let value = values::expr(&key, value, "`name = \"send\"`")?;
                self.name = Some(values::string(&value)?);
            }
            // `crate` has been read first: the others need it.
            _ => {}
        }
        Ok(())
    }

    fn check_deadline(&self, diagnostics: &mut Diagnostics) {
        if let Some(deadline) = &self.deadline
            && let Some(limit) = deadline.literal
            && let Some(first) = self.schedule.first_delay(self.base.is_some())
            && first > limit
        {
            let help =
                format!("the first delay is {first:?}: shorten it, or give a later deadline");
            diagnostics.error(
                deadline.span,
                "the deadline passes before the first retry",
                &help,
            );
        }
    }

    /// What says how to retry, of a call that is never retried.
    fn check_retries(&self, diagnostics: &mut Diagnostics) {
        let once = (self.schedule.max.as_ref()).is_some_and(|max| max.literal == Some(1));
        if once && let Some(budget) = &self.budget {
            diagnostics.error(
                budget.span(),
                "a budget limits retries, and `max = 1` allows none",
                "allow a second attempt, or leave `budget` out",
            );
        }
    }

    /// A history is kept for whom it is shown to, and shown to whom it is kept for.
    fn check_history(&self, written: Option<Span>, diagnostics: &mut Diagnostics) {
        if let Some(span) = written
            && self.on_retry.is_none()
            && self.fallback.is_none()
        {
            diagnostics.error(
                span,
                "nobody is shown the history",
                "read it in `on_retry`, as `failed.history`, or in `fallback`, as its third argument",
            );
        }
        if written.is_none()
            && let Some(Expr::Closure(closure)) = &self.fallback
            && let Some(third) = closure.inputs.iter().nth(2)
        {
            diagnostics.error(
                third.span(),
                "the third argument of a fallback is the history, which is not kept",
                "write `history` beside it",
            );
        }
    }

    /// `clone(..)` names arguments, `attempt` none.
    fn check_names(&self, arguments: &[Ident], diagnostics: &mut Diagnostics) {
        for ident in self.clone.iter().filter(|ident| !arguments.contains(ident)) {
            let message = format!("`{}` is no argument of this function", ident.unraw());
            diagnostics.error(
                ident.span(),
                &message,
                "`clone(..)` names arguments; clone anything else in the body",
            );
        }
        if let Some(ident) = (self.attempt.as_ref()).filter(|ident| arguments.contains(ident)) {
            let message = format!("`{}` is an argument of this function", ident.unraw());
            diagnostics.error(
                ident.span(),
                &message,
                "give the attempt's number another name",
            );
        }
    }

    /// Writes `name` for `self` in all expressions, as `#[async_trait]` has done in the body.
    pub(crate) fn rename_self(&mut self, name: &str) {
        let renamed = |expr: &mut Expr| {
            let tokens = with_self_as(name, expr.to_token_stream());
            *expr = Expr::Verbatim(if values::needs_parentheses(expr) {
                quote!((#tokens))
            } else {
                tokens
            });
        };
        [
            &mut self.base,
            &mut self.on_retry,
            &mut self.budget,
            &mut self.breaker,
            &mut self.pushback,
            &mut self.cancel,
        ]
        .into_iter()
        .flatten()
        .for_each(renamed);
        // Its closure is still to be told from a path.
        match &mut self.fallback {
            Some(Expr::Closure(closure)) => renamed(&mut closure.body),
            Some(path) => renamed(path),
            None => {}
        }
        let limits = [&mut self.timeout, &mut self.deadline];
        let limits = limits.into_iter().flatten().map(|limit| &mut limit.tokens);
        for tokens in self.schedule.tokens_mut().chain(limits) {
            *tokens = with_self_as(name, tokens.clone());
        }
        match &mut self.condition {
            Condition::Transient => {}
            Condition::When(expr) => renamed(expr),
            Condition::Listed(listed) => listed.guards_mut().for_each(renamed),
        }
    }
}

fn refuse_zero(limit: &Setting<Duration>, message: &str, help: &str) -> syn::Result<()> {
    match limit.literal {
        Some(literal) if literal.is_zero() => Err(mistake(limit.span, message, help)),
        _ => Ok(()),
    }
}

/// An object that calls share; no literal is one.
fn shared(key: &Ident, value: Value, example: &str) -> syn::Result<Expr> {
    let value = values::expr(key, value, example)?;
    if let Expr::Lit(literal) = &value {
        let message = format!("`{key}` is an object that calls share, not a value");
        return Err(mistake(
            literal.span(),
            &message,
            &format!("write {example}"),
        ));
    }
    Ok(value)
}

fn with_self_as(name: &str, tokens: TokenStream) -> TokenStream {
    let mut tokens = tokens.into_iter().peekable();
    let mut renamed = TokenStream::new();
    while let Some(token) = tokens.next() {
        let is_path =
            matches!(tokens.peek(), Some(TokenTree::Punct(next)) if next.as_char() == ':');
        renamed.extend([match token {
            // `self::yes` is a path of the module.
            TokenTree::Ident(ident) if ident == "self" && !is_path => {
                TokenTree::Ident(Ident::new(name, ident.span()))
            }
            TokenTree::Group(group) => {
                let mut inner = Group::new(group.delimiter(), with_self_as(name, group.stream()));
                inner.set_span(group.span());
                TokenTree::Group(inner)
            }
            token => token,
        }]);
    }
    renamed
}
