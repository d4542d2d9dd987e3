//! A plant: what is to be put into a file, before it is known into which.

use std::ops::Range;

use leakward_core::Span;

use crate::document::{Label, Truth};
use crate::name::Name;

/// What is to be put into a file.
#[derive(Clone, Debug)]
pub(crate) struct Plant {
    pub(crate) content: Content,
    pub(crate) truth: Truth,
    pub(crate) kind: String,
    /// The text it was made from, for people.
    pub(crate) template: String,
    /// The formats it belongs to; any, when there are none.
    pub(crate) formats: Vec<String>,
}

/// The forms in which plants come.
#[derive(Clone, Debug)]
pub(crate) enum Content {
    /// A value that the format assigns to a name in its own way.
    Pair { name: Name, value: String },
    /// A line that brings its own context; `marked` is the credential or look-alike in it.
    Line {
        text: String,
        marked: Vec<Range<usize>>,
    },
    /// Several lines.
    Block {
        name: Name,
        text: String,
        marked: Vec<Range<usize>>,
    },
    /// A line of this very format, still to be written.
    Scene {
        slot: String,
        scene: String,
        name: Name,
    },
    /// A whole file.
    File {
        path: String,
        format: String,
        text: String,
        marked: Vec<Range<usize>>,
    },
}

impl Plant {
    /// The labels of a plant that was written to `at`. Its `marked` stretches are counted from there.
    pub(crate) fn labels(
        &self,
        at: Range<usize>,
        marked: &[Range<usize>],
        way: &str,
    ) -> Vec<Label> {
        let whole = 0..at.len();
        let stretches = if marked.is_empty() {
            std::slice::from_ref(&whole)
        } else {
            marked
        };
        stretches
            .iter()
            .map(|range| Label {
                span: Span::new(at.start + range.start, at.start + range.end),
                context: Span::new(at.start, at.end),
                truth: self.truth.clone(),
                kind: self.kind.clone(),
                template: self.template.clone(),
                way: way.to_owned(),
            })
            .collect()
    }

    pub(crate) fn is_generic(&self) -> bool {
        matches!(
            &self.truth,
            Truth::Credential { rule: None, .. }
                | Truth::Credential {
                    category: crate::document::Category::Generic
                        | crate::document::Category::Connection,
                    ..
                }
        )
    }
}
