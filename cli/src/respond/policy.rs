//! `leakward policy show` and `leakward policy test`.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use leakward_respond::policy::Policy;

use super::{PolicyCommand, print};

/// Runs one of the commands about policies. Status 1 when a test fails.
pub(crate) fn policy(command: &PolicyCommand) -> anyhow::Result<ExitCode> {
    match command {
        PolicyCommand::Show { policy_file } => {
            print(load(policy_file.as_deref())?.text())?;
            Ok(ExitCode::SUCCESS)
        }
        PolicyCommand::Test { files, policy_file } => {
            let mut tests = Vec::new();
            for file in files {
                let name = file.display().to_string();
                let text = std::fs::read_to_string(file).with_context(|| name.clone())?;
                tests.push((name, text));
            }
            let results = load(policy_file.as_deref())?.test(&tests)?;
            if results.is_empty() {
                bail!("there is no test: write rules whose names begin with test_");
            }
            let mut failures = 0;
            let mut text = String::new();
            for result in &results {
                match &result.failure {
                    None => text += &format!("ok      {}\n", result.name),
                    Some(why) => {
                        failures += 1;
                        text += &format!("FAILED  {}: {why}\n", result.name);
                    }
                }
            }
            text += &format!("{} tests, {failures} failed\n", results.len());
            print(&text)?;
            Ok(ExitCode::from(u8::from(failures > 0)))
        }
    }
}

/// The policy in this file, or the one that comes with the program.
pub(super) fn load(file: Option<&Path>) -> anyhow::Result<Policy> {
    Ok(match file {
        Some(file) => Policy::of_file(file)?,
        None => Policy::built_in(),
    })
}
