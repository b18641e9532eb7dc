//! A busy minute on the platform: many users, four scenes, and a gateway that has its moods.

use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval, sleep};

use crate::{
    event::Scene,
    fault::Fault,
    ledger::Ledger,
    mix::{SplitMix, fnv1a},
    order::Order,
    plan::FaultPlan,
    platform::Platform,
};

/// How often the end is looked for.
const GLANCE: Duration = Duration::from_millis(100);

/// How long all must be quiet after every command was plainly answered.
const SETTLED_AFTER: Duration = Duration::from_millis(500);

/// What users say, how fast, and when it is over.
///
/// The scenes are drawn from the seed: about 25 % channel (`!status`, `!ping` and `!test_error`),
/// 10 % direct (`!health`), 35 % group (`error_test`) and 30 % C2C (`!ping`).
#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    /// How many commands are sent. Default: 500.
    pub commands: u32,
    /// How many are sent in a second. Default: 40.
    pub per_second: f64,
    /// Draws the scenes and contents. Default: 0.
    pub seed: u64,
    /// How often the gateway asks for a reconnect (op 7), evenly spread over the run. Default: 2,
    /// that is, at one third and at two thirds of the way.
    pub reconnects: u32,
    /// How often the gateway is upset, evenly spread over the run: it closes the connection, asks for
    /// a reconnect, tears the connection between two frames or within one, or falls silent, in an
    /// order that the seed draws; then it acknowledges no heartbeat any more, and all begins anew.
    /// What finds no client connected waits for one, until the next is due. No session ends by it, so
    /// nothing need be lost.
    /// Default: 0.
    ///
    /// Silence is noticed only by heartbeats: see
    /// [`heartbeat_interval`](crate::PlatformOptions::heartbeat_interval).
    pub upsets: u32,
    /// The scenario is over when no call has come or ended for so long, after the last command.
    /// If every command was answered plainly, it is over half a second later. Default: 8 s.
    pub grace: Duration,
    /// The scenario is over so long after the last command at the latest. Default: 120 s.
    pub tail: Duration,
}

impl Default for Scenario {
    fn default() -> Self {
        Self {
            commands: 500,
            per_second: 40.0,
            seed: 0,
            reconnects: 2,
            upsets: 0,
            grace: Duration::from_secs(8),
            tail: Duration::from_secs(120),
        }
    }
}

/// How a scenario came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ScenarioEnd {
    /// Every command was answered.
    Answered,
    /// Nothing was called for the grace period.
    Quiet,
    /// Calls still came, but the tail was over.
    TimeUp,
}

/// Why a scenario cannot be played.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ScenarioError {
    /// The pace is no pace.
    #[error("{per_second} commands per second is no pace; it must be more than 0, at most 100000")]
    Pace {
        /// The pace that was asked for.
        per_second: f64,
    },
}

impl Scenario {
    /// This scenario, as patient as the plan needs: botrs waits a minute after a 429 without a
    /// header.
    #[must_use]
    pub fn patient_with(mut self, plan: &FaultPlan) -> Self {
        if plan.rate > 0.0 && plan.faults.contains(&Fault::RateLimitedBare) {
            self.grace = self.grace.max(Duration::from_secs(75));
            self.tail = self.tail.max(Duration::from_secs(900));
        }
        self
    }

    /// Checks the fields, which are public.
    ///
    /// # Errors
    ///
    /// If the pace is not above 0 and at most 100 000 commands per second.
    pub fn validated(self) -> Result<Self, ScenarioError> {
        if self.per_second > 0.0 && self.per_second <= 100_000.0 {
            return Ok(self);
        }
        Err(ScenarioError::Pace {
            per_second: self.per_second,
        })
    }

    /// Sends every command, then waits for the end.
    ///
    /// # Errors
    ///
    /// If the pace is impossible.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future stops the scenario; what was sent stays sent.
    pub async fn play(&self, platform: &Platform) -> Result<ScenarioEnd, ScenarioError> {
        let scenario = self.clone().validated()?;
        scenario.send_all(platform).await;
        Ok(scenario.until_over(&platform.ledger()).await)
    }

    async fn send_all(&self, platform: &Platform) {
        let mut stream = SplitMix::new(self.seed, fnv1a(&["scenario"]));
        let step = Duration::from_secs_f64((1.0 / self.per_second).min(3600.0));
        let mut pace = interval(step.max(Duration::from_micros(1)));
        pace.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let mut upsets = upsets(self.seed).peekable();
        let mut is_due = false;
        for number in 0..self.commands {
            pace.tick().await;
            if self.comes_before(number, self.reconnects) {
                platform.reconnect();
            }
            is_due |= self.comes_before(number, self.upsets);
            if is_due && upsets.peek().is_some_and(|upset| platform.order(upset) > 0) {
                upsets.next();
                is_due = false;
            }
            let (scene, content) = draw(&mut stream);
            platform.deliver(scene, content);
        }
    }

    /// Whether one of so many things, evenly spread over the commands, comes before this command.
    fn comes_before(&self, number: u32, times: u32) -> bool {
        let parts = u64::from(times) + 1;
        (1..parts).any(|part| u64::from(self.commands) * part / parts == u64::from(number))
    }

    async fn until_over(&self, ledger: &Ledger) -> ScenarioEnd {
        let deadline = Instant::now() + self.tail;
        loop {
            let tally = ledger.tally();
            if tally.under_way == 0 {
                let quiet = ledger.elapsed().saturating_sub(tally.last_activity);
                let answered = tally.delivered == tally.commands;
                if quiet >= self.grace {
                    return if answered {
                        ScenarioEnd::Answered
                    } else {
                        ScenarioEnd::Quiet
                    };
                }
                if answered && quiet >= SETTLED_AFTER && !ledger.has_loose_ends() {
                    return ScenarioEnd::Answered;
                }
            }
            if Instant::now() >= deadline {
                return ScenarioEnd::TimeUp;
            }
            sleep(GLANCE).await;
        }
    }
}

fn draw(stream: &mut SplitMix) -> (Scene, &'static str) {
    match stream.below(100) {
        0..25 => {
            let contents = ["!status", "!ping", "!test_error"];
            (Scene::Channel, contents[stream.below(contents.len())])
        }
        25..35 => (Scene::Direct, "!health"),
        35..70 => (Scene::Group, "error_test"),
        _ => (Scene::C2c, "!ping"),
    }
}

/// What befalls the gateway, one after the other, without end.
fn upsets(seed: u64) -> impl Iterator<Item = Order> {
    let mut kinds = [
        Order::Close { code: 4009 },
        Order::Reconnect,
        Order::Tear,
        Order::TearMidFrame,
        Order::GoSilent,
        // Stays last: the connection lives on until the client notices.
        Order::StopAcks,
    ];
    let mut stream = SplitMix::new(seed, fnv1a(&["upsets"]));
    for last in (1..kinds.len() - 1).rev() {
        kinds.swap(last, stream.below(last + 1));
    }
    kinds.into_iter().cycle()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reconnects_at_one_third_and_at_two_thirds() {
        let scenario = Scenario::default();
        let at: Vec<u32> = (0..scenario.commands)
            .filter(|number| scenario.comes_before(*number, scenario.reconnects))
            .collect();
        assert_eq!(at, [166, 333]);
        assert!(!(0..500).any(|number| scenario.comes_before(number, 0)));
    }

    #[test]
    fn each_upset_comes_before_one_comes_twice() {
        let drawn: Vec<Order> = upsets(7).take(12).collect();
        for (at, order) in drawn[..6].iter().enumerate() {
            assert!(!drawn[..at].contains(order), "{drawn:?}");
        }
        assert_eq!(drawn[..6], drawn[6..]);
        assert!((0..20).any(|seed| upsets(seed).next() != upsets(7).next()));
    }

    #[test]
    fn mixes_the_scenes_as_documented() {
        let mut stream = SplitMix::new(1, 1);
        let drawn: Vec<Scene> = (0..10_000).map(|_| draw(&mut stream).0).collect();
        let count = |scene| drawn.iter().filter(|drawn| **drawn == scene).count();
        assert!((2300..2700).contains(&count(Scene::Channel)));
        assert!((800..1200).contains(&count(Scene::Direct)));
        assert!((3300..3700).contains(&count(Scene::Group)));
        assert!((2800..3200).contains(&count(Scene::C2c)));
    }

    #[test]
    fn refuses_an_impossible_pace() {
        for per_second in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            let scenario = Scenario {
                per_second,
                ..Scenario::default()
            };
            assert!(scenario.validated().is_err());
        }
    }
}
