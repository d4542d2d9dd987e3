//! The JSON Schema in `docs/` and the reader say the same: the pack's files fit both, and what one refuses by its shape the
//! other refuses too.

use std::fs;
use std::path::Path;

use jsonschema::Validator;
use leakward_core::rule::Checksum;
use leakward_rules::parse;
use serde_json::Value;

const SCHEMA: &str = include_str!("../../docs/rule-format.schema.json");

fn schema() -> Value {
    serde_json::from_str(SCHEMA).unwrap()
}

fn validator() -> Validator {
    jsonschema::validator_for(&schema()).unwrap()
}

fn json(toml: &str) -> Value {
    toml::from_str::<toml::Value>(toml)
        .and_then(toml::Value::try_into)
        .unwrap()
}

#[test]
fn every_file_of_the_pack_fits_the_schema() {
    let validator = validator();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("providers");
    let mut misfits = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let document = json(&fs::read_to_string(&path).unwrap());
        let errors = validator.iter_errors(&document);
        misfits.extend(errors.map(|error| format!("{}: {error}", path.display())));
    }
    assert!(misfits.is_empty(), "{}", misfits.join("\n"));
}

#[test]
fn the_schema_knows_every_checksum() {
    let schema = schema();
    let names: Vec<&str> = schema["$defs"]["rule"]["properties"]["checksum"]["enum"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_str)
        .collect();
    let known: Vec<&str> = Checksum::ALL.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, known);
}

#[test]
fn what_the_schema_refuses_the_reader_refuses() {
    let validator = validator();
    let pattern = "literals = ['acme_']\npattern = 'acme_[a-z]'\n";
    let question = "endpoint = 'https://a.acme.dev'\nrequest = 'GET /me'\nauth = 'bearer'\nlive = ['200']\ndead = ['401']";
    let keyword = "keywords = ['acme-key']\nvalue = '[a-f]{9}'\n";
    for (rest, is_good) in [
        (pattern.to_owned(), true),
        (keyword.to_owned(), true),
        (format!("{pattern}{keyword}"), false),
        (format!("{pattern}within = 9"), false),
        (format!("{keyword}group = 1"), false),
        (format!("{keyword}within = 0"), false),
        (format!("{pattern}colour = 'red'"), false),
        (format!("{pattern}entropy = 9"), false),
        (format!("{pattern}checksum = 'sum'"), false),
        (format!("{pattern}docs = 'http://acme.dev'"), false),
        (format!("{pattern}[rule.allow]\nvalue = []"), false),
        (format!("{pattern}[[rule.companion]]\nname = 'a'"), false),
        (format!("{pattern}[rule.verify]\nnative = 'redis'"), true),
        (format!("{pattern}[rule.verify]\n{question}"), true),
        (
            format!("{pattern}[rule.verify]\n{}", question.replace("GET", "PUT")),
            false,
        ),
        (
            format!(
                "{pattern}[rule.verify]\n{}",
                question.replace("bearer", "bear")
            ),
            false,
        ),
        (
            format!("{pattern}[rule.verify]\n{}", question.replace("401", "4")),
            false,
        ),
        (
            format!(
                "{pattern}[rule.verify]\n{}",
                question.replace("dead", "gone")
            ),
            false,
        ),
    ] {
        let text = format!(
            "version = 1\nprovider = 'A'\n[[rule]]\nid = 'a'\ntitle = 'A'\nseverity = 'low'\n{rest}"
        );
        assert_eq!(validator.is_valid(&json(&text)), is_good, "schema: {text}");
        assert_eq!(parse(&text, "a.toml").is_ok(), is_good, "reader: {text}");
    }
}
