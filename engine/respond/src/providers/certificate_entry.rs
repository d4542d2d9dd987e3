//! What stands beside a TLS key in a store's entry: its certificate, alone or with its chain, and the authorities alone. Each is a
//! value of the credential by a name of its own, and all of them change together.
//!
//! INVARIANT: a key never comes without its certificate: an entry without a field for it is refused. INVARIANT: an authority that
//! an entry has stays there.

use leakward_core::Secret;
use leakward_stores::Fields;
use leakward_verify::certificates::{
    self, Certificate, ENTRY_CERTIFICATE, ENTRY_FULL_CHAIN, PLACES, PublicKey, in_text, public_key,
};
use leakward_verify::{Subject, Value, ValueSource};

use super::rest::text;
use super::vault_pki::NAME;
use super::written_key::{self, as_written, in_lines, unreadable};
use crate::provider::ProviderError;

const CA_CHAIN: &str = "entry-ca-chain";

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

/// The certificates of the key that stand beside or near it.
pub(super) fn known(subject: &Subject, key: &PublicKey) -> impl Iterator<Item = Certificate> {
    PLACES
        .into_iter()
        .filter_map(|name| text(&subject.value(name)?.secret))
        .flat_map(|text| in_text(&text))
        .filter(|certificate| certificate.is_for(key))
}

pub(super) fn public(subject: &Subject) -> Result<PublicKey, ProviderError> {
    text(&subject.secret)
        .and_then(|key| public_key(&key))
        .ok_or_else(|| unreadable(NAME))
}

/// Without what merely stood near the key: what the entry holds has names of its own.
pub(super) fn parts(subject: &Subject) -> Fields {
    let mut parts = written_key::parts(subject);
    parts.remove(certificates::CERTIFICATE);
    parts
}

/// The key with the certificates of the entry, each under the name of what its field holds.
pub(super) fn beside(subject: &Subject, fields: &Fields) -> Result<Subject, ProviderError> {
    let key = public(subject)?;
    for (field, held) in fields {
        let is_both = text(held).is_some_and(|held| {
            held.contains(BEGIN)
                && written_key::block(&held).and_then(public_key).as_ref() == Some(&key)
        });
        if is_both {
            return Err(refused(format!(
                "the field {field} holds key and certificate in one; give each a field of its own"
            )));
        }
    }
    let Some(mut whole) = written_key::beside(NAME, subject, fields)? else {
        return Ok(subject.clone());
    };
    for (field, held) in fields {
        let Some(held_text) = text(held).filter(|held| held.contains(BEGIN)) else {
            continue;
        };
        let Some(part) = part_of(field, &held_text, subject, &key, fields)? else {
            continue;
        };
        match whole.value(part) {
            Some(other) if other.secret == *held => {}
            Some(_) => {
                return Err(refused(format!(
                    "the field {field} holds the certificate otherwise than another field does, so that one of them would stay as it is"
                )));
            }
            None => whole.values.push(Value {
                name: part.to_owned(),
                secret: held.clone(),
                source: ValueSource::Given,
            }),
        }
    }
    if let Some(why) = known(&whole, &key).find_map(|own| unfit(&own)) {
        return Err(refused(why));
    }
    if whole
        .value(ENTRY_CERTIFICATE)
        .or(whole.value(ENTRY_FULL_CHAIN))
        .is_none()
    {
        return Err(refused(
            "the entry holds the key without its certificate, and a new key does not fit the old certificate: put the certificate \
             into a field of the same entry"
                .to_owned(),
        ));
    }
    Ok(whole)
}

/// Why no certificate for the same names can be asked for; none when it can.
fn unfit(own: &Certificate) -> Option<String> {
    let of_other_kinds = own.other_names > 0;
    let mut listed = own.domains.iter().chain(&own.mails);
    let what = match (of_other_kinds, listed.find(|name| name.contains(','))) {
        (true, _) => {
            "names that are neither domain names, mail addresses, URIs nor IP addresses".to_owned()
        }
        (false, Some(name)) => format!("the name {name:?}, which is no single one in a list"),
        (false, None) => return None,
    };
    Some(format!(
        "the certificate {} is for {what}: such a certificate cannot be asked for here, so a person has to have it issued",
        own.serial
    ))
}

/// What a field with certificates holds; none when it has nothing to do with the key.
fn part_of(
    field: &str,
    held: &str,
    subject: &Subject,
    key: &PublicKey,
    fields: &Fields,
) -> Result<Option<&'static str>, ProviderError> {
    let certificates = in_text(held);
    let own = certificates.iter().position(|one| one.is_for(key));
    let is_alone = is_only_certificates(held, certificates.len());
    let wrong = |what: &str| Err(refused(format!("the field {field} {what}")));
    match own {
        Some(_) if !is_alone => wrong("holds the certificate within other text"),
        Some(0) if certificates.len() == 1 => Ok(Some(ENTRY_CERTIFICATE)),
        Some(0) => Ok(Some(ENTRY_FULL_CHAIN)),
        Some(_) => wrong("holds the certificate, but not as its first"),
        None => {
            // Authorities that are trusted for other reasons stay as they are.
            let issuer = certificates.first();
            let texts = fields.values().filter_map(text);
            let mut own = texts
                .flat_map(|text| in_text(&text))
                .chain(known(subject, key));
            let is_issuer = issuer.is_some_and(|issuer| {
                own.any(|own| own.is_for(key) && own.names_as_issuer(issuer))
            });
            Ok((is_issuer && is_alone).then_some(CA_CHAIN))
        }
    }
}

/// Puts the new certificate, and those above it, in the place of the old ones.
pub(super) fn renew(parts: &mut Fields, certificate: &str, chain: &[String]) {
    if let Some(old) = parts.get_mut(ENTRY_CERTIFICATE) {
        *old = as_written(old, certificate);
    }
    if let Some(old) = parts.get_mut(ENTRY_FULL_CHAIN) {
        *old = as_written(old, &full_chain(old, certificate, chain));
    }
    if let Some(old) = parts.get_mut(CA_CHAIN)
        && let Some(new) = authorities(old, chain)
    {
        *old = as_written(old, &new);
    }
}

/// As many as there were: some leave the root out, and servers do not want it. Those that the authority did not tell stay.
fn full_chain(old: &Secret, certificate: &str, chain: &[String]) -> String {
    let old = blocks(old);
    let above = old.get(1..).unwrap_or_default();
    let new: Vec<&str> = chain.iter().take(above.len()).map(String::as_str).collect();
    let rest = above.iter().skip(new.len()).map(String::as_str);
    let rest: Vec<&str> = rest.filter(|old| !is_among(old, &new)).collect();
    [&[certificate], &new[..], &rest].concat().join("\n")
}

/// The new ones before those that were there, since who is trusted stays so: the field may be what others are checked with. None
/// where whoever has issued the certificate is there already: those above it were left out by whoever wrote the field.
fn authorities(old: &Secret, chain: &[String]) -> Option<String> {
    let old = blocks(old);
    let old: Vec<&str> = old.iter().map(String::as_str).collect();
    if is_among(chain.first()?, &old) {
        return None;
    }
    let new = chain.iter().take(old.len()).map(String::as_str);
    let new: Vec<&str> = new.filter(|new| !is_among(new, &old)).collect();
    Some([new, old].concat().join("\n"))
}

fn is_among(one: &str, others: &[&str]) -> bool {
    let digits = |text: &str| text.split_whitespace().collect::<String>();
    others.iter().any(|other| digits(other) == digits(one))
}

/// The certificates of a text, each with its marks.
fn blocks(held: &Secret) -> Vec<String> {
    let held = in_lines(&text(held).unwrap_or_default());
    let inner = held
        .split(BEGIN)
        .skip(1)
        .filter_map(|rest| Some(rest.split_once(END)?.0.trim().to_owned()));
    inner
        .map(|inner| format!("{BEGIN}\n{inner}\n{END}"))
        .collect()
}

/// Whether the text is so many certificates and nothing else.
fn is_only_certificates(text: &str, count: usize) -> bool {
    let text = in_lines(text);
    let mut rest = text.trim();
    for _ in 0..count {
        let Some((_, after)) = rest
            .strip_prefix(BEGIN)
            .and_then(|inner| inner.split_once(END))
        else {
            return false;
        };
        rest = after.trim_start();
    }
    rest.is_empty()
}

pub(super) fn refused(what: String) -> ProviderError {
    ProviderError::Refused {
        provider: NAME.to_owned(),
        what,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pem(body: &str) -> String {
        format!("{BEGIN}\n{body}\n{END}")
    }

    fn renewed(name: &str, old: &[&str], chain: &[&str]) -> Vec<String> {
        let old: String = old.iter().map(|body| pem(body) + "\n").collect();
        let chain: Vec<String> = chain.iter().map(|body| pem(body)).collect();
        let mut parts = Fields::from([(name.to_owned(), Secret::new(old.as_bytes()))]);
        renew(&mut parts, &pem("new"), &chain);
        let body = |block: String| block.lines().nth(1).expect("a body").to_owned();
        blocks(&parts[name]).into_iter().map(body).collect()
    }

    #[test]
    fn a_chain_is_renewed_and_no_authority_is_lost() {
        // The authority tells its chain without the root, with it, and none.
        for (old, chain, expected) in [
            (
                vec!["old", "inter"],
                vec!["inter", "root"],
                vec!["new", "inter"],
            ),
            (
                vec!["old", "inter"],
                vec!["inter2", "root"],
                vec!["new", "inter2"],
            ),
            (
                vec!["old", "inter", "root"],
                vec!["inter"],
                vec!["new", "inter", "root"],
            ),
            (vec!["old", "root"], vec![], vec!["new", "root"]),
        ] {
            assert_eq!(renewed(ENTRY_FULL_CHAIN, &old, &chain), expected);
        }
        for (old, chain, expected) in [
            (vec!["inter"], vec!["inter", "root"], vec!["inter"]),
            (vec!["inter", "root"], vec!["inter"], vec!["inter", "root"]),
            (vec!["root"], vec![], vec!["root"]),
            (
                vec!["inter", "partner"],
                vec!["inter", "root"],
                vec!["inter", "partner"],
            ),
            (
                vec!["inter", "root", "partner"],
                vec!["inter2", "root"],
                vec!["inter2", "inter", "root", "partner"],
            ),
        ] {
            assert_eq!(renewed(CA_CHAIN, &old, &chain), expected);
        }
    }
}
