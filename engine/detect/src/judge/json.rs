//! Just enough JSON to tell whether decoded bytes are an object, and to look up one of its members.
//!
//! No tree is built: values are skipped over. Depth is bounded.

/// LIMIT: deepest nesting that is followed; tokens nest two or three levels.
const DEEPEST: usize = 32;

/// Whether `bytes` are one JSON object and nothing else.
pub(crate) fn is_object(bytes: &[u8]) -> bool {
    let text = bytes.trim_ascii();
    text.first() == Some(&b'{')
        && skip_value(text, DEEPEST).is_some_and(|rest| rest.trim_ascii().is_empty())
}

/// The raw text of a member of the outermost object.
pub(crate) fn member<'a>(bytes: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let mut rest = bytes.trim_ascii().strip_prefix(b"{")?;
    loop {
        rest = rest.trim_ascii_start();
        let key_end = skip_string(rest)?;
        let key = rest.get(1..rest.len() - key_end.len() - 1)?;
        let value = key_end
            .trim_ascii_start()
            .strip_prefix(b":")?
            .trim_ascii_start();
        let after = skip_value(value, DEEPEST)?;
        if key == name {
            return value.get(..value.len() - after.len());
        }
        rest = after.trim_ascii_start().strip_prefix(b",")?;
    }
}

/// What follows the value that `text` starts with.
fn skip_value(text: &[u8], depth: usize) -> Option<&[u8]> {
    match text.first()? {
        b'"' => skip_string(text),
        b'{' => skip_list(text, b'}', depth, |text, depth| {
            let text = skip_string(text)?.trim_ascii_start().strip_prefix(b":")?;
            skip_value(text.trim_ascii_start(), depth)
        }),
        b'[' => skip_list(text, b']', depth, skip_value),
        b't' => text.strip_prefix(b"true"),
        b'f' => text.strip_prefix(b"false"),
        b'n' => text.strip_prefix(b"null"),
        b'-' | b'0'..=b'9' => {
            let digits = text
                .iter()
                .take_while(|byte| byte.is_ascii_digit() || b"+-.eE".contains(byte))
                .count();
            text.get(digits..)
        }
        _ => None,
    }
}

/// What follows a list or an object, each of whose elements `element` skips.
fn skip_list(
    text: &[u8],
    close: u8,
    depth: usize,
    element: impl for<'a> Fn(&'a [u8], usize) -> Option<&'a [u8]>,
) -> Option<&[u8]> {
    let depth = depth.checked_sub(1)?;
    let mut rest = text.get(1..)?.trim_ascii_start();
    if let Some(after) = rest.strip_prefix(&[close]) {
        return Some(after);
    }
    loop {
        rest = element(rest, depth)?.trim_ascii_start();
        let (&next, after) = rest.split_first()?;
        if next == close {
            return Some(after);
        }
        if next != b',' {
            return None;
        }
        rest = after.trim_ascii_start();
    }
}

/// What follows the string that `text` starts with.
fn skip_string(text: &[u8]) -> Option<&[u8]> {
    let mut rest = text.strip_prefix(b"\"")?;
    loop {
        let (&byte, after) = rest.split_first()?;
        match byte {
            b'"' => return Some(after),
            b'\\' => rest = after.get(1..)?,
            0..0x20 => return None,
            _ => rest = after,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_told_from_everything_else() {
        for text in [
            "{}",
            " {\"a\": [1, -2.5e3, \"x\\\"y\"], \"b\": {\"c\": null}} ",
            "{\"a\":true}",
        ] {
            assert!(is_object(text.as_bytes()), "{text}");
        }
        for text in [
            "",
            "[]",
            "{",
            "{}x",
            "{a:1}",
            "{\"a\"}",
            "{\"a\":1,}",
            "{\"a\":\"\n\"}",
        ] {
            assert!(!is_object(text.as_bytes()), "{text}");
        }
        assert!(!is_object("{\"a\":".repeat(99).as_bytes()));
    }

    #[test]
    fn members_of_the_outermost_object_are_found() {
        let text = br#"{"x": {"alg": 1}, "alg" : "HS256"}"#;
        assert_eq!(member(text, b"alg"), Some(&b"\"HS256\""[..]));
        assert_eq!(member(text, b"typ"), None);
    }
}
