//! Which fields of a store's entry hold which part of a credential, and what becomes of them.
//!
//! A part is found where a field is the part, or where a long part stands once in a longer text (a connection string in a
//! line of configuration). Names of users are short and common, so that a short part counts only in a field of its name.
//!
//! INVARIANT: [`parts_of`] takes out of an entry exactly what [`with_successor`] put into it.

use leakward_core::Secret;
use leakward_stores::Fields;

use crate::plan::{FieldChange, FieldForm};
use crate::provider::SECRET;

/// Bytes from which on a part is not taken for something else by chance.
const TELLING: usize = 8;

/// Which fields of an entry hold which part of a credential. Empty unless the leaked value itself is among them.
#[must_use]
#[expect(
    clippy::disallowed_methods,
    reason = "the entry is searched for the leaked credential"
)]
pub fn changes(fields: &Fields, parts: &Fields) -> Vec<FieldChange> {
    let secret = parts.get(SECRET).map(Secret::expose).unwrap_or_default();
    let holds_secret = |part: &Secret| !secret.is_empty() && count(part.expose(), secret) > 0;
    let mut longest: Vec<(&String, &Secret)> =
        parts.iter().filter(|(_, part)| !part.is_empty()).collect();
    longest.sort_by_key(|(name, part)| (name.as_str() != SECRET, std::cmp::Reverse(part.len())));
    let mut found = Vec::new();
    for (field, value) in fields {
        let is_meant = |name: &str, part: &Secret| {
            part.len() >= TELLING || holds_secret(part) || is_named(field, name)
        };
        let whole = longest
            .iter()
            .find(|(name, part)| value.expose() == part.expose() && is_meant(name, part));
        let within = || {
            let mut by_length = longest.clone();
            by_length.sort_by_key(|(_, part)| std::cmp::Reverse(part.len()));
            by_length.into_iter().find(|(_, part)| {
                part.len() >= TELLING
                    && holds_secret(part)
                    && count(value.expose(), part.expose()) == 1
            })
        };
        let change = match whole {
            Some((name, _)) => Some((*name, FieldForm::Whole)),
            None => within().map(|(name, _)| (name, FieldForm::Within)),
        };
        found.extend(change.map(|(name, form)| FieldChange {
            field: field.clone(),
            part: name.clone(),
            form,
        }));
    }
    let has_secret = found
        .iter()
        .any(|change| parts.get(&change.part).is_some_and(holds_secret));
    if has_secret { found } else { Vec::new() }
}

/// The entry with the successor's parts in the place of the old one's.
#[expect(
    clippy::disallowed_methods,
    reason = "the successor is put where applications read it"
)]
pub(crate) fn with_successor(
    fields: &Fields,
    changes: &[FieldChange],
    old: &Fields,
    new: &Fields,
) -> Option<Fields> {
    let mut result = fields.clone();
    for change in changes {
        let (before, after) = (old.get(&change.part)?, new.get(&change.part)?);
        let value = fields.get(&change.field)?;
        let changed = match change.form {
            FieldForm::Whole => (value == before).then(|| after.clone())?,
            FieldForm::Within => {
                let at = find(value.expose(), before.expose())?;
                let (head, rest) = value.expose().split_at_checked(at)?;
                let tail = rest.get(before.len()..)?;
                Secret::new(&[head, after.expose(), tail].concat())
            }
        };
        result.insert(change.field.clone(), changed);
    }
    Some(result)
}

/// The successor's parts, as far as the entry holds them: `fields` is the entry with the successor, `over` the one with the
/// old credential.
#[expect(
    clippy::disallowed_methods,
    reason = "the successor is read from where it is stored"
)]
pub(crate) fn parts_of(
    fields: &Fields,
    over: &Fields,
    changes: &[FieldChange],
    old: &Fields,
) -> Option<Fields> {
    let mut parts = Fields::new();
    for change in changes {
        let value = fields.get(&change.field)?;
        let part = match change.form {
            FieldForm::Whole => value.clone(),
            FieldForm::Within => {
                let (before, part) = (over.get(&change.field)?, old.get(&change.part)?);
                let head = find(before.expose(), part.expose())?;
                let tail = before.len().checked_sub(head + part.len())?;
                let end = value.len().checked_sub(tail)?;
                Secret::new(value.expose().get(head..end)?)
            }
        };
        parts.insert(change.part.clone(), part);
    }
    Some(parts)
}

/// The parts that stand in fields of their own; none when a field is missing. What stands within other text cannot be told
/// without knowing it.
pub(crate) fn parts_in(fields: &Fields, changes: &[FieldChange]) -> Option<Fields> {
    let whole = changes
        .iter()
        .filter(|change| change.form == FieldForm::Whole);
    whole
        .map(|change| Some((change.part.clone(), fields.get(&change.field)?.clone())))
        .collect()
}

/// Whether the field's name speaks of the part.
fn is_named(field: &str, part: &str) -> bool {
    field
        .to_ascii_lowercase()
        .contains(&part.to_ascii_lowercase())
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    if part.is_empty() {
        return None;
    }
    text.windows(part.len()).position(|window| window == part)
}

fn count(text: &[u8], part: &[u8]) -> usize {
    if part.is_empty() {
        return 0;
    }
    text.windows(part.len())
        .filter(|window| *window == part)
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(of: &[(&str, &str)]) -> Fields {
        of.iter()
            .map(|(name, value)| ((*name).to_owned(), Secret::new(value.as_bytes())))
            .collect()
    }

    fn names(found: &[FieldChange]) -> Vec<(&str, &str, FieldForm)> {
        found
            .iter()
            .map(|change| (change.field.as_str(), change.part.as_str(), change.form))
            .collect()
    }

    #[test]
    fn parts_are_found_whole_and_within() {
        let old = fields(&[
            ("secret", "pass-one"),
            ("user", "app"),
            ("uri", "pg://app:pass-one@h/d"),
        ]);
        let entry = fields(&[
            ("DATABASE_URL", "pg://app:pass-one@h/d"),
            ("line", "url = pg://app:pass-one@h/d\n"),
            ("password", "pass-one"),
            ("role", "app"),
            ("username", "app"),
            ("other", "x"),
        ]);
        let found = changes(&entry, &old);
        assert_eq!(
            names(&found),
            [
                ("DATABASE_URL", "uri", FieldForm::Whole),
                ("line", "uri", FieldForm::Within),
                ("password", "secret", FieldForm::Whole),
                ("username", "user", FieldForm::Whole),
            ]
        );
        let new = fields(&[
            ("secret", "pass-two!"),
            ("user", "app_b"),
            ("uri", "pg://app_b:pass-two!@h/d"),
        ]);
        let written = with_successor(&entry, &found, &old, &new).expect("every part is there");
        assert_eq!(
            written["line"],
            Secret::new(b"url = pg://app_b:pass-two!@h/d\n")
        );
        assert_eq!(written["role"], Secret::new(b"app"));
        assert_eq!(parts_of(&written, &entry, &found, &old), Some(new));
    }

    #[test]
    fn an_entry_without_the_leaked_value_holds_nothing() {
        let old = fields(&[("secret", "pass-one"), ("user", "app-user")]);
        let entry = fields(&[("user", "app-user"), ("password", "something else")]);
        assert_eq!(changes(&entry, &old), []);
    }

    #[test]
    fn a_value_that_changed_meanwhile_is_not_overwritten() {
        let old = fields(&[("secret", "pass-one")]);
        let found = changes(&fields(&[("password", "pass-one")]), &old);
        let meanwhile = fields(&[("password", "other")]);
        let new = fields(&[("secret", "pass-two")]);
        assert_eq!(with_successor(&meanwhile, &found, &old, &new), None);
    }
}
