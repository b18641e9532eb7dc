//! What follows on the end of a connection.

use std::time::Duration;

use super::close_code::{self, Meaning};
use super::doubts::Doubts;
use super::ending::{Ended, Ending, Step};
use super::timing::GatewayTiming;
use crate::botrs::client::Unrecoverable;
use crate::{Classify, ErrorKind, RetryConfig};

/// So many access tokens in a row the gateway may refuse. From the third on each has to wait as after
/// "too fast", so that a bad quarter of an hour of the platform is no end.
const REFUSED_TOKENS: u32 = 16;
const PATIENT_FROM: u32 = 3;
/// After so many new sessions in a row, the rest of the day's starts is spread over the day.
const SPREAD_FROM: u32 = 3;
/// After so many failures in a row the gateway's address is looked up anew.
const LOOK_UP_AFTER: u32 = 3;

/// What to do next.
#[derive(Debug)]
pub(super) enum Plan {
    Stop(Unrecoverable),
    Connect {
        step: Step,
        after: Duration,
        /// The access token is of no use any more.
        renew_token: bool,
        /// `/gateway/bot` is to be read again first.
        look_up: bool,
        /// Session starts are being used up: they must be spread over what is left of the day.
        spread: bool,
    },
}

/// A connection that lived so long had no part in any loop.
const LONG_LIVED: Duration = Duration::from_secs(10 * 60);

/// What one shard has been through of late.
#[derive(Debug)]
pub(super) struct Course {
    policy: RetryConfig,
    timing: GatewayTiming,
    failures: u32,
    code: Option<u16>,
    repeats: u32,
    doubts: Doubts,
    refused_tokens: u32,
    new_sessions: u32,
}

impl Course {
    pub(super) fn new(policy: RetryConfig, timing: GatewayTiming) -> Self {
        Self {
            policy,
            timing,
            failures: 0,
            code: None,
            repeats: 0,
            doubts: Doubts::default(),
            refused_tokens: 0,
            new_sessions: 0,
        }
    }

    pub(super) fn plan(&mut self, ended: &Ended) -> Plan {
        let lived = ended.lived.unwrap_or_default();
        if lived >= LONG_LIVED {
            *self = Self::new(self.policy.clone(), self.timing.clone());
        } else if lived >= self.timing.stable_after {
            self.failures = 0;
            self.doubts = Doubts::default();
        }
        self.note(ended);
        match self.decide(ended) {
            Ok(_) if !self.policy.is_unlimited() && self.failures >= self.policy.max_attempts() => {
                Plan::Stop(Unrecoverable::GaveUp {
                    attempts: self.failures,
                    last: ended.how.to_string(),
                })
            }
            Ok(next) => self.connect(ended, &next),
            Err(cause) => Plan::Stop(cause),
        }
    }

    fn note(&mut self, ended: &Ended) {
        self.failures = self.failures.saturating_add(1);
        let code = ended.how.code();
        self.repeats = if code.is_some() && code == self.code {
            self.repeats + 1
        } else {
            1
        };
        self.code = code;
        if ended.lived.is_some() {
            // It was let in by the token.
            self.refused_tokens = 0;
        }
        if ended.step == Step::Identify && ended.spoke {
            self.new_sessions += 1;
        }
        self.doubts.note(ended);
    }

    /// What the ending itself calls for.
    fn decide(&mut self, ended: &Ended) -> Result<Next, Unrecoverable> {
        let resume = Next::to(ended.again());
        match &ended.how {
            Ending::Token(error) => match Unrecoverable::of_token(error) {
                Some(cause) => Err(cause),
                None if error.kind() == ErrorKind::RateLimited => Ok(Next {
                    at_least: self
                        .timing
                        .after_too_fast
                        .max(error.retry_after().unwrap_or_default()),
                    ..Next::to(ended.step)
                }),
                None => Ok(Next::to(ended.step)),
            },
            Ending::LookUp(error) => {
                if let Some(cause) = Unrecoverable::of_api(error) {
                    return Err(cause);
                }
                Ok(Next {
                    at_least: Classify::retry_after(error).unwrap_or_default(),
                    ..Next::to(ended.step)
                })
            }
            Ending::Closed { code } => self.after_code(ended, close_code::meaning(*code)),
            Ending::InvalidSession { resumable, code } => {
                let meaning = code.map_or(Meaning::Unknown, close_code::meaning);
                match meaning {
                    Meaning::Resume | Meaning::Identify | Meaning::Unknown if *resumable => {
                        Ok(resume)
                    }
                    Meaning::Resume | Meaning::Identify | Meaning::Unknown => Ok(Next {
                        at_least: self.timing.after_invalid,
                        look_up: ended.step == Step::Identify,
                        ..Next::to(Step::Identify)
                    }),
                    meaning => self.after_code(ended, meaning),
                }
            }
            Ending::NoSession => Ok(Next::to(Step::Identify)),
            Ending::Unreachable { .. } | Ending::TimedOut { .. } => Ok(Next::to(ended.step)),
            Ending::Lost { .. }
            | Ending::Dead
            | Ending::Unacknowledged
            | Ending::Asked
            | Ending::Reconnect => Ok(resume),
        }
    }

    fn after_code(&mut self, ended: &Ended, meaning: Meaning) -> Result<Next, Unrecoverable> {
        let code = self.code.unwrap_or_default();
        match meaning {
            Meaning::Resume => Ok(Next::to(ended.again())),
            Meaning::Identify => Ok(Next {
                look_up: ended.step == Step::Identify,
                ..Next::to(Step::Identify)
            }),
            Meaning::NewToken => {
                self.refused_tokens += 1;
                if self.refused_tokens >= REFUSED_TOKENS {
                    return Err(Unrecoverable::TokensRefused {
                        tokens: self.refused_tokens,
                    });
                }
                let is_patient = self.refused_tokens >= PATIENT_FROM;
                Ok(Next {
                    renew_token: true,
                    at_least: if is_patient {
                        self.timing.after_too_fast
                    } else {
                        Duration::ZERO
                    },
                    ..Next::to(ended.again())
                })
            }
            Meaning::TooFast => Ok(Next {
                at_least: self.timing.after_too_fast,
                ..Next::to(ended.again())
            }),
            Meaning::IdentifyOnce if self.repeats == 1 => Ok(Next::to(Step::Identify)),
            Meaning::IdentifyOnce => Err(Unrecoverable::ProtocolRefused { code }),
            Meaning::Unknown if self.repeats == 1 => Ok(Next::to(ended.again())),
            Meaning::Unknown => Ok(Next::to(Step::Identify)),
            Meaning::Stop(cause) => Err(cause),
        }
    }

    fn connect(&mut self, ended: &Ended, next: &Next) -> Plan {
        let mut step = next.step;
        if step == Step::Resume && self.doubts.are_enough(self.timing.doubt_after) {
            step = Step::Identify;
            self.doubts = Doubts::default();
        }
        let after = if ended.how.is_planned() && ended.lived.is_some() && self.failures == 1 {
            self.timing.planned_within.mul_f64(fastrand::f64())
        } else {
            self.policy.next_delay(self.failures).max(next.at_least)
        };
        Plan::Connect {
            step,
            after,
            renew_token: next.renew_token,
            look_up: next.look_up || self.failures.is_multiple_of(LOOK_UP_AFTER),
            spread: step == Step::Identify && self.new_sessions >= SPREAD_FROM,
        }
    }
}

/// What an ending calls for, before the history has its say.
struct Next {
    step: Step,
    at_least: Duration,
    renew_token: bool,
    look_up: bool,
}

impl Next {
    fn to(step: Step) -> Self {
        Self {
            step,
            at_least: Duration::ZERO,
            renew_token: false,
            look_up: false,
        }
    }
}

#[cfg(test)]
mod tests;
