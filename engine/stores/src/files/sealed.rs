//! Sealed Secrets in a git checkout: a file that anybody may see and only the controller in the cluster can open.
//!
//! <https://github.com/bitnami-labs/sealed-secrets/blob/main/docs/developer/crypto.md>. A value is encrypted with a key of its own
//! (AES-256-GCM), that one with the controller's certificate (RSA-OAEP, SHA-256), bound to namespace and name unless the file's
//! annotations say otherwise. It cannot be read back, so that this is a consumer and no store.

use std::io;
use std::ops::Range;
use std::path::PathBuf;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::rsa::{OAEP_SHA256_MGF1SHA256, OaepPublicEncryptingKey, PublicEncryptingKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use leakward_core::Secret;
use zeroize::Zeroizing;

use super::leaves::{Leaf, leaves};
use super::sops_document::yaml_key;
use crate::consumer::{Consumer, Slot};
use crate::error::StoreError;
use crate::exposed::bytes;
use crate::kind::{Kind, Opened};
use crate::replaced_file::{Lock, replace};
use crate::spec::StoreSpec;
use crate::store::Health;
use crate::surroundings::Surroundings;

pub(crate) const KIND: Kind = Kind {
    name: "sealed",
    also: &["sealed-secret"],
    about: "consumer: a SealedSecret in a file, encrypted for the controller of a cluster",
    example: "sealed:app-sealed.yaml",
    options: &[(
        "cert",
        "the controller's certificate in PEM (`kubeseal --fetch-cert`); default SEALED_SECRETS_CERT",
    )],
    open,
};

fn open(spec: &StoreSpec, surroundings: &Surroundings) -> Result<Opened, StoreError> {
    let certificate = spec
        .option("cert")
        .map(str::to_owned)
        .or_else(|| surroundings.variable("SEALED_SECRETS_CERT"))
        .ok_or_else(|| {
            spec.wrong("the controller's certificate is needed: `cert`, or SEALED_SECRETS_CERT")
        })?;
    Ok(Opened::Consumer(Box::new(SealedSecret {
        path: surroundings.path(&spec.place),
        certificate: surroundings.path(&certificate),
    })))
}

/// A SealedSecret in a file.
struct SealedSecret {
    path: PathBuf,
    certificate: PathBuf,
}

/// The file taken apart.
struct File {
    text: String,
    leaves: Vec<Leaf>,
}

impl File {
    fn says(&self, pointer: &str) -> Option<&str> {
        let leaf = self.leaves.iter().find(|leaf| leaf.pointer == pointer)?;
        Some(leaf.says.as_str())
    }

    /// What a value is bound to.
    fn label(&self) -> Option<String> {
        let annotation = |name: &str| {
            [
                "/spec/template/metadata/annotations",
                "/metadata/annotations",
            ]
            .iter()
            .find_map(|place| self.says(&format!("{place}/sealedsecrets.bitnami.com~1{name}")))
                == Some("true")
        };
        if annotation("cluster-wide") {
            return Some(String::new());
        }
        let namespace = self.says("/metadata/namespace")?;
        if annotation("namespace-wide") {
            return Some(namespace.to_owned());
        }
        Some(format!("{namespace}/{}", self.says("/metadata/name")?))
    }

    fn sealed(&self) -> impl Iterator<Item = &Leaf> {
        self.leaves.iter().filter(|leaf| {
            leaf.keys.len() == 3 && leaf.keys[0] == "spec" && leaf.keys[1] == "encryptedData"
        })
    }
}

impl SealedSecret {
    fn failed(&self, error: &io::Error) -> StoreError {
        match error.kind() {
            io::ErrorKind::NotFound => StoreError::Absent {
                store: self.describe(),
                path: self.path.display().to_string(),
            },
            io::ErrorKind::PermissionDenied => StoreError::Denied {
                store: self.describe(),
                what: "use the file".to_owned(),
            },
            _ => StoreError::Unavailable {
                store: self.describe(),
                why: error.to_string(),
            },
        }
    }

    fn malformed(&self, what: impl Into<String>) -> StoreError {
        StoreError::Malformed {
            store: self.describe(),
            what: what.into(),
        }
    }

    fn read(&self) -> Result<File, StoreError> {
        let text = std::fs::read_to_string(&self.path).map_err(|error| self.failed(&error))?;
        let leaves = leaves(&text).map_err(|error| self.malformed(error.to_string()))?;
        let file = File { text, leaves };
        if file.says("/kind") == Some("SealedSecret") {
            Ok(file)
        } else {
            Err(self.malformed("it is no SealedSecret"))
        }
    }

    fn key(&self) -> Result<PublicEncryptingKey, StoreError> {
        let name = self.certificate.display().to_string();
        let wrong = |what: &str| StoreError::Setting {
            store: self.describe(),
            what: format!("{name}: {what}"),
        };
        let pem = std::fs::read_to_string(&self.certificate)
            .map_err(|error| wrong(&error.to_string()))?;
        let der = pem_body(&pem).ok_or_else(|| wrong("no certificate in PEM"))?;
        let key = if pem.contains("BEGIN CERTIFICATE") {
            public_key(&der).ok_or_else(|| wrong("no certificate in PEM"))?
        } else {
            &der
        };
        PublicEncryptingKey::from_der(key).map_err(|_| wrong("its key is no RSA key"))
    }

    fn seal(&self, value: &Secret, label: &str) -> Result<String, StoreError> {
        let failed = || self.malformed("the value cannot be encrypted with this certificate");
        let mut session = Zeroizing::new([0_u8; 32]);
        aws_lc_rs::rand::fill(&mut *session).map_err(|_| failed())?;
        let key = OaepPublicEncryptingKey::new(self.key()?).map_err(|_| failed())?;
        let mut wrapped = vec![0; key.ciphertext_size()];
        let wrapped = key
            .encrypt(
                &OAEP_SHA256_MGF1SHA256,
                &*session,
                &mut wrapped,
                Some(label.as_bytes()),
            )
            .map_err(|_| failed())?;
        let mut data = bytes(value).to_vec();
        let cipher = UnboundKey::new(&AES_256_GCM, &*session).map_err(|_| failed())?;
        // The key is used for this value alone, so that the nonce may be zero.
        let nonce = Nonce::assume_unique_for_key([0; 12]);
        LessSafeKey::new(cipher)
            .seal_in_place_append_tag(nonce, Aad::empty(), &mut data)
            .map_err(|_| failed())?;
        let length = u16::try_from(wrapped.len()).map_err(|_| failed())?;
        let mut sealed = length.to_be_bytes().to_vec();
        sealed.extend_from_slice(wrapped);
        sealed.extend_from_slice(&data);
        Ok(STANDARD.encode(sealed))
    }

    /// Where a new name goes: before the first one that is there.
    fn place(&self, file: &File, name: &str) -> Result<(Range<usize>, String), StoreError> {
        if let Some(leaf) = file.sealed().find(|leaf| leaf.keys[2] == name) {
            return Ok((leaf.span.clone(), String::new()));
        }
        let first = file
            .sealed()
            .next()
            .filter(|leaf| !leaf.is_flow)
            .and_then(|leaf| leaf.key_start)
            .ok_or_else(|| {
                self.malformed("a name is added only beside another one in spec.encryptedData")
            })?;
        let line = file
            .text
            .get(..first)
            .and_then(|before| before.rfind('\n'))
            .map_or(0, |newline| newline + 1);
        let indent = file.text.get(line..first).unwrap_or_default().to_owned();
        Ok((first..first, indent))
    }
}

impl Consumer for SealedSecret {
    fn describe(&self) -> String {
        format!("sealed {}", self.path.display())
    }

    fn check(&self) -> Result<Health, StoreError> {
        let file = self.read()?;
        self.key()?;
        let bound = match file.label().as_deref() {
            None => return Err(self.malformed("it has no name or no namespace")),
            Some("") => "the whole cluster".to_owned(),
            Some(label) => label.to_owned(),
        };
        Ok(Health {
            identity: "whoever may write the file".to_owned(),
            login: format!("certificate {}", self.certificate.display()),
            what: format!("SealedSecret for {bound}"),
        })
    }

    fn slots(&self) -> Result<Vec<Slot>, StoreError> {
        let file = self.read()?;
        let mut slots: Vec<Slot> = file
            .sealed()
            .map(|leaf| Slot {
                name: leaf.keys[2].clone(),
                changed_at: None,
            })
            .collect();
        slots.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(slots)
    }

    fn encrypted_file(&self) -> Option<PathBuf> {
        Some(self.path.clone())
    }

    fn deliver(&self, name: &str, value: &Secret) -> Result<(), StoreError> {
        let _lock = Lock::of(&self.path).map_err(|error| self.failed(&error))?;
        let file = self.read()?;
        let label = file
            .label()
            .ok_or_else(|| self.malformed("it has no name or no namespace"))?;
        let sealed = self.seal(value, &label)?;
        let (span, indent) = self.place(&file, name)?;
        let made = if span.is_empty() {
            format!("{}: {sealed}\n{indent}", yaml_key(name))
        } else {
            sealed
        };
        let mut text = file.text;
        text.replace_range(span, &made);
        replace(&self.path, text.as_bytes()).map_err(|error| self.failed(&error))
    }
}

fn pem_body(pem: &str) -> Option<Vec<u8>> {
    let (_, rest) = pem.split_once("-----BEGIN ")?;
    let (_, rest) = rest.split_once("-----")?;
    let (digits, _) = rest.split_once("-----END ")?;
    let digits: String = digits.chars().filter(|c| !c.is_whitespace()).collect();
    STANDARD.decode(digits).ok()
}

/// The public key of a certificate (RFC 5280): the seventh part of its first part, or the sixth where there is no version.
fn public_key(certificate: &[u8]) -> Option<&[u8]> {
    let (_, whole, _) = element(certificate)?;
    let (_, mut rest, _) = element(whole)?;
    if rest.first() == Some(&0xa0) {
        rest = element(rest)?.2;
    }
    // Serial number, algorithm, issuer, validity, subject.
    for _ in 0..5 {
        rest = element(rest)?.2;
    }
    Some(element(rest)?.0)
}

/// The first DER element: all of it, its content, and what follows.
fn element(der: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let first = *der.get(1)?;
    let (header, length) = if first < 0x80 {
        (2, usize::from(first))
    } else {
        let count = usize::from(first & 0x7f);
        if count == 0 || count > 4 {
            return None;
        }
        let digits = der.get(2..2 + count)?;
        let length = digits
            .iter()
            .fold(0_usize, |length, byte| (length << 8) | usize::from(*byte));
        (2 + count, length)
    };
    let end = header.checked_add(length)?;
    Some((der.get(..end)?, der.get(header..end)?, der.get(end..)?))
}
