//! The archives that packages are made of, ar and cpio, with names and members that lie.

use super::*;

/// A member of an ar archive.
fn ar_member(name: &str, content: &[u8]) -> Vec<u8> {
    let mut made = format!(
        "{name:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`\n",
        0,
        0,
        0,
        100_644,
        content.len()
    )
    .into_bytes();
    made.extend(content);
    if content.len() % 2 == 1 {
        made.push(b'\n');
    }
    made
}

#[test]
fn the_archives_of_ar_are_read_with_their_long_names() {
    let archive = [
        b"!<arch>\n".to_vec(),
        ar_member("/", b"symbols"),
        ar_member("//", b"a-name-of-more-than-sixteen.o/\n"),
        ar_member("/0", b"long"),
        ar_member("short.o/", b"odd"),
        ar_member("#1/12", b"bsd-name.o\0\0content"),
    ];
    let seen = open(&archive.concat());
    assert_eq!(seen.content("a-name-of-more-than-sixteen.o"), b"long");
    assert_eq!(seen.content("short.o"), b"odd");
    assert_eq!(seen.content("bsd-name.o"), b"content");
}

/// A member of a cpio archive, in the form that is in use.
fn cpio_member(name: &str, mode: u32, content: &[u8]) -> Vec<u8> {
    let fields = [
        0,
        mode,
        0,
        0,
        1,
        0,
        content.len() as u32,
        0,
        0,
        0,
        0,
        name.len() as u32 + 1,
        0,
    ];
    let mut made = b"070701".to_vec();
    fields
        .iter()
        .for_each(|field| made.extend(format!("{field:08x}").bytes()));
    made.extend(name.bytes());
    made.push(0);
    made.resize(made.len().next_multiple_of(4), 0);
    made.extend(content);
    made.resize(made.len().next_multiple_of(4), 0);
    made
}

/// The same in the old portable form.
fn old_cpio_member(name: &str, mode: u32, content: &[u8]) -> Vec<u8> {
    let head = format!(
        "070707{:06o}{:06o}{mode:06o}{:06o}{:06o}{:06o}{:06o}{:011o}{:06o}{:011o}",
        0,
        0,
        0,
        0,
        1,
        0,
        0,
        name.len() + 1,
        content.len(),
    );
    [head.as_bytes(), name.as_bytes(), b"\0", content].concat()
}

#[test]
fn cpio_archives_of_both_forms_are_read_and_so_is_what_follows_them() {
    for member in [cpio_member, old_cpio_member] {
        let archive = [
            member("folder", 0o040_755, b""),
            member("folder/file", 0o100_644, b"content"),
            member("TRAILER!!!", 0, b""),
            vec![0; 512],
            member("second", 0o100_644, b"more"),
        ];
        let seen = open(&archive.concat());
        assert_eq!(seen.paths(), ["folder/file", "second"]);
        assert_eq!(
            (seen.content("folder/file"), seen.content("second")),
            (&b"content"[..], &b"more"[..])
        );
        assert!(seen.skipped.is_empty(), "{:?}", seen.skipped);
    }
}

#[test]
fn the_payload_of_an_rpm_package_is_read() {
    let header = |data: &[u8]| {
        let mut made = b"\x8e\xad\xe8\x01\0\0\0\0".to_vec();
        made.extend(1_u32.to_be_bytes());
        made.extend((data.len() as u32).to_be_bytes());
        made.extend([0; 16]);
        made.extend(data);
        made
    };
    let mut package = vec![0; 96];
    package[..4].copy_from_slice(b"\xed\xab\xee\xdb");
    package.extend(header(b"sig"));
    package.resize(package.len().next_multiple_of(8), 0);
    package.extend(header(b"scripts"));
    package.extend(gzip(&cpio_member("./etc/app.conf", 0o100_644, b"content")));
    assert_eq!(open(&package).content("./etc/app.conf"), b"content");
}

#[test]
fn a_long_name_that_many_members_share_is_told() {
    let names = vec![b'n'; 70_000];
    let archive = |names: &[u8]| {
        [
            b"!<arch>\n".to_vec(),
            ar_member("//", names),
            ar_member("/0", b"one"),
        ]
        .concat()
    };
    let seen = open(&archive(&names[..4_096]));
    assert_eq!(seen.members.len(), 1);
    let seen = open(&archive(&names));
    assert!(seen.skipped_as(SkippedKind::Limit, "a name in it is longer"));
}
