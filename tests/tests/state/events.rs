//! What is told when a disk fails, a file is damaged or changed by others; and that no state is told.

use std::fs::{self, File};
use std::sync::{Arc, Mutex};

use recovery_core::state::{JsonFile, StatePersistence};

/// Alone in this binary, since what other threads tell is part of it.
#[tokio::test]
async fn each_trouble_is_told_once_and_without_the_state() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    tracing_subscriber::fmt()
        .with_writer(File::create(&log).map(Arc::new).unwrap())
        .with_ansi(false)
        .with_max_level(tracing::Level::TRACE)
        .init();
    let path = folder.path().join("state.json");
    let builder = || StatePersistence::builder(JsonFile::<String>::new(&path));
    let heard = Arc::new(Mutex::new(Vec::new()));

    let hear = Arc::clone(&heard);
    let with_hook = builder().on_failure(move |error| {
        hear.lock().unwrap().push(error.to_string());
    });
    let state = with_hook.open_or_else(|| "hunter2".into()).await.unwrap();
    state.save().await.unwrap();
    // Nothing can be written while this is in the way.
    let obstacle = folder.path().join("state.json.new");
    fs::create_dir(&obstacle).unwrap();
    for _ in 0..3 {
        state.update_state(|state| state.push('2'));
        state.save().await.unwrap_err();
    }
    fs::remove_dir(&obstacle).unwrap();
    state.save().await.unwrap();
    fs::write(&path, "hunter2, by another hand").unwrap();
    state.update_state(|state| state.push('2'));
    state.close().await.unwrap();

    let state = builder().open().await.unwrap();
    state.update_state(|state| state.push('2'));
    state.close().await.unwrap();
    fs::write(&path, r#"{"hunter2": "hunter2"}"#).unwrap();
    let state = builder().open().await.unwrap();
    assert_eq!(state.get_state(), "hunter22222");

    let log = fs::read_to_string(&log).unwrap();
    let count = |event: &str| log.lines().filter(|line| line.contains(event)).count();
    assert_eq!(
        count("ERROR recovery: state.save_failed error="),
        1,
        "{log}"
    );
    assert_eq!(count("INFO recovery: state.save_recovered"), 1, "{log}");
    assert_eq!(count("ERROR recovery: state.set_aside path="), 1, "{log}");
    assert_eq!(count("ERROR recovery: state.damaged reason="), 1, "{log}");
    let heard = heard.lock().unwrap();
    assert!(heard.len() >= 3, "each attempt: {heard:?}");
    assert!(!log.contains("hunter") && !format!("{heard:?}{state:?}").contains("hunter"));
}
