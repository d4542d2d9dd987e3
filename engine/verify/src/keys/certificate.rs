//! X.509 certificates (RFC 5280), as far as they say whose key it is: public key, names, validity; and which one it is to
//! its issuer.

use std::net::IpAddr;

use super::der::{BIT_STRING, Element, INTEGER, OBJECT_ID, OCTET_STRING, SEQUENCE, element};
use super::private_key::{PublicKey, without_zeros};
use crate::offline::key_body;

/// What a certificate says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// The bits of the subject's public key.
    key: Vec<u8>,
    /// Serial number, as certificate authorities write it: `5c:06:96`.
    pub serial: String,
    /// Domain names of the subject alternative name.
    pub domains: Vec<String>,
    /// Mail addresses of the subject alternative name.
    pub mails: Vec<String>,
    /// URIs of the subject alternative name.
    pub uris: Vec<String>,
    /// Addresses of the subject alternative name.
    pub addresses: Vec<IpAddr>,
    /// How many subject alternative names there are of other kinds.
    pub other_names: usize,
    /// The subject's common name.
    pub common_name: Option<String>,
    /// The beginning of its validity, seconds since 1970.
    pub not_before: Option<u64>,
    /// The end of its validity, seconds since 1970.
    pub not_after: Option<u64>,
    issuer: Vec<u8>,
    subject: Vec<u8>,
}

/// LIMIT: certificates of one text that are looked at; chains have three or four.
const MOST: usize = 16;

/// The certificates in PEM in a text.
pub(crate) fn certificates(text: &str) -> Vec<Certificate> {
    const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
    const END: &str = "-----END CERTIFICATE-----";
    text.split(BEGIN)
        .skip(1)
        .take(MOST)
        .filter_map(|block| {
            let (inner, _) = block.split_once(END)?;
            read(&key_body(inner)?)
        })
        .collect()
}

impl Certificate {
    /// For whom it is, for people: the subject alternative names that are text, else the subject's common name.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        let alternative = [&self.domains, &self.mails, &self.uris];
        let mut names: Vec<&str> = alternative
            .into_iter()
            .flatten()
            .map(String::as_str)
            .collect();
        if names.is_empty() {
            names.extend(self.common_name.as_deref());
        }
        names
    }

    /// Whether `other` has the name of whoever issued it. Signatures are not checked.
    #[must_use]
    pub fn names_as_issuer(&self, other: &Self) -> bool {
        self.issuer == other.subject
    }

    /// Whether a key is the one that it was made out for.
    #[must_use]
    pub fn is_for(&self, public: &PublicKey) -> bool {
        match public {
            PublicKey::Ed25519(point) | PublicKey::Ecdsa(_, point) => self.key == *point,
            PublicKey::Rsa { n, e } => {
                let Some((pair, _)) = element(&self.key) else {
                    return false;
                };
                let numbers: Vec<Vec<u8>> = pair
                    .children()
                    .filter(|child| child.tag == INTEGER)
                    .map(|child| without_zeros(child.content))
                    .collect();
                numbers == [n.clone(), e.clone()]
            }
        }
    }
}

fn read(der: &[u8]) -> Option<Certificate> {
    let (certificate, _) = element(der)?;
    let signed = certificate
        .children()
        .next()
        .filter(|child| child.tag == SEQUENCE)?;
    // Before the serial number an optional version; after it algorithm, issuer, validity, subject, key.
    let mut fields = signed.children().skip_while(|field| field.tag != INTEGER);
    let serial = fields.next()?;
    let (_, issuer) = (fields.next()?, fields.next()?);
    let (validity, subject, key) = (fields.next()?, fields.next()?, fields.next()?);
    let key = key.children().find(|child| child.tag == BIT_STRING)?;
    let alternative = fields
        .find(|field| field.tag == 0xa3)
        .map(alternative_names)
        .unwrap_or_default();
    let texts = |tag: u8| {
        let of = alternative.iter().filter(|name| name.tag == tag);
        of.map(|name| String::from_utf8_lossy(name.content).into_owned())
            .collect::<Vec<String>>()
    };
    let (domains, mails, uris) = (texts(DOMAIN), texts(MAIL), texts(URI));
    let addresses: Vec<IpAddr> = alternative
        .iter()
        .filter(|name| name.tag == ADDRESS)
        .filter_map(|name| address(name.content))
        .collect();
    let read = domains.len() + mails.len() + uris.len() + addresses.len();
    Some(Certificate {
        key: key.content.get(1..)?.to_vec(),
        serial: in_pairs(serial.content),
        other_names: alternative.len().saturating_sub(read),
        domains,
        mails,
        uris,
        addresses,
        common_name: common_name(subject),
        not_before: validity.children().next().and_then(time),
        not_after: validity.children().nth(1).and_then(time),
        issuer: issuer.content.to_vec(),
        subject: subject.content.to_vec(),
    })
}

/// Kinds of names in the extension 2.5.29.17.
const MAIL: u8 = 0x81;
const DOMAIN: u8 = 0x82;
const URI: u8 = 0x86;
const ADDRESS: u8 = 0x87;

fn address(bytes: &[u8]) -> Option<IpAddr> {
    if let Ok(four) = <[u8; 4]>::try_from(bytes) {
        return Some(IpAddr::from(four));
    }
    Some(IpAddr::from(<[u8; 16]>::try_from(bytes).ok()?))
}

/// A positive number in hexadecimal pairs; the zero before a number that would look negative is not written.
fn in_pairs(number: &[u8]) -> String {
    let pairs: Vec<String> = without_zeros(number)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    pairs.join(":")
}

/// The names of the extension 2.5.29.17.
fn alternative_names(extensions: Element<'_>) -> Vec<Element<'_>> {
    const ALTERNATIVE_NAME: [u8; 3] = [0x55, 0x1d, 0x11];
    let Some(list) = extensions.children().next() else {
        return Vec::new();
    };
    list.children()
        .filter(|extension| {
            extension
                .children()
                .any(|part| part.tag == OBJECT_ID && part.content == ALTERNATIVE_NAME)
        })
        .filter_map(|extension| extension.children().find(|part| part.tag == OCTET_STRING))
        .filter_map(|value| Some(element(value.content)?.0))
        .flat_map(Element::children)
        .collect()
}

fn common_name(subject: Element<'_>) -> Option<String> {
    const COMMON_NAME: [u8; 3] = [0x55, 0x04, 0x03];
    let mut pairs = subject
        .children()
        .flat_map(Element::children)
        .map(|pair| pair.children().collect::<Vec<_>>());
    pairs.find_map(|pair| match pair.as_slice() {
        [id, value] if id.content == COMMON_NAME => {
            Some(String::from_utf8_lossy(value.content).into_owned())
        }
        _ => None,
    })
}

/// `261121033005Z` or `20261121033005Z`; two digits are 1950 to 2049.
fn time(element: Element<'_>) -> Option<u64> {
    let text = std::str::from_utf8(element.content).ok()?;
    let text = match text.len() {
        13 if text < "50" => format!("20{text}"),
        13 => format!("19{text}"),
        _ => text.to_owned(),
    };
    let part = |range: std::ops::Range<usize>| text.get(range);
    leakward_core::time::parse_rfc3339(&format!(
        "{}-{}-{}T{}:{}:{}Z",
        part(0..4)?,
        part(4..6)?,
        part(6..8)?,
        part(8..10)?,
        part(10..12)?,
        part(12..14)?,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::PrivateKey;

    /// A key in PEM and a certificate in PEM.
    fn pair(names: &[&str]) -> (String, String) {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let made = rcgen::generate_simple_self_signed(names).expect("a certificate");
        (made.signing_key.serialize_pem(), made.cert.pem())
    }

    #[test]
    fn a_certificate_tells_its_names_its_end_and_its_key() {
        let (key, certificate) = pair(&["shop.corp", "www.shop.corp"]);
        let (_, other) = pair(&["other.corp"]);
        let key = PrivateKey::read(&key)
            .map_err(|error| error.to_string())
            .expect("a key");
        let found = certificates(&format!("text\n{other}between\n{certificate}"));
        let [other, own] = found.as_slice() else {
            panic!("two certificates, not {}", found.len());
        };
        assert!(own.is_for(key.public()));
        assert!(!other.is_for(key.public()));
        assert_eq!(own.names(), ["shop.corp", "www.shop.corp"]);
        assert!(own.not_after.is_some());
    }

    #[test]
    fn a_damaged_certificate_is_none() {
        let (_, certificate) = pair(&["shop.corp"]);
        let end = "-----END CERTIFICATE-----";
        let (body, _) = certificate.split_once(end).expect("its end");
        let count = |body: &str| certificates(&format!("{body}{end}\n{certificate}")).len();
        assert_eq!(count(body), 2);
        for cut in [4, 40, 200] {
            let short = &body[..body.len() - cut];
            assert_eq!(count(short), 1, "{cut}: the whole one after it is found");
        }
        assert!(read(&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff]).is_none());
        assert!(read(&[]).is_none());
    }
}
