//! JSON Web Tokens: the header decodes to a JSON object that names an algorithm. Source: RFC 7515, RFC 7519.

use super::Proof;
use crate::decode::base64;
use crate::judge::json;

/// Tests the token's header and payload.
pub(super) fn test(secret: &[u8]) -> Proof {
    let mut parts = secret.split(|&byte| byte == b'.');
    let header = parts.next().and_then(base64::decode).unwrap_or_default();
    let names_algorithm = json::is_object(&header) && json::member(&header, b"alg").is_some();
    // The payload of an encrypted token (five parts) is no JSON.
    let is_encrypted = secret.iter().filter(|&&byte| byte == b'.').count() == 4;
    let payload = parts.next().and_then(base64::decode).unwrap_or_default();
    let is_token = names_algorithm && (is_encrypted || json::is_object(&payload));
    Proof::of(is_token && !is_documented(&payload))
}

/// When a token ends by itself, in seconds since 1970: its `exp`, where it can be read.
pub(crate) fn expires(secret: &[u8]) -> Option<u64> {
    time(secret, b"exp")
}

/// For how many seconds it holds from when it was issued, where it says both.
pub(crate) fn holds_for(secret: &[u8]) -> Option<u64> {
    expires(secret)?.checked_sub(time(secret, b"iat")?)
}

/// A time that the payload tells, in seconds since 1970.
fn time(secret: &[u8], member: &[u8]) -> Option<u64> {
    let mut parts = secret.split(|&byte| byte == b'.');
    let (header, payload) = (parts.next()?, parts.next()?);
    if !header.starts_with(b"eyJ") || parts.next().is_none() {
        return None;
    }
    let payload = base64::decode(payload)?;
    let time = json::member(&payload, member)?;
    let time = std::str::from_utf8(time).ok()?;
    // RFC 7519 allows a fraction of a second. What has an exponent is not read.
    let (whole, fraction) = time.split_once('.').unwrap_or((time, ""));
    let is_plain = fraction.bytes().all(|byte| byte.is_ascii_digit());
    whole.parse().ok().filter(|_| is_plain)
}

/// The payloads that jwt.io, RFC 7519 and the tests of many libraries show to everybody.
fn is_documented(payload: &[u8]) -> bool {
    let is = |name: &[u8], value: &[u8]| json::member(payload, name) == Some(value);
    is(b"foo", b"\"bar\"")
        || is(b"iss", b"\"supabase-demo\"")
        || (is(b"iss", b"\"joe\"") && is(b"exp", b"1300819380"))
        || is(b"sub", b"\"1234567890\"")
            && (is(b"name", b"\"John Doe\"") || is(b"iat", b"1516239022"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_token_is_read_from_it() {
        let header = "eyJhbGciOiJIUzI1NiJ9";
        let token = |payload: &str| [header, ".", payload, ".c2ln"].concat();
        // {"exp":1300819380}, {"exp":1300819380.5}, {"exp":4.1e9}, {"exp":"soon"}, {"sub":"a"}
        for (payload, expected) in [
            ("eyJleHAiOjEzMDA4MTkzODB9", Some(1_300_819_380)),
            ("eyJleHAiOjEzMDA4MTkzODAuNX0", Some(1_300_819_380)),
            ("eyJleHAiOjQuMWU5fQ", None),
            ("eyJleHAiOiJzb29uIn0", None),
            ("eyJzdWIiOiJhIn0", None),
        ] {
            assert_eq!(expires(token(payload).as_bytes()), expected, "{payload}");
        }
        assert_eq!(expires(b"a.b.c"), None);
        // {"iat":1300819000,"exp":1300819380}
        let short = "eyJpYXQiOjEzMDA4MTkwMDAsImV4cCI6MTMwMDgxOTM4MH0";
        assert_eq!(holds_for(token(short).as_bytes()), Some(380));
        assert_eq!(holds_for(token("eyJzdWIiOiJhIn0").as_bytes()), None);
    }

    #[test]
    fn a_token_needs_a_header_with_an_algorithm_and_an_object() {
        let header = "eyJhbGciOiJIUzI1NiJ9"; // {"alg":"HS256"}
        let payload = "eyJzdWIiOiJhIn0"; // {"sub":"a"}
        assert_eq!(
            test([header, ".", payload, ".c2ln"].concat().as_bytes()),
            Proof::Holds
        );
        assert_eq!(
            test([payload, ".", payload, ".c2ln"].concat().as_bytes()),
            Proof::Fails
        );
        assert_eq!(
            test([header, ".c2lnbmF0dXJl.c2ln"].concat().as_bytes()),
            Proof::Fails
        );
        assert_eq!(test(b"a.b.c"), Proof::Fails);
        let documented = "eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIn0";
        assert_eq!(
            test([header, ".", documented, ".c2ln"].concat().as_bytes()),
            Proof::Fails
        );
    }
}
