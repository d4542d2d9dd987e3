//! What may run unattended: Rego, over the incident and the plan.
//!
//! The default is `default.rego`, readable and tested by `default_test.rego`. A policy that fails to evaluate lets nothing
//! run. INVARIANT: the input holds no value of a credential.

use std::fmt;
use std::path::Path;

use regorus::Engine;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::incident::Incident;
use crate::plan::{Order, Plan};

/// The policy that comes with the program.
pub const DEFAULT: &str = include_str!("default.rego");

const DEFAULT_TESTS: &str = include_str!("default_test.rego");

/// What a policy says about a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// How many people have to say yes; 0: it runs by itself.
    pub approvals: u32,
    /// What comes first.
    pub order: Order,
    /// Why it may not run at all.
    pub deny: Vec<String>,
    /// Why so many have to say yes.
    pub reasons: Vec<String>,
    /// Which policy: its file, or `default`.
    pub policy: String,
}

/// What goes wrong with a policy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// The file cannot be read.
    #[error("the policy {policy}: {why}")]
    Unreadable {
        /// The file.
        policy: String,
        /// What was said.
        why: String,
    },
    /// It is not Rego, or does not evaluate.
    #[error("the policy {policy} does not work, so nothing runs unattended: {why}")]
    Broken {
        /// The file.
        policy: String,
        /// What was said.
        why: String,
    },
}

/// A policy.
#[derive(Clone)]
pub struct Policy {
    name: String,
    text: String,
}

/// How one test of a policy ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestResult {
    /// Its name.
    pub name: String,
    /// None when it passed.
    pub failure: Option<String>,
}

impl Policy {
    /// The one that comes with the program.
    #[must_use]
    pub fn built_in() -> Self {
        Self {
            name: "default".to_owned(),
            text: DEFAULT.to_owned(),
        }
    }

    /// The one in a file. It must parse.
    ///
    /// # Errors
    /// The file cannot be read, or is no Rego of the package `leakward`.
    pub fn of_file(path: &Path) -> Result<Self, PolicyError> {
        let name = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|error| PolicyError::Unreadable {
            policy: name.clone(),
            why: error.to_string(),
        })?;
        let policy = Self { name, text };
        policy.engine()?;
        Ok(policy)
    }

    /// Its text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What it says about a plan.
    ///
    /// # Errors
    /// It does not evaluate; then nothing may run.
    pub fn decide(&self, incident: &Incident, plan: &Plan) -> Result<Decision, PolicyError> {
        let mut engine = self.engine()?;
        let input = input(incident, plan);
        engine
            .set_input_json(&input.to_string())
            .map_err(|error| self.broken(&error))?;
        let approvals = self.rule(&mut engine, "approvals")?;
        let approvals = approvals
            .as_u64()
            .and_then(|number| u32::try_from(number).ok())
            .ok_or_else(|| self.says_nonsense("approvals is no number"))?;
        let is_containment_first = self.rule(&mut engine, "containment_first")? == json!(true);
        let deny = sentences(&self.rule(&mut engine, "deny")?);
        let reasons = sentences(&self.rule(&mut engine, "reasons")?);
        Ok(Decision {
            approvals,
            order: if is_containment_first {
                Order::ContainmentFirst
            } else {
                Order::SuccessorFirst
            },
            deny,
            reasons,
            policy: self.name.clone(),
        })
    }

    /// Runs every rule `test_…` of the policy and of `tests`; none of the two may lack them all.
    ///
    /// # Errors
    /// One of them is no Rego.
    pub fn test(&self, tests: &[(String, String)]) -> Result<Vec<TestResult>, PolicyError> {
        let built_in = [("default_test.rego".to_owned(), DEFAULT_TESTS.to_owned())];
        let tests = if tests.is_empty() && self.name == "default" {
            &built_in
        } else {
            tests
        };
        let mut engine = self.engine()?;
        let mut names: Vec<String> = test_names(&self.text);
        for (name, text) in tests {
            engine
                .add_policy(name.clone(), text.clone())
                .map_err(|error| self.broken(&error))?;
            names.extend(test_names(text));
        }
        Ok(names
            .into_iter()
            .map(|name| {
                let failure = match engine.eval_rule(format!("data.leakward.{name}")) {
                    Ok(value) if value.as_bool().is_ok_and(|is| *is) => None,
                    Ok(_) => Some("it does not hold".to_owned()),
                    Err(error) => Some(error.to_string()),
                };
                TestResult { name, failure }
            })
            .collect())
    }

    fn engine(&self) -> Result<Engine, PolicyError> {
        let mut engine = Engine::new();
        let package = engine
            .add_policy(self.name.clone(), self.text.clone())
            .map_err(|error| self.broken(&error))?;
        if package != "data.leakward" {
            return Err(self.says_nonsense("its package is not `leakward`"));
        }
        Ok(engine)
    }

    fn rule(&self, engine: &mut Engine, name: &str) -> Result<Value, PolicyError> {
        let value = engine
            .eval_rule(format!("data.leakward.{name}"))
            .map_err(|error| self.broken(&error))?;
        serde_json::to_value(&value).map_err(|error| self.broken(&error))
    }

    fn broken(&self, error: &dyn fmt::Display) -> PolicyError {
        self.says_nonsense(&error.to_string())
    }

    fn says_nonsense(&self, why: &str) -> PolicyError {
        PolicyError::Broken {
            policy: self.name.clone(),
            why: why.to_owned(),
        }
    }
}

impl fmt::Debug for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Policy({})", self.name)
    }
}

/// What a policy sees.
#[must_use]
pub fn input(incident: &Incident, plan: &Plan) -> Value {
    let mut seen = json!(incident);
    seen["test_fixture"] = json!(incident.is_test_fixture());
    seen["environment"] = json!(incident.environment.clone().unwrap_or_default());
    let mut planned = json!(plan);
    planned["has_a_cut"] = json!(plan.has_a_cut());
    let approved_by: std::collections::BTreeSet<&str> = incident
        .approvals
        .iter()
        .map(|approval| approval.by.as_str())
        .collect();
    json!({ "incident": seen, "plan": planned, "approved_by": approved_by })
}

/// Sentences of a set.
fn sentences(value: &Value) -> Vec<String> {
    let items = value.as_array().map(Vec::as_slice).unwrap_or_default();
    items
        .iter()
        .filter_map(|item| item.as_str().map(str::to_owned))
        .collect()
}

/// Names of rules that begin with `test_`.
fn test_names(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    for line in text.lines().filter(|line| line.starts_with("test_")) {
        let end = line
            .find(|character: char| !(character.is_ascii_alphanumeric() || character == '_'))
            .unwrap_or(line.len());
        let name = line.get(..end).unwrap_or_default().to_owned();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_that_comes_with_the_program_passes_its_tests() {
        let results = Policy::built_in().test(&[]).expect("Rego");
        assert!(results.len() >= 9, "{results:?}");
        for result in results {
            assert_eq!(result.failure, None, "{}", result.name);
        }
    }

    #[test]
    fn a_test_that_does_not_hold_is_a_failure() {
        let tests = [(
            "mine".to_owned(),
            "package leakward\nimport rego.v1\ntest_wrong if approvals == 7\n".to_owned(),
        )];
        let results = Policy::built_in().test(&tests).expect("Rego");
        assert!(results.iter().any(|result| result.failure.is_some()));
    }

    #[test]
    fn what_is_no_rego_of_the_package_is_refused_with_its_name() {
        let folder = tempfile::tempdir().expect("a folder");
        for text in ["package other\n", "package leakward\n{{{"] {
            let path = folder.path().join("mine.rego");
            std::fs::write(&path, text).expect("the file");
            let error = Policy::of_file(&path).expect_err(text).to_string();
            assert!(error.contains("mine.rego"), "{error}");
        }
    }
}
