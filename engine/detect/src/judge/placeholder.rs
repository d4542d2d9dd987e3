//! Values that only stand in for a credential: `YOUR_API_KEY`, `xxxxxxxx`, `<token>`, `changeme`.
//!
//! Signs are looked for in a way that random characters do not show by chance: a word counts when it is long, or
//! when it stands between other characters than letters.

use super::name_like::{ends_in_secret, is_called_token};
use super::sequence;
use super::traits::Traits;
use crate::word_list::WordList;

/// Words that mark a sample wherever they stand: at least six letters, so that chance is one in ten million.
const ANYWHERE: WordList = WordList::new(
    " example sample placeholder changeme change_me change-me changethis change_this change-this \
     replaceme replace_ replace- insert_ insert- redacted removed yourkey your_ your- yoursecret \
     yourpassword yourtoken mysecret dummykey notreal not_real not-real notasecret secret-here \
     goes_here goeshere notbase64 not-base64 not_base64 notvalid not-valid not_valid not-a- not_a_ blabla \
     wrongpass wrong_pass wrong-pass fakepass fakepwd fakesecret faketoken ",
);

/// Words that mark a sample when they stand alone between other characters than letters, or begin or end the value
/// before a change of case.
const ALONE: WordList = WordList::new(
    " your my dummy fake mock test demo todo fixme tbd hidden masked invalid foo bar baz qux foobar \
     lorem ipsum xxx xyz here none null undefined nil empty some any default insert replace \
     wrong incorrect bogus unused ignored ",
);

/// Numbers in hexadecimal that people write for fun.
const HEX_WORDS: WordList =
    WordList::new(" deadbeef cafebabe deadc0de baadf00d feedface badc0ffe ");

/// How values begin that their makers' documentation shows to everybody: the accounts of Azure's emulators, the secret of
/// AWS' pages, the seeds that libraries and standards for one-time passwords explain themselves with, the keys of reCAPTCHA that
/// let everybody pass, the UUIDs of RFC 4122 and of encyclopedias, the token that Telegram explains its bots with, those of RFC 6749 and 6750. Put together, so that no scanner takes this list for a leak.
const DOCUMENTED: [&str; 14] = [
    concat!("Eby8vdM02xNO", "cqFlqUwJPLlm"),
    concat!("C2y6yDjf5/R+", "ob0N8A7Cgv30"),
    concat!("wJalrXUt", "nFEMI"),
    concat!("JBSWY3DP", "EHPK3PXP"),
    concat!("GEZDGNBV", "GY3TQOJQ"),
    concat!("6LeIxAcT", "AAAAA"),
    concat!("123e4567", "-e89b-"),
    concat!("550e8400", "-e29b-41d4"),
    concat!("f81d4fae", "-7dec-11d0"),
    concat!("ABC-DEF1234", "ghIkl-zyx57W2v"),
    concat!("2YotnFZF", "Ejr1zCsicMWpAA"),
    concat!("tGzv3JOk", "F0XG5Qx2TlKWIA"),
    concat!("SplxlOBe", "ZQQYbYS6WxSbIA"),
    concat!("mF_9.B5f", "-4.1JqM"),
];

/// How the digests begin of nothing and of words that everybody knows, which examples show for tokens: MD5, SHA-1 and SHA-256
/// of an empty text; MD5 of `test`, `password`, `admin`, `123456` and `1`.
const KNOWN_DIGESTS: [&str; 8] = [
    "d41d8cd98f00b204",
    "da39a3ee5e6b4b0d",
    "e3b0c44298fc1c14",
    "098f6bcd4621d373",
    "5f4dcc3b5aa765d6",
    "21232f297a57a5a7",
    "e10adc3949ba59ab",
    "c4ca4238a0b92382",
];

/// Why the value is a placeholder, when it is one.
pub(crate) fn reason(value: &[u8]) -> Option<&'static str> {
    let value = value.trim_ascii();
    // Quotes in quotes are a shell's or a configuration's.
    let value = match value {
        [b'\'', inner @ .., b'\''] | [b'"', inner @ .., b'"'] => inner,
        _ => value,
    };
    if is_bracketed(value) {
        return Some("it is a placeholder in brackets");
    }
    if is_masked(value) {
        return Some("it is masked or elided");
    }
    if sequence::repeats_a_block(value) || sequence::is_walked(value) {
        return Some("its characters repeat or run in order");
    }
    if sequence::is_drummed(value) {
        return Some("it was drummed on the middle row of a keyboard");
    }
    if DOCUMENTED
        .iter()
        .any(|known| memchr::memmem::find(value, known.as_bytes()).is_some())
    {
        return Some("its maker's documentation shows it to everybody");
    }
    let lower = value.to_ascii_lowercase();
    if KNOWN_DIGESTS
        .iter()
        .any(|digest| lower.starts_with(digest.as_bytes()))
    {
        return Some("it is the digest of a text that everybody knows");
    }
    if has_sample_word(value, &lower) {
        return Some("it holds a word that marks a sample");
    }
    if is_numbered_name(&lower) {
        return Some("it is the name of a secret, and a number");
    }
    None
}

/// `key_1234`, `access-token-123`, `secret2`: what a secret is called, and a number that was counted or typed in order.
/// `secret123` is a password that people use.
fn is_numbered_name(lower: &[u8]) -> bool {
    let digits = lower
        .iter()
        .rev()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    let (name, number) = lower.split_at(lower.len() - digits);
    let letters: Vec<u8> = name
        .iter()
        .copied()
        .filter(|byte| !b"_-. ".contains(byte))
        .collect();
    let is_typed = digits > 1 && b"1234567890".starts_with(number) && letters != b"secret";
    (digits == 1 || is_typed) && is_called_token(&letters)
}

/// `jksPassword`, `MY_TOKEN`, `dbpassword`: letters that end in what a secret is called.
pub(crate) fn is_name_of_secret(value: &[u8]) -> bool {
    let edge = |byte: &u8| !byte.is_ascii_alphanumeric();
    let first = value.iter().take_while(|byte| edge(byte)).count();
    let last = value.iter().rev().take_while(|byte| edge(byte)).count();
    let word = value
        .get(first..value.len().saturating_sub(last))
        .unwrap_or_default();
    let is_name = word
        .iter()
        .all(|byte| byte.is_ascii_alphabetic() || b"_-.".contains(byte));
    let lower = word.to_ascii_lowercase();
    is_name && ends_in_secret(&lower)
}

/// `<…>`, `[…]`, `{…}`, `(…)` with words inside, the pointed quotation marks of templates, or an opening or closing `<`, `>` alone.
fn is_bracketed(value: &[u8]) -> bool {
    const QUOTATION_MARKS: [&str; 2] = ["\u{ab}", "\u{2039}"];
    if QUOTATION_MARKS
        .iter()
        .any(|mark| value.starts_with(mark.as_bytes()))
    {
        return true;
    }
    // In a page's text: `&lt;token&gt;`. Of an optional part the bracket before may be cut off: `[:password]`.
    let inner_of_page = value
        .strip_prefix(b"&lt;")
        .and_then(|rest| rest.strip_suffix(b"&gt;"));
    if let Some(inner) = inner_of_page {
        return !Traits::of(inner).looks_random();
    }
    if holds_named_gap(value) {
        return true;
    }
    if let [word @ .., b']'] = value
        && is_name_of_secret(word)
    {
        return true;
    }
    let inner = match value {
        [b'<', inner @ .., b'>']
        | [b'[', inner @ .., b']']
        | [b'{', inner @ .., b'}']
        | [b'(', inner @ .., b')'] => inner,
        _ => return false,
    };
    !Traits::of(inner).looks_random()
}

/// `pst_<token>::<key>`: a name in brackets, of letters alone, in something else.
fn holds_named_gap(value: &[u8]) -> bool {
    memchr::memchr_iter(b'<', value).any(|at| {
        let rest = value.get(at + 1..).unwrap_or_default();
        let length = rest
            .iter()
            .take_while(|byte| byte.is_ascii_lowercase() || b"_-".contains(byte))
            .count();
        length >= 3
            && rest.get(length) == Some(&b'>')
            && Traits::of(rest.get(..length).unwrap_or_default()).reads_like_words()
    })
}

/// Runs of stars, crosses, dots or dashes: one character over half of it, fewer than five in twenty, an ellipsis.
fn is_masked(value: &[u8]) -> bool {
    if value.len() >= 3 && memchr::memmem::find(value, b"...").is_some()
        || memchr::memmem::find(value, "…".as_bytes()).is_some()
    {
        return true;
    }
    // `6a2**`: somebody made the end of it unreadable.
    let stars = value.iter().rev().take_while(|byte| **byte == b'*').count();
    if stars >= 2 && stars * 3 >= value.len() {
        return true;
    }
    let mut counts = [0_usize; 256];
    for byte in value {
        if let Some(count) = counts.get_mut(usize::from(*byte)) {
            *count += 1;
        }
    }
    let most = counts.iter().max().copied().unwrap_or(0);
    let distinct = counts.iter().filter(|count| **count > 0).count();
    let run_of = |run: &[u8]| memchr::memmem::find(value, run).is_some();
    (most * 2 > value.len() && value.len() >= 4)
        || (value.len() >= 20 && distinct < 5)
        || [
            &b"xxxx"[..],
            b"XXXX",
            b"****",
            b"____",
            b"----",
            b"####",
            b"????",
            "••".as_bytes(),
        ]
        .into_iter()
        .any(run_of)
}

fn has_sample_word(value: &[u8], lower: &[u8]) -> bool {
    // In random characters a change of case sets off nothing.
    let by_case = !Traits::of(value).looks_random();
    ANYWHERE.any_in(lower)
        || HEX_WORDS.any_in(lower)
        || ALONE
            .find_in(lower)
            .any(|(at, word)| stands_alone(value, (at, at + word.len()), by_case))
}

/// Whether the word at `start..end` stands in the value between characters that are no letters, or is set off by a change of case.
fn stands_alone(value: &[u8], (start, end): (usize, usize), by_case: bool) -> bool {
    let before = start.checked_sub(1).and_then(|at| value.get(at));
    let (first, after) = (value.get(start), value.get(end));
    let last = end.checked_sub(1).and_then(|at| value.get(at));
    let opens = before.is_none_or(|before| {
        !before.is_ascii_alphanumeric()
            || (by_case && before.is_ascii_lowercase() && first.is_some_and(u8::is_ascii_uppercase))
    });
    let closes = after.is_none_or(|after| {
        !after.is_ascii_alphanumeric()
            || (by_case && after.is_ascii_uppercase() && last.is_some_and(u8::is_ascii_lowercase))
    });
    opens && closes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_told() {
        for value in [
            "<YOUR_KEY>",
            "&lt;token&gt;",
            "password]",
            "pst_<token>::<key>",
            "f23blad6-blabla88",
            "'<YOUR_KEY>'",
            "[TOKEN]",
            "{API_KEY}",
            "(password)",
            "YOUR-API-KEY",
            "your_token_here",
            "xxxx-xxxx",
            "********",
            "••••••",
            "sk-...",
            "1234567890",
            "abcdefghijklmnop",
            "qwertyuiop",
            "changeme",
            "change-this-now",
            "foo-bar",
            "test",
            "my-dummy-key",
            "EXAMPLEKEY",
            "redacted",
            "aaaaaaaa",
            "deadbeefdeadbeef",
            "insert_key",
            "REPLACE_ME",
            "1234abcd1234abcd",
            "foobar",
            "aGVh.Zm9v+notbase64.sig",
            "wrongPassword1",
            "…",
            "prefix…",
            concat!("wJalrXUt", "nFEMI/K7MDENG"),
            concat!("GEZDGNBV", "GY3TQOJQGEZDGNBVGY"),
            concat!("da39a3ee5e6b4b0d", "3255bfef95601890afd80709"),
            concat!("098f6bcd4621d373", "cade4e832627b4f6"),
            concat!("123456:ABC-DEF1234", "ghIkl-zyx57W2v1u123ew11"),
            "sdfsdf9y8ydsfdsfklw3432sdflkj232",
            "key_1234",
            "access-token-123",
            "token2",
        ] {
            assert!(reason(value.as_bytes()).is_some(), "{value}");
        }
    }

    #[test]
    fn random_values_and_passwords_are_not() {
        for value in [
            "hunter2",
            "hunter2]",
            "&lt;qW8zK2vPxL7m&gt;",
            "qW8zK2vPxL7m",
            "3f9a1c0b7d2e4856a1b2",
            "Tr0ub4dor&3",
            "fooXk29sLq8",
            "x8Tbar9Qmw2",
            "aTest1ngp4ss",
            "kX7testQ92mzPw",
            "S3cr3t!",
            "key_9274",
            "secret123",
            "token",
        ] {
            assert_eq!(reason(value.as_bytes()), None, "{value}");
        }
    }
}
