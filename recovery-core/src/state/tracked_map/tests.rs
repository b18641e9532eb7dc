use super::*;

fn asked() -> (TrackedMap<u32>, Mark) {
    let entries = ["a", "b", "c"].map(|key| (key.to_owned(), 1));
    let mut map = TrackedMap::from_iter(entries);
    let (_, mark) = map.changes_since(None);
    (map, mark)
}

fn changed(change: impl FnOnce(&mut TrackedMap<u32>)) -> Vec<String> {
    let (mut map, mark) = asked();
    change(&mut map);
    match map.changes_since(Some(mark)).0 {
        Changes::Everything => panic!("the keys are known"),
        Changes::Keys(keys) => {
            let mut keys: Vec<_> = keys.into_iter().collect();
            keys.sort();
            keys
        }
    }
}

#[test]
fn every_way_to_change_an_entry_is_noted() {
    assert_eq!(changed(|_| {}), [""; 0]);
    assert_eq!(
        changed(|map| assert_ne!(map.insert("d", 1), Some(9))),
        ["d"]
    );
    assert_eq!(changed(|map| assert_ne!(map.remove("a"), Some(9))), ["a"]);
    assert_eq!(
        changed(|map| assert_ne!(map.remove("none"), Some(9))),
        [""; 0]
    );
    assert_eq!(changed(|map| *map.get_mut("b").unwrap() += 1), ["b"]);
    assert_eq!(
        changed(|map| assert!(map.get_mut("none").is_none())),
        [""; 0]
    );
    assert_eq!(
        changed(|map| *map.get_or_insert_with("c", || 0) += 1),
        ["c"]
    );
    assert_eq!(changed(|map| map.retain(|key, _| key != "b")), ["b"]);
    assert_eq!(changed(|map| map.extend([("e".to_owned(), 1)])), ["e"]);
}

#[test]
fn what_may_change_all_changes_everything() {
    let changes: [fn(&mut TrackedMap<u32>); 2] = [
        |map| map.clear(),
        |map| map.iter_mut().for_each(|(_, value)| *value += 1),
    ];
    for change in changes {
        let (mut map, mark) = asked();
        change(&mut map);
        assert_eq!(map.changes_since(Some(mark)).0, Changes::Everything);
    }
}

#[test]
fn nothing_is_remembered_before_someone_asks() {
    let mut map = TrackedMap::default();
    map.insert("a", 1);
    assert!(map.tracked.is_none());
    map.changes_since(None);
    assert!(map.tracked.is_some());
    assert!(map.clone().tracked.is_none());
}

#[test]
fn a_map_in_the_place_of_another_has_changed_in_everything() {
    let (mut map, mark) = asked();
    let (mut other, other_mark) = asked();
    assert_eq!(map.clone().changes_since(Some(mark)).0, Changes::Everything);
    assert_eq!(other.changes_since(Some(mark)).0, Changes::Everything);
    assert_eq!(map.changes_since(Some(other_mark)).0, Changes::Everything);
    // Someone else has asked in the meantime, and has the changes.
    assert_eq!(map.changes_since(Some(mark)).0, Changes::Everything);
}

#[test]
fn it_is_a_plain_map_to_serde() {
    let map = TrackedMap::from_iter([("a".to_owned(), 1)]);
    let text = serde_json::to_string(&map).unwrap();
    assert_eq!(text, r#"{"a":1}"#);
    assert_eq!(serde_json::from_str::<TrackedMap<u32>>(&text).unwrap(), map);
}
