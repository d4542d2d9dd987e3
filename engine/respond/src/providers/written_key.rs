//! How a private key is written: a scan finds its base64 without lines and marks, so that a key is the same key wherever it
//! stands; a store's entry holds the whole text. The entry's text is a value of the credential (`entry-key`), and is its secret
//! part.
//!
//! INVARIANT: [`subject`] takes out of parts exactly what [`parts`] put into them, in the form in which the old key leaked.

use leakward_core::Secret;
use leakward_stores::Fields;
use leakward_verify::certificates::public_key;
use leakward_verify::{Subject, Value, ValueSource};
use zeroize::Zeroizing;

use super::rest::text;
use crate::provider::{ProviderError, SECRET, plain_parts, plain_subject};

/// The text of the key in the store's entry.
const KEY: &str = "entry-key";

/// The text of a private key with its marks, as it stands in a longer text.
pub(super) fn block(text: &str) -> Option<&str> {
    const MARK: &str = "PRIVATE KEY-----";
    let mark = text.find(MARK)?;
    let begin = text.get(..mark)?.rfind("-----BEGIN ")?;
    let body = text.get(mark + MARK.len()..)?;
    let end = body.find("-----END ")?;
    let end = end + body.get(end..)?.find(MARK)? + MARK.len();
    text.get(begin..mark + MARK.len() + end)
}

/// The base64 of a key, as a scan finds it; none when it has no marks.
fn bare(key: &Secret) -> Option<Secret> {
    let text = text(key)?;
    let text = Zeroizing::new(in_lines(&text));
    let (_, rest) = block(&text)?.split_once("PRIVATE KEY-----")?;
    let (body, _) = rest.split_once("-----END ")?;
    let lines = body.lines().filter(|line| !line.contains(':'));
    let digits = lines.flat_map(str::chars);
    // Without the signs that fill it up.
    let digits = digits.filter(|digit| !digit.is_whitespace() && *digit != '=');
    let digits: Zeroizing<String> = Zeroizing::new(digits.collect());
    Some(Secret::new(digits.as_bytes()))
}

/// A credential in the form in which it was found, which `fits`: as it is given, or a private key without the lines around it.
pub fn as_found(given: &Secret, fits: impl Fn(&Secret) -> bool) -> Option<Secret> {
    let mut forms = std::iter::once(given.clone()).chain(bare(given));
    forms.find(fits)
}

/// The credential with the text that the entry has for it; none when the entry does not hold it.
///
/// A key that leaked without its marks is looked for by its public half: its base64 stands in one line of the text with marks where
/// it is short, and would be replaced within them.
pub(super) fn beside(
    provider: &str,
    subject: &Subject,
    fields: &Fields,
) -> Result<Option<Subject>, ProviderError> {
    let Some(leaked) = text(&subject.secret).filter(|leaked| !leaked.is_empty()) else {
        return Ok(None);
    };
    let (public, is_marked) = (public_key(&leaked), block(&leaked).is_some());
    // As it leaked (none), or as the entry writes it.
    let mut found: Option<Option<&Secret>> = None;
    for (field, value) in fields {
        let wrong = |what: &str| {
            Err(ProviderError::Refused {
                provider: provider.to_owned(),
                what: format!("the field {field} {what}"),
            })
        };
        let Some(held) = text(value) else { continue };
        let has_leaked = held.contains(leaked.as_str());
        let own = block(&held).filter(|block| public.is_some() && public_key(block) == public);
        let form = match own {
            _ if is_marked && has_leaked => None,
            Some(block) if block.len() + closing(&held).len() == held.len() => Some(value),
            Some(_) => {
                return wrong(
                    "holds the key with other text around; give the key a field of its own",
                );
            }
            None if has_leaked => {
                return wrong(
                    "holds the key without the lines that mark it (-----BEGIN …), or not as its first: a new key does not fit there; give the \
                     key in PEM a field of its own",
                );
            }
            None => continue,
        };
        if *found.get_or_insert(form) != form {
            return wrong(
                "holds the key written otherwise than another field does, so that one of them would stay as it is",
            );
        }
    }
    Ok(found.map(|form| {
        let mut whole = subject.clone();
        whole.values.retain(|value| value.name != KEY);
        whole
            .values
            .extend(form.map(|written| given(KEY, written.clone())));
        whole
    }))
}

/// Of a key whose public half cannot be told.
pub(super) fn unreadable(provider: &str) -> ProviderError {
    ProviderError::Refused {
        provider: provider.to_owned(),
        what: "the private key cannot be read: it has a passphrase, or is of another kind"
            .to_owned(),
    }
}

fn given(name: &str, secret: Secret) -> Value {
    Value {
        name: name.to_owned(),
        secret,
        source: ValueSource::Given,
    }
}

/// The key as it is written where applications read it.
pub(super) fn written(subject: &Subject) -> &Secret {
    subject
        .value(KEY)
        .map_or(&subject.secret, |value| &value.secret)
}

/// The parts of a key, the secret one as the entry has it.
pub(super) fn parts(subject: &Subject) -> Fields {
    let mut parts = plain_parts(subject);
    parts.remove(KEY);
    parts.insert(SECRET.to_owned(), written(subject).clone());
    parts
}

/// The inverse of [`parts`].
pub(super) fn subject(like: &Subject, parts: &Fields) -> Subject {
    let mut subject = plain_subject(like, parts);
    let Some(written) = parts.get(SECRET) else {
        return subject;
    };
    subject.values.retain(|value| value.name != KEY);
    let is_bare = text(&like.secret).is_some_and(|old| !old.is_empty() && block(&old).is_none());
    if let Some(bare) = bare(written) {
        subject.values.push(given(KEY, written.clone()));
        if is_bare {
            subject.secret = bare;
        }
    }
    subject
}

/// A new text with the ends of lines that the old one has, written out or not, and closed as that is.
#[expect(
    clippy::disallowed_methods,
    reason = "the successor is written as the old one was"
)]
pub(super) fn as_written(old: &Secret, new: &str) -> Secret {
    let old = String::from_utf8_lossy(old.expose());
    let closing = closing(&old);
    let body = old.trim_start().strip_suffix(closing).unwrap_or_default();
    // Within the text; one that has but one line is closed by whatever it has.
    let within = if body.contains(['\n', '\\']) {
        body
    } else {
        closing
    };
    let ends = ["\r\n", "\n", "\\r\\n", "\\n"];
    let end = ends.into_iter().find(|end| within.contains(end));
    let mut text = Zeroizing::new(String::with_capacity(new.len() * 2));
    for line in new.trim().lines() {
        if !text.is_empty() {
            text.push_str(end.unwrap_or("\n"));
        }
        text.push_str(line);
    }
    text.push_str(closing);
    Secret::new(text.as_bytes())
}

/// A text whose ends of lines may be written out.
pub(super) fn in_lines(text: &str) -> String {
    text.replace("\\r", "").replace("\\n", "\n")
}

/// The ends of lines, written out or not, and the blanks at the end of a text.
fn closing(text: &str) -> &str {
    let mut body = text;
    loop {
        let shorter = body.trim_end();
        let shorter = shorter.strip_suffix("\\n").unwrap_or(shorter);
        let shorter = shorter.strip_suffix("\\r").unwrap_or(shorter);
        if shorter.len() == body.len() {
            return text.get(body.len()..).unwrap_or_default();
        }
        body = shorter;
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use leakward_core::{FingerprintKey, RuleId};
    use leakward_verify::ssh::new_key;
    use rcgen::{KeyPair, PKCS_ED25519};

    use super::*;

    fn leaked(secret: &Secret) -> Subject {
        let rule = RuleId::from("private-key-openssh");
        Subject {
            fingerprint: FingerprintKey::default().fingerprint(&rule, secret),
            rule,
            secret: secret.clone(),
            values: Vec::new(),
        }
    }

    /// The kinds whose text has many lines, and one whose base64 stands in one line.
    fn pairs() -> [(Zeroizing<String>, Zeroizing<String>); 3] {
        let openssh = |comment: &str| new_key(comment).expect("a key");
        let ecdsa = || Zeroizing::new(KeyPair::generate().expect("a key").serialize_pem());
        let ed25519 = || {
            let pair = KeyPair::generate_for(&PKCS_ED25519).expect("a key");
            // The form without the public half, as OpenSSL writes it.
            let der = pair.serialize_der();
            let seed = der.get(..48).expect("a seed");
            let seed = [&[0x30, 0x2e, 0x02, 0x01, 0x00], &seed[5..]].concat();
            let (begin, end) = ("-----BEGIN", "-----END");
            let body = STANDARD.encode(seed);
            Zeroizing::new(format!(
                "{begin} PRIVATE KEY-----\n{body}\n{end} PRIVATE KEY-----\n"
            ))
        };
        [
            (openssh("old"), openssh("new")),
            (ecdsa(), ecdsa()),
            (ed25519(), ed25519()),
        ]
    }

    #[test]
    fn a_key_is_found_in_an_entry_however_it_leaked_and_is_read_back_in_that_form() {
        for (old, new) in pairs() {
            is_found_and_read_back(&old, &new);
        }
    }

    fn is_found_and_read_back(old: &str, new: &str) {
        let held = Secret::new(old.as_bytes());
        let bare_form = bare(&held).expect("a body");
        for secret in [held.clone(), bare_form.clone()] {
            let subject_ = leaked(&secret);
            let entry = Fields::from([("key".to_owned(), held.clone())]);
            let whole = beside("test", &subject_, &entry)
                .expect("it can be replaced")
                .expect("it is held");
            let mut found = parts(&whole);
            assert_eq!(found.get(SECRET), Some(&held));
            let successor = as_written(&held, new);
            assert_eq!(successor, Secret::new(new.as_bytes()));
            found.insert(SECRET.to_owned(), successor.clone());
            let read = subject(&whole, &found);
            assert_eq!(parts(&read), found);
            let expected = if secret == held {
                successor
            } else {
                bare(&successor).expect("a body")
            };
            assert_eq!(read.secret, expected);
        }
        let other = Fields::from([("key".to_owned(), Secret::new(new.as_bytes()))]);
        let none = beside("test", &leaked(&bare_form), &other).expect("nothing is wrong");
        assert!(none.is_none());
        let refused = |held: String, why: &str| {
            let entry = Fields::from([("file".to_owned(), Secret::new(held.as_bytes()))]);
            let error = beside("test", &leaked(&bare_form), &entry).expect_err("it is refused");
            assert!(error.to_string().contains(why), "{error}");
        };
        refused(format!("# ours\n{old}"), "other text");
        let text = text(&bare_form).expect("a text");
        refused(text.to_string(), "without the lines that mark it");
        refused(format!("key={}", *text), "without the lines that mark it");
        refused(format!("{new}{}", *text), "not as its first");
    }

    #[test]
    fn a_bare_key_is_the_one_that_a_scan_finds() {
        let (begin, end) = ("-----BEGIN EC", "-----END EC");
        let text = format!("{begin} PRIVATE KEY-----\nQUJD\nRA==\n{end} PRIVATE KEY-----\n");
        let escaped = text.replace('\n', "\\n");
        for text in [text, escaped] {
            assert_eq!(
                bare(&Secret::new(text.as_bytes())),
                Some(Secret::new(b"QUJDRA"))
            );
        }
        assert_eq!(bare(&Secret::new(b"QUJDRA")), None);
    }

    #[test]
    fn a_key_in_pem_is_taken_for_the_one_that_was_found_without_its_marks() {
        for (old, other) in pairs() {
            let [pem, other] = [&old, &other].map(|text| Secret::new(text.as_bytes()));
            let bare_form = bare(&pem).expect("a body");
            for found in [&pem, &bare_form] {
                let is_it = |form: &Secret| form == found;
                assert_eq!(as_found(&pem, is_it).as_ref(), Some(found));
                assert_eq!(as_found(&other, is_it), None);
            }
            let is_pem = |form: &Secret| *form == pem;
            assert_eq!(as_found(&bare_form, is_pem), None, "the marks are lost");
        }
    }

    #[test]
    fn a_key_is_written_with_the_ends_of_lines_that_the_old_one_has() {
        for (old, expected) in [
            ("a\nb\n", "c\nd\n"),
            ("a\nb", "c\nd"),
            ("a\r\nb\r\n", "c\r\nd\r\n"),
            ("a\r\nb", "c\r\nd"),
            ("a\\nb\\n", "c\\nd\\n"),
            ("a\\nb", "c\\nd"),
            ("a\\nb\\n\n", "c\\nd\\n\n"),
            ("a\\r\\nb\\r\\n", "c\\r\\nd\\r\\n"),
            ("a\n", "c\nd\n"),
            ("a", "c\nd"),
        ] {
            for new in ["c\nd\n", "c\nd"] {
                let written = as_written(&Secret::new(old.as_bytes()), new);
                assert_eq!(written, Secret::new(expected.as_bytes()), "{old:?}");
            }
        }
    }

    /// As it stands in a file of variables.
    #[test]
    fn a_key_in_one_line_that_is_closed_is_found_too() {
        for (old, _) in pairs() {
            let bare_form = bare(&Secret::new(old.as_bytes())).expect("a body");
            let line = old.replace('\n', "\\n");
            let entry = Fields::from([("key".to_owned(), Secret::new(line.as_bytes()))]);
            let whole = beside("test", &leaked(&bare_form), &entry).expect("it can be replaced");
            let whole = whole.expect("it is held");
            assert_eq!(written(&whole), &Secret::new(line.as_bytes()));
        }
    }
}
