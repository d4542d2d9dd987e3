//! Private keys: whole PEM blocks (also with escaped line breaks, indented or quoted line by line), PuTTY files, PGP.
//!
//! The span is the whole block. The credential is the body's base64 without anything else, so that a key is the same
//! key in a file of its own, in a JSON string and in YAML.

use leakward_core::Span;
use memchr::memmem::find as find_text;

use crate::byte_set::ByteSet;
use crate::confirm::{Candidate, Runs};
use crate::decode::base64;
use crate::judge::checksum::private_key::{KeyBody, read};
use crate::judge::checksum::{Proof, pgp, putty as putty_file};

/// LIMIT: longest block; an RSA key of 16,384 bits takes 13 KiB.
const LONGEST: usize = 32 << 10;

/// Shortest body that is a key: an Ed25519 key in PKCS#8 takes 64 characters.
const SHORTEST_BODY: usize = 40;

/// How far before a hit and after it the detector reads.
pub(crate) const REACH: (usize, usize) = (32, LONGEST);

/// Looks at the `-----BEGIN` or `PuTTY-User-Key-File` at `hit`.
pub(crate) fn find(rule: usize, bytes: &[u8], hit: Span, runs: &mut Runs) -> Option<Candidate> {
    let window = bytes.get(hit.start..(hit.start + LONGEST).min(bytes.len()))?;
    if window.get(..5)?.eq_ignore_ascii_case(b"PuTTY") {
        return putty(rule, until_next(window), hit.start, runs);
    }
    let dashes = window.iter().take_while(|byte| **byte == b'-').count();
    let label_start = dashes + find_text(window.get(dashes..dashes + 16)?, b"BEGIN ")? + 6;
    let label_length = find_text(
        window.get(label_start..(label_start + 64).min(window.len()))?,
        b"---",
    )?;
    let label = window
        .get(label_start..label_start + label_length)?
        .trim_ascii();
    find_text(label, b"PRIVATE KEY")?;
    let body_start = label_start
        + label_length
        + window
            .get(label_start + label_length..)?
            .iter()
            .take_while(|byte| **byte == b'-')
            .count();
    let rest = window.get(body_start..)?;
    // A block inside of the block: this one has no end of its own. What follows the next one's beginning is not
    // read, so that beginnings without end cost no more than others.
    let next_begin = find_text(rest, b"BEGIN ").unwrap_or(rest.len());
    runs.count(body_start + next_begin);
    let end_mark = find_text(rest.get(..next_begin)?, b"-END ").map(|at| at + 1);
    let (body_end, block_end) = match end_mark {
        Some(at) => {
            let tail = rest.get(at + 4..)?;
            let label_end = find_text(tail.get(..tail.len().min(80))?, b"---").unwrap_or(0);
            let dashes = tail
                .get(label_end..)?
                .iter()
                .take_while(|byte| **byte == b'-')
                .count();
            let mark = rest
                .get(..at)?
                .iter()
                .rev()
                .take_while(|byte| **byte == b'-')
                .count();
            (at - mark, at + 4 + label_end + dashes)
        }
        None => {
            let end = unfinished_end(rest.get(..next_begin)?);
            (end, end)
        }
    };
    let (body, mut notes) = body_of(rest.get(..body_end)?);
    if find_text(label, b"PGP").is_some() {
        notes.armour = armour_of(rest.get(..body_end)?);
    }
    let mut candidate = Candidate::new(
        rule,
        Span::new(hit.start, hit.start + body_start + block_end),
    );
    judge_body(label, &body, notes, end_mark.is_some(), &mut candidate)?;
    candidate.secret = Some(body);
    Some(candidate)
}

/// Where the base64 of a block without an end mark ends.
fn unfinished_end(rest: &[u8]) -> usize {
    let body = ByteSet::BASE64.with(b"\\\r\n\t \"'+,");
    body.run_end(rest, 0, rest.len())
}

/// What the header lines of a block say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Notes {
    encrypted: bool,
    /// What the sum of PGP's armour says.
    armour: Option<Proof>,
}

/// What the sum of PGP's armour says about the block, however its lines are written.
fn armour_of(text: &[u8]) -> Option<Proof> {
    let lines: Vec<&[u8]> = lines(text).into_iter().map(strip_line).collect();
    Some(pgp::armour(&lines.join(&b'\n'))).filter(|proof| *proof != Proof::Silent)
}

/// The base64 digits of a body, without header lines, escapes, indentation, quotes and marks; and what headers say.
fn body_of(text: &[u8]) -> (Vec<u8>, Notes) {
    let mut notes = Notes::default();
    let mut body = Vec::with_capacity(text.len());
    for line in lines(text) {
        let line = strip_line(line);
        if find_text(line, b": ").is_some() || line.ends_with(b":") {
            notes.encrypted |=
                find_text(line, b"ENCRYPTED").is_some() || line.starts_with(b"DEK-Info");
            continue;
        }
        // The sum of PGP's armour stands on a line of its own.
        if line.starts_with(b"=") && line.len() == 5 {
            break;
        }
        body.extend(line.iter().filter(|byte| base64::digit(**byte).is_some()));
    }
    (body, notes)
}

/// Lines, whether broken by line breaks or by their escapes.
fn lines(text: &[u8]) -> Vec<&[u8]> {
    let mut lines = Vec::new();
    let (mut start, mut at) = (0, 0);
    while at < text.len() {
        let skipped = match text.get(at..).unwrap_or_default() {
            [b'\\', b'\\', b'n' | b'r', ..] => 3,
            [b'\\', b'n' | b'r', ..] => 2,
            [b'\n' | b'\r', ..] => 1,
            _ => {
                at += 1;
                continue;
            }
        };
        lines.push(text.get(start..at).unwrap_or_default());
        at += skipped;
        start = at;
    }
    lines.push(text.get(start..).unwrap_or_default());
    lines
}

/// A line without what source code and quotations put around it: indentation, quotes, concatenation, comment marks.
fn strip_line(line: &[u8]) -> &[u8] {
    let is_quote = |byte: &u8| b"\"'`".contains(byte);
    let line = if line.iter().any(is_quote) {
        // What stands outside of the quotes joins lines; no line of a key is shorter than four characters.
        let inner = line.split(is_quote).max_by_key(|part| part.len());
        inner
            .filter(|part| part.trim_ascii().len() >= 4)
            .unwrap_or_default()
    } else {
        line
    };
    let is_around = |byte: &&u8| b" \t,;\\#>*".contains(byte);
    let start = line.iter().take_while(is_around).count();
    let line = line.get(start..).unwrap_or_default();
    let end = line.iter().rev().take_while(is_around).count();
    line.get(..line.len() - end).unwrap_or_default()
}

/// Weighs the body of a block with that label.
fn judge_body(
    label: &[u8],
    body: &[u8],
    notes: Notes,
    has_end: bool,
    candidate: &mut Candidate,
) -> Option<()> {
    let mut note =
        |points: i32, words: &'static str| candidate.evidence.push((points, words.into()));
    if body.len() < SHORTEST_BODY {
        return None;
    }
    let is_pgp = find_text(label, b"PGP").is_some();
    let decoded =
        base64::decode(body).or_else(|| base64::decode(body.get(..body.len() - body.len() % 4)?));
    let kind = match decoded {
        // A packet with the tag of a secret key or subkey, old or new format.
        Some(bytes)
            if is_pgp
                && bytes
                    .first()
                    .is_some_and(|tag| matches!(tag, 0x94..=0x97 | 0xC5)) =>
        {
            KeyBody::Plain
        }
        Some(_) if is_pgp => KeyBody::Unreadable,
        Some(bytes) => read(&bytes),
        None => KeyBody::Unreadable,
    };
    let says_encrypted = notes.encrypted || label.starts_with(b"ENCRYPTED");
    match kind {
        KeyBody::Encrypted => note(15, "it is a readable key, encrypted with a passphrase"),
        _ if says_encrypted => note(-10, "the key is encrypted with a passphrase"),
        _ if notes.armour == Some(Proof::Fails) => {
            note(-20, "the sum of its armour does not hold");
        }
        KeyBody::Plain => note(50, "its body is a readable private key"),
        KeyBody::Unreadable if !has_end => note(-15, "the block is cut off and cannot be read"),
        KeyBody::Unreadable => note(-10, "its body cannot be read as a key"),
    }
    Some(())
}

/// The window up to where the next PuTTY key begins.
fn until_next(window: &[u8]) -> &[u8] {
    let next = window
        .get(1..)
        .and_then(|rest| find_text(rest, b"PuTTY-User-Key-File"));
    next.and_then(|at| window.get(..=at)).unwrap_or(window)
}

/// A PuTTY key file: `Private-Lines: n` and so many lines of base64.
fn putty(rule: usize, window: &[u8], start: usize, runs: &mut Runs) -> Option<Candidate> {
    runs.count(window.len());
    let at = find_text(window, b"Private-Lines:")?;
    let rest = window.get(at + 14..)?;
    let digits = rest.trim_ascii_start();
    let count_length = digits
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    let count: usize = std::str::from_utf8(digits.get(..count_length)?)
        .ok()?
        .parse()
        .ok()?;
    let lines_start = window.len() - digits.len() + count_length;
    let mut end = lines_start;
    let mut body = Vec::new();
    for line in lines(window.get(lines_start..)?)
        .into_iter()
        .filter(|line| !line.trim_ascii().is_empty())
        .take(count.min(512))
    {
        body.extend(line.iter().filter(|byte| base64::digit(**byte).is_some()));
        end = find_text(window.get(end..)?, line)? + end + line.len();
    }
    if body.len() < SHORTEST_BODY {
        return None;
    }
    let mut candidate = Candidate::new(rule, Span::new(start, start + end));
    let head = window.get(..at)?;
    let is_plain = find_text(head, b"Encryption: none").is_some();
    let (points, words) = match putty_file::test(&lines(window)) {
        Proof::Holds => (
            50,
            "it is a PuTTY key without passphrase, and its MAC holds",
        ),
        Proof::Fails => (-30, "its MAC does not hold, so that it is no whole key"),
        Proof::Silent if is_plain => (45, "it is a PuTTY key without passphrase"),
        Proof::Silent => (-10, "the key is encrypted with a passphrase"),
    };
    candidate.evidence.push((points, words.into()));
    candidate.secret = Some(body);
    Some(candidate)
}

#[cfg(test)]
mod tests {
    use ::base64::Engine as _;
    use ::base64::engine::general_purpose::STANDARD_NO_PAD;

    use super::*;

    /// A body that reads as an RSA key: a sequence of a version and a long integer.
    fn body() -> String {
        let content: Vec<u8> = [&[2, 1, 0, 2, 0x40][..], &[7; 0x40]].concat();
        let der = [&[0x30, u8::try_from(content.len()).unwrap()][..], &content].concat();
        STANDARD_NO_PAD.encode(&der)
    }

    fn found(text: &str) -> Option<(String, String, i32)> {
        let at = text.find("-----BEGIN").or_else(|| text.find("PuTTY"))?;
        let candidate = find(
            0,
            text.as_bytes(),
            Span::new(at, at + 5),
            &mut Runs::default(),
        )?;
        let points = candidate.evidence.iter().map(|(points, _)| points).sum();
        Some((
            text[candidate.span.range()].to_owned(),
            String::from_utf8(candidate.secret?).unwrap(),
            points,
        ))
    }

    fn block(separator: &str) -> String {
        let body = body();
        let (first, second) = body.split_at(64);
        [
            "-----BEGIN RSA PRIVATE",
            " KEY-----",
            separator,
            first,
            separator,
            second,
            separator,
            "-----END RSA PRIVATE",
            " KEY-----",
        ]
        .concat()
    }

    #[test]
    fn one_key_is_the_same_in_every_notation() {
        for separator in ["\n", "\r\n", "\\n", "\\\\n", "\n    ", "\\n\" +\n  \""] {
            let text = format!("key = \"{}\" # after", block(separator));
            let (span, secret, points) = found(&text).expect(separator);
            assert_eq!(span, block(separator), "{separator:?}");
            assert_eq!(secret, body(), "{separator:?}");
            assert!(points > 0, "{separator:?}");
        }
    }

    #[test]
    fn encrypted_and_unreadable_keys_are_worth_less() {
        let text = block("\n").replacen(
            "KEY-----\n",
            "KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES,00\n\n",
            1,
        );
        let (_, secret, points) = found(&text).expect("a key");
        assert_eq!(secret, body());
        assert!(points < 0);
        assert!(found(&block("\n").replace("MEU", "AAA")).is_some_and(|(_, _, points)| points < 0));
    }

    #[test]
    fn public_keys_and_bare_headers_are_passed_over() {
        assert_eq!(found(&block("\n").replace("PRIVATE", "PUBLIC")), None);
        assert_eq!(found("if line == \"-----BEGIN PRIVATE KEY-----\" {"), None);
        assert_eq!(
            found("-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----"),
            None
        );
    }

    #[test]
    fn putty_keys_are_found_with_their_lines() {
        let body = body();
        let text = format!(
            "PuTTY-User-Key-File-2: ssh-rsa\nEncryption: none\nComment: x\nPublic-Lines: 1\nAAAA\nPrivate-Lines: 1\n{body}\n"
        );
        let (span, secret, points) = found(&text).expect("a key");
        assert!(span.ends_with(&body));
        assert_eq!(secret, body);
        assert!(points > 0);
    }
}
