//! Bare values near a provider's name: is it that provider's key, or an id that happens to stand there?

use super::context::Context;
use super::scale::Scale;
use super::traits::Traits;
use super::{ciphertext, look_alike, placeholder, reference};
use crate::word_list::WordList;

/// Words in a name which say that its value is secret.
const SECRET_WORDS: WordList =
    WordList::new(" key token secret pass pwd auth cred api bearer access sign webhook license ");

/// Words in a name which say that its value is public.
const PUBLIC_WORDS: WordList = WordList::new(
    " public publishable _id -id client_id clientid site_key sitekey commit sha hash digest version \
     rev uuid guid project_id account_id etag checksum ",
);

/// Weighs the value of a keyword rule. `name` is the identifier that holds the keyword, `between` what stands between it
/// and the value.
pub(crate) fn weigh(
    value: &[u8],
    (name, between): (&[u8], &[u8]),
    context: &Context,
    scale: &mut Scale,
) {
    let traits = Traits::of(value);
    if let Some(reason) = reference::reason(value)
        .or_else(|| ciphertext::reason(value))
        .or_else(|| placeholder::reason(value))
    {
        scale.reject(reason);
        return;
    }
    if let Some(found) = look_alike::find(value)
        && !found.may_be_key
    {
        scale.reject(found.reason);
        return;
    }
    let text = [name, between].join(&b' ').to_ascii_lowercase();
    let is_uuid = look_alike::is_uuid(value);
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
        scale.weigh(-10, "its name does not say that it is secret");
    }
    if PUBLIC_WORDS.any_in(&text) {
        scale.weigh(-30, "its name says that it is public");
    }
    if (traits.is_hex || is_uuid) && context.speaks_of_digests() {
        scale.weigh(-35, "its line speaks of digests or revisions");
    }
    if context.is_endless() {
        scale.weigh(-15, "it stands in minified or generated text");
    }
}
