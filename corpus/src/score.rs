//! Runs a detector over labelled files and counts what it got right.
//!
//! A credential is *found* when something is reported at its place, whatever rule says so; it is *named* when the rule is the
//! one whose sample it is. What is reported elsewhere is a false alarm, unless it is inside of the text that was planted together
//! with a credential (its key id, for instance): that counts neither way.

use std::collections::BTreeMap;

use leakward_core::{Confidence, Span};
use leakward_detect::{Detector, Match, PathJudgement, Scratch, Sensitivity, Settings};

use crate::corpus::Corpus;
use crate::document::{Category, Document, Label, Truth};

/// What was planted, found and reported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Credentials that were planted.
    pub planted: usize,
    /// Those of them that were found.
    pub found: usize,
    /// Those that were found by the rule whose sample they are.
    pub named: usize,
    /// Reports that were right.
    pub right: usize,
    /// Reports that were wrong.
    pub wrong: usize,
}

impl Count {
    /// Share of credentials that were found; 1 when there were none.
    #[must_use]
    pub fn recall(&self) -> f64 {
        share(self.found, self.planted)
    }

    /// Share of reports that were right; 1 when there were none.
    #[must_use]
    pub fn precision(&self) -> f64 {
        share(self.right, self.right + self.wrong)
    }

    /// Harmonic mean of both.
    #[must_use]
    pub fn f1(&self) -> f64 {
        let (precision, recall) = (self.precision(), self.recall());
        if precision + recall == 0.0 {
            return 0.0;
        }
        2.0 * precision * recall / (precision + recall)
    }

    fn add(&mut self, other: Count) {
        self.planted += other.planted;
        self.found += other.found;
        self.named += other.named;
        self.right += other.right;
        self.wrong += other.wrong;
    }
}

fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 {
        1.0
    } else {
        part as f64 / whole as f64
    }
}

/// What is said of a credential that no rule found a candidate at.
pub const NOBODY_LOOKED: &str = "no rule looked at it";

/// Something that the detector got wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Miss {
    /// Whether something was reported that should not have been; otherwise something was not reported.
    pub is_false_alarm: bool,
    /// The rule that reported it, or whose sample was not found; the kind for credentials without a rule.
    pub rule: String,
    /// What kind of credential or look-alike stands there; `surroundings` when none does.
    pub kind: String,
    /// The text it was made from.
    pub template: String,
    /// How the format wrote it down.
    pub way: String,
    /// The file's format.
    pub format: String,
    /// The file's path.
    pub path: String,
    /// The line, with the value masked.
    pub excerpt: String,
    /// What the detector said about it.
    pub reason: String,
}

/// What a detector got right and wrong.
#[derive(Clone, Debug, Default)]
pub struct Score {
    /// Everything.
    pub overall: Count,
    /// By category: planted ones by their own, reports by that of their rule.
    pub categories: BTreeMap<Category, Count>,
    /// By rule, or by kind for credentials without a rule.
    pub rules: BTreeMap<String, Count>,
    /// By format of the file.
    pub formats: BTreeMap<String, Count>,
    /// By kind of look-alike: how many there are, and how many of them were reported.
    pub look_alikes: BTreeMap<String, (usize, usize)>,
    /// The single cases, when they were asked for.
    pub misses: Vec<Miss>,
}

/// Whether single cases are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Keep {
    Counts,
    Misses,
}

impl Score {
    /// Counts what `detector` makes of the corpus, on all cores.
    #[must_use]
    pub fn measure(detector: &Detector, corpus: &Corpus) -> Score {
        measure(detector, corpus, Keep::Counts)
    }

    /// The same with every single case, and what the detector said about it. Slower.
    #[must_use]
    pub fn explain(detector: &Detector, corpus: &Corpus) -> Score {
        measure(detector, corpus, Keep::Misses)
    }

    fn add(&mut self, other: Score) {
        self.overall.add(other.overall);
        for (key, count) in other.categories {
            self.categories.entry(key).or_default().add(count);
        }
        for (key, count) in other.rules {
            self.rules.entry(key).or_default().add(count);
        }
        for (key, count) in other.formats {
            self.formats.entry(key).or_default().add(count);
        }
        for (key, (planted, reported)) in other.look_alikes {
            let sum = self.look_alikes.entry(key).or_default();
            sum.0 += planted;
            sum.1 += reported;
        }
        self.misses.extend(other.misses);
    }
}

fn measure(detector: &Detector, corpus: &Corpus, keep: Keep) -> Score {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let part = corpus.documents.len().div_ceil(threads).max(1);
    let everything = Settings {
        sensitivity: Sensitivity::High,
        ..Settings::default()
    };
    // Only asked for reasons; a rule set that was fine for the first detector is fine for the second.
    let auditor = Detector::new(detector.rules().to_vec(), everything).ok();
    let auditor = auditor.filter(|_| keep == Keep::Misses);
    let mut score = Score::default();
    std::thread::scope(|scope| {
        let workers: Vec<_> = corpus
            .documents
            .chunks(part)
            .map(|documents| {
                scope.spawn(|| Examiner::new(detector, auditor.as_ref()).run(documents))
            })
            .collect();
        for worker in workers {
            match worker.join() {
                Ok(part) => score.add(part),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
    });
    score
}

/// One thread's work.
struct Examiner<'d> {
    detector: &'d Detector,
    scratch: Scratch,
    auditor: Option<&'d Detector>,
    score: Score,
}

impl<'d> Examiner<'d> {
    fn new(detector: &'d Detector, auditor: Option<&'d Detector>) -> Examiner<'d> {
        Examiner {
            detector,
            scratch: detector.scratch(),
            auditor,
            score: Score::default(),
        }
    }

    fn run(mut self, documents: &[Document]) -> Score {
        for document in documents {
            self.examine(document);
        }
        self.score
    }

    fn examine(&mut self, document: &Document) {
        let bytes = document.text.as_bytes();
        let mut matches = self.detector.detect(bytes, &mut self.scratch).matches;
        matches.retain(|matched| is_reported(self.detector, matched, &document.path));
        let mut is_taken = vec![false; document.labels.len()];
        for matched in &matches {
            match place_of(document, matched.span) {
                Place::At(number) => {
                    let label = &document.labels[number];
                    let is_again = std::mem::replace(&mut is_taken[number], true);
                    if label.truth == Truth::LookAlike {
                        self.count_wrong(document, Some(label), matched);
                    } else if !is_again {
                        self.count_right(document, label, matched);
                    }
                }
                Place::Beside => {}
                Place::Elsewhere => self.count_wrong(document, None, matched),
            }
        }
        for (label, taken) in document.labels.iter().zip(is_taken) {
            self.count_planted(document, label, taken);
        }
    }

    /// A report at a credential.
    fn count_right(&mut self, document: &Document, label: &Label, matched: &Match) {
        let Truth::Credential { category, rule } = &label.truth else {
            return;
        };
        let rules = self.detector.rules();
        let reporting = rules.get(matched.rule);
        let is_named = rule.as_deref() == reporting.map(|rule| rule.id.as_str());
        let right = Count {
            right: 1,
            ..Count::default()
        };
        self.score.overall.add(right);
        let of_rule = reporting.map_or(*category, Category::of);
        self.score.categories.entry(of_rule).or_default().add(right);
        if let Some(reporting) = reporting {
            let id = reporting.id.to_string();
            self.score.rules.entry(id).or_default().add(right);
        }
        let format = document.format.clone();
        self.score.formats.entry(format).or_default().add(right);
        if is_named {
            let named = Count {
                named: 1,
                ..Count::default()
            };
            self.score.overall.add(named);
            self.score
                .categories
                .entry(*category)
                .or_default()
                .add(named);
            self.score.rules.entry(key(label)).or_default().add(named);
        }
    }

    /// A report where no credential is.
    fn count_wrong(&mut self, document: &Document, label: Option<&Label>, matched: &Match) {
        let wrong = Count {
            wrong: 1,
            ..Count::default()
        };
        self.score.overall.add(wrong);
        let format = document.format.clone();
        self.score.formats.entry(format).or_default().add(wrong);
        let Some(rule) = self.detector.rules().get(matched.rule) else {
            return;
        };
        let category = Category::of(rule);
        self.score
            .categories
            .entry(category)
            .or_default()
            .add(wrong);
        self.score
            .rules
            .entry(rule.id.to_string())
            .or_default()
            .add(wrong);
        if self.auditor.is_some() {
            self.score.misses.push(Miss {
                is_false_alarm: true,
                rule: rule.id.to_string(),
                kind: label.map_or("surroundings", |label| &label.kind).to_owned(),
                template: label.map_or("", |label| &label.template).to_owned(),
                way: label.map_or("", |label| &label.way).to_owned(),
                format: document.format.clone(),
                path: document.path.clone(),
                excerpt: excerpt(document, matched.span),
                reason: matched.reasons.join("; "),
            });
        }
    }

    /// A label, whether something was reported there or not.
    fn count_planted(&mut self, document: &Document, label: &Label, is_taken: bool) {
        let Truth::Credential { category, .. } = &label.truth else {
            let counts = self.score.look_alikes.entry(label.kind.clone());
            let counts = counts.or_default();
            counts.0 += 1;
            counts.1 += usize::from(is_taken);
            return;
        };
        let count = Count {
            planted: 1,
            found: usize::from(is_taken),
            ..Count::default()
        };
        self.score.overall.add(count);
        self.score
            .categories
            .entry(*category)
            .or_default()
            .add(count);
        self.score.rules.entry(key(label)).or_default().add(count);
        let format = document.format.clone();
        self.score.formats.entry(format).or_default().add(count);
        if let (false, Some(auditor)) = (is_taken, self.auditor) {
            self.score.misses.push(Miss {
                is_false_alarm: false,
                rule: key(label),
                kind: label.kind.clone(),
                template: label.template.clone(),
                way: label.way.clone(),
                format: document.format.clone(),
                path: document.path.clone(),
                excerpt: excerpt(document, label.span),
                reason: why_not(auditor, document, label),
            });
        }
    }
}

/// Under which name a label is counted.
fn key(label: &Label) -> String {
    match &label.truth {
        Truth::Credential {
            rule: Some(rule), ..
        } => rule.clone(),
        _ => format!("({})", label.kind),
    }
}

/// Where a report stands.
enum Place {
    /// At a label, of that number.
    At(usize),
    /// In the text that was planted with a credential.
    Beside,
    Elsewhere,
}

fn place_of(document: &Document, span: Span) -> Place {
    let labels = &document.labels;
    let credential = labels
        .iter()
        .position(|label| label.truth != Truth::LookAlike && covers(span, label.span));
    if let Some(label) = credential {
        return Place::At(label);
    }
    let beside = labels
        .iter()
        .any(|label| label.truth != Truth::LookAlike && label.context.overlaps(span));
    if beside {
        return Place::Beside;
    }
    labels
        .iter()
        .position(|label| label.span.overlaps(span))
        .map_or(Place::Elsewhere, Place::At)
}

/// Whether a report shows the credential: at least half of it, and not a whole page around it.
fn covers(reported: Span, credential: Span) -> bool {
    let common = reported
        .end
        .min(credential.end)
        .saturating_sub(reported.start.max(credential.start));
    common * 2 >= credential.len() && reported.len() <= credential.len() * 4 + 80
}

/// Whether the program would report it at default sensitivity in a file of that path.
fn is_reported(detector: &Detector, matched: &Match, path: &str) -> bool {
    let least = match detector.judge_path(matched, path) {
        PathJudgement::Keep => Confidence::Medium,
        PathJudgement::Lower(_) => Confidence::High,
        PathJudgement::Drop(_) => return false,
    };
    matched.confidence >= least
}

/// What the detector says about a credential that it did not report.
fn why_not(auditor: &Detector, document: &Document, label: &Label) -> String {
    let explained = auditor.detect_explained(document.text.as_bytes(), &mut auditor.scratch());
    let id = |rule: usize| {
        auditor
            .rules()
            .get(rule)
            .map_or("", |rule| rule.id.as_str())
    };
    let kept = explained
        .detection
        .matches
        .iter()
        .find(|matched| covers(matched.span, label.span));
    if let Some(matched) = kept {
        let path = match auditor.judge_path(matched, &document.path) {
            PathJudgement::Keep => String::new(),
            PathJudgement::Lower(reason) => format!("path lowers: {reason}; "),
            PathJudgement::Drop(reason) => format!("path drops: {reason}; "),
        };
        let reasons = matched.reasons.join("; ");
        return format!(
            "{}, {} confidence: {path}{reasons}",
            id(matched.rule),
            matched.confidence
        );
    }
    let rejected: Vec<String> = explained
        .rejected
        .iter()
        .filter(|rejected| rejected.span.overlaps(label.span))
        .map(|rejected| format!("{} rejects: {}", id(rejected.rule), rejected.reason))
        .take(2)
        .collect();
    if rejected.is_empty() {
        NOBODY_LOOKED.to_owned()
    } else {
        rejected.join(" / ")
    }
}

/// The line of a span, with the value masked.
fn excerpt(document: &Document, span: Span) -> String {
    /// So much of a line is shown on either side.
    const AROUND: usize = 60;
    let text = &document.text;
    let line_start = text[..span.start].rfind('\n').map_or(0, |place| place + 1);
    let line_end = text[span.end..]
        .find('\n')
        .map_or(text.len(), |place| span.end + place);
    let boundary = |mut place: usize| {
        while !text.is_char_boundary(place) {
            place -= 1;
        }
        place
    };
    let before = &text[boundary(line_start.max(span.start.saturating_sub(AROUND)))..span.start];
    let after = &text[span.end..boundary(line_end.min(span.end + AROUND))];
    let value = &text[span.range()];
    let shown: String = value.chars().take(3).collect();
    format!("{}{shown}…[{}]{after}", before.trim_start(), value.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(span: Span, truth: Truth) -> Label {
        Label {
            span,
            context: Span::new(span.start.saturating_sub(5), span.end),
            truth,
            kind: "kind".to_owned(),
            template: String::new(),
            way: String::new(),
        }
    }

    fn document(text: &str, labels: Vec<Label>) -> Document {
        Document {
            path: "config/app.env".to_owned(),
            format: "env".to_owned(),
            text: text.to_owned(),
            labels,
        }
    }

    fn credential() -> Truth {
        Truth::Credential {
            category: Category::Provider,
            rule: Some("acme-token".to_owned()),
        }
    }

    /// A detector of one rule, `acme_` and eight letters.
    fn detector() -> Detector {
        let text = "version = 1\nprovider = 'Acme'\n[[rule]]\nid = 'acme-token'\ntitle = 'Acme'\nseverity = 'low'\nliterals = ['acme_']\npattern = 'acme_[a-z]{8}'\n";
        let rules = leakward_rules::parse(text, "acme.toml").unwrap();
        Detector::new(rules, Settings::default()).unwrap()
    }

    fn measured(documents: Vec<Document>) -> Score {
        let corpus = Corpus {
            documents,
            unplaced: Vec::new(),
        };
        Score::explain(&detector(), &corpus)
    }

    #[test]
    fn found_missed_and_wrong_are_counted_apart() {
        let token = ["acme", "_qzkvtwpx"].concat();
        let score = measured(vec![
            document(&token, vec![label(Span::new(0, 13), credential())]),
            document("nothing here", vec![label(Span::new(0, 7), credential())]),
            document(&token, vec![label(Span::new(0, 13), Truth::LookAlike)]),
            document(&token, Vec::new()),
        ]);
        assert_eq!(
            score.overall,
            Count {
                planted: 2,
                found: 1,
                named: 1,
                right: 1,
                wrong: 2
            }
        );
        assert_eq!(score.look_alikes["kind"], (1, 1));
        assert_eq!(score.rules["acme-token"], score.overall);
        let kinds: Vec<&str> = score.misses.iter().map(|miss| miss.kind.as_str()).collect();
        assert_eq!(kinds, ["kind", "kind", "surroundings"]);
        assert!(
            score
                .misses
                .iter()
                .all(|miss| !miss.excerpt.contains(&token))
        );
    }

    #[test]
    fn what_is_planted_with_a_credential_counts_neither_way() {
        let text = ["acme", "_qzkvtwpx:hunter"].concat();
        let span = Span::new(14, 20);
        let mut beside = label(span, credential());
        beside.context = Span::new(0, 20);
        let score = measured(vec![document(&text, vec![beside])]);
        assert_eq!((score.overall.right, score.overall.wrong), (0, 0));
        assert_eq!((score.overall.planted, score.overall.found), (1, 0));
    }

    #[test]
    fn precision_recall_and_f1() {
        let count = Count {
            planted: 10,
            found: 8,
            named: 0,
            right: 8,
            wrong: 2,
        };
        assert!((count.f1() - 0.8).abs() < 1e-9);
        assert!((Count::default().f1() - 1.0).abs() < 1e-9);
    }
}
