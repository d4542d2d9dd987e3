//! Private keys: whether a passphrase stands between a finder and the key, and which certificate near by is the key's.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use super::OfflineFacts;
use crate::certificates::{PLACES, told};
use crate::fill::value;
use crate::keys::{PrivateKey, certificates, ssh_fingerprint};
use crate::subject::Subject;

/// The object identifier of PKCS #5's encryption scheme (RFC 8018), in DER: 1.2.840.113549.1.5.13.
const PBES2: [u8; 9] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05, 0x0d];

pub(super) fn facts(subject: &Subject) -> Option<OfflineFacts> {
    let text = value("secret", subject)?;
    let is_marked = text.contains("ENCRYPTED");
    let der = body(&text)?;
    let cipher = openssh_cipher(&der);
    let is_encrypted =
        is_marked || cipher.is_some_and(|cipher| cipher != b"none") || is_pkcs8_encrypted(&der);
    let is_key = cipher.is_some() || is_encrypted || der.first() == Some(&0x30);
    if !is_key || !subject.rule.as_str().contains("private-key") {
        return None;
    }
    if is_encrypted {
        return Some(OfflineFacts {
            summary: "the key is encrypted; it is worth what its passphrase is worth".to_owned(),
            ..OfflineFacts::default()
        });
    }
    let mut facts = OfflineFacts {
        summary: "the key is not encrypted: whoever has the file has the key".to_owned(),
        ..OfflineFacts::default()
    };
    if let Ok(key) = PrivateKey::read(&text) {
        add_certificate(&mut facts, &key, subject);
    }
    Some(facts)
}

/// Whose key it is, as far as a certificate says it: in the entry, given, or in the same file.
fn add_certificate(facts: &mut OfflineFacts, key: &PrivateKey, subject: &Subject) {
    let public = key.public();
    let mut identity = |name: &str, value: String| facts.identity.push((name.to_owned(), value));
    identity("key", public.kind());
    identity("public key", ssh_fingerprint(&public.ssh_blob()));
    let texts = PLACES.iter().filter_map(|name| value(name, subject));
    let found: Vec<_> = texts.flat_map(|text| certificates(&text)).collect();
    let Some(own) = found.iter().find(|certificate| certificate.is_for(public)) else {
        if !found.is_empty() {
            facts.summary += "; the certificate near by is not this key's";
        }
        return;
    };
    facts.identity.push(told(own, subject));
    facts.summary += "; the certificate near by is this key's";
    // The certificate ends, not the key: another can be made out for it.
    facts.expires_at = own.not_after.map(leakward_core::time::rfc3339);
}

/// The bytes between the lines that mark a PEM block; also of a body without such lines, and with `\n` written out. A scan
/// finds a body without the signs that fill it up at its end.
pub(crate) fn body(text: &str) -> Option<zeroize::Zeroizing<Vec<u8>>> {
    let text = zeroize::Zeroizing::new(text.replace("\\r", "").replace("\\n", "\n"));
    let inner = match (text.find("-----BEGIN"), text.find("-----END")) {
        (Some(begin), Some(end)) => {
            let block = text.get(begin + 10..end)?;
            block.get(block.find("-----")? + 5..)?
        }
        _ => &text,
    };
    let base64: zeroize::Zeroizing<String> = zeroize::Zeroizing::new(
        inner
            .lines()
            .filter(|line| !line.contains(':'))
            .flat_map(str::chars)
            .filter(|character| !character.is_whitespace() && !['\\', '='].contains(character))
            .collect(),
    );
    STANDARD_NO_PAD
        .decode(&*base64)
        .ok()
        .map(zeroize::Zeroizing::new)
}

fn openssh_cipher(der: &[u8]) -> Option<&[u8]> {
    let rest = der.strip_prefix(b"openssh-key-v1\0")?;
    let (length, rest) = rest.split_first_chunk::<4>()?;
    rest.get(..usize::try_from(u32::from_be_bytes(*length)).ok()?)
}

fn is_pkcs8_encrypted(der: &[u8]) -> bool {
    let head = der.get(..40).unwrap_or(der);
    head.windows(PBES2.len()).any(|window| window == PBES2)
}
