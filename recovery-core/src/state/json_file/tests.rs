//! The file on a real disk: its form, what damages it, what is in the way.

mod damage;

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tempfile::TempDir;

use super::*;
use crate::state::{Damage, private_file};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct State {
    name: String,
    count: u64,
}

fn state(count: u64) -> State {
    State {
        name: "小明 \"quoted\"".into(),
        count,
    }
}

fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.json");
    (folder, path)
}

fn save(path: &Path, state: &State) {
    let mut file = JsonFile::new(path);
    file.load().unwrap();
    file.write(state).unwrap();
}

fn load(path: &Path) -> Result<Loaded<State>, StateError> {
    JsonFile::new(path).load()
}

fn names(folder: &TempDir) -> Vec<String> {
    let entries = fs::read_dir(folder.path()).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    private_file::beside(path, suffix)
}

#[test]
fn the_file_is_one_json_document() {
    let (folder, path) = folder();
    save(&path, &state(1));
    save(&path, &state(2));
    let document: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    assert_eq!(document["format"], 1);
    assert_eq!(document["version"], 1);
    assert_eq!(document["generation"], 2);
    assert_eq!(document["state"]["count"], 2);
    let text = fs::read_to_string(&path).unwrap();
    let (_, state) = text.split_once(r#""state":"#).unwrap();
    let covered = format!("1 2 {}", state.strip_suffix("}\n").unwrap());
    let checksum = format!("crc32:{:08x}", crc32fast::hash(covered.as_bytes()));
    assert_eq!(document["checksum"], checksum);
    let expected = ["state.json", "state.json.lock", "state.json.previous"];
    assert_eq!(names(&folder), expected);
    assert_eq!(
        load(&beside(&path, "previous"))
            .unwrap()
            .state
            .unwrap()
            .count,
        1
    );
}

#[cfg(unix)]
#[test]
fn only_the_owner_may_read_the_files_and_a_folder_that_was_made() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a/b/state.json");
    save(&path, &state(1));
    save(&path, &state(2));
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    for file in [
        path.clone(),
        beside(&path, "previous"),
        beside(&path, "lock"),
    ] {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
    assert_eq!(mode(&folder.path().join("a")), 0o700);
    assert_eq!(mode(&folder.path().join("a/b")), 0o700);
}

#[test]
fn a_file_without_its_current_generation_is_the_one_before() {
    let (_folder, path) = folder();
    save(&path, &state(1));
    save(&path, &state(2));
    fs::remove_file(&path).unwrap();
    let loaded = load(&path).unwrap();
    assert_eq!((loaded.state, loaded.damage), (Some(state(1)), None));
}

#[test]
fn what_is_newer_or_does_not_fit_is_left_alone() {
    let (folder, path) = folder();
    JsonFile::new(&path)
        .with_version(3)
        .write(&state(1))
        .unwrap();
    let before = fs::read(&path).unwrap();
    let error = load(&path).unwrap_err();
    assert!(
        matches!(
            error,
            StateError::Newer {
                found: 3,
                known: 1,
                ..
            }
        ),
        "{error}"
    );

    let error = JsonFile::<Vec<u8>>::new(&path)
        .with_version(3)
        .load()
        .unwrap_err();
    assert!(
        matches!(error, StateError::Incompatible { version: 3, .. }),
        "{error}"
    );
    assert_eq!(fs::read(&path).unwrap(), before);

    fs::write(&path, r#"{"format":2,"content":[]}"#).unwrap();
    let error = load(&path).unwrap_err();
    assert!(
        matches!(
            error,
            StateError::Newer {
                found: 2,
                known: 1,
                ..
            }
        ),
        "{error}"
    );
    assert_eq!(names(&folder), ["state.json", "state.json.lock"]);
}

#[test]
fn an_error_of_a_migration_quotes_nothing_that_serde_found() {
    let (_folder, path) = folder();
    JsonFile::new(&path).write(&"hunter2".to_owned()).unwrap();
    let migrated = |migration: fn(Value) -> Result<Value, Box<dyn Error + Send + Sync>>| {
        let file = JsonFile::<u64>::new(&path).with_version(2);
        file.with_migration(move |_, old| migration(old)).load()
    };
    let by_serde = migrated(|old| Ok(Value::from(serde_json::from_value::<u64>(old)?)));
    let unfit = migrated(Ok);
    for error in [by_serde.unwrap_err(), unfit.unwrap_err()] {
        let told = format!("{error} {error:?}");
        assert!(
            told.contains("expected u64") && !told.contains("hunter2"),
            "{told}"
        );
    }
    let own = migrated(|_| Err("no such thing".into()))
        .unwrap_err()
        .to_string();
    assert!(own.contains("the migration failed: no such thing"), "{own}");
    assert_eq!(migrated(|_| Ok(7.into())).unwrap().state, Some(7));
}

#[test]
fn a_file_that_was_edited_by_hand_is_taken_without_a_checksum() {
    let (_folder, path) = folder();
    fs::write(
        &path,
        r#"{
            "format": 1, "version": 1, "generation": 4, "checksum": null,
            "state": { "name": "edited", "count": 5 }
        }"#,
    )
    .unwrap();
    assert_eq!(load(&path).unwrap().state.unwrap().count, 5);
    save(&path, &state(6));
    let document: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    assert_eq!(document["generation"], 5);
}

#[derive(Clone, Serialize, Deserialize)]
struct Nested(Option<Box<Nested>>, u8);

/// `NaN` is written as `null`, which is no number; and 200 levels are deeper than is read.
#[test]
fn what_could_not_be_read_again_never_takes_the_place_of_what_can() {
    let (_folder, path) = folder();
    let mut file = JsonFile::new(&path);
    file.write(&1.5).unwrap();
    let error = file.write(&f64::NAN).unwrap_err().to_string();
    assert!(
        error.contains("could not be read again: invalid type, expected f64"),
        "{error}"
    );
    drop(file);
    assert_eq!(JsonFile::<f64>::new(&path).load().unwrap().state, Some(1.5));

    let deep = (0..200).fold(Nested(None, 0), |inner, _| Nested(Some(Box::new(inner)), 0));
    let (_folder, path) = folder();
    let error = JsonFile::new(&path).write(&deep).unwrap_err();
    assert!(matches!(error, StateError::Unwritable { .. }), "{error}");
    assert!(!path.exists());
}

#[test]
fn what_somebody_else_writes_is_set_aside_before_it_is_replaced() {
    let (folder, path) = folder();
    let mut file = JsonFile::new(&path);
    file.load().unwrap();
    for count in 1..=2 {
        file.write(&state(count)).unwrap();
        assert_eq!(names(&folder).len(), 2 + usize::from(count == 2));
    }
    fs::write(&path, "a stranger's").unwrap();
    fs::write(beside(&path, "previous"), "another's").unwrap();
    file.write(&state(3)).unwrap();
    file.write(&state(4)).unwrap();
    file.write(&state(4)).unwrap();
    let kept: Vec<_> = names(&folder)
        .into_iter()
        .filter(|name| name.contains(".changed-"))
        .map(|name| fs::read_to_string(folder.path().join(name)).unwrap())
        .collect();
    assert_eq!(kept, ["a stranger's", "another's"]);
    drop(file);
    assert_eq!(load(&path).unwrap().state, Some(state(4)));
}

#[test]
fn a_folder_in_the_place_of_a_generation_is_moved_away() {
    let (folder, path) = folder();
    save(&path, &state(1));
    fs::create_dir(beside(&path, "previous")).unwrap();
    save(&path, &state(2));
    assert_eq!(
        load(&beside(&path, "previous")).unwrap().state,
        Some(state(1))
    );
    let kept = names(&folder);
    let kept = kept
        .iter()
        .find(|name| name.starts_with("state.json.previous.changed-"));
    assert!(folder.path().join(kept.unwrap()).is_dir());
}

#[test]
fn a_write_without_a_load_overwrites_nothing() {
    let (folder, path) = folder();
    save(&path, &state(1));
    JsonFile::new(&path).write(&state(2)).unwrap();
    let kept = names(&folder)
        .into_iter()
        .find(|name| name.contains(".changed-"));
    assert_eq!(
        load(&folder.path().join(kept.unwrap())).unwrap().state,
        Some(state(1))
    );
    assert_eq!(load(&path).unwrap().state, Some(state(2)));
}

#[test]
fn a_store_is_alone_from_its_load_to_its_end() {
    let (_folder, path) = folder();
    let mut first = JsonFile::<State>::new(&path);
    let mut second = JsonFile::<State>::new(&path);
    first.load().unwrap();
    let own = format!("process {} (", std::process::id());
    for error in [
        second.load().unwrap_err(),
        second.write(&state(1)).unwrap_err(),
    ] {
        assert!(error.to_string().contains(&own), "{error}");
    }
    drop(first);
    second.write(&state(1)).unwrap();
    assert!(matches!(load(&path), Err(StateError::InUse { .. })));
}

#[test]
fn a_lock_file_that_was_removed_is_taken_anew() {
    let (_folder, path) = folder();
    let mut first = JsonFile::new(&path);
    first.write(&state(1)).unwrap();
    fs::remove_file(beside(&path, "lock")).unwrap();
    let mut second = JsonFile::<State>::new(&path);
    second.load().unwrap();
    let error = first.write(&state(2)).unwrap_err();
    assert!(matches!(error, StateError::InUse { .. }), "{error}");
    drop(second);
    first.write(&state(3)).unwrap();
    assert!(matches!(load(&path), Err(StateError::InUse { .. })));
}

#[cfg(unix)]
#[test]
fn a_link_stays_and_leads_to_the_state() {
    use std::os::unix::fs::symlink;
    let (folder, path) = folder();
    fs::create_dir(folder.path().join("real")).unwrap();
    symlink("real/there.json", &path).unwrap(); // leads to nothing yet
    save(&path, &state(1));
    save(&path, &state(2));
    assert!(path.is_symlink());
    let real = folder.path().join("real/there.json");
    assert_eq!(load(&real).unwrap().state, Some(state(2)));
    let mut by_link = JsonFile::<State>::new(&path);
    by_link.load().unwrap();
    assert!(
        matches!(load(&real), Err(StateError::InUse { .. })),
        "one lock for both names"
    );

    let circle = folder.path().join("circle");
    symlink("circle", &circle).unwrap();
    let error = load(&circle).unwrap_err().to_string();
    assert!(error.contains("circle"), "{error}");
}

#[test]
fn what_cannot_be_used_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let told = |path: &Path| load(path).unwrap_err().to_string();
    let error = told(folder.path());
    assert!(
        error.contains("it is a folder; give the path of a file in it"),
        "{error}"
    );
    assert!(names(&folder).is_empty());

    fs::write(folder.path().join("file"), "").unwrap();
    let error = told(&folder.path().join("file/state.json"));
    assert!(
        error.starts_with("cannot ") && error.contains("Not a directory"),
        "{error}"
    );

    fs::create_dir(folder.path().join("state.json.previous")).unwrap();
    let error = told(&folder.path().join("state.json"));
    assert!(error.contains("it is no regular file"), "{error}");
    assert!(load(Path::new("")).is_err());
    assert!(load(Path::new("/")).is_err());
}

/// Where nobody may make a file, not even root.
#[cfg(target_os = "linux")]
#[test]
fn a_folder_that_cannot_be_written_to_says_so() {
    let error = load(Path::new("/proc/state.json")).unwrap_err();
    assert!(matches!(error, StateError::Io { .. }), "{error}");
    assert!(
        error.to_string().contains("/proc/state.json.lock"),
        "{error}"
    );
}

#[cfg(unix)]
#[test]
fn a_file_or_folder_without_the_right_to_it_says_so() {
    use std::os::unix::fs::PermissionsExt as _;
    let (folder, path) = folder();
    save(&path, &state(1));
    let mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode));
    mode(&path, 0o000).unwrap();
    if fs::read(&path).is_ok() {
        eprintln!("not tested: this user may read everything");
        return;
    }
    let error = load(&path).unwrap_err().to_string();
    assert!(error.contains("run as its owner"), "{error}");
    mode(&path, 0o600).unwrap();
    let mut file = JsonFile::new(&path);
    file.load().unwrap();
    mode(folder.path(), 0o500).unwrap();
    let error = file.write(&state(2)).unwrap_err().to_string();
    assert!(error.contains("give this user the right"), "{error}");
    mode(folder.path(), 0o700).unwrap();
    file.write(&state(2)).unwrap();
}

#[test]
fn generations_and_versions_at_their_end_do_not_overflow() {
    let (_folder, path) = folder();
    let text = document::encode(u32::MAX, u64::MAX, &state(1)).unwrap();
    fs::write(&path, text).unwrap();
    let mut file = JsonFile::new(&path).with_version(u32::MAX);
    assert_eq!(file.load().unwrap().state, Some(state(1)));
    file.write(&state(2)).unwrap();
    assert_eq!(file.load().unwrap().state, Some(state(2)));
}

#[test]
fn its_debug_shows_no_state() {
    let (_folder, path) = folder();
    let mut file = JsonFile::new(&path);
    file.write(&"hunter2".to_owned()).unwrap();
    assert!(!format!("{file:?}").contains("hunter2"));
}

#[cfg(target_os = "linux")]
#[test]
fn any_name_will_do() {
    use std::os::unix::ffi::OsStrExt as _;
    let (folder, _) = folder();
    for name in [
        &b"state"[..],
        b".state",
        b"\xFF\xFE.json",
        b"a b\n.json",
        b"state.",
    ] {
        let path = folder.path().join(std::ffi::OsStr::from_bytes(name));
        for count in 1..=3 {
            save(&path, &state(count));
        }
        fs::write(&path, "spoilt").unwrap();
        let loaded = load(&path).unwrap();
        assert_eq!(loaded.state, Some(state(2)));
        assert!(loaded.damage.unwrap().kept.unwrap().exists());
    }
    for path in ["", ".", "..", "/"] {
        let told = load(Path::new(path)).unwrap_err().to_string();
        assert!(
            told.starts_with(&format!("cannot use `{path}`: ")),
            "{told}"
        );
    }
}
