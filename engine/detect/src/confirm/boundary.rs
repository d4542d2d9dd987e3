//! What stands directly beside a match, so that it is not a cut-out of something longer.
//!
//! A letter before a match is no part of it when it belongs to an escape: `\nghp_…` in a JSON string, `%3Dghp_…` in a
//! URL, `=3Dghp_…` in quoted-printable mail, `ESC[31mghp_…` in a log with colours.

use leakward_core::Span;
use leakward_core::rule::Boundary;

use crate::byte_set::ByteSet;

/// Farthest that a boundary test reads before a match: an ANSI colour code such as `\x1b[38;2;255;255;255m`.
pub(crate) const READS_BEFORE: usize = 28;

/// Farthest that a boundary test reads after a match.
pub(crate) const READS_AFTER: usize = 2;

/// Whether `span` stands alone in `bytes` in the boundary's sense.
pub(crate) fn stands_alone(bytes: &[u8], span: Span, boundary: Boundary) -> bool {
    starts_alone(bytes, span.start, boundary) && ends_alone(bytes, span.end, boundary)
}

/// Whether nothing that belongs to a match stands directly before `start`.
pub(crate) fn starts_alone(bytes: &[u8], start: usize, boundary: Boundary) -> bool {
    let Some(&before) = start.checked_sub(1).and_then(|at| bytes.get(at)) else {
        return true;
    };
    match boundary {
        Boundary::None => true,
        Boundary::Word => !ByteSet::WORD.contains(before) || follows_escape(bytes, start),
        // An equals sign ends base64, so it cannot be the middle of a longer run: it is an assignment.
        Boundary::Base64 => {
            before == b'=' || !ByteSet::BASE64.contains(before) || follows_escape(bytes, start)
        }
    }
}

/// Whether nothing that belongs to a match stands directly after `end`.
pub(crate) fn ends_alone(bytes: &[u8], end: usize, boundary: Boundary) -> bool {
    let Some(&after) = bytes.get(end) else {
        return true;
    };
    match boundary {
        Boundary::None => true,
        Boundary::Word => !ByteSet::WORD.contains(after),
        // `=` before a line end is a soft line break of quoted-printable.
        Boundary::Base64 => {
            !ByteSet::BASE64.contains(after)
                || (after == b'=' && matches!(bytes.get(end + 1), Some(b'\r' | b'\n')))
        }
    }
}

/// Whether the bytes before `start` are an escape that stands for something which is no letter, digit or underscore.
pub(crate) fn follows_escape(bytes: &[u8], start: usize) -> bool {
    let before = bytes
        .get(start.saturating_sub(READS_BEFORE)..start)
        .unwrap_or_default();
    match before {
        [
            ..,
            b'\\',
            b'n' | b't' | b'r' | b'f' | b'v' | b'b' | b'a' | b'e' | b'0',
        ] => true,
        [.., b'\\', b'u' | b'U', b'0', b'0', high, low] | [.., b'\\', b'x' | b'X', high, low] => {
            stands_for_separator(*high, *low)
        }
        [.., b'%' | b'=', high, low] if stands_for_separator(*high, *low) => true,
        _ => ends_in_colour_code(before),
    }
}

/// Whether the two digits are the hexadecimal code of a character that separates.
fn stands_for_separator(high: u8, low: u8) -> bool {
    let digit = |byte: u8| (byte as char).to_digit(16);
    match (digit(high), digit(low)) {
        (Some(high), Some(low)) => u8::try_from(high * 16 + low)
            .is_ok_and(|byte| byte.is_ascii() && !ByteSet::WORD.contains(byte)),
        _ => false,
    }
}

/// Whether `before` ends in `ESC [ numbers m`, where ESC is the byte or one of its spellings (`\e`, `\033`, `\x1b`).
fn ends_in_colour_code(before: &[u8]) -> bool {
    let Some((b'm' | b'K', head)) = before.split_last() else {
        return false;
    };
    let numbers = head
        .iter()
        .rev()
        .take_while(|byte| byte.is_ascii_digit() || **byte == b';')
        .count();
    let head = head.get(..head.len() - numbers).unwrap_or_default();
    let Some((b'[', head)) = head.split_last() else {
        return false;
    };
    head.ends_with(b"\x1b") || head.ends_with(b"\\e") || head.ends_with(b"\\033") || {
        head.to_ascii_lowercase().ends_with(b"1b")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alone(before: &str, after: &str, boundary: Boundary) -> bool {
        let text = format!("{before}KEY{after}");
        stands_alone(
            text.as_bytes(),
            Span::new(before.len(), before.len() + 3),
            boundary,
        )
    }

    #[test]
    fn a_match_inside_of_a_word_does_not_stand_alone() {
        for (before, after) in [
            ("x", ""),
            ("_", ""),
            ("9", ""),
            ("", "x"),
            ("", "_"),
            ("", "0"),
        ] {
            assert!(!alone(before, after, Boundary::Word), "{before}|{after}");
        }
        for (before, after) in [("", ""), ("\"", "\""), ("=", ";"), ("/", "-"), ("é", "é")] {
            assert!(alone(before, after, Boundary::Word), "{before}|{after}");
        }
    }

    #[test]
    fn escapes_before_a_match_are_seen_as_what_they_stand_for() {
        for before in [
            "\\n",
            "\\t",
            "\\\\n",
            "\\u0022",
            "\\u003d",
            "\\x3D",
            "%3D",
            "%22",
            "%3a",
            "=3D",
            "\x1b[0m",
            "\x1b[38;5;196m",
            "\\e[1m",
            "\\033[0;31m",
            "\\x1b[0m",
            "\\u001b[0m",
        ] {
            assert!(alone(before, "", Boundary::Word), "{before}");
        }
        for before in ["\\u0041", "%41", "n", "u0022", "m", "[0m", "3D", "\\q"] {
            assert!(!alone(before, "", Boundary::Word), "{before}");
        }
    }

    #[test]
    fn base64_beside_a_match_makes_it_a_cut_out_but_an_assignment_does_not() {
        for (before, after) in [("/", ""), ("+", ""), ("", "/"), ("", "="), ("-", "")] {
            assert!(!alone(before, after, Boundary::Base64), "{before}|{after}");
        }
        for (before, after) in [("=", ""), (":", ","), ("", "=\n")] {
            assert!(alone(before, after, Boundary::Base64), "{before}|{after}");
        }
    }
}
