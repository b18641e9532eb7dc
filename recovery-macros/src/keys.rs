//! The words of the attribute language, and what people write instead of them.

/// The options of `#[retry]`.
pub(crate) const OPTIONS: &[&str] = &[
    "max",
    "initial",
    "backoff",
    "max_delay",
    "jitter",
    "timeout",
    "deadline",
    "policy",
    "when",
    "at_most_once",
    "on_retry",
    "fallback",
    "history",
    "budget",
    "breaker",
    "pushback",
    "cancel",
    "clone",
    "attempt",
    "name",
    "crate",
];

/// What people write for `unlimited`.
pub(crate) const UNLIMITED: &[&str] = &["infinite", "forever", "endless", "none", "never"];

/// The words of `#[classify]` beside the kinds.
pub(crate) const LABELS: &[&str] = &[
    "retry_after",
    "forbids_retry",
    "effect",
    "transparent",
    "kind",
    "crate",
];

/// The kinds that `#[retryable_on]` and `#[classify]` take: `recovery_core::ErrorKind`.
pub(crate) const KINDS: &[&str] = &[
    "Network",
    "Timeout",
    "RateLimited",
    "Server",
    "Authentication",
    "Forbidden",
    "NotFound",
    "InvalidInput",
    "Conflict",
    "Cancelled",
    "Other",
];

/// The way out for an unknown option.
pub(crate) fn help_for_option(word: &str) -> String {
    let counted = "counts attempts in all, the first included: `max_retries = 2` is `max = 3`";
    match word {
        "retries" | "max_retries" | "retry" | "retry_count" => format!("write `max`; it {counted}"),
        "attempts" | "max_attempts" | "times" | "tries" | "max_tries" | "count" | "limit" => {
            "write `max`: attempts in all, the first included".into()
        }
        "delay" | "initial_delay" | "wait" | "interval" | "base" | "base_delay" | "min_delay"
        | "initial_interval" | "delay_ms" | "start" => {
            "write `initial`, the delay after the first failure: `initial = 500ms`".into()
        }
        "factor" | "multiplier" | "exponent" | "exp" | "growth" | "backoff_factor" | "strategy" => {
            "write `backoff`, what each delay is multiplied by: `backoff = 2.0`".into()
        }
        "cap" | "max_backoff" | "max_interval" | "max_wait" | "ceiling" | "maximum_delay" => {
            "write `max_delay`, which no delay exceeds: `max_delay = 30s`".into()
        }
        "random" | "randomize" | "rand" | "jitter_factor" | "with_jitter" => {
            "write `jitter`, bare or with a fraction: `jitter = 0.25`".into()
        }
        "retry_if" | "retry_when" | "predicate" | "condition" | "filter" | "is_retryable" => {
            "write `when`, a function of the error: `when = |error| error.is_timeout()`".into()
        }
        "on" | "retry_on" | "retryable" | "retryable_on" | "errors" | "kinds" => {
            "list the errors in a second attribute: `#[retryable_on(Network, Timeout)]`".into()
        }
        "notify" | "before_retry" | "on_error" | "on_failure" | "before_sleep" | "hook" => {
            "write `on_retry`, a function that is called before each wait".into()
        }
        "config" | "retry_config" | "settings" => {
            "write `policy`, an expression of `RetryConfig`: `policy = self.retry_config`".into()
        }
        "attempt_timeout" | "time_limit" | "per_attempt" => {
            "write `timeout`, the limit of each attempt: `timeout = 5s`".into()
        }
        "max_elapsed" | "max_elapsed_time" | "max_duration" | "total_timeout" | "total"
        | "within" => "write `deadline`, after which no attempt begins: `deadline = 60s`".into(),
        "unlimited" | "infinite" | "forever" | "endless" => {
            "write `max = unlimited` for a call that never gives up".into()
        }
        "exponential" | "linear" | "constant" | "fibonacci" | "decorrelated" | "fixed" => {
            let word = if word == "fixed" { "constant" } else { word };
            format!("write it as the value of `backoff`: `backoff = {word}`")
        }
        "full" | "equal" => format!("write it as the value of `jitter`: `jitter = {word}`"),
        "or_else" | "recover" | "default" | "degrade" | "on_exhausted" | "on_give_up"
        | "fallback_to" | "recovery" => {
            "write `fallback`, a function of the last error: `fallback = |error| cached(error)`"
                .into()
        }
        "circuit_breaker" | "circuit" => {
            "write `breaker`, an expression of `CircuitBreaker`: `breaker = self.breaker`".into()
        }
        "retry_budget" | "tokens" | "quota" => {
            "write `budget`, an expression of `RetryBudget`: `budget = self.budget`".into()
        }
        "push_back" | "rate_limit" | "rate_limiter" | "throttle" | "gate" => {
            "write `pushback`, an expression of `Pushback`: `pushback = self.pushback`".into()
        }
        "cancellation" | "cancel_token" | "cancellation_token" | "token" | "shutdown"
        | "cancel_on" => {
            "write `cancel`, an expression of a `CancellationToken`: `cancel = self.shutdown`"
                .into()
        }
        "attempts_so_far" | "log" | "keep_history" | "trace" | "record" => {
            "write `history`, and read it in `on_retry` as `failed.history`".into()
        }
        "except" | "not" | "unless" => {
            "list it in the second attribute: `#[retryable_on(except(Timeout))]`".into()
        }
        "cloned" | "clones" => "write `clone(a, b)` with the arguments' names".into(),
        "idempotent" | "once" => {
            "write `at_most_once` to refuse a second try where the first may have taken effect"
                .into()
        }
        "label" | "id" | "span" => "write `name`: `name = \"send\"`".into(),
        "krate" | "path" => "write `crate`: `crate = ::my_recovery`".into(),
        _ => match nearest(word, OPTIONS) {
            Some(option) => format!("did you mean `{option}`?"),
            None => format!("the options are {}", listed(OPTIONS)),
        },
    }
}

/// The way out for a bare name in `#[retryable_on]` that is no kind.
pub(crate) fn help_for_kind(word: &str) -> String {
    if matches!(word, "Any" | "All" | "Every" | "Everything") {
        return "to retry really everything write `#[retry(when = |_| true)]`".into();
    }
    match meant_kind(word) {
        Some(kind) => {
            format!("did you mean `{kind}`? A pattern is written with its path: `MyError::{word}`")
        }
        None => format!(
            "the kinds are {}; a pattern of the error itself is written with its path: \
             `MyError::{word}`",
            listed(KINDS)
        ),
    }
}

/// The way out for a kind in `#[classify]` that is none, or is not written as a bare name.
pub(crate) fn help_for_own_kind(word: &str) -> String {
    if KINDS.contains(&word) {
        return format!("write the bare name: `{word}`");
    }
    match meant_kind(word) {
        Some(kind) => format!("did you mean `{kind}`?"),
        None => format!("the kinds are {}", listed(KINDS)),
    }
}

/// The way out for an unknown word in `#[classify]`.
pub(crate) fn help_for_label(word: &str) -> String {
    match word {
        "retryable" | "retry" | "transient" | "is_transient" | "temporary" | "permanent"
        | "fatal" | "when" => {
            "the kind decides: `Network`, `Timeout`, `RateLimited` and `Server` are transient; name \
             one of them, or another kind for an error that stays"
                .into()
        }
        "after" | "delay" | "wait" | "retry_in" | "retry_delay" | "pushback" | "backoff" => {
            "write `retry_after` with the name of the field: `retry_after = wait`".into()
        }
        "inner" | "delegate" | "forward" | "source" | "from" => {
            "write `transparent` above a variant with one field, which then answers for it".into()
        }
        "executed" | "side_effect" | "effects" | "idempotent" | "at_most_once" => {
            "write `effect`, whether the call may have been carried out: `effect = none`".into()
        }
        "default" => "write the default kind itself above the enum: `#[classify(Other)]`".into(),
        "code" | "status" | "with" => {
            "compute the kind by a function of `&Self`: `kind = Self::kind_of_code`".into()
        }
        "krate" | "path" => "write `crate`: `crate = ::my_recovery`".into(),
        _ => {
            let near = nearest(word, LABELS).or_else(|| nearest(&word.replace('_', ""), KINDS));
            match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("write a kind such as `Network`, or one of {}", listed(LABELS)),
            }
        }
    }
}

/// The way out for what is no effect.
pub(crate) const HELP_FOR_EFFECT: &str = "write `none` (surely not carried out), `unknown` \
                                          (perhaps) or `done` (surely carried out)";

/// The kind that is known by another name elsewhere, or misspelt.
fn meant_kind(word: &str) -> Option<&'static str> {
    Some(match word {
        "ServerError" | "Internal" | "InternalServerError" | "Http5xx" | "Unavailable" => "Server",
        "NetworkError" | "Connection" | "Connect" | "ConnectionError" | "Io" | "IoError" => {
            "Network"
        }
        "RateLimit" | "RateLimitError" | "TooManyRequests" | "Throttled" | "Throttling" => {
            "RateLimited"
        }
        "TimedOut" | "TimeoutError" | "Elapsed" | "DeadlineExceeded" => "Timeout",
        "Auth" | "Unauthorized" | "AuthenticationFailed" | "Unauthenticated" => "Authentication",
        "Permission" | "PermissionDenied" | "AccessDenied" => "Forbidden",
        "Missing" | "Gone" => "NotFound",
        "Invalid" | "BadRequest" | "Validation" | "InvalidArgument" => "InvalidInput",
        "Duplicate" | "AlreadyExists" => "Conflict",
        "Cancel" | "Canceled" | "Aborted" => "Cancelled",
        "Unknown" => "Other",
        _ => return nearest(word, KINDS),
    })
}

/// The nearest of a variant's own fields, or all of them.
pub(crate) fn help_for_field(word: &str, fields: &[String]) -> String {
    let names: Vec<&str> = fields.iter().map(String::as_str).collect();
    match (names.as_slice(), nearest(word, &names)) {
        ([only], _) => format!("its only field is `{only}`"),
        (_, Some(field)) if word.parse::<u32>().is_err() => format!("did you mean `{field}`?"),
        _ => format!("its fields are {}", listed(&names)),
    }
}

/// The growth of the delay that another word stands for.
pub(crate) fn backoff_meant(word: &str, known: &'static [&'static str]) -> Option<&'static str> {
    match word {
        "fixed" | "same" | "flat" => Some("constant"),
        "exp" | "expo" | "double" | "doubling" => Some("exponential"),
        "fib" => Some("fibonacci"),
        "zero" | "immediate" | "off" => Some("none"),
        "decorrelate" | "random" => Some("decorrelated"),
        _ => nearest(word, known).filter(|known| known.len() > 4),
    }
}

fn listed(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    quoted.join(", ")
}

/// The known word that differs by the fewest letters, if by no more than a third of them.
fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    known
        .iter()
        .map(|&candidate| {
            (
                distance(&word.to_lowercase(), &candidate.to_lowercase()),
                candidate,
            )
        })
        .filter(|(distance, candidate)| *distance <= candidate.len().max(3) / 3)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Levenshtein's distance: insertions, deletions and substitutions.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.chars().enumerate() {
        let mut above_left = i;
        let mut beside = i + 1;
        for (cell, b) in row.iter_mut().skip(1).zip(&right) {
            let substituted = above_left + usize::from(a != *b);
            above_left = *cell;
            beside = substituted.min(above_left + 1).min(beside + 1);
            *cell = beside;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{
        distance, help_for_kind, help_for_label, help_for_option, help_for_own_kind, nearest,
    };

    #[test]
    fn counts_the_edits() {
        for (left, right, edits) in [
            ("", "", 0),
            ("max", "max", 0),
            ("mx", "max", 1),
            ("", "max", 3),
        ] {
            assert_eq!(distance(left, right), edits, "{left} {right}");
        }
        assert_eq!(distance("jiter", "jitter"), 1);
        assert_eq!(distance("kitten", "sitting"), 3);
    }

    #[test]
    fn suggests_only_what_is_near() {
        assert_eq!(nearest("jiter", super::OPTIONS), Some("jitter"));
        assert_eq!(nearest("Netwrok", super::KINDS), Some("Network"));
        assert_eq!(nearest("banana", super::OPTIONS), None);
    }

    #[test]
    fn every_unknown_word_gets_a_way_out() {
        assert!(help_for_option("max_retries").contains("`max_retries = 2` is `max = 3`"));
        assert!(help_for_option("banana").contains("`at_most_once`"));
        assert!(help_for_kind("ServerError").contains("`Server`"));
        assert!(help_for_kind("Banana").contains("`MyError::Banana`"));
        assert_eq!(help_for_own_kind("ServerError"), "did you mean `Server`?");
        assert_eq!(
            help_for_label("rate_limited"),
            "did you mean `RateLimited`?"
        );
        assert_eq!(help_for_label("efect"), "did you mean `effect`?");
        assert!(help_for_label("banana").contains("`transparent`"));
    }
}
