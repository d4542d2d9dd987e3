//! The text of mails, of one or of a mailbox full of them, with the soft line ends and the `=3D` of quoted-printable undone:
//! a long token is otherwise cut in two. (Base64 is undone wherever it stands.)
//!
//! Parts are not told apart: what is no quoted-printable has hardly anything in it that looks like it.
//!
//! Format: RFC 2045, section 6.7.

use memchr::memmem;

/// How a mail, or a mailbox, begins.
const BEGINNINGS: [&[u8]; 9] = [
    b"From ",
    b"From: ",
    b"Return-Path:",
    b"Received:",
    b"Delivered-To:",
    b"MIME-Version:",
    b"Message-ID:",
    b"Content-Type: multipart/",
    b"X-",
];

/// Whether these first bytes are those of a mail: a header, and another one within them.
pub(crate) fn is_mail(head: &[u8]) -> bool {
    let has = |name: &[u8]| memmem::find(head, name).is_some();
    BEGINNINGS
        .iter()
        .any(|beginning| head.starts_with(beginning))
        && (has(b"\nFrom: ")
            || has(b"\nSubject: ")
            || has(b"\nMIME-Version:")
            || has(b"\nReceived:"))
}

/// The text with quoted-printable undone; nothing when there is none in it.
pub(crate) fn text(mail: &[u8]) -> Option<Vec<u8>> {
    memmem::find(mail, b"quoted-printable")?;
    let mut text = Vec::with_capacity(mail.len());
    let mut rest = mail;
    while let Some(at) = memchr::memchr(b'=', rest) {
        let (before, after) = rest.split_at_checked(at)?;
        text.extend_from_slice(before);
        rest = match after {
            [b'=', b'\r', b'\n', rest @ ..] | [b'=', b'\n', rest @ ..] => rest,
            [b'=', high, low, rest @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                let digit = |byte: &u8| char::from(*byte).to_digit(16).unwrap_or(0) as u8;
                text.push(digit(high) << 4 | digit(low));
                rest
            }
            _ => {
                text.push(b'=');
                after.get(1..).unwrap_or_default()
            }
        };
    }
    text.extend_from_slice(rest);
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn soft_line_ends_and_escapes_are_undone_and_nothing_else() {
        let mail = b"From: a\nSubject: b\nContent-Transfer-Encoding: quoted-printable\n\nto=\r\nken=3Dx=y=\nz";
        assert!(is_mail(mail));
        assert!(text(mail).unwrap().ends_with(b"\n\ntoken=x=yz"));
        assert_eq!(text(b"From: a\nSubject: b\n\nx=3D"), None);
    }

    #[test]
    fn what_only_begins_like_a_mail_is_none() {
        assert!(!is_mail(b"From here on it is text\nand more text"));
        assert!(!is_mail(b"X-axis,Y-axis\n1,2\n"));
    }
}
