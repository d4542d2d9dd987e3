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

/// The payloads that jwt.io, RFC 7519 and the tests of many libraries show to everybody.
fn is_documented(payload: &[u8]) -> bool {
    let is = |name: &[u8], value: &[u8]| json::member(payload, name) == Some(value);
    is(b"foo", b"\"bar\"")
        || (is(b"iss", b"\"joe\"") && is(b"exp", b"1300819380"))
        || is(b"sub", b"\"1234567890\"")
            && (is(b"name", b"\"John Doe\"") || is(b"iat", b"1516239022"))
}

#[cfg(test)]
mod tests {
    use super::*;

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
