//! An alert as JSON and its like.

use std::time::SystemTime;

use serde::ser::{Serialize, SerializeStruct, Serializer};

use super::Alert;

#[derive(serde::Serialize)]
struct OfKind {
    kind: &'static str,
    count: u64,
}

#[derive(serde::Serialize)]
struct OfOperation<'a> {
    operation: &'a str,
    count: u64,
}

impl Serialize for Alert {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let since = self.since.duration_since(SystemTime::UNIX_EPOCH);
        let by_kind = self.by_kind.iter().map(|(kind, count)| OfKind {
            kind: kind.as_str(),
            count: *count,
        });
        let by_operation = self.by_operation.iter();
        let by_operation = by_operation.map(|(operation, count)| OfOperation {
            operation,
            count: *count,
        });
        let mut fields = serializer.serialize_struct("Alert", 11)?;
        fields.serialize_field("kind", self.kind.as_str())?;
        fields.serialize_field("text", &self.to_string())?;
        fields.serialize_field("count", &self.count)?;
        fields.serialize_field("rate", &self.rate)?;
        fields.serialize_field("threshold", &self.threshold)?;
        fields.serialize_field("window_seconds", &self.window.as_secs_f64())?;
        fields.serialize_field("since", &since.map_or(0, |since| since.as_secs()))?;
        fields.serialize_field("lasted_seconds", &self.lasted.as_secs_f64())?;
        fields.serialize_field("errors", &self.errors)?;
        fields.serialize_field("by_kind", &by_kind.collect::<Vec<_>>())?;
        fields.serialize_field("by_operation", &by_operation.collect::<Vec<_>>())?;
        fields.end()
    }
}
