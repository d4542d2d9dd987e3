//! gitleaks' and betterleaks' configuration: TOML with `[[rules]]`, what it extends, and allow lists.
//!
//! Keys count in any case, as there. What a file extends is laid under it: rules of both with one id become one, allow lists add up.

use std::sync::Arc;

use leakward_core::exception::{Condition, Exception, Part, Test};

use crate::Loader;
use crate::apply::{Base, Import};
use crate::error::ImportErrors;
use crate::filter;
use crate::gitleaks_rule::{Draft, read_rule};
use crate::reader::{Located, Table, UnknownKeys};
use crate::regex::{Role, Syntax, expression};
use crate::source::Source;
use crate::toml_node;

/// How deep files may extend each other, as in gitleaks.
const DEEPEST_EXTENSION: usize = 2;

/// An allow list of the file, for all of its rules or for some.
#[derive(Clone, Debug)]
struct Global {
    /// Ids of rules; all when there are none.
    targets: Vec<Located>,
    exceptions: Vec<Exception>,
}

/// A file with all that it extends.
#[derive(Default)]
struct Config {
    drafts: Vec<Draft>,
    globals: Vec<Global>,
    base: Base,
    disabled: Vec<String>,
    notes: Vec<String>,
}

/// Reads a configuration.
///
/// # Errors
/// Everything that is wrong in it, or in a file that it extends.
pub(crate) fn read(
    text: &str,
    name: &str,
    loader: &mut Loader<'_>,
    depth: usize,
) -> Result<Import, ImportErrors> {
    let source = Source::new(name, text);
    let config = load(&source, loader, depth)?;
    let Some(config) = config else {
        return source.finish(Import::default());
    };
    let import = assemble(&source, config);
    source.finish(import)
}

/// The file with what it extends; nothing when it is no TOML.
fn load(
    source: &Source<'_>,
    loader: &mut Loader<'_>,
    depth: usize,
) -> Result<Option<Config>, ImportErrors> {
    let Some(document) = toml_node::read(source) else {
        return Ok(None);
    };
    let Some(table) = Table::of(&document, "the file", UnknownKeys::PassedOver, source) else {
        return Ok(None);
    };
    table.pass_over(&["title", "description", "version"]);
    for key in ["minVersion", "betterleaksMinVersion"] {
        let _version = table.text(key);
    }
    let mut config = Config {
        globals: read_globals(&table),
        ..Config::default()
    };
    let extended = table.table("extend", "[extend]");
    let mut drafts: Vec<Draft> = Vec::new();
    for rule in table.tables("rules", "a rule") {
        drafts.extend(read_rule(&rule));
        rule.finish();
    }
    if let Some(extend) = extended {
        let path = read_extend(&extend, &mut config);
        extend.finish();
        if let Some(path) = path {
            lay_over(source, &path, loader, depth, &mut config)?;
        }
    }
    table.finish();
    add_drafts(source, drafts, &mut config);
    config.notes.extend(source.take_notes());
    Ok(Some(config))
}

/// Reads `[extend]`; gives the path of the file that is extended.
fn read_extend(extend: &Table<'_>, config: &mut Config) -> Option<Located> {
    let uses_default = extend.flag("useDefault");
    let path = extend.text("path").filter(|path| !path.text.is_empty());
    if let Some(url) = extend.text("url").filter(|url| !url.text.is_empty()) {
        extend
            .source
            .report_at(url.at, "[extend] `url` is not supported, as in gitleaks; download the file and give its `path`");
    }
    config.disabled = extend
        .texts("disabledRules")
        .into_iter()
        .map(|id| id.text)
        .collect();
    match (uses_default, path) {
        (true, Some(path)) => {
            extend.source.report_at(
                path.at,
                "[extend] has both `useDefault` and `path`; only one of them can be meant",
            );
            None
        }
        (true, None) => {
            config.base = Base::BuiltIn;
            None
        }
        (false, path) => path,
    }
}

/// Puts what a file extends under it.
fn lay_over(
    source: &Source<'_>,
    path: &Located,
    loader: &mut Loader<'_>,
    depth: usize,
    config: &mut Config,
) -> Result<(), ImportErrors> {
    if depth >= DEEPEST_EXTENSION {
        source.report_at(
            path.at,
            format!("files extend each other more than {DEEPEST_EXTENSION} levels deep"),
        );
        return Ok(());
    }
    let text = match loader(&path.text) {
        Ok(text) => text,
        Err(error) => {
            source.report_at(path.at, format!("[extend] {}: {error}", path.text));
            return Ok(());
        }
    };
    let inner = Source::new(&path.text, &text);
    let under = load(&inner, loader, depth + 1)?;
    let under = inner.finish(under)?.unwrap_or_default();
    config.base = under.base;
    config.disabled.extend(under.disabled);
    let off = config.disabled.clone();
    config.drafts = under
        .drafts
        .into_iter()
        .filter(|draft| !off.contains(&draft.id.text))
        .collect();
    config.globals.extend(under.globals);
    config.notes.extend(under.notes);
    Ok(())
}

/// Lays the file's own rules over those that it extends.
fn add_drafts(source: &Source<'_>, drafts: Vec<Draft>, config: &mut Config) {
    let inherited = config.drafts.len();
    let mut own: Vec<(String, u32)> = Vec::new();
    for draft in drafts {
        if let Some((_, line)) = own.iter().find(|(id, _)| *id == draft.id.text) {
            source.report_at(
                draft.id.at,
                format!("the id `{}` is used before, in line {line}", draft.id.text),
            );
            continue;
        }
        own.push((draft.id.text.clone(), draft.id.at.0));
        let under = config
            .drafts
            .iter()
            .take(inherited)
            .position(|known| known.id.text == draft.id.text);
        match under.and_then(|at| config.drafts.get_mut(at)) {
            Some(known) => known.override_with(draft),
            None => config.drafts.push(draft),
        }
    }
}

/// The allow lists and filters that are the file's, not a rule's.
fn read_globals(table: &Table<'_>) -> Vec<Global> {
    let mut globals = Vec::new();
    for list in allow_lists(table) {
        let targets = list.texts("targetRules");
        globals.push(Global {
            targets,
            exceptions: read_allow_list(&list, "the file's allow list"),
        });
        list.finish();
    }
    for key in ["prefilter", "filter"] {
        if let Some(written) = table
            .text(key)
            .filter(|written| !written.text.trim().is_empty())
        {
            globals.push(Global {
                targets: Vec::new(),
                exceptions: filter::exceptions(
                    table.source,
                    &written,
                    &format!("the file's `{key}`"),
                ),
            });
        }
    }
    globals
}

/// The tables of `allowlist` and `allowlists`, of which a table may have one.
pub(crate) fn allow_lists<'n>(table: &Table<'n>) -> Vec<Table<'n>> {
    let several = table.tables("allowlists", "an allow list");
    let one = table.tables("allowlist", "an allow list");
    if !several.is_empty() && !one.is_empty() {
        table.source.report_at(
            table.at_key("allowlist"),
            "both `allowlist`, which is deprecated, and `allowlists`; only one of them can be meant",
        );
    }
    several.into_iter().chain(one).collect()
}

/// What an allow list comes to.
pub(crate) fn read_allow_list(list: &Table<'_>, owner: &str) -> Vec<Exception> {
    list.pass_over(&["description"]);
    let all = condition_is_and(list);
    let target = regex_target(list);
    let mut tests = Vec::new();
    let commits = list.texts("commits");
    if !commits.is_empty() {
        let ids = commits
            .iter()
            .map(|id| id.text.trim().to_ascii_lowercase().into());
        tests.push(Test::Equals(Part::Commit, ids.collect()));
    }
    for (key, part) in [("paths", Part::Path), ("regexes", target)] {
        let written = list.texts(key);
        let regexes: Vec<_> = written
            .iter()
            .filter_map(|regex| expression(list.source, regex, (Syntax::Go, Role::Tests), owner))
            .map(|expression| expression.regex.into())
            .collect();
        if !written.is_empty() {
            tests.push(Test::Matches(part, regexes));
        }
    }
    let words = list.texts("stopwords");
    if !words.is_empty() {
        let words = words.into_iter().map(|word| word.text.into()).collect();
        tests.push(Test::Contains(Part::Secret, words));
    }
    if tests.is_empty() {
        list.source.report_at(
            list.at,
            format!("{owner} is empty: it needs `commits`, `paths`, `regexes` or `stopwords`"),
        );
    }
    let conditions: Vec<Condition> = tests.into_iter().map(Condition::holds).collect();
    if all {
        vec![Exception { all: conditions }]
    } else {
        let alone = |condition| Exception {
            all: vec![condition],
        };
        conditions.into_iter().map(alone).collect()
    }
}

fn condition_is_and(list: &Table<'_>) -> bool {
    let Some(written) = list.text("condition") else {
        return false;
    };
    match written.text.to_ascii_uppercase().as_str() {
        "AND" | "&&" => true,
        "" | "OR" | "||" => false,
        _ => {
            list.source.report_at(
                written.at,
                format!(
                    "`condition` must be \"AND\" or \"OR\", not {:?}",
                    written.text
                ),
            );
            false
        }
    }
}

fn regex_target(list: &Table<'_>) -> Part {
    let Some(written) = list.text("regexTarget") else {
        return Part::Secret;
    };
    match written.text.as_str() {
        "" | "secret" => Part::Secret,
        "match" => Part::Match,
        "line" => Part::Line,
        _ => {
            list.source.report_at(
                written.at,
                format!(
                    "`regexTarget` must be \"secret\", \"match\" or \"line\", not {:?}",
                    written.text
                ),
            );
            Part::Secret
        }
    }
}

/// Rules of ours, and what is asked of the built-in ones.
fn assemble(source: &Source<'_>, config: Config) -> Import {
    let mut drafts = config.drafts;
    let ids: Vec<String> = drafts.iter().map(|draft| draft.id.text.clone()).collect();
    let mut shared = Vec::new();
    let mut import = Import {
        tool: "gitleaks",
        base: config.base,
        disabled: config.disabled,
        notes: config.notes,
        ..Import::default()
    };
    for global in config.globals {
        if global.targets.is_empty() {
            shared.extend(global.exceptions);
            continue;
        }
        for target in global.targets {
            match drafts.iter_mut().find(|draft| draft.id.text == target.text) {
                Some(draft) => draft.exceptions.extend(global.exceptions.iter().cloned()),
                None if config.base == Base::BuiltIn => {
                    import.changes.push(crate::apply::Change {
                        id: target.text,
                        exceptions: global.exceptions.clone(),
                        ..crate::apply::Change::default()
                    });
                }
                None => source.report_at(
                    target.at,
                    format!(
                        "`targetRules` names {:?}, and no rule has this id",
                        target.text
                    ),
                ),
            }
        }
    }
    import.shared = Arc::new(shared);
    for draft in drafts {
        if draft.is_change() && config.base == Base::BuiltIn {
            import.changes.push(draft.into_change());
        } else if let Some(rule) = draft.into_rule(source, &ids, (config.base, &import.shared)) {
            import.rules.push(rule);
        }
    }
    import
}
