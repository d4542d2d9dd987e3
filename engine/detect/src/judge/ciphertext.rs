//! Values that are encrypted: without their key they are no secret.

use crate::decode::base64;

/// What encrypted values start with, and what they are.
const STARTS: [(&[u8], &str); 28] = [
    (b"ENC[", "it is encrypted by SOPS or eyaml"),
    (b"ENC(", "it is encrypted by Jasypt"),
    (b"$ANSIBLE_VAULT", "it is encrypted by ansible-vault"),
    (b"!vault", "it is encrypted by ansible-vault"),
    (b"U2FsdGVkX1", "it is encrypted by OpenSSL"),
    (b"age-encryption.org", "it is encrypted by age"),
    (b"-----BEGIN AGE", "it is encrypted by age"),
    (b"-----BEGIN PGP MESSAGE", "it is encrypted by PGP"),
    (b"gAAAAA", "it is encrypted by Fernet"),
    (b"AQICAH", "it is encrypted by AWS KMS"),
    (b"vault:v", "it is encrypted by Vault's transit engine"),
    (b"{AQAAABAAAA", "it is encrypted by Jenkins"),
    (b"{cipher}", "it is encrypted by Spring"),
    (b"encrypted:", "it is encrypted by dotenvx"),
    (b"secure:", "it is encrypted by the CI service"),
    (
        b"01000000d08c9ddf0115d1118c7a00c04fc297eb",
        "it is encrypted by DPAPI",
    ),
    (b"AQAAANCMnd8BFdERjHoAwE", "it is encrypted by DPAPI"),
    (b"RCLONE_ENCRYPT_V0", "it is encrypted by rclone"),
    (b"$2a$", HASH),
    (b"$2b$", HASH),
    (b"$2y$", HASH),
    (b"$argon2", HASH),
    (b"pbkdf2", HASH),
    // Django's.
    (b"sha1$", HASH),
    (b"md5$", HASH),
    (b"sha256$", HASH),
    (b"sha512$", HASH),
    (b"sealed:", "it is a sealed secret"),
];

/// Further beginnings of password hashes, which people do guess from.
const HASHES: &[&[u8]] = &[
    b"$1$",
    b"$5$",
    b"$6$",
    b"$7$",
    b"$y$",
    b"$apr1$",
    b"$P$",
    b"$H$",
    b"$S$",
    b"$scrypt$",
    b"$pbkdf2",
    b"{SHA",
    b"{SSHA",
    b"{MD5",
    b"{CRYPT",
    b"scrypt:",
    b"bcrypt",
    b"{bcrypt}",
    b"{pbkdf2}",
    b"{scrypt}",
    b"{argon2}",
    b"CRYPT:",
];

/// Whether it begins as the hashes of a known kind do.
fn starts_as_hash(value: &[u8]) -> bool {
    let mut all = HASHES.iter().chain(
        STARTS
            .iter()
            .filter(|(_, what)| *what == HASH)
            .map(|(start, _)| start),
    );
    all.any(|start| value.starts_with(start))
}

/// `$8$rounds=…$salt$digest`, `$p-sha256$…`: the form that all of `crypt`'s successors share. An algorithm's short name, and
/// after a salt the digest.
fn is_modular_crypt(value: &[u8]) -> bool {
    /// The shortest digest: 128 bits in base64.
    const DIGEST: usize = 22;
    let Some(rest) = value.strip_prefix(b"$") else {
        return false;
    };
    let mut parts = rest.split(|byte| *byte == b'$');
    let is_name = parts.next().is_some_and(|name| {
        (1..=20).contains(&name.len())
            && name
                .iter()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'-')
    });
    let digest = parts.next_back().unwrap_or_default();
    let is_digest = digest.len() >= DIGEST
        && digest
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"./+=".contains(byte));
    is_name && is_digest && parts.next().is_some()
}

/// `…=…==`: two pieces of base64, of which the first one ends: a digest and its salt.
fn is_digest_with_salt(value: &[u8]) -> bool {
    /// A digest of 256 bits; a salt of 128.
    const LENGTHS: (usize, usize) = (42, 20);
    let digits = |text: &[u8]| {
        text.iter()
            .take_while(|byte| byte.is_ascii_alphanumeric() || b"+/".contains(byte))
            .count()
    };
    let padding = |text: &[u8]| text.iter().take_while(|byte| **byte == b'=').count();
    let digest = digits(value);
    let rest = value.get(digest..).unwrap_or_default();
    let salt = rest.get(padding(rest)..).unwrap_or_default();
    let after = salt.get(digits(salt)..).unwrap_or_default();
    digest >= LENGTHS.0
        && padding(rest) > 0
        && digits(salt) >= LENGTHS.1
        && padding(after) == after.len()
}

/// `md5` and 32 digits: what PostgreSQL stored for a password before version 14.
fn is_of_postgres(value: &[u8]) -> bool {
    value
        .strip_prefix(b"md5")
        .is_some_and(|digits| digits.len() == 32 && digits.iter().all(u8::is_ascii_hexdigit))
}

/// What ASP.NET's Identity stores for a password: a version, and behind it salt and digest, of its second form 49 bytes, of its third 61
/// with the function's number, the iterations and the salt's length before them.
fn is_of_identity(value: &[u8]) -> bool {
    let is_long = matches!(value.len(), 66 | 68 | 82 | 84);
    let bytes = is_long.then(|| base64::decode(value)).flatten();
    bytes.is_some_and(|bytes| match bytes.as_slice() {
        [0, ..] => bytes.len() == 49,
        [1, 0, 0, 0, 0..=2, 0, _, _, _, 0, 0, 0, 16, ..] => bytes.len() == 61,
        _ => false,
    })
}

/// `AM.25rLQ.AES128.…`: the id of a key and the encryption, as JFrog's programs write them before what they encrypted.
fn is_labelled_ciphertext(value: &[u8]) -> bool {
    let mut parts = value.splitn(4, |byte| *byte == b'.');
    let is_short = |part: Option<&[u8]>| {
        part.is_some_and(|part| part.len() <= 8 && part.iter().all(u8::is_ascii_alphanumeric))
    };
    is_short(parts.next())
        && is_short(parts.next())
        && parts.next().is_some_and(|part| part.starts_with(b"AES"))
        && parts.next().is_some_and(|rest| rest.len() >= 16)
}

/// Whether the value is what a password was hashed to.
pub(crate) fn is_hash(value: &[u8]) -> bool {
    reason(value) == Some(HASH)
}

const HASH: &str = "it is a password hash";

/// LIMIT: a sealed secret holds a key wrapped by RSA, so it is never shorter than this.
const SHORTEST_SEALED: usize = 350;

/// Base64 of Sealed Secrets: two bytes of length, a wrapped key of 256 or 512 bytes, the ciphertext.
fn is_sealed(value: &[u8]) -> bool {
    value.len() >= SHORTEST_SEALED
        && value.starts_with(b"Ag")
        && value
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(byte))
}

/// Maven's `{base64=}`.
fn is_maven(value: &[u8]) -> bool {
    let inner = value
        .strip_prefix(b"{")
        .and_then(|rest| rest.strip_suffix(b"}"));
    inner.is_some_and(|inner| {
        inner.len() >= 24
            && inner.len() % 4 == 0
            && inner
                .iter()
                .all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(byte))
    })
}

/// Why the value is ciphertext or a hash, when it is.
pub(crate) fn reason(value: &[u8]) -> Option<&'static str> {
    if is_sealed(value) {
        return Some("it is a sealed secret");
    }
    if is_labelled_ciphertext(value) {
        return Some("it is encrypted, and says by which key");
    }
    if is_maven(value) {
        return Some("it is encrypted by Maven");
    }
    STARTS
        .iter()
        .find(|(start, _)| value.starts_with(start))
        .map(|(_, reason)| *reason)
        .or_else(|| {
            let of_user = memchr::memchr(b':', value).and_then(|at| value.get(at + 1..));
            let is_one = starts_as_hash(value)
                || is_of_postgres(value)
                || is_of_identity(value)
                || is_modular_crypt(value)
                || is_digest_with_salt(value)
                || of_user.is_some_and(|hash| hash.starts_with(b"$") && starts_as_hash(hash));
            is_one.then_some(HASH)
        })
}

#[cfg(test)]
mod tests {
    use ::base64::Engine as _;
    use ::base64::engine::general_purpose::STANDARD;

    use super::*;

    /// Base64 of a head and so many bytes behind it.
    fn identity(head: &[u8], count: u8) -> String {
        let body = (0..count).map(|byte| byte.wrapping_mul(83) ^ 90);
        let bytes: Vec<u8> = head.iter().copied().chain(body).collect();
        STANDARD.encode(bytes)
    }

    #[test]
    fn ciphertext_and_hashes_are_told() {
        for value in [
            "ENC[AES256_GCM,data:x]",
            "$ANSIBLE_VAULT;1.1",
            "U2FsdGVkX19x",
            "{cipher}abc",
            "$2b$10$x",
            "{SSHA}x",
            "$6$x",
            "CRYPT:ab0.cdEfgh",
            &format!("md5{}", "0f1e2d3c4b5a6978".repeat(2)),
            &identity(&[0], 48),
            &identity(&[1, 0, 0, 0, 1, 0, 0, 39, 16, 0, 0, 0, 16], 48),
            "harbor_user:$2y$10$x",
        ] {
            assert!(reason(value.as_bytes()).is_some(), "{value}");
        }
        for value in [
            "hunter2",
            "$ecret",
            "vault",
            "{curly",
            "$a$b$c",
            "$Ab$cd$0123456789abcdefghijkl",
            &identity(&[7], 48),
        ] {
            assert_eq!(reason(value.as_bytes()), None, "{value}");
        }
    }

    #[test]
    fn ciphertext_that_names_its_key_is_told_from_dotted_values() {
        let body = "vJMeKkaK6RBRQCUKJWvYEHUw6zs394X1";
        let is = |value: String| reason(value.as_bytes()).is_some();
        assert!(is(format!("AM.25rLQ.AES128.{body}")));
        assert!(
            !is(format!("AM.25rLQ.x9k2.{body}")) && !is(format!("{body}.{body}.AES128.{body}"))
        );
    }

    #[test]
    fn hashes_are_told_by_their_form() {
        let (digest, salt) = ("aB3/".repeat(11), "xY9z".repeat(6));
        for value in [
            format!("$8$rounds=50000${salt}${digest}"),
            format!("$p-sha256$310000${salt}${digest}"),
            format!("{digest}={salt}=="),
        ] {
            assert!(is_hash(value.as_bytes()), "{value}");
        }
        for value in [
            format!("{digest}="),
            format!("{salt}={salt}"),
            format!("$8${salt}"),
            format!("$Eight${salt}${digest}"),
        ] {
            assert!(!is_hash(value.as_bytes()), "{value}");
        }
    }
}
