//! Outages of all shapes, on the paused clock.

mod outages;
mod sinks;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::{Instant, advance, sleep};

use super::{Alert, AlertError, AlertKind, AlertPolicy, AlertSinks};
use crate::classify::ErrorKind;
use crate::watch::ErrorMonitor;

const WINDOW: Duration = Duration::from_secs(60);
const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);

/// Keeps what it was told, with the time of it.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<(Instant, Alert)>>>);

impl Told {
    fn sink(&self) -> impl Fn(&Alert) -> Result<(), AlertError> + Send + Sync + 'static + use<> {
        let told = self.clone();
        move |alert| {
            let entry = (Instant::now(), alert.clone());
            told.0.lock().unwrap().push(entry);
            Ok(())
        }
    }

    fn all(&self) -> Vec<(Instant, Alert)> {
        self.0.lock().unwrap().clone()
    }

    fn kinds(&self) -> Vec<AlertKind> {
        self.all().iter().map(|(_, alert)| alert.kind).collect()
    }
}

/// A monitor of 10 errors a minute whose alerts are kept.
fn watched(policy: AlertPolicy) -> (ErrorMonitor, Told) {
    let monitor = ErrorMonitor::new(10, WINDOW);
    let told = Told::default();
    let sinks = AlertSinks::new().and(told.sink());
    tokio::spawn(monitor.run_alerts(sinks, policy));
    (monitor, told)
}

/// Errors once a second.
async fn fail_for(monitor: &ErrorMonitor, seconds: u32) {
    for _ in 0..seconds {
        monitor.record("send", ErrorKind::Network);
        sleep(SECOND).await;
    }
}

/// Lets the tasks run that have something to do.
async fn settle() {
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
}
