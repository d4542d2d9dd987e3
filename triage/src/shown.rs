//! Which findings are shown: a filter and words to search for.

use leakward_core::Finding;

use crate::app::Item;

/// Which of the findings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Filter {
    /// Those that nothing is decided about.
    #[default]
    Open,
    /// All of them.
    All,
    /// Those that something is decided about.
    Decided,
    /// Those that work.
    Live,
}

impl Filter {
    pub(crate) fn next(self) -> Self {
        match self {
            Self::Open => Self::All,
            Self::All => Self::Decided,
            Self::Decided => Self::Live,
            Self::Live => Self::Open,
        }
    }

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::All => "all",
            Self::Decided => "decided",
            Self::Live => "live",
        }
    }
}

/// Whether a finding is shown: the filter lets it pass, and each word of the search stands in it.
pub(crate) fn is_shown(item: &Item, filter: Filter, search: &str) -> bool {
    let passes = match filter {
        Filter::Open => item.known.is_none(),
        Filter::All => true,
        Filter::Decided => item.known.is_some(),
        Filter::Live => item.verdict == "live",
    };
    passes && {
        let text = haystack(&item.finding, &item.verdict);
        search
            .to_lowercase()
            .split_whitespace()
            .all(|word| text.contains(word))
    }
}

/// All that a search looks at.
fn haystack(finding: &Finding, verdict: &str) -> String {
    let mut text = format!(
        "{} {} {} {} {} {} {verdict}",
        finding.title,
        finding.rule,
        finding.provider,
        finding.severity,
        finding.confidence,
        finding.fingerprint
    );
    for place in &finding.locations {
        text.push(' ');
        text.push_str(&place.path);
        for more in [&place.author, &place.email, &place.commit]
            .into_iter()
            .flatten()
        {
            text.push(' ');
            text.push_str(more);
        }
    }
    text.to_lowercase()
}
