//! The program's JSON report, read as any other tool would read it, with questions that tests ask.

use serde_json::Value;

use crate::credential::Credential;
use crate::place::Place;

/// A report in the format `json`.
#[derive(Clone, Debug)]
pub struct Report(Value);

impl Report {
    /// Reads a report; `context` is printed when it is none.
    ///
    /// # Panics
    /// When the text is not JSON or lacks what every report has.
    #[must_use]
    pub fn parse(text: &str, context: &str) -> Self {
        let value: Value = serde_json::from_str(text)
            .unwrap_or_else(|error| panic!("not a JSON report: {error}\n{context}"));
        for field in ["schema_version", "complete", "skipped", "stats", "findings"] {
            assert!(
                value.get(field).is_some(),
                "the report lacks {field:?}\n{context}"
            );
        }
        Self(value)
    }

    /// The whole report.
    #[must_use]
    pub fn value(&self) -> &Value {
        &self.0
    }

    /// Whether everything that was asked for was scanned.
    #[must_use]
    pub fn complete(&self) -> bool {
        self.0["complete"].as_bool().expect("complete is a boolean")
    }

    /// All findings.
    #[must_use]
    pub fn findings(&self) -> &[Value] {
        self.0["findings"].as_array().expect("findings is a list")
    }

    /// What was not scanned, as the report writes it.
    #[must_use]
    pub fn skipped(&self) -> String {
        self.0["skipped"].to_string()
    }

    /// Whether the credential is among the findings. The report must have been made with `--reveal`.
    #[must_use]
    pub fn holds(&self, credential: &Credential) -> bool {
        self.finding_of(credential).is_some()
    }

    /// The finding of a credential. The report must have been made with `--reveal`.
    ///
    /// # Panics
    /// When there is none, or more than one: a credential is one finding, wherever it was seen.
    #[must_use]
    pub fn finding(&self, credential: &Credential) -> &Value {
        self.finding_of(credential)
            .unwrap_or_else(|| panic!("{credential} was not found.\n{}", self.overview()))
    }

    fn finding_of(&self, credential: &Credential) -> Option<&Value> {
        let mut found = self
            .findings()
            .iter()
            .filter(|finding| finding["secret"] == credential.text());
        let first = found.next();
        assert!(
            found.next().is_none(),
            "{credential} was reported more than once.\n{}",
            self.overview()
        );
        first
    }

    /// The fingerprint of a credential's finding.
    #[must_use]
    pub fn fingerprint(&self, credential: &Credential) -> String {
        self.finding(credential)["fingerprint"]
            .as_str()
            .expect("fingerprint is a text")
            .to_owned()
    }

    /// All locations of a credential's finding.
    #[must_use]
    pub fn locations(&self, credential: &Credential) -> &[Value] {
        self.finding(credential)["locations"]
            .as_array()
            .expect("locations is a list")
    }

    /// The first location of a credential that is at `place`.
    #[must_use]
    pub fn location(&self, credential: &Credential, place: &Place) -> Option<&Value> {
        self.locations(credential)
            .iter()
            .find(|location| place.fits(location))
    }

    /// Asserts that the credential was found at `place`.
    ///
    /// # Panics
    /// When it was not.
    pub fn expect(&self, credential: &Credential, place: &Place) -> &Self {
        assert!(
            self.location(credential, place).is_some(),
            "{credential} was not found at {place}\n{}",
            self.overview()
        );
        self
    }

    /// Asserts that the credential is not among the findings.
    ///
    /// # Panics
    /// When it is.
    pub fn expect_absent(&self, credential: &Credential) -> &Self {
        assert!(
            !self.holds(credential),
            "{credential} must not be found\n{}",
            self.overview()
        );
        self
    }

    /// Asserts that something that was skipped is told in a line that holds all of `words`.
    ///
    /// # Panics
    /// When it is not.
    pub fn expect_skipped(&self, words: &[&str]) -> &Self {
        let told = self.0["skipped"]
            .as_array()
            .expect("skipped is a list")
            .iter()
            .any(|skipped| {
                let text = skipped.to_string();
                words.iter().all(|word| text.contains(word))
            });
        assert!(
            told,
            "nothing skipped tells of {words:?}\n{}",
            self.overview()
        );
        self
    }

    /// The report as a test's failure shows it.
    #[must_use]
    pub fn overview(&self) -> String {
        format!("report: {:#}", self.0)
    }
}
