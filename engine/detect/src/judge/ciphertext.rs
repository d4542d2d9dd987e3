//! Values that are encrypted: without their key they are no secret.

/// What encrypted values start with, and what they are.
const STARTS: [(&[u8], &str); 24] = [
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
    (b"$2a$", "it is a password hash"),
    (b"$2b$", "it is a password hash"),
    (b"$2y$", "it is a password hash"),
    (b"$argon2", "it is a password hash"),
    (b"pbkdf2", "it is a password hash"),
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
];

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
    if is_maven(value) {
        return Some("it is encrypted by Maven");
    }
    STARTS
        .iter()
        .find(|(start, _)| value.starts_with(start))
        .map(|(_, reason)| *reason)
        .or_else(|| {
            HASHES
                .iter()
                .any(|start| value.starts_with(start))
                .then_some("it is a password hash")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

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
        ] {
            assert!(reason(value.as_bytes()).is_some(), "{value}");
        }
        for value in ["hunter2", "$ecret", "vault", "{curly"] {
            assert_eq!(reason(value.as_bytes()), None, "{value}");
        }
    }
}
