//! Certificates of TLS keys, for whoever has one revoked and another issued.

pub use crate::keys::{Certificate, PublicKey};

use crate::keys::{self, PrivateKey};
use crate::scrub::harmless;
use crate::subject::Subject;

/// The certificate of a key in a store's entry, alone in its field.
pub const ENTRY_CERTIFICATE: &str = "entry-certificate";
/// The same with those above it.
pub const ENTRY_FULL_CHAIN: &str = "entry-full-chain";
/// As it was found or given, without an entry.
pub const CERTIFICATE: &str = "certificate";

/// The values of a private key in which its certificates are looked for: those of an entry, what was given, and the text near it.
pub const PLACES: [&str; 5] = [
    ENTRY_CERTIFICATE,
    ENTRY_FULL_CHAIN,
    CERTIFICATE,
    "before",
    "after",
];

/// For whom a certificate is, as evidence. LIMIT: ten of its names.
pub(crate) fn told(certificate: &Certificate, subject: &Subject) -> (String, String) {
    const MOST: usize = 10;
    let names = certificate.names().into_iter().take(MOST);
    let names: Vec<String> = names.filter_map(|name| harmless(name, subject)).collect();
    ("certificate".to_owned(), names.join(", "))
}

/// The certificates in PEM in a text, in their order. LIMIT: sixteen of them; what is damaged is left out.
#[must_use]
pub fn in_text(text: &str) -> Vec<Certificate> {
    keys::certificates(text)
}

/// The public half of a private key; none for a key that cannot be read.
#[must_use]
pub fn public_key(private: &str) -> Option<PublicKey> {
    Some(PrivateKey::read(private).ok()?.public().clone())
}
