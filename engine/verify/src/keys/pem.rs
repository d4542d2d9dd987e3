//! How keys and signatures are written in text (RFC 7468): base64 in lines between two marks.
//!
//! Only for what is made here: successors, and signatures of approvals. What was found is read by [`crate::offline::key_body`], which
//! takes more than the standard allows. The text can be a private key: it is wiped when it is dropped, and so is the base64 on the way.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

/// `width` characters a line: 64 by the standard, 70 by OpenSSH.
pub(crate) fn pem(label: &str, width: usize, bytes: &[u8]) -> Zeroizing<String> {
    let base64 = Zeroizing::new(STANDARD.encode(bytes));
    let mut text = Zeroizing::new(format!("-----BEGIN {label}-----\n"));
    let mut rest = base64.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(width.min(rest.len()));
        text.push_str(line);
        text.push('\n');
        rest = after;
    }
    text.push_str(&format!("-----END {label}-----\n"));
    text
}
