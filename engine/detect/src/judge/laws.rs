//! Tests: what people write in place of a credential is told in every spelling, and what generators draw never is.

use leakward_rules::sample::Template;

use super::{look_alike, placeholder, reference};

/// Why a value is turned down whatever its name is.
fn objection(value: &str) -> Option<&'static str> {
    let value = value.as_bytes();
    reference::reason(value)
        .or_else(|| placeholder::reason(value))
        .or_else(|| {
            look_alike::find(value)
                .filter(|found| !found.may_be_key)
                .map(|found| found.reason)
        })
}

/// The words in the usual ways to join them.
fn joined(words: &str) -> Vec<String> {
    let upper = words.to_ascii_uppercase();
    vec![
        words.replace(' ', "_"),
        words.replace(' ', "-"),
        upper.replace(' ', "_"),
        upper.replace(' ', "-"),
    ]
}

#[test]
fn names_in_the_marks_of_templates_are_references_or_placeholders() {
    let marks = [
        "<@>",
        "${@}",
        "{{@}}",
        "{{ @ }}",
        "%@%",
        "$(@)",
        "<%= @ %>",
        "#{@}",
        "[[@]]",
        "<<@>>",
        "__@__",
        "@@@",
        "your_@",
        "YOUR-@",
        "my-@-here",
        "insert_@",
        "replace_@",
        "change-me-@",
        "example-@",
        "dummy_@",
        "@_example",
        "@_placeholder",
        "xxxx-@",
        "****@",
        "{{resolve:secretsmanager:@}}",
        "op://vault/@/x",
        "arn:aws:secretsmanager:eu:1:@",
        "process.env.@",
        "vault:kv/@",
        "secrets.@",
        "%(@)s",
    ];
    let mut missed = Vec::new();
    for words in [
        "api key",
        "access token",
        "client secret",
        "db password",
        "token",
    ] {
        for name in joined(words) {
            for mark in marks {
                let value = if mark == "@@@" {
                    format!("@{name}@")
                } else {
                    mark.replace('@', &name)
                };
                if objection(&value).is_none() {
                    missed.push(value);
                }
            }
        }
    }
    assert_eq!(missed, [""; 0]);
}

#[test]
fn sequences_repeats_and_masks_of_any_length_are_placeholders() {
    let rows = [
        "0123456789",
        "abcdefghijklmnopqrstuvwxyz",
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        "9876543210",
        "qwertyuiop",
    ];
    for row in rows {
        for length in 8..=row.len() {
            assert!(objection(&row[..length]).is_some(), "{}", &row[..length]);
        }
    }
    for unit in ["x", "X", "*", "0", "ab", "a1b2", "1234abcd", "-"] {
        for times in [4, 5, 8, 13, 21, 40] {
            assert!(objection(&unit.repeat(times)).is_some(), "{unit} {times}");
        }
    }
}

#[test]
fn data_digests_and_addresses_are_look_alikes() {
    for template in [
        "sha256-{base62:43}=",
        "sha256:{hex:64}",
        "sha512-{base62:86}==",
        "https://host.acme.io/{hex:16}",
        "v1.{digits:2}.{digits:2}",
        "10.{digits:2}.{digits:2}.{digits:2}",
        "/etc/ssl/private/server{digits:2}.pem",
        "iVBORw0KGgo{base62:40}",
        "ssh-rsa {base62:60}",
        "2024-01-{digits:2}T12:00:00Z",
    ] {
        let template = Template::parse(template).expect("a template");
        for seed in 0..20 {
            let value = template.render(seed).text;
            assert!(objection(&value).is_some(), "{value}");
        }
    }
}

#[test]
fn what_generators_draw_is_never_objected_to() {
    let mut objected = Vec::new();
    for text in [
        "{base62:24}",
        "{base62:40}",
        "{hex:32}",
        "{hex:40}",
        "{base62:12}-{base62:20}",
        "{base62:64}",
    ] {
        let template = Template::parse(text).expect("a template");
        for seed in 0..500 {
            let value = template.render(seed).text;
            if let Some(reason) = objection(&value) {
                objected.push(format!("{value}: {reason}"));
            }
        }
    }
    assert_eq!(objected, [""; 0]);
}
