//! The JSON contract: the shapes that `json` and `jsonl` write, borrowed from the outcome.
//!
//! Stable: other programs and our own checks read them. A field may be added; none changes its meaning, its unit or
//! its presence without a new [`SCHEMA_VERSION`]. Absent fields are left out, never `null`. `docs/report.schema.json` is
//! generated from these types by a test (`REGENERATE_SCHEMA=1 cargo test -p leakward-report schema`).

mod finding;
mod head;
mod location;

use leakward_core::Finding;
use serde::{Serialize, Serializer};

pub(crate) use finding::{FindingEntry, Verification, rounded};
pub(crate) use head::Head;
pub(crate) use location::LocationEntry;

use crate::report::Report;

/// The version of the contract.
pub(crate) const SCHEMA_VERSION: u32 = 1;

/// A whole report.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(title = "Leakward report"))]
pub(crate) struct Document<'a> {
    #[serde(flatten)]
    head: Head<'a>,
    /// What was found, worst first; one entry for each (rule, credential).
    findings: Findings<'a>,
}

impl<'a> Document<'a> {
    pub(crate) fn new(report: &Report<'a>) -> Self {
        Self {
            head: Head::new(report),
            findings: Findings(&report.outcome.findings),
        }
    }
}

/// Entries that are made one by one while they are written, so that a large report is not held twice.
struct Findings<'a>(&'a [Finding]);

impl Serialize for Findings<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(FindingEntry::new))
    }
}

#[cfg(test)]
impl schemars::JsonSchema for Findings<'_> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Findings".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        Vec::<FindingEntry<'_>>::json_schema(generator)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use schemars::generate::SchemaSettings;

    use super::Document;

    /// Absent fields are left out, so no field may be `null`, though each `Option` would allow it.
    fn without_null(schema: &mut schemars::Schema) {
        if let Some(types) = schema
            .get_mut("type")
            .and_then(|types| types.as_array_mut())
        {
            types.retain(|word| word != "null");
            if let [only] = types.as_slice() {
                let only = only.clone();
                schema.insert("type".to_owned(), only);
            }
        }
        let Some(choices) = schema.get_mut("anyOf").and_then(|any| any.as_array_mut()) else {
            return;
        };
        choices.retain(|choice| choice.get("type").is_none_or(|word| word != "null"));
        if let [serde_json::Value::Object(only)] = choices.as_slice() {
            let only = only.clone();
            schema.remove("anyOf");
            for (key, value) in only {
                schema.insert(key, value);
            }
        }
    }

    #[test]
    fn the_schema_in_docs_is_the_one_of_the_code() {
        let settings = SchemaSettings::draft2020_12()
            .for_serialize()
            .with_transform(schemars::transform::RecursiveTransform(without_null));
        let schema = settings
            .into_generator()
            .into_root_schema_for::<Document<'_>>();
        let mut made = serde_json::to_string_pretty(&schema).expect("a schema is JSON");
        made.push('\n');
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/report.schema.json");
        if std::env::var_os("REGENERATE_SCHEMA").is_some() {
            std::fs::write(&file, &made).expect("docs can be written");
        }
        let kept = std::fs::read_to_string(&file).unwrap_or_default();
        assert!(
            kept == made,
            "docs/report.schema.json is not what the code writes; if the change is meant, run \
             REGENERATE_SCHEMA=1 cargo test -p leakward-report schema"
        );
    }
}
