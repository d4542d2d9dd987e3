//! Credentials whose parts decode to something: Discord tokens, JSON behind a prefix, HTTP Basic.

use super::Proof;
use crate::decode::base64;
use crate::judge::json;

/// Discord: the first part is the base64 of a number of 17 to 20 digits.
pub(super) fn discord(secret: &[u8]) -> Proof {
    let first = secret
        .split(|&byte| byte == b'.')
        .next()
        .unwrap_or_default();
    let first = first.strip_prefix(b"mfa").unwrap_or(first);
    Proof::of(base64::decode(first).is_some_and(|number| {
        (17..=20).contains(&number.len()) && number.iter().all(u8::is_ascii_digit)
    }))
}

/// LIMIT: so many places are tried; prefixes have one or two parts.
const MOST_BODIES: usize = 4;

/// What follows the prefix decodes to a JSON object. The prefix is anything up to the place where the base64 of `{"`
/// begins: at the start or after one of the characters that end prefixes.
pub(super) fn base64_json(secret: &[u8]) -> Proof {
    let ends = secret
        .iter()
        .enumerate()
        .filter(|(_, byte)| b"_-.:".contains(byte))
        .map(|(at, _)| at + 1);
    let mut bodies = std::iter::once(0)
        .chain(ends)
        .filter_map(|start| secret.get(start..))
        .filter(|rest| rest.starts_with(b"ey"))
        .take(MOST_BODIES);
    Proof::of(bodies.any(begins_with_json))
}

/// Whether the text, or its part before the first character that is no base64, decodes to a JSON object.
fn begins_with_json(text: &[u8]) -> bool {
    let mut ends: Vec<usize> = text
        .iter()
        .enumerate()
        .filter(|(_, byte)| b"_-.".contains(byte) || base64::digit(**byte).is_none())
        .map(|(at, _)| at)
        .take(8)
        .collect();
    ends.push(text.len());
    ends.iter().rev().any(|&end| {
        text.get(..end)
            .and_then(base64::decode)
            .is_some_and(|bytes| json::is_object(&bytes))
    })
}

/// HTTP Basic: decodes to printable `user:password`.
pub(super) fn basic_auth(secret: &[u8]) -> Proof {
    Proof::of(base64::decode(secret).is_some_and(|pair| {
        // `echo user:password | base64` puts a line's end behind them.
        let pair = pair.trim_ascii_end();
        let is_text =
            std::str::from_utf8(pair).is_ok_and(|text| !text.chars().any(char::is_control));
        is_text && pair.contains(&b':') && pair.last() != Some(&b':') && !is_known_pair(pair)
    }))
}

/// Whether a user and a password are those that manuals and tests explain HTTP Basic with.
pub(crate) fn is_known_pair(pair: &[u8]) -> bool {
    const KNOWN: [&[u8]; 11] = [
        b"azurediamond:hunter2",
        b"user:pass",
        b"user:passwd",
        b"user:password",
        b"username:password",
        b"foo:bar",
        b"beep:boop",
        b"aladdin:opensesame",
        b"aladdin:open sesame",
        b"myusername:mypassword",
        b"test:test",
    ];
    KNOWN.contains(&&*pair.to_ascii_lowercase())
}

/// What stands behind the first colon of an HTTP Basic credential.
pub(super) fn basic_password(secret: &[u8]) -> Option<Vec<u8>> {
    let pair = base64::decode(secret)?;
    let colon = pair.iter().position(|byte| *byte == b':')?;
    pair.get(colon + 1..)
        .map(|password| password.trim_ascii_end().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn discord_tokens_start_with_a_number() {
        assert_eq!(discord(b"MTIzNDU2Nzg5MDEyMzQ1Njc4.AbCdEf.x"), Proof::Holds);
        assert_eq!(discord(b"TTIzNDU2Nzg5MDEyMzQ1Njc4.AbCdEf.x"), Proof::Fails);
    }

    #[test]
    fn json_behind_a_prefix_is_recognised() {
        assert_eq!(base64_json(b"glc_eyJvIjoiMSJ9"), Proof::Holds);
        assert_eq!(base64_json(b"sntrys_eyJvIjoiMSJ9_abcdefgh"), Proof::Holds);
        assert_eq!(base64_json(b"eyJvIjoiMSJ9"), Proof::Holds);
        assert_eq!(base64_json(b"glc_eyJvIjoiMSJA"), Proof::Fails);
        assert_eq!(base64_json(b"nothing at all"), Proof::Fails);
    }

    #[test]
    fn basic_credentials_are_user_and_password() {
        assert_eq!(basic_auth(b"YTpi"), Proof::Holds);
        assert_eq!(basic_auth(b"YTpiCg=="), Proof::Holds);
        assert_eq!(basic_auth(b"dXNlcjpwYXNz"), Proof::Fails);
        assert_eq!(basic_auth(b"YTo="), Proof::Fails);
        assert_eq!(basic_auth(b"YWJj"), Proof::Fails);
        assert_eq!(basic_auth(b"/w=="), Proof::Fails);
    }
}
