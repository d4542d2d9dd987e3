//! Passwords that calls take by position: `login("user", "…")`, `connect(host, user, "…")`, `auth=("user", "…")`.
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
     db2_connect odbc_connect ibase_connect connecttodatabase ",
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
    let (place, points) = place_of(&name)?;
    let arguments = arguments(bytes, hit.end)?;
    runs.count(arguments.last()?.end - hit.end);
    let span = literal(bytes, *arguments.get(place)?)?;
    let before = arguments.get(place - 1)?;
    if before.is_empty() || bytes.get(before.range())?.contains(&b'=') {
        return None;
    }
    let mut candidate = Candidate::new(rule, span);
    candidate.name = Some(Span::new(name_start, name_end));
    candidate.expects = Some(NameKind::Password);
    candidate.manner = Manner::Quoted;
    candidate.evidence.push((
        points,
        "it is the argument that the call takes a password in".into(),
    ));
    Some(candidate)
}

/// Which argument of a function is a password, and how much its name says.
fn place_of(name: &[u8]) -> Option<(usize, i32)> {
    if CREDENTIALS.contains(name) {
        Some((1, 5))
    } else if LOGINS.contains(name) {
        Some((1, -10))
    } else if CONNECTIONS.contains(name) {
        Some((2, -5))
    } else {
        None
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
