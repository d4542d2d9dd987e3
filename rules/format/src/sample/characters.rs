//! Random characters of a named alphabet, of several joined by `+`, or of a class such as `[A-Z2-7]`.

use super::encoding::{
    BASE32, BASE32_LOWER, BASE36, BASE58, BASE62, BASE64, BASE64_URL, DIGITS, HEX, HEX_UPPER,
    LETTERS, LOWER, UPPER,
};
use super::template_error::TemplateProblem;

/// The alphabets that have a name.
pub(super) const ALPHABETS: &[(&str, &[u8])] = &[
    ("base62", BASE62),
    ("base64", BASE64),
    ("base64url", BASE64_URL),
    ("base58", BASE58),
    ("base36", BASE36),
    ("base32", BASE32),
    ("base32-lower", BASE32_LOWER),
    ("hex", HEX),
    ("HEX", HEX_UPPER),
    ("lower", LOWER),
    ("upper", UPPER),
    ("letters", LETTERS),
    ("digits", DIGITS),
];

/// The characters that a name stands for, each once; nothing when it is no alphabet's name.
pub(super) fn alphabet(name: &str) -> Result<Option<Vec<u8>>, TemplateProblem> {
    if let Some(class) = name.strip_prefix('[') {
        return class
            .strip_suffix(']')
            .and_then(members)
            .map(Some)
            .ok_or(TemplateProblem::Class);
    }
    let mut all = Vec::new();
    for part in name.split('+') {
        let Some((_, characters)) = ALPHABETS.iter().find(|(known, _)| *known == part) else {
            return Ok(None);
        };
        all.extend_from_slice(characters);
    }
    all.sort_unstable();
    all.dedup();
    Ok(Some(all))
}

/// The inside of a class: characters and ranges; a dash at either end stands for itself, a backslash makes the next
/// character stand for itself.
fn members(class: &str) -> Option<Vec<u8>> {
    let mut all = Vec::new();
    let mut rest = class.as_bytes();
    while let Some((first, after)) = next_member(rest)? {
        rest = after;
        let range_end = match rest {
            [b'-', tail @ ..] if !tail.is_empty() => next_member(tail)?,
            _ => None,
        };
        let last = match range_end {
            Some((last, after)) => {
                rest = after;
                last
            }
            None => first,
        };
        if last < first {
            return None;
        }
        all.extend(first..=last);
    }
    all.sort_unstable();
    all.dedup();
    (!all.is_empty()).then_some(all)
}

type Member<'a> = Option<(u8, &'a [u8])>;

/// The next character of a class and what follows; nothing inside when it is at its end, nothing at all when it is not
/// printable ASCII.
fn next_member(class: &[u8]) -> Option<Member<'_>> {
    let (member, rest) = match class {
        [] => return Some(None),
        [b'\\', member, rest @ ..] | [member, rest @ ..] => (*member, rest),
    };
    (b' '..=b'~')
        .contains(&member)
        .then_some(Some((member, rest)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn characters(name: &str) -> String {
        let alphabet = alphabet(name).unwrap().unwrap();
        alphabet.into_iter().map(char::from).collect()
    }

    #[test]
    fn classes_are_read_as_in_expressions() {
        for (class, expected) in [
            ("[a-c2]", "2abc"),
            ("[-a]", "-a"),
            ("[a-]", "-a"),
            ("[.~_-]", "-._~"),
            ("[\\]x]", "]x"),
            ("[0-9A-Ca-c._~-]", "-.0123456789ABC_abc~"),
        ] {
            assert_eq!(characters(class), expected, "{class}");
        }
    }

    #[test]
    fn broken_classes_are_refused() {
        for class in ["[]", "[z-a]", "[a", "[é]"] {
            assert_eq!(alphabet(class), Err(TemplateProblem::Class), "{class}");
        }
    }

    #[test]
    fn names_can_be_joined() {
        assert_eq!(characters("digits+HEX"), "0123456789ABCDEF");
        assert_eq!(alphabet("digits+nothing"), Ok(None));
    }
}
