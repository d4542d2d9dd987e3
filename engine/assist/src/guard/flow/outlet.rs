//! What becomes of an output, with the steps that it goes through. Not for how that is found out.

use std::rc::Rc;

use crate::guard::view::Step;

/// LIMIT: steps that are kept. Behind more of them nothing more is left out.
pub(super) const MOST_STEPS: usize = 16;

/// What becomes of an output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::guard) enum Outlet {
    /// Nobody sees it.
    Nowhere,
    /// What is left of it behind these steps is seen.
    Seen(Rc<Vec<Step>>),
    /// It is given to a program that may show it.
    Perhaps(Rc<Vec<Step>>),
}

impl Outlet {
    /// All of it is seen.
    pub(in crate::guard) fn screen() -> Self {
        Self::Seen(Rc::default())
    }

    /// What is left of what is seen, surely or perhaps; nothing when nobody sees any.
    pub(in crate::guard) fn steps(&self) -> Option<Vec<Step>> {
        match self {
            Self::Nowhere => None,
            Self::Seen(steps) | Self::Perhaps(steps) => Some(steps.to_vec()),
        }
    }

    /// Whether it is surely seen.
    pub(in crate::guard) fn is_sure(&self) -> bool {
        matches!(self, Self::Seen(_))
    }

    /// Whether all of it is surely seen.
    fn is_all(&self) -> bool {
        matches!(self, Self::Seen(steps) if matches!(steps.as_slice(), [] | [Step::Alters, ..]))
    }

    /// The same, behind these steps.
    pub(super) fn behind(&self, mut steps: Vec<Step>) -> Self {
        let with = |rest: &Rc<Vec<Step>>| {
            if steps.is_empty() {
                return rest.clone();
            }
            steps.extend(rest.iter().cloned());
            if steps.len() > MOST_STEPS {
                steps.truncate(MOST_STEPS);
                steps.push(Step::Alters);
            }
            Rc::new(steps)
        };
        match self {
            Self::Nowhere => Self::Nowhere,
            Self::Seen(rest) => Self::Seen(with(rest)),
            Self::Perhaps(rest) => Self::Perhaps(with(rest)),
        }
    }

    /// The one of which more is seen.
    pub(super) fn or(self, other: Self) -> Self {
        let whole = || Rc::new(vec![Step::Alters]);
        match (self, other) {
            (Self::Nowhere, one) | (one, Self::Nowhere) => one,
            (Self::Perhaps(_), Self::Perhaps(_)) => Self::Perhaps(whole()),
            _ => Self::Seen(whole()),
        }
    }

    /// Somebody may see it, in whatever form.
    pub(super) fn perhaps() -> Self {
        Self::Perhaps(Rc::new(vec![Step::Alters]))
    }

    /// Of several, up to where all is surely seen.
    pub(super) fn first_seen(mut outlets: impl Iterator<Item = Self>) -> Self {
        let mut all = Self::Nowhere;
        while !all.is_all()
            && let Some(outlet) = outlets.next()
        {
            all = all.or(outlet);
        }
        all
    }
}
