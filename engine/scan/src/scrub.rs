//! Takes credentials out of texts that come from the repository and stand in a report beside the finding: commit
//! subjects, names of branches and files, the line around another credential.
//!
//! Names of files and folders are not scanned for themselves, so texts are also looked at with the detector.
//!
//! INVARIANT: after scrubbing, no text holds a credential that was found in the same scan and can be told from the words
//! that a path or a line is made of anyway.

use std::cell::RefCell;

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use leakward_core::{Excerpt, Finding, Location, Secret};
use leakward_detect::{Detector, Scratch};

/// LIMIT: a shorter credential is left alone, because taking `admin` out of every path would make the report
/// unreadable and protect nothing.
const SHORTEST: usize = 8;

/// LIMIT: a credential without a digit is left alone below this length: `secret_key` is also the name of a variable.
const SHORTEST_OF_LETTERS: usize = 16;

/// Knows the credentials of a scan and takes them out of texts.
pub(crate) struct Scrubber<'d> {
    detector: &'d Detector,
    scratch: RefCell<Scratch>,
    automaton: Option<AhoCorasick>,
    masked: Vec<String>,
}

impl<'d> Scrubber<'d> {
    /// A scrubber for `secrets`.
    #[expect(
        clippy::disallowed_methods,
        reason = "the credential is looked for in texts to take it out of them"
    )]
    pub(crate) fn new<'s>(
        detector: &'d Detector,
        secrets: impl Iterator<Item = &'s Secret>,
    ) -> Self {
        let secrets: Vec<&Secret> = secrets.filter(|secret| is_telling(secret)).collect();
        let masked = secrets.iter().map(|secret| secret.masked()).collect();
        // PERF: some hundred lines are looked at, and private keys are long: a faster automaton takes a tenth of a second to be made.
        let automaton = AhoCorasick::builder()
            .kind(Some(AhoCorasickKind::NoncontiguousNFA))
            .match_kind(aho_corasick::MatchKind::LeftmostLongest)
            .build(secrets.iter().map(|secret| secret.expose()));
        // It fails only beyond four billion states; nothing is shown then.
        Self {
            detector,
            scratch: RefCell::new(detector.scratch()),
            automaton: automaton.ok(),
            masked,
        }
    }

    /// Takes the credentials out of everything a report shows of `finding`.
    pub(crate) fn scrub(&self, finding: &mut Finding) {
        if let Some(excerpt) = &mut finding.excerpt {
            self.scrub_excerpt(excerpt);
        }
        finding
            .locations
            .iter_mut()
            .for_each(|location| self.scrub_location(location));
    }

    fn scrub_location(&self, location: &mut Location) {
        location.paths_mut().for_each(|path| self.scrub_text(path));
        location
            .refs
            .iter_mut()
            .for_each(|name| self.scrub_text(name));
        if let Some(image) = &mut location.image {
            self.scrub_text(&mut image.image);
            image
                .created_by
                .iter_mut()
                .for_each(|step| self.scrub_text(step));
        }
        for text in [
            &mut location.subject,
            &mut location.author,
            &mut location.email,
        ]
        .into_iter()
        .flatten()
        {
            self.scrub_text(text);
        }
    }

    /// The credential itself is masked in an excerpt already; this is for another one that nobody reported there.
    fn scrub_excerpt(&self, excerpt: &mut Excerpt) {
        let part = |from: usize, to: usize| {
            excerpt
                .text
                .chars()
                .skip(from)
                .take(to - from)
                .collect::<String>()
        };
        let (mut before, marked) = (
            part(0, excerpt.marked.start),
            part(excerpt.marked.start, excerpt.marked.end),
        );
        let mut after = part(excerpt.marked.end, usize::MAX);
        self.scrub_text(&mut before);
        self.scrub_text(&mut after);
        let start = before.chars().count();
        excerpt.marked = start..start + marked.chars().count();
        excerpt.text = before + &marked + &after;
    }

    /// Takes the credentials out of a message.
    pub(crate) fn scrub_text(&self, text: &mut String) {
        match &self.automaton {
            Some(automaton) if automaton.is_match(text.as_str()) => {
                *text = automaton.replace_all(text, &self.masked);
            }
            Some(_) => {}
            None => text.clear(),
        }
        let mut found = self
            .detector
            .detect_to_hide(text.as_bytes(), &mut self.scratch.borrow_mut())
            .matches;
        found.sort_by_key(|matched| std::cmp::Reverse(matched.span));
        for matched in found {
            if text.get(matched.span.range()).is_some() {
                text.replace_range(matched.span.range(), &matched.secret.masked());
            }
        }
    }
}

/// Whether a credential can be told from the words of a text.
#[expect(
    clippy::disallowed_methods,
    reason = "asks only whether there is a digit in it"
)]
fn is_telling(secret: &Secret) -> bool {
    let has_digit = secret.expose().iter().any(u8::is_ascii_digit);
    secret.len()
        >= if has_digit {
            SHORTEST
        } else {
            SHORTEST_OF_LETTERS
        }
}

#[cfg(test)]
mod tests {
    use leakward_core::{CompanionPlace, LocationKind, Span, TextRange};

    use super::*;

    fn detector() -> Detector {
        Detector::new(
            Vec::<leakward_core::Rule>::new(),
            leakward_detect::Settings::default(),
        )
        .expect("no rules make a detector")
    }

    #[test]
    fn a_credential_is_taken_out_of_subject_and_path() {
        let detector = detector();
        let secret = Secret::new(b"correct-horse-battery");
        let scrubber = Scrubber::new(&detector, [&secret].into_iter());
        let mut text = "remove correct-horse-battery again".to_owned();
        scrubber.scrub_text(&mut text);
        assert_eq!(text, format!("remove {} again", secret.masked()));
    }

    #[test]
    fn a_credential_is_taken_out_of_every_path() {
        let detector = detector();
        let scrubber = Scrubber::new(&detector, [&Secret::new(b"swordfish-of-old")].into_iter());
        let range = TextRange::locate(b"a", Span::new(0, 1));
        let mut location = Location::new(LocationKind::File, "swordfish-of-old/.env", range);
        location.companions.push(CompanionPlace {
            name: "id".to_owned(),
            path: Some("swordfish-of-old/.env.local".to_owned()),
            range,
        });
        scrubber.scrub_location(&mut location);
        assert!(
            !format!("{location:?}").contains("swordfish"),
            "{location:?}"
        );
    }

    #[test]
    fn a_credential_is_taken_out_although_a_comment_on_its_line_allows_it() {
        let rules = leakward_rules::built_in().to_vec();
        let detector = Detector::new(rules, leakward_detect::Settings::default()).expect("rules");
        let rule = leakward_rules::find(detector.rules(), "github-pat-classic").expect("a rule");
        let template = rule.samples.first().expect("a sample");
        let token = leakward_rules::sample::render(template, 7).expect("a sample");
        let scrubber = Scrubber::new(&detector, std::iter::empty());
        let mut text = format!("{} # gitleaks:allow", token.text);
        scrubber.scrub_text(&mut text);
        assert!(
            !text.contains(&token.text) && text.contains("gitleaks:allow"),
            "{text}"
        );
    }

    #[test]
    fn a_short_credential_leaves_words_alone() {
        let detector = detector();
        let scrubber = Scrubber::new(
            &detector,
            [&Secret::new(b"admin1"), &Secret::new(b"secret_key")].into_iter(),
        );
        let mut text = "src/admin1/secret_key.rs".to_owned();
        scrubber.scrub_text(&mut text);
        assert_eq!(text, "src/admin1/secret_key.rs");
    }

    #[test]
    fn the_mark_of_an_excerpt_stays_on_its_credential() {
        let detector = detector();
        let scrubber = Scrubber::new(&detector, [&Secret::new(b"swordfish-of-old")].into_iter());
        let mut excerpt = Excerpt {
            text: "a=swordfish-of-old b=****".to_owned(),
            marked: 21..25,
        };
        scrubber.scrub_excerpt(&mut excerpt);
        let marked: String = excerpt
            .text
            .chars()
            .skip(excerpt.marked.start)
            .take(excerpt.marked.len())
            .collect();
        assert_eq!(
            (marked.as_str(), excerpt.text.contains("swordfish")),
            ("****", false)
        );
    }
}
