//! What is wrong with a template, and where in it.

/// Why a template cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("column {column}: {problem}")]
pub struct TemplateError {
    /// Byte offset in the template.
    pub offset: usize,
    /// Character in the template, from 1.
    pub column: usize,
    /// What is wrong.
    pub problem: TemplateProblem,
}

/// One thing that can be wrong with a template.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TemplateProblem {
    /// A generator without its end.
    #[error("this `{{` has no `}}`; write `{{{{` for the character itself")]
    Unclosed,
    /// A brace that ends nothing.
    #[error("this `}}` ends nothing; write `}}}}` for the character itself")]
    StrayBrace,
    /// No generator of this name.
    #[error("no generator is called {name:?}{}", nearest.map(|known| format!("; did you mean {known:?}?")).unwrap_or_default())]
    UnknownGenerator {
        /// As written.
        name: String,
        /// What was probably meant.
        nearest: Option<&'static str>,
    },
    /// A length that is no number, or not from 1 to 65536, or the wrong way round.
    #[error("the length must be a number such as 30 or a range such as 20-40, at most 65536")]
    Length,
    /// A generator that needs an argument and has none, or the reverse, or a wrong one.
    #[error("{name:?} takes {expected}")]
    Argument {
        /// The generator.
        name: &'static str,
        /// What it takes.
        expected: String,
    },
    /// A class that cannot be read.
    #[error("a class is written as in [A-Z2-7], with ASCII characters only")]
    Class,
    /// Generators inside generators inside generators.
    #[error("generators stand inside each other at most four levels deep")]
    TooDeep,
    /// The marks do not enclose one credential.
    #[error("a template has at most one «…», and not inside a generator")]
    Marks,
}

impl TemplateError {
    pub(super) fn new(template: &str, offset: usize, problem: TemplateProblem) -> Self {
        let before = template.get(..offset).unwrap_or(template);
        Self {
            offset,
            column: before.chars().count() + 1,
            problem,
        }
    }
}
