//! Files of other tools, as people write them: what comes of them, and how mistakes are told.

use leakward_core::rule::{Class, Find, SweepGroup};
use leakward_core::{Confidence, Rule};
use leakward_rule_import::{Base, Format, Import, import};

fn read(text: &str, format: Format) -> Result<Import, Vec<String>> {
    let mut loader = |path: &str| match path {
        "base.toml" => Ok(BASE.to_owned()),
        "wrong.toml" => Ok("[[rules]]\nid = 'x'\n".to_owned()),
        "loop.toml" => Ok("[extend]\npath = 'loop.toml'\n".to_owned()),
        _ => Err(std::io::Error::from(std::io::ErrorKind::NotFound)),
    };
    import(text, "f.toml", format, &mut loader)
        .map_err(|errors| errors.as_slice().iter().map(ToString::to_string).collect())
}

const BASE: &str = "
[[rules]]
id = 'one'
description = 'One'
regex = '''one_[0-9]{9}'''
keywords = ['one_']
[[rules.allowlists]]
regexes = ['000']
[[rules]]
id = 'two'
regex = '''two_[0-9]{9}'''
[allowlist]
paths = ['vendor/']
";

fn gitleaks(text: &str) -> Result<Import, Vec<String>> {
    read(text, Format::Gitleaks)
}

fn ids(rules: &[Rule]) -> Vec<&str> {
    rules.iter().map(|rule| rule.id.as_str()).collect()
}

#[test]
fn what_is_extended_comes_under_the_file() {
    let import = gitleaks(
        "[extend]\npath = 'base.toml'\ndisabledRules = ['two']\n[[rules]]\nid = 'one'\nentropy = 3.5\n[[rules.allowlists]]\nstopwords = ['x']\n[[rules]]\nid = 'three'\nregex = 'three_[0-9]{9}'\n",
    )
    .expect("valid");
    assert_eq!(ids(&import.rules), ["one", "three"]);
    let one = import.rules[0].foreign.as_ref().expect("foreign");
    assert_eq!(one.entropy_above, Some(3.5));
    assert_eq!(one.exceptions.len(), 2);
    assert_eq!(import.shared.len(), 1);
    assert_eq!(import.base, Base::Nothing);
}

#[test]
fn on_top_of_the_default_rules_ours_stand_for_theirs() {
    let import = gitleaks(
        "[extend]\nuseDefault = true\ndisabledRules = ['github-pat', 'no-such-rule']\n[[rules]]\nid = 'generic-api-key'\n[[rules.allowlists]]\nregexes = ['^abc']\n[[rules]]\nid = 'mine'\nregex = 'mine_[0-9]{9}'\n[[allowlists]]\ntargetRules = ['slack-app-token']\npaths = ['x']\n",
    )
    .expect("valid");
    assert_eq!(import.base, Base::BuiltIn);
    let built_in = leakward_rules::built_in();
    let (rules, notes) = import.apply(built_in);
    assert_eq!(rules.len(), built_in.len());
    let find = |id: &str| rules.iter().find(|rule| rule.id.as_str() == id);
    assert!(find("github-pat-classic").is_none() && find("mine").is_some());
    for id in ["generic-password", "generic-token", "slack-app-level-token"] {
        let foreign = find(id).and_then(|rule| rule.foreign.as_ref());
        assert_eq!(foreign.expect(id).exceptions.len(), 1, "{id}");
    }
    assert!(find("stripe-secret-key").expect("a rule").foreign.is_none());
    assert_eq!(notes.len(), 1, "{notes:?}");
    assert!(notes[0].contains("no-such-rule"));
}

#[test]
fn keys_count_in_any_case_and_old_names_are_known() {
    let import = gitleaks(
        "Title = 'x'\n[[Rules]]\nID = 'a'\nRegex = '(a)(b)c'\nSecretGroup = 2\nSkipReport = true\nTags = ['x']\n[Rules.Allowlist]\nRegexTarget = 'line'\nRegexes = ['x']\n",
    )
    .expect("valid");
    assert_eq!(import.rules[0].class, Class::Identifier);
    let Find::Sweep(sweep) = &import.rules[0].find else {
        panic!("{:?}", import.rules[0].find)
    };
    assert_eq!(sweep.group, SweepGroup::Number(2));
}

#[test]
fn keys_that_gitleaks_passes_over_are_told_and_no_error() {
    let import =
        gitleaks("[[rules]]\nid = 'a'\nregex = 'abcd'\nseverityLabel = 'x'\n").expect("valid");
    assert_eq!(
        import.notes,
        ["f.toml:4: `severityLabel` is no key of a rule and has no effect"]
    );
}

#[test]
#[expect(clippy::too_many_lines, reason = "one table")]
fn mistakes_in_gitleaks_files_are_told_with_their_places() {
    for (text, expected) in [
        (
            "[[rules]]\nid = 'a'\nregx = 'x'\nregex = 'abcd'\n",
            "f.toml:3:1: unknown key `regx` in a rule; did you mean `regex`?",
        ),
        (
            "[[rules]]\nid = 'a'\nregex = '''ab(?=c)'''\n",
            "f.toml:3:14: rule a: look-around such as (?=…) or (?<!…) cannot be matched in linear time, and this program takes no other expressions",
        ),
        (
            "[[rules]]\nid = 'a'\nregex = '''(a)\\1'''\n",
            "f.toml:3:15: rule a: a back-reference such as \\1 cannot be matched",
        ),
        (
            "[[rules]]\nid = 'a'\nregex = '(?:[a-z0-9]{1,1000}){1,1000}'\n",
            "f.toml:3:10: rule a: the expression would take about",
        ),
        (
            "[[rules]]\nid = 'a'\nregex = 'a*'\n",
            "f.toml:3:10: rule a: the expression matches the empty text",
        ),
        (
            "[[rules]]\nid = 'a'\nregex = 'a('\n",
            "f.toml:3:11: rule a: the expression: unclosed group",
        ),
        (
            "[[rules]]\nid = 'a'\n",
            "f.toml:2:6: rule a has neither `regex` nor `path`",
        ),
        (
            "[[rules]]\nregex = 'abcd'\n",
            "f.toml:1:1: `id` is missing in a rule",
        ),
        (
            "[[rules]]\nid = 'a'\nregex = 'abcd'\n[[rules]]\nid = 'a'\nregex = 'abcd'\n",
            "f.toml:5:6: the id `a` is used before, in line 2",
        ),
        (
            "[[rules]]\nid = 'a'\nregex = '(a)b'\nsecretGroup = 2\n",
            "f.toml:4:1: rule a: `secretGroup` is 2, and the expression has 1 groups",
        ),
        (
            "[[rules]]\nid = 'a'\nregex = 'abcd'\n[[rules.required]]\nid = 'b'\n",
            "f.toml:4:1: rule a requires `b`, and no rule has this id",
        ),
        (
            "[[rules]]\nid = 'a'\nregex = 'abcd'\n[[rules.allowlists]]\ncondition = 'XOR'\nregexes = ['x']\n",
            "f.toml:5:13: `condition` must be \"AND\" or \"OR\", not \"XOR\"",
        ),
        (
            "[[rules]]\nid = 'a'\nregex = 'abcd'\n[[rules.allowlists]]\n",
            "f.toml:4:1: rule a: its allow list is empty",
        ),
        (
            "[[rules]]\nid = 'a'\nregex = 'abcd'\nentropy = 'high'\n",
            "f.toml:4:11: `entropy` must be a number, not a text",
        ),
        (
            "[[rules]]\nid = 'a'\nregex = 'abcd'\ntokenEfficiency = true\n",
            "f.toml:4:1: rule a: `tokenEfficiency` counts the tokens",
        ),
        (
            "[[rules]]\nid = 'a'\nregex = 'abcd'\nfilter = 'failsTokenEfficiency(finding.secret)'\n",
            "f.toml:4:10: rule a: `filter`: `failsTokenEfficiency` counts the tokens",
        ),
        (
            "[[rules]]\nid = 'a'\nregex = 'abcd'\nfilter = 'entropy('\n",
            "f.toml:4:19: rule a: `filter`: the expression ends too early",
        ),
        (
            "[[allowlists]]\ntargetRules = ['x']\npaths = ['y']\n",
            "f.toml:2:16: `targetRules` names \"x\", and no rule has this id",
        ),
        (
            "[extend]\nuseDefault = true\npath = 'base.toml'\n",
            "f.toml:3:8: [extend] has both",
        ),
        (
            "[extend]\npath = 'missing.toml'\n",
            "f.toml:2:8: [extend] missing.toml: entity not found",
        ),
        (
            "[extend]\npath = 'wrong.toml'\n",
            "f.toml:2:6: rule x has neither",
        ),
        (
            "[extend]\npath = 'loop.toml'\n",
            "loop.toml:2:8: files extend each other",
        ),
        ("[[rules]]\nid = ", "f.toml:2:"),
    ] {
        let errors = gitleaks(text).expect_err(text);
        assert!(
            errors.iter().any(|error| error.starts_with(expected)),
            "{text}\n{errors:#?}"
        );
    }
}

#[test]
fn every_mistake_is_told_and_nothing_is_loaded() {
    let text =
        "[[rules]]\nid = 'a'\nregex = 'a('\n[[rules]]\nid = 'b'\nregex = 'b('\nkeywords = 3\n";
    assert_eq!(gitleaks(text).expect_err("wrong").len(), 3);
}

const KINGFISHER: &str = "
rules:
  - name: Acme Token
    id: kingfisher.acme.1
    pattern: |
      (?xi)
      acme
      (?:.|[\\n\\r]){0,16}?
      \\b(?P<TOKEN>[a-z0-9]{20})\\b
    min_entropy: 3.0
    confidence: medium
    examples:
      - 'ACME = {abc}'
    references: [https://acme.example/docs]
    depends_on_rule:
      - rule_id: kingfisher.acme.2
        variable: ID
    pattern_requirements:
      min_digits: 2
      ignore_if_contains: [sample]
    validation:
      type: Http
  - name: Acme Id
    id: kingfisher.acme.2
    pattern: 'acme-id-([0-9]{6})'
    visible: false
";

#[test]
fn kingfisher_rules_become_ours() {
    let import = read(KINGFISHER, Format::NoseyParker).expect("valid");
    assert_eq!(
        ids(&import.rules),
        ["kingfisher.acme.1", "kingfisher.acme.2"]
    );
    let rule = &import.rules[0];
    let foreign = rule.foreign.as_ref().expect("foreign");
    assert_eq!(foreign.confidence, Some(Confidence::Medium));
    assert_eq!(foreign.exceptions.len(), 2);
    assert_eq!(rule.companions.len(), 1);
    assert_eq!(rule.samples[0], "ACME = {{abc}}");
    let Find::Sweep(sweep) = &rule.find else {
        panic!("{:?}", rule.find)
    };
    assert_eq!(sweep.group, SweepGroup::Number(1));
    assert_eq!(sweep.keywords.to_vec(), ["acme"]);
    assert_eq!(import.rules[1].class, Class::Identifier);
    assert!(
        import
            .notes
            .iter()
            .any(|note| note.contains("`validation` is not taken over"))
    );
}

const TRUFFLEHOG: &str = "
detectors:
  - name: Acme
    keywords: [acme]
    regex:
      id: 'acme-id-([0-9]{6})'
      key: '\\bacme-key-[a-f0-9]{12}\\b'
    primary_regex_name: key
    exclude_words: [sample]
    verify:
      - endpoint: http://localhost:8000/
";

#[test]
fn trufflehog_detectors_become_rules_that_need_each_other() {
    let import = read(TRUFFLEHOG, Format::TruffleHog).expect("valid");
    assert_eq!(ids(&import.rules), ["Acme:id", "Acme"]);
    assert_eq!(import.rules[0].class, Class::Identifier);
    let foreign = import.rules[1].foreign.as_ref().expect("foreign");
    assert_eq!(foreign.requires[0].rule, "Acme:id");
    assert_eq!(foreign.exceptions.len(), 1);
}

#[test]
fn mistakes_in_yaml_files_are_told_with_their_places() {
    for (text, format, expected) in [
        (
            "rules:\n- name: a\n  patern: 'abcd'\n",
            Format::NoseyParker,
            "f.toml:3:3: unknown key `patern` in a rule; did you mean `pattern`?",
        ),
        (
            "rules:\n- name: a\n  pattern: '(?<!x)abcd'\n",
            Format::NoseyParker,
            "f.toml:3:12: rule a: look-around",
        ),
        (
            "rules:\n- name: a\n  pattern: 'abcd'\n  confidence: sure\n",
            Format::NoseyParker,
            "f.toml:4:15: `confidence` must be low, medium or high",
        ),
        ("rules: [\n", Format::NoseyParker, "f.toml:"),
        (
            "rules: []\n",
            Format::NoseyParker,
            "f.toml:1:1: there is no rule",
        ),
        (
            "rules:\n- name: a\n  pattern: [x]\n",
            Format::NoseyParker,
            "f.toml:3:12: `pattern` must be a text, not a list",
        ),
        (
            "detectors:\n- name: a\n  keyword: [a]\n  regex: {a: 'abcd'}\n",
            Format::TruffleHog,
            "f.toml:3:3: unknown key `keyword` in a detector; did you mean `keywords`?",
        ),
        (
            "detectors:\n- name: a\n  keywords: [a]\n",
            Format::TruffleHog,
            "f.toml:2:3: detector a: `regex` is missing",
        ),
        (
            "detectors:\n- name: a\n  keywords: [a]\n  regex: {a: 'abcd'}\n  primary_regex_name: b\n",
            Format::TruffleHog,
            "f.toml:5:23: detector a: `primary_regex_name` is \"b\"",
        ),
    ] {
        let errors = read(text, format).expect_err(text);
        assert!(
            errors.iter().any(|error| error.starts_with(expected)),
            "{text}\n{errors:#?}"
        );
    }
}

#[test]
fn aliases_cannot_ask_for_gigabytes() {
    let mut text = "a: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..40 {
        let inner = format!("*a{}, ", level - 1).repeat(9);
        text.push_str(&format!("b{level}: &a{level} [{inner}]\n"));
    }
    let errors = read(&text, Format::NoseyParker).expect_err("too many");
    assert!(errors[0].contains("values"), "{errors:?}");
}
