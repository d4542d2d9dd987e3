//! One `[[rules]]` table of gitleaks, as far as it is said: what a file that is extended says comes under it.

use std::borrow::Cow;
use std::sync::Arc;

use leakward_core::exception::{Exception, Foreign, Requirement};
use leakward_core::rule::{Class, Find, PathPattern, Sweep, SweepGroup};
use leakward_core::{Rule, RuleId, Severity};
use leakward_rule_format::nearest;

use crate::apply::{Base, Change};
use crate::filter;
use crate::gitleaks::{allow_lists, read_allow_list};
use crate::literals;
use crate::reader::{Located, Table};
use crate::regex::{Expression, Role, Syntax, expression};
use crate::source::{At, Source};

/// A rule as far as it is said.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub(crate) id: Located,
    description: Option<String>,
    regex: Option<Expression>,
    path: Option<Expression>,
    /// One of them is there and cannot be used.
    is_broken: bool,
    secret_group: Option<(u32, At)>,
    entropy: Option<f64>,
    keywords: Vec<String>,
    is_skipped: Option<bool>,
    requires: Vec<(Requirement, At)>,
    pub(crate) exceptions: Vec<Exception>,
}

/// Reads a rule; nothing when it has no id, which is noted.
pub(crate) fn read_rule(table: &Table<'_>) -> Option<Draft> {
    let id = table.required_text("id");
    let owner = id
        .as_ref()
        .map_or_else(|| "a rule".to_owned(), |id| format!("rule {}", id.text));
    let mut is_broken = false;
    let mut of = |key, role| {
        let written = table.text(key).filter(|written| !written.text.is_empty())?;
        let read = expression(table.source, &written, (Syntax::Go, role), &owner);
        is_broken |= read.is_none();
        read
    };
    let (regex, path) = (of("regex", Role::Finds), of("path", Role::Tests));
    table.pass_over(&["tags"]);
    let mut exceptions = Vec::new();
    for list in allow_lists(table) {
        exceptions.extend(read_allow_list(&list, &format!("{owner}: its allow list")));
        list.finish();
    }
    for key in ["prefilter", "filter"] {
        if let Some(written) = table
            .text(key)
            .filter(|written| !written.text.trim().is_empty())
        {
            exceptions.extend(filter::exceptions(
                table.source,
                &written,
                &format!("{owner}: `{key}`"),
            ));
        }
    }
    tell_unsupported(table, &owner);
    let draft = Draft {
        description: table.text("description").map(|text| text.text),
        regex,
        path,
        is_broken,
        secret_group: table
            .whole("secretGroup")
            .map(|group| (group, table.at_key("secretGroup"))),
        entropy: table.number("entropy").filter(|entropy| *entropy > 0.0),
        keywords: keywords(table),
        is_skipped: table.optional_flag("skipReport"),
        requires: read_requires(table),
        exceptions,
        id: id?,
    };
    Some(draft)
}

fn keywords(table: &Table<'_>) -> Vec<String> {
    let written = table.texts("keywords").into_iter();
    written
        .map(|keyword| keyword.text.to_lowercase())
        .filter(|keyword| !keyword.is_empty())
        .collect()
}

/// Keys that betterleaks has and that come to nothing, or to an error, here.
fn tell_unsupported(table: &Table<'_>, owner: &str) {
    table.pass_over(&["specificity", "confidence", "severity"]);
    if table.flag("tokenEfficiency") {
        table.source.report_at(
            table.at_key("tokenEfficiency"),
            format!("{owner}: `tokenEfficiency` counts the tokens of a language model's tokenizer, which this program does not have; leave it out, or ask for more `entropy`"),
        );
    }
    for key in ["validate", "analyze", "revoke"] {
        if table.text(key).is_some() {
            table.source.note_at(
                table.at_key(key),
                &format!(
                    "{owner}: `{key}` is not taken over; its credentials are found and not verified"
                ),
            );
        }
    }
}

/// `required` of gitleaks and `components` of betterleaks.
fn read_requires(table: &Table<'_>) -> Vec<(Requirement, At)> {
    let mut requires = Vec::new();
    for required in table.tables("required", "a required rule") {
        let at = required.at;
        let id = required.required_text("id");
        let within_lines = required.whole("withinLines");
        let within_columns = required.whole("withinColumns");
        required.finish();
        requires.extend(id.map(|id| {
            let requirement = Requirement {
                rule: id.text.into(),
                within_lines,
                within_columns,
            };
            (requirement, at)
        }));
    }
    for component in table.tables("components", "a component") {
        let at = component.at;
        let id = component.required_text("id");
        let within = component.text("within");
        let is_optional = component.flag("optional");
        component.finish();
        let bound = |unit: char| {
            let text = &within.as_ref()?.text;
            let part = text.split(',').find(|part| part.trim().ends_with(unit))?;
            part.trim().trim_end_matches(unit).parse().ok()
        };
        let requirement = |id: Located| Requirement {
            rule: id.text.into(),
            within_lines: bound('L'),
            within_columns: bound('C'),
        };
        requires.extend(id.filter(|_| !is_optional).map(|id| (requirement(id), at)));
    }
    requires
}

impl Draft {
    /// Lays another rule of the same id over this one.
    pub(crate) fn override_with(&mut self, over: Draft) {
        self.description = over.description.or(self.description.take());
        self.regex = over.regex.or(self.regex.take());
        self.path = over.path.or(self.path.take());
        self.secret_group = over.secret_group.or(self.secret_group);
        self.entropy = over.entropy.or(self.entropy);
        self.is_skipped = over.is_skipped.or(self.is_skipped);
        self.keywords.extend(over.keywords);
        self.requires.extend(over.requires);
        self.exceptions.extend(over.exceptions);
    }

    /// Whether it finds nothing by itself: it changes a rule of what is extended.
    pub(crate) fn is_change(&self) -> bool {
        self.regex.is_none() && self.path.is_none() && !self.is_broken
    }

    /// What it changes.
    pub(crate) fn into_change(self) -> Change {
        Change {
            id: self.id.text,
            entropy_above: self.entropy,
            path: self.path.map(|path| path.regex),
            exceptions: self.exceptions,
        }
    }

    /// The rule; nothing when it cannot be one, which is noted. `ids` are the rules of the file.
    pub(crate) fn into_rule(
        self,
        source: &Source<'_>,
        ids: &[String],
        (base, shared): (Base, &Arc<Vec<Exception>>),
    ) -> Option<Rule> {
        let id = &self.id;
        if self.is_broken {
            return None;
        }
        if self.is_change() {
            source.report_at(
                id.at,
                format!("rule {} has neither `regex` nor `path`", id.text),
            );
            return None;
        }
        for (requirement, at) in &self.requires {
            if base == Base::BuiltIn || ids.iter().any(|known| *known == requirement.rule) {
                continue;
            }
            let meant = nearest(&requirement.rule, ids.iter().map(String::as_str))
                .map(|id| format!("; did you mean `{id}`?"))
                .unwrap_or_default();
            source.report_at(
                *at,
                format!(
                    "rule {} requires `{}`, and no rule has this id{meant}",
                    id.text, requirement.rule
                ),
            );
        }
        let find = self.find(source)?;
        let foreign = Foreign {
            tool: "gitleaks",
            entropy_above: self.entropy,
            path: match &find {
                Find::Path(_) => None,
                _ => self.path.map(|path| path.regex.into()),
            },
            exceptions: self.exceptions,
            shared: (!shared.is_empty()).then(|| Arc::clone(shared)),
            requires: self
                .requires
                .into_iter()
                .map(|(requirement, _)| requirement)
                .collect(),
            ..Foreign::default()
        };
        let title = self
            .description
            .filter(|text| !text.trim().is_empty())
            .unwrap_or_else(|| self.id.text.clone());
        let class = if self.is_skipped == Some(true) {
            Class::Identifier
        } else {
            Class::Secret
        };
        Some(foreign_rule(&self.id.text, title, class, find, foreign))
    }

    fn find(&self, source: &Source<'_>) -> Option<Find> {
        let Some(regex) = &self.regex else {
            let path = self.path.as_ref()?;
            return Some(Find::Path(PathPattern {
                regex: path.regex.clone().into(),
            }));
        };
        let group = match self.secret_group {
            None | Some((0, _)) => SweepGroup::FirstFilled,
            Some((group, at)) => match u8::try_from(group) {
                Ok(number) if usize::from(number) <= regex.groups.len() => {
                    SweepGroup::Number(number)
                }
                _ => {
                    source.report_at(
                        at,
                        format!(
                            "rule {}: `secretGroup` is {group}, and the expression has {} groups",
                            self.id.text,
                            regex.groups.len()
                        ),
                    );
                    return None;
                }
            },
        };
        let keywords = if self.keywords.is_empty() {
            literals::required(&regex.hir)
        } else {
            self.keywords.clone()
        };
        Some(Find::Sweep(Sweep {
            keywords: Cow::Owned(keywords.into_iter().map(Cow::Owned).collect()),
            regex: regex.regex.clone().into(),
            group,
        }))
    }
}

/// A rule with what all rules of other tools have in common.
pub(crate) fn foreign_rule(
    id: &str,
    title: String,
    class: Class,
    find: Find,
    foreign: Foreign,
) -> Rule {
    Rule {
        id: RuleId::from(id),
        provider: format!("{} rule", foreign.tool).into(),
        title: title.into(),
        // Other tools' rules do not say how bad a leak is.
        severity: Severity::High,
        class,
        find,
        min_entropy: 0.0,
        checksum: None,
        specificity: 100,
        companions: Cow::Borrowed(&[]),
        allow: leakward_core::rule::Allow::default(),
        paths: Cow::Borrowed(&[]),
        docs_url: None,
        revoke_url: None,
        verify: None,
        revoke: None,
        rotate: None,
        samples: Cow::Borrowed(&[]),
        near_misses: Cow::Borrowed(&[]),
        foreign: Some(Box::new(foreign)),
    }
}
