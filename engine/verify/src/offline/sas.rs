//! Azure's shared access signatures: `se` says until when, `sp` what for.

use super::{OfflineFacts, expiry};
use crate::fill::value;
use crate::subject::Subject;

pub(super) fn facts(subject: &Subject, now: u64) -> Option<OfflineFacts> {
    let text = value("secret", subject)?;
    let query = text.rsplit_once('?').map_or(&**text, |(_, query)| query);
    let parameter = |name: &str| {
        query
            .split('&')
            .map(|pair| pair.strip_prefix("amp;").unwrap_or(pair))
            .find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
            .map(|value| percent_encoding::percent_decode_str(value).decode_utf8_lossy())
    };
    parameter("sig")?;
    let end = parameter("se")?;
    // Storage writes a date, Service Bus seconds since 1970.
    let expires = end
        .parse()
        .ok()
        .or_else(|| leakward_core::time::parse_rfc3339(&end))?;
    let (verdict, summary) = expiry(expires, now);
    Some(OfflineFacts {
        verdict,
        summary,
        scopes: parameter("sp")
            .map(std::borrow::Cow::into_owned)
            .into_iter()
            .collect(),
        expires_at: Some(leakward_core::time::rfc3339(expires)),
        ..OfflineFacts::default()
    })
}
