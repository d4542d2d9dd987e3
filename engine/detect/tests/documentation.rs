//! What documentation shows and what it gives away: sessions and well-known passwords there open nothing, keys do.

use leakward_core::Confidence;
use leakward_detect::{Detector, PathJudgement, Settings};
use leakward_rules::built_in;
use leakward_rules::sample::Template;

/// Whether what stands in marks is shown at default sensitivity in a file of this path.
fn is_shown(detector: &Detector, path: &str, template: &str) -> bool {
    let rendered = Template::parse(template).expect("a template").render(3);
    let detection = detector.detect(rendered.text.as_bytes(), &mut detector.scratch());
    detection
        .matches
        .iter()
        .filter(|matched| {
            matched.span.start <= rendered.secret.start && rendered.secret.end <= matched.span.end
        })
        .any(|matched| match detector.judge_path(matched, path) {
            PathJudgement::Keep => true,
            PathJudgement::Lower(_) => matched.confidence == Confidence::High,
            PathJudgement::Drop(_) => false,
        })
}

/// A token that holds for an hour, and one that holds for three years: `{"iat":1700000000,"exp":…}`.
const HOUR: &str = "Authorization: Bearer «eyJhbGciOiJIUzI1NiJ9.eyJpYXQiOjE3MDAwMDAwMDAsImV4cCI6MTcwMDAwMzYwMH0.{base62:43}»";
const YEARS: &str = "Authorization: Bearer «eyJhbGciOiJIUzI1NiJ9.eyJpYXQiOjE3MDAwMDAwMDAsImV4cCI6MTgwMDAwMDAwMH0.{base62:43}»";

#[test]
fn documentation_shows_sessions_that_ended_and_gives_away_what_lasts() {
    let detector = Detector::new(built_in().to_vec(), Settings::default()).expect("built-in rules");
    let cookie = "Cookie: theme=dark; session=«{base62:40}»";
    for text in [cookie, HOUR] {
        assert!(!is_shown(&detector, "docs/api.md", text), "{text}");
        assert!(
            !is_shown(&detector, "openapi/login/login.yaml", text),
            "{text}"
        );
        assert!(is_shown(&detector, "src/client.py", text), "{text}");
    }
    assert!(is_shown(&detector, "docs/api.md", YEARS));
}

#[test]
fn documentation_shows_passwords_in_disguise() {
    let detector = Detector::new(built_in().to_vec(), Settings::default()).expect("built-in rules");
    let known = "password: \"«P@ssw0rd!»\"";
    assert!(!is_shown(&detector, "README.md", known));
    assert!(is_shown(&detector, "config/login.yml", known));
    assert!(is_shown(
        &detector,
        "README.md",
        "password: \"«{base62:9}!{digits:3}»\""
    ));
}

#[test]
fn tests_and_manuals_say_passwords_and_a_drawn_one_among_them_is_told() {
    let detector = Detector::new(built_in().to_vec(), Settings::default()).expect("built-in rules");
    for (password, in_tests, in_manuals) in [
        ("«kqzxvtwb»", true, true),
        ("«xqzkv»", true, false),
        ("«kqzxvtwb243»", true, true),
        ("«porkchop»", false, false),
        ("«s3cr3t»", false, false),
        ("«P@ssw0rd»", false, false),
    ] {
        let text = format!("password: \"{password}\"");
        let is_shown = |path| is_shown(&detector, path, &text);
        assert_eq!(is_shown("tests/login_test.py"), in_tests, "{text}");
        assert_eq!(is_shown("docs/login.md"), in_manuals, "{text}");
        assert!(!is_shown("vendor/acme/login.py"), "{text}");
    }
}
