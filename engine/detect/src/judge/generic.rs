//! Values that are assigned to a name such as `password` or `token`, with nothing else to go by.
//!
//! A password may be weak, so a value of mixed characters is enough, and only what reads as a name, a label, a
//! sentence or a sample is turned down. A secret is drawn by a machine, so it has to look random.

use std::borrow::Cow;

use super::context::Context;
use super::name_like::{is_access_key_id, is_shouted, names_a_secret, reads_like_a_name};
use super::notation::{
    colours_a_terminal, is_algorithm, is_colour, is_list_of_pairs, is_option, is_pattern,
    is_place_in_a_document, is_setting_of_its_own,
};
use super::scale::Scale;
use super::traits::Traits;
use super::{ciphertext, code, look_alike, numbers, placeholder, reference, weak};
use crate::decode::{base64, hex};
use crate::detection::Manner;
use crate::native::{NameKind, is_setting, name_words};
use crate::word_list::WordList;

/// What a value means that is no value: words of programming languages and of validation rules.
const NOTHING: WordList = WordList::new(
    " null nil none undefined true false yes no on off string str text char bytes varchar int integer \
     number bool boolean object array any void self this super required optional nullable empty n/a \
     unset auto default disabled enabled basic bearer digest plain oauth oauth2 jwt ldap hidden value \
     key id name user username login email file env vault prompt ask new old current anonymous \
     anonymous@ always never on_create on_update ",
);

/// Passwords that everybody knows: they matter only where they are deployed.
const WELL_KNOWN: WordList = WordList::new(
    " password passwd passw0rd p@ssw0rd p@ssword pass pwd secret s3cr3t s3cret admin root test testing \
     guest user demo letmein hunter2 welcome changeit vagrant raspberry toor notasecret minio123 \
     minioadmin foobar postgres mysql redis mongo oracle guest123 qwerty abc123 123456 master server private \
     public ",
);

/// A value with what its name promises and how it is written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Assigned<'a> {
    /// The value.
    pub(crate) value: &'a [u8],
    /// The name.
    pub(crate) name: &'a [u8],
    /// What the name promises.
    pub(crate) kind: NameKind,
    /// How the value is written.
    pub(crate) manner: Manner,
}

/// Weighs an assigned value.
pub(crate) fn weigh(assigned: Assigned<'_>, context: &Context, scale: &mut Scale) {
    let value = assigned.value.trim_ascii();
    let bytes = numbers::bytes_of(value);
    let traits = Traits::of(value);
    if bytes.is_none()
        && let Some(reason) = objection(assigned, value, &traits)
    {
        scale.reject(reason);
        return;
    }
    weigh_surroundings(assigned.name, context, scale);
    if let Some(bytes) = bytes {
        numbers::weigh(&bytes, (assigned.name, assigned.kind), scale);
        return;
    }
    // As base64 everything looks drawn.
    let said = said(value);
    let (value, traits) = (&*said, Traits::of(&said));
    if assigned.kind != NameKind::Password {
        weigh_what_is_shown(value, &traits, context, scale);
    }
    match assigned.kind {
        NameKind::Password => weigh_password(assigned, (value, &traits), context, scale),
        NameKind::Secret => weigh_secret(assigned.name, (value, &traits), context, scale),
        NameKind::Weak => {
            // What an application mixes into all of its digests is a setting; what stands beside one is no secret.
            if assigned.name.to_ascii_lowercase().ends_with(b"salt") && !is_setting(assigned.name) {
                scale.weigh(-20, "a salt stands in the open beside its digest");
            }
            weigh_weak(&traits, is_setting(assigned.name), context, scale);
        }
    }
}

/// What a name and a line say of a value, whatever it is.
fn weigh_surroundings(name: &[u8], context: &Context, scale: &mut Scale) {
    if context.speaks_of_samples() {
        scale.weigh(-15, "its line speaks of samples");
    }
    if context.calls_it_a_sample() {
        scale.weigh(-35, "a comment on its line says that it is none");
    }
    if says_fake(name) {
        scale.weigh(-35, "its name says that it is none");
    }
    if context.is_called_example() {
        scale.weigh(-35, "it is called an example");
    }
    if context.is_endless() {
        scale.weigh(-20, "it stands in minified or generated text");
    }
    if context.invites_to_a_meeting() {
        scale.reject("it belongs to a badge or an invitation, whose address is public");
    }
}

/// What says of something that a machine drew that everybody may see it, or that it is not whole.
fn weigh_what_is_shown(value: &[u8], traits: &Traits, context: &Context, scale: &mut Scale) {
    if context.speaks_of_badges() {
        scale.reject("it belongs to a badge or an invitation, whose address is public");
    }
    if context.stands_in_resource_name() {
        scale.reject("it is a part of the name of a resource");
    }
    if context.stands_in_signed_address() {
        scale.weigh(-30, "it signs one address for a time");
    }
    if context.speaks_of_public_keys() {
        scale.weigh(-30, "its line says that it is public");
    }
    if traits.is_hex && context.stands_in_search_settings() {
        scale.weigh(-40, "it is the key of a search box");
    }
    if says_until(value) {
        scale.weigh(-30, "it signs one address for a time");
    }
    if code::has_directive(value) {
        scale.weigh(-30, "it is only a part of the value");
    }
}

/// `exp=1497911340~acl=…~hmac=…`: the signature of an address that says itself until when it holds.
fn says_until(value: &[u8]) -> bool {
    [&b"exp="[..], b"st=", b"expires="].iter().any(|name| {
        value
            .strip_prefix(*name)
            .and_then(<[u8]>::first)
            .is_some_and(u8::is_ascii_digit)
    })
}

/// `FAKE_PASSWORD`, `dummyToken`, `wrongTestPassword`: whoever wrote the name says it.
fn says_fake(name: &[u8]) -> bool {
    const SAYS: WordList = WordList::new(" fake dummy wrong mock bogus incorrect ");
    // The word itself: Mockaroo is a company.
    name_words(name)
        .first()
        .is_some_and(|word| SAYS.contains(word))
}

/// What rules a value out whatever its name is.
fn objection(assigned: Assigned<'_>, value: &[u8], traits: &Traits) -> Option<&'static str> {
    let lower = value.to_ascii_lowercase();
    if value.len() < 4 {
        return Some("it is too short");
    }
    if NOTHING.contains(&lower) {
        return Some("it is a word of the language, not a value");
    }
    if equals_name(&lower, assigned) {
        return Some("it repeats its own name");
    }
    if names_a_secret(&lower, traits) {
        return Some("it is the name of a secret");
    }
    if let Some(reason) = reference::reason(value).or_else(|| ciphertext::reason(value)) {
        return Some(reason);
    }
    if look_alike::is_uuid(value) && is_of_a_request(assigned.name) {
        return Some("it makes a request happen only once");
    }
    if is_access_key_id(value, assigned.name) {
        return Some("it is the id of an access key, not its secret");
    }
    if traits.foreign * 2 >= value.len()
        || (traits.foreign > 0 && assigned.kind != NameKind::Password)
    {
        return Some("it is a text in another script");
    }
    if let Some(found) = look_alike::find(value)
        && !found.may_be_key
    {
        return Some(found.reason);
    }
    if WELL_KNOWN.contains(&lower) && assigned.kind == NameKind::Password {
        // Weighed below: it may be deployed like that.
        return None;
    }
    if let Some(reason) = placeholder::reason(value) {
        return Some(reason);
    }
    if let Some(reason) = decoded_objection(value) {
        return Some(reason);
    }
    other_language(assigned, value, &lower, traits)
}

/// What is no credential because it means something else: code, a colour, the name of an action or a constant, a sentence.
fn other_language(
    assigned: Assigned<'_>,
    value: &[u8],
    lower: &[u8],
    traits: &Traits,
) -> Option<&'static str> {
    if assigned.manner != Manner::Quoted && reference::is_code(value) {
        return Some("it is code");
    }
    if let Some(reason) = code::reason(value, assigned.manner) {
        return Some(reason);
    }
    let is_dashed = match assigned.manner {
        Manner::Quoted => value.starts_with(b"--"),
        _ => value.starts_with(b"-"),
    };
    if is_dashed && is_option(value) {
        return Some("it is an option");
    }
    if is_colour(value) || lower.starts_with(b"var(") || colours_a_terminal(value) {
        return Some("it is a colour");
    }
    if is_setting_of_its_own(value) || is_list_of_pairs(value) {
        return Some("it is a setting with its own name");
    }
    if is_part_of_token(value) {
        return Some("it is a part of a token, or one without a signature");
    }
    objection_to_form(assigned, value, traits)
}

/// What rules a value out by how it is written alone: it is made of words, marks or code.
fn objection_to_form(
    assigned: Assigned<'_>,
    value: &[u8],
    traits: &Traits,
) -> Option<&'static str> {
    let lower = value.to_ascii_lowercase();
    if is_action(value) {
        return Some("it names an action");
    }
    if is_algorithm(&lower) {
        return Some("it names an algorithm");
    }
    if is_place_in_a_document(value) {
        return Some("it is a place in a document");
    }
    if value.starts_with(b"{\"") || value.starts_with(b"{\\\"") {
        return Some("it is a document; what is in it is looked at by itself");
    }
    if is_struct_tag(value) {
        return Some("it is a tag of a structure's field");
    }
    let is_constant = if assigned.manner == Manner::Quoted {
        code::is_shouted_name(value)
    } else {
        code::is_constant(value)
    };
    if is_constant {
        return Some("it is the name of a constant");
    }
    if is_pattern(value) {
        return Some("it is a pattern or a rule for values");
    }
    let holds = |sign: &[u8]| memchr::memmem::find(value, sign).is_some();
    let is_password = assigned.kind == NameKind::Password;
    if traits.spaces > 0 || (!is_password && holds(b"%20")) {
        return Some("it is a sentence or a label");
    }
    if !is_password && value.starts_with(b".") && holds(b"%2F") {
        return Some("it is a path");
    }
    if reads_like_a_name(value, assigned.kind, traits) {
        return Some("it reads like a name in a program");
    }
    None
}

/// The header of a JSON Web Token without the rest, with a payload that is none, or a token that was cut.
fn is_part_of_token(value: &[u8]) -> bool {
    let is_head = value.starts_with(b"eyJhbGciOi") || value.starts_with(b"eyJ0eXAiOi");
    let dots = value.iter().filter(|byte| **byte == b'.').count();
    let is_cut = memchr::memmem::find(value, b"eyJ").is_some()
        && (value.starts_with(b".") || value.ends_with(b"."));
    (is_head && dots < 2) || is_cut
}

/// Whether a value in lower case is a password that everybody knows, maybe with a number that was counted or typed in order.
pub(crate) fn is_well_known(lower: &[u8]) -> bool {
    let stem = lower
        .iter()
        .position(u8::is_ascii_digit)
        .unwrap_or(lower.len());
    let (stem, number) = lower.split_at(stem);
    WELL_KNOWN.contains(lower) || (WELL_KNOWN.contains(stem) && is_counted(number))
}

/// `P@ssw0rd!`, `T0pS3cr3t`: a password that everybody knows with the signs and digits that everybody writes for its letters, and
/// with signs behind it: what tests and manuals use where rules for passwords have to be kept.
pub(crate) fn is_known_in_disguise(value: &[u8]) -> bool {
    // Fewer than `WELL_KNOWN`: a short word comes out of many values once their digits are taken for letters.
    const KNOWN: WordList =
        WordList::new(" password passwd secret topsecret welcome letmein qwerty ");
    let lower = value.to_ascii_lowercase();
    let end = lower
        .iter()
        .rposition(|byte| !b"!?.#*".contains(byte))
        .map_or(0, |at| at + 1);
    let word = lower.get(..end).unwrap_or_default();
    let letters: Vec<u8> = word
        .iter()
        .map(|byte| match byte {
            b'0' => b'o',
            b'1' => b'i',
            b'3' => b'e',
            b'4' | b'@' => b'a',
            b'5' | b'$' => b's',
            b'7' => b't',
            other => *other,
        })
        .collect();
    // Digits behind the word are those of a number, and not letters.
    let digits = word
        .iter()
        .rev()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    let number = word.get(word.len() - digits..).unwrap_or_default();
    let stem = letters.get(..letters.len() - digits).unwrap_or_default();
    KNOWN.contains(&letters) || (KNOWN.contains(stem) && is_counted(number))
}

/// Whether a value in lower case is a word of languages and of validation rules, and no value.
pub(crate) fn is_nothing(lower: &[u8]) -> bool {
    NOTHING.contains(lower)
}

/// What rules out the text that the value is the base64 of: `Y2hhbmdlbWU=` is `changeme`.
fn decoded_objection(value: &[u8]) -> Option<&'static str> {
    if value.len() < 8 || !value.len().is_multiple_of(4) {
        return None;
    }
    let text = base64::decode(value)?;
    let is_text = text.len() >= 4 && text.iter().all(|byte| matches!(byte, b' '..=b'~' | b'\n'));
    let text = text.trim_ascii();
    if is_text
        && text.iter().filter(|byte| **byte == b' ').count() >= 3
        && Traits::of(text).surprise < 5.0
    {
        return Some("it is the base64 of a sentence");
    }
    // Eight digits decode to something printable by chance, and a word in there says nothing.
    let is_said = Traits::of(text).reads_like_words() || is_well_known(&text.to_ascii_lowercase());
    if !is_text || text.is_empty() || !is_said {
        return None;
    }
    placeholder::reason(text).or_else(|| reference::reason(text))
}

/// The text that a value says: of base64 what it is the base64 of, when that is printable, which of eight digits that were drawn happens
/// twice in a thousand times and of more hardly ever.
pub(crate) fn said(value: &[u8]) -> Cow<'_, [u8]> {
    let is_base64 = value.len() >= 8 && value.len().is_multiple_of(4);
    let text = is_base64.then(|| base64::decode(value)).flatten();
    let is_hex = value.len() >= 16;
    let text = is_hex.then(|| hex::bytes(value)).flatten().or(text);
    let text = text.map(|text| text.trim_ascii().to_vec());
    let is_text =
        |text: &Vec<u8>| text.len() >= 4 && text.iter().all(|byte| matches!(byte, b' '..=b'~'));
    text.filter(is_text)
        .map_or(Cow::Borrowed(value), Cow::Owned)
}

/// Whether the value is its own name, or a word of it.
fn equals_name(lower_value: &[u8], assigned: Assigned<'_>) -> bool {
    let letters = |text: &[u8]| -> Vec<u8> {
        text.iter()
            .filter(|byte| byte.is_ascii_alphanumeric())
            .map(u8::to_ascii_lowercase)
            .collect()
    };
    let (value, name) = (letters(lower_value), letters(assigned.name));
    // `apiToken` and `apiToken2`; `dbpassword1` is what people choose for a password, and `newPassword2` a field's name.
    let numbered = value
        .strip_suffix(b"1")
        .or_else(|| value.strip_suffix(b"2"));
    let is_hump =
        |pair: &[u8]| matches!(pair, [a, b] if a.is_ascii_lowercase() && b.is_ascii_uppercase());
    let has_humps = assigned.value.windows(2).any(is_hump);
    value == name
        || (numbered == Some(&*name) && (assigned.kind != NameKind::Password || has_humps))
        || (has_humps && shares_words(assigned))
        || (value.len() >= 6
            && (name.ends_with(&value) || value.ends_with(&name))
            && value.iter().all(u8::is_ascii_alphabetic))
}

/// `clientToken`, `ClientRequestToken`: what AWS knows a request by that is sent again.
fn is_of_a_request(name: &[u8]) -> bool {
    let words = name_words(name);
    let last: Vec<&[u8]> = words.iter().map(Vec::as_slice).collect();
    last.ends_with(&[b"client", b"token"]) || last.ends_with(&[b"request", b"token"])
}

/// `OCC_PASS_QPS = "occupiedPassQps"`: letters in humps, of which two words at least are words of the name.
fn shares_words(assigned: Assigned<'_>) -> bool {
    let names = name_words(assigned.name);
    let shared = name_words(assigned.value)
        .iter()
        .filter(|word| word.len() >= 3 && names.contains(word))
        .count();
    shared >= 2 && assigned.value.iter().all(u8::is_ascii_alphabetic)
}

/// `password_resets#create`, `t('user.password')`, `${System.getenv(`: routes, translations and look-ups in quotes.
fn is_action(value: &[u8]) -> bool {
    let is_word = |part: &[u8]| {
        part.len() >= 3
            && part
                .iter()
                .all(|byte| byte.is_ascii_lowercase() || b"_/".contains(byte))
    };
    // Laravel's `SettingsController@passwordUpdate`.
    let mut parts = value.split(|byte| *byte == b'@');
    if let (Some(class), Some(method), None) = (parts.next(), parts.next(), parts.next())
        && class.ends_with(b"Controller")
        && method.iter().all(u8::is_ascii_alphabetic)
    {
        return true;
    }
    let mut parts = value.split(|byte| *byte == b'#');
    let is_route = matches!((parts.next(), parts.next(), parts.next()), (Some(a), Some(b), None) if is_word(a) && is_word(b));
    let opens_look_up = value.starts_with(b"${") && !value.contains(&b'}')
        || value.starts_with(b"$(") && !value.contains(&b')')
        || value.starts_with(b"$$") && value.get(2..).is_some_and(is_shouted);
    let calls = [&b"t('"[..], b"t(\"", b"$t(", b"i18n.", b"_('", b"tr("];
    is_route || opens_look_up || calls.iter().any(|call| value.starts_with(call))
}

/// Go's `json:"name,omitempty"`.
fn is_struct_tag(value: &[u8]) -> bool {
    let word = value
        .iter()
        .take_while(|byte| byte.is_ascii_alphanumeric())
        .count();
    word > 0
        && value
            .get(word..)
            .is_some_and(|rest| rest.starts_with(b":\""))
}

/// Up to four digits, or the row of digits from one on: `test123456`; with what everybody puts behind it.
fn is_counted(number: &[u8]) -> bool {
    let end = number.iter().rposition(|byte| !b"!?.#*@".contains(byte));
    let number = number.get(..end.map_or(0, |at| at + 1)).unwrap_or_default();
    (number.len() <= 4 && number.iter().all(u8::is_ascii_digit))
        || b"1234567890".starts_with(number)
}

fn weigh_password(
    assigned: Assigned<'_>,
    (value, traits): (&[u8], &Traits),
    context: &Context,
    scale: &mut Scale,
) {
    let manner = assigned.manner;
    let is_set = is_setting(assigned.name) || context.stands_beside_a_login();
    let lower = value.to_ascii_lowercase();
    if is_well_known(&lower) {
        scale.weigh(-25, "it is a password that everybody knows");
    }
    let letters = traits.lower + traits.upper;
    let is_deployed = weak::is_of_a_deployment(assigned, context);
    if traits.length > 128 || (traits.is_hex && traits.length >= 96) {
        scale.weigh(-40, "it is longer than passwords are");
    } else if traits.looks_random() {
        scale.weigh(20, "its characters look random");
    } else if traits.classes() >= 3 && traits.length > 4 {
        scale.weigh(15, "it mixes letters, digits and signs as passwords do");
    } else if letters > 0 && (traits.digits > 0 || traits.symbols > 0) {
        scale.weigh(0, "it mixes letters with digits or signs");
    } else if traits.digits == traits.length {
        // `121212` is a count as well; what is set without quotes and is not round is a password.
        let is_chosen = traits.length >= 6 && traits.distinct >= 4;
        let points = match (manner, is_chosen) {
            (Manner::Quoted, true) | (Manner::Bare, true) => 0,
            (Manner::Quoted, false) => -5,
            _ => -15,
        };
        scale.weigh(points, "it is a number");
    } else if is_deployed {
        scale.weigh(5, "it is a weak password, set where deployments set theirs");
    } else if traits.surprise > 5.6 && traits.distinct > 4 {
        scale.weigh(0, "its letters make no word");
    } else {
        scale.weigh(-25, "it is a single word");
    }
    if look_alike::is_uuid(value) {
        scale.weigh(
            if is_set { -15 } else { -40 },
            "it has the form of a UUID, and passwords seldom have",
        );
    }
    if traits.length < 6 && !is_deployed {
        scale.weigh(-10, "it is short");
    }
    weigh_digest((value, traits), assigned.name, is_set, context, scale);
}

/// What says that it is no password but the digest of one.
fn weigh_digest(
    (value, traits): (&[u8], &Traits),
    name: &[u8],
    is_set: bool,
    context: &Context,
    scale: &mut Scale,
) {
    let is_digest = traits.is_hex && matches!(traits.length, 32 | 40 | 56 | 64);
    if traits.is_hex && traits.length >= 32 && context.speaks_of_digests() {
        scale.weigh(-35, "its line speaks of digests or revisions");
    } else if is_digest && !is_set && context.stands_below_a_digests_name() {
        scale.weigh(-35, "a digest's algorithm is named above it");
    }
    if is_digest && context.is_statement() {
        scale.weigh(-35, "databases keep digests of passwords");
    }
    if has_form_of_digest(value, traits) && !is_setting(name) && context.stands_beside_a_salt() {
        scale.weigh(-35, "digests of passwords stand beside a salt");
    }
}

/// Whether the value has a digest's length, in hexadecimal digits or in base64.
fn has_form_of_digest(value: &[u8], traits: &Traits) -> bool {
    let is_hex = traits.is_hex && matches!(traits.length, 32 | 40 | 56 | 64 | 96 | 128);
    let is_base64 = matches!(traits.length, 24 | 28 | 44 | 64 | 88)
        && value
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(byte));
    (is_hex || is_base64) && traits.looks_random()
}

fn weigh_secret(
    name: &[u8],
    (value, traits): (&[u8], &Traits),
    context: &Context,
    scale: &mut Scale,
) {
    if traits.length < 8 {
        scale.weigh(-30, "it is too short for a secret that a machine draws");
    } else if traits.length < 10 {
        scale.weigh(-10, "it is short for a secret that a machine draws");
    }
    if look_alike::is_uuid(value) {
        scale.weigh(-5, "it has the form of a UUID");
        return;
    }
    let run = telling_run(value);
    let (traits, is_part) = if run.len() < value.len() {
        (&Traits::of(run), true)
    } else {
        (traits, false)
    };
    if traits.is_hex && traits.looks_random() {
        scale.weigh(
            if traits.length >= 32 { 15 } else { 0 },
            "it is a random row of hexadecimal digits",
        );
        if is_part {
            scale.weigh(-5, "something stands before or after them");
        }
        // The key of a digest is none, whatever the digest's name makes of the line.
        let is_key_of_digest = memchr::memmem::find(&name.to_ascii_lowercase(), b"hmac").is_some();
        if context.speaks_of_digests() && !is_key_of_digest {
            scale.weigh(-35, "its line speaks of digests or revisions");
        }
        return;
    }
    if traits.looks_random() {
        scale.weigh(
            if traits.length >= 16 { 20 } else { 5 },
            "its characters look random",
        );
    } else if traits.reads_like_words() {
        scale.weigh(-40, "it reads like words");
    } else if traits.classes() >= 4 && traits.length >= 10 {
        scale.weigh(0, "it mixes letters, digits and signs as passwords do");
    } else if traits.digits > 0 && traits.lower + traits.upper > 0 && traits.length >= 10 {
        scale.weigh(-5, "it is neither random nor words");
    } else {
        scale.weigh(-25, "it does not look random");
    }
}

/// The longest row of letters and digits when it is long enough to tell what a machine drew (`shop-prod-0f3a…`), else the
/// whole.
fn telling_run(value: &[u8]) -> &[u8] {
    const TELLING: usize = 24;
    let run = value
        .split(|byte| !byte.is_ascii_alphanumeric())
        .max_by_key(|run| run.len())
        .unwrap_or(value);
    if run.len() >= TELLING && Traits::of(run).looks_random() {
        run
    } else {
        value
    }
}

fn weigh_weak(traits: &Traits, is_set: bool, context: &Context, scale: &mut Scale) {
    if traits.length < 16 || !traits.looks_random() || traits.classes() < 2 {
        scale.weigh(-60, "a name like this needs a long random value");
        return;
    }
    scale.weigh(
        if traits.length >= 24 && (!traits.is_hex || (is_set && traits.length >= 32)) {
            0
        } else {
            -10
        },
        "its characters look random",
    );
    if context.speaks_of_digests() {
        scale.weigh(-35, "its line speaks of digests or revisions");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn disguises_of_known_passwords_are_told() {
        for value in [
            "p@ssw0rd!",
            "t0ps3cr3t",
            "pa$$w0rd",
            "p@ssword123.",
            "secret123",
            "p@55w0rd",
        ] {
            assert!(is_known_in_disguise(value.as_bytes()), "{value}");
        }
        for value in [
            "tr0ub4dor&3",
            "porkchop!",
            "secret-9274",
            "x9k2m4!",
            "p@ssenger7",
        ] {
            assert!(!is_known_in_disguise(value.as_bytes()), "{value}");
        }
    }

    #[test]
    fn what_base64_says_is_what_is_weighed() {
        assert_eq!(&*said(b"c2VjdXJlLXdvcmRz"), b"secure-words");
        assert_eq!(&*said(b"b3BlbiBzZXNhbWUK"), b"open sesame");
        assert_eq!(&*said(b"7468697320697320612074657874"), b"this is a text");
        for value in ["x9k2m4Qz", "plain-text", "AAECAwQFBgc=", "0f1e2d3c4b5a6978"] {
            assert_eq!(&*said(value.as_bytes()), value.as_bytes());
        }
    }

    #[test]
    fn fields_and_constants_repeat_their_name() {
        let repeats = |name: &str, value: &str| {
            let assigned = Assigned {
                value: value.as_bytes(),
                name: name.as_bytes(),
                kind: NameKind::Password,
                manner: Manner::Quoted,
            };
            equals_name(&value.to_ascii_lowercase().into_bytes(), assigned)
        };
        assert!(repeats("newPassword", "newPassword2"));
        assert!(repeats("OCC_PASS_QPS", "occupiedPassQps"));
        assert!(!repeats("dbpassword", "dbpassword1"));
        assert!(!repeats("ROOT_PASSWORD", "rootOfEvil"));
    }

    #[test]
    fn parts_of_programs_are_told_from_values() {
        assert!(says_fake(b"FAKE_PASSWORD") && says_fake(b"dummyToken") && !says_fake(b"token"));
        assert!(says_fake(b"wrongTestPassword"));
        assert!(says_until(b"exp=1497911340~acl=%2F~hmac=0f") && !says_until(b"exp=x9k2"));
        assert!(is_struct_tag(b"json:\"password,omitempty\""));
        assert!(!is_struct_tag(b"a:b\"c") && !is_struct_tag(b":\"x"));
    }
}
