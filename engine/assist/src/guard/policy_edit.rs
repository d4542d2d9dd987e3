//! Whether a call changes what the guard itself is held to: the policy files, or the hook that calls it.
//!
//! An agent that is told "this is a credential" finds out quickly that one line in an ignore file makes the guard silent.
//! That decision is a person's.

use std::path::Path;

use leakward_scan::gitleaks::GitleaksIgnore;
use leakward_scan::ignore_file::IgnoreFile;

use super::call::{Call, Event, Role};
use crate::project::Project;

/// Policy files, by name.
const NAMES: [&str; 4] = [
    "leakward.toml",
    IgnoreFile::NAME,
    GitleaksIgnore::NAME,
    ".gitleaks.toml",
];

/// What a command that changes a file has in it.
const CHANGES: [&str; 10] = [
    ">",
    "tee ",
    "sed -i",
    "rm ",
    "mv ",
    "cp ",
    "truncate ",
    "unlink ",
    "git checkout ",
    "perl -",
];

/// What our hook's settings have in them.
const OUR_CALL: &str = "leakward guard";

/// LIMIT: bytes of a settings file that are looked at.
const LARGEST: u64 = 1 << 20;

/// The policy file that a call changes.
pub(super) fn changed_by(call: &Call, project: &Project, folder: &Path) -> Option<String> {
    if call.event != Event::Before {
        return None;
    }
    call.texts.iter().find_map(|text| match text.role {
        Role::Content | Role::Alone => {
            let path = text.path.as_deref()?;
            let name = project.name_of(&folder.join(path));
            let file = name.rsplit('/').next().unwrap_or(&name);
            let is_policy = NAMES.contains(&file);
            (is_policy || calls_us(&name, &folder.join(path))).then_some(name)
        }
        Role::Command if CHANGES.iter().any(|change| text.text.contains(change)) => NAMES
            .into_iter()
            .find(|name| text.text.contains(name))
            .map(str::to_owned),
        _ => None,
    })
}

/// Whether it is the settings file of an agent that calls this program.
fn calls_us(name: &str, path: &Path) -> bool {
    let is_hidden = name.split('/').any(|part| part.starts_with('.'));
    is_hidden
        && std::fs::metadata(path).is_ok_and(|file| file.is_file() && file.len() <= LARGEST)
        && std::fs::read_to_string(path).is_ok_and(|text| text.contains(OUR_CALL))
}
