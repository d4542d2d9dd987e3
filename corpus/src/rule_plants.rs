//! Plants of the rules: every rule's own samples, alone under many names or in the context that they bring.
//!
//! Rules of identifiers make look-alikes, and so do samples whose checksum was made wrong.

use std::ops::Range;

use leakward_core::Rule;
use leakward_core::rule::{Class, Find};
use leakward_rules::sample::{Rendered, Template, TemplateError};

use crate::dice::Dice;
use crate::document::{Category, Truth};
use crate::name::Name;
use crate::plant::{Content, Plant};

/// What a key, token or secret is called when nobody thinks of its provider.
const PLAIN_NAMES: [&str; 14] = [
    "token",
    "api key",
    "key",
    "secret",
    "auth token",
    "access key",
    "credential",
    "value",
    "client secret",
    "auth",
    "default token",
    "api token",
    "service key",
    "current",
];

/// Last words of a name that says already that a secret follows.
const SECRET_WORDS: [&str; 14] = [
    "key",
    "token",
    "secret",
    "password",
    "auth",
    "apikey",
    "pat",
    "pass",
    "credential",
    "pwd",
    "passphrase",
    "credentials",
    "appkey",
    "authtoken",
];

/// So many plants of every rule.
pub(crate) fn plants(
    rules: &[Rule],
    times: usize,
    dice: &Dice,
) -> Result<Vec<Plant>, TemplateError> {
    let mut plants = Vec::new();
    for rule in rules {
        for time in 0..times {
            let dice = dice.fork(&format!("rule {} {time}", rule.id));
            plants.extend(plant(rule, time, dice)?);
        }
    }
    Ok(plants)
}

fn plant(rule: &Rule, time: usize, mut dice: Dice) -> Result<Vec<Plant>, TemplateError> {
    if rule.samples.is_empty() {
        return Ok(Vec::new());
    }
    let sample = &*rule.samples[time % rule.samples.len()];
    let template = Template::parse(sample)?;
    let seed = dice.number();
    let rendered = template.render(seed);
    if rule.class == Class::Identifier {
        return Ok(identifier(rule, sample, &rendered).into_iter().collect());
    }
    let truth = Truth::Credential {
        category: Category::of(rule),
        rule: Some(rule.id.to_string()),
    };
    let kind = rule.id.to_string();
    let make = |content, truth, kind: String| Plant {
        content,
        truth,
        kind,
        template: sample.to_owned(),
        formats: Vec::new(),
    };
    let content = content(rule, &rendered, time, &mut dice);
    let mut plants = vec![make(content, truth, kind)];
    // One altered token for each rule that has a checksum which decides.
    if time == 0
        && rule.checksum.is_some()
        && stands_alone(rule)
        && has_telling_prefix(rule, rendered.credential())
        && let Some(broken) = template.render_broken(seed)
        && broken.credential() != rendered.credential()
        && !broken.credential().contains('\n')
    {
        let content = Content::Pair {
            name: provider_name(rule, &mut dice),
            value: broken.credential().to_owned(),
        };
        plants.push(make(content, Truth::LookAlike, "altered-token".to_owned()));
    }
    Ok(plants)
}

/// Whether the credential is known by its own characters alone.
fn stands_alone(rule: &Rule) -> bool {
    let is_known = match &rule.find {
        Find::Pattern(pattern) => pattern.group == 0,
        Find::Native(native) => native.detector == "private-key",
        Find::Keyword(_) | Find::Sweep(_) | Find::Path(_) => false,
    };
    is_known && rule.companions.iter().all(|companion| !companion.required)
}

/// Whether its beginning tells what it claims to be. Without one, an altered credential is as good as any other.
fn has_telling_prefix(rule: &Rule, credential: &str) -> bool {
    /// Shorter ones begin too many other texts.
    const SHORTEST: usize = 4;
    match &rule.find {
        Find::Pattern(pattern) => pattern
            .literals
            .iter()
            .any(|literal| literal.len() >= SHORTEST && credential.starts_with(&**literal)),
        _ => false,
    }
}

fn content(rule: &Rule, rendered: &Rendered, time: usize, dice: &mut Dice) -> Content {
    if let Some(glob) = rule.paths.first() {
        return file(concrete(glob), rendered);
    }
    if stands_alone(rule) {
        return alone(provider_name(rule, dice), rendered.credential());
    }
    if let Find::Keyword(keyword) = &rule.find {
        let needs_others = rule.companions.iter().any(|companion| companion.required);
        if time > 0 && !needs_others && !rendered.credential().contains('\n') {
            let word = &**dice.pick(&keyword.keywords);
            return alone(keyword_name(word, dice), rendered.credential());
        }
    }
    // A sample that ends its line is about the line's beginning or end.
    if rendered.text.ends_with('\n') {
        return file(format!("backup/{}.conf", rule.id), rendered);
    }
    let marked = vec![rendered.secret.clone()];
    if rendered.text.contains('\n') {
        return Content::Block {
            name: provider_name(rule, dice),
            text: rendered.text.clone(),
            marked,
        };
    }
    Content::Line {
        text: rendered.text.clone(),
        marked,
    }
}

fn alone(name: Name, credential: &str) -> Content {
    if credential.contains('\n') {
        return Content::Block {
            name,
            text: credential.to_owned(),
            marked: std::iter::once(0..credential.len()).collect::<Vec<Range<usize>>>(),
        };
    }
    Content::Pair {
        name,
        value: credential.to_owned(),
    }
}

fn file(path: String, rendered: &Rendered) -> Content {
    let mut text = rendered.text.clone();
    if !text.ends_with('\n') {
        text.push('\n');
    }
    Content::File {
        path,
        format: "credential-file".to_owned(),
        text,
        marked: vec![rendered.secret.clone()],
    }
}

/// A path that the glob fits.
fn concrete(glob: &str) -> String {
    let path = glob.replace("**/", "home/").replace("/**", "/settings.xml");
    path.replace('*', "site").replace("home/home/", "home/")
}

/// What is public or an id, under a name that says so.
fn identifier(rule: &Rule, sample: &str, rendered: &Rendered) -> Option<Plant> {
    let is_plain = stands_alone(rule) && !rendered.credential().contains('\n');
    is_plain.then(|| Plant {
        content: Content::Pair {
            name: Name::of(rule.id.as_str()),
            value: rendered.credential().to_owned(),
        },
        truth: Truth::LookAlike,
        kind: "public-identifier".to_owned(),
        template: sample.to_owned(),
        formats: Vec::new(),
    })
}

/// What a credential is called where it is used: after its rule, after its provider, or just anything.
fn provider_name(rule: &Rule, dice: &mut Dice) -> Name {
    let provider = Name::of(&rule.provider);
    match dice.below(10) {
        0..4 => Name::of(rule.id.as_str()),
        4..7 => {
            let plain = dice.word(&PLAIN_NAMES);
            let provider = provider.styled("words").unwrap_or_default();
            Name::of(&format!("{provider} {plain}"))
        }
        _ => Name::of(dice.word(&PLAIN_NAMES)),
    }
}

/// A name that holds the rule's keyword.
fn keyword_name(keyword: &str, dice: &mut Dice) -> Name {
    let name = Name::of(keyword);
    let words = name.styled("words").unwrap_or_default();
    let last = words.rsplit(' ').next().unwrap_or_default();
    if SECRET_WORDS.contains(&last) {
        return name;
    }
    let plain = dice.word(&[
        "api key",
        "token",
        "secret",
        "key",
        "api token",
        "access token",
    ]);
    Name::of(&format!("{words} {plain}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use leakward_rules::built_in;

    #[test]
    fn every_rule_of_secrets_with_a_sample_is_planted() {
        let planted = plants(built_in(), 1, &Dice::new(1)).unwrap();
        for rule in built_in() {
            if rule.class == Class::Secret && !rule.samples.is_empty() {
                let id = rule.id.as_str();
                assert!(planted.iter().any(|plant| plant.kind == id), "{id}");
            }
        }
    }

    #[test]
    fn a_glob_is_made_a_path() {
        for (glob, path) in [
            ("**/.pypirc", "home/.pypirc"),
            ("**/*rclone*.conf", "home/siterclonesite.conf"),
            ("**/.m2/**", "home/.m2/settings.xml"),
        ] {
            assert_eq!(concrete(glob), path);
        }
    }
}
