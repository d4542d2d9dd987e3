//! Keys of age: the identities that open a file, and the recipients it is closed for.
//!
//! LIMIT: X25519 only (`AGE-SECRET-KEY-1…`, `age1…`): no plugins and no SSH keys, which would bring in a crate with a known weakness.

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::str::FromStr as _;

use age::secrecy::ExposeSecret as _;
use age::x25519::{Identity, Recipient};
use leakward_core::Secret;
use zeroize::Zeroizing;

use crate::error::StoreError;
use crate::exposed::{text, trimmed};
use crate::replaced_file;
use crate::surroundings::Surroundings;

/// Identities, and where they are from.
pub(crate) struct AgeKeys {
    identities: Vec<Identity>,
    /// For people: a variable or a file.
    pub(crate) source: String,
}

/// What is wrong with a key or a file of age. Never says what stands in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AgeError {
    #[error("{0} holds no identity of age (AGE-SECRET-KEY-1…)")]
    NoIdentity(String),
    #[error("{0} is no recipient of age (age1…)")]
    NoRecipient(String),
    #[error("none of our identities ({0}) opens it")]
    NotForUs(String),
    #[error("it is no file of age, or it was damaged")]
    Damaged,
}

impl AgeKeys {
    /// The identities in the text of a variable or file.
    pub(crate) fn parse(content: &Secret, source: &str) -> Result<Self, AgeError> {
        let none = || AgeError::NoIdentity(source.to_owned());
        let content = text(content).ok_or_else(none)?;
        let identities: Vec<Identity> = content
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
            .map(|line| Identity::from_str(line).map_err(|_| none()))
            .collect::<Result<_, _>>()?;
        if identities.is_empty() {
            return Err(none());
        }
        Ok(Self {
            identities,
            source: source.to_owned(),
        })
    }

    /// The identities in a file.
    pub(crate) fn read(path: &Path, store: &str) -> Result<Self, StoreError> {
        let setting = |what: String| StoreError::Setting {
            store: store.to_owned(),
            what,
        };
        let name = path.display().to_string();
        let content = std::fs::read_to_string(path)
            .map(trimmed)
            .map_err(|error| setting(format!("{name}: {error}")))?;
        Self::parse(&content, &name).map_err(|error| setting(error.to_string()))
    }

    /// A new identity, written to a file that only its owner can read.
    pub(crate) fn create(path: &Path) -> std::io::Result<Self> {
        let identity = Identity::generate();
        let content = Zeroizing::new(format!(
            "# The identity that opens the local store of leakward. Keep a copy elsewhere: without it the store is lost.\n\
             # public key: {}\n{}\n",
            identity.to_public(),
            identity.to_string().expose_secret()
        ));
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        replaced_file::create_new(path, content.as_bytes())?;
        Ok(Self {
            identities: vec![identity],
            source: path.display().to_string(),
        })
    }

    /// Our own recipients.
    pub(crate) fn recipients(&self) -> Vec<Recipient> {
        self.identities.iter().map(Identity::to_public).collect()
    }

    /// Opens what was closed for us.
    pub(crate) fn open(&self, closed: &[u8]) -> Result<Zeroizing<Vec<u8>>, AgeError> {
        let reader = age::armor::ArmoredReader::new(closed);
        let decryptor = age::Decryptor::new_buffered(reader).map_err(|_| AgeError::Damaged)?;
        let identities = self
            .identities
            .iter()
            .map(|identity| identity as &dyn age::Identity);
        let mut stream = decryptor.decrypt(identities).map_err(|error| match error {
            age::DecryptError::NoMatchingKeys => AgeError::NotForUs(self.source.clone()),
            _ => AgeError::Damaged,
        })?;
        let mut opened = Zeroizing::new(Vec::new());
        stream
            .read_to_end(&mut opened)
            .map_err(|_| AgeError::Damaged)?;
        Ok(opened)
    }
}

/// Whether a closed file is text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// Bytes.
    Binary,
    /// Text between marks.
    Armored,
}

/// Closes `opened` for these recipients.
pub(crate) fn close(
    recipients: &[Recipient],
    opened: &[u8],
    form: Form,
) -> Result<Vec<u8>, AgeError> {
    let format = match form {
        Form::Binary => age::armor::Format::Binary,
        Form::Armored => age::armor::Format::AsciiArmor,
    };
    let each = recipients
        .iter()
        .map(|recipient| recipient as &dyn age::Recipient);
    let encryptor = age::Encryptor::with_recipients(each)
        .map_err(|_| AgeError::NoRecipient("the list".to_owned()))?;
    let mut closed = Vec::new();
    let written = age::armor::ArmoredWriter::wrap_output(&mut closed, format)
        .and_then(|armor| encryptor.wrap_output(armor))
        .and_then(|mut stream| {
            stream.write_all(opened)?;
            stream.finish()
        })
        .and_then(age::armor::ArmoredWriter::finish);
    written.map_err(|_| AgeError::Damaged)?;
    Ok(closed)
}

/// Recipients as they are written in an option or a file: separated by commas, blanks or lines.
pub(crate) fn recipients(listed: &str) -> Result<Vec<Recipient>, AgeError> {
    listed
        .split([',', ' ', '\n', '\t', '\r'])
        .filter(|word| !word.is_empty())
        .map(|word| Recipient::from_str(word).map_err(|_| AgeError::NoRecipient(word.to_owned())))
        .collect()
}

/// The identities that variables or a usual file name: first a text, then a file's name, then the usual file.
pub(crate) fn of_surroundings(
    surroundings: &Surroundings,
    variable: &str,
    file_variable: &str,
    usual: Option<PathBuf>,
    store: &str,
) -> Result<Option<AgeKeys>, StoreError> {
    if let Some(content) = surroundings.variable(variable) {
        return AgeKeys::parse(&trimmed(content), variable)
            .map(Some)
            .map_err(|error| StoreError::Setting {
                store: store.to_owned(),
                what: error.to_string(),
            });
    }
    let named = surroundings
        .variable(file_variable)
        .map(|file| surroundings.path(&file));
    match named.or_else(|| usual.filter(|path| path.is_file())) {
        Some(path) => AgeKeys::read(&path, store).map(Some),
        None => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> AgeKeys {
        AgeKeys {
            identities: vec![Identity::generate()],
            source: "a test".to_owned(),
        }
    }

    #[test]
    fn what_is_closed_for_us_opens_in_both_forms_and_for_nobody_else() {
        let (ours, theirs) = (keys(), keys());
        for form in [Form::Binary, Form::Armored] {
            let closed = close(&ours.recipients(), b"value", form).expect("closed");
            assert_eq!(ours.open(&closed).expect("opened").as_slice(), b"value");
            assert_eq!(
                theirs.open(&closed).expect_err("not for them"),
                AgeError::NotForUs("a test".to_owned())
            );
        }
    }

    #[test]
    fn damage_is_seen() {
        let ours = keys();
        let mut closed = close(&ours.recipients(), b"value", Form::Binary).expect("closed");
        let last = closed.len() - 1;
        closed[last] ^= 1;
        assert_eq!(ours.open(&closed).expect_err("damaged"), AgeError::Damaged);
    }

    #[test]
    fn a_file_that_holds_no_identity_is_named_and_not_repeated() {
        let error = AgeKeys::parse(&Secret::new(b"canary"), "FILE").err();
        assert_eq!(error, Some(AgeError::NoIdentity("FILE".to_owned())));
    }
}
