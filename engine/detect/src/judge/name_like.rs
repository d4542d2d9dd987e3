//! Values that are names: of things in programs, of secrets, of the id of a key. How names are written, and which values are
//! what a secret is called, stands here once for everybody who asks.
//!
//! Not for: names that stand in the notation of a language (`code.rs`, `reference.rs`), names that values are assigned to
//! (`native/assignment/name.rs`: far more words, as nobody writes `app_key` for a value).

use super::traits::Traits;
use crate::native::{NameKind, name_words};
use crate::word_list::WordList;

/// What a password is called.
const PASSWORDS: WordList =
    WordList::new(" password passwd passphrase pass passwort pwd pw dbpass ");

/// What a secret is called that is no password.
const TOKENS: WordList = WordList::new(" secret token key apikey credential credentials creds ");

/// LIMIT: shorter ones stand at the end of other words (`monkey`, `compass`).
const TELLING_NOUN: usize = 5;

/// Whether a word in lower case is what a secret is called.
pub(crate) fn is_called_secret(word: &[u8]) -> bool {
    PASSWORDS.contains(word) || is_called_token(word)
}

/// Whether a word in lower case is what a secret is called that is no password: `token`, `clientsecret`.
pub(super) fn is_called_token(word: &[u8]) -> bool {
    const BEFORE: WordList = WordList::new(" access auth client ");
    TOKENS.contains(word)
        || BEFORE
            .iter()
            .filter_map(|before| word.strip_prefix(before))
            .any(|noun| TOKENS.contains(noun))
}

/// Whether a word in lower case ends in what a secret is called: `jkspassword`.
pub(super) fn ends_in_secret(word: &[u8]) -> bool {
    PASSWORDS
        .iter()
        .chain(TOKENS.iter())
        .any(|noun| noun.len() >= TELLING_NOUN && word.ends_with(noun))
}

/// Capitals, digits and underscores: how constants and the settings of an environment are written.
pub(crate) fn is_shouted(text: &[u8]) -> bool {
    !text.is_empty()
        && text
            .iter()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b'_')
}

/// How often a capital follows a small letter.
fn humps(text: &[u8]) -> usize {
    text.windows(2)
        .filter(|pair| matches!(pair, [a, b] if a.is_ascii_lowercase() && b.is_ascii_uppercase()))
        .count()
}

/// Words joined by separators or by case, without digits in odd places: `user.password.label`, `new_password`, `getToken`.
pub(super) fn reads_like_a_name(value: &[u8], kind: NameKind, traits: &Traits) -> bool {
    if traits.length == traits.lower + traits.upper && ends_in_a_role(value) {
        return true;
    }
    // Passwords are put together like that.
    if kind != NameKind::Password && is_hump_with_number(value, traits) {
        return true;
    }
    if traits.looks_random() || traits.foreign > 0 {
        return false;
    }
    let plain = value
        .iter()
        .all(|byte| byte.is_ascii_alphanumeric() || b"_-./: ,".contains(byte));
    let separators = value.iter().filter(|byte| b"_-./:,".contains(byte)).count();
    plain && traits.digits == 0 && (separators > 0 || humps(value) > 0) && traits.surprise < 5.6
}

/// `render2FaUserSettings`: a name of humps with one digit inside of it. People put the digit of a password at its end.
fn is_hump_with_number(value: &[u8], traits: &Traits) -> bool {
    traits.digits == 1
        && traits.lower + traits.upper + 1 == traits.length
        && humps(value) >= 2
        && value.first().is_some_and(u8::is_ascii_lowercase)
        && value.last().is_some_and(u8::is_ascii_alphabetic)
        && traits.surprise < 6.2
}

/// Twenty capitals and digits under `accessKey`: what AWS and those who follow it call the id of a pair.
pub(super) fn is_access_key_id(value: &[u8], name: &[u8]) -> bool {
    let letters: Vec<u8> = name
        .iter()
        .filter(|byte| byte.is_ascii_alphabetic())
        .map(u8::to_ascii_lowercase)
        .collect();
    value.len() == 20
        && value
            .iter()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
        && letters.ends_with(b"accesskey")
        && memchr::memmem::find(&letters, b"secret").is_none()
}

/// `access_token`, `refreshToken`: what OAuth's servers answer with. Not `GITHUB_ACCESS_TOKEN`, which somebody set.
pub(crate) fn names_a_session(name: &[u8]) -> bool {
    const SESSIONS: WordList = WordList::new(" access refresh id client ");
    matches!(name_words(name).as_slice(), [which, token] if token == b"token" && SESSIONS.contains(which))
}

/// `caching_sha2_password`, `github-app-token`: words, of which the last one is what a secret is called.
pub(super) fn names_a_secret(lower: &[u8], traits: &Traits) -> bool {
    let is_words = lower
        .iter()
        .all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(byte));
    let mut parts = lower.split(|byte| b"_-".contains(byte));
    let last = lower.rsplit(|byte| b"_-".contains(byte)).next();
    // `derek07_pass` is what somebody chose for one.
    let least = if traits.digits == 0 { 0 } else { 5 };
    let ends_so = traits.digits <= 2
        && last.is_some_and(|last| {
            (least..lower.len()).contains(&last.len()) && is_called_secret(last)
        });
    is_words && (ends_so || (traits.upper == 0 && speaks_of_one(&mut parts)))
}

/// `pm-27278-v2-password-registration`: four words or numbers, of which one is what a secret is called and the last one is a word:
/// people put the year of a password at its end.
fn speaks_of_one<'a>(parts: &mut impl Iterator<Item = &'a [u8]>) -> bool {
    let (mut count, mut names_one, mut ends_in_word) = (0, false, false);
    let are_words = parts.all(|part| {
        count += 1;
        names_one |= is_called_secret(part);
        let is_said = part.len() <= 3 || Traits::of(part).surprise < 6.5;
        let is_word = is_said && part.iter().all(u8::is_ascii_lowercase);
        ends_in_word = is_word && !part.is_empty();
        let number = part.strip_prefix(b"v").unwrap_or(part);
        is_word || (number.len() <= 5 && number.iter().all(u8::is_ascii_digit))
    });
    are_words && names_one && ends_in_word && count >= 4
}

/// `fw.stabs.steady.wool`: three words or more, none of them what a secret is called, and no package's name.
pub(super) fn is_passphrase(value: &[u8]) -> bool {
    const PACKAGES: WordList = WordList::new(
        " com org net io android java javax project app ext env system props config ",
    );
    let mut words = 0;
    let are_words = value.split(|byte| b".-_ ".contains(byte)).all(|word| {
        words += 1;
        word.len() >= 2
            && word.iter().all(u8::is_ascii_lowercase)
            && !is_called_secret(word)
            && !PACKAGES.contains(word)
    });
    are_words && words >= 3
}

/// What classes and functions are called at their end.
const ROLES: WordList = WordList::new(
    " guard service controller handler provider manager factory config configuration module strategy middleware \
     client repository model component store reducer action interceptor filter resolver validator helper \
     wrapper listener adapter builder context ",
);

/// `jwtAuthGuard`, `PasswordService`: the last hump says what part of a program it is.
fn ends_in_a_role(value: &[u8]) -> bool {
    let last = value.iter().rposition(u8::is_ascii_uppercase);
    last.filter(|at| *at > 0)
        .and_then(|at| value.get(at..))
        .is_some_and(|hump| ROLES.contains(&hump.to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passphrases_are_told_from_names() {
        for value in ["fw.stabs.steady.wool", "blue-sky-of-may"] {
            assert!(is_passphrase(value.as_bytes()), "{value}");
        }
        for value in [
            "com.acme.shop",
            "project.release.password",
            "store.pass",
            "a.b.c",
        ] {
            assert!(!is_passphrase(value.as_bytes()), "{value}");
        }
    }

    #[test]
    fn sessions_are_told_from_settings() {
        for name in ["access_token", "refreshToken", "id_token"] {
            assert!(names_a_session(name.as_bytes()), "{name}");
        }
        for name in ["GITHUB_ACCESS_TOKEN", "token", "accessTokenSecret"] {
            assert!(!names_a_session(name.as_bytes()), "{name}");
        }
    }

    #[test]
    fn what_a_secret_is_called_is_told_as_a_word_and_at_the_end_of_one() {
        for word in ["password", "pw", "token", "clientsecret", "authtoken"] {
            assert!(is_called_secret(word.as_bytes()), "{word}");
        }
        assert!(is_called_token(b"accesstoken") && !is_called_token(b"password"));
        assert!(ends_in_secret(b"jkspassword") && ends_in_secret(b"mytoken"));
        assert!(!ends_in_secret(b"monkey") && !ends_in_secret(b"compass"));
        assert!(is_shouted(b"DB_PASS2") && !is_shouted(b"DB-PASS") && !is_shouted(b""));
    }

    #[test]
    fn names_are_told_from_values() {
        for name in ["jwtAuthGuard", "PasswordService", "userCredentialsProvider"] {
            assert!(ends_in_a_role(name.as_bytes()), "{name}");
        }
        assert!(!ends_in_a_role(b"Guard") && !ends_in_a_role(b"correctHorse"));
        let is_name = |text: &str| {
            names_a_secret(
                &text.as_bytes().to_ascii_lowercase(),
                &Traits::of(text.as_bytes()),
            )
        };
        assert!(!is_name("My-Secret-Of-Old-2024") && !is_name("Blue-Secret-Old-Horse"));
        assert!(is_name("caching_sha2_password") && is_name("github-app-token"));
        assert!(is_name("srcBroker1_sslkey_creds") && !is_name("x9k2m4_creds"));
        let id = [&b"A1B2C"[..]; 4].concat();
        assert!(is_access_key_id(&id, b"MINIO_ACCESS_KEY"));
        assert!(!is_access_key_id(&id, b"secretAccessKey") && !is_access_key_id(&id, b"apiKey"));
        let is_hump =
            |text: &str| is_hump_with_number(text.as_bytes(), &Traits::of(text.as_bytes()));
        assert!(is_hump("render2FaUserSettings") && !is_hump("blueSkyHigh1"));
        assert!(!is_hump("qW8zKvPxLm") && !is_hump("x9kQzVbN"));
        let reads = |kind| {
            let text = b"correctHorse4BatteryStaple";
            reads_like_a_name(text, kind, &Traits::of(text))
        };
        assert!(reads(NameKind::Secret) && !reads(NameKind::Password));
        assert!(is_name("pm-27278-v2-password-registration"));
        assert!(!is_name("super-secret-prod-2024") && !is_name("super-secret-of-prod2"));
        assert!(!is_name("horse-9x2k-password-staple") && !is_name("blue-password-42"));
        assert!(!is_name("password") && !is_name("x9_4k2_7q_password") && !is_name("a.b_token"));
    }
}
