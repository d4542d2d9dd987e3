//! TLS keys whose certificate HashiCorp Vault's or OpenBao's PKI engine has issued: another key and certificate for the same
//! names, then every certificate of the old key revoked.
//!
//! As `vault-admin` (a token), at the server `vault`, by the role `pki-role` (of the engine at `mount`, default `pki`).
//! <https://developer.hashicorp.com/vault/api-docs/secret/pki>
//!
//! The CA makes the key and tells it once. Which certificates are the leaked key's is seen in the certificates themselves.
//! INVARIANT: a key never comes without its certificate: an entry without a field for it is refused.

use std::collections::HashSet;

use leakward_core::action::Verb;
use leakward_verify::Subject;
use leakward_verify::certificates::{Certificate, PublicKey, in_text};
use serde_json::{Value as Json, json};

use super::Way;
use super::certificate_entry::{known, parts, public, refused, renew};
use super::rest::{Rest, identity, segment, text, value};
use super::written_key::{as_written, written};
use crate::provider::{
    Abilities, Birth, Case, Created, Creation, Handle, Maker, Overlap, ProviderError, Receipt,
    RequestId, Revocation, Rotation, SECRET, Standing, Successor, Undo,
};

pub(super) const NAME: &str = "vault-pki";
const ADMIN: &str = "vault-admin";

/// LIMIT: certificates of one CA that are looked at, and new ones among which a lost one is sought; each is a call.
const MOST: usize = 2_000;

/// A CA, and the way to it.
pub(super) struct VaultPki<'e> {
    rest: Rest<'e>,
    case: &'e Case<'e>,
    mount: String,
}

/// A certificate of the key, as the CA has it.
struct Issued {
    certificate: Certificate,
    is_revoked: bool,
}

/// What the CA has under a number.
enum Look {
    Is(Box<Issued>),
    /// A certificate of a form that is not read here: whose key it is, nobody knows.
    Unreadable,
    Absent,
}

/// The certificates of a key.
struct Found {
    of_key: Vec<Issued>,
    /// How many the CA lists of which nobody knows whose they are.
    unread: usize,
}

impl<'e> VaultPki<'e> {
    pub(super) fn of(way: &'e Way, case: &'e Case<'_>) -> Result<Self, ProviderError> {
        let why = "a token that may list, issue and revoke certificates";
        let admin = identity(case, NAME, ADMIN, why)?;
        value(case, NAME, "vault", "the address of the server, https://…")?;
        let mount = case
            .subject
            .value("mount")
            .and_then(|value| text(&value.secret))
            .map_or_else(|| "pki".to_owned(), |mount| mount.to_string());
        Ok(Self {
            rest: Rest::new(way, case, "", admin)
                .at_value("vault")
                .with_header("X-Vault-Token", "{identity}"),
            case,
            mount,
        })
    }

    fn path(&self, rest: &str) -> String {
        format!("/v1/{}/{rest}", segment(&self.mount))
    }

    fn role(&self) -> Result<String, ProviderError> {
        let why = "the role that issues the new certificate; give it with --with pki-role=…";
        Ok(value(self.case, NAME, "pki-role", why)?.to_string())
    }

    pub(super) fn abilities(&self) -> Result<Abilities, ProviderError> {
        let revoke = Revocation {
            action: "vault-revoke-certificate".to_owned(),
            identity: ADMIN.to_owned(),
            calls: vec![self.rest.shown(Verb::Post, &self.path("revoke"))],
            undo: Undo::Impossible,
            breaks: vec![
                "Servers and clients that still show a certificate of this key to whoever looks at revocation lists."
                    .to_owned(),
            ],
        };
        let issue = |role: String| Rotation {
            action: "vault-issue-certificate".to_owned(),
            identity: ADMIN.to_owned(),
            by: Maker::Identity,
            calls: vec![
                self.rest
                    .shown(Verb::Post, &self.path(&format!("issue/{}", segment(&role)))),
            ],
            birth: Birth::Issued,
            overlap: Overlap::Both,
            breaks: vec![
                "Servers that read key and certificate only when they start.".to_owned(),
                "Clients that have pinned the old key.".to_owned(),
            ],
        };
        self.must_know(&public(self.case.subject)?)?;
        Ok(Abilities {
            revoke: Some(revoke),
            rotate: self.role().ok().map(issue),
            instructions: None,
        })
    }

    /// The numbers of its certificates; the engine answers 404 where it has none.
    fn list(&self) -> Result<Vec<String>, ProviderError> {
        let Some(json) = self.rest.get(&self.path("certs?list=true"))? else {
            return Ok(Vec::new());
        };
        let keys = json.pointer("/data/keys").and_then(Json::as_array);
        let serials = keys.and_then(|keys| {
            let texts = keys.iter().map(|key| Some(key.as_str()?.to_owned()));
            texts.collect()
        });
        serials.ok_or_else(|| self.not_understood("list its certificates"))
    }

    /// The certificate of that number.
    fn read(&self, serial: &str) -> Result<Look, ProviderError> {
        let path = self.path(&format!("cert/{}", segment(serial)));
        let Some(json) = self.rest.get(&path)? else {
            return Ok(Look::Absent);
        };
        let text = json
            .pointer("/data/certificate")
            .and_then(Json::as_str)
            .ok_or_else(|| self.not_understood("read a certificate"))?;
        let revoked = json
            .pointer("/data/revocation_time")
            .and_then(Json::as_u64)
            .ok_or_else(|| self.not_understood("read whether a certificate is revoked"))?;
        Ok(match in_text(text).into_iter().next() {
            Some(certificate) => Look::Is(Box::new(Issued {
                certificate,
                is_revoked: revoked != 0,
            })),
            None => Look::Unreadable,
        })
    }

    fn not_understood(&self, what: &str) -> ProviderError {
        refused(format!(
            "{}: {what}: the answer is not that of a PKI engine",
            self.mount
        ))
    }

    /// The key's certificates; those that stand near it come first, so that no limit hides them.
    fn of_key(&self, key: &PublicKey) -> Result<Found, ProviderError> {
        let mut serials: Vec<String> = known(self.case.subject, key)
            .map(|certificate| certificate.serial)
            .collect();
        for serial in self.list()? {
            if !serials.contains(&serial) {
                serials.push(serial);
            }
        }
        let mut found = Found {
            of_key: Vec::new(),
            unread: serials.len().saturating_sub(MOST),
        };
        for serial in serials.iter().take(MOST) {
            match self.read(serial)? {
                Look::Is(issued) if issued.certificate.is_for(key) => found.of_key.push(*issued),
                Look::Unreadable => found.unread += 1,
                Look::Is(_) | Look::Absent => {}
            }
        }
        Ok(found)
    }

    /// That an authority does not know the key is no proof of anything: it may be another one.
    fn must_know(&self, key: &PublicKey) -> Result<(), ProviderError> {
        for near in known(self.case.subject, key) {
            if matches!(self.read(&near.serial)?, Look::Is(issued) if issued.certificate.is_for(key))
            {
                return Ok(());
            }
        }
        match self.of_key(key)? {
            found if found.of_key.is_empty() => Err(self.unknown(&found)),
            _ => Ok(()),
        }
    }

    fn unknown(&self, found: &Found) -> ProviderError {
        let more = match found.unread {
            0 => String::new(),
            unread => format!(
                ", or it is one of {unread} that were not looked at; name it with --with certificate=…"
            ),
        };
        refused(format!(
            "{} lists no certificate of the leaked key: another engine (--with mount=…) or another server has issued it, or it was tidied \
             away{more}",
            self.mount
        ))
    }

    pub(super) fn standing(&self, now: u64) -> Result<Standing, ProviderError> {
        let found = self.of_key(&public(self.case.subject)?)?;
        let is_active = found.of_key.iter().any(|issued| is_valid(issued, now));
        Ok(match found.unread {
            _ if is_active => Standing::Active,
            0 if !found.of_key.is_empty() => Standing::Gone,
            _ => Standing::NotKnown,
        })
    }

    pub(super) fn revoke(&self, now: u64) -> Result<Receipt, ProviderError> {
        let found = self.of_key(&public(self.case.subject)?)?;
        if found.of_key.is_empty() {
            return Err(self.unknown(&found));
        }
        let mut revoked = Vec::new();
        for issued in found.of_key.iter().filter(|issued| is_valid(issued, now)) {
            self.revoke_serial(&issued.certificate.serial)?;
            revoked.push(issued.certificate.serial.as_str());
        }
        let mut summary = match revoked.as_slice() {
            [] => format!("{} has no valid certificate of this key", self.mount),
            [one] => format!("the certificate {one} is revoked"),
            many => format!("the certificates {} are revoked", many.join(" and ")),
        };
        if found.unread > 0 {
            summary.push_str(&format!(
                "; whose key {} more of the certificates that {} lists are for was not seen: have it tidy up",
                found.unread, self.mount
            ));
        }
        Ok(Receipt {
            summary,
            request_id: None,
        })
    }

    /// Again, the server answers with the time at which it was revoked.
    fn revoke_serial(&self, serial: &str) -> Result<(), ProviderError> {
        let body = json!({ "serial_number": serial });
        let what = format!("revoke the certificate {serial}");
        let answer = self
            .rest
            .change(Verb::Post, &self.path("revoke"), Some(&body), &what)?;
        // Of a certificate that it does not have, it says that with 400; 404 is said by whoever is no such engine.
        match answer {
            Some(_) => Ok(()),
            None => Err(refused(format!("{what}: {} answered 404", self.mount))),
        }
    }

    pub(super) fn remove(&self, handle: &Handle) -> Result<Receipt, ProviderError> {
        let summary = if let Look::Absent = self.read(&handle.0)? {
            format!("there is no certificate {handle}")
        } else {
            self.revoke_serial(&handle.0)?;
            format!("the certificate {handle} is revoked")
        };
        Ok(Receipt {
            summary,
            request_id: None,
        })
    }

    pub(super) fn handles(&self) -> Result<Vec<Handle>, ProviderError> {
        Ok(self.list()?.into_iter().map(Handle).collect())
    }

    pub(super) fn create(&self, creation: &Creation) -> Result<Successor, ProviderError> {
        let role = self.role()?;
        let old = self.old()?;
        let mut body = json!({
            "alt_names": in_request(&old).join(","),
            "uri_sans": old.uris,
            "ip_sans": addresses(&old).join(","),
            "private_key_format": form(self.case.subject),
        });
        if let Some(name) = &old.common_name {
            body["common_name"] = json!(name);
            body["exclude_cn_from_sans"] = json!(!in_request(&old).contains(&name.as_str()));
        }
        if let Some(lifetime) = lifetime(&old) {
            let seconds = lifetime.saturating_sub(BEFORE + label(&creation.id, lifetime));
            body["ttl"] = json!(format!("{seconds}s"));
        }
        let what = format!("issue a certificate for {}", old.names().join(", "));
        let path = self.path(&format!("issue/{}", segment(&role)));
        let answer = self
            .rest
            .change(Verb::Post, &path, Some(&body), &what)?
            .ok_or_else(|| ProviderError::Absent {
                provider: NAME.to_owned(),
                what: format!("the role {role} of {}", self.mount),
            })?;
        self.successor(&answer.json().unwrap_or_default())
            .ok_or_else(|| ProviderError::OutcomeUnknown {
                provider: NAME.to_owned(),
                what: format!("{what}: the answer does not hold it"),
            })
    }

    /// The certificate that stands beside the key.
    fn old(&self) -> Result<Certificate, ProviderError> {
        let key = public(self.case.subject)?;
        let own = known(self.case.subject, &key).max_by_key(|own| own.not_after);
        own.ok_or_else(|| super::needs(NAME, "certificate", "the certificate of the leaked key"))
    }

    fn successor(&self, answer: &Json) -> Option<Successor> {
        let data = answer.get("data")?;
        let part = |name: &str| Some(data.get(name)?.as_str()?.trim().to_owned());
        let (certificate, key) = (part("certificate")?, part("private_key")?);
        let chain: Vec<String> = match data.get("ca_chain").and_then(Json::as_array) {
            Some(chain) => chain
                .iter()
                .filter_map(|one| Some(one.as_str()?.trim().to_owned()))
                .collect(),
            None => part("issuing_ca").into_iter().collect(),
        };
        let mut parts = parts(self.case.subject);
        renew(&mut parts, &certificate, &chain);
        let key = as_written(written(self.case.subject), &key);
        parts.insert(SECRET.to_owned(), key);
        Some(Successor {
            handle: Handle(part("serial_number")?),
            parts,
        })
    }

    /// A certificate that is new, for the same names and of just the length that was asked for is ours, and its key is lost. One
    /// that is revoked already was looked after.
    pub(super) fn find_created(&self, creation: &Creation) -> Result<Created, ProviderError> {
        let old = self.old()?;
        let before: HashSet<&Handle> = creation.before.iter().collect();
        let mut new = self.handles()?;
        new.retain(|handle| !before.contains(handle));
        if new.len() > MOST {
            return Err(refused(format!(
                "{} has issued {} certificates since, more than the {MOST} among which a lost one is looked for: look there for the newest one for {}, and \
                 have it revoked if nobody has its key",
                self.mount,
                new.len(),
                old.names().join(", ")
            )));
        }
        for handle in new {
            let Look::Is(issued) = self.read(&handle.0)? else {
                continue;
            };
            if !issued.is_revoked && is_ours(&issued.certificate, &old, &creation.id) {
                return Ok(Created::Orphan(handle));
            }
        }
        Ok(Created::No)
    }
}

fn is_valid(issued: &Issued, now: u64) -> bool {
    !issued.is_revoked && issued.certificate.not_after.is_none_or(|end| end > now)
}

/// PKCS #8, or what was there before it.
fn form(subject: &Subject) -> &'static str {
    let is_pkcs8 = text(written(subject)).is_some_and(|key| key.contains("BEGIN PRIVATE KEY"));
    if is_pkcs8 { "pkcs8" } else { "der" }
}

/// How long before its making a certificate begins, unless the role says otherwise: clocks differ.
const BEFORE: u64 = 30;

fn lifetime(certificate: &Certificate) -> Option<u64> {
    certificate.not_after?.checked_sub(certificate.not_before?)
}

/// The engine keeps no label with a certificate. A certificate of ours is shorter than the old one by some seconds that only its
/// request knows, so that another's for the same names is not taken for it. In steps of four, since the engine looks at the
/// clock twice.
fn label(id: &RequestId, lifetime: u64) -> u64 {
    let most = (lifetime / 32).clamp(1, 256);
    let sum = id.0.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| {
        (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    (sum % most + 1) * 4
}

fn is_ours(new: &Certificate, old: &Certificate, id: &RequestId) -> bool {
    let names = |of: &Certificate| {
        let texts = [of.domains.clone(), of.mails.clone(), of.uris.clone()];
        let mut all = [texts.concat(), addresses(of)].concat();
        all.sort();
        (all, of.other_names)
    };
    let (Some(is), Some(was)) = (lifetime(new), lifetime(old)) else {
        return false;
    };
    let asked = was.saturating_sub(label(id, was));
    names(new) == names(old) && new.common_name == old.common_name && is.abs_diff(asked) <= 1
}

/// The engine takes domain names and mail addresses in one list, and tells them apart itself.
fn in_request(of: &Certificate) -> Vec<&str> {
    let both = of.domains.iter().chain(&of.mails);
    both.map(String::as_str).collect()
}

fn addresses(of: &Certificate) -> Vec<String> {
    of.addresses.iter().map(ToString::to_string).collect()
}
