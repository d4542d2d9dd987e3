//! Turns `providers/*.toml` into Rust constants, so that the embedded rules cost nothing when the program starts.
//!
//! The files go through the reader that users' files go through; an error in one of them fails the build with
//! file:line:column. The output is `built_in_rules.rs`: one static for each list and one for all rules.

mod build_action;
mod build_verify;

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use leakward_core::Rule;
use leakward_core::rule::{Companion, Find, List, Text};
use leakward_rule_format::{RuleFile, parse_files, rule_set_hash};

fn main() -> Result<(), Box<dyn Error>> {
    let providers = Path::new(&std::env::var("CARGO_MANIFEST_DIR")?).join("providers");
    println!("cargo::rerun-if-changed={}", providers.display());
    let files = read_folder(&providers)?;
    let named: Vec<RuleFile<'_>> = files
        .iter()
        .map(|(name, text)| RuleFile { name, text })
        .collect();
    let rules = match parse_files(&named, &[]) {
        Ok(rules) => rules,
        Err(errors) => {
            for error in errors.as_slice() {
                println!("cargo::error={error}");
            }
            std::process::exit(1);
        }
    };
    let output = PathBuf::from(std::env::var("OUT_DIR")?).join("built_in_rules.rs");
    fs::write(output, Generator::default().file(&rules)?)?;
    Ok(())
}

/// Names as seen from the workspace, and texts, in the order of the names.
fn read_folder(folder: &Path) -> Result<Vec<(String, String)>, Box<dyn Error>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "toml")
        {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            files.push((
                format!("rules/providers/{name}"),
                fs::read_to_string(&path)?,
            ));
        }
    }
    files.sort();
    Ok(files)
}

/// Writes Rust. Lists become statics of their own, since a constant that owns nothing can be borrowed for ever.
#[derive(Default)]
struct Generator {
    statics: String,
    lists: usize,
}

impl Generator {
    fn file(mut self, rules: &[Rule]) -> Result<String, std::fmt::Error> {
        let mut table = String::new();
        for rule in rules {
            self.rule(rule, &mut table)?;
        }
        let hash = rule_set_hash(rules);
        let statics = self.statics;
        let count = rules.len();
        Ok(format!(
            "{statics}pub(super) static RULES: [Rule; {count}] = [\n{table}];\npub(super) const HASH: RuleSetHash = RuleSetHash({:?});\n",
            hash.0
        ))
    }

    fn rule(&mut self, rule: &Rule, out: &mut String) -> std::fmt::Result {
        let find = self.find(&rule.find)?;
        let companions = self.companions(&rule.companions)?;
        let allow = [&rule.allow.values, &rule.allow.words, &rule.allow.paths];
        let [values, words, allow_paths] = allow.map(|list| self.texts(list));
        let paths = self.texts(&rule.paths);
        let verify = self.verification(rule.verify.as_ref());
        let revoke = self.action(rule.revoke.as_ref());
        let rotate = self.action(rule.rotate.as_ref());
        let samples = self.texts(&rule.samples);
        let near_misses = self.texts(&rule.near_misses);
        writeln!(
            out,
            "Rule {{ id: RuleId({}), provider: {}, title: {}, severity: Severity::{:?}, class: Class::{:?}, find: {find}, \
             min_entropy: {:?}_f32, checksum: {}, specificity: {}, companions: {companions}, \
             allow: Allow {{ values: {values}, words: {words}, paths: {allow_paths} }}, paths: {paths}, \
             docs_url: {}, revoke_url: {}, verify: {verify}, revoke: {revoke}, rotate: {rotate}, samples: {samples}, near_misses: {near_misses}, foreign: None }},",
            text(rule.id.as_str()),
            text(&rule.provider),
            text(&rule.title),
            rule.severity,
            rule.class,
            rule.min_entropy,
            rule.checksum.map_or_else(
                || "None".to_owned(),
                |kind| format!("Some(Checksum::{kind:?})")
            ),
            rule.specificity,
            optional(rule.docs_url.as_ref()),
            optional(rule.revoke_url.as_ref()),
        )
    }

    fn find(&mut self, find: &Find) -> Result<String, std::fmt::Error> {
        Ok(match find {
            Find::Pattern(pattern) => format!(
                "Find::Pattern(Pattern {{ literals: {}, ignore_case: {}, regex: {}, group: {}, boundary: Boundary::{:?} }})",
                self.texts(&pattern.literals),
                pattern.ignore_case,
                text(&pattern.regex),
                pattern.group,
                pattern.boundary,
            ),
            Find::Keyword(keyword) => format!(
                "Find::Keyword(Keyword {{ keywords: {}, value: {}, within: {} }})",
                self.texts(&keyword.keywords),
                text(&keyword.value),
                keyword.within,
            ),
            Find::Native(native) => format!(
                "Find::Native(Native {{ detector: {}, literals: {}, names: {} }})",
                text(&native.detector),
                self.texts(&native.literals),
                self.texts(&native.names),
            ),
            // The format of the pack has no such rules.
            Find::Sweep(_) | Find::Path(_) => return Err(std::fmt::Error),
        })
    }

    fn companions(&mut self, companions: &[Companion]) -> Result<String, std::fmt::Error> {
        let mut items = String::new();
        for companion in companions {
            write!(
                items,
                "Companion {{ name: {}, rule: {}, within_lines: {}, required: {} }}, ",
                text(&companion.name),
                text(&companion.rule),
                companion.within_lines,
                companion.required,
            )?;
        }
        Ok(self.list("Companion", companions.len(), &items))
    }

    fn texts(&mut self, texts: &List<Text>) -> String {
        let items: Vec<String> = texts.iter().map(|item| text(item)).collect();
        self.list("Text", texts.len(), &items.join(", "))
    }

    fn list(&mut self, of: &str, count: usize, items: &str) -> String {
        if count == 0 {
            return "Cow::Borrowed(&[])".to_owned();
        }
        let name = self.constant(&format!("[{of}; {count}]"), &format!("[{items}]"));
        format!("Cow::Borrowed(&{name})")
    }

    /// Writes a static of its own, and gives its name.
    fn constant(&mut self, of: &str, value: &str) -> String {
        let name = format!("PART_{}", self.lists);
        self.lists += 1;
        self.statics
            .push_str(&format!("static {name}: {of} = {value};\n"));
        name
    }
}

fn text(text: &str) -> String {
    format!("Cow::Borrowed({text:?})")
}

fn optional(link: Option<&Text>) -> String {
    link.map_or_else(|| "None".to_owned(), |link| format!("Some({})", text(link)))
}
