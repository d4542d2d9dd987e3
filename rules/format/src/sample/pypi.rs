//! PyPI tokens: a prefix and a macaroon of version 2 in base64url.

use super::argument::Argument;
use super::draft::Draft;
use super::encoding::base64_url;
use super::words::uuid;

pub(super) fn token(draft: &mut Draft, argument: &Argument) {
    let location = match argument.word() {
        "test" => "test.pypi.org",
        _ => "pypi.org",
    };
    let identifier = uuid(&mut draft.random);
    let caveat = format!("[3, \"{}\"]", uuid(&mut draft.random));
    let signature: [u8; 32] = draft.random.array();
    draft.push("pypi-");
    let valid = macaroon(location, &identifier, &caveat, &signature);
    // One byte short: the last field says more than there is.
    let broken = valid.get(..valid.len() - 1).unwrap_or_default();
    draft.push_checked(&base64_url(&valid), &base64_url(broken));
}

fn macaroon(location: &str, identifier: &str, caveat: &str, signature: &[u8; 32]) -> Vec<u8> {
    let field = |kind: u8, data: &[u8]| {
        let length = data.len().to_le_bytes()[0];
        [&[kind, length], data].concat()
    };
    [
        vec![2],
        field(1, location.as_bytes()),
        field(2, identifier.as_bytes()),
        vec![0],
        field(2, caveat.as_bytes()),
        vec![0, 0],
        field(6, signature),
    ]
    .concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worked_example_holds() {
        let signature = std::array::from_fn(|i| i.to_le_bytes()[0]);
        let bytes = macaroon(
            "pypi.org",
            "synthetic-identifier",
            "[3, \"synthetic\"]",
            &signature,
        );
        let expected = [
            "AgEIcHlwaS5vcmcCFHN5bnRoZXRpYy1pZGVudGlmaWVyAAIQ",
            "WzMsICJzeW50aGV0aWMiXQAABiAAAQIDBAUGBwgJCgsMDQ4P",
            "EBESExQVFhcYGRobHB0eHw",
        ]
        .concat();
        assert_eq!(base64_url(&bytes), expected);
    }
}
