//! Files of SOPS in a git checkout: YAML, JSON and dotenv, encrypted for recipients of age.
//!
//! <https://getsops.io/docs/>. A change encrypts the values that changed, with the file's own key, and writes the code over all values
//! (MAC) and the time anew; everything else, ciphertexts, comments and order, stays as it is. A file whose code does not fit
//! its values is refused. New files are made for the recipients of `.sops.yaml`, `SOPS_AGE_RECIPIENTS` or the option `recipients`.
//!
//! LIMIT: keys of clouds and of PGP, and keys that are shared by groups, are not used; a file needs one recipient of age that we have the
//! identity of. Values are added at the top level only.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{Context, SHA512};
use leakward_core::Secret;
use leakward_core::time::rfc3339;
use regex_automata::meta::Regex;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::file_store::{FileStore, Format, FormatError};
use super::leaves::{Leaf, Nature};
use super::sops_cipher::{DataKey, Kind as ValueKind, is_sealed};
use super::sops_document::{Document, Syntax, yaml_key};
use crate::age_keys::{self, AgeKeys, Form};
use crate::document::name_of;
use crate::error::StoreError;
use crate::exposed::{bytes, text};
use crate::kind::{Kind, Opened};
use crate::spec::StoreSpec;
use crate::store::Fields;
use crate::surroundings::Surroundings;

/// What new files say that they were written by; readers compare it with their own version.
const VERSION: &str = "3.9.0";

/// What SOPS leaves unencrypted when a file does not say otherwise.
const SUFFIX: &str = "_unencrypted";

/// Where the code begins when it is over encrypted values only, as SOPS has it.
const ENCRYPTED_ONLY: [u8; 32] = [
    0x8a, 0x3f, 0xd2, 0xad, 0x54, 0xce, 0x66, 0x52, 0x7b, 0x10, 0x34, 0xf3, 0xd1, 0x47, 0xbe, 0x0b,
    0x0b, 0x97, 0x5b, 0x3b, 0xf4, 0x4f, 0x72, 0xc6, 0xfd, 0xad, 0xec, 0x81, 0x76, 0xf2, 0x7d, 0x69,
];

pub(crate) const KIND: Kind = Kind {
    name: "sops",
    also: &[],
    about: "a file of SOPS with recipients of age, or a folder of them",
    example: "sops:secrets.enc.yaml",
    options: &[
        (
            "identity",
            "the file of the identity; default SOPS_AGE_KEY, SOPS_AGE_KEY_FILE, ~/.config/sops/age/keys.txt",
        ),
        (
            "recipients",
            "age1…,age1…: for whom new files are; default .sops.yaml, SOPS_AGE_RECIPIENTS",
        ),
    ],
    open,
};

fn open(spec: &StoreSpec, surroundings: &Surroundings) -> Result<Opened, StoreError> {
    let format = Sops {
        identity: spec.option("identity").map(|file| surroundings.path(file)),
        recipients: spec
            .option("recipients")
            .map(str::to_owned)
            .or_else(|| surroundings.variable("SOPS_AGE_RECIPIENTS")),
        surroundings: surroundings.clone(),
        store: spec.to_string(),
    };
    FileStore::new(spec, surroundings, Box::new(format)).map(|store| Opened::Store(Box::new(store)))
}

struct Sops {
    identity: Option<PathBuf>,
    recipients: Option<String>,
    surroundings: Surroundings,
    store: String,
}

/// A value in the clear, with what SOPS calls its type.
struct Plain {
    bytes: Zeroizing<Vec<u8>>,
    is_sealed: bool,
}

/// A file with its key.
struct Opener<'d> {
    document: &'d Document,
    key: DataKey,
}

fn malformed(what: impl Into<String>) -> FormatError {
    FormatError::Malformed(what.into())
}

fn syntax(path: &Path) -> Syntax {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    match path.extension().and_then(|ending| ending.to_str()) {
        Some("json") => Syntax::Json,
        Some("env") => Syntax::Dotenv,
        _ if name.starts_with(".env") => Syntax::Dotenv,
        _ => Syntax::Yaml,
    }
}

/// The additional data of a value: its keys, each with a colon behind it.
fn additional(leaf: &Leaf) -> String {
    leaf.keys.iter().map(|key| format!("{key}:")).collect()
}

impl Sops {
    fn keys(&self) -> Result<AgeKeys, FormatError> {
        let failed = |error: StoreError| FormatError::NotForUs(error.to_string());
        if let Some(path) = &self.identity {
            return AgeKeys::read(path, &self.store).map_err(failed);
        }
        let config = self
            .surroundings
            .variable("XDG_CONFIG_HOME")
            .map(PathBuf::from)
            .or_else(|| self.surroundings.in_home(".config"));
        age_keys::of_surroundings(
            &self.surroundings,
            "SOPS_AGE_KEY",
            "SOPS_AGE_KEY_FILE",
            config.map(|folder| folder.join("sops/age/keys.txt")),
            &self.store,
        )
        .map_err(failed)?
        .ok_or_else(|| {
            FormatError::NotForUs(
                "no identity of age is known: set SOPS_AGE_KEY_FILE or the option `identity`"
                    .to_owned(),
            )
        })
    }

    fn opener<'d>(&self, document: &'d Document) -> Result<Opener<'d>, FormatError> {
        let groups = document
            .metadata
            .get("key_groups")
            .and_then(Value::as_array);
        if groups.is_some_and(|groups| !groups.is_empty()) {
            return Err(FormatError::Unsupported(
                "its key is shared by groups".to_owned(),
            ));
        }
        let keys = self.keys()?;
        let listed = document.metadata.get("age").and_then(Value::as_array);
        let mut last = FormatError::NotForUs("it has no recipient of age".to_owned());
        for recipient in listed.into_iter().flatten() {
            let closed = recipient.get("enc").and_then(Value::as_str);
            match keys.open(closed.unwrap_or_default().as_bytes()) {
                Ok(key) => {
                    let key = DataKey::new(&key)
                        .ok_or_else(|| malformed("its key has a wrong length"))?;
                    return Ok(Opener { document, key });
                }
                Err(error) => last = FormatError::NotForUs(error.to_string()),
            }
        }
        Err(last)
    }

    /// For whom a new file is.
    fn new_recipients(&self, path: &Path) -> Result<Vec<age::x25519::Recipient>, FormatError> {
        let listed = match &self.recipients {
            Some(listed) => listed.clone(),
            None => creation_rule(path)?.ok_or_else(|| {
                FormatError::Unsupported(
                    "for whom is a new file? Set `recipients`, SOPS_AGE_RECIPIENTS or .sops.yaml"
                        .to_owned(),
                )
            })?,
        };
        let recipients =
            age_keys::recipients(&listed).map_err(|error| malformed(error.to_string()))?;
        if recipients.is_empty() {
            return Err(malformed("the list of recipients is empty"));
        }
        Ok(recipients)
    }

    fn create(&self, path: &Path, fields: &Fields) -> Result<String, FormatError> {
        let mut key = Zeroizing::new([0_u8; 32]);
        aws_lc_rs::rand::fill(&mut *key).map_err(|_| malformed("there is no randomness"))?;
        let recipients = self.new_recipients(path)?;
        let mut age = Vec::new();
        for recipient in &recipients {
            let closed = age_keys::close(std::slice::from_ref(recipient), &*key, Form::Armored)
                .map_err(|error| malformed(error.to_string()))?;
            let closed = String::from_utf8(closed).map_err(|_| malformed("armor is no text"))?;
            age.push((recipient.to_string(), closed));
        }
        let key = DataKey::new(&*key).ok_or_else(|| malformed("a key of wrong length"))?;
        let mut values = Vec::new();
        for (name, value) in fields {
            if name.starts_with('/') || name.is_empty() {
                return Err(FormatError::Unsupported(
                    "new files have named values at the top level only".to_owned(),
                ));
            }
            let is_plain = name.ends_with(SUFFIX);
            let sealed = if is_plain {
                text(value).map(str::to_owned)
            } else {
                key.seal(bytes(value), ValueKind::Text, &format!("{name}:"))
            };
            values.push((name.as_str(), sealed.ok_or_else(no_text)?));
        }
        let empty = skeleton(syntax(path), &values, &age);
        self.finish(path, &empty, &key)
    }

    /// Writes code and time over everything else.
    fn finish(&self, path: &Path, made: &str, key: &DataKey) -> Result<String, FormatError> {
        let document = Document::parse(made, syntax(path))?;
        let changed = rfc3339(self.surroundings.now());
        let code = code(&document, key)?;
        let sealed = key
            .seal(code.as_bytes(), ValueKind::Text, &changed)
            .ok_or_else(|| malformed("the code cannot be encrypted"))?;
        let mut edits = [
            (
                document.mac.span.clone(),
                document.in_place(&document.mac, &sealed),
            ),
            (
                document.changed.span.clone(),
                match document.syntax {
                    Syntax::Dotenv => changed,
                    _ => super::leaves::quoted(&changed),
                },
            ),
        ];
        edits.sort_by_key(|(span, _)| std::cmp::Reverse(span.start));
        let mut made = made.to_owned();
        for (span, value) in edits {
            made.replace_range(span, &value);
        }
        Ok(made)
    }

    /// Values that changed, were added or taken away; code and time are not written yet.
    fn edited(
        &self,
        opener: &Opener<'_>,
        old: &str,
        fields: &Fields,
    ) -> Result<String, FormatError> {
        let document = opener.document;
        let mut edits = Vec::new();
        let mut known: BTreeMap<String, ()> = BTreeMap::new();
        for leaf in &document.leaves {
            let name = name_of(&leaf.pointer);
            let plain = opener.plain(leaf)?;
            match fields.get(&name) {
                None => edits.push((document.line_of(leaf, old)?, String::new())),
                Some(value) if bytes(value) == plain.bytes.as_slice() => {}
                Some(value) => {
                    let is_sealed = plain.is_sealed
                        || ((leaf.says.is_empty() || leaf.nature == Nature::Null)
                            && opener.is_to_be_sealed(&leaf.keys)?);
                    let made = opener.made(leaf, value, is_sealed)?;
                    let mut made = document.in_place(leaf, &made);
                    if leaf.span.is_empty() && document.syntax != Syntax::Dotenv {
                        made.insert(0, ' ');
                    }
                    edits.push((leaf.span.clone(), made));
                }
            }
            known.insert(name, ());
        }
        edits.sort_by_key(|(span, _)| std::cmp::Reverse(span.start));
        let mut made = old.to_owned();
        let mut added = String::new();
        for (name, value) in fields.iter().filter(|(name, _)| !known.contains_key(*name)) {
            if name.starts_with('/') || name.is_empty() || name == "sops" {
                return Err(FormatError::Unsupported(
                    "values are added at the top level only".to_owned(),
                ));
            }
            let keys = vec![name.clone()];
            let value = if opener.is_to_be_sealed(&keys)? {
                opener
                    .key
                    .seal(bytes(value), ValueKind::Text, &format!("{name}:"))
                    .ok_or_else(no_text)?
            } else {
                text(value).ok_or_else(no_text)?.to_owned()
            };
            added.push_str(&document.new_line(name, &value, old));
        }
        made.insert_str(document.sops_start, &added);
        for (span, value) in edits {
            made.replace_range(span, &value);
        }
        Ok(made)
    }
}

fn no_text() -> FormatError {
    FormatError::Unsupported("a value is no text".to_owned())
}

impl Opener<'_> {
    fn plain(&self, leaf: &Leaf) -> Result<Plain, FormatError> {
        open_leaf(&self.key, leaf).map(|(plain, _)| plain)
    }

    /// A new value, as the old one was kept.
    fn made(&self, leaf: &Leaf, value: &Secret, is_sealed: bool) -> Result<String, FormatError> {
        if !is_sealed {
            return Ok(text(value).ok_or_else(no_text)?.to_owned());
        }
        let (_, before) = open_leaf(&self.key, leaf)?;
        let fits = |kind: ValueKind| {
            let text = text(value).unwrap_or_default();
            match kind {
                ValueKind::Integer => text.parse::<i64>().is_ok(),
                ValueKind::Float => text.parse::<f64>().is_ok(),
                ValueKind::Bool => text == "true" || text == "false",
                _ => false,
            }
        };
        let kind = before.filter(|kind| fits(*kind)).unwrap_or(ValueKind::Text);
        let plain = match kind {
            ValueKind::Bool => written_bool(bytes(value)),
            _ => bytes(value).to_vec(),
        };
        self.key
            .seal(&Zeroizing::new(plain), kind, &additional(leaf))
            .ok_or_else(no_text)
    }

    /// Whether SOPS would encrypt a new value at these keys.
    fn is_to_be_sealed(&self, keys: &[String]) -> Result<bool, FormatError> {
        let document = self.document;
        let any = |fits: &dyn Fn(&str) -> bool| keys.iter().any(|key| fits(key));
        let regex = |pattern: &str| {
            Regex::new(pattern).map_err(|_| {
                FormatError::Unsupported(
                    "its regular expression over keys is not understood".to_owned(),
                )
            })
        };
        if let Some(suffix) = document.text("encrypted_suffix") {
            return Ok(any(&|key| key.ends_with(suffix)));
        }
        if let Some(pattern) = document.text("encrypted_regex") {
            let regex = regex(pattern)?;
            return Ok(any(&|key| regex.is_match(key)));
        }
        if let Some(pattern) = document.text("unencrypted_regex") {
            let regex = regex(pattern)?;
            return Ok(!any(&|key| regex.is_match(key)));
        }
        for name in ["encrypted_comment_regex", "unencrypted_comment_regex"] {
            if document.text(name).is_some() {
                return Err(FormatError::Unsupported(
                    "comments say what is encrypted in it".to_owned(),
                ));
            }
        }
        let suffix = document.text("unencrypted_suffix").unwrap_or(SUFFIX);
        Ok(!any(&|key| key.ends_with(suffix)))
    }

    /// Whether the code fits the values.
    fn check(&self) -> Result<(), FormatError> {
        let changed = &self.document.changed.says;
        let damaged = || {
            malformed(
                "the code over its values (MAC) does not fit them: it was changed by something that is not SOPS",
            )
        };
        let (stored, _) = self
            .key
            .open(&self.document.mac.says, changed)
            .ok_or_else(damaged)?;
        let made = code(self.document, &self.key)?;
        if made.as_bytes().eq_ignore_ascii_case(&stored) {
            Ok(())
        } else {
            Err(damaged())
        }
    }
}

/// SOPS writes `True` and `False` where everybody else writes small letters.
fn written_bool(value: &[u8]) -> Vec<u8> {
    if value.eq_ignore_ascii_case(b"true") {
        b"True".to_vec()
    } else {
        b"False".to_vec()
    }
}

/// A value in the clear as fields have it, and its type when it is encrypted.
fn open_leaf(key: &DataKey, leaf: &Leaf) -> Result<(Plain, Option<ValueKind>), FormatError> {
    if !(leaf.nature == Nature::Text && is_sealed(&leaf.says)) {
        let plain = Plain {
            bytes: Zeroizing::new(leaf.says.as_bytes().to_vec()),
            is_sealed: false,
        };
        return Ok((plain, None));
    }
    let (bytes, kind) = key.open(&leaf.says, &additional(leaf)).ok_or_else(|| {
        malformed(format!(
            "the value at {} was damaged or moved there",
            leaf.pointer
        ))
    })?;
    let bytes = match kind {
        ValueKind::Bool => Zeroizing::new(bytes.to_ascii_lowercase()),
        _ => bytes,
    };
    let plain = Plain {
        bytes,
        is_sealed: true,
    };
    Ok((plain, Some(kind)))
}

/// The code over all values in the clear, in their order.
fn code(document: &Document, key: &DataKey) -> Result<String, FormatError> {
    let mut digest = Context::new(&SHA512);
    let is_sealed_only = document.flag("mac_only_encrypted");
    if is_sealed_only {
        digest.update(&ENCRYPTED_ONLY);
    }
    for leaf in &document.leaves {
        let (plain, kind) = open_leaf(key, leaf)?;
        let kind = kind.or_else(|| ValueKind::of(leaf.nature));
        match kind {
            None => {}
            Some(_) if is_sealed_only && !plain.is_sealed => {}
            Some(ValueKind::Bool) => digest.update(&written_bool(&plain.bytes)),
            Some(_) => digest.update(&plain.bytes),
        }
    }
    let digest = digest.finish();
    Ok(digest
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02X}"))
        .collect())
}

/// A file without code and time.
fn skeleton(syntax: Syntax, values: &[(&str, String)], age: &[(String, String)]) -> String {
    match syntax {
        Syntax::Yaml => {
            let mut text = String::new();
            for (name, value) in values {
                let value = if is_sealed(value) {
                    value.clone()
                } else {
                    super::leaves::quoted(value)
                };
                text.push_str(&format!("{}: {value}\n", yaml_key(name)));
            }
            text.push_str("sops:\n    age:\n");
            for (recipient, closed) in age {
                text.push_str(&format!(
                    "        - recipient: {recipient}\n          enc: |\n"
                ));
                for line in closed.lines() {
                    text.push_str(&format!("            {line}\n"));
                }
            }
            text.push_str(&format!(
                "    lastmodified: \"\"\n    mac: \"\"\n    unencrypted_suffix: {SUFFIX}\n    version: {VERSION}\n"
            ));
            text
        }
        Syntax::Json => {
            let mut map = serde_json::Map::new();
            for (name, value) in values {
                map.insert((*name).to_owned(), json!(value));
            }
            let age: Vec<Value> = age
                .iter()
                .map(|(recipient, closed)| json!({"recipient": recipient, "enc": closed}))
                .collect();
            map.insert(
                "sops".to_owned(),
                json!({"age": age, "lastmodified": "", "mac": "", "unencrypted_suffix": SUFFIX, "version": VERSION}),
            );
            // Texts and objects of texts are always written.
            serde_json::to_string_pretty(&map).unwrap_or_default() + "\n"
        }
        Syntax::Dotenv => {
            let mut text = String::new();
            for (name, value) in values {
                text.push_str(&format!("{name}={}\n", value.replace('\n', "\\n")));
            }
            for (number, (recipient, closed)) in age.iter().enumerate() {
                text.push_str(&format!(
                    "sops_age__list_{number}__map_enc={}\nsops_age__list_{number}__map_recipient={recipient}\n",
                    closed.replace('\n', "\\n")
                ));
            }
            text.push_str(&format!(
                "sops_lastmodified=\nsops_mac=\nsops_unencrypted_suffix={SUFFIX}\nsops_version={VERSION}\n"
            ));
            text
        }
    }
}

/// The recipients that the nearest `.sops.yaml` has for a new file.
fn creation_rule(path: &Path) -> Result<Option<String>, FormatError> {
    let mut folder = path.parent();
    while let Some(here) = folder {
        let file = here.join(".sops.yaml");
        if file.is_file() {
            let wrong = || malformed(format!("{} is not understood", file.display()));
            let content = std::fs::read_to_string(&file).map_err(|_| wrong())?;
            let config: Value = serde_saphyr::from_str(&content).map_err(|_| wrong())?;
            let inner = path.strip_prefix(here).unwrap_or(path).to_string_lossy();
            let rules = config.get("creation_rules").and_then(Value::as_array);
            for rule in rules.into_iter().flatten() {
                let text = |name: &str| rule.get(name).and_then(Value::as_str);
                let fits = match text("path_regex") {
                    None => true,
                    Some(pattern) => Regex::new(pattern).map_err(|_| wrong())?.is_match(&*inner),
                };
                if fits {
                    return Ok(text("age").map(str::to_owned));
                }
            }
            return Ok(None);
        }
        folder = here.parent();
    }
    Ok(None)
}

impl Format for Sops {
    fn name(&self) -> &'static str {
        "files of SOPS"
    }

    fn takes(&self, path: &Path) -> bool {
        let ending = path.extension().and_then(|ending| ending.to_str());
        let is_named = matches!(ending, Some("yaml" | "yml" | "json" | "env"))
            && path.file_name().is_some_and(|name| name != ".sops.yaml");
        is_named
            && std::fs::read_to_string(path)
                .is_ok_and(|text| text.contains("ENC[AES256_GCM,") && text.contains("sops"))
    }

    fn is_encrypted(&self) -> bool {
        true
    }

    fn read(&self, path: &Path, text: &str) -> Result<Fields, FormatError> {
        let document = Document::parse(text, syntax(path))?;
        let opener = self.opener(&document)?;
        opener.check()?;
        document
            .leaves
            .iter()
            .map(|leaf| {
                let plain = opener.plain(leaf)?;
                Ok((name_of(&leaf.pointer), Secret::new(&plain.bytes)))
            })
            .collect()
    }

    fn write(
        &self,
        path: &Path,
        before: Option<&str>,
        fields: &Fields,
    ) -> Result<String, FormatError> {
        let Some(old) = before else {
            return self.create(path, fields);
        };
        let document = Document::parse(old, syntax(path))?;
        let opener = self.opener(&document)?;
        let edited = self.edited(&opener, old, fields)?;
        self.finish(path, &edited, &opener.key)
    }

    fn identity(&self) -> Result<(String, String), FormatError> {
        let keys = self.keys()?;
        let recipient = keys.recipients().first().map(ToString::to_string);
        Ok((recipient.unwrap_or_default(), keys.source))
    }
}
