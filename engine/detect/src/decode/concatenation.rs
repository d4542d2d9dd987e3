//! Texts in several literals: `"abc" + "def"`, `'abc' .⏎ 'def'`, and literals that stand one after the other.
//!
//! Only where the joint lies inside of something without blanks: most texts are taken apart between their words, and
//! nothing is lost there.

use std::ops::Range;

use super::encoding::Decoded;
use crate::byte_set::ByteSet;

/// LIMIT: longest single literal, and how many are joined.
const LITERAL: usize = 512;
const MOST: usize = 64;

/// LIMIT: how far before the first literal its line is taken in, for the name of what it is assigned to.
const NAME: usize = 120;

/// LIMIT: blanks and line breaks between two literals.
const GAP: usize = 160;

/// What tokens are made of.
const TOKEN: ByteSet = ByteSet::ALNUM.with(b"+/=_.:@!#$%^&*~-");

/// Joins the literals around the end of one at `quote`.
///
/// # Errors
/// There is nothing to join; which bytes say so.
pub(super) fn decode(bytes: &[u8], quote: usize) -> Result<Decoded, Range<usize>> {
    let floor = quote.saturating_sub(LITERAL);
    let read = floor.saturating_sub(NAME)..quote + GAP + LITERAL;
    let first = opening(bytes, quote, floor).ok_or_else(|| read.clone())?;
    let second = following(bytes, quote).ok_or_else(|| read.clone())?;
    if !is_inside_of_a_token(bytes, quote, second.start)
        || begins_with_its_name(bytes, second.clone())
    {
        return Err(read);
    }
    let mut decoded = Decoded::new(&["concatenation"]);
    let mut take = |range: Range<usize>| {
        for at in range {
            if let Some(byte) = bytes.get(at) {
                decoded.push(*byte, at, at + 1);
            }
        }
    };
    take(line_start(bytes, first)..quote);
    let mut next = second;
    for _ in 0..MOST {
        take(next.clone());
        match following(bytes, next.end) {
            Some(more) => next = more,
            None => break,
        }
    }
    take(next.end..next.end + 1);
    Ok(decoded)
}

/// Where the literal opens that `quote` closes: on the same line.
fn opening(bytes: &[u8], quote: usize, floor: usize) -> Option<usize> {
    let mark = *bytes.get(quote)?;
    let before = bytes.get(floor..quote)?;
    let at = before
        .iter()
        .rposition(|byte| *byte == mark || *byte == b'\n')?;
    (before.get(at) == Some(&mark)).then_some(floor + at)
}

/// The inside of the literal that follows the one that ends at `quote`.
fn following(bytes: &[u8], quote: usize) -> Option<Range<usize>> {
    let mark = *bytes.get(quote)?;
    let joint = ByteSet::SPACE.with(b"+.\\&");
    let gap_end = joint.run_end(bytes, quote + 1, quote + 1 + GAP);
    let gap = bytes.get(quote + 1..gap_end)?;
    let signs = gap.iter().filter(|byte| b"+.&".contains(byte)).count();
    // Letters before a literal say of which kind it is.
    let open = ByteSet::ALNUM.run_end(bytes, gap_end, gap_end + 2);
    let is_joint = signs == 1 || (signs == 0 && gap.contains(&b'\n'));
    if !is_joint || bytes.get(open) != Some(&mark) {
        return None;
    }
    let start = open + 1;
    let inside = bytes.get(start..(start + LITERAL).min(bytes.len()))?;
    let length = inside
        .iter()
        .position(|byte| *byte == mark || *byte == b'\n')?;
    (inside.get(length) == Some(&mark)).then_some(start..start + length)
}

/// Whether the bytes on both sides of the joint belong to one row of characters without blanks, long enough for a credential.
fn is_inside_of_a_token(bytes: &[u8], quote: usize, start: usize) -> bool {
    const SHORTEST: usize = 4;
    let before = TOKEN.run_start(bytes, quote, quote.saturating_sub(SHORTEST));
    let after = TOKEN.run_end(bytes, start, start + SHORTEST);
    quote - before == SHORTEST && after - start == SHORTEST
}

/// Whether a literal is the next argument of a command, which begins with its own name: `"A_PASSWORD=x" \⏎ "B_HOST=y"`.
fn begins_with_its_name(bytes: &[u8], literal: Range<usize>) -> bool {
    let name = ByteSet::WORD.run_end(bytes, literal.start, literal.end);
    let word = bytes.get(literal.start..name).unwrap_or_default();
    bytes.get(name) == Some(&b'=')
        && word.len() >= 3
        && word
            .iter()
            .all(|byte| byte.is_ascii_uppercase() || *byte == b'_')
}

fn line_start(bytes: &[u8], at: usize) -> usize {
    let floor = at.saturating_sub(NAME);
    bytes
        .get(floor..at)
        .and_then(|before| before.iter().rposition(|byte| *byte == b'\n'))
        .map_or(floor, |line| floor + line + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(text: &str, mark: &str) -> Option<String> {
        let at = text.find(mark)?;
        let decoded = decode(text.as_bytes(), at).ok()?;
        Some(String::from_utf8_lossy(&decoded.bytes).into_owned())
    }

    #[test]
    fn literals_are_joined_over_lines() {
        for (text, mark) in [
            ("x\nkey = \"abcd\" +\n    \"efgh\";", "\" +"),
            ("key = 'abcd' . 'efgh';", "' . "),
            ("key = (\"abcd\"\n       \"efgh\")", "\"\n"),
            ("key = \"abcd\" \\\n    f\"efgh\"", "\" \\"),
        ] {
            let joined = joined(text, mark).expect("a joint");
            assert!(joined.contains("abcdefgh") && joined.contains("key = "));
        }
        let text = "key = \"abcd\" + \"efgh\" +\n \"ij\"";
        let at = text.find("\" +").expect("a joint");
        let decoded = decode(text.as_bytes(), at).expect("joined");
        assert_eq!(decoded.bytes, b"key = \"abcdefghij\"");
        let original = decoded.original(leakward_core::Span::new(7, 17));
        assert_eq!(&text[original.range()], "abcd\" + \"efgh\" +\n \"ij");
    }

    #[test]
    fn sentences_and_lists_are_left_alone() {
        for (text, mark) in [
            ("say(\"one word \" +\n    \"and another\")", "\" +"),
            ("say(\"one word\" +\n    \" and another\")", "\" +"),
            ("[\"abcd\",\n    \"efgh\"]", "\",\n"),
            ("{\"abcd\": \"efgh\"\n    }", "\"\n"),
            ("env \"A_KEY=abcd\" \\\n    \"HOST=efgh\"", "\" \\"),
        ] {
            assert_eq!(joined(text, mark), None, "{text}");
        }
    }
}
