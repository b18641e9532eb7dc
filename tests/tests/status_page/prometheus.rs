//! Prometheus's text format, version 0.0.4, as far as it can be checked line by line.

use std::collections::HashMap;

/// # Panics
/// At the first line that is not of the format.
pub(crate) fn check(text: &str) {
    assert!(
        text.is_empty() || text.ends_with('\n'),
        "the last line ends, too"
    );
    let mut kinds: HashMap<&str, &str> = HashMap::new();
    let mut series = std::collections::HashSet::new();
    for line in text.lines().filter(|line| !line.is_empty()) {
        if let Some(comment) = line.strip_prefix("# ") {
            let mut words = comment.splitn(3, ' ');
            let (what, name) = (words.next().expect("a word"), words.next().expect("a name"));
            assert!(is_name(name), "{line}");
            match what {
                "HELP" => {}
                "TYPE" => {
                    let kind = words.next().expect("a type");
                    assert!(
                        ["counter", "gauge", "histogram", "summary"].contains(&kind),
                        "{line}"
                    );
                    assert!(kinds.insert(name, kind).is_none(), "twice: {line}");
                }
                _ => panic!("neither help nor type: {line}"),
            }
            continue;
        }
        let (id, value) = line.rsplit_once(' ').expect("a value");
        assert!(value.parse::<f64>().is_ok(), "{line}");
        assert!(series.insert(id), "twice: {line}");
        let (name, labels) = id.split_once('{').unwrap_or((id, "}"));
        assert!(is_name(name), "{line}");
        check_labels(
            labels
                .strip_suffix('}')
                .unwrap_or_else(|| panic!("open: {line}")),
            line,
        );
        let parts = ["_bucket", "_sum", "_count"];
        let family = parts.iter().find_map(|part| name.strip_suffix(part));
        let is_typed =
            kinds.contains_key(name) || family.is_some_and(|family| kinds.contains_key(family));
        assert!(is_typed, "no type before: {line}");
    }
}

fn check_labels(mut labels: &str, line: &str) {
    while !labels.is_empty() {
        let (name, rest) = labels
            .split_once("=\"")
            .unwrap_or_else(|| panic!("a label: {line}"));
        assert!(is_name(name) && !name.contains(':'), "{line}");
        let mut characters = rest.char_indices();
        let end = loop {
            match characters
                .next()
                .unwrap_or_else(|| panic!("an open label: {line}"))
            {
                (_, '\\') => {
                    let escaped = characters.next().map(|(_, escaped)| escaped);
                    assert!(matches!(escaped, Some('\\' | '"' | 'n')), "{line}");
                }
                (end, '"') => break end,
                _ => {}
            }
        };
        labels = rest[end + 1..]
            .strip_prefix(',')
            .unwrap_or(&rest[end + 1..]);
    }
}

fn is_name(name: &str) -> bool {
    let is_letter = |letter: char| letter.is_ascii_alphabetic() || "_:".contains(letter);
    name.starts_with(is_letter)
        && name
            .chars()
            .all(|letter| is_letter(letter) || letter.is_ascii_digit())
}
