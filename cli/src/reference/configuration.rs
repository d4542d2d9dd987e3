//! Every key of the two configuration files, from the schemas of the structs that they are read into.

use serde_json::{Map, Value};

use super::markdown::{cell, code, head, row};

const INTRODUCTION: &str = "\
# Keys of configuration files

Made of the program by `cargo xtask docs`; do not edit. [configuration.md](../configuration.md) says which setting wins and shows
an example. Editors check a file as it is typed with [leakward.schema.json](../leakward.schema.json) and
[serve.schema.json](../serve.schema.json). A key that is not known is an error, with the nearest one that is.
";

/// The page about both files.
pub(super) fn page(project: &Value, service: &Value) -> String {
    let mut page = INTRODUCTION.to_owned();
    for (title, schema) in [
        ("leakward.toml: what a project wants of a scan", project),
        ("serve.toml: the service ([more](../serve.md))", service),
    ] {
        page.push_str(&format!("\n## {title}\n"));
        let tables = Tables { root: schema };
        tables.write(schema, "", &mut page);
    }
    page
}

/// TOML has no null: what may be left out is left out.
pub(super) fn without_null(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            for (_, inner) in object.iter_mut() {
                without_null(inner);
            }
            if let Some(Value::Array(types)) = object.get_mut("type") {
                types.retain(|word| word != "null");
                if let [only] = types.as_slice() {
                    let only = only.clone();
                    object.insert("type".to_owned(), only);
                }
            }
            if object.get("default").is_some_and(Value::is_null) {
                object.shift_remove("default");
            }
            drop_null_choice(object);
        }
        Value::Array(items) => items.iter_mut().for_each(without_null),
        _ => {}
    }
}

fn drop_null_choice(object: &mut Map<String, Value>) {
    let Some(Value::Array(choices)) = object.get_mut("anyOf") else {
        return;
    };
    choices.retain(|choice| choice.get("type").is_none_or(|word| word != "null"));
    if let [Value::Object(only)] = choices.as_slice() {
        let only = only.clone();
        object.shift_remove("anyOf");
        for (key, value) in only {
            object.entry(key).or_insert(value);
        }
    }
}

/// The tables of one file.
struct Tables<'s> {
    root: &'s Value,
}

/// A table that stands below another.
struct Inner<'s> {
    heading: String,
    name: String,
    about: String,
    schema: &'s Value,
}

impl<'s> Tables<'s> {
    /// The keys of a table, and then the tables in it.
    fn write(&self, schema: &'s Value, name: &str, page: &mut String) {
        let required: Vec<&str> = schema
            .get("required")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let properties = schema.get("properties").and_then(Value::as_object);
        let (mut rows, mut inner) = (String::new(), Vec::new());
        for (key, property) in properties.into_iter().flatten() {
            match self.inner(name, key, property) {
                Some(table) => inner.push(table),
                None => rows.push_str(&self.row(key, property, required.contains(&key.as_str()))),
            }
        }
        if let Some(others) = schema
            .get("additionalProperties")
            .filter(|it| it.is_object())
        {
            let kind = self.kind(others);
            rows.push_str(&row(["any other", &kind, "", "An option of its kind."]));
        }
        if !rows.is_empty() {
            page.push_str(&format!(
                "\n{}{rows}",
                head(["Key", "Value", "Default", "What it says"])
            ));
        }
        for table in inner {
            page.push_str(&format!(
                "\n### {}\n\n{}\n",
                code(&table.heading),
                table.about
            ));
            self.write(table.schema, &table.name, page);
        }
    }

    /// What a key holds, when that is a table of its own.
    fn inner(&self, parent: &str, key: &str, property: &'s Value) -> Option<Inner<'s>> {
        let about = self.about(property);
        let path = |name: &str| match parent {
            "" => name.to_owned(),
            parent => format!("{parent}.{name}"),
        };
        let schema = self.resolve(property);
        let is_table = |schema: &Value| schema.get("properties").is_some();
        let (heading, name, schema) = if is_table(schema) {
            (format!("[{}]", path(key)), path(key), schema)
        } else if let Some(items) = schema.get("items").map(|items| self.resolve(items)) {
            (format!("[[{}]]", path(key)), path(key), items)
        } else {
            let values = schema.get("additionalProperties")?;
            let name = path(&format!("{key}.NAME"));
            (format!("[{name}]"), name, self.resolve(values))
        };
        is_table(schema).then_some(Inner {
            heading,
            name,
            about,
            schema,
        })
    }

    fn row(&self, key: &str, property: &'s Value, required: bool) -> String {
        let default = match property.get("default") {
            _ if required => "required".to_owned(),
            Some(Value::Array(items)) if items.is_empty() => String::new(),
            Some(Value::Object(items)) if items.is_empty() => String::new(),
            Some(value) => code(&value.to_string()),
            None => String::new(),
        };
        row([
            &code(key),
            &self.kind(property),
            &default,
            &cell(&self.about(property)),
        ])
    }

    /// The comment in the code, on the key or on its type.
    fn about(&self, property: &'s Value) -> String {
        let own = property.get("description");
        own.or_else(|| self.resolve(property).get("description"))
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    }

    /// What may stand behind the key, in words.
    fn kind(&self, property: &'s Value) -> String {
        let schema = self.resolve(property);
        if let Some(word) = schema.get("const") {
            return code(&word.to_string());
        }
        let words = property.get("enum").or_else(|| schema.get("enum"));
        if let Some(Value::Array(words)) = words {
            let words: Vec<String> = words.iter().map(|word| code(&word.to_string())).collect();
            return words.join(", ");
        }
        for choices in ["oneOf", "anyOf"] {
            if let Some(Value::Array(choices)) = schema.get(choices) {
                let kinds: Vec<String> = choices.iter().map(|choice| self.kind(choice)).collect();
                return kinds.join(", ");
            }
        }
        self.plain_kind(schema)
    }

    fn plain_kind(&self, schema: &'s Value) -> String {
        match schema.get("type").and_then(Value::as_str) {
            Some("string") => "text".to_owned(),
            Some("integer") => "whole number".to_owned(),
            Some("number") => "number".to_owned(),
            Some("boolean") => "`true`, `false`".to_owned(),
            Some("array") => {
                let items = schema.get("items").map(|items| self.kind(items));
                format!("list of {}", items.unwrap_or_default())
            }
            Some("object") => self.inline_table(schema),
            _ => String::new(),
        }
    }

    /// `{ file = text }`, or a table with names of the user's own.
    fn inline_table(&self, schema: &'s Value) -> String {
        if let Some(values) = schema
            .get("additionalProperties")
            .filter(|it| it.is_object())
        {
            return format!("table of {}", self.kind(values));
        }
        let keys = schema.get("properties").and_then(Value::as_object);
        let keys: Vec<String> = keys
            .into_iter()
            .flatten()
            .map(|(key, value)| format!("{key} = {}", self.kind(value).replace('`', "")))
            .collect();
        code(&format!("{{ {} }}", keys.join(", ")))
    }

    /// A schema, or what it refers to.
    fn resolve(&self, schema: &'s Value) -> &'s Value {
        schema
            .get("$ref")
            .and_then(Value::as_str)
            .and_then(|reference| self.root.pointer(reference.strip_prefix('#')?))
            .unwrap_or(schema)
    }
}
