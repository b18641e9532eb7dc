use std::fs;
use std::io::Write as _;

use tempfile::TempDir;

use super::*;
use crate::botrs::Scene;

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

fn open(folder: &TempDir) -> Journal {
    Journal::open(folder.path(), "app").expect("it can be opened")
}

fn path(folder: &TempDir) -> PathBuf {
    folder.path().join("gateway-app.journal")
}

fn key(number: u32) -> SendKey {
    SendKey {
        scene: Scene::Channel,
        target: "C".to_owned(),
        msg_id: "M".to_owned(),
        msg_seq: number,
    }
}

/// Events 2 to 6, of which 5 is not done.
fn use_it(journal: &Journal) {
    journal.session_begins(0, "S", 1, 7, 1);
    for (sequence, handled) in [(3, 1), (2, 3), (4, 4), (6, 4)] {
        journal.handled(0, "S", sequence, handled, Some(format!("E{sequence}")));
    }
    assert_eq!(journal.begin(&key(1)), Begun::First);
    journal.identified(SystemTime::now());
}

fn expect_used(journal: &Journal) {
    let saved = journal.session(0).expect("the session is known");
    assert_eq!(
        (saved.id.as_str(), saved.shards, saved.intents),
        ("S", 1, 7)
    );
    assert_eq!(saved.handled, 4);
    assert!(saved.handled_above.contains(6) && !saved.handled_above.contains(5));
    assert!(journal.has_handled("E6") && !journal.has_handled("E5"));
    assert_eq!(journal.begin(&key(1)), Begun::Before);
    assert_eq!(journal.identifies().len(), 1);
}

#[test]
fn what_was_noted_is_read_again_and_again() {
    let folder = folder();
    use_it(&open(&folder));
    for _ in 0..3 {
        expect_used(&open(&folder));
    }
    expect_used(&open(&folder));
}

#[test]
fn a_file_that_was_cut_anywhere_is_what_it_was_at_some_moment() {
    let whole = folder();
    use_it(&open(&whole));
    let text = fs::read(path(&whole)).expect("there is a file");
    let mut before = 0;
    for cut in 0..=text.len() {
        let folder = folder();
        fs::write(path(&folder), &text[..cut]).expect("it can be written");
        let journal = open(&folder);
        let handled = journal.session(0).map_or(0, |saved| saved.handled);
        assert!(handled >= before, "it does not go back");
        before = handled;
        assert_eq!(kept(&folder), <[Vec<u8>; 0]>::default());
        // And goes on from there.
        journal.session_begins(0, "T", 1, 7, 0);
        drop(journal);
        assert_eq!(open(&folder).session(0).expect("known").id, "T");
    }
    assert_eq!(before, 4);
}

#[test]
fn a_line_of_another_session_is_not_taken_for_one_of_this() {
    let folder = folder();
    {
        let journal = open(&folder);
        journal.session_begins(0, "S", 1, 7, 1);
        journal.session_begins(0, "T", 1, 7, 1);
        journal.handled(0, "T", 90, 90, None);
    }
    let text = fs::read_to_string(path(&folder)).expect("there is a file");
    let damaged: Vec<_> = text
        .lines()
        .filter(|line| !line.contains("\"T\""))
        .collect();
    fs::write(path(&folder), damaged.join("\n") + "\n").expect("it can be written");
    let saved = open(&folder).session(0).expect("known");
    assert_eq!((saved.id.as_str(), saved.handled), ("S", 1));
}

#[test]
fn a_disk_that_failed_gets_the_whole_when_it_is_back() {
    let folder = folder();
    let journal = open(&folder);
    journal.session_begins(0, "S", 1, 7, 1);
    {
        // From now on nothing can be written, as on a full disk.
        let mut state = lock(&journal.state);
        let read_only = fs::File::open(path(&folder)).expect("there is a file");
        state
            .file
            .as_mut()
            .expect("a file")
            .replace_handle(read_only);
    }
    journal.session_begins(0, "T", 1, 7, 1);
    journal.handled(0, "T", 2, 2, None);
    assert!(lock(&journal.state).failed_at.is_some());
    let failure = journal.failure();
    assert!(failure.borrow().is_some());
    assert_eq!(
        journal.session(0).expect("known").handled,
        2,
        "memory goes on"
    );

    lock(&journal.state).failed_at = Instant::now().checked_sub(2 * TRY_AGAIN_AFTER);
    journal.handled(0, "T", 3, 3, None);
    assert!(lock(&journal.state).failed_at.is_none());
    assert!(failure.borrow().is_none());
    journal.handled(0, "T", 4, 4, None);
    drop(journal);
    let saved = open(&folder).session(0).expect("known");
    assert_eq!((saved.id.as_str(), saved.handled), ("T", 4));
}

#[test]
fn memory_and_file_stay_small() {
    let folder = folder();
    let journal = open(&folder);
    journal.session_begins(0, "S", 1, 7, 0);
    for number in 0..60_000_u64 {
        let message = format!("event {number}");
        let key = SendKey {
            msg_id: message.clone(),
            ..key(1)
        };
        assert_eq!(journal.begin(&key), Begun::First);
        // Number 1 is never done, so that the mark stands still.
        journal.handled(0, "S", number + 2, 0, Some(message));
    }
    let state = lock(&journal.state);
    assert_eq!(state.memory.sends.len(), 0);
    assert_eq!(state.memory.sessions[&0].handled_above.iter().count(), 1);
    let size = fs::metadata(path(&folder)).expect("there is a file").len();
    assert!(size <= 2 * LEAST_REWRITTEN, "{size}");
}

#[test]
fn two_clients_do_not_share_a_file_and_two_bots_do_not_meet() {
    let folder = folder();
    let first = Journal::open(folder.path(), "a-b").expect("it can be opened");
    let error = Journal::open(folder.path(), "a-b").expect_err("it is in use");
    assert!(matches!(error, JournalError::InUse { .. }), "{error}");
    let holder = format!("is in use by process {} (", std::process::id());
    assert!(error.to_string().contains(&holder), "{error}");
    Journal::open(folder.path(), "a_b").expect("another bot");
    drop(first);
    Journal::open(folder.path(), "a-b").expect("it is free again");
}

#[test]
fn a_newer_format_is_left_alone() {
    let folder = folder();
    let newer = r#"{"gateway journal":{"format":2,"app":"app"}}"#;
    let newer = format!("{newer}\nwhat only it knows");
    fs::write(path(&folder), format!("{newer}\n")).expect("it can be written");
    let error = Journal::open(folder.path(), "app").expect_err("it is newer");
    assert!(matches!(error, JournalError::Newer { .. }), "{error}");
    let text = fs::read_to_string(path(&folder)).expect("it is there");
    assert_eq!(text.trim(), newer);
    assert!(kept(&folder).is_empty());
}

#[test]
fn a_damaged_line_is_skipped_and_the_file_kept() {
    let folder = folder();
    use_it(&open(&folder));
    let mut damaged = Vec::new();
    for times in 1..=2 {
        let mut file = fs::OpenOptions::new()
            .append(true)
            .open(path(&folder))
            .expect("there is a file");
        writeln!(file, "not a record, {times}").expect("it can be written");
        drop(file);
        damaged.push(fs::read(path(&folder)).expect("it is there"));
        expect_used(&open(&folder));
        assert_eq!(kept(&folder), damaged, "none overwrites another");
    }
}

/// What was damaged, in the order of its names.
fn kept(folder: &TempDir) -> Vec<Vec<u8>> {
    let entries = fs::read_dir(folder.path()).expect("a folder");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let is_kept = |path: &PathBuf| path.to_string_lossy().contains(".damaged-");
    let mut kept: Vec<_> = paths.filter(is_kept).collect();
    kept.sort();
    let content = |path| fs::read(path).expect("it is kept");
    kept.into_iter().map(content).collect()
}
