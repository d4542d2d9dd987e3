//! The template language from outside: what authors write, what they get, and what they are told.

use leakward_core::rule::Checksum;
use leakward_rule_format::sample::{GENERATORS, Takes, TemplateProblem, render, render_broken};
use proptest::prelude::*;

fn text(template: &str) -> String {
    render(template, 1).unwrap().text
}

fn problem(template: &str) -> (usize, TemplateProblem) {
    let error = render(template, 1).unwrap_err();
    (error.column, error.problem)
}

/// A template that uses a generator, with an argument where it needs one.
fn example(name: &str, takes: Takes) -> String {
    match takes {
        Takes::Length(None) => format!("{{{name}:24}}"),
        Takes::Word => format!("{{{name}:abcd}}"),
        Takes::Template => format!("{{{name}:{{word}}-{{uuid}}}}"),
        _ => format!("Pre_{{base62:20}}{{{name}}}"),
    }
}

#[test]
fn the_same_seed_gives_the_same_text_and_another_seed_another() {
    let template = "key = «{base62:30}» # {word}";
    assert_eq!(render(template, 7), render(template, 7));
    assert_ne!(render(template, 7), render(template, 8));
}

#[test]
fn braces_are_written_twice() {
    assert_eq!(text("${{NAME}}"), "${NAME}");
    assert_eq!(text("{{\"a\":1}}"), "{\"a\":1}");
}

#[test]
fn marks_say_where_the_credential_is() {
    let marked = render("é pass=«{hex:32}»;", 3).unwrap();
    assert_eq!(marked.credential().len(), 32);
    assert_eq!(marked.text, format!("é pass={};", marked.credential()));
    let whole = render("pre_{hex:32}", 3).unwrap();
    assert_eq!(whole.credential(), whole.text);
}

#[test]
fn lengths_and_alphabets_are_kept() {
    for (template, least, most, allowed) in [
        ("{hex:32}", 32, 32, "0123456789abcdef"),
        ("{HEX:8-12}", 8, 12, "0123456789ABCDEF"),
        (
            "{upper+digits:9}",
            9,
            9,
            "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
        ),
        ("{[a-f~-]:10}", 10, 10, "abcdef~-"),
        ("{[\\]x-z]:12}", 12, 12, "]xyz"),
    ] {
        for seed in 0..50 {
            let text = render(template, seed).unwrap().text;
            assert!((least..=most).contains(&text.len()), "{template}: {text}");
            assert!(
                text.chars().all(|c| allowed.contains(c)),
                "{template}: {text}"
            );
        }
    }
}

#[test]
fn inner_templates_are_encoded() {
    assert_eq!(text("{to-base64:user:{{x}}}"), "dXNlcjp7eH0=");
    assert_eq!(text("{to-base64url:\u{fc}>}"), "w7w-");
    assert_eq!(text("{to-hex:ab}!"), "6162!");
}

#[test]
fn mistakes_are_named_with_their_column() {
    for (template, column, expected) in [
        ("ab{hex:32", 3, TemplateProblem::Unclosed),
        (
            "ab{",
            3,
            TemplateProblem::UnknownGenerator {
                name: String::new(),
                nearest: None,
            },
        ),
        ("{to-hex:{word}", 1, TemplateProblem::Unclosed),
        ("a}b", 2, TemplateProblem::StrayBrace),
        (
            "é{base26:3}",
            2,
            TemplateProblem::UnknownGenerator {
                name: "base26".to_owned(),
                nearest: Some("base62"),
            },
        ),
        ("{hex}", 1, TemplateProblem::Length),
        ("{hex:0}", 1, TemplateProblem::Length),
        ("{hex:9-3}", 1, TemplateProblem::Length),
        ("{hex:99999999}", 1, TemplateProblem::Length),
        ("{[z-a]:3}", 1, TemplateProblem::Class),
        ("a«b", 2, TemplateProblem::Marks),
        ("«a»«b»", 1, TemplateProblem::Marks),
        ("{to-hex:«a»}", 9, TemplateProblem::Marks),
        (
            "{uuid:4}",
            1,
            TemplateProblem::Argument {
                name: "uuid",
                expected: "no argument".to_owned(),
            },
        ),
        (
            "{crc32-base62:8}",
            1,
            TemplateProblem::Argument {
                name: "crc32-base62",
                expected: "no argument, or its own length 6".to_owned(),
            },
        ),
    ] {
        assert_eq!(problem(template), (column, expected), "{template}");
    }
}

#[test]
fn generators_nest_four_levels_deep_and_no_deeper() {
    let nested = |levels: usize| format!("{}{}", "{to-hex:a".repeat(levels), "b}".repeat(levels));
    assert!(render(&nested(4), 1).is_ok());
    assert_eq!(problem(&nested(5)), (37, TemplateProblem::TooDeep));
    assert_eq!(problem(&nested(10_000)).1, TemplateProblem::TooDeep);
}

#[test]
fn every_checksum_kind_has_a_generator_of_its_name() {
    for (name, _) in Checksum::ALL {
        assert!(
            GENERATORS.iter().any(|generator| generator.name == *name),
            "{name}"
        );
    }
}

#[test]
fn every_checksum_can_come_out_wrong() {
    for (name, _) in Checksum::ALL {
        let takes = GENERATORS
            .iter()
            .find(|generator| generator.name == *name)
            .unwrap()
            .takes;
        let template = example(name, takes);
        for seed in 0..20 {
            let valid = render(&template, seed).unwrap().text;
            let broken = render_broken(&template, seed).unwrap().unwrap().text;
            assert_ne!(valid, broken, "{template}");
        }
    }
    assert_eq!(render_broken("{base62:30}", 1), Ok(None));
}

#[test]
fn every_generator_makes_something_and_is_in_the_reference() {
    let reference = include_str!("../../../docs/rule-format.md");
    for generator in GENERATORS {
        let template = example(generator.name, generator.takes);
        assert!(!text(&template).is_empty(), "{template}");
        let name = generator.name;
        let is_there = [
            format!("`{name}`"),
            format!("{{{name}}}"),
            format!("{{{name}:"),
        ]
        .iter()
        .any(|form| reference.contains(form));
        assert!(is_there, "docs/rule-format.md does not mention {name}");
    }
}

#[test]
fn random_characters_never_spell_a_placeholder() {
    for seed in 0..500 {
        let text = text_of(seed).to_ascii_lowercase();
        for word in ["foo", "bar", "xxx", "test", "1234", "abcd"] {
            assert!(!text.contains(word), "{text}");
        }
    }
}

fn text_of(seed: u64) -> String {
    render("{lower:40}", seed).unwrap().text
}

proptest! {
    #[test]
    fn any_text_is_a_template_or_an_error(template in "[a-z0-9{}:«»\\[\\]+\\\\-]{0,40}") {
        if let Ok(rendered) = render(&template, 5) {
            prop_assert!(rendered.text.get(rendered.secret).is_some());
        }
    }
}
