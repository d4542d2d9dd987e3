//! Plans, outcomes and incidents in words.

use std::process::ExitCode;

use leakward_core::{Fingerprint, Verdict};
use leakward_respond::Incident;
use leakward_respond::incident::{Event, Moment};
use leakward_respond::plan::{Goal, Order, Plan};
use leakward_respond::policy::Decision;
use leakward_respond::provider::Undo;
use leakward_respond::responder::{Applied, Batch, Ready, Restored};
use leakward_respond::saga::{Outcome, Phase, Record};
use leakward_verify::rfc3339;

/// A plan, and what the policy says about it.
pub(super) fn plan(plan: &Plan, decision: &Decision) -> String {
    let mut text = steps(plan);
    let approvals = approvals(decision.approvals);
    text += &format!("  policy    {} ({})\n", approvals, decision.policy);
    for reason in decision.deny.iter().chain(&decision.reasons) {
        text += &format!("            {reason}\n");
    }
    text
}

/// What would be revoked together, and what the policy says about each.
pub(super) fn batch(batch: &Batch, ready: &[Ready]) -> String {
    let mut text = format!(
        "Revoke {} credentials together\n  {}, {} in one request at most: {} requests, one a minute\n  cannot be undone\n",
        batch.members.len(),
        batch.call,
        batch.most,
        batch.requests()
    );
    for one in ready {
        let approvals = match (one.decision.deny.first(), one.decision.approvals) {
            (Some(why), _) => format!("may not run: {why}"),
            (None, needed) => self::approvals(needed),
        };
        text += &format!(
            "  {} {}: {approvals}\n",
            one.plan.fingerprint, one.plan.rule
        );
    }
    text
}

fn approvals(needed: u32) -> String {
    match needed {
        0 => "may run by itself".to_owned(),
        1 => "one person has to say yes".to_owned(),
        many => format!("{many} people have to say yes"),
    }
}

/// What a plan does.
pub(super) fn steps(plan: &Plan) -> String {
    let goal = match plan.goal {
        Goal::Revoke => "Revoke",
        Goal::Rotate => "Rotate",
        Goal::Restore => "Switch on again",
    };
    let mut text = format!("{goal} {} {}\n", plan.rule, plan.fingerprint);
    if let Some(entry) = &plan.entry {
        text += &format!(
            "  store     {} {} version {}\n",
            entry.description, entry.path, entry.version
        );
        let fields: Vec<&str> = entry
            .fields
            .iter()
            .map(|change| change.field.as_str())
            .collect();
        text += &format!("  fields    {}\n", fields.join(", "));
        if !entry.consumers.is_empty() {
            text += &format!("  consumers {}\n", entry.consumers.join(", "));
        }
    }
    if plan.order == Order::ContainmentFirst && plan.goal == Goal::Rotate {
        text += "  order     containment first\n";
    }
    for (index, step) in plan.steps.iter().enumerate() {
        text += &format!(
            "{:>3}. {:<8} {}\n",
            index + 1,
            step.step.as_str(),
            step.text
        );
        if !step.identity.is_empty() {
            text += &format!("              as {}\n", step.identity);
        }
        for call in &step.calls {
            text += &format!("              {call}\n");
        }
        if step.undo == Some(Undo::Impossible) {
            text += "              cannot be undone\n";
        }
        for breaks in &step.breaks {
            text += &format!("              breaks: {breaks}\n");
        }
    }
    for warning in &plan.warnings {
        text += &format!("  ! {warning}\n");
    }
    if let Some(instructions) = &plan.instructions {
        for step in &instructions.steps {
            text += &format!("  by hand: {step}\n");
        }
        if let Some(url) = &instructions.url {
            text += &format!("  at {url}\n");
        }
    }
    text
}

/// How it ended.
pub(super) fn applied(fingerprint: Fingerprint, applied: &Applied) -> String {
    match applied {
        Applied::Ran(outcome) => self::outcome(fingerprint, outcome),
        Applied::WaitsForApproval { needed, by, .. } => {
            let by = if by.is_empty() {
                "nobody has yet".to_owned()
            } else {
                format!("{} has", by.join(", "))
            };
            format!(
                "{}, {by}: `leakward respond approve {fingerprint}`, then run this again. \
                 Nothing was changed.\n",
                approvals(*needed)
            )
        }
        Applied::NotAllowed(why) => format!("nothing was changed: {}\n", why.join("; ")),
    }
}

/// How a run ended.
pub(super) fn outcome(fingerprint: Fingerprint, outcome: &Outcome) -> String {
    match outcome {
        Outcome::Finished => format!("{fingerprint}: the old credential is proven dead\n"),
        Outcome::Unproven(why) => format!("{fingerprint}: {why}\n"),
        Outcome::Parked {
            why,
            resume_at: Some(at),
        } => format!(
            "{fingerprint}: waits: {why}. Goes on with `leakward respond resume`, from {} on\n",
            rfc3339(*at)
        ),
        Outcome::Parked {
            why,
            resume_at: None,
        } => format!(
            "{fingerprint}: needs you: {why}. Then `leakward respond resume --incident {fingerprint}`\n"
        ),
        Outcome::TurnedBack { why, old } => format!(
            "{fingerprint}: went back: {why}. What was made was taken away again, and {old}\n"
        ),
        Outcome::UndoFailed(why) => format!("{fingerprint}: URGENT: {why}\n"),
    }
}

/// How switching it on again went.
pub(super) fn restored(fingerprint: Fingerprint, restored: &Restored) -> String {
    let works = match &restored.verdict {
        Verdict::Live => "it works again",
        Verdict::Dead => "the provider still refuses it",
        Verdict::Unknown(_) | Verdict::NotChecked => "whether it works is not known",
    };
    format!(
        "{fingerprint}: {}; {works}. It is still leaked: put a successor in its place with `leakward rotate`\n",
        restored.text
    )
}

/// 0: done. 1: something waits or needs a person.
pub(super) fn status(applied: &Applied) -> ExitCode {
    if is_done(applied) {
        return ExitCode::SUCCESS;
    }
    ExitCode::from(super::STATUS_WAITS)
}

/// Whether nothing is left to do.
pub(super) fn is_done(applied: &Applied) -> bool {
    matches!(
        applied,
        Applied::Ran(Outcome::Finished | Outcome::Unproven(_))
    )
}

/// One line of the list.
pub(super) fn line(incident: &Incident, now: u64) -> String {
    let late = if incident.is_overdue(now) {
        " OVERDUE"
    } else {
        ""
    };
    format!(
        "{}  {:<8}  {:<20}  {}  due {}{late}\n",
        incident.fingerprint,
        incident.severity,
        incident.state,
        incident.title,
        rfc3339(incident.due_at)
    )
}

/// What happened about an incident.
pub(super) struct History<'a> {
    pub(super) events: &'a [Event],
    /// The journals of its responses, by their names.
    pub(super) journals: &'a [(String, Vec<Record>)],
    /// Who was told: the channel, and how that went.
    pub(super) told: &'a [(String, String)],
}

/// Everything about one incident.
pub(super) fn incident(incident: &Incident, history: &History<'_>, now: u64) -> String {
    let mut text = format!(
        "{} {} of {}\n  {}\n  state     {} ({})\n  severity  {}\n  verdict   {}\n",
        incident.fingerprint,
        incident.title,
        incident.provider,
        incident.masked,
        incident.state,
        incident.because,
        incident.severity,
        incident.verdict
    );
    for (name, value) in &incident.identity {
        text += &format!("  {name:<9} {value}\n");
    }
    for place in &incident.places {
        text += &format!(
            "  place     {}:{} in {}\n",
            place.path, place.line, place.target
        );
    }
    text += "Timeline\n";
    for (moment, when) in incident.timeline.iter() {
        text += &format!("  {}  {}\n", rfc3339(when), moment.as_str());
    }
    if let Some(seconds) = incident.timeline.exposed_for(now) {
        let until = match incident.timeline.get(Moment::ProvenDead) {
            Some(_) => "was exposed for",
            None => "has been exposed for",
        };
        text += &format!("  {until} {}\n", span(seconds));
    }
    text += "Events\n";
    for event in history.events {
        text += &format!("  {}  {}  {}\n", rfc3339(event.at), event.actor, event.text);
    }
    if !history.told.is_empty() {
        text += "Told\n";
    }
    for (channel, answer) in history.told {
        text += &format!("  {channel}: {answer}\n");
    }
    for (saga, records) in history.journals {
        text += &format!("Journal of {saga}\n");
        for record in records {
            let step = record.step.map_or("", leakward_respond::saga::Step::as_str);
            text += &format!(
                "  {}  {step:<8} {:<12} {}\n",
                rfc3339(record.at),
                phase(record.phase),
                record.text
            );
        }
    }
    text
}

fn phase(phase: Phase) -> &'static str {
    match phase {
        Phase::Begun => "begun",
        Phase::Before => "before",
        Phase::Done => "done",
        Phase::Failed => "failed",
        Phase::Parked => "waits",
        Phase::TurningBack => "goes back",
        Phase::Undoing => "undoing",
        Phase::Undone => "undone",
        Phase::UndoFailed => "UNDO FAILED",
        Phase::Ended => "ended",
    }
}

/// `3 d 4 h`, `12 min`
fn span(seconds: u64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    match (days, hours) {
        (0, 0) if minutes == 0 => format!("{seconds} s"),
        (0, 0) => format!("{minutes} min"),
        (0, hours) => format!("{hours} h {minutes} min"),
        (days, hours) => format!("{days} d {hours} h"),
    }
}
