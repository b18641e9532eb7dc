//! Watches a monitor, and tells its sinks.

use std::convert::Infallible;
use std::future::{pending, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use super::judge::Judge;
use super::lane::Lane;
use super::{AlertPolicy, AlertSinks};
use crate::retry::clock;
use crate::watch::ErrorMonitor;

impl ErrorMonitor {
    /// Tells `sinks` of each outage: one alert when it begins, one when it is over, as `policy` has it.
    ///
    /// The future never ends; it is to be spawned, and there is no task beside it. Recording never waits for
    /// it. What happened before it runs is not lost: an outage that it has not seen is told when it begins, even
    /// if it is over by then. Of two that run at the same time, each tells its own sinks of everything.
    ///
    /// To each sink alerts go one by one, and 16 wait at most; the oldest gives way. A sink that fails is told
    /// of by the event `errors.alert_failed`, and is given the next alert all the same.
    ///
    /// # Panics
    /// The future, if it is polled outside of a tokio runtime with its time enabled.
    ///
    /// # Cancel safety
    /// Dropping the future ends the alerts: those under way are lost, and an outage that was told of is not told to be
    /// over. Counting goes on. So it is when the program ends: let this be the last of its tasks to be dropped, and
    /// where people wait for an all-clear, tell them by a message of the program's own that it has ended.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    /// use recovery_core::watch::{AlertPolicy, AlertSinks, ErrorMonitor, LogAlerts};
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// let monitor = ErrorMonitor::new(100, Duration::from_secs(60));
    /// let sinks = AlertSinks::new().and(LogAlerts);
    /// let alerts = tokio::spawn(monitor.run_alerts(sinks, AlertPolicy::default()));
    /// # tokio::task::yield_now().await;
    /// assert!(!alerts.is_finished());
    /// # }
    /// ```
    pub fn run_alerts(
        &self,
        sinks: AlertSinks,
        policy: AlertPolicy,
    ) -> impl Future<Output = Infallible> + Send + 'static + use<> {
        let limit = policy.delivery_limit;
        let lanes = sinks.0.into_iter();
        let lanes = lanes.map(|sink| Lane::new(sink, limit)).collect();
        run(Judge::new(self.clone(), policy), lanes)
    }
}

async fn run(mut judge: Judge, mut lanes: Vec<Lane>) -> Infallible {
    let monitor = judge.monitor().clone();
    loop {
        let mut crossed = pin!(monitor.crossed());
        crossed.as_mut().enable();
        let now = clock::now();
        while let Some(alert) = judge.look(now) {
            let alert = Arc::new(alert);
            for lane in &mut lanes {
                lane.push(Arc::clone(&alert));
            }
        }
        let mut next_look = pin!(sleep(judge.until_next_look(now)));
        poll_fn(|context| {
            for lane in &mut lanes {
                lane.poll(context);
            }
            let is_due = crossed.as_mut().poll(context).is_ready()
                || next_look.as_mut().poll(context).is_ready();
            if is_due {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
    }
}

async fn sleep(duration: Option<Duration>) {
    match duration {
        Some(duration) => tokio::time::sleep(duration).await,
        None => pending().await,
    }
}
