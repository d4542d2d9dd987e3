//! Versions for stores that have none.

use leakward_core::{RuleId, Secret};
use zeroize::Zeroizing;

use crate::exposed::bytes;
use crate::store::{Fields, Version};
use crate::surroundings::Surroundings;

/// The version of an entry in a store without versions: a keyed fingerprint of its content.
pub(crate) fn content_version(surroundings: &Surroundings, fields: &Fields) -> Version {
    let mut content = Zeroizing::new(Vec::new());
    for (name, value) in fields {
        for part in [name.as_bytes(), bytes(value)] {
            content.extend_from_slice(&(part.len() as u64).to_le_bytes());
            content.extend_from_slice(part);
        }
    }
    let rule = RuleId::from("leakward-store-version");
    let secret = Secret::new(&content);
    Version(format!(
        "content-{}",
        surroundings.key.fingerprint(&rule, &secret)
    ))
}
