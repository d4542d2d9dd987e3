//! CRC-32 written as text at a token's end: GitHub and npm, Grafana, Atlassian and Bitbucket, Cloudflare, Zuplo.
//!
//! The CRC is the common one (IEEE, reflected). The formats differ in what is summed and how the sum is written.

use super::Proof;
use super::radix;

/// `prefix_` + body + CRC of the body in base62, six digits. Source: GitHub, "Behind GitHub's new authentication token formats".
pub(super) fn github(secret: &[u8]) -> Proof {
    let Some(prefix) = secret.iter().position(|&byte| byte == b'_') else {
        return Proof::Fails;
    };
    let rest = secret.get(prefix + 1..).unwrap_or_default();
    let Some((body, sum)) = rest.split_last_chunk::<6>() else {
        return Proof::Fails;
    };
    Proof::of(radix::write(crc32fast::hash(body), radix::BASE62, 6) == sum)
}

/// `glsa_` + 32 characters + `_` + eight hex digits, least significant byte first. Source: Grafana, pkg/components/satokengen.
pub(super) fn grafana(secret: &[u8]) -> Proof {
    let Some((head, sum)) = secret.split_last_chunk::<8>() else {
        return Proof::Fails;
    };
    let Some(body) = head.strip_suffix(b"_") else {
        return Proof::Fails;
    };
    Proof::of(is_hex_of(crc32fast::hash(body).swap_bytes(), sum))
}

/// Everything but the last eight characters, which are the sum in upper-case hex.
pub(super) fn atlassian(secret: &[u8]) -> Proof {
    let plain = undo_escaped_equals(secret);
    let Some((body, sum)) = plain.split_last_chunk::<8>() else {
        return Proof::Fails;
    };
    Proof::of(is_hex_of(crc32fast::hash(body), sum) && !sum.iter().any(u8::is_ascii_lowercase))
}

/// The text with `%3D` and `\=` written as `=`.
fn undo_escaped_equals(secret: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(secret.len());
    let mut rest = secret;
    while let Some((&byte, tail)) = rest.split_first() {
        if let [b'%', b'3', b'D' | b'd', after @ ..] | [b'\\', b'=', after @ ..] = rest {
            plain.push(b'=');
            rest = after;
        } else {
            plain.push(byte);
            rest = tail;
        }
    }
    plain
}

/// 40 characters after the prefix, then the sum in lower-case hex.
pub(super) fn cloudflare(secret: &[u8]) -> Proof {
    let Some((head, sum)) = secret.split_last_chunk::<8>() else {
        return Proof::Fails;
    };
    let Some((_, body)) = head.split_last_chunk::<40>() else {
        return Proof::Fails;
    };
    Proof::of(is_hex_of(crc32fast::hash(body), sum))
}

/// `zpka_` + 32 characters + `_` + the sum in lower-case hex.
pub(super) fn zuplo(secret: &[u8]) -> Proof {
    let Some((head, sum)) = secret.split_last_chunk::<8>() else {
        return Proof::Fails;
    };
    let body = head
        .strip_suffix(b"_")
        .and_then(|head| head.split_last_chunk::<32>());
    Proof::of(body.is_some_and(|(_, body)| is_hex_of(crc32fast::hash(body), sum)))
}

/// Whether `text` is `sum` in eight hexadecimal digits.
fn is_hex_of(sum: u32, text: &[u8; 8]) -> bool {
    format!("{sum:08x}").as_bytes().eq_ignore_ascii_case(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(parts: &[&str]) -> Vec<u8> {
        parts.concat().into_bytes()
    }

    #[test]
    fn documented_tokens_hold_and_altered_ones_fail() {
        type Test = fn(&[u8]) -> Proof;
        let atlassian_body = "SyntheticExampleBody".repeat(8);
        let cases: [(Test, Vec<u8>); 7] = [
            (
                github,
                joined(&["ghp_", "SyntheticExampleNotARealToken0", "1Fh4F3"]),
            ),
            (
                grafana,
                joined(&["glsa_", "SyntheticGrafanaExampleSecret000", "_", "0f047852"]),
            ),
            (
                atlassian,
                joined(&["ATATT3xFfGF0", &atlassian_body, "=", "13382FA2"]),
            ),
            (
                atlassian,
                joined(&["ATATT3xFfGF0", &atlassian_body, "%3D", "13382FA2"]),
            ),
            (
                atlassian,
                joined(&["ATBB", "SyntheticExampleBody0123", "13410A85"]),
            ),
            (
                cloudflare,
                joined(&[
                    "cfut_",
                    "SyntheticCloudflareExampleBody0123456789",
                    "db127ec8",
                ]),
            ),
            (
                zuplo,
                joined(&["zpka_", "abcdefghijklmnopqrstuvwxyz012345", "_", "624d474c"]),
            ),
        ];
        for (test, secret) in cases {
            assert_eq!(
                test(&secret),
                Proof::Holds,
                "{}",
                String::from_utf8_lossy(&secret)
            );
            let mut altered = secret.clone();
            altered[20] ^= 1;
            assert_eq!(test(&altered), Proof::Fails);
            assert_eq!(test(&secret[..5]), Proof::Fails);
        }
    }
}
