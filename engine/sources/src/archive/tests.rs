//! Archives that somebody made to hurt, to lie or to hide, and those that nobody's program makes any more. What common
//! programs make is tested end to end.

mod documents;
mod packages;

use std::io::Write as _;

use flate2::Compression;
use flate2::write::DeflateEncoder;
use leakward_core::{Limits, SkippedKind};

use super::made::{gzip, tar_header, tar_member};
use super::{Archives, Unpacking};
use crate::piece::{Origin, Piece};
use crate::recording::Recording;
use crate::visitor::Visitor as _;

/// What was seen of an archive: the pieces by their paths, and what was skipped.
struct Seen {
    members: Vec<(String, Vec<u8>)>,
    skipped: Vec<(SkippedKind, String, String)>,
}

impl Seen {
    fn paths(&self) -> Vec<&str> {
        self.members.iter().map(|(path, _)| path.as_str()).collect()
    }

    fn content(&self, path: &str) -> &[u8] {
        let found = self.members.iter().find(|(name, _)| name == path);
        &found
            .unwrap_or_else(|| panic!("no {path} in {:?}", self.paths()))
            .1
    }

    fn skipped_as(&self, kind: SkippedKind, words: &str) -> bool {
        self.skipped.iter().any(|(skipped, what, reason)| {
            *skipped == kind && format!("{what}: {reason}").contains(words)
        })
    }
}

fn open(archive: &[u8]) -> Seen {
    open_within(archive, &Limits::default())
}

fn open_within(archive: &[u8], limits: &Limits) -> Seen {
    let recording = Recording::default();
    let unpacking = Unpacking::new(&recording, limits, Archives::Open);
    let origin = Origin::File("a".to_owned());
    unpacking.whole(&mut unpacking.worker(), Piece::new(&origin, archive));
    let member = |(origin, bytes)| match origin {
        Origin::Member(_, path) => Some((path, bytes)),
        _ => None,
    };
    Seen {
        members: recording
            .all_pieces()
            .into_iter()
            .filter_map(member)
            .collect(),
        skipped: recording
            .all_skipped()
            .into_iter()
            .map(|skipped| (skipped.kind, skipped.what, skipped.reason))
            .collect(),
    }
}

fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A member's own header in a zip file, and its packed content.
fn zip_local(name: &str, method: u16, packed: &[u8]) -> Vec<u8> {
    let mut made = b"PK\x03\x04\x14\0\0\0".to_vec();
    made.extend(method.to_le_bytes());
    made.extend([0; 8]);
    made.extend((packed.len() as u32).to_le_bytes());
    made.extend((packed.len() as u32).to_le_bytes());
    made.extend((name.len() as u16).to_le_bytes());
    made.extend([0; 2]);
    made.extend(name.as_bytes());
    made.extend(packed);
    made
}

/// A member as the directory lists it.
fn zip_listed(name: &str, flags: u16, method: u16, packed_bytes: u32, offset: u32) -> Vec<u8> {
    let mut made = b"PK\x01\x02\x14\0\x14\0".to_vec();
    made.extend(flags.to_le_bytes());
    made.extend(method.to_le_bytes());
    made.extend([0; 8]);
    made.extend(packed_bytes.to_le_bytes());
    made.extend(packed_bytes.to_le_bytes());
    made.extend((name.len() as u16).to_le_bytes());
    made.extend([0; 12]);
    made.extend(offset.to_le_bytes());
    made.extend(name.as_bytes());
    made
}

/// A zip file of `members` and of a directory with `listed`.
fn zip(members: &[u8], listed: &[Vec<u8>]) -> Vec<u8> {
    let directory = listed.concat();
    let mut made = members.to_vec();
    made.extend(&directory);
    made.extend(b"PK\x05\x06\0\0\0\0");
    made.extend((listed.len() as u16).to_le_bytes());
    made.extend((listed.len() as u16).to_le_bytes());
    made.extend((directory.len() as u32).to_le_bytes());
    made.extend((members.len() as u32).to_le_bytes());
    made.extend([0; 2]);
    made
}

/// A zip file with one member.
fn zip_of(name: &str, content: &[u8]) -> Vec<u8> {
    let packed = deflate(content);
    let size = packed.len() as u32;
    zip(
        &zip_local(name, 8, &packed),
        &[zip_listed(name, 0, 8, size, 0)],
    )
}

#[test]
fn a_file_that_begins_like_an_archive_by_chance_is_no_archive() {
    let seen = open(b"\x1f\x8b\x08\0 is how gzip begins");
    assert_eq!((seen.paths(), seen.skipped.len()), (Vec::new(), 0));
}

#[test]
fn an_archive_without_its_end_is_read_to_its_last_member() {
    let mut archive = tar_member(b"one", b'0', b"1");
    archive.extend(tar_member(b"two", b'0', b"2"));
    // As umoci writes it: without the padding of the last member.
    archive.truncate(archive.len() - 511);
    let seen = open(&archive);
    assert_eq!(
        (seen.content("one"), seen.content("two")),
        (&b"1"[..], &b"2"[..])
    );
    assert!(seen.skipped.is_empty(), "{:?}", seen.skipped);
}

#[test]
fn members_after_the_end_of_an_archive_are_read_too() {
    let mut archive = tar_member(b"one", b'0', b"1");
    archive.extend([0; 1024]);
    archive.extend(tar_member(b"hidden", b'0', b"2"));
    assert_eq!(open(&archive).content("hidden"), b"2");
}

#[test]
fn long_names_of_both_kinds_are_read() {
    let long = "n/".repeat(150) + "end";
    let gnu = tar_member(b"././@LongLink", b'L', format!("{long}\0").as_bytes());
    let record = format!(" path={long}\n");
    let pax = tar_member(
        b"pax",
        b'x',
        format!("{}{record}", record.len() + 3).as_bytes(),
    );
    for header in [gnu, pax] {
        let archive = [header, tar_member(b"cut", b'0', b"x")].concat();
        assert_eq!(open(&archive).paths(), [&long]);
    }
}

#[test]
fn a_name_of_gigabytes_is_refused_and_not_held() {
    let header = tar_header(b"././@LongLink", b'L', "77777777777\0", b"x");
    let seen = open(&header);
    assert!(
        seen.skipped_as(SkippedKind::Limit, "longer than"),
        "{:?}",
        seen.skipped
    );
}

#[test]
fn a_member_that_is_shorter_than_it_says_is_looked_at_and_told() {
    let archive = tar_header(b"lying", b'0', "77777777777\0", b"what there is");
    let seen = open(&archive);
    assert!(seen.content("lying").starts_with(b"what there is"));
    assert!(
        seen.skipped_as(SkippedKind::Corrupt, "a!lying"),
        "{:?}",
        seen.skipped
    );
}

#[test]
fn devices_pipes_and_cyclic_links_have_no_content() {
    let archive = [
        tar_member(b"dev/zero", b'3', b""),
        tar_member(b"pipe", b'6', b""),
        tar_member(b"folder/", b'5', b""),
        tar_member(b"x", b'2', b""),
        tar_member(b"x", b'1', b""),
    ];
    let seen = open(&archive.concat());
    assert!(
        seen.members.iter().all(|(_, content)| content.is_empty()),
        "{:?}",
        seen.paths()
    );
    assert!(seen.skipped.is_empty());
}

#[test]
fn a_bomb_is_told_and_stopped() {
    let limits = Limits {
        max_unpacked_bytes: 1 << 20,
        ..Limits::default()
    };
    let bomb = gzip(&vec![0; 32 << 20]);
    assert!(bomb.len() < 64 << 10, "it is one");
    for archive in [
        bomb.clone(),
        gzip(&bomb),
        zip_of("bomb", &vec![0; 32 << 20]),
    ] {
        let seen = open_within(&archive, &limits);
        assert!(
            seen.skipped_as(SkippedKind::Limit, "unpacks to more than"),
            "{:?}",
            seen.skipped
        );
        assert_eq!(seen.skipped.len(), 1, "it is told once: {:?}", seen.skipped);
        let looked_at: usize = seen.members.iter().map(|(_, content)| content.len()).sum();
        assert!(looked_at <= 1 << 20, "{looked_at}");
    }
}

#[test]
fn what_unpacks_to_far_more_than_its_size_is_told() {
    let limits = Limits {
        max_unpacked_ratio: 2,
        free_unpacked_bytes: 1 << 20,
        ..Limits::default()
    };
    let short = gzip(&[0; 1 << 20]);
    assert!(open_within(&short, &limits).skipped.is_empty());
    let seen = open_within(&gzip(&[0; 1 << 21]), &limits);
    assert!(
        seen.skipped_as(SkippedKind::Limit, "2 times its size"),
        "{:?}",
        seen.skipped
    );
}

#[test]
fn an_archive_that_takes_longer_than_allowed_is_told() {
    let limits = Limits {
        max_archive_seconds: 0,
        ..Limits::default()
    };
    let seen = open_within(&gzip(b"content"), &limits);
    assert!(
        seen.skipped_as(SkippedKind::Limit, "longer than 0 seconds"),
        "{:?}",
        seen.skipped
    );
}

#[test]
fn an_archive_in_itself_ends_at_the_limit_of_depth() {
    let mut archive = b"the heart".to_vec();
    for _ in 0..40 {
        archive = gzip(&archive);
    }
    let seen = open(&archive);
    assert!(
        seen.skipped_as(SkippedKind::Limit, "nested deeper than 8"),
        "{:?}",
        seen.skipped
    );
}

#[test]
fn more_members_than_allowed_are_told_once() {
    let limits = Limits {
        max_archive_entries: 10,
        ..Limits::default()
    };
    let archive: Vec<u8> = (0..1000)
        .flat_map(|n| tar_member(format!("{n}").as_bytes(), b'0', b""))
        .collect();
    let seen = open_within(&gzip(&archive), &limits);
    assert_eq!(seen.members.len(), 10);
    assert_eq!(seen.skipped.len(), 1, "{:?}", seen.skipped);
    assert!(seen.skipped_as(SkippedKind::Limit, "more than 10 members"));
}

#[test]
fn a_member_that_the_directory_of_a_zip_file_does_not_list_is_found() {
    let (shown, hidden) = (
        zip_local("shown", 0, b"1"),
        zip_local("hidden", 8, &deflate(b"2")),
    );
    let listed = zip_listed("shown", 0, 0, 1, hidden.len() as u32);
    let seen = open(&zip(&[hidden, shown].concat(), &[listed]));
    assert_eq!(
        (seen.content("shown"), seen.content("hidden")),
        (&b"1"[..], &b"2"[..])
    );
}

#[test]
fn of_several_members_of_one_name_all_are_found() {
    let (one, two) = (
        zip_local("same", 0, b"first"),
        zip_local("same", 0, b"second"),
    );
    let listed = [
        zip_listed("same", 0, 0, 5, 0),
        zip_listed("same", 0, 0, 6, one.len() as u32),
    ];
    let seen = open(&zip(&[one, two].concat(), &listed));
    let contents: Vec<&[u8]> = seen
        .members
        .iter()
        .map(|(_, content)| content.as_slice())
        .collect();
    assert_eq!(contents, [&b"first"[..], b"second"]);
}

#[test]
fn a_zip_file_that_is_cut_off_is_read_by_the_headers_of_its_members() {
    let whole = zip_of("inside", b"the content");
    let cut = &whole[..whole.len() - 40];
    let seen = open(cut);
    assert_eq!(seen.content("inside"), b"the content");
    assert!(
        seen.skipped_as(SkippedKind::Corrupt, "cut off"),
        "{:?}",
        seen.skipped
    );
}

#[test]
fn sizes_and_offsets_that_lie_are_told() {
    let packed = deflate(b"the content");
    let local = zip_local("lying", 8, &packed);
    for (size, offset) in [
        (u32::MAX - 1, 0),
        (packed.len() as u32, 7),
        (packed.len() as u32, u32::MAX - 1),
    ] {
        let seen = open(&zip(&local, &[zip_listed("lying", 0, 8, size, offset)]));
        assert_eq!(seen.content("lying"), b"the content", "{size} {offset}");
    }
}

#[test]
fn entries_that_overlap_cost_no_more_than_the_limit() {
    let limits = Limits {
        max_unpacked_bytes: 1 << 20,
        ..Limits::default()
    };
    let local = zip_local("shared", 8, &deflate(&vec![0; 64 << 10]));
    let size = (local.len() - 36) as u32;
    let listed: Vec<Vec<u8>> = (0..1000)
        .map(|_| zip_listed("shared", 0, 8, size, 0))
        .collect();
    let seen = open_within(&zip(&local, &listed), &limits);
    assert_eq!(seen.members.len(), 1, "one content is one member");
}

#[test]
fn archives_in_archives_are_held_up_to_one_limit_together() {
    let stored = |name: &str, content: &[u8]| {
        let listed = zip_listed(name, 0, 0, content.len() as u32, 0);
        zip(&zip_local(name, 0, content), &[listed])
    };
    let inner = stored("text", &[b'x'; 1_600]);
    let outer = stored("inner.zip", &inner);
    let archive = [
        tar_member(b"a.zip", b'0', &inner),
        tar_member(b"b.zip", b'0', &inner),
        tar_member(b"outer.zip", b'0', &outer),
    ]
    .concat();
    let open_with = |held: u64| {
        let limits = Limits {
            max_held_archive_bytes: held,
            ..Limits::default()
        };
        open_within(&archive, &limits)
    };
    let seen = open_with(3_000);
    // One after the other they fit.
    assert_eq!(seen.content("a.zip!text"), [b'x'; 1_600]);
    assert_eq!(seen.content("b.zip!text"), [b'x'; 1_600]);
    assert!(
        seen.skipped_as(SkippedKind::Limit, "outer.zip!inner.zip"),
        "{:?}",
        seen.skipped
    );
    // Its bytes are looked at all the same.
    assert_eq!(seen.content("outer.zip!inner.zip"), inner);
    let seen = open_with(6_000);
    assert_eq!(seen.content("outer.zip!inner.zip!text"), [b'x'; 1_600]);
    assert!(seen.skipped.is_empty(), "{:?}", seen.skipped);
}

#[test]
fn an_encrypted_member_and_an_unknown_method_are_told() {
    let local = zip_local("locked", 8, &deflate(b"x"));
    let size = (local.len() - 36) as u32;
    for (flags, method, words) in [(1, 8, "a!locked: it is encrypted"), (0, 97, "method 97")] {
        let seen = open(&zip(
            &local,
            &[zip_listed("locked", flags, method, size, 0)],
        ));
        assert!(
            seen.skipped_as(SkippedKind::Unsupported, words),
            "{:?}",
            seen.skipped
        );
    }
}

#[test]
fn a_zip_file_behind_a_program_is_opened() {
    let program = [
        &b"#!/usr/bin/env python3\n"[..],
        &zip_of("__main__.py", b"print()"),
    ]
    .concat();
    assert_eq!(open(&program).content("__main__.py"), b"print()");
}

#[test]
fn a_file_larger_than_a_window_is_seen_whole_and_each_part_of_it_counts_once() {
    let line = b"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde\n";
    let content: Vec<u8> = line.iter().copied().cycle().take(40 << 20).collect();
    let recording = Recording::default();
    let limits = Limits::default();
    let unpacking = Unpacking::new(&recording, &limits, Archives::Open);
    let origin = Origin::File("a".to_owned());
    unpacking
        .stream(&mut unpacking.worker(), &origin, &mut content.as_slice())
        .unwrap();
    let parts = recording.all_parts();
    assert!(parts.len() > 2);
    let mut next = 0;
    for (part, length) in &parts {
        let start = part.lines_before as usize * line.len() + part.counts.start;
        let end = part.lines_before as usize * line.len() + part.counts.end.min(*length);
        assert_eq!(start, next, "no byte is left out and none counts twice");
        next = end;
    }
    assert_eq!(next, content.len());
}

#[test]
fn an_archive_that_this_version_cannot_open_is_told() {
    let archive = b"Rar!\x1a\x07\x01\0";
    for archive in [archive.to_vec(), gzip(archive)] {
        let seen = open(&archive);
        assert!(
            seen.skipped_as(SkippedKind::Unsupported, "cannot be opened"),
            "{:?}",
            seen.skipped
        );
    }
}

#[test]
fn a_7z_archive_that_ends_in_its_header_is_told() {
    let archive = b"7z\xbc\xaf\x27\x1c\0\x04";
    for archive in [archive.to_vec(), gzip(archive)] {
        let seen = open(&archive);
        assert!(
            seen.skipped_as(SkippedKind::Corrupt, "ends too early"),
            "{:?}",
            seen.skipped
        );
    }
}
