//! Passwords and keys that calls take by position: `login("user", "…")`, `connect(host, user, "…")`, `auth=("user", "…")`,
//! `jwt.sign(claims, "…")`, `TOTP("…")`, and both halves of what becomes a Basic header: `btoa("user:…")`.
//!
//! The function's name says which argument it is. Arguments that are no literal text, or that have a name of their own
//! (`password="…"`), are of no interest here.

use leakward_core::Span;

use super::NameKind;
use crate::byte_set::ByteSet;
use crate::confirm::{Candidate, Runs};
use crate::detection::Manner;
use crate::word_list::WordList;

/// LIMIT: longest name of a function, and how far its arguments are read.
const NAME: usize = 48;
const ARGUMENTS: usize = 400;

/// LIMIT: arguments that are read.
const MOST: usize = 6;

/// How far before a hit and after it the detector reads.
pub(crate) const REACH: (usize, usize) = (NAME + 2, ARGUMENTS + 32);

/// What the first argument can begin with.
pub(crate) const NEXT: ByteSet = ByteSet::WORD.with(b"\"'`@$&:(\r\n \t[*<-");

/// Functions whose second argument is nothing but a password.
const CREDENTIALS: WordList = WordList::new(
    " httpbasicauth httpdigestauth basicauth setbasicauth withbasicauth httpbasicauthentication \
     basicauthentication passwordauthentication usernamepasswordcredentials networkcredential \
     usernamepasswordauthenticationtoken usernamepasswordcredential plaincredentials passwordcredentials \
     credentials.basic requestbasicauth basiccredentials ",
);

/// Functions whose second argument often is one.
const LOGINS: WordList = WordList::new(
    " login signin log_in sign_in logon auth authenticate basic_auth credentials setcredentials \
     withcredentials basic set_password change_password changepassword check_password createuser \
     create_user adduser add_user auth_basic http_basic_auth basic_authorize auth_password ",
);

/// Functions that take a host or a handle, a user and a password.
const CONNECTIONS: WordList = WordList::new(
    " connect mysqli pdo getconnection mysql_connect mysql_pconnect mysqli_connect mysqli_real_connect \
     real_connect ldap_bind ftp_login imap_open ssh2_auth_password pconnect oci_connect sqlsrv_connect \
     db2_connect odbc_connect ibase_connect connecttodatabase directoryentry sequelize ",
);

/// Functions that take a key, with what they are called on, and which argument it is.
const KEYS: &[(&[u8], usize)] = &[
    (b"jwt.sign(", 1),
    (b"jwt.encode(", 1),
    (b"jwt.verify(", 1),
    (b"jwt.decode(", 1),
    (b"jwt::encode(", 1),
    (b"jwt::decode(", 1),
    (b"hmac256(", 0),
    (b"hmac512(", 0),
    (b"hmac.new(", 0),
    (b"createhmac(", 1),
    (b"createcipheriv(", 1),
    (b"createdecipheriv(", 1),
    (b"hash_hmac(", 2),
    (b"openssl_encrypt(", 2),
    (b"openssl_decrypt(", 2),
    (b"secretkeyspec(", 0),
    (b"newcipher(", 0),
    (b"aes.new(", 0),
    (b"fernet(", 0),
    (b"totp(", 0),
    (b"totp.new(", 0),
    (b"hotp(", 0),
    (b"hotp.new(", 0),
    (b"cookieparser(", 0),
    (b"setsigningkey(", 0),
    (b"signwith(", 1),
    (b"symmetricsecuritykey(", 0),
];

/// Functions that make a Basic header's base64 of `user:password`.
const ENCODERS: WordList = WordList::new(
    " btoa b64encode base64_encode strict_encode64 encode64 base64encode urlsafe_b64encode ",
);

/// Looks at the beginning of a call that `hit` holds: a name's end and an opening bracket.
pub(crate) fn find(rule: usize, bytes: &[u8], hit: Span, runs: &mut Runs) -> Option<Candidate> {
    let text = bytes.get(hit.range())?;
    let word = text
        .iter()
        .take_while(|byte| ByteSet::WORD.contains(**byte))
        .count();
    let name_end = hit.start + word;
    let name_start = ByteSet::WORD.run_start(bytes, hit.start, hit.start.saturating_sub(NAME));
    let name = bytes.get(name_start..name_end)?.to_ascii_lowercase();
    let (takes, place, points) = place_of(&name, &text.to_ascii_lowercase())?;
    let arguments = arguments(bytes, hit.end)?;
    runs.count(arguments.last()?.end - hit.end);
    let argument = *arguments.get(place)?;
    let span = match takes {
        Takes::Password => literal(bytes, argument)?,
        Takes::Key => literal(bytes, handed_on(bytes, argument))?,
        Takes::Pair => password_of(bytes, literal(bytes, handed_on(bytes, argument))?)?,
    };
    if let Some(before) = place.checked_sub(1) {
        let before = arguments.get(before)?;
        if before.is_empty() || bytes.get(before.range())?.contains(&b'=') {
            return None;
        }
    }
    let mut candidate = Candidate::new(rule, span);
    candidate.name = Some(Span::new(name_start, name_end));
    let (expects, words) = match takes {
        Takes::Key => (
            NameKind::Secret,
            "it is the argument that the call takes a key in",
        ),
        Takes::Password => (
            NameKind::Password,
            "it is the argument that the call takes a password in",
        ),
        Takes::Pair => (
            NameKind::Password,
            "a user and a password are encoded there",
        ),
    };
    candidate.expects = Some(expects);
    candidate.manner = Manner::Quoted;
    candidate.evidence.push((points, words.into()));
    Some(candidate)
}

/// What a call takes.
#[derive(Clone, Copy)]
enum Takes {
    Password,
    Key,
    /// `user:password`.
    Pair,
}

/// The text that an argument is made from: `"…".getBytes()`, `b"…".encode("utf-8")`, `[]byte("…")`, `Buffer.from("…", "hex")`.
fn handed_on(bytes: &[u8], argument: Span) -> Span {
    let text = bytes.get(argument.range()).unwrap_or_default();
    let Some(open) = text.iter().position(|byte| b"\"'`".contains(byte)) else {
        return argument;
    };
    let (before, rest) = text.split_at(open);
    let Some(length) = rest
        .split_first()
        .and_then(|(quote, inner)| inner.iter().position(|byte| byte == quote))
    else {
        return argument;
    };
    let after = rest.get(length + 2..).unwrap_or_default();
    let is_method = before.len() <= 2 && after.starts_with(b".");
    let is_call = before.ends_with(b"(") && (after.starts_with(b")") || after.starts_with(b","));
    if !(is_method || is_call) {
        return argument;
    }
    let start = argument.start + open;
    Span::new(start, start + length + 2)
}

/// The password behind the user of a text such as `user:password`.
fn password_of(bytes: &[u8], pair: Span) -> Option<Span> {
    let text = bytes.get(pair.range())?;
    let colon = memchr::memchr(b':', text)?;
    let is_user = |byte: &u8| byte.is_ascii_alphanumeric() || b"._-@+".contains(byte);
    let (user, password) = (text.get(..colon)?, text.get(colon + 1..)?);
    (!user.is_empty() && user.iter().all(is_user) && !password.is_empty())
        .then(|| Span::new(pair.start + colon + 1, pair.end))
}

/// What a function takes, in which argument, and how much its name says; `call` is the literal with its bracket.
fn place_of(name: &[u8], call: &[u8]) -> Option<(Takes, usize, i32)> {
    if CREDENTIALS.contains(name) {
        Some((Takes::Password, 1, 5))
    } else if LOGINS.contains(name) {
        Some((Takes::Password, 1, -10))
    } else if CONNECTIONS.contains(name) {
        Some((Takes::Password, 2, -5))
    } else if ENCODERS.contains(name) {
        Some((Takes::Pair, 0, 0))
    } else {
        // The literal is all of the name: `mytotp(` is another function.
        let is_name = name.len() < call.len() || call.contains(&b'.');
        let (_, place) = KEYS.iter().find(|(key, _)| is_name && *key == call)?;
        Some((Takes::Key, *place, 0))
    }
}

/// The arguments from the opening bracket on, up to the closing one.
fn arguments(bytes: &[u8], from: usize) -> Option<Vec<Span>> {
    let text = bytes.get(from..(from + ARGUMENTS).min(bytes.len()))?;
    let mut arguments = Vec::new();
    let (mut depth, mut start, mut quote, mut is_escaped) = (0_usize, 0, None, false);
    for (at, &byte) in text.iter().enumerate() {
        match (quote, byte) {
            _ if is_escaped => is_escaped = false,
            (Some(_), b'\\') => is_escaped = true,
            (Some(open), _) if byte == open => quote = None,
            (Some(_), b'\n') => return None,
            (Some(_), _) => {}
            (None, b'"' | b'\'' | b'`') => quote = Some(byte),
            (None, b'(' | b'[' | b'{') => depth += 1,
            (None, b')' | b']' | b'}') if depth > 0 => depth -= 1,
            (None, b')') => {
                arguments.push(trimmed(text, start, at, from));
                return Some(arguments);
            }
            (None, b',') if depth == 0 => {
                arguments.push(trimmed(text, start, at, from));
                start = at + 1;
                if arguments.len() >= MOST {
                    return Some(arguments);
                }
            }
            (None, b';' | b'}' | b']') => return None,
            _ => {}
        }
    }
    None
}

fn trimmed(text: &[u8], start: usize, end: usize, offset: usize) -> Span {
    let argument = text.get(start..end).unwrap_or_default();
    let first = argument.len() - argument.trim_ascii_start().len();
    let length = argument.trim_ascii().len();
    Span::new(offset + start + first, offset + start + first + length)
}

/// The text of an argument that is one literal and nothing else.
fn literal(bytes: &[u8], argument: Span) -> Option<Span> {
    let text = bytes.get(argument.range())?;
    let prefix = text
        .iter()
        .take_while(|byte| byte.is_ascii_alphabetic() || b"@&".contains(byte))
        .count();
    let quote = *text.get(prefix)?;
    if prefix > 2 || !b"\"'`".contains(&quote) || text.len() < prefix + 3 {
        return None;
    }
    let inner = text.get(prefix + 1..text.len() - 1)?;
    (text.last() == Some(&quote) && !inner.contains(&quote))
        .then(|| Span::new(argument.start + prefix + 1, argument.end - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn password(text: &str, literal: &str) -> Option<String> {
        let at = text.find(literal)?;
        let hit = Span::new(at, at + literal.len());
        let found = find(0, text.as_bytes(), hit, &mut Runs::default())?;
        Some(text[found.span.range()].to_owned())
    }

    #[test]
    fn passwords_are_found_by_their_place() {
        for (text, literal) in [
            ("smtp.login(\"ops\", \"hunter2\")", "login("),
            ("auth=('ops', 'hunter2')", "auth=("),
            ("new HTTPBasicAuth(user, \"hunter2\");", "Auth("),
            ("connect(\"db1\", \"ops\", \"hunter2\")", "connect("),
            ("new mysqli($host, 'ops', 'hunter2', 'shop');", "mysqli("),
            ("login(f(a, b),\n  @\"hunter2\")", "login("),
        ] {
            assert_eq!(
                password(text, literal).as_deref(),
                Some("hunter2"),
                "{text}"
            );
        }
    }

    #[test]
    fn keys_are_found_by_their_place() {
        for (text, literal) in [
            ("jwt.sign({ id }, 'hunter2', { expiresIn: 1 })", "jwt.sign("),
            (
                "jwt.encode(claims, \"hunter2\", algorithm=\"HS256\")",
                "jwt.encode(",
            ),
            (
                "new SecretKeySpec(\"hunter2\".getBytes(UTF_8), \"AES\")",
                "SecretKeySpec(",
            ),
            ("aes.NewCipher([]byte(\"hunter2\"))", "NewCipher("),
            (
                "crypto.createHmac('sha256', Buffer.from('hunter2', 'hex'))",
                "createHmac(",
            ),
            ("Fernet(b'hunter2')", "Fernet("),
            ("ROTP::TOTP.new('hunter2', issuer: 'x')", "TOTP.new("),
            (
                "new SymmetricSecurityKey(Encoding.UTF8.GetBytes(\"hunter2\"))",
                "SymmetricSecurityKey(",
            ),
            ("hmac.new(b\"hunter2\", body, hashlib.sha256)", "hmac.new("),
        ] {
            assert_eq!(
                password(text, literal).as_deref(),
                Some("hunter2"),
                "{text}"
            );
        }
        for (text, literal) in [
            ("jwt.sign(claims, process.env.SECRET)", "jwt.sign("),
            ("mytotp('hunter2')", "totp("),
            (
                "new SecretKeySpec(decode(\"a\" + b), \"AES\")",
                "SecretKeySpec(",
            ),
        ] {
            assert_eq!(password(text, literal), None, "{text}");
        }
    }

    #[test]
    fn what_becomes_a_header_is_a_user_and_a_password() {
        for (text, literal) in [
            ("'Basic ' + btoa('ops:hunter2')", "btoa("),
            ("base64.b64encode(b'ops:hunter2').decode()", "b64encode("),
            (
                "Base64.strict_encode64(\"ops@example.com:hunter2\")",
                "encode64(",
            ),
        ] {
            assert_eq!(
                password(text, literal).as_deref(),
                Some("hunter2"),
                "{text}"
            );
        }
        for text in [
            "btoa('hunter2')",
            "btoa(user + ':' + password)",
            "btoa('{\"a\": 1}')",
        ] {
            assert_eq!(password(text, "btoa("), None, "{text}");
        }
    }

    #[test]
    fn other_calls_and_arguments_are_passed_over() {
        for (text, literal) in [
            ("login(\"ops\", password)", "login("),
            ("login(\"hunter2\")", "login("),
            ("prologin(\"a\", \"b\")", "login("),
            ("login(user=\"ops\", password=\"hunter2\")", "login("),
            ("login(\"ops\", prompt(\"Password\"))", "login("),
            ("login(\"ops\", \"a\" + b)", "login("),
            ("login(\"ops\", \"hunter2\"", "login("),
            ("disconnect(\"a\", \"b\", \"hunter2\")", "connect("),
        ] {
            assert_eq!(password(text, literal), None, "{text}");
        }
    }
}
