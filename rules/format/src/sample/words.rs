//! Names, hosts and passwords that look like those of real projects.
//!
//! Nothing here may be a word by which scanners know a sample (`example`, `test`, `admin`, `localhost` …): templates that want such a
//! value write it out.

use super::encoding::{DIGITS, LOWER, UPPER};
use super::random::Random;

const WORDS: [&str; 48] = [
    "amber", "anchor", "aspen", "basalt", "beacon", "birch", "canyon", "cedar", "cobalt", "copper",
    "coral", "crimson", "delta", "ember", "falcon", "fjord", "garnet", "glacier", "granite",
    "harbour", "heron", "indigo", "ivory", "juniper", "kestrel", "lagoon", "lantern", "larch",
    "maple", "marble", "meadow", "mistral", "nimbus", "onyx", "orchid", "osprey", "pewter",
    "prairie", "quarry", "raven", "saffron", "sierra", "tundra", "umber", "velvet", "walnut",
    "willow", "zephyr",
];

const GIVEN: [&str; 20] = [
    "agnes", "bruno", "carla", "dmitri", "elena", "farid", "greta", "hanna", "ivan", "jonas",
    "karin", "lucia", "marek", "nadia", "oscar", "petra", "rosa", "stefan", "tomas", "yusuf",
];

const FAMILY: [&str; 20] = [
    "alvarez",
    "becker",
    "costa",
    "dubois",
    "eriksen",
    "fischer",
    "garcia",
    "horvat",
    "ivanova",
    "jensen",
    "keller",
    "lindqvist",
    "moreau",
    "novak",
    "okafor",
    "petrov",
    "ricci",
    "santos",
    "tanaka",
    "weber",
];

const SUBDOMAINS: [&str; 12] = [
    "api", "git", "db-3", "pg-main", "ci", "auth", "mail", "queue-2", "registry", "grid",
    "metrics", "vpn",
];

const TOP_LEVELS: [&str; 6] = ["com", "io", "net", "dev", "cloud", "eu"];

/// Marks that survive in quotes, in addresses and on command lines.
const MARKS: &[u8] = b"!-_.*+~";

pub(super) fn word(random: &mut Random) -> String {
    (*random.pick(&WORDS)).to_owned()
}

pub(super) fn user(random: &mut Random) -> String {
    let (given, family) = (*random.pick(&GIVEN), *random.pick(&FAMILY));
    let initial = given.get(..1).unwrap_or(given);
    match random.below(4) {
        0 => format!("{given}.{family}"),
        1 => format!("{initial}{family}"),
        2 => format!("{given}{}", random.between(11, 98)),
        _ => format!("svc-{}", word(random)),
    }
}

pub(super) fn host(random: &mut Random) -> String {
    let subdomain = *random.pick(&SUBDOMAINS);
    let top = *random.pick(&TOP_LEVELS);
    format!("{subdomain}.{}-{}.{top}", word(random), word(random))
}

pub(super) fn email(random: &mut Random) -> String {
    let (given, family) = (*random.pick(&GIVEN), *random.pick(&FAMILY));
    let (first, second) = (word(random), word(random));
    let top = *random.pick(&TOP_LEVELS);
    format!("{given}.{family}@{first}-{second}.{top}")
}

/// Small and capital letters, digits and marks, at least one of each when there is room; a letter or digit at both ends.
pub(super) fn password(random: &mut Random, length: usize) -> String {
    let plain = [LOWER, UPPER, DIGITS].concat();
    let all = [plain.as_slice(), MARKS].concat();
    let needed: [&[u8]; 4] = [LOWER, UPPER, DIGITS, MARKS];
    loop {
        let text: Vec<u8> = (0..length)
            .map(|place| {
                let is_end = place == 0 || place + 1 == length;
                *random.pick(if is_end { &plain } else { &all })
            })
            .collect();
        let has = |class: &[u8]| text.iter().any(|byte| class.contains(byte));
        if length < 6 || needed.into_iter().all(has) {
            return text.into_iter().map(char::from).collect();
        }
    }
}

pub(super) fn uuid(random: &mut Random) -> String {
    let mut bytes: [u8; 16] = random.array();
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let digits = super::encoding::hex(&bytes);
    [0..8, 8..12, 12..16, 16..20, 20..32]
        .map(|range| digits.get(range).unwrap_or_default())
        .join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_has_every_kind_of_character() {
        let mut random = Random::new(3, 0);
        for _ in 0..200 {
            let text = password(&mut random, 8);
            assert_eq!(text.len(), 8);
            assert!(text.bytes().any(|b| b.is_ascii_digit()), "{text}");
            assert!(text.bytes().any(|b| MARKS.contains(&b)), "{text}");
            assert!(
                text.ends_with(|c: char| c.is_ascii_alphanumeric()),
                "{text}"
            );
        }
    }

    #[test]
    fn a_uuid_has_version_and_variant() {
        let text = uuid(&mut Random::new(3, 0));
        assert_eq!(text.len(), 36);
        assert_eq!(text.as_bytes()[14], b'4');
        assert!(b"89ab".contains(&text.as_bytes()[19]));
    }
}
