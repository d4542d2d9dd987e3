//! Texts that stand beside a name in a call, and are not its value: `hash("password", "salt")`, `hmac("password"), "0f3a…"`.

use leakward_core::Span;

use super::name::words;
use crate::byte_set::ByteSet;
use crate::word_list::WordList;

/// What functions do with a password that they take first; the next text is a salt, a digest or an algorithm.
/// Words of the function's name; a number is a word of its own.
const MAKES_FROM: WordList = WordList::new(
    " hash hashed hashpw hmac digest encrypt bcrypt scrypt derive pbkdf sha md verify compare ",
);

/// LIMIT: longest name of a function.
const FUNCTION: usize = 48;

/// Whether the text behind the name in quotes belongs to something else: the name is the first argument of a function that makes
/// something from it.
pub(super) fn is_of_something_else(bytes: &[u8], name: Span) -> bool {
    let Some(open) = name.start.checked_sub(2) else {
        return false;
    };
    if bytes.get(open) != Some(&b'(') {
        return false;
    }
    let start = ByteSet::WORD.run_start(bytes, open, open.saturating_sub(FUNCTION));
    words(bytes.get(start..open).unwrap_or_default())
        .iter()
        .any(|word| MAKES_FROM.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_beside_a_name_can_belong_to_something_else() {
        let is_else = |text: &str| {
            let start = text.find("password").unwrap();
            is_of_something_else(text.as_bytes(), Span::new(start, start + 8))
        };
        for text in [
            "HashPassword(\"password\", \"0f3a\")",
            "equal(hmac('password'), '0f3a')",
            "jasyptEncrypt(\"password\", \"0f3a\")",
            "bcrypt.hashpw(\"password\", \"0f3a\")",
            "sha256(\"password\", \"0f3a\")",
        ] {
            assert!(is_else(text), "{text}");
        }
        for text in [
            "set(\"password\", \"0f3a\")",
            "os.Setenv(\"password\", \"0f3a\")",
            "[\"password\", \"0f3a\"]",
            "setEncryptedPreference(\"password\", \"0f3a\")",
            "params.encode(\"password\", \"0f3a\")",
            "put(key(\"password\"), \"0f3a\")",
        ] {
            assert!(!is_else(text), "{text}");
        }
    }
}
