//! Base64 with the signs of URLs, as JSON Web Tokens and Keys are written in (RFC 7515, 2): read as it is found, also filled up or with
//! the two signs of plain base64, since those who make tokens and keys do that.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// As it should be: not filled up.
#[must_use]
pub fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// None for what is no base64.
#[must_use]
pub fn decode(text: &str) -> Option<Vec<u8>> {
    let text = text
        .trim_end_matches('=')
        .replace('+', "-")
        .replace('/', "_");
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// A part of a token; none when it is no JSON.
#[must_use]
pub fn json(part: &str) -> Option<serde_json::Value> {
    serde_json::from_slice(&decode(part)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_read_however_it_is_written() {
        let bytes = [0xfb, 0xff, 0xbf, 0x7f];
        assert_eq!(encode(bytes), "-_-_fw");
        for text in ["-_-_fw", "-_-_fw==", "+/+/fw", "+/+/fw=="] {
            assert_eq!(decode(text).as_deref(), Some(&bytes[..]), "{text}");
        }
        for text in ["-_-_f", "-_=-_fw", "-_ -_fw", "é"] {
            assert_eq!(decode(text), None, "{text}");
        }
        assert_eq!(json("eyJhIjoxfQ"), Some(serde_json::json!({ "a": 1 })));
        assert_eq!(json("eyJh"), None);
    }
}
