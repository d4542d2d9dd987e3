//! Laws of detection over the built-in rules that hold for any bytes whatever: no panic, every span inside of the piece.
//!
//! Half of the texts are made of what rules look for (literals, samples cut in two, quotes, operators), for noise alone
//! gets no farther than the prefilter.

use std::sync::LazyLock;

use leakward_core::Span;
use leakward_core::rule::Find;
use leakward_detect::{Detector, Sensitivity, Settings};
use leakward_rules::built_in;
use leakward_rules::sample::Template;
use proptest::prelude::*;

static DETECTOR: LazyLock<Detector> = LazyLock::new(|| {
    let settings = Settings {
        sensitivity: Sensitivity::High,
        ..Settings::default()
    };
    Detector::new(built_in().to_vec(), settings).expect("built-in rules")
});

/// Everything that rules look for.
static LITERALS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let texts = |find: &Find| -> Vec<String> {
        let list = match find {
            Find::Pattern(pattern) => &pattern.literals,
            Find::Keyword(keyword) => &keyword.keywords,
            Find::Native(native) => &native.literals,
            Find::Sweep(_) | Find::Path(_) => unreachable!("no built-in rule is another tool\'s"),
        };
        list.iter().map(ToString::to_string).collect()
    };
    let marks = ["%3a%2f%2f", "%22%3a", "\\u0022", "\\u003d", "://"].map(str::to_owned);
    built_in()
        .iter()
        .flat_map(|rule| texts(&rule.find))
        .chain(marks)
        .collect()
});

static SAMPLES: LazyLock<Vec<Template>> = LazyLock::new(|| {
    built_in()
        .iter()
        .flat_map(|rule| rule.samples.iter())
        .map(|text| Template::parse(text).expect("the build refuses broken templates"))
        .collect()
});

/// A piece of text that gets far into detection.
fn part() -> impl Strategy<Value = Vec<u8>> {
    let literal = (0..LITERALS.len()).prop_map(|at| LITERALS[at].clone().into_bytes());
    let sample = (0..SAMPLES.len(), any::<u64>(), any::<u16>(), any::<bool>()).prop_map(
        |(at, seed, cut, is_cut)| {
            let mut text = SAMPLES[at].render(seed).text.into_bytes();
            if is_cut {
                text.truncate(usize::from(cut) % (text.len() + 1));
            }
            text
        },
    );
    let glue = prop_oneof![
        Just(b"=".to_vec()),
        Just(b"\": \"".to_vec()),
        Just(b"\\\"".to_vec()),
        Just(b"\n".to_vec()),
        Just(b"' + '".to_vec()),
        Just(b"${".to_vec()),
        Just(b"%3D".to_vec()),
        Just(b"-----BEGIN ".to_vec()),
        Just(b"@".to_vec()),
        Just(vec![b'A'; 700]),
        Just(vec![0xC3]),
    ];
    let noise = proptest::collection::vec(any::<u8>(), 0..40);
    prop_oneof![3 => literal, 2 => sample, 3 => glue, 2 => noise]
}

fn spans_lie_inside(bytes: &[u8]) -> Result<(), TestCaseError> {
    let is_inside = |span: Span| span.start <= span.end && span.end <= bytes.len();
    let mut scratch = DETECTOR.scratch();
    let explained = DETECTOR.detect_explained(bytes, &mut scratch);
    for matched in &explained.detection.matches {
        prop_assert!(is_inside(matched.span) && !matched.span.is_empty());
        prop_assert!(matched.rule < DETECTOR.rules().len());
        for (_, span) in &matched.companions {
            prop_assert!(is_inside(*span));
        }
    }
    for pair in explained.detection.matches.windows(2) {
        prop_assert!(
            pair[0].span.end <= pair[1].span.start,
            "two matches overlap"
        );
    }
    for rejected in &explained.rejected {
        prop_assert!(is_inside(rejected.span));
    }
    // The same bytes say the same again, in a scratch that has seen others.
    let again = DETECTOR.detect(bytes, &mut scratch);
    let places = |matches: &[leakward_detect::Match]| -> Vec<(Span, usize)> {
        matches
            .iter()
            .map(|matched| (matched.span, matched.rule))
            .collect()
    };
    prop_assert_eq!(places(&again.matches), places(&explained.detection.matches));
    Ok(())
}

fn hits_lie_inside(bytes: &[u8]) -> Result<(), TestCaseError> {
    let mut hits = Vec::new();
    DETECTOR.prefilter(bytes, 0, bytes.len(), &mut hits);
    for hit in &hits {
        let (before, after) = DETECTOR.extent(*hit);
        let (reach_before, reach_after) = DETECTOR.reach_of(*hit);
        prop_assert!((hit.position as usize) < bytes.len());
        prop_assert!(before <= reach_before.max(1) && after <= reach_after);
        let (reads_before, reads_after) = DETECTOR.reads_of(bytes, *hit);
        prop_assert!(reads_before <= reach_before && reads_after <= reach_after);
    }
    prop_assert!(hits.is_sorted());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn arbitrary_bytes_are_looked_at_without_harm(bytes in proptest::collection::vec(any::<u8>(), 0..2_000)) {
        spans_lie_inside(&bytes)?;
        hits_lie_inside(&bytes)?;
    }

    #[test]
    fn what_rules_look_for_in_any_order_is_looked_at_without_harm(parts in proptest::collection::vec(part(), 0..24)) {
        let bytes = parts.concat();
        spans_lie_inside(&bytes)?;
        hits_lie_inside(&bytes)?;
    }

    #[test]
    fn the_same_in_two_byte_characters_is_looked_at_without_harm(parts in proptest::collection::vec(part(), 0..12)) {
        let text = String::from_utf8_lossy(&parts.concat()).into_owned();
        let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        spans_lie_inside(&wide)?;
        // A byte is lost in the middle.
        let broken = [&wide[..wide.len() / 2], &wide[(wide.len() / 2 + 1).min(wide.len())..]].concat();
        spans_lie_inside(&broken)?;
    }
}
