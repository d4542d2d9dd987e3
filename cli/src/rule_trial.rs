//! Tries a rule on the texts that its samples and near misses make.

use leakward_core::rule::Class;
use leakward_core::{Rule, Span};
use leakward_detect::{Detector, Scratch};
use leakward_rules::sample;

/// Different samples that are made of each template.
pub(crate) const SEEDS: u64 = 5;

/// What a template is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Its credential must be found.
    Sample,
    /// The rule must find nothing in it.
    NearMiss,
}

impl Purpose {
    /// The word for people.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Sample => "sample",
            Self::NearMiss => "near miss",
        }
    }
}

/// Who finds the credential of a rendered template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Finder {
    /// The rule itself.
    Itself,
    /// Another rule, which is as specific or more: one credential is reported once.
    Another(String),
    /// Nobody, for this reason where one is known.
    Nobody(Option<String>),
    /// The template cannot be rendered.
    Unusable(String),
}

/// One template, tried with several seeds; of those the worst outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Trial {
    pub(crate) purpose: Purpose,
    pub(crate) template: String,
    /// The seed of the outcome.
    pub(crate) seed: u64,
    pub(crate) finder: Finder,
    pub(crate) passed: bool,
}

/// Tries all templates of a rule.
pub(crate) fn trials(detector: &Detector, rule: &Rule) -> Vec<Trial> {
    let mut scratch = detector.scratch();
    // An identifier is never reported, so that nobody is seen to find its samples.
    let samples = rule.samples.iter().filter(|_| rule.class == Class::Secret);
    let near_misses = rule.near_misses.iter();
    let all = samples
        .map(|template| (Purpose::Sample, template))
        .chain(near_misses.map(|template| (Purpose::NearMiss, template)));
    all.map(|(purpose, template)| trial(detector, &mut scratch, (rule, purpose), template))
        .collect()
}

fn trial(
    detector: &Detector,
    scratch: &mut Scratch,
    (rule, purpose): (&Rule, Purpose),
    template: &str,
) -> Trial {
    let mut last = None;
    for seed in 0..SEEDS {
        let finder = finder(detector, scratch, rule, template, seed);
        let passed = matches!(
            (&finder, purpose),
            (Finder::Itself | Finder::Another(_), Purpose::Sample)
                | (Finder::Nobody(_) | Finder::Another(_), Purpose::NearMiss)
        );
        let trial = Trial {
            purpose,
            template: template.to_owned(),
            seed,
            finder,
            passed,
        };
        if !passed {
            return trial;
        }
        last = Some(trial);
    }
    // INVARIANT: there is at least one seed.
    last.unwrap_or_else(|| Trial {
        purpose,
        template: template.to_owned(),
        seed: 0,
        finder: Finder::Nobody(None),
        passed: false,
    })
}

fn finder(
    detector: &Detector,
    scratch: &mut Scratch,
    rule: &Rule,
    template: &str,
    seed: u64,
) -> Finder {
    let rendered = match sample::render(template, seed) {
        Ok(rendered) => rendered,
        Err(error) => return Finder::Unusable(error.to_string()),
    };
    let secret = Span::new(rendered.secret.start, rendered.secret.end);
    let explained = detector.detect_explained(rendered.text.as_bytes(), scratch);
    let name = |number: usize| {
        detector
            .rules()
            .get(number)
            .map_or("", |rule| rule.id.as_str())
    };
    let matches = &explained.detection.matches;
    if matches
        .iter()
        .any(|matched| name(matched.rule) == rule.id.as_str())
    {
        return Finder::Itself;
    }
    if let Some(other) = matches.iter().find(|matched| matched.span.overlaps(secret)) {
        return Finder::Another(name(other.rule).to_owned());
    }
    let own = explained
        .rejected
        .into_iter()
        .find(|rejected| name(rejected.rule) == rule.id.as_str());
    Finder::Nobody(own.map(|rejected| rejected.reason))
}
