//! A state as it is in a database: two tables, whose every value has a checksum of its own.

use std::any::Any;
use std::collections::HashMap;
use std::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};

use redb::{
    Builder, ReadableDatabase as _, ReadableTable, StorageBackend, Table, TableDefinition,
    WriteTransaction,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::disk::{Disk, Newest};
use super::fault::Fault;
use super::{Part, RedbSnapshot};
use crate::state::unfit::Unfit;
use crate::state::{Records, TrackedMap, reason};

/// The newest form of what is described here that this program knows.
const FORMAT: u32 = 1;
const META: TableDefinition<&str, &[u8]> = TableDefinition::new("recovery.meta");
const RECORDS: TableDefinition<&str, &[u8]> = TableDefinition::new("recovery.records");
const HEAD: &str = "head";
const ROOT: &str = "root";
/// What redb may keep in memory: the state itself is there already.
const CACHE: usize = 16 << 20;
const CHECKSUM: usize = size_of::<u32>();

/// What is known of all records together. They must agree with it, so that none can be lost or old unseen.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Head {
    format: u32,
    version: u32,
    saves: u64,
    records: u64,
    /// The sum of the records' checksums.
    digest: u64,
}

/// Makes a value of the state's version from one of the version that it was written in.
pub(super) type Migrate =
    dyn FnMut(u32, Part<'_>, Value) -> Result<Value, Box<dyn Error + Send + Sync>> + Send;

pub(super) struct Database {
    redb: redb::Database,
    disk: Disk,
    saves: u64,
}

impl Database {
    /// Makes a new database in an empty file.
    pub(super) fn create(below: Box<dyn StorageBackend>) -> Result<Self, Fault> {
        let disk = Disk::direct(below);
        let redb = builder().create_with_backend(disk.clone())?;
        Ok(Self {
            redb,
            disk,
            saves: 0,
        })
    }

    /// Opens one that is there, verifying every page of it. The file is not changed before
    /// [`settle`](Self::settle).
    pub(super) fn open(
        below: Box<dyn StorageBackend>,
        newest: Newest,
        known: u32,
    ) -> Result<Self, Fault> {
        guarded(|| {
            if below.len()? == 0 {
                return Err(Fault::damaged("it is empty"));
            }
            let disk = Disk::holding_back(below);
            let doubt = match newest {
                Newest::Whole => disk.flags_in_doubt()?,
                Newest::Named => None,
            };
            // Fails if the commit that is named is damaged, as is one whose number alone is and makes the other
            // one look newer: no reason to take another one.
            let mut redb = builder().create_with_backend(disk.clone())?;
            if let Some(flags) = doubt {
                drop(redb);
                disk.begin_anew(flags);
                redb = builder().create_with_backend(disk.clone())?;
            }
            let mut database = Self {
                redb,
                disk,
                saves: 0,
            };
            database.saves = database.head(known)?.saves;
            Ok(database)
        })
    }

    /// Lets the file be changed.
    pub(super) fn settle(&self) -> Result<(), Fault> {
        Ok(self.disk.apply()?)
    }

    /// How many saves it has seen.
    pub(super) fn saves(&self) -> u64 {
        self.saves
    }

    /// The version that the state in it has.
    pub(super) fn version(&self, known: u32) -> Result<u32, Fault> {
        Ok(self.head(known)?.version)
    }

    fn head(&self, known: u32) -> Result<Head, Fault> {
        let transaction = self.redb.begin_read()?;
        // A database of a newer format may have other tables.
        let meta = transaction.open_table(META)?;
        let head = read_head(&meta)?.ok_or_else(Fault::foreign)?;
        if head.format > FORMAT || head.version > known {
            let (found, known) = if head.format > FORMAT {
                (head.format, FORMAT)
            } else {
                (head.version, known)
            };
            return Err(Unfit::Newer { found, known }.into());
        }
        Ok(head)
    }

    /// Reads the state, and sees whether all of it is there and as it was written.
    pub(super) fn read<S: Records>(&self, known: u32) -> Result<S, Fault> {
        guarded(|| {
            let version = self.version(known)?;
            let mut records = HashMap::new();
            let root = self.visit(known, |key, json| {
                let record = parse(version, Part::Record(key), json)?;
                records.insert(key.to_owned(), record);
                Ok(())
            })?;
            let root = parse(version, Part::Root, &root)?;
            theirs(|| S::from_parts(root, records.into()))
        })
    }

    /// Sees whether all of the state is there and as it was written.
    pub(super) fn verify(&self, known: u32) -> Result<(), Fault> {
        guarded(|| self.visit(known, |_, _| Ok(())).map(drop))
    }

    /// Calls `each` for every record; returns the root.
    fn visit(
        &self,
        known: u32,
        mut each: impl FnMut(&str, &[u8]) -> Result<(), Fault>,
    ) -> Result<Vec<u8>, Fault> {
        let head = self.head(known)?;
        let transaction = self.redb.begin_read()?;
        let root = {
            let meta = transaction.open_table(META)?;
            let root = meta.get(ROOT)?;
            let root = root.ok_or_else(|| Fault::damaged("it has no root"))?;
            open_seal(ROOT, root.value())?.to_vec()
        };
        let (mut count, mut digest) = (0, 0_u64);
        for entry in transaction.open_table(RECORDS)?.iter()? {
            let (key, value) = entry?;
            let (key, value) = (key.value(), value.value());
            each(key, open_seal(key, value)?)?;
            count += 1;
            digest = digest.wrapping_add(checksum_of(value));
        }
        if (count, digest) != (head.records, head.digest) {
            let reason = format!(
                "{} records were written, {count} are there, or some are of another time",
                head.records
            );
            return Err(Fault::damaged(reason));
        }
        Ok(root)
    }

    /// Rewrites everything by `migrate`, and returns the state that results; all or nothing.
    pub(super) fn migrate<S: Records>(
        &mut self,
        known: u32,
        migrate: &mut Migrate,
    ) -> Result<S, Fault> {
        let from = self.version(known)?;
        let mut convert = |part: Part<'_>, json: &[u8]| {
            let failed = |reason: String| Unfit::Incompatible {
                version: from,
                reason: format!("{part} cannot be migrated: {reason}"),
            };
            let value = parse(from, part, json)?;
            let migrated = catch_unwind(AssertUnwindSafe(|| migrate(from, part, value)));
            let migrated = migrated
                .map_err(|_| failed("the migration panicked".to_owned()))
                .and_then(|migrated| {
                    migrated.map_err(|error| failed(reason::of_migration(&*error)))
                });
            migrated.map_err(Fault::from)
        };
        let transaction = self.begin_write()?;
        let mut records = HashMap::new();
        let mut head = self.head(known)?;
        (head.version, head.saves) = (known, head.saves + 1);
        let root: S::Root = {
            let mut table = transaction.open_table(RECORDS)?;
            // Reads what was there when it began, whatever is written meanwhile.
            let root = self.visit(known, |key, json| {
                let part = Part::Record(key);
                let value = convert(part, json)?;
                let sealed = seal(key, value.to_string().as_bytes());
                put(&mut table, &mut head, key, &sealed)?;
                let record = theirs(|| serde_json::from_value(value))?;
                let record = record.map_err(|error| misfit(known, part, &error))?;
                records.insert(key.to_owned(), record);
                Ok(())
            })?;
            let value = convert(Part::Root, &root)?;
            let mut meta = transaction.open_table(META)?;
            meta.insert(ROOT, &*seal(ROOT, value.to_string().as_bytes()))?;
            write_head(&mut meta, &head)?;
            let root = theirs(|| serde_json::from_value(value))?;
            root.map_err(|error| misfit(known, Part::Root, &error))?
        };
        let state = theirs(|| S::from_parts(root, TrackedMap::from(records)))?;
        transaction.commit()?;
        self.saves = head.saves;
        Ok(state)
    }

    /// Writes a snapshot, for good. Only what has changed is written, and twice does no harm.
    pub(super) fn write(&mut self, version: u32, snapshot: &RedbSnapshot) -> Result<(), Fault> {
        let transaction = self.begin_write()?;
        let saves = {
            let mut meta = transaction.open_table(META)?;
            let mut head = read_head(&meta)?.unwrap_or(Head {
                format: FORMAT,
                version,
                saves: 0,
                records: 0,
                digest: 0,
            });
            if snapshot.is_whole {
                transaction.delete_table(RECORDS)?;
                (head.records, head.digest) = (0, 0);
            }
            let mut records = transaction.open_table(RECORDS)?;
            // In their order, so that neighbours are written together: of a whole state every page once.
            let mut written: Vec<_> = snapshot.written.iter().collect();
            written.sort_unstable_by_key(|(key, _)| key);
            for (key, value) in written {
                put(&mut records, &mut head, key, value)?;
            }
            for key in &snapshot.removed {
                if let Some(removed) = records.remove(&**key)? {
                    subtract(&mut head, removed.value());
                }
            }
            meta.insert(ROOT, &*snapshot.root)?;
            (head.version, head.saves) = (version, head.saves + 1);
            write_head(&mut meta, &head)?;
            head.saves
        };
        transaction.commit()?;
        self.saves = saves;
        Ok(())
    }

    fn begin_write(&self) -> Result<WriteTransaction, Fault> {
        let mut transaction = self.redb.begin_write()?;
        // So that the newest commit is never given up for an older one where it is damaged.
        transaction.set_two_phase_commit(true);
        Ok(transaction)
    }
}

fn builder() -> Builder {
    let mut builder = Builder::new();
    builder.set_cache_size(CACHE);
    builder.set_check_integrity_on_open(true);
    builder
}

fn put(
    records: &mut Table<'_, &str, &[u8]>,
    head: &mut Head,
    key: &str,
    sealed: &[u8],
) -> Result<(), Fault> {
    if let Some(replaced) = records.insert(key, sealed)? {
        subtract(head, replaced.value());
    }
    head.records += 1;
    head.digest = head.digest.wrapping_add(checksum_of(sealed));
    Ok(())
}

fn subtract(head: &mut Head, sealed: &[u8]) {
    head.records = head.records.saturating_sub(1);
    head.digest = head.digest.wrapping_sub(checksum_of(sealed));
}

fn read_head(
    meta: &impl ReadableTable<&'static str, &'static [u8]>,
) -> Result<Option<Head>, Fault> {
    let Some(head) = meta.get(HEAD)? else {
        return Ok(None);
    };
    let head = serde_json::from_slice(open_seal(HEAD, head.value())?);
    let head = head.map_err(|error| {
        let reason = reason::of_read(&error);
        Fault::damaged(format!("its head cannot be read: {reason}"))
    })?;
    Ok(Some(head))
}

fn write_head(meta: &mut Table<'_, &str, &[u8]>, head: &Head) -> Result<(), Fault> {
    let json = serde_json::to_vec(head).map_err(|error| Fault::Unwritable(error.to_string()))?;
    meta.insert(HEAD, &*seal(HEAD, &json))?;
    Ok(())
}

/// A value with the checksum of it and its key in front.
pub(super) fn seal(key: &str, json: &[u8]) -> Vec<u8> {
    let mut sealed = Vec::with_capacity(CHECKSUM + json.len());
    sealed.extend(checksum(key, json).to_le_bytes());
    sealed.extend(json);
    sealed
}

pub(super) fn open_seal<'a>(key: &str, sealed: &'a [u8]) -> Result<&'a [u8], Fault> {
    match sealed.split_first_chunk() {
        Some((sum, json)) if u32::from_le_bytes(*sum) == checksum(key, json) => Ok(json),
        _ => Err(Fault::damaged(format!(
            "the checksum of `{}` is wrong",
            key.escape_debug()
        ))),
    }
}

fn checksum(key: &str, json: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    // So that no byte can move from the key to the value.
    hasher.update(&(key.len() as u64).to_le_bytes());
    hasher.update(key.as_bytes());
    hasher.update(json);
    hasher.finalize()
}

fn checksum_of(sealed: &[u8]) -> u64 {
    let sum = sealed.first_chunk::<CHECKSUM>();
    sum.map_or(0, |sum| u32::from_le_bytes(*sum).into())
}

fn parse<T: DeserializeOwned>(version: u32, part: Part<'_>, json: &[u8]) -> Result<T, Fault> {
    theirs(|| serde_json::from_slice(json))?.map_err(|error| misfit(version, part, &error))
}

fn misfit(version: u32, part: Part<'_>, error: &serde_json::Error) -> Fault {
    Unfit::Incompatible {
        version,
        reason: format!("{part}: {}", reason::of_read(error)),
    }
    .into()
}

/// What the code of the state gives; if it panics, nothing is damaged.
fn theirs<T>(run: impl FnOnce() -> T) -> Result<T, Fault> {
    catch_unwind(AssertUnwindSafe(run)).map_err(|_| Fault::Panicked)
}

/// What a library does that meets what it thinks impossible.
fn guarded<T>(run: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
    catch_unwind(AssertUnwindSafe(run))
        .unwrap_or_else(|panic| Err(Fault::damaged(message(&*panic))))
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("a panic without a message").to_owned()
}
