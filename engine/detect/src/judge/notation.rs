//! Values that are written in a notation which is not that of secrets: patterns, options, algorithms, places in documents, colours,
//! settings with their own name.
//!
//! Not for: pieces of programs (`code.rs`) and references (`reference.rs`).

use super::placeholder;
use super::traits::Traits;
use crate::byte_set::ByteSet;
use crate::word_list::WordList;

/// Regular expressions, validation rules, CSS selectors, mark-up.
pub(super) fn is_pattern(value: &[u8]) -> bool {
    const SIGNS: &[&[u8]] = &[
        b"[a-z", b"[a-f", b"[]", b"0-9]", b"[A-Z", b"[0-9", b"\\d", b"\\w", b"\\s", b"(?", b".*",
        b".+", b"[^", b"||", b"&&", b"==", b"</", b"/>", b"=>", b"();",
    ];
    // Equals signs at the end are those of base64.
    let text = value.trim_ascii_end();
    let is_digit = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/-_".contains(byte);
    let text = text
        .strip_suffix(b"==")
        .filter(|digits| digits.iter().all(is_digit))
        .unwrap_or(text);
    let is_anchored = text.starts_with(b"^") && text.ends_with(b"$") && text.len() > 4;
    // PERF: most values have none of the bytes that these signs need.
    const NEEDED: ByteSet = ByteSet::EMPTY.with(b"[]\\(.|&=</");
    let has_sign = NEEDED.meets_any(text)
        && SIGNS
            .iter()
            .any(|sign| memchr::memmem::find(text, sign).is_some());
    let is_rule = value.contains(&b'|')
        && value.split(|byte| b"|:".contains(byte)).all(|part| {
            part.iter()
                .all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
        });
    let is_validation = [&b"required|"[..], b"nullable|", b"sometimes|", b"bail|"]
        .iter()
        .any(|start| value.starts_with(start))
        || is_rule_with_argument(value);
    // Columns of a grid, as style sheets call them.
    let is_class = value.strip_prefix(b"col-").is_some_and(|rest| {
        rest.split(|byte| *byte == b'-').all(|part| {
            part.iter().all(u8::is_ascii_lowercase)
                || (part.len() <= 2 && part.iter().all(u8::is_ascii_digit))
        })
    });
    let is_selector = is_class
        || matches!(value, [b'#' | b'.', rest @ ..] if rest.iter().all(|byte| byte.is_ascii_alphabetic() || b"-_".contains(byte)))
        || (value.contains(&b'[') && value.contains(&b'='));
    has_sign || is_rule || is_validation || is_selector || is_anchored
}

/// `\e[96m`, `\033[1m`: what tells a terminal to change its colour.
pub(super) fn colours_a_terminal(value: &[u8]) -> bool {
    if !value.contains(&b'[') {
        return false;
    }
    [&b"\\e["[..], b"\\033[", b"\\x1b[", b"\\u001b[", b"\x1b["]
        .iter()
        .any(|start| {
            memchr::memmem::find_iter(value, *start).any(|at| {
                value
                    .get(at + start.len()..)
                    .and_then(<[u8]>::first)
                    .is_some_and(u8::is_ascii_digit)
            })
        })
}

/// `min:16`, `required_if:change,true|confirmed`: rules that forms ask for, the first one with its argument.
fn is_rule_with_argument(value: &[u8]) -> bool {
    const RULES: WordList = WordList::new(
        " min max size between digits digits_between same different confirmed unique exists in not_in regex \
         required_if required_with required_without after before ",
    );
    const COUNTS: WordList = WordList::new(" min max size between digits digits_between ");
    let is_plain = |part: &[u8]| {
        let is_letter =
            |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_,.".contains(byte);
        part.iter().all(is_letter)
    };
    let has_argument = |part: &[u8]| {
        let mut halves = part.splitn(2, |byte| *byte == b':');
        let (rule, argument) = (halves.next().unwrap_or_default(), halves.next());
        let is_number = |text: &[u8]| {
            text.iter()
                .all(|byte| byte.is_ascii_digit() || *byte == b',')
        };
        let fits = |text: &[u8]| is_plain(text) && (!COUNTS.contains(rule) || is_number(text));
        RULES.contains(rule) && argument.is_some_and(fits)
    };
    let mut parts = value.split(|byte| *byte == b'|');
    parts.next().is_some_and(has_argument) && parts.all(|part| has_argument(part) || is_plain(part))
}

/// `--gecos`, `-creds`, `-Force`, `--ssl-mode=REQUIRED`: a word behind dashes.
pub(super) fn is_option(value: &[u8]) -> bool {
    let word = value.trim_ascii_start();
    let dashes = word.iter().take_while(|byte| **byte == b'-').count();
    word.get(dashes..).is_some_and(|word| {
        !word.is_empty()
            && word
                .iter()
                .all(|byte| byte.is_ascii_alphabetic() || b"-_]=".contains(byte))
    })
}

/// `scram-sha-256`, `sha512_no_salt`: words and numbers, of which one is the name of an algorithm.
pub(super) fn is_algorithm(lower: &[u8]) -> bool {
    const ALGORITHMS: [&[u8]; 9] = [
        b"sha", b"ssha", b"md5", b"aes", b"hmac", b"scram", b"bcrypt", b"pbkdf", b"argon",
    ];
    // Java's names of encryptions by a password, and those of JWE.
    if [&b"pbewith"[..], b"pbes2-"]
        .iter()
        .any(|start| lower.starts_with(start))
    {
        return true;
    }
    let mut names_one = false;
    let are_words = lower.split(|byte| b"-_/".contains(byte)).all(|part| {
        let is_one = ALGORITHMS.iter().any(|name| {
            part.strip_prefix(*name)
                .is_some_and(|rest| rest.iter().all(u8::is_ascii_digit))
        });
        names_one |= is_one;
        is_one || part.iter().all(u8::is_ascii_alphabetic) || part.iter().all(u8::is_ascii_digit)
    });
    are_words && names_one
}

/// `mssql.0.connection_url`: names and numbers of entries, joined by dots.
pub(super) fn is_place_in_a_document(value: &[u8]) -> bool {
    // A pointer of JSON's schemas: `#/definitions/login`.
    if value.starts_with(b"#/") {
        return true;
    }
    let mut parts = 0;
    let are_names = value.split(|byte| *byte == b'.').all(|part| {
        parts += 1;
        let is_name = part.len() >= 3
            && part
                .iter()
                .all(|byte| byte.is_ascii_lowercase() || *byte == b'_');
        is_name || (part.len() <= 2 && !part.is_empty() && part.iter().all(u8::is_ascii_digit))
    });
    are_names && parts >= 3
}

/// `#03fccf`.
pub(super) fn is_colour(value: &[u8]) -> bool {
    value.strip_prefix(b"#").is_some_and(|digits| {
        matches!(digits.len(), 3 | 4 | 6 | 8) && digits.iter().all(u8::is_ascii_hexdigit)
    })
}

/// `r=ab,s=abcd,i=5`: pairs of one letter and a value, as in the messages of SASL and in distinguished names.
pub(super) fn is_list_of_pairs(value: &[u8]) -> bool {
    let mut pairs = 0;
    let all = value.split(|byte| *byte == b',').all(|pair| {
        pairs += 1;
        matches!(pair, [letter, b'=', ..] if letter.is_ascii_alphabetic())
    });
    all && pairs >= 2
}

/// `-Dapp.access-key.secret=0f3a`, `client_secret=0f3a`, `uid=user`: a setting with its own name, of which only a part is the
/// value. It is looked at by itself.
pub(super) fn is_setting_of_its_own(value: &[u8]) -> bool {
    let Some(equals) = memchr::memchr(b'=', value) else {
        return false;
    };
    let (name, rest) = value.split_at(equals);
    let is_word = |word: &[u8]| word.len() >= 3 && word.iter().all(u8::is_ascii_alphabetic);
    if is_word(name) && is_word(rest.get(1..).unwrap_or_default()) {
        return Traits::of(value).reads_like_words();
    }
    let is_name = name.len() >= 6
        && name
            .iter()
            .all(|byte| byte.is_ascii_alphabetic() || b"_-.".contains(byte));
    // The padding of base64 is followed by nothing.
    is_name && rest.len() > 4 && placeholder::is_name_of_secret(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notations_are_told_from_values() {
        for value in [
            "required|notIn:[\"",
            "^[a-z]{8}$",
            "a|b:2|c",
            "#password",
            "([a-f0-9]+)&?/)).to",
            "min:16",
            "same:new_password",
            "required_if:change_password,true|confirmed",
            "col-md-12",
        ] {
            assert!(is_pattern(value.as_bytes()), "{value}");
        }
        for value in [
            "hunter2",
            "qW8z|K2vP!",
            "x9.k2#Pq",
            "min:X9k2",
            "mini:16",
            "col-x9k2qz7w31",
            "col-Tx94",
            "max:power99",
        ] {
            assert!(!is_pattern(value.as_bytes()), "{value}");
        }
        for value in [
            "scram-sha-256",
            "pbewithsha256and128bitaes-cbc-bc",
            "pbes2-hs256+a128kw",
        ] {
            assert!(is_algorithm(value.as_bytes()), "{value}");
        }
        assert!(is_option(b"-Force") && is_option(b"--ssl-mode=REQUIRED"));
        assert!(!is_option(b"-x9k2Q") && !is_option(b"--"));
        assert!(is_list_of_pairs(b"r=ab,s=abcd,i=5") && !is_list_of_pairs(b"r=ab"));
        assert!(!is_list_of_pairs(b"x=9,kQ2!") && !is_list_of_pairs(b"hunter2"));
        assert!(!is_algorithm(b"hunter2") && !is_algorithm(b"shark99x"));
    }

    #[test]
    fn settings_with_their_own_name_are_no_values() {
        for value in [
            "-Dapp.access-key.secret=0f3a5c71e2",
            "client_secret=0f3a5c71",
            "uniqueIdentifier=user",
        ] {
            assert!(is_setting_of_its_own(value.as_bytes()), "{value}");
        }
        for value in ["cXVhcnRydA==", "secret=", "qW8zK2v=PxL7m", "x=hunter2"] {
            assert!(!is_setting_of_its_own(value.as_bytes()), "{value}");
        }
    }
}
