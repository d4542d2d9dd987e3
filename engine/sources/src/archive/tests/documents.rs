//! Documents, databases and compiled modules that somebody made to hurt or to hide. Not for archives of files.

use super::*;

#[test]
fn the_text_of_a_document_is_read_and_an_encrypted_one_is_told() {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(b"BT [(to) -12 (ken)] TJ ET").unwrap();
    let stream = encoder.finish().unwrap();
    let document = [
        b"%PDF-1.7\n4 0 obj << /Filter /FlateDecode >>\nstream\n",
        stream.as_slice(),
        b"\nendstream endobj trailer << >>",
    ]
    .concat();
    assert_eq!(open(&document).content("stream 0"), b"token");
    assert_eq!(open(&gzip(&document)).content("stream 0"), b"token");
    let locked = [&document, &b"/Encrypt 5 0 R"[..]].concat();
    assert!(open(&locked).skipped_as(SkippedKind::Unsupported, "encrypted"));
}

/// Its text begins as it does, and was opened again up to the limit of depth.
#[test]
fn the_text_of_a_mail_is_no_mail() {
    let mail = b"From: a\nSubject: b\nContent-Transfer-Encoding: quoted-printable\n\nto=\nken=3Dx";
    for (bytes, path) in [(mail.to_vec(), "text"), (gzip(mail), "text")] {
        let seen = open(&bytes);
        let texts = seen.paths().into_iter();
        let texts: Vec<_> = texts.filter(|path| path.contains("text")).collect();
        assert!(texts == [path], "{texts:?}");
        assert!(seen.content(texts[0]).ends_with(b"\n\ntoken=x"));
        assert!(seen.skipped.is_empty(), "{:?}", seen.skipped);
    }
}

/// Before the marks were looked at one after the other, each was searched for its end: half an hour for these.
#[test]
fn marks_of_streams_without_an_end_are_gone_through_once() {
    let document = [b"%PDF-1.7\n".as_slice(), &b"stream\n".repeat(2 << 20)].concat();
    let seen = open(&document);
    assert!(seen.members.is_empty() && seen.skipped.is_empty());
}

/// A database of two pages. All cells of the second one are at one place, where a row of a text is.
fn database(cells: u16, text: &[u8]) -> Vec<u8> {
    const PAGE_BYTES: usize = 4_096;
    let mut bytes = vec![0; 2 * PAGE_BYTES];
    let mut put = |at: usize, some: &[u8]| bytes[at..at + some.len()].copy_from_slice(some);
    put(0, b"SQLite format 3\0\x10\0\x01\x01\0");
    put(PAGE_BYTES, b"\x0d\0\0");
    put(PAGE_BYTES + 3, &cells.to_be_bytes());
    put(
        PAGE_BYTES + 8,
        &2_048_u16.to_be_bytes().repeat(cells.into()),
    );
    let number = |number: usize| [(number >> 7) as u8 | 0x80, number as u8 & 0x7f];
    let kind = number(text.len() * 2 + 13);
    // Its size, its id, the size of its header, the kind of its value.
    let row = [&number(3 + text.len())[..], &[1, 3], &kind, text].concat();
    put(PAGE_BYTES + 2_048, &row);
    bytes
}

#[test]
fn rows_that_lie_in_each_other_are_told_and_take_no_more_than_some_times_the_database() {
    let text = [b'x'; 2_000];
    let seen = open(&database(2, &text));
    assert_eq!(seen.content("page 2").len(), 2 * (text.len() + 1));
    assert!(seen.skipped.is_empty(), "{:?}", seen.skipped);
    let database = database(1_000, &text);
    for bytes in [database.clone(), gzip(&database)] {
        let seen = open(&bytes);
        assert!(seen.skipped_as(SkippedKind::Limit, "4 times its size"));
        let shown = seen.content("page 2").len();
        assert!((4 * database.len()..5 * database.len()).contains(&shown));
    }
}

/// A module of Python 3.8 that puts a text under a name again and again.
fn module(times: usize, text: &[u8]) -> Vec<u8> {
    let size = |size: usize| (size as u32).to_le_bytes();
    let code = b"\x64\0\x5a\0".repeat(times);
    [
        &b"\x55\x0d\r\n"[..],
        &[0; 12],
        b"c",
        &[0; 24],
        b"s",
        &size(code.len()),
        &code,
        b")\x01s",
        &size(text.len()),
        text,
        b")\x01Z\x04name)\0",
    ]
    .concat()
}

#[test]
fn a_text_under_countless_names_is_told_and_takes_no_more_than_some_times_the_module() {
    let text = [b'x'; 2_000];
    let seen = open(&module(3, &text));
    assert_eq!(seen.content("constants").len(), 2_001 + 5 + 3 * 2_010);
    assert!(seen.skipped.is_empty(), "{:?}", seen.skipped);
    let module = module(1_000, &text);
    for bytes in [module.clone(), gzip(&module)] {
        let seen = open(&bytes);
        assert!(seen.skipped_as(SkippedKind::Limit, "4 times its size"));
        let shown = seen.content("constants").len();
        assert!((3 * module.len()..6 * module.len()).contains(&shown));
    }
}
