//! What a name says about its value: `db_password` holds a secret, `password_field`, `token_url` and `publicKey` do not.
//!
//! A name is read as words (camelCase, snake_case, kebab-case, dots). The last word that means a secret is its head;
//! what follows the head says what about the secret the name holds, what precedes it of which kind the secret is.

use crate::judge::is_shouted;
use crate::word_list::WordList;

/// What a name promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum NameKind {
    /// Something that people choose: it may be weak.
    Password,
    /// Something that machines draw: it looks random.
    Secret,
    /// Now and then a secret: only a clearly random value counts.
    Weak,
}

/// Heads of names whose value people choose. Longest first where one ends in another.
const PASSWORDS: WordList = WordList::new(
    " password passphrase passcode passwort wachtwoord pswd psswd passwd password1 kennwort contrasena motdepasse parola \
     senha pword passwrd passw paswd pswd pwd pass psw psk pw dbpass userpass smtppass mysqlpass mypass rootpass adminpass ftppass userpwd rootpwd adminpwd dbpwd mysqlpwd proxyuserpwd requirepass masterauth \
     sshpass mailpass ldappass loginpass authpass pgpass httppass emailpass ",
);

/// Heads of names whose value machines draw.
const SECRETS: WordList = WordList::new(
    " secret secrets token tokens credential credentials creds apikey api_key access_key accesskey \
     secret_key private_key privatekey auth_key authkey signing_key encryption_key master_key \
     hmac_key license_key account_key service_key shared_key app_key subscription_key storage_key \
     consumer_key jwt_key session_key bearer access_key_secret secretkey client_key aes_key aeskey \
     cipher_key cipherkey crypt_key cryptkey integration_key ",
);

/// Heads of names that hold a secret now and then.
const WEAK: WordList =
    WordList::new(" key auth authorization salt nonce cookie session webhook passkey pat ");

/// Words before `key` which say that it finds, names or locks something, or that everybody may have it.
const NO_CREDENTIAL: WordList = WordList::new(
    " alt analytics anon arrow asset binding bucket bundle button cache captcha child cluster column config ctrl \
     dedup dedupe delete dict dkim down end enter entry env environment escape event feature field file flag form \
     gpg hash header home host i18n image index issuer item join json jwk kid l10n label lang lock lookup \
     measurement memo menu message meta modifier natural node option order ordering parent pgp press product pub \
     query queue recaptcha record redis registry repo repository root routing s3 setting shard shift site slot ssh \
     state store subject surrogate template tenant text title topic trace up vapid variable verification verify \
     verifying version websocket socket recipient receiver yaml ",
);

/// Words after the head which say that the name holds something about the secret.
const ABOUT: WordList = WordList::new(
    " field fields url uri urls endpoint path dir directory file filename name names label placeholder \
     hint title message msg type types id ids length len size min max count limit policy rule rules \
     regex pattern format expire expires expired expiry expiration ttl timeout lifetime age header \
     param parameter params arg option options prompt input box form view page dialog button link \
     help error errors err exception invalid reset change changed confirm confirmation strength meter \
     validator validators validation verify check checker required enabled disabled flag mode identifier identifiers proof hash \
     hashed hasher hashers sha digest algorithm alg encoder encoding encrypted manager mgr service provider \
     store storage cache handler factory builder generator repository controller model entity dto \
     request response class interface impl spec mock version status state scope scopes audience issuer ref \
     reference arn index address addresses contract symbol specials chars characters charset \
     alphabet accessor attrs attributes filter stdin env environment prefix suffix column attribute icon tooltip visible visibility \
     warning warnings fingerprint thumbprint separator delimiter template templates scheme action actions intent event events ",
);

/// Words before the head which say that it is a secret of nobody.
const NOT_SECRET: WordList = WordList::new(
    " public publishable csrf xsrf csrfmiddleware antiforgery authenticity postman next page continuation pagination sync \
     cursor eos bos pad unk sep cls special stop lex lexer parse parser syntax prev previous peek \
     operator keyword punctuation cancellation idempotency idempotent symbol max min num total prompt completion design \
     color theme css primary foreign sort partition map object row range dictionary \
     property translation i18n locale registry shortcut hot arrow unique composite group routing \
     forgot forgotten reset invalid wrong incorrect missing enter show hide toggle is has no require \
     requires required after before validate check verify generate fetch load read parsed hash hashed encrypted request change \
     action checksum creation amz decode decrypt ",
);

/// The same for words that stand anywhere before the head.
const OF_NOBODY: WordList = WordList::new(" public preference preferences ");

/// Parts of a name between dots: `loc.input.label.keyPass` is a text that a page shows, `LABEL_PASSWORD` one that is
/// translated, `LABEL_STUDIO_PASSWORD` a setting.
const SHOWN: WordList = WordList::new(" label labels tooltip ");

/// `DB_PASSWORD`: what an environment file and a container's settings call a password.
pub(crate) fn is_setting(name: &[u8]) -> bool {
    name.contains(&b'_') && is_shouted(name)
}

/// A name as lower-case words; a row of digits is one.
pub(crate) fn words(name: &[u8]) -> Vec<Vec<u8>> {
    let mut words: Vec<Vec<u8>> = Vec::new();
    let mut word = Vec::new();
    let mut before = b'_';
    for (at, &byte) in name.iter().enumerate() {
        let after_is_lower = name.get(at + 1).is_some_and(u8::is_ascii_lowercase);
        let starts_word = byte.is_ascii_uppercase()
            && (before.is_ascii_lowercase() || (before.is_ascii_uppercase() && after_is_lower))
            || byte.is_ascii_digit() != before.is_ascii_digit();
        if !byte.is_ascii_alphanumeric() || starts_word {
            words.push(std::mem::take(&mut word));
        }
        if byte.is_ascii_alphanumeric() {
            word.push(byte.to_ascii_lowercase());
        }
        before = byte;
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    words
}

/// The last head of `heads` among the words: its first word and how many words it takes.
fn last_head(words: &[Vec<u8>], heads: WordList) -> Option<(usize, usize)> {
    (0..words.len()).rev().find_map(|first| {
        [2_usize, 1].into_iter().find_map(|taken| {
            let joined = words.get(first..first + taken)?.join(&b'_');
            heads.contains(&joined).then_some((first, taken))
        })
    })
}

/// The same for names whose words are run together: `dbpassword`, `mysecrettoken`.
fn run_together(words: &[Vec<u8>], heads: WordList) -> Option<(usize, usize)> {
    words.iter().enumerate().rev().find_map(|(at, word)| {
        let ends_in_head = heads
            .iter()
            .filter(|head| {
                head.len() >= 5 && word.len() > head.len() && word.len() <= head.len() + 12
            })
            .any(|head| {
                let before = word.strip_suffix(head);
                before.is_some_and(|before| !NOT_SECRET.contains(before))
            });
        ends_in_head.then_some((at, 1))
    })
}

fn name_ends_in(words: &[Vec<u8>], last: &[u8]) -> bool {
    words.last().is_some_and(|word| word == last)
}

/// Where in the words of a name a list's word stands: its first word, and how many it takes.
type FindWords = fn(&[Vec<u8>], WordList) -> Option<(usize, usize)>;

impl NameKind {
    /// What `name` promises; nothing when its value is no secret.
    pub(crate) fn of(name: &[u8]) -> Option<NameKind> {
        let words = words(name);
        let kinds = [
            (NameKind::Secret, SECRETS),
            (NameKind::Password, PASSWORDS),
            (NameKind::Weak, WEAK),
        ];
        let best = |find: FindWords| {
            kinds
                .iter()
                .filter_map(|(kind, heads)| {
                    find(&words, *heads).map(|(first, taken)| (first + taken, taken, *kind))
                })
                .max_by_key(|(end, taken, _)| (*end, *taken))
        };
        let (end, taken, kind) = best(last_head).or_else(|| best(run_together))?;
        let (before, after) = (words.get(..end - taken)?, words.get(end..)?);
        // `password_md5`; an `md` alone is a folder or a document.
        let is_md5 = |pair: &[Vec<u8>]| matches!(pair, [md, five] if md == b"md" && five == b"5");
        // What a form asks for a second time is the password itself.
        let is_repeated =
            kind == NameKind::Password && matches!(after, [only] if only == b"confirmation");
        let is_about = !is_repeated
            && (after.iter().any(|word| ABOUT.contains(word)) || after.windows(2).any(is_md5));
        // What tokens against forged requests are signed with is a secret, unlike them.
        let signs =
            |word: &[u8]| matches!(word, b"csrf" | b"xsrf") && name_ends_in(&words, b"secret");
        let is_of_nobody = before
            .last()
            .is_some_and(|word| NOT_SECRET.contains(word) && !signs(word))
            || before
                .iter()
                .any(|word| OF_NOBODY.contains(word))
            || name
                .rsplit(|byte| *byte == b'.')
                .skip(1)
                .any(|part| SHOWN.contains(&part.to_ascii_lowercase()))
            || matches!(before, [only] if SHOWN.contains(only))
            // `encrypted_github_access_token` is ciphertext; what opens an encrypted store is none.
            || (kind == NameKind::Secret && before.first().is_some_and(|word| word == b"encrypted"));
        let finds_something = kind == NameKind::Weak
            && before
                .last()
                .is_some_and(|word| NO_CREDENTIAL.contains(word));
        if is_about || is_of_nobody || finds_something {
            return None;
        }
        Some(if after.len() > 2 {
            NameKind::Weak
        } else {
            kind
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_secrets_are_told_from_names_about_them() {
        let kind = |name: &str| NameKind::of(name.as_bytes());
        for name in [
            "password",
            "DB_PASSWORD",
            "dbPassword",
            "spring.datasource.password",
            "userpass",
            "MYSQL_ROOT_PASSWORD",
            "pwd",
            "newPassword",
            "dbpassword",
            "password2",
            "ENCRYPTED_DISK_PASSWORD",
            "password_confirmation",
            "mysqlrootpwd",
        ] {
            assert_eq!(kind(name), Some(NameKind::Password), "{name}");
        }
        for name in [
            "api_key",
            "apiKey",
            "APIKEY",
            "client-secret",
            "access_token",
            "x-api-key",
            "JWT_SECRET",
            "secretKey",
            "authToken",
            "GITHUB_TOKEN",
            "aws_secret_access_key",
            "mytoken",
            "SECRET_KEY_BASE",
            "ebs_encrypted_volume_secret",
            "csrf_secret",
            "DUO_INTEGRATION_KEY",
        ] {
            assert_eq!(kind(name), Some(NameKind::Secret), "{name}");
        }
        for name in [
            "password_field",
            "token_url",
            "public_key",
            "secretName",
            "passwordHash",
            "key_id",
            "token_type",
            "csrf_token",
            "next_page_token",
            "passwordLength",
            "primary_key",
            "resetPassword",
            "username",
            "compass",
            "isPassword",
            "eksTokenPrefix",
            "X-Amz-Credential",
            "GET_PASSWORD_ACTION",
            "csrftoken",
            "authenticity_token",
            "encrypted_github_access_token",
            "root_password_sha2",
            "password_md5",
            "loc.input.label.keyPass",
            "NoP12PwdWarning",
            "PASSWORD_SHA256",
            "Template.userSecurity.afterPassword",
            "HTTPPasswordMgr",
            "DOVECOT_PASS_ATTRS",
            "Postman-Token",
            "decodePassword",
            "hono-service-password-impl",
            "encryptionKeyFingerprint",
            "password_confirmation_label",
            "FORGET_PASSWORD_TEMPLATE_CODE",
        ] {
            assert_eq!(kind(name), None, "{name}");
        }
    }

    #[test]
    fn keys_are_told_from_what_finds_or_names_something() {
        let kind = |name: &str| NameKind::of(name.as_bytes());
        for name in ["key", "SENTRY_KEY", "azure_devops_pat", "X-Acme-Key"] {
            assert_eq!(kind(name), Some(NameKind::Weak), "{name}");
        }
        for name in [
            "gpg_key",
            "CACHE_KEY",
            "docker_repo_key",
            "VAPID_PUBLIC_KEY",
        ] {
            assert_eq!(kind(name), None, "{name}");
        }
    }
}
