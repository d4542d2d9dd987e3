//! Scans one text after another under the policy of one project: what editors, agents and hooks ask for, who have a text
//! and a path and want to know now.
//!
//! Not for: whole targets (`run` does that). A text is looked at as the bytes that it is; `part` looks at files and folders
//! of the project.
//!
//! INVARIANT: a text is judged as a scan would judge a file with the same bytes at the same path: the same collector and
//! the same grouping are used.

mod part;

use std::path::Path;
use std::sync::atomic::AtomicBool;

use leakward_core::{Fingerprint, Outcome, Rule, Skipped, Span};
use leakward_detect::{Detector, Match};
use leakward_sources::git::{Discovery, OpenOptions, Repository};
use leakward_sources::{Origin, Piece, Visitor as _};

pub use part::Part;

use crate::collector::{Collected, Collector};
use crate::config::Config;
use crate::date::Date;
use crate::git_scan::Revision;
use crate::grouping::{Grouping, Reveal};
use crate::policy::{Folder, Overrides, Policy, PolicyFiles};
use crate::progress::Silent;
use crate::run::{ScanError, simple_places};
use crate::scrub::Scrubber;

/// A credential in a text.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Where, in bytes.
    pub span: Span,
    /// As it may be shown.
    pub masked: String,
    /// Identity of its (rule, credential) pair.
    pub fingerprint: Fingerprint,
}

/// Scans texts under the policy of one project.
#[derive(Debug)]
pub struct TextScanner {
    policy: Policy,
    detector: Detector,
    today: Date,
}

impl TextScanner {
    /// A scanner that is held to the policy files in `root`, or to those that `policy_ref` of its repository has.
    /// Costs a millisecond or two: expressions are compiled when a text first needs them.
    ///
    /// # Errors
    /// When a policy file cannot be used, or the ref is not there.
    pub fn new(
        root: &Path,
        policy_ref: Option<&str>,
        overrides: &Overrides,
        today: Date,
    ) -> Result<Self, ScanError> {
        let Some(revision) = policy_ref else {
            return Self::with_files(&Folder(root.to_owned()), overrides, today);
        };
        let options = OpenOptions {
            discovery: Discovery::Upwards,
            ..OpenOptions::default()
        };
        let repository = Repository::open(root, options)?;
        // A ref that does not exist would read like one without policy files.
        repository.file_at(revision, Config::NAME)?;
        let files = Revision {
            repository: &repository,
            revision: revision.to_owned(),
        };
        Self::with_files(&files, overrides, today)
    }

    fn with_files(
        files: &dyn PolicyFiles,
        overrides: &Overrides,
        today: Date,
    ) -> Result<Self, ScanError> {
        let mut policy = Policy::load(files, overrides)?;
        let rules = std::mem::take(&mut policy.rules);
        let detector = Detector::new(rules, policy.detection.clone())?;
        Ok(Self {
            policy,
            detector,
            today,
        })
    }

    /// What is in `bytes`, as a file at that place. Findings are masked.
    #[must_use]
    pub fn scan(&self, origin: &Origin, bytes: &[u8]) -> Outcome {
        let never = AtomicBool::new(false);
        let collector = Collector::new(&self.detector, &Silent, &never, false);
        let mut worker = collector.worker();
        collector.alone(&mut worker, Piece::new(origin, bytes));
        drop(worker);
        self.outcome(collector.finish())
    }

    /// What was collected, as findings.
    fn outcome(&self, collected: Collected) -> Outcome {
        let mut outcome = Outcome {
            skipped: collected.skipped,
            stats: collected.stats,
            ..Outcome::default()
        };
        for unread in collected.unread {
            outcome.skipped.push(Skipped {
                kind: unread.kind,
                what: unread.origin.to_string(),
                reason: unread.reason,
            });
        }
        let mut grouping = Grouping::new(&self.detector, &self.policy, Reveal::Masked, self.today);
        for sighting in &collected.sightings {
            grouping.add(sighting, simple_places(&sighting.origin));
        }
        grouping.finish(&mut outcome);
        outcome
    }

    /// Every credential in `bytes` with its place, whatever the policy and comments let pass: for who shows the text around one.
    #[must_use]
    pub fn credentials_in(&self, bytes: &[u8]) -> Vec<Seen> {
        let matches = self
            .detector
            .detect_to_hide(bytes, &mut self.detector.scratch())
            .matches;
        let seen = |matched: &Match| {
            let rule = self.detector.rules().get(matched.rule)?;
            Some(Seen {
                span: matched.span,
                masked: matched.secret.masked(),
                fingerprint: self.policy.key.fingerprint(&rule.id, &matched.secret),
            })
        };
        let mut all: Vec<Seen> = matches.iter().filter_map(seen).collect();
        all.sort_by_key(|seen| seen.span);
        all
    }

    /// `text` with every credential in it masked, also those that the policy or a comment lets pass: for messages that
    /// repeat what somebody else wrote.
    #[must_use]
    pub fn masked(&self, text: &str) -> String {
        let mut text = text.to_owned();
        Scrubber::new(&self.detector, std::iter::empty()).scrub_text(&mut text);
        text
    }

    /// Whether the project's configuration leaves this path out.
    #[must_use]
    pub fn excludes(&self, path: &str) -> bool {
        self.policy.exclude.is_match(path)
    }

    /// Paths of the files that say what is let pass, relative to the project's root.
    #[must_use]
    pub fn policy_files(&self) -> &[String] {
        &self.policy.files
    }

    /// The rules that are applied.
    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        self.detector.rules()
    }

    /// Things worth telling of the policy.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.policy.notes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A token that the rule itself drew.
    fn token() -> String {
        let rule =
            leakward_rules::find(leakward_rules::built_in(), "github-pat-classic").expect("a rule");
        let template = rule.samples.first().expect("a sample");
        leakward_rules::sample::render(template, 7)
            .expect("a sample")
            .text
    }

    fn scanner(ignore: &str) -> TextScanner {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join(".leakwardignore"), ignore).expect("a file");
        TextScanner::new(folder.path(), None, &Overrides::default(), Date::default())
            .expect("a scanner")
    }

    #[test]
    fn a_text_is_judged_by_the_path_that_it_is_said_to_have() {
        let text = format!("token = \"{}\"\n", token());
        let scanner = scanner("path:docs/**  # samples\n");
        let at = |path: &str| scanner.scan(&Origin::Worktree(path.to_owned()), text.as_bytes());
        assert_eq!(at("src/a.py").findings.len(), 1);
        let place = &at("src/a.py").findings[0].locations[0];
        assert_eq!(
            (place.path.as_str(), place.range.start.line),
            ("src/a.py", 1)
        );
        assert!(
            at("docs/a.md").findings.is_empty(),
            "the ignore file counts"
        );
    }

    #[test]
    fn a_scanner_is_used_again_and_remembers_nothing() {
        let scanner = scanner("");
        let text = format!("token = \"{}\"\n", token());
        let origin = Origin::Stdin;
        assert_eq!(scanner.scan(&origin, text.as_bytes()).findings.len(), 1);
        assert!(scanner.scan(&origin, b"x = 1\n").findings.is_empty());
    }

    #[test]
    fn a_part_of_a_project_is_called_as_the_project_calls_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir_all(at(".git")).expect("a folder");
        std::fs::create_dir_all(at("conf/docs")).expect("folders");
        let text = format!("token = \"{}\"\n", token());
        for name in ["elsewhere.py", "conf/.env", "conf/a.py", "conf/docs/b.md"] {
            std::fs::write(at(name), &text).expect("a file");
        }
        std::fs::write(at(".gitignore"), ".env\n").expect("a file");
        std::fs::write(at(".leakwardignore"), "path:conf/docs/**  # samples\n").expect("a file");
        let scanner = TextScanner::new(folder.path(), None, &Overrides::default(), Date::default());
        let scanner = scanner.expect("a scanner");
        let never = AtomicBool::new(false);
        let places = |name: &str| {
            let part = Part {
                path: &at(name),
                name,
                threads: 1,
            };
            let outcome = scanner.scan_part(&part, &never).expect("threads");
            assert!(outcome.complete(), "{:?}", outcome.skipped);
            let places = outcome
                .findings
                .iter()
                .flat_map(|finding| &finding.locations);
            places.map(|place| place.path.clone()).collect::<Vec<_>>()
        };
        assert_eq!(
            places("conf"),
            ["conf/a.py"],
            "what git ignores is left out"
        );
        assert_eq!(
            places("conf/.env"),
            ["conf/.env"],
            "but not when it is named"
        );
        assert_eq!(places("elsewhere.py"), ["elsewhere.py"]);
        assert!(places("conf/docs/b.md").is_empty(), "the policy counts");
        std::fs::create_dir(at("empty")).expect("a folder");
        let part = Part {
            path: &at("empty"),
            name: "empty",
            threads: 1,
        };
        let outcome = scanner.scan_part(&part, &never).expect("threads");
        assert!(!outcome.complete(), "nothing was looked at");
    }

    #[test]
    fn a_message_is_masked_whatever_the_policy_says() {
        let scanner = scanner("rule:*  # everything\n");
        let masked = scanner.masked(&format!("no file {} here", token()));
        assert!(
            !masked.contains(&token()) && masked.contains("no file"),
            "{masked}"
        );
    }

    #[test]
    fn what_a_comment_allows_is_not_told_and_is_hidden_all_the_same() {
        let scanner = scanner("");
        let text = format!("a = 1\ntoken = \"{}\"  # leakward:allow\n", token());
        let outcome = scanner.scan(&Origin::Stdin, text.as_bytes());
        assert!(outcome.findings.is_empty(), "it is allowed");
        let masked = scanner.masked(&text);
        assert!(
            !masked.contains(&token()) && masked.contains("leakward:allow"),
            "{masked}"
        );
        let seen = scanner.credentials_in(text.as_bytes());
        let places: Vec<&str> = seen.iter().map(|one| &text[one.span.range()]).collect();
        assert_eq!(places, [token()]);
        assert_ne!(seen[0].masked, token());
    }
}
