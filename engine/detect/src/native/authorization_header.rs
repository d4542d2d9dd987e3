//! The credential in an HTTP `Authorization` header: `Basic`, `Bearer`, `Token` and what else providers use; and a text that begins
//! with `Basic `, whatever it is given to.

use leakward_core::Span;

use crate::byte_set::ByteSet;
use crate::confirm::{Candidate, Runs};
use crate::decode::base64;
use crate::word_list::WordList;

/// Longest credential in a header; servers refuse more than 8 to 16 KiB of headers.
const LONGEST: usize = 8_192;

/// Shortest password that somebody has; `a:b` is a test's.
const SHORTEST: usize = 4;

/// How far before a hit and after it the detector reads.
pub(crate) const REACH: (usize, usize) = (32, LONGEST + 128);

/// Schemes that a credential follows, in any case.
const SCHEMES: WordList = WordList::new(" basic bearer token apikey api-key key ssws bot ");

/// What a credential in a header is made of.
const VALUE: ByteSet = ByteSet::ALNUM.with(b"-._~+/=:|!*$%{}<>()[]@#");

/// Looks at the word `Authorization`, or at a quote and `Basic `, at `hit`.
pub(crate) fn find(rule: usize, bytes: &[u8], hit: Span, runs: &mut Runs) -> Option<Candidate> {
    let found = bytes.get(hit.range())?;
    if found.ends_with(b" ") {
        let start = ByteSet::BLANK.run_end(bytes, hit.end, hit.end + 4);
        let scheme = Span::new(hit.start + 1, hit.end - 1);
        return after_scheme(rule, bytes, (hit.start, scheme), start, runs);
    }
    // `": "`, `=`, `', '`, `=>`, `](`, ` : ` …
    let joined = ByteSet::BLANK
        .with(b"\"'`:=,>()[]\\")
        .run_end(bytes, hit.end, hit.end + 16);
    let between = bytes.get(hit.end..joined)?;
    if !between.iter().any(|byte| b":=,".contains(byte)) {
        return None;
    }
    let joined = first_entry(bytes, joined);
    let word_end = ByteSet::ALNUM
        .with(b"-")
        .run_end(bytes, joined, joined + 16);
    let start = ByteSet::BLANK
        .with(b":=")
        .run_end(bytes, word_end, word_end + 4);
    if start == word_end {
        return None;
    }
    let scheme = Span::new(joined, word_end);
    after_scheme(rule, bytes, (hit.start, scheme), start, runs)
}

/// Where the first entry of YAML's list begins when a line ends at `at`, as recorded requests have it; else `at`.
fn first_entry(bytes: &[u8], at: usize) -> usize {
    /// LIMIT: how far a list is indented.
    const INDENT: usize = 32;
    let rest = bytes.get(at..).unwrap_or_default();
    let line = match rest {
        [b'\r', b'\n', ..] => at + 2,
        [b'\n', ..] => at + 1,
        _ => return at,
    };
    let dash = ByteSet::BLANK.run_end(bytes, line, line + INDENT);
    if bytes.get(dash..dash + 2) != Some(b"- ") {
        return at;
    }
    ByteSet::BLANK
        .with(b"\"'")
        .run_end(bytes, dash + 2, dash + 6)
}

/// Looks at what follows a scheme at `start`. Its name reaches from `named` to the end of the scheme.
fn after_scheme(
    rule: usize,
    bytes: &[u8],
    (named, scheme): (usize, Span),
    start: usize,
    runs: &mut Runs,
) -> Option<Candidate> {
    let name = Span::new(named, scheme.end);
    let scheme = bytes.get(scheme.range())?.to_ascii_lowercase();
    if !SCHEMES.contains(&scheme) {
        return None;
    }
    let end = runs.run_end(0, &VALUE, bytes, (start, start + LONGEST));
    if end - start < 4 || end - start >= LONGEST {
        return None;
    }
    let mut candidate = Candidate::new(rule, Span::new(start, end));
    candidate.name = Some(name);
    let text = bytes.get(start..end)?;
    if scheme == b"basic" {
        let (user, password) = user_and_password(text)?;
        let pair = [&*user, b":", &password].concat();
        let lower = password.to_ascii_lowercase();
        let is_sample = user == password
            || password.len() < SHORTEST
            || crate::judge::is_well_known(&lower)
            || crate::judge::is_called_secret(&lower)
            || crate::judge::is_known_pair(&pair)
            || crate::judge::placeholder_reason(&password).is_some()
            || crate::judge::is_name_of_secret(&password);
        let points = if is_sample { -40 } else { 20 };
        let words = if is_sample {
            "its password is a sample"
        } else {
            "it decodes to user and password"
        };
        candidate.evidence.push((points, words.into()));
    } else {
        candidate.expects = Some(super::NameKind::Secret);
        candidate
            .evidence
            .push((5, "it stands in an Authorization header".into()));
    }
    Some(candidate)
}

/// What the base64 of a Basic header says.
fn user_and_password(text: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let pair = base64::decode(text)?;
    let colon = pair.iter().position(|byte| *byte == b':')?;
    let (user, password) = (pair.get(..colon)?, pair.get(colon + 1..)?);
    let is_text = std::str::from_utf8(&pair).is_ok_and(|text| !text.chars().any(char::is_control));
    (is_text && !password.is_empty()).then(|| (user.to_vec(), password.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credential(text: &str) -> Option<String> {
        credential_at("authorization", text)
    }

    fn credential_at(literal: &str, text: &str) -> Option<String> {
        let at = text.to_ascii_lowercase().find(literal)?;
        let hit = Span::new(at, at + literal.len());
        let found = find(0, text.as_bytes(), hit, &mut Runs::default())?;
        Some(text[found.span.range()].to_owned())
    }

    #[test]
    fn what_begins_with_basic_is_a_header_when_it_decodes() {
        let at = |text: &str| credential_at("\"basic ", text);
        let pair = "dTpodW50ZXIy";
        for text in [
            format!("expect(header).toBe(\"Basic {pair}\")"),
            format!("x = \"basic  {pair}\";"),
        ] {
            assert_eq!(at(&text).as_deref(), Some(pair), "{text}");
        }
        for text in [
            "\"Basic usage\"",
            "\"Basic dTqA\"",
            "\"Basic \"",
            "\"Basic aGVsbG8=\"",
        ] {
            assert_eq!(at(text), None, "{text}");
        }
    }

    #[test]
    fn credentials_follow_their_scheme_in_every_notation() {
        for text in [
            "Authorization: Bearer abc123def",
            "-H \"authorization: bearer abc123def\"",
            "'Authorization': 'Bearer abc123def'",
            "headers[\"Authorization\"] = \"Bearer abc123def\"",
            "setHeader(\"Authorization\", \"token abc123def\")",
            "Authorization=Bearer abc123def",
            "Authorization:\n      - Bearer abc123def\n",
            "Authorization:\r\n- 'Bearer abc123def'\r\n",
        ] {
            assert_eq!(credential(text).as_deref(), Some("abc123def"), "{text}");
        }
        assert_eq!(
            credential("Authorization: Basic dTpodW50ZXIy").as_deref(),
            Some("dTpodW50ZXIy")
        );
    }

    #[test]
    fn other_uses_of_the_word_are_passed_over() {
        for text in [
            "Authorization required",
            "authorization: required",
            "Authorization: Basic realm",
            "class Authorization: Base",
            "Authorization: Bearer",
            "Authorization:\n  Bearer abc123def",
        ] {
            assert_eq!(credential(text), None, "{text}");
        }
    }
}
