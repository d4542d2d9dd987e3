//! Property bags: what SARIF has no field for. An absent value leaves no key behind.

use std::collections::BTreeMap;

use serde_json::Value;
use serde_sarif::sarif::PropertyBag;

/// A property bag in the making.
#[derive(Default)]
pub(super) struct Properties(BTreeMap<String, Value>);

impl Properties {
    /// With `key` set to `value`.
    pub(super) fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.0.insert(key.to_owned(), value.into());
        self
    }

    /// With `key` set to `value`, when there is one.
    pub(super) fn with_some(self, key: &str, value: Option<impl Into<Value>>) -> Self {
        match value {
            Some(value) => self.with(key, value),
            None => self,
        }
    }

    /// With `key` set to the list, when it is not empty.
    pub(super) fn with_list(self, key: &str, list: &[String]) -> Self {
        if list.is_empty() {
            self
        } else {
            self.with(key, list.to_vec())
        }
    }

    /// The bag.
    pub(super) fn build(self) -> PropertyBag {
        PropertyBag::builder().additional_properties(self.0).build()
    }
}
