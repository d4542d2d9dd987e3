//! Keys that sign JSON Web Tokens of an application of one's own: a new key beside the old one in the set of public keys that
//! whoever checks tokens reads, then the old one taken out of it.
//!
//! The set (RFC 7517) is an entry of a connected store of its own, `jwks`, since whoever checks tokens must not read the key. It
//! stands for the provider here: a key whose public half is in it is valid. So both are accepted during the grace period, the
//! new one before anybody signs with it, and tokens of the old one end when it is taken out.
//!
//! INVARIANT: the set is changed by compare-and-set, one key at a time; keys of others stay.

use std::collections::BTreeMap;
use std::sync::Arc;

use leakward_core::Secret;
use leakward_stores::{Entry, Fields, Select, Store, StoreError};
use leakward_verify::token_key::{IDS, KeyName, jwk, new_like, thumbprint};
use leakward_verify::{Subject, Value, ValueSource};
use serde_json::Value as Json;
use zeroize::Zeroizing;

use super::Way;
use super::rest::{text, value};
use super::sql_users::draft_of;
use super::written_key::{self, as_written, unreadable, written};
use crate::provider::{
    Abilities, Birth, Case, Created, Creation, Handle, Instructions, Maker, Overlap, ProviderError,
    Receipt, Revocation, Rotation, SECRET, Standing, Successor, Undo,
};

const NAME: &str = "signing-key";

/// A set of public keys, and the key.
pub(super) struct SigningKey<'e> {
    store: &'e Arc<dyn Store>,
    path: String,
    case: &'e Case<'e>,
}

/// The set as it is now.
struct Set {
    entry: Entry,
    field: String,
    json: Json,
}

impl Set {
    fn keys(&self) -> &[Json] {
        self.json["keys"].as_array().map_or(&[], Vec::as_slice)
    }

    fn key(&self, print: &str) -> Option<&Json> {
        let mut keys = self.keys().iter();
        keys.find(|key| thumbprint(key).as_deref() == Some(print))
    }

    fn has(&self, print: &str) -> bool {
        self.key(print).is_some()
    }
}

impl<'e> SigningKey<'e> {
    pub(super) fn of(way: &'e Way, case: &'e Case<'_>) -> Result<Self, ProviderError> {
        let kind = value(case, NAME, "signs", "what it signs: --with signs=jwt")?;
        if kind.as_str() != "jwt" {
            return Err(super::needs(
                NAME,
                "signs",
                "it is `jwt`, nothing else is known",
            ));
        }
        let why = "the entry with the set of public keys that whoever checks tokens reads; give it with --with jwks=PATH";
        let path = value(case, NAME, "jwks", why)?.to_string();
        let named = case.subject.value("jwks-store");
        let store = match named.and_then(|value| text(&value.secret)) {
            Some(name) => way.stores.get(name.as_str()),
            None if way.stores.len() == 1 => way.stores.values().next(),
            None => None,
        };
        let why = "the store with the set of public keys; it is the one of --store, or that of --with jwks-store=NAME";
        let store = store.ok_or_else(|| super::needs(NAME, "a store", why))?;
        Ok(Self { store, path, case })
    }

    fn place(&self) -> String {
        format!("{} in {}", self.path, self.store.describe())
    }

    pub(super) fn abilities(&self) -> Result<Abilities, ProviderError> {
        let print = print(&self.case.subject.secret)?;
        let set = self.read()?;
        let key = set.key(&print).ok_or_else(|| {
            refused(format!(
                "{} does not hold the public half of the leaked key ({print}): it is another set, or the key is out of it already",
                self.place()
            ))
        })?;
        let can_be_asked = self.case.subject.value("check").is_some();
        if can_be_asked {
            self.must_be_named(key, &print)?;
            self.must_sign_so(key)?;
        }
        let step = "Whether a key works can only be seen where its tokens are taken: give --with check=https://…, an address that \
                    refuses requests without a token.";
        Ok(Abilities {
            revoke: Some(Revocation {
                action: "jwks-remove-key".to_owned(),
                identity: self.store.describe(),
                calls: vec![format!("take {print} out of the key set {}", self.place())],
                undo: Undo::Possible,
                breaks: vec![
                    "Tokens that the leaked key has signed, as soon as whoever checks them reads the set again; until then they are good."
                        .to_owned(),
                ],
            }),
            rotate: can_be_asked.then(|| Rotation {
                action: "jwks-add-key".to_owned(),
                identity: self.store.describe(),
                by: Maker::Identity,
                calls: vec![format!("add the new key to the key set {}", self.place())],
                birth: Birth::Chosen,
                overlap: Overlap::Both,
                breaks: vec![
                    "Tokens of the new key, where whoever checks them has an older copy of the set and does not read it again for a name that it \
                     does not know."
                        .to_owned(),
                ],
            }),
            instructions: (!can_be_asked).then(|| Instructions {
                url: None,
                steps: vec![step.to_owned()],
            }),
        })
    }

    /// A token that is signed otherwise than the set says is refused, however good the key is.
    fn must_sign_so(&self, key: &Json) -> Result<(), ProviderError> {
        let jwk = text(&self.case.subject.secret).and_then(|key| jwk(&key));
        let ours = jwk.ok_or_else(|| unreadable(NAME))?["alg"].clone();
        match key.get("alg").and_then(Json::as_str) {
            Some(alg) if ours != alg => Err(refused(format!(
                "{} says that the leaked key signs with {alg}, and here it signs with {} alone, so that no token proves anything; without \
                 --with check=… it can be revoked, and that is told as not proven",
                self.place(),
                ours.as_str().unwrap_or_default()
            ))),
            _ => Ok(()),
        }
    }

    /// That a token is refused proves something only under the name that the set has for the key.
    fn must_be_named(&self, key: &Json, print: &str) -> Result<(), ProviderError> {
        let known = key["kid"].as_str();
        let said = KeyName::of(self.case.subject).map(|said| match said {
            KeyName::Own(name) => name,
            KeyName::Thumbprint => print.to_owned(),
        });
        match (said, known) {
            (Some(said), Some(known)) if said != known => Err(refused(format!(
                "{} calls the leaked key {known}, and not {said}: say the right name with --with key-id=…, or correct the field with it in the \
                 key's entry",
                self.place()
            ))),
            // Where the set gives no name, whoever checks tries all keys or has names of its own: the set cannot say that this one is
            // wrong. INVARIANT: that a token is refused is no proof then either, unless one was accepted before.
            (Some(_), _) => Ok(()),
            (None, known) => {
                let known = match known {
                    Some(known) if known == print => KeyName::WORD,
                    Some(known) => known,
                    None => "NAME",
                };
                let why = format!(
                    "that a token is refused proves nothing under a wrong name; give --with key-id={known}, or keep the name in a field kid of \
                     the key's entry"
                );
                Err(super::needs(NAME, "key-id", &why))
            }
        }
    }

    pub(super) fn draft(&self) -> Result<Successor, ProviderError> {
        let old = text(written(self.case.subject));
        let new = old.and_then(|old| new_like(&old)).ok_or_else(|| {
            refused(
                "no such key can be made: RSA of 2048, 3072, 4096 or 8192 bits, ECDSA and Ed25519 in PEM can"
                    .to_owned(),
            )
        })?;
        let secret = as_written(written(self.case.subject), &new);
        let print = print(&secret)?;
        let mut parts = parts(self.case.subject);
        for id in IDS {
            if let Some(part) = parts.get_mut(id) {
                *part = Secret::new(print.as_bytes());
            }
        }
        parts.insert(SECRET.to_owned(), secret);
        Ok(Successor {
            handle: Handle(print),
            parts,
        })
    }

    fn read(&self) -> Result<Set, ProviderError> {
        self.read_version(&Select::Current)
    }

    fn read_version(&self, select: &Select) -> Result<Set, ProviderError> {
        let entry = self
            .store
            .read(&self.path, select)
            .map_err(|error| of_store(&error))?;
        let field = match entry.fields.keys().collect::<Vec<_>>().as_slice() {
            [only] => (*only).clone(),
            _ => "jwks".to_owned(),
        };
        let wrong = || {
            refused(format!(
                "{} holds no set of public keys (RFC 7517), neither alone nor in a field jwks",
                self.place()
            ))
        };
        let held = entry.fields.get(&field).and_then(text).ok_or_else(wrong)?;
        let json: Json = serde_json::from_str(&held).map_err(|_no_json| wrong())?;
        if !json.get("keys").is_some_and(Json::is_array) {
            return Err(wrong());
        }
        Ok(Set { entry, field, json })
    }

    /// What the set is to hold. Nothing is written where it does already.
    fn write(&self, set: Set, keys: Vec<Json>) -> Result<(), ProviderError> {
        let (mut fields, mut json) = (set.entry.fields, set.json);
        json["keys"] = Json::Array(keys);
        let held = Secret::new(json.to_string().as_bytes());
        fields.insert(set.field, held);
        self.store
            .put(&self.path, &fields, Some(&set.entry.version))
            .map_err(|error| of_store(&error))?;
        Ok(())
    }

    fn add(&self, key: Json, print: &str) -> Result<(), ProviderError> {
        let set = self.read()?;
        if set.has(print) {
            return Ok(());
        }
        let keys = set.keys().iter().cloned().chain([key]).collect();
        self.write(set, keys)
    }

    fn take_out(&self, print: &str) -> Result<Receipt, ProviderError> {
        let set = self.read()?;
        let Some(key) = set.key(print).map(public_members) else {
            return Ok(receipt(format!("{} does not hold {print}", self.place())));
        };
        let others = set.keys().iter();
        let others = others.filter(|key| thumbprint(key).as_deref() != Some(print));
        let others = others.cloned().collect();
        self.write(set, others)?;
        Ok(receipt(format!(
            "{print} is out of {}, which held it as {key}",
            self.place()
        )))
    }

    /// Again with the same draft, finds that it is there.
    pub(super) fn create(&self, creation: &Creation) -> Result<Successor, ProviderError> {
        let draft = draft_of(NAME, creation)?;
        let secret = draft.parts.get(SECRET).and_then(text);
        let key = secret.and_then(|secret| jwk(&secret));
        let mut key = key.ok_or_else(|| refused("the draft holds no key".to_owned()))?;
        if let Some(old) = self.old_entry()? {
            use_like(&mut key, &old);
        }
        self.add(key, &draft.handle.0)?;
        Ok(draft)
    }

    /// The leaked key's public half as the set has it, or had it when it was taken out first.
    fn old_entry(&self) -> Result<Option<Json>, ProviderError> {
        let print = print(&self.case.subject.secret)?;
        let held = self.read()?.key(&print).map(public_members);
        let ahead = self.case.ahead.get(AHEAD);
        Ok(held.or_else(|| serde_json::from_str(ahead?).ok()))
    }

    pub(super) fn ahead(&self) -> Result<BTreeMap<String, String>, ProviderError> {
        let held = self.old_entry()?;
        let kept = held.map(|held| (AHEAD.to_owned(), held.to_string()));
        Ok(kept.into_iter().collect())
    }

    pub(super) fn find_created(&self, creation: &Creation) -> Result<Created, ProviderError> {
        let draft = draft_of(NAME, creation)?;
        Ok(match self.read()?.has(&draft.handle.0) {
            true => Created::Whole(draft),
            false => Created::No,
        })
    }

    pub(super) fn remove(&self, handle: &Handle) -> Result<Receipt, ProviderError> {
        self.take_out(&handle.0)
    }

    pub(super) fn standing(&self) -> Result<Standing, ProviderError> {
        let print = print(&self.case.subject.secret)?;
        Ok(match self.read()?.has(&print) {
            true => Standing::Active,
            false => Standing::Gone,
        })
    }

    pub(super) fn revoke(&self) -> Result<Receipt, ProviderError> {
        self.take_out(&print(&self.case.subject.secret)?)
    }

    /// As the set had it: from what was read ahead, or from the version of the set before this one.
    pub(super) fn restore(&self) -> Result<Receipt, ProviderError> {
        let print = print(&self.case.subject.secret)?;
        let key = match self.old_entry()? {
            Some(key) => Some(key),
            None => {
                let before = self.read_version(&Select::Previous)?;
                before.key(&print).map(public_members)
            }
        };
        let key = key.ok_or_else(|| {
            refused(format!(
                "{} no longer has the version with {print}; the journal tells how it held it",
                self.place()
            ))
        })?;
        self.add(key, &print)?;
        Ok(receipt(format!("{print} is in {} again", self.place())))
    }
}

/// The name under which the journal keeps the leaked key's public half.
const AHEAD: &str = "jwk";

/// What a public key may consist of (RFC 7517, 4; RFC 7518, 6): a set with a private one is a mistake that the journal must not repeat.
fn public_members(key: &Json) -> Json {
    const PUBLIC: [&str; 14] = [
        "kty", "crv", "x", "y", "n", "e", "alg", "use", "key_ops", "kid", "x5u", "x5c", "x5t",
        "x5t#S256",
    ];
    let members = key.as_object().into_iter().flatten();
    let public = members.filter(|(name, _)| PUBLIC.contains(&name.as_str()));
    let public = public.map(|(name, value)| (name.clone(), value.clone()));
    Json::Object(public.collect())
}

/// What the set says of the old key's use, it says of the new one: some applications look at it, others refuse what they do not expect.
fn use_like(new: &mut Json, old: &Json) {
    let Some(members) = new.as_object_mut() else {
        return;
    };
    for name in ["alg", "use", "key_ops"] {
        match old.get(name) {
            Some(value) => members.insert(name.to_owned(), value.clone()),
            None => members.remove(name),
        };
    }
}

fn receipt(summary: String) -> Receipt {
    Receipt {
        summary,
        request_id: None,
    }
}

/// The thumbprint of a private key's public half: its name in the set, as long as nobody has given it another.
fn print(secret: &Secret) -> Result<String, ProviderError> {
    let jwk = text(secret).and_then(|key| jwk(&key));
    jwk.and_then(|jwk| thumbprint(&jwk))
        .ok_or_else(|| unreadable(NAME))
}

fn refused(what: String) -> ProviderError {
    ProviderError::Refused {
        provider: NAME.to_owned(),
        what,
    }
}

/// A store that stands for a provider fails as one. What a person has to see to has changed nothing.
fn of_store(error: &StoreError) -> ProviderError {
    let (provider, what) = (NAME.to_owned(), error.to_string());
    match error {
        // Somebody else has changed the set: it is read again.
        StoreError::Unavailable { .. } | StoreError::Conflict { .. } => {
            ProviderError::Unavailable {
                provider,
                why: what,
            }
        }
        StoreError::OutcomeUnknown { .. } => ProviderError::OutcomeUnknown { provider, what },
        StoreError::LoggedOut { .. } => ProviderError::LoggedOut {
            provider,
            why: what,
        },
        StoreError::Denied { .. } => ProviderError::Denied { provider, what },
        StoreError::Sealed { .. } | StoreError::Intercepted { .. } | StoreError::Setting { .. } => {
            ProviderError::Full { provider, what }
        }
        // That there is no set says nothing about the key.
        StoreError::Absent { .. }
        | StoreError::Refused { .. }
        | StoreError::Unsupported { .. }
        | StoreError::Malformed { .. } => ProviderError::Refused { provider, what },
    }
}

/// The parts of the key; its name under the first of the names for it alone. A key that is named by its thumbprint has no other name.
pub(super) fn parts(subject: &Subject) -> Fields {
    let mut parts = written_key::parts(subject);
    let mut ids = subject.values.iter().map(|value| value.name.as_str());
    let first = ids.find(|name| IDS.contains(name));
    let has_name = matches!(KeyName::of(subject), Some(KeyName::Own(_)));
    parts.retain(|name, _| {
        !IDS.contains(&name.as_str()) || (has_name && Some(name.as_str()) == first)
    });
    parts
}

/// The inverse of [`parts`].
pub(super) fn without_other_ids(mut subject: Subject, parts: &Fields) -> Subject {
    if IDS.iter().any(|id| parts.contains_key(*id)) {
        let is_id = |name: &str| IDS.contains(&name);
        subject
            .values
            .retain(|value| !is_id(&value.name) || parts.contains_key(&value.name));
    }
    subject
}

/// The key with the id that the entry has for it.
pub(super) fn beside(subject: &Subject, fields: &Fields) -> Result<Subject, ProviderError> {
    let Some(mut whole) = written_key::beside(NAME, subject, fields)? else {
        return Ok(subject.clone());
    };
    let mut named: Option<&String> = None;
    for (field, held) in fields {
        let is_set = text(held)
            .and_then(|held: Zeroizing<String>| serde_json::from_str::<Json>(&held).ok())
            .is_some_and(|json| json.get("keys").is_some_and(Json::is_array));
        if is_set {
            return Err(refused(format!(
                "the field {field} holds the set of public keys beside the private one; put the set into an entry of its own, so that \
                 whoever checks tokens need not read the key"
            )));
        }
        let Some(id) = IDS.iter().find(|id| field.eq_ignore_ascii_case(id)) else {
            continue;
        };
        if let Some(other) = named.replace(field) {
            return Err(refused(format!(
                "the fields {other} and {field} both name the key, and one of them would stay as it is; leave one"
            )));
        }
        whole
            .values
            .retain(|value| !IDS.contains(&value.name.as_str()));
        whole.values.push(Value {
            name: (*id).to_owned(),
            secret: held.clone(),
            source: ValueSource::Given,
        });
    }
    Ok(whole)
}
