//! Promises of detection and of its decoders: spans lie inside of the bytes, whatever these are.

use std::sync::LazyLock;

use leakward_core::Span;
use leakward_core::rule::Checksum;
use leakward_detect::fuzzing::{self, Undone};
use leakward_detect::{Detector, Sensitivity, Settings};
use leakward_rules::built_in;
use leakward_rules::sample::Template;

static DETECTOR: LazyLock<Detector> = LazyLock::new(|| {
    let settings = Settings {
        sensitivity: Sensitivity::High,
        ..Settings::default()
    };
    Detector::new(built_in().to_vec(), settings).expect("the built-in rules are good")
});

/// Detection over the built-in rules: matches lie inside and beside each other.
pub(crate) fn detect(bytes: &[u8]) {
    let is_inside = |span: Span| span.start <= span.end && span.end <= bytes.len();
    let mut scratch = DETECTOR.scratch();
    let explained = DETECTOR.detect_explained(bytes, &mut scratch);
    let mut end = 0;
    for matched in &explained.detection.matches {
        assert!(is_inside(matched.span) && matched.span.start >= end);
        assert!(matched.companions.iter().all(|(_, span)| is_inside(*span)));
        end = matched.span.end;
    }
    assert!(
        explained
            .rejected
            .iter()
            .all(|rejected| is_inside(rejected.span))
    );
}

/// What was undone maps back into the bytes, in order.
fn maps_back(bytes: &[u8], undone: Option<Undone>) {
    let Some(undone) = undone else { return };
    let mut start = 0;
    for (at, span) in undone.sources.iter().enumerate() {
        assert!(
            span.start <= span.end && span.end <= bytes.len(),
            "byte {at}"
        );
        assert!(
            span.start >= start,
            "byte {at} comes from before the one before it"
        );
        start = span.start;
    }
}

/// Runs of base64 and hexadecimal digits, and what is packed or wide in them.
pub(crate) fn decode_run(bytes: &[u8]) {
    let (start, text) = place_and_text(bytes);
    maps_back(text, fuzzing::undo_run(text, start));
}

/// Percent signs and backslash escapes.
pub(crate) fn decode_escapes(bytes: &[u8]) {
    let (at, text) = place_and_text(bytes);
    maps_back(text, fuzzing::undo_escapes(text, at));
}

/// UTF-16 and UTF-32.
pub(crate) fn decode_wide(bytes: &[u8]) {
    maps_back(bytes, fuzzing::undo_wide(bytes));
}

/// Every checksum and structure test.
pub(crate) fn checksum(bytes: &[u8]) {
    for (_, kind) in Checksum::ALL {
        fuzzing::checksum(*kind, bytes);
    }
}

/// The first byte says where in the rest to begin.
fn place_and_text(bytes: &[u8]) -> (usize, &[u8]) {
    match bytes.split_first() {
        Some((first, text)) => (usize::from(*first), text),
        None => (0, bytes),
    }
}

pub(crate) fn texts() -> Vec<Vec<u8>> {
    let render = |(text, seed): (&std::borrow::Cow<'static, str>, u64)| {
        let template = Template::parse(text).expect("the build refuses broken templates");
        template.render(seed).text.into_bytes()
    };
    let rules = built_in().iter().step_by(5);
    rules
        .filter_map(|rule| rule.samples.first())
        .zip(0..)
        .map(render)
        .collect()
}

pub(crate) fn credentials() -> Vec<Vec<u8>> {
    let checked = built_in().iter().filter(|rule| rule.checksum.is_some());
    let samples = checked.filter_map(|rule| rule.samples.first());
    let render = |(text, seed): (&std::borrow::Cow<'static, str>, u64)| {
        let template = Template::parse(text).expect("the build refuses broken templates");
        template.render(seed).credential().as_bytes().to_vec()
    };
    samples.zip(0..).map(render).collect()
}

const TEXT: &str = "user = me\npassword = \"correct horse battery staple\"\nhost = db.acme.io\n";

fn base64(bytes: &[u8]) -> Vec<u8> {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let group_of = |group: &[u8]| -> Vec<u8> {
        let bits = group
            .iter()
            .fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte))
            << (8 * (3 - group.len()));
        (0..=group.len())
            .filter_map(|at| DIGITS.get((bits >> (18 - 6 * at) & 63) as usize))
            .copied()
            .collect()
    };
    bytes.chunks(3).flat_map(group_of).collect()
}

fn wide() -> Vec<u8> {
    TEXT.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

pub(crate) fn runs() -> Vec<Vec<u8>> {
    let mut packed = Vec::new();
    let mut encoder = flate2::read::GzEncoder::new(TEXT.as_bytes(), flate2::Compression::best());
    std::io::Read::read_to_end(&mut encoder, &mut packed).expect("memory does not fail");
    let hex: String = TEXT.bytes().map(|byte| format!("{byte:02x}")).collect();
    let wrapped: Vec<u8> = base64(TEXT.repeat(4).as_bytes())
        .chunks(64)
        .collect::<Vec<_>>()
        .join(&b"\n"[..]);
    [
        base64(TEXT.as_bytes()),
        base64(&packed),
        base64(&wide()),
        hex.into_bytes(),
        wrapped,
    ]
    .into_iter()
    .map(|run| [&[0], &run[..]].concat())
    .collect()
}

pub(crate) fn escapes() -> Vec<Vec<u8>> {
    [
        "x=postgres%3A%2F%2Fu%3Apw%40db%3D%C3%A9",
        "{\\\"a\\\": \\u0022b\\x3d\\u{1F511}\\n\\\\\"",
        "%253d\\\\u003d",
    ]
    .iter()
    .flat_map(|text| (0..6).map(move |at| [&[at], text.as_bytes()].concat()))
    .collect()
}

pub(crate) fn wide_texts() -> Vec<Vec<u8>> {
    let big: Vec<u8> = TEXT.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let wider: Vec<u8> = "k\u{1F511}é"
        .repeat(9)
        .chars()
        .flat_map(|letter| u32::from(letter).to_le_bytes())
        .collect();
    let keys: Vec<u8> = "a\u{1F511}b "
        .repeat(30)
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    vec![
        wide(),
        [&[0xFF, 0xFE], &wide()[..]].concat(),
        big,
        wider,
        [&[0xFF, 0xFE], &keys[..]].concat(),
    ]
}
