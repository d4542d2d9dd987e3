//! Tests: the work grows with the length of a piece, whatever stands in it.
//!
//! Work is counted, not timed: bytes that were begun with (the piece and what was decoded from it), and bytes that
//! confirmation read. Each text is looked at in one length and in the double.

use leakward_core::rule::{Find, Pattern, Sweep, SweepGroup};
use leakward_core::{Rule, Severity};
use leakward_rules::sample::Template;

use crate::{Detection, Detector, Settings};

/// Most bytes read for each byte of a text: some thirty rules can share a literal, and each reads
/// [`the near part of a run`](crate::confirm) at each of its hits. Without memory it is a thousand and more.
const MOST_PER_BYTE: u64 = 150;

fn detector() -> Detector {
    Detector::new(leakward_rules::built_in().to_vec(), Settings::default()).expect("built-in rules")
}

/// The work of one look in a thread of its own, and what came of it.
fn work(detector: &Detector, text: &[u8]) -> (u64, Detection) {
    let mut scratch = detector.scratch();
    let detection = detector.detect(text, &mut scratch);
    (scratch.looked_at + scratch.read(), detection)
}

/// Looks at texts of `length` and `2 * length` bytes, of which `text` makes one.
fn grows_linearly(what: &str, length: usize, text: impl Fn(usize) -> Vec<u8>) -> Detection {
    let detector = detector();
    let (single, _) = work(&detector, &text(length));
    let (double, detection) = work(&detector, &text(2 * length));
    println!(
        "{what}: {:.1} bytes read for each byte",
        double as f64 / (2 * length) as f64
    );
    assert!(
        double * 10 <= single * 22,
        "{what}: {single} bytes read, then {double}"
    );
    assert!(
        double <= MOST_PER_BYTE * 2 * length as u64,
        "{what}: {double} bytes read for {}",
        2 * length
    );
    detection
}

/// `unit` again and again, so many bytes long.
fn repeated(unit: &str) -> impl Fn(usize) -> Vec<u8> {
    move |length| unit.bytes().cycle().take(length).collect()
}

/// Credentials of all rules by turns, each in its sample's surroundings.
fn credentials(length: usize) -> Vec<u8> {
    let templates: Vec<Template> = leakward_rules::built_in()
        .iter()
        .filter_map(|rule| Template::parse(rule.samples.first()?).ok())
        .collect();
    let mut text = String::new();
    for (template, seed) in templates.iter().cycle().zip(0..) {
        text.push_str(&template.render(seed).text);
        text.push('\n');
        if text.len() >= length {
            break;
        }
    }
    text.into_bytes()
}

fn is_limited(detection: &Detection) -> bool {
    detection
        .limited
        .iter()
        .any(|what| !what.starts_with("more candidates"))
}

#[test]
fn a_text_of_nothing_but_credentials_takes_linear_time() {
    let detection = grows_linearly("credentials", 200_000, credentials);
    assert!(detection.matches.len() > 1_000);
    assert!(!is_limited(&detection), "{:?}", detection.limited);
}

#[test]
fn one_line_of_two_million_bytes_takes_linear_time() {
    let detection = grows_linearly("password=", 1_000_000, repeated("password="));
    assert!(!is_limited(&detection), "{:?}", detection.limited);
}

#[test]
fn texts_of_one_thing_again_and_again_take_linear_time() {
    let long = [b'A'; 700];
    let long = String::from_utf8_lossy(&long);
    let begin = ["-----BEGIN RSA PRIVATE", " KEY-----"].concat();
    let putty = ["PuTTY-User-Key", "-File-2: ssh-rsa\n"].concat();
    let units = [
        "=",
        "\"",
        "A",
        "://",
        "a://b",
        "eyJ",
        "-eyJ",
        "eyJhbGciOi.eyJ",
        "ghs_",
        "password='",
        "<password>",
        "authorization:Bearer=x",
        "\"kty\"",
        "\"auth\"",
        "client-key-data",
        "docker login ",
        "pass = ",
        " password ",
        ":5432:",
        "\\u003d\\u0022",
        "%3d",
        "%253d",
        "ya29.xoxd-",
        &begin,
        &putty,
        &format!("eyJ{long}"),
    ];
    let mut limited = Vec::new();
    for unit in units {
        let shown: String = unit.chars().take(20).collect();
        let detection = grows_linearly(&shown, 40_000, repeated(unit));
        if is_limited(&detection) {
            limited.push(shown);
        }
    }
    // Without a line end, each of these is a regex search through some hundred bytes.
    assert_eq!(limited, ["docker login ", " password "]);
}

#[test]
fn keywords_without_values_take_linear_time() {
    let keywords: String = leakward_rules::built_in()
        .iter()
        .filter_map(|rule| match &rule.find {
            Find::Keyword(keyword) => Some(keyword.keywords.join(" ")),
            _ => None,
        })
        .collect::<Vec<_>>()
        .join(" ");
    grows_linearly("keywords", keywords.len(), repeated(&keywords));
    let literals: String = leakward_rules::built_in()
        .iter()
        .filter_map(|rule| match &rule.find {
            Find::Pattern(pattern) => Some(pattern.literals.concat()),
            _ => None,
        })
        .collect();
    grows_linearly("literals", literals.len(), repeated(&literals));
}

/// The base64 of `bytes`, without padding.
fn base64(bytes: &[u8]) -> Vec<u8> {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    bytes
        .chunks(3)
        .flat_map(|group| {
            let bits = group
                .iter()
                .fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte))
                << (8 * (3 - group.len()));
            (0..=group.len()).map(move |at| DIGITS[(bits >> (18 - 6 * at) & 63) as usize])
        })
        .collect()
}

#[test]
fn encodings_in_encodings_take_linear_time() {
    let nested = |length: usize| {
        let inner = repeated("password=hunter2 and ")(length / 4);
        base64(&base64(&base64(&base64(&inner))))
    };
    grows_linearly("nested base64", 60_000, nested);
    // Each line begins like text, and is none.
    let vain = |length: usize| {
        let line = [
            &b"this is some text \xFF\xFF\xFF\xFF\xFF\xFF"[..],
            &[0xFF; 33],
        ]
        .concat();
        [base64(&line), b"\n".to_vec()]
            .concat()
            .into_iter()
            .cycle()
            .take(length)
            .collect()
    };
    grows_linearly("lines that look encoded", 60_000, vain);
}

/// Gzip of so many equal bytes, in base64.
fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut packed = Vec::new();
    let mut encoder = flate2::read::GzEncoder::new(bytes, flate2::Compression::best());
    std::io::Read::read_to_end(&mut encoder, &mut packed).expect("memory does not fail");
    base64(&packed)
}

#[test]
fn packed_data_in_packed_data_is_stopped_and_told() {
    let bomb = [packed(&[b'a'; 1 << 20]), b"\n".to_vec()].concat();
    let outer = packed(&bomb.repeat((1 << 20) / bomb.len()));
    let outer = [outer, b"\n".to_vec()].concat().repeat(4);
    let (work, detection) = work(&detector(), &outer);
    assert!(work < 6 << 20, "{work} bytes read for {}", outer.len());
    assert!(
        detection
            .limited
            .iter()
            .any(|what| what.starts_with("too much is encoded"))
    );
}

/// A rule of a user's own.
fn rule(regex: &'static str) -> Rule {
    Rule {
        find: Find::Pattern(Pattern {
            literals: vec!["KEY_".into()].into(),
            ignore_case: false,
            regex: regex.into(),
            group: 0,
            boundary: leakward_core::rule::Boundary::None,
        }),
        severity: Severity::High,
        ..leakward_rules::built_in()[0].clone()
    }
}

#[test]
fn endless_expressions_are_remembered_or_given_up_and_told() {
    let text = repeated("KEY_a")(400_000);
    // Nothing goes back in this one: it is a program, and all of it is found out.
    let program =
        Detector::new(vec![rule("KEY_[A-Za-z_]+;")], Settings::default()).expect("a rule");
    let (read, detection) = work(&program, &text);
    assert!(read < 40 * text.len() as u64, "{read}");
    assert_eq!(detection.limited, [""; 0]);
    // This one needs a regex.
    let regex =
        Detector::new(vec![rule("KEY_[A-Za-z_]+E[A-Z]{3}")], Settings::default()).expect("a rule");
    let (read, detection) = work(&regex, &text);
    assert!(read < 40 * text.len() as u64, "{read}");
    assert!(
        detection
            .limited
            .iter()
            .any(|what| what.contains("too often in vain")),
        "{:?}",
        detection.limited
    );
}

/// A rule as other tools have them, run over whole pieces.
fn foreign(regex: &'static str) -> Detector {
    let rule = Rule {
        find: Find::Sweep(Sweep {
            regex: regex.into(),
            group: SweepGroup::Number(0),
            keywords: Vec::new().into(),
        }),
        companions: Vec::new().into(),
        ..rule("KEY_")
    };
    Detector::new(vec![rule], Settings::default()).expect("a rule")
}

#[test]
fn a_foreign_expression_that_reads_to_the_end_at_every_match_is_stopped_and_told() {
    let detector = foreign("a[^b]*b|a");
    let look = |length: usize| {
        let mut scratch = detector.scratch();
        let detection = detector.detect(&vec![b'a'; length], &mut scratch);
        (scratch.swept, detection)
    };
    for length in [50_000, 400_000] {
        let (read, detection) = look(length);
        let allowed = 33 * length as u64 + (1 << 20);
        assert!(read <= allowed, "{read} bytes read for {length}");
        assert!(
            detection
                .limited
                .iter()
                .any(|what| what.contains("read too far")),
            "{:?}",
            detection.limited
        );
        assert!(!detection.matches.is_empty());
    }
}

#[test]
fn a_foreign_expression_with_many_short_matches_is_not_stopped() {
    let detector = foreign("key=[0-9]+;");
    let mut scratch = detector.scratch();
    let text = "key=123456; and words\n".repeat(2_000);
    let detection = detector.detect(text.as_bytes(), &mut scratch);
    assert_eq!(detection.limited, [""; 0]);
    assert_eq!(detection.matches.len(), 2_000);
    assert!(scratch.swept > 0 && scratch.swept < text.len() as u64);
}
