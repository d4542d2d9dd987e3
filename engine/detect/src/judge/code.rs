//! Values that are pieces of a program: expressions, the middle of a concatenation, formats, names with numbers in them.
//!
//! Not for: references to where a value is kept (`reference.rs`). What is told here is told whether it stands in quotes or not,
//! because templates, attributes and texts in texts hold programs in quotes. Nothing that is drawn has these forms by chance:
//! a form is asked for from the first byte to the last.

use super::name_like::{is_called_secret, is_shouted};
use super::traits::Traits;
use crate::byte_set::ByteSet;
use crate::detection::Manner;
use crate::word_list::WordList;

/// Words with a number in them that are no more than words.
const NUMERONYMS: WordList = WordList::new(
    " oauth2 oauth1 v1 v2 v3 v4 utf8 utf16 base64 base32 base58 x509 md5 sha1 sha2 sha256 sha384 sha512 \
     h2 http2 ipv4 ipv6 ed25519 rs256 hs256 es256 p12 pkcs12 pkcs8 pkcs1 s3 ec2 log4j neo4j db2 x86 \
     arm64 amd64 win32 win64 2fa argon2 argon2id blake2b blake3 c3p0 oidc2 saml2 rfc1 sqlite3 mp3 mp4 ",
);

/// Why the value is a piece of a program, when it is one. Between quotes `Summer(2024)` is a password, and elsewhere a call.
pub(crate) fn reason(value: &[u8], manner: Manner) -> Option<&'static str> {
    let is_code = match manner {
        Manner::Quoted => is_expression(value, 1),
        _ => is_expression(value, 0) || is_begun(value),
    };
    if is_code || is_concatenation(value) {
        return Some("it is code");
    }
    if opens_call(value) {
        return Some("it is code");
    }
    if is_name_in_database(value) {
        return Some("it is the name of an index or a key in a database");
    }
    if is_list(value) {
        return Some("it is a document; what is in it is looked at by itself");
    }
    if is_type(value) {
        return Some("it is the name of a type");
    }
    // In quotes `K8s_admin` follows the rules for passwords.
    let may_be_password = manner == Manner::Quoted
        && !value.iter().any(|byte| b":/.".contains(byte))
        && Traits::of(value).classes() == 4;
    if (!may_be_password && is_name_with_numbers(value))
        || is_name_of_package(value)
        || is_path_of_names(value)
    {
        return Some("it reads like a name in a program");
    }
    None
}

/// `,listKeys(concat(`: names of functions and the bracket of the last one. A password may end with a bracket as well.
fn opens_call(value: &[u8]) -> bool {
    value.ends_with(b"(")
        && value
            .iter()
            .all(|byte| byte.is_ascii_alphabetic() || b"_.,( ".contains(byte))
}

/// Doctrine's `UNIQ_20C9FB24`, `FK_368A4209`.
fn is_name_in_database(value: &[u8]) -> bool {
    const STARTS: [&[u8]; 6] = [b"UNIQ_", b"IDX_", b"FK_", b"PK_", b"UQ_", b"IX_"];
    let rest = STARTS.iter().find_map(|start| value.strip_prefix(*start));
    rest.is_some_and(|rest| {
        let is_name =
            |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b'_';
        rest.len() >= 4 && rest.iter().all(is_name)
    })
}

/// `optional(string)`, `varchar(255)`: words of a language with one in brackets.
fn is_type(value: &[u8]) -> bool {
    const OUTER: WordList = WordList::new(
        " optional required nullable list set map array string varchar nvarchar char text sensitive option secure ",
    );
    let Some((outer, inner)) = value.strip_suffix(b")").and_then(|text| {
        text.iter()
            .position(|byte| *byte == b'(')
            .map(|at| text.split_at(at))
    }) else {
        return false;
    };
    let inner = inner.get(1..).unwrap_or_default();
    let is_size = !inner.is_empty() && inner.iter().all(u8::is_ascii_digit);
    OUTER.contains(outer) && (is_size || OUTER.contains(inner))
}

/// `values[0][6:]`, `error()?.password`, `link.split(x)[1]`: a name with at least one call or index and so many members, from the
/// first byte to the last.
fn is_expression(value: &[u8], least_members: usize) -> bool {
    let Some(mut at) = name_end(value, 0) else {
        return false;
    };
    let (mut suffixes, mut members) = (0, 0);
    while let Some(rest) = value.get(at..).filter(|rest| !rest.is_empty()) {
        let member = [&b"?."[..], b"!.", b"->", b"::", b"."]
            .into_iter()
            .find(|mark| rest.starts_with(mark));
        let next = match (member, rest) {
            (Some(mark), _) => {
                members += 1;
                name_end(value, at + mark.len())
            }
            (None, [open @ (b'(' | b'['), ..]) => {
                suffixes += 1;
                closing(rest, *open).map(|length| at + length)
            }
            _ => None,
        };
        match next {
            Some(next) => at = next,
            None => return false,
        }
    }
    suffixes > 0 && members >= least_members
}

/// `WindowToken{71c3c1d`: a name that can be said, and a bracket behind it that does not close: the value was cut at a blank.
fn is_begun(value: &[u8]) -> bool {
    let letters = value
        .iter()
        .take_while(|byte| byte.is_ascii_alphabetic())
        .count();
    let (name, rest) = value.split_at(letters);
    let opens = match rest.first() {
        Some(b'{') => !rest.contains(&b'}'),
        Some(b'(') => !rest.contains(&b')'),
        _ => false,
    };
    opens && letters >= 5 && Traits::of(name).surprise < 5.6
}

/// `com.acme.credentials.ACTION_GET`: what starts like a package's name and goes on with names.
fn is_name_of_package(value: &[u8]) -> bool {
    const FIRST: WordList = WordList::new(" com org net io android androidx java javax dev app ");
    let mut parts = value.split(|byte| *byte == b'.');
    parts.next().is_some_and(|first| FIRST.contains(first))
        && parts.clone().count() >= 2
        && parts.all(|part| name_end(part, 0) == Some(part.len()) && part.len() <= 32)
        && Traits::of(value).surprise < 6.0
}

/// The end of the name that begins at `at`.
fn name_end(value: &[u8], at: usize) -> Option<usize> {
    let start = at + usize::from(matches!(value.get(at), Some(b'$' | b'@')));
    let end = ByteSet::WORD.run_end(value, start, value.len());
    let first = value.get(start)?;
    (end > start && !first.is_ascii_digit()).then_some(end)
}

/// The length of what stands in brackets, when they close.
fn closing(text: &[u8], open: u8) -> Option<usize> {
    let close = if open == b'(' { b')' } else { b']' };
    let mut depth = 0_usize;
    for (at, &byte) in text.iter().enumerate() {
        if byte == open {
            depth += 1;
        } else if byte == close {
            depth -= 1;
            if depth == 0 {
                return Some(at + 1);
            }
        }
    }
    None
}

/// `'.$request->token.'`, `+token+`, `" + token + "`: what stands between the quotes closes one text and opens the next.
fn is_concatenation(value: &[u8]) -> bool {
    // `+encodeURIComponent(i));c+=`: a call is joined on.
    if let [b'+' | b'.' | b'&' | b')', call @ ..] = value
        && name_end(call, 0).is_some_and(|end| end >= 3 && call.get(end) == Some(&b'('))
    {
        return true;
    }
    // `),d?k().createElement(`, `)[1].split(`: the text before ended, and with it a call; another one follows.
    if let [b')', b',' | b';' | b':' | b'[' | b'.', rest @ ..] = value
        && rest
            .windows(2)
            .any(|pair| matches!(pair, [name, b'('] if name.is_ascii_alphanumeric()))
    {
        return true;
    }
    let is_quote = |byte: &u8| b"\"'`".contains(byte);
    let text = value.trim_ascii();
    let (first, last) = (text.first(), text.last());
    let is_quoted = first.is_some_and(is_quote) && last.is_some_and(is_quote) && text.len() > 4;
    let inner = if is_quoted {
        text.get(1..text.len() - 1).unwrap_or_default().trim_ascii()
    } else {
        text
    };
    let joined = match inner {
        [b'+', joined @ .., b'+'] | [b'&', joined @ .., b'&'] => joined,
        [b'.', joined @ .., b'.'] if is_quoted => joined,
        _ => return false,
    };
    let joined = joined.trim_ascii();
    name_end(joined, 0) == Some(joined.len()) || is_expression(joined, 0) || is_members(joined)
}

/// `$request->payment_token`, `user.token`.
fn is_members(text: &[u8]) -> bool {
    let Some(mut at) = name_end(text, 0) else {
        return false;
    };
    while at < text.len() {
        let rest = text.get(at..).unwrap_or_default();
        let mark = match rest {
            [b'-', b'>', ..] | [b':', b':', ..] | [b'?', b'.', ..] => 2,
            [b'.', ..] => 1,
            _ => return false,
        };
        match name_end(text, at + mark) {
            Some(next) => at = next,
            None => return false,
        }
    }
    true
}

/// `["user.read","user.write"]`, also with its quotes escaped.
fn is_list(value: &[u8]) -> bool {
    let opens = [&b"[\""[..], b"[\\\"", b"['", b"[{"]
        .iter()
        .any(|open| value.starts_with(open));
    opens && value.ends_with(b"]")
}

/// `role::icinga`: names of a path, with nothing else in them.
fn is_path_of_names(value: &[u8]) -> bool {
    let is_name = |part: &[u8]| {
        part.len() >= 2
            && part
                .iter()
                .all(|byte| byte.is_ascii_alphabetic() || b"_-".contains(byte))
    };
    let mut rest = value;
    let mut joints = 0;
    while let Some(at) = memchr::memmem::find(rest, b"::") {
        if !rest.get(..at).is_some_and(is_name) {
            return false;
        }
        joints += 1;
        rest = rest.get(at + 2..).unwrap_or_default();
    }
    joints > 0 && rest.split(|byte| *byte == b':').all(is_name)
}

/// Whether the value holds directives that a program fills in: `%d-key-%d`, `%[3]s`.
pub(crate) fn has_directive(value: &[u8]) -> bool {
    memchr::memchr_iter(b'%', value).any(|at| {
        let rest = value.get(at + 1..).unwrap_or_default();
        let rest = match rest {
            [b'[', digit, b']', rest @ ..] if digit.is_ascii_digit() => rest,
            _ => rest,
        };
        match rest {
            // Two digits of a percent-encoded byte can begin like this.
            [b'd', next, ..] => !next.is_ascii_hexdigit(),
            [b's' | b'v' | b'q', next, ..] => !next.is_ascii_alphanumeric(),
            [b'd' | b's' | b'v' | b'q'] => true,
            _ => false,
        }
    })
}

/// `k8s_etcd`, `k8s-aws-v1.`, `Install_k9s`: words and words that are written with a number.
fn is_name_with_numbers(value: &[u8]) -> bool {
    if NUMERONYMS.contains(&value.to_ascii_lowercase()) {
        return true;
    }
    let (mut words, mut numbered, mut letters) = (0, 0, Vec::new());
    for part in value.split(|byte| b"_-./: ".contains(byte)) {
        let lower = part.to_ascii_lowercase();
        if is_numeronym(&lower) {
            numbered += 1;
        } else if part.iter().all(u8::is_ascii_alphabetic) && is_said(part) {
            words += usize::from(!part.is_empty());
            letters.extend_from_slice(part);
        } else {
            return false;
        }
    }
    // `q7x-m2p-t9w-kvr` was drawn: in a name the words with numbers are not nearly all of it.
    words > 0 && (1..=2 * words).contains(&numbered) && is_said(&letters)
}

/// Whether letters can be words; a short one is noisy, so that much is let through.
fn is_said(letters: &[u8]) -> bool {
    letters.len() <= 4 || Traits::of(letters).surprise < 6.5
}

/// `sha256`, `k8s`, `i18n`.
fn is_numeronym(lower: &[u8]) -> bool {
    let is_abbreviation = match lower {
        [first, digits @ .., last] => {
            first.is_ascii_lowercase()
                && last.is_ascii_lowercase()
                && matches!(digits.len(), 1 | 2)
                && digits.iter().all(u8::is_ascii_digit)
        }
        _ => false,
    };
    is_abbreviation || NUMERONYMS.contains(lower)
}

/// `JOB_JWT_V2`, `CURLE_OBSOLETE46`, `asn1_NOVALUE`: what programs call what never changes.
pub(crate) fn is_constant(value: &[u8]) -> bool {
    let words = value.trim_ascii_end();
    let is_capitals = |part: &[u8]| part.len() >= 4 && part.iter().all(u8::is_ascii_uppercase);
    let ends_shouted = words
        .rsplit(|byte| *byte == b'_')
        .next()
        .is_some_and(is_capitals)
        && words
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
        && words.iter().filter(|byte| byte.is_ascii_digit()).count() <= 1;
    (value.contains(&b'_') && ends_shouted)
        || value.contains(&b'_')
            && is_shouted(value)
            && value.iter().filter(|byte| byte.is_ascii_digit()).count() <= 3
}

/// A constant's name where it could be a text as well: three words or more, or two of which the last one is what a secret is
/// called, and no more than one digit.
pub(crate) fn is_shouted_name(value: &[u8]) -> bool {
    let parts = value.split(|byte| *byte == b'_').count();
    let last = value.rsplit(|byte| *byte == b'_').next();
    let digits = value.iter().filter(|byte| byte.is_ascii_digit()).count();
    let ends_so = last.is_some_and(|last| is_called_secret(&last.to_ascii_lowercase()));
    (parts >= 3 || (parts == 2 && ends_so))
        && digits <= 1
        && is_shouted(value)
        && value
            .split(|byte| *byte == b'_')
            .all(|part| !part.is_empty() && part.len() <= 14)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_opens_a_call_is_told_from_passwords_with_a_bracket_at_the_end() {
        assert!(opens_call(b",listKeys(concat(") && opens_call(b"get("));
        for value in ["x9#kLq2(", ",x9kLq2m", "Tr0ub4dor("] {
            assert!(!opens_call(value.as_bytes()), "{value}");
        }
        assert!(is_name_in_database(b"UNIQ_20C9FB24") && !is_name_in_database(b"UNIQ_x9kq"));
    }

    #[test]
    fn pieces_of_programs_are_told() {
        for value in [
            "values[0][6:]",
            ")[1].split(",
            ").strip().lower()",
            "error()?.password",
            "error()?.password_confirm",
            "link.split(x)[1].trim()",
            "'.$request->payment_token.'",
            "+ambientToken+",
            "\" + token + \"",
            "[\"user.read\",\"user.write\"]",
            "[\\\"user.read\\\"]",
            "k8s_etcd",
            "k8s-aws-v1.",
            "Install_k9s",
            "k8s_kvstoremesh",
            "base64-encoded",
            "+encodeURIComponent(i));c+=",
            "saml2",
            "role::icinga",
            "role::kibana:config",
            "),d?k().createElement(",
            "WindowToken{71c3c1d",
            "com.x8bit.acme.credentials.ACTION_GET_PASSWORD",
        ] {
            assert!(reason(value.as_bytes(), Manner::Bare).is_some(), "{value}");
        }
        for value in [
            "error()?.password",
            "saml2",
            "k8s_etcd",
            "optional(string)",
            "varchar(255)",
        ] {
            assert!(
                reason(value.as_bytes(), Manner::Quoted).is_some(),
                "{value}"
            );
        }
    }

    #[test]
    fn passwords_are_no_pieces_of_programs() {
        for value in [
            "Hq3(xV9]k<Zt7w",
            "hunter2",
            "qW8zK2vPxL7m",
            "p.ss-w0rd!",
            "+qW8zK2vPxL7m/",
            "[x9!kQ2]",
            "blue-sky1",
            "a(b)c9!",
            "),k9Xw2Lq7tZ",
            ").k9Xw2Lq7tZ",
            ");nQ8xP2Vb4",
            "q7x-m2p-t9w-kvr",
            "x()y",
            "correct-horse-42",
            "",
        ] {
            assert_eq!(reason(value.as_bytes(), Manner::Bare), None, "{value}");
        }
        for value in ["Summer(2024)", "Winter(2024", "Correct[9]", "K8s_admin"] {
            assert_eq!(reason(value.as_bytes(), Manner::Quoted), None, "{value}");
        }
    }

    #[test]
    fn directives_are_told_from_percent_encoding_and_signs() {
        for value in ["%d-key-%d", "P@55!!%[3]s", "x-%s", "%v"] {
            assert!(has_directive(value.as_bytes()), "{value}");
        }
        for value in ["a%d0b", "100%sure", "50%", "%2Fdata", "%dA"] {
            assert!(!has_directive(value.as_bytes()), "{value}");
        }
    }

    #[test]
    fn names_in_capitals_are_told_from_passwords_in_capitals() {
        for value in ["CI_JOB_JWT_V2", "MY_ACCESS_TOKEN", "MONGODB_PW"] {
            assert!(is_shouted_name(value.as_bytes()), "{value}");
        }
        for value in ["X9_4K2_7Q", "ADMIN_2024", "PASS_1234", "hunter_two_x"] {
            assert!(!is_shouted_name(value.as_bytes()), "{value}");
        }
        assert!(is_constant(b"CURLE_OBSOLETE46"));
        assert!(!is_constant(b"PASSWORD") && !is_constant(b"A_1234B") && !is_constant(b"a_b"));
    }
}
