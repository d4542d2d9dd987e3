//! Rule files from outside: what a good one becomes, and what an author is told of a bad one, with line and column.

use leakward_core::rule::{Boundary, Checksum, Class, Find};
use leakward_core::{Rule, Severity};
use leakward_rule_format::{RuleFile, parse_files};
use proptest::prelude::*;

const HEAD: &str = "version = 1\nprovider = \"Acme\"\n";

fn parse(text: &str) -> Result<Vec<Rule>, String> {
    let file = RuleFile {
        name: "acme.toml",
        text,
    };
    parse_files(&[file], &["known-host"]).map_err(|errors| errors.to_string())
}

/// The errors of a file whose rule starts at line 3 with a good id, title and severity up to line 6.
fn errors(rest: &str) -> String {
    let text =
        format!("{HEAD}[[rule]]\nid = 'acme-key'\ntitle = 'Acme key'\nseverity = 'high'\n{rest}");
    parse(&text).unwrap_err()
}

#[test]
fn a_pattern_rule_is_read_with_its_defaults() {
    let text = format!(
        "{HEAD}docs = 'https://acme.dev/docs'\n[[rule]]\nid = 'acme-key'\ntitle = 'Acme key'\nseverity = 'critical'\nliterals = ['acme_']\npattern = 'acme_[a-z]{{9}}'\n"
    );
    let rules = parse(&text).unwrap();
    let [rule] = rules.as_slice() else {
        panic!("one rule, not {}", rules.len())
    };
    assert_eq!(
        (rule.id.as_str(), &*rule.provider, &*rule.title),
        ("acme-key", "Acme", "Acme key")
    );
    assert_eq!(
        (rule.severity, rule.class, rule.specificity),
        (Severity::Critical, Class::Secret, 100)
    );
    assert_eq!((rule.min_entropy, rule.checksum), (0.0, None));
    assert_eq!(rule.docs_url.as_deref(), Some("https://acme.dev/docs"));
    let Find::Pattern(pattern) = &rule.find else {
        panic!("a pattern rule")
    };
    assert_eq!(
        (pattern.group, pattern.boundary, pattern.ignore_case),
        (0, Boundary::Word, false)
    );
}

#[test]
fn every_key_of_a_rule_is_read() {
    let text = format!(
        r#"{HEAD}
[[rule]]
id = "acme-key"
provider = "Acme Cloud"
title = "Acme key"
severity = "low"
class = "identifier"
keywords = ["acme-key"]
value = '[0-9a-f]{{32}}'
within = 20
entropy = 3.5
checksum = "luhn"
specificity = 70
paths = ["**/*.env"]
docs = "https://acme.dev/a"
revoke-url = "https://acme.dev/b"
samples = ['ACME_KEY=«{{hex:32}}»']
near-misses = ['ACME_KEY={{hex:8}}']
[[rule.companion]]
name = "host"
rule = "known-host"
within-lines = 3
required = true
[rule.allow]
values = ['^0+$']
words = ["sandbox"]
paths = ["docs/**"]
"#
    );
    let rules = parse(&text).unwrap();
    let rule = &rules[0];
    assert_eq!(
        (&*rule.provider, rule.class),
        ("Acme Cloud", Class::Identifier)
    );
    assert_eq!(
        (rule.min_entropy, rule.checksum, rule.specificity),
        (3.5, Some(Checksum::Luhn), 70)
    );
    let Find::Keyword(keyword) = &rule.find else {
        panic!("a keyword rule")
    };
    assert_eq!((&*keyword.keywords[0], keyword.within), ("acme-key", 20));
    let companion = &rule.companions[0];
    assert_eq!((&*companion.name, &*companion.rule), ("host", "known-host"));
    assert_eq!((companion.within_lines, companion.required), (3, true));
    assert_eq!(
        [
            &rule.allow.values[0],
            &rule.allow.words[0],
            &rule.allow.paths[0]
        ],
        ["^0+$", "sandbox", "docs/**"]
    );
    assert_eq!(
        [&rule.paths[0], &rule.samples[0]],
        ["**/*.env", "ACME_KEY=«{hex:32}»"]
    );
    assert_eq!(rule.revoke_url.as_deref(), Some("https://acme.dev/b"));
}

/// One of a rule's errors is the expected one; a mistake often brings others with it.
fn assert_told(rest: &str, expected: &str) {
    let errors = errors(rest);
    let is_told = errors
        .lines()
        .any(|line| line.starts_with(&format!("acme.toml:{expected}")));
    assert!(is_told, "{rest}\n{errors}");
}

#[test]
fn a_mistake_in_how_to_find_is_told_with_its_place() {
    for (rest, expected) in [
        ("patern = 'a'", "3:1: the rule does not say how"),
        (
            "patern = 'a'",
            "7:1: unknown key `patern` in a rule; did you mean `pattern`?",
        ),
        (
            "pattern = 'acme_[a-z]'",
            "3:1: `literals` is missing in a rule",
        ),
        (
            "literals = []\npattern = 'acme_[a-z]'",
            "7:12: `literals` needs at least one entry",
        ),
        (
            "literals = ['ac']\npattern = 'ac[a-z]{9}'",
            "7:13: \"ac\" in `literals` is shorter",
        ),
        ("keywords = ['acme']", "3:1: `value` is missing in a rule"),
        (
            "keywords = ['acme']\nvalue = '[a-z]*'",
            "8:9: `value` matches the empty text",
        ),
        (
            "keywords = ['acme']\nvalue = '[a-z]+'\nwithin = 0",
            "9:10: `within` must be from 1 to 1024",
        ),
        (
            "native = 'assignment'\nliterals = ['ab']",
            "8:13: \"ab\" in `literals`",
        ),
    ] {
        assert_told(rest, expected);
    }
}

#[test]
fn a_mistake_in_an_expression_is_told_with_its_place() {
    for (pattern, expected) in [
        ("'acme_(?=x)'", "8:17: `pattern`: look-around"),
        ("'(acme_)\\1'", "8:19: `pattern`: a back-reference"),
        ("'acme_[a-'", "8:17: `pattern`: unclosed character class"),
        ("\"acme_[a-\"", "8:17: `pattern`: unclosed character class"),
        (
            "'''\nacme_[a-'''",
            "9:6: `pattern`: unclosed character class",
        ),
        (
            "'acme_((a{999}){999}){999}'",
            "8:11: `pattern` would take about",
        ),
        ("'(?:acme_)?'", "8:11: `pattern` matches the empty text"),
        (
            "'.*acme_'",
            "8:11: `pattern` starts with an unbounded repetition",
        ),
        (
            "'(?i)acme_[a-z]'",
            "8:11: `pattern` can match a text that holds none",
        ),
        (
            "'acme_[a-z]'\ngroup = 2",
            "8:11: `group` is 2, and the pattern has 0 groups",
        ),
        (
            "'acme_[a-z]'\ngroup = 300",
            "9:9: `group` must be from 0 to 255",
        ),
        (
            "'acme_[a-z]'\nwithin = 9",
            "9:1: `within` belongs to a keyword rule",
        ),
        (
            "'acme_[a-z]'\nboundary = 'words'",
            "9:12: `boundary` cannot be \"words\"; did you mean \"word\"?",
        ),
        (
            "'acme_[a-z]'\nkeywords = ['acme']",
            "3:1: the rule has `pattern` and `keywords` at once",
        ),
    ] {
        assert_told(
            &format!("literals = ['acme_']\npattern = {pattern}"),
            expected,
        );
    }
}

#[test]
fn a_detector_that_does_not_exist_is_told_with_its_place() {
    assert_told(
        "literals = ['passw']\nnative = 'assignmeent'",
        "8:10: `native` cannot be \"assignmeent\"; did you mean \"assignment\"?",
    );
}

#[test]
fn a_mistake_anywhere_else_is_told_with_its_place() {
    let good = "literals = ['acme_']\npattern = 'acme_[a-z]'\n";
    for (rest, expected) in [
        (
            "checksum = 'github-crc23'",
            "9:12: `checksum` cannot be \"github-crc23\"; did you mean \"github-crc32\"?",
        ),
        (
            "class = 'public'",
            "9:9: `class` cannot be \"public\"; it is one of secret, identifier",
        ),
        ("entropy = 9", "9:11: `entropy` must be from 0 to 8"),
        (
            "entropy = 'high'",
            "9:11: `entropy` must be a number, not a text",
        ),
        (
            "ignore-case = 1",
            "9:15: `ignore-case` must be true or false, not a number",
        ),
        (
            "docs = 'http://acme.dev'",
            "9:8: `docs` must be a link that starts with https://",
        ),
        (
            "samples = ['{hex:9}']",
            "9:12: none of the rule's literals occurs in this sample",
        ),
        (
            "samples = ['acme_{hax:9}']",
            "9:18: `samples`: no generator is called \"hax\"; did you mean \"hex\"?",
        ),
        (
            "near-misses = [7]",
            "9:16: `near-misses` must be a text, not a number",
        ),
        (
            "[[rule.companion]]\nname = 'id'\nrule = 'acme-kye'",
            "11:8: no rule has the id `acme-kye`; did you mean `acme-key`?",
        ),
        (
            "[[rule.companion]]\nnam = 'id'\nname = 'id'\nrule = 'acme-key'",
            "10:1: unknown key `nam` in a companion; did you mean `name`?",
        ),
        (
            "[rule.allow]\nvalues = ['[']",
            "10:12: `values`: unclosed character class",
        ),
        (
            "[rule.allow]\nvalue = ['a']",
            "10:1: unknown key `value` in rule.allow; did you mean `values`?",
        ),
    ] {
        let errors = errors(&format!("{good}{rest}"));
        assert_eq!(
            errors.lines().next(),
            Some(format!("acme.toml:{expected}").as_str()),
            "{rest}\n{errors}"
        );
    }
}

#[test]
fn a_mistake_in_the_file_itself_is_told() {
    let rule = "[[rule]]\nid = 'a'\ntitle = 'A'\nseverity = 'low'\nliterals = ['acme_']\npattern = 'acme_[a-z]'\n";
    for (text, expected) in [
        (
            String::new(),
            "acme.toml:1:1: the first key must be `version = 1`",
        ),
        (
            "version = 1\n".to_owned(),
            "acme.toml:1:1: no rule in this file",
        ),
        (
            format!("version = 2\nprovider = 'A'\n{rule}"),
            "acme.toml:1:1: the first key must be `version = 1`",
        ),
        (
            format!("version = 1\n{rule}"),
            "acme.toml:2:1: `provider` is missing in a rule",
        ),
        (
            format!("version = 1\nprovder = 'A'\n{rule}"),
            "acme.toml:2:1: unknown key `provder` in the file; did you mean `provider`?",
        ),
        (
            "version = 1\nprovider = 'A'\n[rule]\nid = 'a'\n".to_owned(),
            "acme.toml:3:1: `rule` must be a list of tables",
        ),
        ("version = \n".to_owned(), "acme.toml:1:11: "),
        (
            format!("{HEAD}{}", rule.replace("'a'", "'Acme_Key'")),
            "acme.toml:4:6: the id \"Acme_Key\" is not lower-case",
        ),
        (
            format!("{HEAD}{}", rule.replace("'low'", "'lo'")),
            "acme.toml:6:12: `severity` cannot be \"lo\"; did you mean \"low\"?",
        ),
        (
            format!("{HEAD}{}", rule.replace("'A'", "''")),
            "acme.toml:5:9: `title` is empty",
        ),
        (
            format!("{HEAD}{rule}{rule}"),
            "acme.toml:10:6: the id `a` is used before, in acme.toml:4",
        ),
    ] {
        let errors = parse(&text).unwrap_err();
        assert!(errors.starts_with(expected), "{text}\n{errors}");
    }
}

#[test]
fn all_errors_are_told_at_once_and_nothing_is_loaded() {
    let text = format!(
        "{HEAD}[[rule]]\nid = 'good'\ntitle = 'Good'\nseverity = 'low'\nliterals = ['acme_']\npattern = 'acme_[a-z]'\n[[rule]]\nid = 'Bad'\nseverity = 'low'\nliterals = ['ab']\npattern = 'ab['\n"
    );
    let errors = parse(&text).unwrap_err();
    let places: Vec<&str> = errors
        .lines()
        .map(|line| line.split(": ").next().unwrap())
        .collect();
    assert_eq!(
        places,
        [
            "acme.toml:9:1",
            "acme.toml:10:6",
            "acme.toml:12:13",
            "acme.toml:13:14"
        ]
    );
}

#[test]
fn files_are_read_together() {
    let rule = |id: &str| {
        format!(
            "{HEAD}[[rule]]\nid = '{id}'\ntitle = 'A'\nseverity = 'low'\nliterals = ['acme_']\npattern = 'acme_[a-z]'\n[[rule.companion]]\nname = 'other'\nrule = 'second'\n"
        )
    };
    let [first, second] = ["first", "second"].map(rule);
    let file = |name, text| RuleFile { name, text };
    let both = parse_files(&[file("1.toml", &first), file("2.toml", &second)], &[]).unwrap();
    assert_eq!(both.len(), 2);
    assert!(parse_files(&[file("1.toml", &first)], &[]).is_err());
    let twice = parse_files(&[file("1.toml", &second), file("2.toml", &second)], &[]).unwrap_err();
    assert_eq!(
        twice.to_string(),
        "2.toml:4:6: the id `second` is used before, in 1.toml:4"
    );
}

proptest! {
    #[test]
    fn any_text_is_rules_or_errors(text in "\\PC{0,200}") {
        prop_assert!(parse(&text).is_err());
    }

    #[test]
    fn any_value_of_any_key_is_taken_or_told(
        key in prop::sample::select(vec!["id", "pattern", "literals", "group", "checksum", "samples", "keywords", "value", "entropy", "paths", "companion", "allow", "native", "names", "docs"]),
        value in "(['\"][ -~]{0,20}['\"]|\\[[0-9a-z', ]{0,12}\\]|\\{[a-z =1]{0,9}\\}|-?[0-9]{1,30}|true|1979-05-27|nan|-?inf)",
    ) {
        let text = format!("{HEAD}[[rule]]\n{key} = {value}\n");
        if let Err(errors) = parse(&text) {
            prop_assert!(!errors.is_empty());
        }
    }

    /// Whatever stands in a pattern, reading it takes no time to speak of and no memory.
    #[test]
    fn any_pattern_is_taken_or_told(pattern in "[a-c(){}|*+?.\\[\\]0-9,^$\\\\-]{0,40}") {
        let text = format!("{HEAD}[[rule]]\nid = 'a'\ntitle = 'A'\nseverity = 'low'\nliterals = ['abc']\npattern = '{pattern}'\n");
        if let Ok(rules) = parse(&text) {
            prop_assert_eq!(rules.len(), 1);
        }
    }
}
