//! The corpus: all files of one set, seed and size.

use leakward_core::Rule;

use crate::assemble::assemble;
use crate::dice::Dice;
use crate::document::{Document, Truth};
use crate::library::Library;
use crate::planting::{Wanted, draw, whole_files};
use crate::rule_plants;
use crate::scene::SceneError;
use crate::set::Set;

/// Credentials without a rule's sample behind them, at scale 1.
const CREDENTIALS: f64 = 3_000.0;

/// Look-alikes in the midst of other files, at scale 1.
const LOOK_ALIKES: f64 = 12_000.0;

/// Plants of each rule, at scale 1.
const FOR_EACH_RULE: f64 = 3.0;

/// Copies of each whole file, at scale 1.
const FOR_EACH_FILE: f64 = 6.0;

/// How much material is made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Size {
    for_each_rule: usize,
    for_each_file: usize,
    credentials: usize,
    look_alikes: usize,
}

impl Size {
    /// The usual size times `scale`; at least one of everything.
    #[must_use]
    pub fn scaled(scale: f64) -> Size {
        // The numbers are small: nothing is lost.
        let times = |usual: f64| ((usual * scale).round() as usize).max(1);
        Size {
            for_each_rule: times(FOR_EACH_RULE),
            for_each_file: times(FOR_EACH_FILE),
            credentials: times(CREDENTIALS),
            look_alikes: times(LOOK_ALIKES),
        }
    }
}

/// All files of one set, seed and size.
#[derive(Clone, Debug, Default)]
pub struct Corpus {
    /// The files.
    pub documents: Vec<Document>,
    /// Kinds of plants that fit no file: each is a gap in `formats/`.
    pub unplaced: Vec<String>,
}

impl Corpus {
    /// Draws the corpus: the same one for the same arguments.
    ///
    /// # Errors
    /// A hand-written text or a rule's sample that cannot be read.
    pub fn generate(
        library: &Library,
        rules: &[Rule],
        set: Set,
        seed: u64,
        size: Size,
    ) -> Result<Corpus, SceneError> {
        let library = library.admitted(set);
        let dice = Dice::new(set.seed(seed)).fork("corpus");
        let mut plants = rule_plants::plants(rules, size.for_each_rule, &dice)?;
        plants.extend(draw(
            &library,
            Wanted::Credentials,
            size.credentials,
            &dice,
        )?);
        plants.extend(draw(&library, Wanted::LookAlikes, size.look_alikes, &dice)?);
        plants.extend(whole_files(&library, size.for_each_file, &dice)?);
        let assembled = assemble(&library, plants, &dice)?;
        Ok(Corpus {
            documents: assembled.documents,
            unplaced: assembled.unplaced,
        })
    }

    /// How many credentials and how many look-alikes are in it.
    #[must_use]
    pub fn counts(&self) -> (usize, usize) {
        let labels = self.documents.iter().flat_map(|document| &document.labels);
        let (look_alikes, credentials): (Vec<_>, Vec<_>) =
            labels.partition(|label| label.truth == Truth::LookAlike);
        (credentials.len(), look_alikes.len())
    }
}
