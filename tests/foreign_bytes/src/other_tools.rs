//! Promises of other tools' rule files: all of a file is understood and can be used for detection, or it is refused with the places
//! of its faults.

use leakward_detect::{Detector, Settings};
use leakward_rule_import::{Format, import};
use leakward_rules::built_in;

fn rule_file(bytes: &[u8], format: Format) {
    let text = String::from_utf8_lossy(bytes);
    // A file that extends itself is the worst that one can extend.
    let mut loader = |_: &str| Ok(text.to_string());
    match import(&text, "rules", format, &mut loader) {
        Ok(import) => {
            let (rules, _notes) = import.apply(built_in().get(..20).unwrap_or_default());
            let detector =
                Detector::new(rules, Settings::default()).expect("accepted rules can be used");
            detector.check().expect("accepted expressions compile");
            let mut scratch = detector.scratch();
            for matched in detector.detect(bytes, &mut scratch).matches {
                assert!(matched.span.end <= bytes.len(), "{matched:?}");
                let _judgement = detector.judge_path(&matched, "src/main.rs");
            }
        }
        Err(errors) => {
            assert!(!errors.as_slice().is_empty());
            for error in errors.as_slice() {
                let lines = u32::try_from(text.split('\n').count()).unwrap_or(u32::MAX);
                assert!(
                    (1..=lines + 1).contains(&error.line) && error.column >= 1,
                    "{error}"
                );
            }
        }
    }
}

/// gitleaks' and betterleaks' configuration.
pub(crate) fn gitleaks_config(bytes: &[u8]) {
    rule_file(bytes, Format::Gitleaks);
}

/// Rules of Nosey Parker, Titus and Kingfisher.
pub(crate) fn nosey_parker_rules(bytes: &[u8]) {
    rule_file(bytes, Format::NoseyParker);
}

/// TruffleHog's custom detectors.
pub(crate) fn trufflehog_detectors(bytes: &[u8]) {
    rule_file(bytes, Format::TruffleHog);
}

fn bytes_of(texts: &[&str]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}

pub(crate) fn gitleaks_configs() -> Vec<Vec<u8>> {
    bytes_of(&[
        "title = 'x'\n[[rules]]\nid = 'a'\ndescription = 'd'\nregex = '''(?i)acme[_-]([\\w-.]{8,20})\\b'''\nkeywords = ['acme']\nentropy = 3.1\nsecretGroup = 1\n[[rules.allowlists]]\ncondition = 'AND'\nregexTarget = 'line'\nregexes = ['^x']\npaths = ['docs/']\nstopwords = ['test']\ncommits = ['abc']\n",
        "[extend]\npath = 'other.toml'\ndisabledRules = ['b']\n[[rules]]\nid = 'p'\npath = '''\\.pem$'''\n[[rules]]\nid = 'r'\nregex = '''[[]\\Qa.b\\E[^]]{1,4}\\101'''\n[[rules.required]]\nid = 'p'\nwithinLines = 3\n[allowlist]\npaths = ['vendor']\n",
        "[extend]\nuseDefault = true\n[[rules]]\nid = 'github-pat'\nentropy = 4.0\n[[allowlists]]\ntargetRules = ['generic-api-key']\nregexes = ['x']\n",
        "filter = '''matchesAny(attributes[?\"path\"].orValue(\"\"), [r\"\\.md$\"]) || entropy(finding[\"secret\"]) <= 2.5 && !(finding.line contains 'x')'''\n[[rules]]\nid = 'a'\nregex = 'acme_[0-9a-f]{12}'\nfilter = 'containsAny(finding.secret, [\"sample\"])'\nvalidate = 'true'\n",
    ])
}

pub(crate) fn nosey_parker_files() -> Vec<Vec<u8>> {
    bytes_of(&[
        "rules:\n- name: Acme Key\n  id: np.acme.1\n  pattern: |\n    (?x)\n    \\b (acme_[0-9a-f]{12}) \\b\n  examples:\n  - 'key = acme_0123456789ab'\n  negative_examples: ['acme_x']\n  references: [https://acme.example]\n",
        "rules:\n  - name: Acme\n    id: kingfisher.acme.1\n    pattern: '(?i)acme.{0,20}?(?P<TOKEN>[a-z0-9]{16})'\n    min_entropy: 3.3\n    confidence: medium\n    visible: true\n    depends_on_rule:\n      - rule_id: kingfisher.acme.2\n        variable: ID\n    pattern_requirements: {min_digits: 2, ignore_if_contains: [test]}\n    validation: {type: Http}\n",
        "rules: &a\n- name: x\n  id: &b y\n  pattern: *b\n",
    ])
}

pub(crate) fn trufflehog_files() -> Vec<Vec<u8>> {
    bytes_of(&[
        "detectors:\n- name: Acme\n  keywords: [acme]\n  regex:\n    id: 'acme-id-([0-9]{6})'\n    key: '\\bacme-key-[a-f0-9]{12}\\b'\n  primary_regex_name: key\n  entropy: 2.5\n  exclude_words: [sample]\n  exclude_regexes_match: ['000']\n  verify:\n  - endpoint: http://localhost\n",
        "detectors:\n- name: x\n  keywords: []\n  regex: {a: 'b(?=c)'}\n  validations: {a: {contains_digit: true}}\n",
    ])
}
