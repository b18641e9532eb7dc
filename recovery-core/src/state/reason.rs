//! What may be told of a JSON error: serde's own words quote what they found.

use std::error::Error as AnyError;

use serde_json::Error;
use serde_json::error::Category;

/// Of an error in reading: what was expected and where, not what was found.
pub(super) fn of_read(error: &Error) -> String {
    let (line, column) = (error.line(), error.column());
    let place = if line == 0 {
        String::new()
    } else {
        format!(" at line {line} column {column}")
    };
    match error.classify() {
        Category::Eof => format!("it ends too early{place}"),
        Category::Syntax | Category::Io => format!("it is no JSON{place}"),
        Category::Data => {
            let text = error.to_string();
            let text = text.strip_suffix(&place).unwrap_or(&text);
            format!("{}{place}", without_content(text))
        }
    }
}

/// Of an error in writing: serde's own words, if they are known to quote nothing.
pub(super) fn of_write(error: &Error) -> String {
    let text = error.to_string();
    match text.as_str() {
        "key must be a string" | "float key must be finite (got NaN or +/-inf)" => text,
        _ => {
            "its `Serialize` gave an error, which is not shown since it may quote the state".into()
        }
    }
}

/// Of an error of the program's migration: its own words, unless they are serde's.
pub(super) fn of_migration(error: &(dyn AnyError + Send + Sync + 'static)) -> String {
    match error.downcast_ref() {
        Some(error) => of_read(error),
        None => error.to_string(),
    }
}

fn without_content(text: &str) -> String {
    if let Some(name) = text.strip_prefix("missing field `")
        && let Some((name, "")) = name.split_once('`')
    {
        return format!("the field `{name}` is missing");
    }
    let found = [
        "invalid type: ",
        "invalid value: ",
        "invalid length ",
        "unknown variant `",
        "unknown field `",
    ]
    .into_iter()
    .find(|start| text.starts_with(start));
    match (found, text.rsplit_once(", expected ")) {
        (Some(found), Some((_, expected))) => {
            let found = found.trim_end_matches([':', ' ', '`']);
            format!("{found}, expected {expected}")
        }
        _ => "its `Deserialize` gave an error, which is not shown since it may quote the state"
            .into(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only read")]
    struct State {
        count: u32,
        mode: Mode,
        names: HashMap<String, u8>,
    }

    #[derive(Debug, Deserialize)]
    enum Mode {
        Quick,
        Slow,
    }

    fn told(text: &str) -> String {
        of_read(&serde_json::from_str::<State>(text).unwrap_err())
    }

    #[test]
    fn what_was_expected_is_told_and_where() {
        assert_eq!(
            told(r#"{"count":1}"#),
            "the field `mode` is missing at line 1 column 11"
        );
        assert_eq!(
            told(r#"{"count":"hunter2"}"#),
            "invalid type, expected u32 at line 1 column 18"
        );
        assert_eq!(
            told(r#"{"mode":"hunter2"}"#),
            "unknown variant, expected `Quick` or `Slow` at line 1 column 17"
        );
        assert_eq!(told("{"), "it ends too early at line 1 column 1");
        assert_eq!(told("{hunter2"), "it is no JSON at line 1 column 2");
    }

    #[test]
    fn nothing_that_was_found_is_told() {
        for text in [
            r#"{"hunter2":1}"#,
            r#"{"count":"hunter2, expected hunter"}"#,
            r#"{"count":-77777}"#,
            r#"{"count":77777.5}"#,
            r#"{"count":777777777777777}"#,
            r#"{"names":{"hunter2":"hunter2"}}"#,
            r#"{"names":{"hunter2":77777}}"#,
            r#"{"mode":{"hunter2":1}}"#,
            r#"["hunter2","hunter2"]"#,
            r#""hunter2""#,
            "77777",
        ] {
            let told = told(text);
            assert!(!told.contains("hunter") && !told.contains("777"), "{told}");
        }
    }

    #[test]
    fn words_of_the_programs_own_are_not_passed_on() {
        let error = <Error as serde::de::Error>::custom("bad name hunter2, expected another");
        assert!(!of_read(&error).contains("hunter2"));
        let error = <Error as serde::ser::Error>::custom("cannot write hunter2");
        assert!(!of_write(&error).contains("hunter2"));
    }
}
