//! A piece that was made from another one by copying and inserting is looked at in parts. The twin looks at every
//! piece as a whole: both must say the same of every version, in long chains of versions, with all built-in rules.

use std::fmt::Write as _;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use leakward_detect::{Copied, Detection, Detector, Note, Settings};
use leakward_rules::sample::Template;
use proptest::prelude::*;

static DETECTOR: LazyLock<Detector> = LazyLock::new(|| {
    Detector::new(leakward_rules::built_in().to_vec(), Settings::default()).expect("a detector")
});

/// A line of a document, without its end.
fn line() -> impl Strategy<Value = String> {
    let rules = leakward_rules::built_in();
    let sample = (0..rules.len(), any::<u64>())
        .prop_map(move |(rule, seed)| sample_of(rule, seed).unwrap_or_default());
    prop_oneof![
        4 => "[ a-zA-Z_(){};=.,]{0,70}",
        8 => sample.clone(),
        2 => (0..rules.len()).prop_map(keyword_of),
        1 => sample.clone().prop_map(|text| STANDARD_NO_PAD.encode(text)),
        1 => sample.clone().prop_map(|text| percent(&text)),
        1 => sample.prop_map(|text| format!("\"{{\\u0022value\\u0022: \\u0022{text}\\u0022}}\" # leakward:allow")),
        1 => "(password|secret|api_key|token|://[a-z]{2,8}:)( ?[=:] ?)[\"']?[a-zA-Z0-9$!]{0,20}[\"']?@?",
        1 => "[A-Za-z0-9+/]{20,200}",
        1 => "-----(BEGIN|END) (RSA |EC |)PRIVATE KEY-----",
    ]
}

fn sample_of(rule: usize, seed: u64) -> Option<String> {
    let samples = &leakward_rules::built_in().get(rule)?.samples;
    let text = samples.get(usize::try_from(seed).ok()? % samples.len().max(1))?;
    Some(Template::parse(text).ok()?.render(seed).text)
}

/// A literal of the rule, so that there are hits that come to nothing.
fn keyword_of(rule: usize) -> String {
    use leakward_core::rule::Find;
    let texts = leakward_rules::built_in()
        .get(rule)
        .map(|rule| match &rule.find {
            Find::Pattern(pattern) => &pattern.literals,
            Find::Keyword(keyword) => &keyword.keywords,
            Find::Native(native) => &native.literals,
            Find::Sweep(_) | Find::Path(_) => unreachable!("no built-in rule is another tool\'s"),
        });
    texts
        .and_then(|texts| texts.first())
        .map(|text| format!("  {text} "))
        .unwrap_or_default()
}

fn percent(text: &str) -> String {
    text.bytes().fold(String::new(), |mut all, byte| {
        write!(all, "%{byte:02x}").expect("a string takes everything");
        all
    })
}

/// One step of an edit: copy from the base, or insert. Numbers are shares of the base's length.
#[derive(Clone, Debug)]
enum Step {
    Copy(f64, f64),
    Insert(String),
    /// All of the base, with something between stretches of so many bytes: what stood there is torn apart, and whole again
    /// when the step is undone.
    Tear(Vec<usize>, String),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0.0..1.0, 0.0..1.0).prop_map(|(from, to)| Step::Copy(from, to)),
        2 => line().prop_map(|line| Step::Insert(format!("{line}\n"))),
        1 => ".{0,6}".prop_map(Step::Insert),
    ]
}

/// What is done to a version: mostly what people do (something inserted or cut out), sometimes anything.
fn script() -> impl Strategy<Value = Vec<Step>> {
    let insert = (0.0..1.0, line()).prop_map(|(at, line)| {
        vec![
            Step::Copy(0.0, at),
            Step::Insert(format!("{line}\n")),
            Step::Copy(at, 1.0),
        ]
    });
    let cut = (0.0..1.0, 0.0..1.0).prop_map(|(at, to): (f64, f64)| {
        vec![Step::Copy(0.0, at.min(to)), Step::Copy(at.max(to), 1.0)]
    });
    let tear = (proptest::collection::vec(1_usize..50, 1..12), "[-a_1 \n\"]")
        .prop_map(|(lengths, between)| vec![Step::Tear(lengths, between)]);
    prop_oneof![
        3 => insert,
        2 => cut,
        2 => proptest::collection::vec(step(), 0..6),
        6 => tear,
    ]
}

/// The next version, and what of it was copied.
fn apply(base: &[u8], script: &[Step]) -> (Vec<u8>, Vec<Copied>) {
    let (mut result, mut copies) = (Vec::new(), Vec::new());
    let offset = |share: f64| ((base.len() as f64 * share) as usize).min(base.len());
    let mut copy = |from: usize, to: usize, result: &mut Vec<u8>| {
        let part = base.get(from..to).unwrap_or_default();
        copies.push(Copied {
            from,
            to: result.len(),
            len: part.len(),
        });
        result.extend_from_slice(part);
    };
    for step in script {
        match step {
            Step::Copy(from, to) => copy(offset(*from), offset(*to), &mut result),
            Step::Insert(text) => result.extend_from_slice(text.as_bytes()),
            Step::Tear(lengths, between) => {
                let mut at = 0;
                for length in lengths.iter().cycle() {
                    let end = (at + length).min(base.len());
                    copy(at, end, &mut result);
                    at = end;
                    if at == base.len() {
                        break;
                    }
                    result.extend_from_slice(between.as_bytes());
                }
            }
        }
    }
    (result, copies)
}

/// What of the base stands in the version that was made from it.
fn undone(copies: &[Copied]) -> Vec<Copied> {
    let mut back: Vec<Copied> = copies
        .iter()
        .map(|copied| Copied {
            from: copied.to,
            to: copied.from,
            len: copied.len,
        })
        .collect();
    back.sort_by_key(|copied| copied.to);
    let mut end = 0;
    back.retain(|copied| {
        let follows = copied.to >= end;
        end = end.max(copied.to + copied.len);
        follows
    });
    back
}

fn told(detection: &Detection) -> String {
    let mut text = String::new();
    for matched in &detection.matches {
        writeln!(text, "{matched:?}").expect("a string takes everything");
    }
    write!(
        text,
        "{} {} {:?}",
        detection.rejected, detection.suppressed, detection.limited
    )
    .expect("a string takes everything");
    text
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn every_version_gives_what_a_look_at_all_of_it_gives(
        lines in proptest::collection::vec(line(), 0..40),
        scripts in proptest::collection::vec(script(), 1..8),
    ) {
        let detector = &*DETECTOR;
        let (mut scratch, mut twins_scratch) = (detector.scratch(), detector.scratch());
        let mut version = lines.join("\n").into_bytes();
        let (first, mut note): (Detection, Note) = detector.detect_whole(&version, &mut scratch);
        prop_assert_eq!(told(&first), told(&detector.detect(&version, &mut twins_scratch)));
        for script in &scripts {
            let (next, copies) = apply(&version, script);
            let back = undone(&copies);
            let (found, next_note) = detector.detect_changed(&next, &note, copies, &mut scratch);
            prop_assert_eq!(told(&found), told(&detector.detect(&next, &mut twins_scratch)));
            let (again, _) = detector.detect_changed(&version, &next_note, back, &mut scratch);
            prop_assert_eq!(told(&again), told(&detector.detect(&version, &mut twins_scratch)));
            (version, note) = (next, next_note);
        }
    }
}

#[test]
fn the_versions_hold_credentials_hits_and_edits_so_that_the_comparison_means_something() {
    use proptest::strategy::ValueTree as _;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let detector = &*DETECTOR;
    let mut scratch = detector.scratch();
    let (mut found, mut turned_down) = (0, 0);
    for _ in 0..40 {
        let lines = proptest::collection::vec(line(), 40)
            .new_tree(&mut runner)
            .expect("lines")
            .current();
        let detection = detector.detect(lines.join("\n").as_bytes(), &mut scratch);
        found += detection.matches.len();
        turned_down += detection.rejected;
    }
    assert!(found > 200, "{found}");
    assert!(turned_down > 50, "{turned_down}");
}

#[test]
fn what_the_judge_turned_down_is_neither_tried_nor_judged_again_where_it_was_copied() {
    let settings = Settings {
        clock: Some(|| 0),
        ..Settings::default()
    };
    let rules = leakward_rules::built_in().to_vec();
    let detector = Detector::new(rules, settings).expect("a detector");
    let far = "let line = 1;\n".repeat(1_000);
    let base = format!("{far}password = \"changeme\"\n{far}");
    let mut scratch = detector.scratch();
    let (first, note) = detector.detect_whole(base.as_bytes(), &mut scratch);
    assert!(first.rejected > 0 && first.matches.is_empty(), "{first:?}");
    let tries = |scratch: &leakward_detect::Scratch| -> u64 {
        scratch.costs().iter().map(|cost| cost.tries).sum()
    };
    let before = tries(&scratch);
    assert!(before > 0);
    let next = format!("{base}// the end\n");
    let copied = Copied {
        from: 0,
        to: 0,
        len: base.len(),
    };
    let (second, note) = detector.detect_changed(next.as_bytes(), &note, [copied], &mut scratch);
    assert_eq!(told(&second), told(&first));
    assert_eq!(tries(&scratch), before);

    // What was read for it has changed: it is tried again.
    let at = far.len();
    let torn = format!("{}\n{}", &next[..at], &next[at..]);
    let copies = [(0, 0, at), (at, at + 1, next.len() - at)];
    let copies = copies.map(|(from, to, len)| Copied { from, to, len });
    let (third, _) = detector.detect_changed(torn.as_bytes(), &note, copies, &mut scratch);
    assert_eq!(told(&third), told(&first));
    assert!(tries(&scratch) > before);
}

#[test]
fn of_an_edge_of_an_edit_no_more_is_looked_at_than_a_core_and_a_run_of_digits_need() {
    assert!(DETECTOR.longest_literal() <= 24);
}
