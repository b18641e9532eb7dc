//! The document that a state is written as.

use std::error::Error;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::state::unfit::Unfit;
use crate::state::{StateError, reason};

/// The newest that this crate reads, and the one that it writes.
const FORMAT: u32 = 1;

/// Makes of a state in an older version one in the next, or in the newest.
pub(super) type Migration =
    Box<dyn Fn(u32, Value) -> Result<Value, Box<dyn Error + Send + Sync>> + Send>;

/// What is read of any format.
#[derive(Deserialize)]
struct Head {
    format: u32,
}

#[derive(Deserialize)]
struct Document<'a> {
    format: u32,
    version: u32,
    generation: u64,
    /// Null only if somebody has written that: without this it might be missing.
    #[serde(deserialize_with = "Option::deserialize")]
    checksum: Option<String>,
    #[serde(borrow)]
    state: &'a RawValue,
}

/// Writes a state down, and reads it again: what could not be loaded must not take the place of what can.
pub(super) fn encode<S>(version: u32, generation: u64, state: &S) -> Result<Vec<u8>, StateError>
where
    S: Serialize + DeserializeOwned,
{
    let unwritable = |reason| StateError::Unwritable { reason };
    let place = checksum(version, generation, &[]);
    let head = format!(
        r#"{{"format":{FORMAT},"version":{version},"generation":{generation},"checksum":"{place}","state":"#
    );
    let mut text = head.into_bytes();
    let start = text.len();
    serde_json::to_writer(&mut text, state)
        .map_err(|error| unwritable(reason::of_write(&error)))?;
    let checksum = checksum(version, generation, &text[start..]);
    let place = start - r#"","state":"#.len();
    text[place - checksum.len()..place].copy_from_slice(checksum.as_bytes());
    text.extend_from_slice(b"}\n");
    match decode::<S>(&text, version, None) {
        Ok(_) => Ok(text),
        Err(Unfit::Damaged(reason) | Unfit::Incompatible { reason, .. }) => {
            Err(unwritable(format!("it could not be read again: {reason}")))
        }
        Err(Unfit::Newer { .. }) => Err(unwritable("its version is newer than itself".into())),
    }
}

/// Reads a state, and its generation.
pub(super) fn decode<S: DeserializeOwned>(
    text: &[u8],
    known: u32,
    migration: Option<&Migration>,
) -> Result<(S, u64), Unfit> {
    if text.is_empty() {
        return Err(Unfit::Damaged("it is empty".into()));
    }
    let document: Document<'_> = match serde_json::from_slice(text) {
        Ok(document) => document,
        Err(error) => {
            return match serde_json::from_slice(text) {
                Ok(Head { format }) if format > FORMAT => Err(newer(format, FORMAT)),
                _ => Err(Unfit::Damaged(reason::of_read(&error))),
            };
        }
    };
    let Document {
        format,
        version,
        generation,
        ..
    } = document;
    if format > FORMAT {
        return Err(newer(format, FORMAT));
    }
    let state = document.state.get();
    let expected = checksum(version, generation, state.as_bytes());
    if document.checksum.is_some_and(|found| found != expected) {
        return Err(Unfit::Damaged(
            "its checksum is wrong; who edits it by hand sets `checksum` to null".into(),
        ));
    }
    if version > known {
        return Err(newer(version, known));
    }
    let incompatible = |reason| Unfit::Incompatible { version, reason };
    let misfit = |error: serde_json::Error| incompatible(reason::of_read(&error));
    let state = match migration {
        Some(migrate) if version < known => {
            let value = serde_json::from_str(state).map_err(misfit)?;
            let value = migrate(version, value).map_err(|error| {
                let reason = reason::of_migration(&*error);
                incompatible(format!("the migration failed: {reason}"))
            })?;
            serde_json::from_value(value).map_err(misfit)?
        }
        _ => serde_json::from_str(state).map_err(misfit)?,
    };
    Ok((state, generation))
}

const fn newer(found: u32, known: u32) -> Unfit {
    Unfit::Newer { found, known }
}

/// Over the version too: of a state in another version a migration would make something else.
fn checksum(version: u32, generation: u64, state: &[u8]) -> String {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(format!("{version} {generation} ").as_bytes());
    hasher.update(state);
    format!("crc32:{:08x}", hasher.finalize())
}
