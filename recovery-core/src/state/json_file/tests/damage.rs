//! What is damaged is noticed, set aside, and replaced by the generation before.

use super::*;

#[test]
fn a_file_that_was_cut_anywhere_is_never_a_wrong_state() {
    let (folder, path) = folder();
    save(&path, &state(1));
    save(&path, &state(2));
    let whole = fs::read(&path).unwrap();
    for len in 0..whole.len() {
        fs::write(&path, &whole[..len]).unwrap();
        let loaded = load(&path).unwrap();
        let expected = if len == whole.len() - 1 { 2 } else { 1 };
        assert_eq!(loaded.state, Some(state(expected)), "{len}");
        assert_eq!(loaded.damage.is_some(), expected == 1, "{len}");
    }
    let kept = names(&folder);
    let kept = kept.iter().filter(|name| name.contains(".damaged-"));
    assert_eq!(kept.count(), whole.len() - 1, "each has a name of its own");
}

/// Every byte is replaced by each of its eight neighbours of one bit, and by some that mean something.
#[test]
fn a_file_with_one_wrong_byte_is_never_a_wrong_state() {
    let whole = document::encode(2, 3, &state(7)).unwrap();
    let migration: Migration = Box::new(|_, _| panic!("the version is no older"));
    let mut found = 0;
    for place in 0..whole.len() {
        let flips = (0..8).map(|bit| whole[place] ^ (1 << bit));
        for byte in flips.chain(*b"\0 0129\"{},:n\xff") {
            let mut text = whole.clone();
            text[place] = byte;
            if let Ok((read, generation)) = document::decode::<State>(&text, 2, Some(&migration)) {
                assert_eq!((read, generation), (state(7), 3), "{place} {byte}");
                found += 1;
            }
        }
    }
    assert!(found < whole.len(), "nearly each is noticed, not {found}");
}

#[test]
fn each_kind_of_damage_is_set_aside_and_replaced_by_the_generation_before() {
    let kinds: [(&[u8], &str); 6] = [
        (b"", "it is empty"),
        (b"\0\0\0\0", "it is no JSON"),
        (b"{\"format\":1", "it ends too early"),
        (b"[]", "expected"),
        (
            br#"{"format":1,"version":1,"generation":1,"state":{}}"#,
            "`checksum` is missing",
        ),
        (
            br#"{"format":1,"version":1,"generation":1,"checksum":"crc32:00000000","state":{}}"#,
            "its checksum is wrong",
        ),
    ];
    for (text, reason) in kinds {
        let (_folder, path) = folder();
        save(&path, &state(1));
        save(&path, &state(2));
        fs::write(&path, text).unwrap();
        let mut file = JsonFile::<State>::new(&path);
        let loaded = file.load().unwrap();
        assert_eq!(loaded.state, Some(state(1)));
        let Damage {
            reason: told,
            kept,
            restored,
        } = loaded.damage.unwrap();
        assert!(told.contains(reason), "{told}");
        let kept = kept.unwrap();
        assert_eq!(fs::read(&kept).unwrap(), text);
        assert!(
            kept.to_string_lossy().contains("state.json.damaged-20"),
            "{}",
            kept.display()
        );
        assert_eq!(restored, beside(&path, "previous"));
        file.write(&state(3)).unwrap();
        drop(file);
        assert_eq!(load(&path).unwrap().state, Some(state(3)));
        assert_eq!(load(&restored).unwrap().state, Some(state(1)));
    }
}

#[test]
fn damage_without_an_earlier_generation_is_an_error_and_nothing_is_touched() {
    for previous in [None, Some("not JSON either")] {
        let (folder, path) = folder();
        fs::write(&path, "not JSON: hunter2").unwrap();
        if let Some(text) = previous {
            fs::write(beside(&path, "previous"), text).unwrap();
        }
        let error = load(&path).unwrap_err();
        assert!(matches!(error, StateError::Damaged { .. }), "{error}");
        assert!(!error.to_string().contains("hunter2"), "{error}");
        assert_eq!(fs::read(&path).unwrap(), b"not JSON: hunter2");
        assert_eq!(names(&folder).len(), 2 + usize::from(previous.is_some()));
    }
}
