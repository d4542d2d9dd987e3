//! From a credential and what is wanted to a plan. Asks providers and stores, changes nothing.

use leakward_core::Rule;
use leakward_stores::{Select, Store};
use leakward_verify::Subject;

use super::{RespondError, Responder};
use crate::incident::EntryPlace;
use crate::plan::{FieldForm, Goal, Order, Plan, PlannedEntry, PlannedStep};
use crate::provider::{
    Abilities, Birth, Case, Instructions, Maker, Overlap, Provider, Rotation, Undo,
};
use crate::saga::{Step, changes, steps};

/// What is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Take it away, or put a successor in its place.
    pub goal: Goal,
    /// Where applications read it; an empty field means: wherever the entry holds it.
    pub entry: Option<EntryPlace>,
    /// How long both stay valid, in seconds.
    pub grace: u64,
    /// What comes first; none leaves it to the policy.
    pub order: Option<Order>,
}

/// What the store says about the entry.
enum Look {
    /// It holds the credential, which is that with what stands beside it; and what should be known.
    Holds(Box<(PlannedEntry, Subject)>, Vec<String>),
    /// It holds another value, since somebody has rotated it, or none that can be replaced there; a sentence that says so.
    Differs(String),
}

impl Responder {
    /// What would be done.
    ///
    /// # Errors
    /// Provider or store cannot be asked, or what is wanted cannot be had; says what to do instead.
    pub fn plan(&self, subject: &Subject, wanted: &Wanted) -> Result<Plan, RespondError> {
        let rule = self.rule(&subject.rule)?;
        let Some(provider) = self.parts.providers.find(rule) else {
            return Ok(nobody(subject, rule, wanted));
        };
        let mut warnings = Vec::new();
        let mut wanted = wanted.clone();
        let (entry, whole) = match &wanted.entry {
            None if wanted.goal == Goal::Rotate => return Err(RespondError::NoEntry),
            None => (None, subject.clone()),
            Some(place) => match self.look(provider, subject, place, wanted.goal)? {
                Look::Holds(held, more) => {
                    warnings.extend(more);
                    (Some(held.0), held.1)
                }
                Look::Differs(sentence) => {
                    warnings.push(sentence);
                    wanted.goal = Goal::Revoke;
                    (None, subject.clone())
                }
            },
        };
        let identities = self.parts.identities.read();
        let abilities = provider.abilities(&Case::new(rule, &whole, &identities))?;
        if wanted.goal == Goal::Rotate {
            rotatable(rule, provider, &abilities)?;
        }
        Ok(drawn(
            subject, provider, &abilities, entry, &wanted, warnings,
        ))
    }

    fn look(
        &self,
        provider: &dyn Provider,
        subject: &Subject,
        place: &EntryPlace,
        goal: Goal,
    ) -> Result<Look, RespondError> {
        let store: &dyn Store = self.store(&place.store)?;
        let current = store.read(&place.path, &Select::Current)?;
        let (whole, misfit) = match provider.beside(subject, &current.fields) {
            Ok(whole) => (whole, None),
            // What is only revoked needs no successor that fits.
            Err(error) if goal == Goal::Revoke => (subject.clone(), Some(error)),
            Err(error) => return Err(error.into()),
        };
        let mut fields = changes(&current.fields, &provider.parts(&whole));
        if fields.is_empty() {
            let place = format!("{} in {}", place.path, store.describe());
            return Ok(Look::Differs(match misfit {
                None => format!(
                    "{place} no longer holds the leaked value: it was rotated already, and only revoking is left"
                ),
                Some(error) => format!("{place} cannot be changed, and is left as it is: {error}"),
            }));
        }
        if !place.field.is_empty() && !fields.iter().any(|change| change.field == place.field) {
            let found: Vec<&str> = fields.iter().map(|change| change.field.as_str()).collect();
            return Err(RespondError::OtherField {
                field: place.field.clone(),
                path: place.path.clone(),
                found: found.join(", "),
            });
        }
        fields.sort();
        let metadata = store.metadata(&place.path)?;
        let consumers = metadata
            .tags
            .iter()
            .filter(|(name, _)| {
                let name = name.to_ascii_lowercase();
                name.contains("consumer") || name.contains("used-by") || name.contains("used_by")
            })
            .flat_map(|(_, value)| value.split(','))
            .map(|consumer| consumer.trim().to_owned())
            .filter(|consumer| !consumer.is_empty())
            .collect();
        let (deliveries, warnings) = self.deliveries(&place.store, &place.path, &fields);
        let entry = PlannedEntry {
            store: place.store.clone(),
            description: store.describe(),
            path: place.path.clone(),
            version: current.version.0,
            fields,
            consumers,
            deliveries,
            tags: metadata.tags,
        };
        Ok(Look::Holds(Box::new((entry, whole)), warnings))
    }
}

/// Nobody can do it: what a person does.
fn nobody(subject: &Subject, rule: &Rule, wanted: &Wanted) -> Plan {
    let url = rule.revoke_url.as_ref().map(ToString::to_string);
    let steps = vec![match &url {
        Some(url) => format!("revoke it at {url}"),
        None => format!("revoke it at {}; no page is known", rule.provider),
    }];
    Plan {
        version: Plan::VERSION,
        fingerprint: subject.fingerprint,
        rule: rule.id.to_string(),
        goal: wanted.goal,
        order: wanted.order.unwrap_or(Order::SuccessorFirst),
        provider: None,
        revoke_action: None,
        rotate_action: None,
        birth: None,
        overlap: None,
        entry: None,
        grace: 0,
        steps: Vec::new(),
        instructions: Some(Instructions { url, steps }),
        warnings: vec![format!(
            "Leakward knows no interface that revokes a {} of {}",
            rule.title, rule.provider
        )],
    }
}

fn rotatable(
    rule: &Rule,
    provider: &dyn Provider,
    abilities: &Abilities,
) -> Result<(), RespondError> {
    if abilities.rotate.is_none() {
        let steps = abilities.instructions.as_ref().map(|i| i.steps.join("; "));
        return Err(RespondError::NoRotation {
            provider: provider.name().to_owned(),
            instructions: steps.map(|steps| format!(": {steps}")).unwrap_or_default(),
        });
    }
    if rule.verify.is_none() {
        return Err(RespondError::Untestable(rule.id.to_string()));
    }
    Ok(())
}

/// What applications have to live through, one sentence each.
fn cuts(order: Order, rotation: Option<&Rotation>) -> impl Iterator<Item = &'static str> {
    let contains_first = rotation.is_some() && order == Order::ContainmentFirst;
    let by_itself =
        contains_first && rotation.is_some_and(|rotation| rotation.by == Maker::TheLeaked);
    let at_once = rotation.is_some_and(|rotation| rotation.overlap == Overlap::None);
    let all = [
        (
            contains_first,
            "containment first: applications are without a working credential until the successor is in the store",
        ),
        (
            by_itself,
            "containment first: the leaked credential would have made its successor, and is dead by then; name the identity that makes it \
             (docs/providers.md), or a person does",
        ),
        (
            at_once,
            "making the successor ends the old credential at once: applications fail until they read the new one",
        ),
    ];
    all.into_iter()
        .filter_map(|(is_so, sentence)| is_so.then_some(sentence))
}

fn drawn(
    subject: &Subject,
    provider: &dyn Provider,
    abilities: &Abilities,
    entry: Option<PlannedEntry>,
    wanted: &Wanted,
    mut warnings: Vec<String>,
) -> Plan {
    let rotation = abilities
        .rotate
        .as_ref()
        .filter(|_| wanted.goal == Goal::Rotate);
    let order = wanted.order.unwrap_or(Order::SuccessorFirst);
    warnings.extend(cuts(order, rotation).map(str::to_owned));
    if let Some(entry) = entry.as_ref().filter(|_| wanted.goal == Goal::Revoke) {
        warnings.push(format!(
            "{} in {} still holds this credential: whoever reads it there stops working",
            entry.path, entry.description
        ));
    }
    let mut plan = Plan {
        version: Plan::VERSION,
        fingerprint: subject.fingerprint,
        rule: subject.rule.to_string(),
        goal: wanted.goal,
        order,
        provider: abilities
            .revoke
            .is_some()
            .then(|| provider.name().to_owned()),
        revoke_action: abilities
            .revoke
            .as_ref()
            .map(|revoke| revoke.action.clone()),
        rotate_action: rotation.map(|rotation| rotation.action.clone()),
        birth: rotation.map(|rotation| rotation.birth),
        overlap: rotation.map(|rotation| rotation.overlap),
        entry,
        grace: if rotation.is_some() { wanted.grace } else { 0 },
        steps: Vec::new(),
        instructions: abilities.instructions.clone(),
        warnings,
    };
    if abilities.revoke.is_some() {
        let of = |step| planned(step, &plan, abilities);
        plan.steps = steps(&plan).into_iter().map(of).collect();
    }
    plan
}

/// One step, in words.
fn planned(step: Step, plan: &Plan, abilities: &Abilities) -> PlannedStep {
    let mut planned = PlannedStep {
        step,
        text: String::new(),
        identity: String::new(),
        calls: Vec::new(),
        undo: step.changes().then_some(Undo::Possible),
        breaks: Vec::new(),
    };
    let path = plan.entry.as_ref().map_or_else(String::new, |entry| {
        let fields: Vec<String> = entry
            .fields
            .iter()
            .map(|change| match change.form {
                FieldForm::Whole => change.field.clone(),
                FieldForm::Within => format!("{} (inside)", change.field),
            })
            .collect();
        format!(
            "{} in {} (version {}; {})",
            entry.path,
            entry.description,
            entry.version,
            fields.join(", ")
        )
    });
    match step {
        Step::Create => {
            let who = match plan.birth {
                Some(Birth::Chosen) => "make the waiting value valid at the provider",
                _ => "let the provider make a successor",
            };
            who.clone_into(&mut planned.text);
            if let Some(rotate) = &abilities.rotate {
                planned.identity.clone_from(&rotate.identity);
                planned.calls.clone_from(&rotate.calls);
                planned.breaks.clone_from(&rotate.breaks);
            }
        }
        Step::Stage => {
            planned.text = format!("put the successor to {path}, where nobody reads it yet");
        }
        Step::Test => "ask the provider whether the successor works".clone_into(&mut planned.text),
        Step::Promote => planned.text = format!("give applications the successor: {path}"),
        Step::Deliver => {
            let deliveries = plan.entry.as_ref().map(|entry| entry.deliveries.as_slice());
            let all: Vec<String> = deliveries
                .unwrap_or_default()
                .iter()
                .map(|one| format!("{} {} ({})", one.to, one.name, one.field))
                .collect();
            planned.text = format!("hand out copies: {}", all.join(", "));
            // What a variable held before cannot be read back.
            planned.undo = Some(Undo::Impossible);
        }
        Step::Grace => {
            planned.text = format!("wait {} s, in which both work", plan.grace);
        }
        Step::Revoke => {
            "revoke the leaked credential".clone_into(&mut planned.text);
            if let Some(revoke) = &abilities.revoke {
                planned.identity.clone_from(&revoke.identity);
                planned.calls.clone_from(&revoke.calls);
                planned.breaks.clone_from(&revoke.breaks);
                planned.undo = Some(revoke.undo);
            }
        }
        Step::Prove => {
            "ask the provider until it refuses the leaked credential".clone_into(&mut planned.text);
        }
        Step::Notify => "tell people".clone_into(&mut planned.text),
    }
    planned
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_says_what_applications_have_to_live_through() {
        let rotation = |by, overlap| Rotation {
            action: "make-a-key".to_owned(),
            identity: "app_user itself".to_owned(),
            by,
            calls: Vec::new(),
            birth: Birth::Issued,
            overlap,
            breaks: Vec::new(),
        };
        let said = |order, rotation: Option<&Rotation>| {
            let words = |sentence: &str| sentence.split(':').next().map(str::to_owned);
            let all = cuts(order, rotation).filter_map(|sentence| {
                Some((words(sentence)?, sentence.contains("made its successor")))
            });
            all.collect::<Vec<_>>()
        };
        let by_admin = rotation(Maker::Identity, Overlap::Both);
        let by_itself = rotation(Maker::TheLeaked, Overlap::Both);
        let contains = || "containment first".to_owned();
        assert!(said(Order::SuccessorFirst, Some(&by_admin)).is_empty());
        assert!(said(Order::SuccessorFirst, Some(&by_itself)).is_empty());
        assert!(said(Order::ContainmentFirst, None).is_empty());
        assert_eq!(
            said(Order::ContainmentFirst, Some(&by_admin)),
            [(contains(), false)]
        );
        assert_eq!(
            said(Order::ContainmentFirst, Some(&by_itself)),
            [(contains(), false), (contains(), true)]
        );
        let at_once = rotation(Maker::Identity, Overlap::None);
        assert_eq!(said(Order::SuccessorFirst, Some(&at_once)).len(), 1);
    }
}
