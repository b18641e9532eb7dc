//! A policy as people write it in a file.

use std::fmt;
use std::time::Duration;

use serde::de::{self, Deserialize, Deserializer, MapAccess, Unexpected, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};

use super::super::schedule::LONGEST;
use super::{Backoff, InvalidConfig, Jitter, RetryAfter, RetryConfig};

/// What is not written is as in the default.
#[derive(serde::Deserialize, serde::Serialize)]
#[serde(default, deny_unknown_fields, rename = "RetryConfig")]
pub(super) struct Written {
    max_attempts: Attempts,
    initial_delay: Humane,
    max_delay: Humane,
    backoff: Backoff,
    jitter: Jitter,
    retry_after: Rule,
}

impl Default for Written {
    fn default() -> Self {
        RetryConfig::DEFAULT.into()
    }
}

impl TryFrom<Written> for RetryConfig {
    type Error = InvalidConfig;

    fn try_from(written: Written) -> Result<Self, InvalidConfig> {
        RetryConfig::builder()
            .max_attempts(written.max_attempts.0)
            .initial_delay(written.initial_delay.0)
            .max_delay(written.max_delay.0)
            .backoff(written.backoff)
            .jitter(written.jitter)
            .retry_after(written.retry_after.0)
            .build()
    }
}

impl From<RetryConfig> for Written {
    fn from(config: RetryConfig) -> Self {
        Self {
            max_attempts: Attempts(config.max_attempts()),
            initial_delay: Humane(config.initial_delay().min(LONGEST)),
            max_delay: Humane(config.max_delay().min(LONGEST)),
            backoff: config.backoff(),
            jitter: config.jitter(),
            retry_after: Rule(config.retry_after()),
        }
    }
}

/// A number, or `unlimited`.
struct Attempts(u32);

impl Serialize for Attempts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            u32::MAX => serializer.serialize_str("unlimited"),
            attempts => serializer.serialize_u32(attempts),
        }
    }
}

impl<'de> Deserialize<'de> for Attempts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl Visitor<'_> for Read {
            type Value = Attempts;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the number of attempts in all, up to a million, or \"unlimited\"")
            }
            fn visit_u64<E: de::Error>(self, attempts: u64) -> Result<Attempts, E> {
                // The greatest number is no limit; only the word says so.
                match u32::try_from(attempts) {
                    Ok(attempts) if attempts < u32::MAX => Ok(Attempts(attempts)),
                    _ => Err(E::invalid_value(Unexpected::Unsigned(attempts), &self)),
                }
            }
            fn visit_i64<E: de::Error>(self, attempts: i64) -> Result<Attempts, E> {
                match u64::try_from(attempts) {
                    Ok(attempts) => self.visit_u64(attempts),
                    Err(_) => Err(E::invalid_value(Unexpected::Signed(attempts), &self)),
                }
            }
            fn visit_str<E: de::Error>(self, word: &str) -> Result<Attempts, E> {
                match word {
                    "unlimited" => Ok(Attempts(u32::MAX)),
                    _ => Err(E::invalid_value(Unexpected::Str(word), &self)),
                }
            }
        }
        deserializer.deserialize_any(Read)
    }
}

/// A duration with its unit.
#[derive(Clone, Copy)]
struct Humane(Duration);

impl Serialize for Humane {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&humantime::format_duration(self.0))
    }
}

impl<'de> Deserialize<'de> for Humane {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl Visitor<'_> for Read {
            type Value = Humane;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a time with its unit, such as \"500ms\", \"1.5s\" or \"2m\"")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Humane, E> {
                match parse(text) {
                    Some(duration) => Ok(Humane(duration)),
                    None => Err(E::invalid_value(Unexpected::Str(text), &self)),
                }
            }
        }
        deserializer.deserialize_any(Read)
    }
}

/// Of texts that people write: humantime 2.4 panics where the parts of one add up to exactly the most
/// seconds that there are, which so few and so short numbers cannot. Its `M` is a month, for which
/// nobody waits: it is meant as `m`, and refused.
fn parse(text: &str) -> Option<Duration> {
    const LONGEST_TEXT: usize = 64;
    const LONGEST_NUMBER: usize = 9;
    let mut numbers = text.split(|character: char| !character.is_ascii_digit());
    let is_absurd = numbers.any(|number| number.len() > LONGEST_NUMBER);
    if is_absurd || text.len() > LONGEST_TEXT || text.contains('M') {
        return None;
    }
    humantime::parse_duration(text).ok()
}

impl Serialize for Backoff {
    /// The factor, or the word of another growth.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let word = match self {
            Self::Exponential(factor) => return serializer.serialize_f64(*factor),
            Self::None => "none",
            Self::Constant => "constant",
            Self::Linear => "linear",
            Self::Fibonacci => "fibonacci",
            Self::Decorrelated => "decorrelated",
        };
        serializer.serialize_str(word)
    }
}

impl<'de> Deserialize<'de> for Backoff {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl Visitor<'_> for Read {
            type Value = Backoff;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(
                    "a factor such as 2.0, or one of \"none\", \"constant\", \"linear\", \
                     \"fibonacci\", \"exponential\", \"decorrelated\"",
                )
            }
            fn visit_f64<E: de::Error>(self, factor: f64) -> Result<Backoff, E> {
                Ok(Backoff::Exponential(factor))
            }
            #[expect(clippy::cast_precision_loss, reason = "a factor is a small number")]
            fn visit_u64<E: de::Error>(self, factor: u64) -> Result<Backoff, E> {
                self.visit_f64(factor as f64)
            }
            #[expect(clippy::cast_precision_loss, reason = "a factor is a small number")]
            fn visit_i64<E: de::Error>(self, factor: i64) -> Result<Backoff, E> {
                self.visit_f64(factor as f64)
            }
            fn visit_str<E: de::Error>(self, word: &str) -> Result<Backoff, E> {
                Ok(match word {
                    "none" => Backoff::None,
                    "constant" => Backoff::Constant,
                    "linear" => Backoff::Linear,
                    "fibonacci" => Backoff::Fibonacci,
                    "exponential" => Backoff::DEFAULT,
                    "decorrelated" => Backoff::Decorrelated,
                    _ => return Err(E::invalid_value(Unexpected::Str(word), &self)),
                })
            }
        }
        deserializer.deserialize_any(Read)
    }
}

const AROUND: &str = "around";
const ADDED: &str = "added";

impl Serialize for Jitter {
    /// The fraction, the word of another jitter, or a table of its name and value.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let word = match self {
            Self::Proportional(fraction) => return serializer.serialize_f64(*fraction),
            Self::Around(fraction) => return table(serializer, AROUND, fraction),
            Self::Added(most) => return table(serializer, ADDED, &Humane(*most)),
            Self::None => "none",
            Self::Full => "full",
            Self::Equal => "equal",
        };
        serializer.serialize_str(word)
    }
}

fn table<S: Serializer>(
    serializer: S,
    name: &'static str,
    value: &impl Serialize,
) -> Result<S::Ok, S::Error> {
    let mut table = serializer.serialize_map(Some(1))?;
    table.serialize_entry(name, value)?;
    table.end()
}

impl<'de> Deserialize<'de> for Jitter {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Jitter;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(
                    "a fraction such as 0.25, one of \"full\", \"equal\", \"none\", or one of \
                     { around = 0.2 }, { added = \"1s\" }",
                )
            }
            fn visit_f64<E: de::Error>(self, fraction: f64) -> Result<Jitter, E> {
                Ok(Jitter::Proportional(fraction))
            }
            #[expect(clippy::cast_precision_loss, reason = "0 or 1, or refused later")]
            fn visit_u64<E: de::Error>(self, fraction: u64) -> Result<Jitter, E> {
                self.visit_f64(fraction as f64)
            }
            #[expect(clippy::cast_precision_loss, reason = "0 or 1, or refused later")]
            fn visit_i64<E: de::Error>(self, fraction: i64) -> Result<Jitter, E> {
                self.visit_f64(fraction as f64)
            }
            fn visit_str<E: de::Error>(self, word: &str) -> Result<Jitter, E> {
                Ok(match word {
                    "none" => Jitter::None,
                    "full" => Jitter::Full,
                    "equal" => Jitter::Equal,
                    _ => return Err(E::invalid_value(Unexpected::Str(word), &self)),
                })
            }
            fn visit_map<A: MapAccess<'de>>(self, mut table: A) -> Result<Jitter, A::Error> {
                let jitter = match table.next_key::<String>()?.as_deref() {
                    Some(AROUND) => Jitter::Around(table.next_value()?),
                    Some(ADDED) => Jitter::Added(table.next_value::<Humane>()?.0),
                    Some(other) => {
                        return Err(de::Error::unknown_field(other, &[AROUND, ADDED]));
                    }
                    None => return Err(de::Error::invalid_length(0, &self)),
                };
                match table.next_key::<String>()? {
                    None => Ok(jitter),
                    Some(_) => Err(de::Error::invalid_length(2, &self)),
                }
            }
        }
        deserializer.deserialize_any(Read)
    }
}

/// What is made of the time that a server asks for.
struct Rule(RetryAfter);

const RULES: [(&str, RetryAfter); 3] = [
    ("at_least", RetryAfter::AtLeast),
    ("capped", RetryAfter::Capped),
    ("exact", RetryAfter::Exact),
];

impl Serialize for Rule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let rule = RULES.iter().find(|(_, rule)| *rule == self.0);
        serializer.serialize_str(rule.map_or("at_least", |(word, _)| word))
    }
}

impl<'de> Deserialize<'de> for Rule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        match RULES.iter().find(|(known, _)| *known == word) {
            Some((_, rule)) => Ok(Self(*rule)),
            None => Err(de::Error::unknown_variant(
                &word,
                &["at_least", "capped", "exact"],
            )),
        }
    }
}
