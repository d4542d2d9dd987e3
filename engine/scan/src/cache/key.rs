//! What a cache is worth something for: the same program, rules and settings.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use leakward_core::Rule;
use leakward_detect::Settings;
use leakward_sources::archive::Archives;

/// What decides what is found in some bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CacheKey(String);

impl CacheKey {
    /// The key of a scan with these rules and settings, that looks into archives or not.
    ///
    /// Built-in rules count by their ids, for the program's number covers them; others by all that they say.
    pub(crate) fn of(rules: &[Rule], settings: &Settings, archives: Archives) -> Self {
        let built_in: HashMap<&str, &Rule> = leakward_rules::built_in()
            .iter()
            .map(|rule| (rule.id.as_str(), rule))
            .collect();
        let mut hasher = DefaultHasher::new();
        format!("{settings:?} {archives:?}").hash(&mut hasher);
        for rule in rules {
            rule.id.as_str().hash(&mut hasher);
            let known = built_in.get(rule.id.as_str());
            if !known.is_some_and(|known| std::ptr::eq(*known, rule) || *known == rule) {
                format!("{rule:?}").hash(&mut hasher);
            }
        }
        let program = env!("LEAKWARD_DETECTION");
        Self(format!("3-{program}-{:016x}", hasher.finish()))
    }

    /// Whether this is the key of some version of the program.
    pub(super) fn is_one(text: &str) -> bool {
        let version = text.split('-').next().unwrap_or_default();
        text.len() > version.len() + 16 && version.parse::<u32>().is_ok()
    }

    /// The key as it is written into the cache.
    pub(super) fn text(&self) -> &str {
        &self.0
    }

    /// Enough of it for a file's name.
    pub(super) fn short(&self) -> String {
        let mut hasher = DefaultHasher::new();
        self.0.hash(&mut hasher);
        format!("{:08x}", hasher.finish() >> 32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use leakward_detect::Sensitivity;

    #[test]
    fn rules_and_settings_count() {
        let rules = leakward_rules::built_in();
        let settings = Settings::default();
        let key = CacheKey::of(rules, &settings, Archives::default());
        assert_eq!(key, CacheKey::of(rules, &settings, Archives::default()));
        let fewer = CacheKey::of(&rules[1..], &settings, Archives::default());
        let mut changed = rules.to_vec();
        changed[0].severity = leakward_core::Severity::Low;
        let changed = CacheKey::of(&changed, &settings, Archives::default());
        let sensitive = Settings {
            sensitivity: Sensitivity::High,
            ..Settings::default()
        };
        let sensitive = CacheKey::of(rules, &sensitive, Archives::default());
        let all = [&key, &fewer, &changed, &sensitive];
        let distinct: std::collections::HashSet<&str> = all.iter().map(|key| key.text()).collect();
        assert_eq!(distinct.len(), 4);
    }
}
