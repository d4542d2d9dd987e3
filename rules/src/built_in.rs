//! The embedded rules, as constants that the build script wrote from `providers/*.toml`.
//!
//! INVARIANT: nothing here is computed, parsed or allocated at run time.

use leakward_core::Rule;
use leakward_rule_format::RuleSetHash;

use generated::{HASH, RULES};

/// What the build script wrote. It uses whatever the rules of the day need.
#[allow(
    unused_imports,
    reason = "a pack without native rules uses no Native, and so on"
)]
mod generated {
    use std::borrow::Cow;

    use leakward_core::action::{
        Action, Call, HttpAction, Issue, Listing, Lookup, Means, Old, Removal, Repeat, Verb,
    };
    use leakward_core::rule::{
        Allow, Boundary, Checksum, Class, Companion, Find, Keyword, Native, Pattern, Text,
    };
    use leakward_core::verification::{
        Auth, Body, Condition, Control, Detail, HttpQuestion, Method, Place, Question, Test,
        Verification,
    };
    use leakward_core::{Part, Rule, RuleId, Severity};
    use leakward_rule_format::RuleSetHash;

    include!(concat!(env!("OUT_DIR"), "/built_in_rules.rs"));
}

/// Every rule that comes with the program, in the order of the files' names.
#[must_use]
pub fn built_in() -> &'static [Rule] {
    &RULES
}

/// The hash of [`built_in`], computed when the program was built.
#[must_use]
pub fn built_in_hash() -> RuleSetHash {
    HASH
}
