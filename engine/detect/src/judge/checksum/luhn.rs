//! Luhn's digit sum. Source: ISO/IEC 7812-1.

use super::Proof;

/// Tests the digits of the text; other characters are passed over.
pub(super) fn test(secret: &[u8]) -> Proof {
    let digits: Vec<u32> = secret
        .iter()
        .filter(|byte| byte.is_ascii_digit())
        .map(|byte| u32::from(byte - b'0'))
        .collect();
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, &digit)| {
            if place % 2 == 0 {
                digit
            } else {
                digit * 2 / 10 + digit * 2 % 10
            }
        })
        .sum();
    Proof::of(digits.len() > 1 && sum.is_multiple_of(10))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_standards_number_holds_and_its_neighbours_fail() {
        assert_eq!(test(b"7992 7398 713"), Proof::Holds);
        for last in b"012456789" {
            let text = [&b"7992739871"[..], &[*last]].concat();
            assert_eq!(test(&text), Proof::Fails);
        }
    }
}
