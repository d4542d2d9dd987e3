//! Texts that stand beside a name in a call, and are not its value: `hash("password", "salt")`, `hmac("password"), "0f3a…"`.

use leakward_core::Span;

use crate::byte_set::ByteSet;

/// What functions do with a password that they take first; the next text is a salt, a digest or an algorithm.
const MAKES_FROM: &[&[u8]] = &[
    b"hash", b"hmac", b"digest", b"crypt", b"derive", b"pbkdf", b"sha1", b"sha256", b"md5",
    b"verify", b"encode", b"decode", b"compare",
];

/// LIMIT: longest name of a function.
const FUNCTION: usize = 48;

/// Whether what stands at `value` belongs to something else than the name before it.
pub(super) fn is_of_something_else(bytes: &[u8], name: Span, value: usize) -> bool {
    // The call that took the name ended.
    let between = bytes.get(name.end..value).unwrap_or_default();
    between.contains(&b')') || is_made_from(bytes, name)
}

/// Whether the name in quotes is the first argument of a function that makes something from it.
fn is_made_from(bytes: &[u8], name: Span) -> bool {
    let Some(open) = name.start.checked_sub(2) else {
        return false;
    };
    if bytes.get(open) != Some(&b'(') {
        return false;
    }
    let start = ByteSet::WORD.run_start(bytes, open, open.saturating_sub(FUNCTION));
    let function = bytes
        .get(start..open)
        .unwrap_or_default()
        .to_ascii_lowercase();
    MAKES_FROM
        .iter()
        .any(|does| memchr::memmem::find(&function, does).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_beside_a_name_can_belong_to_something_else() {
        let is_else = |text: &str| {
            let start = text.find("password").unwrap();
            let value = text.rfind("0f3a").unwrap();
            is_of_something_else(text.as_bytes(), Span::new(start, start + 8), value)
        };
        for text in [
            "HashPassword(\"password\", \"0f3a\")",
            "equal(hmac('password'), '0f3a')",
            "jasyptEncrypt(\"password\", \"0f3a\")",
        ] {
            assert!(is_else(text), "{text}");
        }
        for text in [
            "set(\"password\", \"0f3a\")",
            "os.Setenv(\"password\", \"0f3a\")",
            "[\"password\", \"0f3a\"]",
        ] {
            assert!(!is_else(text), "{text}");
        }
    }
}
