//! Tests: what generators make passes its checksum, and what is altered does not.

use leakward_core::rule::Checksum;
use leakward_rules::sample::Template;

use super::{Proof, test};

/// A template for every kind. The marks say what the kind looks at.
fn templates() -> Vec<(Checksum, String, Template)> {
    let mut all = Vec::new();
    for rule in leakward_rules::built_in() {
        let Some(kind) = rule.checksum else { continue };
        for text in rule.samples.iter() {
            let template = Template::parse(text).expect("the build refuses broken templates");
            all.push((kind, format!("{}: {text}", rule.id.as_str()), template));
        }
    }
    all
}

#[test]
fn every_kind_but_luhn_is_tested_here_with_a_sample_of_a_rule() {
    let tested = templates();
    let missing: Vec<&str> = Checksum::ALL
        .iter()
        .filter(|(_, kind)| !tested.iter().any(|(tested, _, _)| tested == kind))
        .map(|(name, _)| *name)
        .collect();
    assert!(
        missing
            .iter()
            .all(|name| ["luhn", "pgp-crc24"].contains(name)),
        "{missing:?}"
    );
}

#[test]
fn generated_credentials_never_fail_their_checksum() {
    for (kind, sample, template) in templates() {
        let failing: Vec<u64> = (0..30)
            .filter(|seed| {
                test(kind, template.render(*seed).credential().as_bytes()) == Proof::Fails
            })
            .collect();
        assert_eq!(failing, [0; 0], "{sample}");
    }
}

#[test]
fn broken_credentials_never_hold() {
    let mut tried = 0;
    for (kind, sample, template) in templates() {
        let broken = (0..30).filter_map(|seed| template.render_broken(seed));
        for rendered in broken {
            // Some templates break what another rule's kind looks at.
            let valid = template.render(0);
            if test(kind, valid.credential().as_bytes()) == Proof::Silent {
                continue;
            }
            tried += 1;
            assert_ne!(
                test(kind, rendered.credential().as_bytes()),
                Proof::Holds,
                "{sample}"
            );
        }
    }
    assert!(tried > 300, "{tried}");
}

/// Kinds with a checksum over all characters, with how many at the end say nothing: digits of which not all bits count.
const SUMS: &[(Checksum, usize)] = &[
    (Checksum::GithubCrc32, 0),
    (Checksum::GitlabRoutable, 0),
    (Checksum::GrafanaCrc32, 0),
    (Checksum::AtlassianCrc32, 0),
    (Checksum::CloudflareCrc32, 0),
    (Checksum::ZuploCrc32, 0),
    (Checksum::AzureMarvin, 3),
    (Checksum::AzureAnnotated, 0),
    (Checksum::AzureDevopsCrc32, 1),
    (Checksum::EntraMarvin, 0),
    (Checksum::Bech32, 0),
    (Checksum::Base58Check, 0),
    (Checksum::StellarCrc16, 0),
    (Checksum::NatsCrc16, 1),
];

/// The next character of the same kind; nothing for a mark.
fn next_of_its_kind(byte: u8) -> Option<u8> {
    match byte {
        b'9' => Some(b'2'),
        b'f' | b'z' => Some(b'a'),
        b'F' | b'Z' => Some(b'A'),
        byte if byte.is_ascii_alphanumeric() => Some(byte + 1),
        _ => None,
    }
}

#[test]
fn a_credential_with_one_other_character_never_holds() {
    let mut tried = 0;
    for (kind, sample, template) in templates() {
        let Some((_, silent)) = SUMS.iter().find(|(summed, _)| *summed == kind) else {
            continue;
        };
        for seed in 0..5 {
            let valid = template.render(seed).credential().as_bytes().to_vec();
            if test(kind, &valid) != Proof::Holds {
                // Its checksum is written with an escape, which the rule undoes.
                continue;
            }
            // What stands before the first mark names the kind and is not always summed up.
            let head = valid
                .iter()
                .position(|byte| *byte == b'_')
                .map_or(0, |at| at + 1);
            for place in head..valid.len() - silent {
                let Some(other) = next_of_its_kind(valid[place]) else {
                    continue;
                };
                let mut changed = valid.clone();
                changed[place] = other;
                tried += 1;
                assert_ne!(
                    test(kind, &changed),
                    Proof::Holds,
                    "{sample}: seed {seed}, character {place}"
                );
            }
        }
    }
    assert!(tried > 5_000, "{tried}");
}

#[test]
fn a_luhn_number_with_another_digit_fails() {
    let digit = |sum: u32| char::from_digit((10 - sum % 10) % 10, 10).expect("a digit");
    for number in (100_000_000_000_000_u64..).step_by(7_919_131).take(200) {
        let body = number.to_string();
        let sum: u32 = body
            .bytes()
            .rev()
            .enumerate()
            .map(|(at, byte)| {
                let value = u32::from(byte - b'0') * if at % 2 == 0 { 2 } else { 1 };
                value / 10 + value % 10
            })
            .sum();
        let valid = format!("{body}{}", digit(sum));
        assert_eq!(
            test(Checksum::Luhn, valid.as_bytes()),
            Proof::Holds,
            "{valid}"
        );
        let broken = format!("{body}{}", digit(sum + 1));
        assert_eq!(
            test(Checksum::Luhn, broken.as_bytes()),
            Proof::Fails,
            "{broken}"
        );
    }
}

#[test]
fn no_kind_panics_on_any_bytes() {
    let texts: Vec<Vec<u8>> = templates()
        .iter()
        .step_by(3)
        .flat_map(|(_, _, template)| {
            let text = template.render(1).credential().as_bytes().to_vec();
            let half = text.get(..text.len() / 2).unwrap_or_default().to_vec();
            let odd: Vec<u8> = text.iter().map(|byte| byte ^ 0x80).collect();
            [text, half, odd, Vec::new(), vec![b'='; 70], vec![0xFF; 33]]
        })
        .collect();
    for (_, kind) in Checksum::ALL {
        for text in &texts {
            let _proof = test(*kind, text);
        }
    }
}
