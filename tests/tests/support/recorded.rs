//! What a recorder of the `metrics` facade has been told.

use std::collections::BTreeMap;

use metrics_util::debugging::{DebugValue, Snapshotter};

/// `name{label=value,..}` and the number; of a histogram the values.
pub(crate) fn counted(snapshotter: &Snapshotter) -> BTreeMap<String, String> {
    read(snapshotter, false)
}

/// The same; each has a description.
pub(crate) fn counted_and_described(snapshotter: &Snapshotter) -> BTreeMap<String, String> {
    read(snapshotter, true)
}

fn read(snapshotter: &Snapshotter, are_described: bool) -> BTreeMap<String, String> {
    let metrics = snapshotter.snapshot().into_vec().into_iter();
    let metrics = metrics.map(|(key, _, description, value)| {
        assert!(description.is_some() || !are_described, "{key:?}");
        let key = key.key();
        let labels: Vec<String> = key
            .labels()
            .map(|label| format!("{}={}", label.key(), label.value()))
            .collect();
        let value = match value {
            DebugValue::Counter(count) => count.to_string(),
            DebugValue::Gauge(gauge) => gauge.to_string(),
            DebugValue::Histogram(values) => format!("{values:?}"),
        };
        (format!("{}{{{}}}", key.name(), labels.join(",")), value)
    });
    metrics.collect()
}
