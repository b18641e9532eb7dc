//! When things go wrong: the plan that decides which call meets which fault.

use crate::{
    fault::{Endpoint, Fault},
    mix::{SplitMix, fnv1a},
};

/// What identifies a call in the eyes of a [`FaultPlan`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CallKey<'a> {
    /// The HTTP method, in capitals.
    pub method: &'a str,
    /// The path, without the query.
    pub path: &'a str,
    /// The message that is replied to; empty if there is none.
    pub msg_id: &'a str,
    /// How many calls with the same method, path and `msg_id` reached the plan before.
    pub earlier: u64,
}

/// Which calls meet which fault: a pure function of the seed and the call itself.
///
/// The order in which calls arrive plays no part, so concurrent runs with one seed meet the same
/// faults. Calls that are refused before the plan is asked (no valid token, a body that is not
/// JSON) do not count as earlier calls. What may differ between such runs is how many 401 a bot
/// collects while it replaces an expired token, and so how often it asks for one.
#[derive(Debug, Clone, PartialEq)]
pub struct FaultPlan {
    /// Chooses the faults, and the ids of events and messages.
    pub seed: u64,
    /// The share of calls that meet a fault, from 0 (none) to 1 (every one).
    pub rate: f64,
    /// The faults to draw from; one that is named twice comes twice as often.
    pub faults: Vec<Fault>,
}

impl Default for FaultPlan {
    /// No faults: seed 0, rate 0, [`Fault::DEFAULT_MIX`].
    fn default() -> Self {
        Self {
            seed: 0,
            rate: 0.0,
            faults: Fault::DEFAULT_MIX.to_vec(),
        }
    }
}

impl FaultPlan {
    /// A plan with [`Fault::DEFAULT_MIX`].
    ///
    /// # Errors
    ///
    /// If `rate` is not within 0 and 1.
    pub fn new(seed: u64, rate: f64) -> Result<Self, FaultPlanError> {
        Self {
            seed,
            rate,
            ..Self::default()
        }
        .validated()
    }

    /// This plan, drawing from `faults` instead.
    #[must_use]
    pub fn with_faults(mut self, faults: impl IntoIterator<Item = Fault>) -> Self {
        self.faults = faults.into_iter().collect();
        self
    }

    /// Checks the fields, which are public.
    ///
    /// # Errors
    ///
    /// If the rate is not within 0 and 1, or faults are wanted but none is named.
    pub fn validated(self) -> Result<Self, FaultPlanError> {
        if !(0.0..=1.0).contains(&self.rate) {
            return Err(FaultPlanError::RateOutOfRange { rate: self.rate });
        }
        if self.rate > 0.0 && self.faults.is_empty() {
            return Err(FaultPlanError::NoFaults { rate: self.rate });
        }
        Ok(self)
    }

    /// The fault that befalls this call, if any.
    pub fn draw(&self, endpoint: Endpoint, call: CallKey<'_>) -> Option<Fault> {
        let name = fnv1a(&[call.method, call.path, call.msg_id]);
        let mut stream = SplitMix::new(self.seed, name ^ SplitMix::new(call.earlier, name).next());
        if stream.fraction() >= self.rate {
            return None;
        }
        let drawn = *self.faults.get(stream.below(self.faults.len()))?;
        if drawn.fits(endpoint) {
            return Some(drawn);
        }
        let fitting: Vec<Fault> = self
            .faults
            .iter()
            .copied()
            .filter(|fault| fault.fits(endpoint))
            .collect();
        fitting.get(stream.below(fitting.len())).copied()
    }
}

/// Why a [`FaultPlan`] cannot be carried out.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum FaultPlanError {
    /// The rate is no share.
    #[error("the fault rate is {rate}, but it must lie between 0 and 1")]
    RateOutOfRange {
        /// The rate that was asked for.
        rate: f64,
    },
    /// Faults are wanted, but none is named.
    #[error("the fault rate is {rate}, but the list of faults is empty")]
    NoFaults {
        /// The rate that was asked for.
        rate: f64,
    },
}
