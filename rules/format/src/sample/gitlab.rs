//! GitLab's routable tokens: a payload that says where the owner lives, its length, and a CRC over all, prefix included.

use super::argument::Argument;
use super::crc::crc32;
use super::draft::{Draft, altered};
use super::encoding::{BASE36, base64_url, positional};

pub(super) fn routable(draft: &mut Draft, argument: &Argument) {
    let payload = payload(draft);
    let version = match argument.word() {
        "first" => "",
        _ => ".01",
    };
    let prefix = draft.credential().to_owned();
    let rest = behind_prefix(&prefix, &payload, version);
    draft.push_checked(&rest, &altered(&rest));
}

/// Sixteen random bytes, lines of key and value in base36, and one byte with the length of the lines.
fn payload(draft: &mut Draft) -> String {
    let random: [u8; 16] = draft.random.array();
    let mut id = |most: usize| {
        let length = draft.random.between(1, most);
        // A leading zero would not be written.
        format!(
            "{}{}",
            draft.random.pick(&['1', '4', 'c', 'h', 'v']),
            draft.random.text(BASE36, length)
        )
    };
    let lines = format!("o:{}\nu:{}", id(3), id(5));
    let length = lines.len().to_le_bytes()[0];
    base64_url(&[random.as_slice(), lines.as_bytes(), &[length]].concat())
}

fn behind_prefix(prefix: &str, payload: &str, version: &str) -> String {
    let length = u32::try_from(payload.len()).unwrap_or(u32::MAX);
    let covered = format!(
        "{prefix}{payload}{version}.{}",
        positional(length, BASE36, 2)
    );
    let check = positional(crc32(covered.as_bytes()), BASE36, 7);
    covered.get(prefix.len()..).unwrap_or_default().to_owned() + &check
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worked_examples_hold() {
        let prefix = ["glp", "at-"].concat();
        let payload = ["AAECAwQFBgcICQoLDA0OD28", "6MQp1OjJzCA"].concat();
        let current = behind_prefix(&prefix, &payload, ".01");
        assert_eq!(current.strip_prefix(&payload), Some(".01.0y0wdsbqj"));
        let first = behind_prefix(&prefix, &payload, "");
        assert_eq!(first.strip_prefix(&payload), Some(".0y0k5pvz3"));
    }
}
