//! A credential that nobody ever issued, generated from a name, so that no test has to write one down.
//!
//! It is a classic GitHub token with a right checksum, because that is what leaves the least room for judgement: a
//! test of coverage must not fail because a heuristic changed its mind. The checksum is computed here once more,
//! independently of the scanner's own code.

use std::fmt;

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A generated credential.
#[derive(Clone, PartialEq, Eq)]
pub struct Credential(String);

impl Credential {
    /// The credential that belongs to `name`: always the same one, and another one for every other name.
    #[must_use]
    pub fn named(name: &str) -> Self {
        let body = drawn(name, 30);
        Self(format!("{}_{body}{}", "ghp", checksum(&body)))
    }

    /// The text of the credential.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }

    /// A small settings file that holds the credential at line 2, columns 10 to 50.
    #[must_use]
    pub fn file(&self) -> String {
        format!("# settings of the service\ntoken = \"{self}\"\nretries = 3\n")
    }

    /// Part of the credential that is long enough to give it away and short enough to survive wrapping.
    #[must_use]
    pub fn tell_tale(&self) -> &str {
        &self.0[8..24]
    }
}

impl fmt::Display for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credential({})", self.0)
    }
}

/// So many letters and digits that belong to `name`.
pub(crate) fn drawn(name: &str, count: usize) -> String {
    let mut state = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    (0..count)
        .map(|_| char::from(BASE62[(next(&mut state) % 62) as usize]))
        .collect()
}

/// SplitMix64: small, and good enough for text that only has to look random.
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// CRC-32 of the thirty characters, in base62, six digits.
fn checksum(body: &str) -> String {
    let mut rest = crc32fast::hash(body.as_bytes()) as usize;
    let mut digits = [b'0'; 6];
    for digit in digits.iter_mut().rev() {
        *digit = BASE62[rest % 62];
        rest /= 62;
    }
    digits.iter().map(|&digit| char::from(digit)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_that_of_githubs_documented_scheme() {
        assert_eq!(
            checksum(&["Synthetic", "Example", "NotARealToken0"].concat()),
            "1Fh4F3"
        );
    }

    #[test]
    fn one_name_gives_one_credential_and_another_name_another() {
        assert_eq!(Credential::named("a"), Credential::named("a"));
        assert_ne!(Credential::named("a"), Credential::named("b"));
        assert_eq!(Credential::named("a").text().len(), 40);
    }

    #[test]
    fn the_settings_file_holds_the_credential_at_line_two_column_ten() {
        let credential = Credential::named("settings");
        let file = credential.file();
        let line = file.lines().nth(1).expect("two lines");
        assert_eq!(line.find(credential.text()), Some(9));
    }
}
