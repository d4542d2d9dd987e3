//! The password in a URL: `scheme://user:password@host`.
//!
//! The user may be empty (`redis://:password@host`), the password may hold anything but white space, quotes and
//! brackets; it ends at the last `@` before the path.

use leakward_core::Span;

use crate::byte_set::ByteSet;
use crate::confirm::{Candidate, Runs};
use crate::judge::is_shouted;
use crate::word_list::WordList;

/// Longest scheme, and longest user and password together.
const SCHEME: usize = 32;
const AUTHORITY: usize = 512;

/// Shorter passwords are those of tests of URLs.
const SHORT: usize = 3;

/// How far before a hit and after it the detector reads.
pub(crate) const REACH: (usize, usize) = (SCHEME, AUTHORITY + 256);

/// What a user, an empty user's colon or a template can begin with.
pub(crate) const NEXT: ByteSet = ByteSet::WORD.with(b":%$-.~{+<[").with_range(0x80, 0xFF);

/// What ends an authority, apart from a path. Templates hold braces.
const END: ByteSet = ByteSet::SPACE
    .with(b"\"'`<>\\^|\0")
    .with_range(0, 31)
    .with(b"\x7f");

/// Users and passwords of samples.
const SAMPLES: WordList = WordList::new(
    " user username password pass passwd pwd secret foo bar test admin root guest x login mypassword mypass \
     unused token ",
);

/// Hosts that samples use, and names under which only the own machine or the next container is reached.
const SAMPLE_HOSTS: WordList = WordList::new(
    " example.com example.org example.net .example .test .invalid example.local hostname ",
);

const LOCAL_HOSTS: WordList = WordList::new(
    " localhost 127.0.0.1 [::1] 0.0.0.0 host.docker.internal db redis postgres mysql mongo mongodb \
     rabbitmq host proxy ",
);

/// Looks at the `://` in `hit`.
pub(crate) fn find(rule: usize, bytes: &[u8], hit: Span, runs: &mut Runs) -> Option<Candidate> {
    // Rules of one kind of URL have the scheme in their literal.
    let colon = memchr::memmem::find(bytes.get(hit.range())?, b"://")?;
    let scheme_end = hit.start + colon;
    let scheme_start =
        ByteSet::ALNUM
            .with(b"+.-")
            .run_start(bytes, scheme_end, scheme_end.saturating_sub(SCHEME));
    let scheme = bytes.get(scheme_start..scheme_end)?;
    if scheme.len() < 2 || !scheme.iter().any(u8::is_ascii_alphabetic) {
        return None;
    }
    let rest = bytes.get(hit.end..(hit.end + AUTHORITY).min(bytes.len()))?;
    // The path is of no interest; so the next URL of many is not read again and again.
    let length = rest
        .iter()
        .position(|byte| END.contains(*byte) || b"/?#".contains(byte))
        .unwrap_or(rest.len());
    runs.count(scheme.len() + length);
    let text = rest.get(..length)?;
    // Before the path, the last `@` ends the user's part.
    let at = text.iter().rposition(|byte| *byte == b'@')?;
    let user_info = text.get(..at)?;
    let colon = user_info.iter().position(|byte| *byte == b':')?;
    let (user, password) = (user_info.get(..colon)?, user_info.get(colon + 1..)?);
    if password.is_empty() || user.contains(&b'/') || user.contains(&b'@') {
        return None;
    }
    // `http://host.acme.io:9003@other.acme.io`: a port, before what was put behind an address.
    if user.contains(&b'.') && password.len() <= 5 && password.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let start = hit.end + colon + 1;
    let mut candidate = Candidate::new(rule, Span::new(start, start + password.len()));
    let decoded = undo_percent(password);
    if decoded != password {
        candidate.secret = Some(decoded);
    }
    candidate.name = Some(Span::new(hit.end, hit.end + colon));
    let host = host_of(text.get(at + 1..)?);
    weigh(scheme, (user, password), host, &mut candidate);
    Some(candidate)
}

fn host_of(rest: &[u8]) -> &[u8] {
    let end = rest
        .iter()
        .position(|byte| b"/?#,;)".contains(byte))
        .unwrap_or(rest.len());
    rest.get(..end).unwrap_or_default()
}

fn weigh(scheme: &[u8], (user, password): (&[u8], &[u8]), host: &[u8], candidate: &mut Candidate) {
    let mut note =
        |points: i32, words: &'static str| candidate.evidence.push((points, words.into()));
    note(15, "it is the password in a URL");
    let name = host
        .split(|byte| *byte == b':')
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    if SAMPLE_HOSTS.iter().any(|sample| name.ends_with(sample)) || name.starts_with(b"fake-") {
        note(-40, "the host is a sample");
    } else if LOCAL_HOSTS.contains(&name) {
        note(-15, "the host is local");
    }
    if password.len() < SHORT {
        note(-30, "it is short");
    }
    let is_sample = |text: &[u8]| SAMPLES.contains(&text.to_ascii_lowercase());
    let is_name = |text: &[u8]| {
        text.len() >= 3
            && text.iter().any(u8::is_ascii_uppercase)
            && is_shouted(text)
            && !text.iter().any(u8::is_ascii_digit)
    };
    if is_name(user) && is_name(password) {
        note(-60, "user and password are names in capitals");
    } else if user == password {
        note(-40, "user and password are equal");
    } else if is_sample(user) && is_sample(password) {
        note(-50, "user and password are samples");
    } else if is_sample(password) {
        note(-40, "the password is a sample");
    }
    if host.is_empty()
        || scheme.eq_ignore_ascii_case(b"scheme")
        || scheme.eq_ignore_ascii_case(b"protocol")
    {
        note(-40, "there is no host");
    }
}

/// The text with `%XX` undone.
fn undo_percent(text: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, tail)) = rest.split_first() {
        let digit = |byte: u8| {
            (byte as char)
                .to_digit(16)
                .and_then(|value| u8::try_from(value).ok())
        };
        if let [b'%', high, low, after @ ..] = rest
            && let (Some(high), Some(low)) = (digit(*high), digit(*low))
        {
            plain.push(high << 4 | low);
            rest = after;
        } else {
            plain.push(byte);
            rest = tail;
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn password(text: &str) -> Option<String> {
        let at = text.find("://")?;
        let found = find(
            0,
            text.as_bytes(),
            Span::new(at, at + 3),
            &mut Runs::default(),
        )?;
        Some(text[found.span.range()].to_owned())
    }

    #[test]
    fn passwords_are_found_in_urls_of_all_kinds() {
        assert_eq!(
            password("postgres://u:hunter2@db.acme.io/x").as_deref(),
            Some("hunter2")
        );
        assert_eq!(
            password("redis://:hunter2@cache:6379").as_deref(),
            Some("hunter2")
        );
        assert_eq!(
            password("https://u:p%40ss@host.acme.io").as_deref(),
            Some("p%40ss")
        );
        assert_eq!(password("http://client1.acme.io:9003@acme.io"), None);
        assert_eq!(password("amqp://u:p@ss@host").as_deref(), Some("p@ss"));
        assert_eq!(
            password("\"mongodb+srv://u:hunter2@c.acme.io\"").as_deref(),
            Some("hunter2")
        );
    }

    #[test]
    fn a_literal_may_hold_the_scheme() {
        let text = b"x = postgres://u:hunter2@db.acme.io/x";
        let found = find(0, text, Span::new(4, 15), &mut Runs::default());
        assert_eq!(&text[found.unwrap().span.range()], b"hunter2");
    }

    #[test]
    fn urls_without_a_password_are_passed_over() {
        for text in [
            "https://host/a:b@c",
            "https://u@host",
            "https://host:8080/@x",
            "http://host",
            "://u:p@h",
            "https://u:@host",
            "x = a ? b://c",
        ] {
            assert_eq!(password(text), None, "{text}");
        }
    }
}
