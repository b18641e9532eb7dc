//! Metrics for Prometheus: the recorder behind `/metrics`.

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

use crate::observe;

/// The upper bounds of what takes seconds: of a retry's delay, mostly.
const SECONDS: [f64; 12] = [
    0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0,
];

/// The program's metrics, in a form that Prometheus reads. Clones show the same metrics.
///
/// Histograms whose names end with `_seconds` have buckets from 10 ms to 5 minutes; others are summaries.
///
/// # Examples
/// ```
/// use recovery_core::status::{PrometheusMetrics, Status};
///
/// let prometheus = PrometheusMetrics::install()?;
/// metrics::counter!("orders_total").increment(2);
/// assert!(prometheus.render().contains("orders_total 2"));
/// assert!(PrometheusMetrics::install().is_err()); // there is one recorder in a process
///
/// let status = Status::builder("shop").metrics(prometheus).build(); // serves them as `/metrics`
/// # drop(status);
/// # Ok::<(), recovery_core::status::OtherRecorder>(())
/// ```
#[derive(Clone, Debug)]
pub struct PrometheusMetrics(PrometheusHandle);

impl PrometheusMetrics {
    /// Makes the recorder of the whole process, with the descriptions of this crate's metrics. Do it before
    /// anything is counted: what was counted before is lost.
    ///
    /// # Errors
    /// If the process has a recorder already.
    #[expect(clippy::missing_panics_doc, reason = "there are buckets")]
    pub fn install() -> Result<Self, OtherRecorder> {
        let recorder = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)
            .expect("there are buckets")
            .build_recorder();
        let handle = recorder.handle();
        metrics::set_global_recorder(recorder).map_err(|_| OtherRecorder)?;
        observe::describe_metrics();
        Ok(Self(handle))
    }

    /// All metrics as they are now, in Prometheus's text format, version 0.0.4.
    pub fn render(&self) -> String {
        self.0.render()
    }

    /// Sorts in what histograms have recorded, which would else wait in memory for the next
    /// [`render`](Self::render). A [`Status`](super::Status) that is served does it every five seconds.
    pub fn run_upkeep(&self) {
        self.0.run_upkeep();
    }
}

/// The process has a recorder for metrics already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "another recorder for metrics is installed already: install `PrometheusMetrics` before it, or serve the other one's metrics at a place of their own"
)]
#[non_exhaustive]
pub struct OtherRecorder;
