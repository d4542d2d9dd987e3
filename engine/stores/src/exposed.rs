//! The one place of this crate where the bytes of a value are reached: it is stored, compared, or sent to log in.

use leakward_core::Secret;
use serde_json::Value;
use zeroize::{Zeroize as _, Zeroizing};

/// The bytes of `secret`.
#[expect(
    clippy::disallowed_methods,
    reason = "a store writes values, compares them and logs in with them"
)]
pub(crate) fn bytes(secret: &Secret) -> &[u8] {
    secret.expose()
}

/// The text of `secret`, if it is one.
pub(crate) fn text(secret: &Secret) -> Option<&str> {
    std::str::from_utf8(bytes(secret)).ok()
}

/// `text` as a secret.
pub(crate) fn secret(text: &str) -> Secret {
    Secret::new(text.as_bytes())
}

/// `text` as a secret, without blanks around it: what stands in a file or a variable.
pub(crate) fn trimmed(text: String) -> Secret {
    let text = Zeroizing::new(text);
    Secret::new(text.trim().as_bytes())
}

/// JSON that may hold values: its texts are wiped when it is dropped, and it is never printed.
pub(crate) struct Json(pub(crate) Value);

impl Json {
    /// A text in it.
    pub(crate) fn text(&self, pointer: &str) -> Option<&str> {
        self.0.pointer(pointer).and_then(Value::as_str)
    }

    /// A text in it, as a secret.
    pub(crate) fn secret(&self, pointer: &str) -> Option<Secret> {
        self.text(pointer).map(secret)
    }
}

impl Drop for Json {
    fn drop(&mut self) {
        wipe(&mut self.0);
    }
}

impl std::fmt::Debug for Json {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Json")
    }
}

fn wipe(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(items) => items.iter_mut().for_each(wipe),
        Value::Object(map) => map.values_mut().for_each(wipe),
        _ => {}
    }
}
