//! Checksums that a credential carries at its end, over what stands before.

use super::argument::Argument;
use super::crc::crc32;
use super::draft::Draft;
use super::encoding::{BASE62, hex, positional};

pub(super) fn github(draft: &mut Draft, _: &Argument) {
    let check = github_check(behind_first_underscore(draft.credential()));
    draft.push_check(&check);
}

pub(super) fn grafana(draft: &mut Draft, _: &Argument) {
    let check = grafana_check(draft.credential().trim_end_matches('_'));
    draft.push_check(&check);
}

pub(super) fn atlassian(draft: &mut Draft, _: &Argument) {
    let check = hex_check(draft.credential()).to_ascii_uppercase();
    draft.push_check(&check);
}

/// Cloudflare's tokens, and Zuplo's, which have one more `_` before the checksum.
pub(super) fn cloudflare(draft: &mut Draft, _: &Argument) {
    let body = behind_first_underscore(draft.credential());
    let check = hex_check(body.trim_end_matches('_'));
    draft.push_check(&check);
}

pub(super) fn luhn(draft: &mut Draft, _: &Argument) {
    let check = luhn_digit(draft.credential()).to_string();
    draft.push_check(&check);
}

fn behind_first_underscore(credential: &str) -> &str {
    credential
        .split_once('_')
        .map_or(credential, |(_, behind)| behind)
}

fn github_check(body: &str) -> String {
    positional(crc32(body.as_bytes()), BASE62, 6)
}

fn grafana_check(body: &str) -> String {
    hex(&crc32(body.as_bytes()).to_le_bytes())
}

fn hex_check(body: &str) -> String {
    hex(&crc32(body.as_bytes()).to_be_bytes())
}

/// Counted from the right, every second digit is doubled, beginning with the last one before the check digit.
fn luhn_digit(digits: &str) -> u32 {
    let sum: u32 = digits
        .chars()
        .filter_map(|digit| digit.to_digit(10))
        .rev()
        .enumerate()
        .map(|(place, digit)| match place % 2 {
            0 => digit * 2 / 10 + digit * 2 % 10,
            _ => digit,
        })
        .sum();
    (10 - sum % 10) % 10
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worked_examples_hold() {
        assert_eq!(github_check("SyntheticExampleNotARealToken0"), "1Fh4F3");
        let grafana = ["glsa", "_SyntheticGrafanaExampleSecret000"].concat();
        assert_eq!(grafana_check(&grafana), "0f047852");
        let atlassian = ["ATATT3x", "FfGF0", &"SyntheticExampleBody".repeat(8), "="].concat();
        assert_eq!(hex_check(&atlassian), "13382fa2");
        let bitbucket = ["AT", "BB", "SyntheticExampleBody0123"].concat();
        assert_eq!(hex_check(&bitbucket), "13410a85");
        assert_eq!(
            hex_check("SyntheticCloudflareExampleBody0123456789"),
            "db127ec8"
        );
        assert_eq!(hex_check("abcdefghijklmnopqrstuvwxyz012345"), "624d474c");
    }

    #[test]
    fn luhn_agrees_with_the_published_example() {
        assert_eq!(luhn_digit("7992739871"), 3);
    }
}
