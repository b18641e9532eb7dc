//! What changes by the passage of time.

use std::convert::Infallible;

use tokio::time::{Instant, sleep, sleep_until};

use super::{Health, HealthChecker, HealthState};

impl HealthChecker {
    /// Looks every [`check_interval`](super::HealthThresholds::check_interval), and whenever something is
    /// due, so that [`watch`](Self::watch) and the event `health.changed` tell of what changes by the
    /// passage of time. It never ends, whatever it finds; drop it to end it. Several may run.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    /// use recovery_core::watch::{HealthChecker, HealthState};
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// let checker = HealthChecker::new();
    /// let mut health = checker.watch();
    /// let monitored = checker.clone();
    /// let monitoring = tokio::spawn(async move { monitored.start_monitoring().await });
    ///
    /// checker.update_heartbeat();
    /// let sick = health.wait_for(|health| health.state == HealthState::Unhealthy).await;
    /// assert_eq!(sick.unwrap().reasons[0].to_string(), "connection 0: no heartbeat was acknowledged, for 120 s");
    /// checker.update_heartbeat();
    /// health.wait_for(|health| health.state == HealthState::Healthy).await.unwrap();
    /// assert!(!monitoring.is_finished());
    /// # }
    /// ```
    ///
    /// # Cancel safety
    /// It keeps nothing that dropping it could lose.
    ///
    /// # Panics
    /// Outside a tokio runtime with its time enabled.
    pub async fn start_monitoring(&self) -> Infallible {
        loop {
            let next = self.check();
            tokio::select! {
                () = sleep(self.thresholds().check_interval) => {}
                () = due(next) => {}
            }
        }
    }

    /// Waits until the program is in this state, and monitors meanwhile. It may be in another one again by
    /// the time that the caller looks.
    ///
    /// # Examples
    /// ```
    /// use recovery_core::watch::{HealthChecker, HealthState};
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// let checker = HealthChecker::new();
    /// checker.connection(0).connected();
    /// let quiet = checker.wait_for(HealthState::Unhealthy).await; // after two minutes
    /// assert_eq!(quiet.state, HealthState::Unhealthy);
    /// # }
    /// ```
    ///
    /// # Cancel safety
    /// It keeps nothing that dropping it could lose.
    ///
    /// # Panics
    /// Outside a tokio runtime with its time enabled.
    pub async fn wait_for(&self, state: HealthState) -> Health {
        self.health();
        let mut health = self.watch();
        tokio::select! {
            biased;
            found = health.wait_for(|health| health.state == state) => {
                found.expect("the checker holds the sender").clone()
            }
            never = self.start_monitoring() => match never {},
        }
    }

    /// Looks, and says when a rule will strike next.
    fn check(&self) -> Option<Instant> {
        self.health();
        let state = self.lock();
        self.judge(&state, Instant::now()).1
    }
}

async fn due(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}
