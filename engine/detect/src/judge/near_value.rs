//! Bare values near a provider's name: is it that provider's key, or an id that happens to stand there?

use super::context::Context;
use super::scale::Scale;
use super::traits::Traits;
use super::{ciphertext, look_alike, placeholder, reference};
use crate::native::name_words;
use crate::word_list::WordList;

/// Words in a name which say that its value is secret.
const SECRET_WORDS: WordList =
    WordList::new(" key token secret pass pwd auth cred api bearer access sign webhook license ");

/// Words of a name which say that its value is public. Whole words: `rev` is in `preview`, and `sha` in `share`.
const PUBLIC_WORDS: [&[u8]; 18] = [
    b"public",
    b"publishable",
    b"clientid",
    b"projectid",
    b"accountid",
    b"site",
    b"sitekey",
    b"commit",
    b"sha",
    b"sha1",
    b"sha256",
    b"hash",
    b"digest",
    b"version",
    b"uuid",
    b"guid",
    b"etag",
    b"checksum",
];

/// What is put before a sample: `sample-0f3a…`.
const SAMPLE_TAGS: [&[u8]; 6] = [
    b"sample-",
    b"sample_",
    b"example-",
    b"example_",
    b"dummy-",
    b"fake-",
];

/// Whether a name, or what stands between it and the value, says that the value is public. A `secret_id` is not, and an `id` only
/// where it stands last.
fn says_public(name: &[u8], between: &[u8]) -> bool {
    fn words(text: &[u8]) -> impl DoubleEndedIterator<Item = Vec<u8>> {
        text.split(|byte| !byte.is_ascii_alphanumeric())
            .filter(|word| !word.is_empty())
            .map(<[u8]>::to_ascii_lowercase)
    }
    let is_id = match words(between).next_back() {
        Some(last) => last == b"id",
        None => {
            words(name).next_back().is_some_and(|last| last == b"id")
                && !words(name).any(|word| word == b"secret")
        }
    };
    let mut all = words(name).chain(words(between));
    // `publicResourceKey`.
    is_id
        || all.any(|word| PUBLIC_WORDS.contains(&&*word))
        || name_words(name)
            .first()
            .is_some_and(|word| word == b"public")
}

/// Weighs the value of a keyword rule. `name` is the identifier that holds the keyword, `between` what stands between it
/// and the value.
pub(crate) fn weigh(
    value: &[u8],
    (name, between): (&[u8], &[u8]),
    context: &Context,
    scale: &mut Scale,
) {
    let body = body(value);
    let traits = Traits::of(body);
    if let Some(reason) = reference::reason(value)
        .or_else(|| ciphertext::reason(value))
        .or_else(|| placeholder::reason(body))
    {
        scale.reject(reason);
        return;
    }
    if let Some(found) = look_alike::find(body)
        && !found.may_be_key
    {
        scale.reject(found.reason);
        return;
    }
    let text = [name, between].join(&b' ').to_ascii_lowercase();
    let is_uuid = look_alike::is_uuid(body);
    if traits.looks_random() || is_uuid {
        scale.weigh(5, "its characters look random");
    } else if traits.reads_like_words() {
        scale.reject("it reads like words");
        return;
    } else if traits.digits == 0 {
        scale.weigh(-30, "it does not look random");
    } else {
        scale.weigh(-10, "it does not look random");
    }
    if SECRET_WORDS.any_in(&text) {
        scale.weigh(10, "its name says that it is secret");
    } else {
        // Of an id in the next column nothing tells a key.
        let is_apart = between.iter().any(u8::is_ascii_alphanumeric);
        let has_form_of_id = traits.is_hex || is_uuid;
        let points = if has_form_of_id && is_apart { -30 } else { -10 };
        scale.weigh(points, "its name does not say that it is secret");
    }
    if SAMPLE_TAGS
        .iter()
        .any(|tag| between.to_ascii_lowercase().ends_with(tag))
    {
        scale.reject("it is called a sample");
        return;
    }
    if says_public(name, between) {
        scale.weigh(-30, "its name says that it is public");
    }
    if (traits.is_hex || is_uuid) && context.speaks_of_digests() {
        scale.weigh(-35, "its line speaks of digests or revisions");
    }
    if context.is_endless() {
        scale.weigh(-15, "it stands in minified or generated text");
    }
}

/// Shortest run of letters and digits that is judged for the whole value.
const TELLING_RUN: usize = 16;

/// The part of a value that can be random: the rule asks for the tags before it (`sk_test_`, `key-`, `0x`) and for the
/// separators in it, so these say nothing about this value.
fn body(value: &[u8]) -> &[u8] {
    let longest = value
        .split(|byte| !byte.is_ascii_alphanumeric())
        .max_by_key(|run| run.len())
        .unwrap_or(value);
    if longest.len() >= TELLING_RUN {
        return longest.strip_prefix(b"0x").unwrap_or(longest);
    }
    let mut rest = value;
    while let Some(end) = rest.iter().position(|byte| !byte.is_ascii_alphabetic())
        && matches!(rest.get(end), Some(b'-' | b'_'))
        && end > 0
        && let Some(after) = rest.get(end + 1..)
        && after.len() >= TELLING_RUN
    {
        rest = after;
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::{body, says_public};

    #[test]
    fn a_word_inside_of_another_does_not_make_a_name_public() {
        for name in [
            "linkpreview_key",
            "ayrshareapikey",
            "revamp_key",
            "approle_secret_id",
        ] {
            assert!(!says_public(name.as_bytes(), b"=\""), "{name}");
        }
        for name in [
            "github_sha",
            "client_id",
            "docker image digest",
            "site-key",
            "publicResourceKey",
        ] {
            assert!(says_public(name.as_bytes(), b"=\""), "{name}");
        }
        assert!(says_public(
            b"key_vault_secret_id",
            b"`, the principal ID `".to_ascii_lowercase().as_slice()
        ));
    }

    #[test]
    fn tags_and_separators_that_the_rule_asks_for_are_not_judged() {
        let random = "0f1e2d3c4b5a69788796a5b4c3d2e1f0";
        for value in [
            format!("sk_test_{random}"),
            format!("0x{random}"),
            format!("1/12:{random}"),
        ] {
            assert_eq!(body(value.as_bytes()), random.as_bytes(), "{value}");
        }
        let uuid = "0f1e2d3c-4b5a-4978-8796-a5b4c3d2e1f0";
        assert_eq!(body(format!("api-{uuid}").as_bytes()), uuid.as_bytes());
        assert_eq!(body(b"api-key"), b"api-key");
    }
}
