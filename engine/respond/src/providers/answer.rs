//! What an answer to an action means, and how what went wrong is told.

use leakward_core::action::Call;
use leakward_core::verification::Question;
use leakward_verify::{Answer, CallError, Subject, harmless, meets};

use crate::provider::{Case, ProviderError};

/// How an action ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// It is done.
    Done,
    /// There was nothing left to do.
    Already,
}

/// Who acts, which decides what a refused login means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Actor {
    /// The leaked credential: when it is refused, it is dead.
    Itself,
    /// An identity of the operator: when it is refused, nothing was changed.
    Operator,
}

/// What the answer to `call` means.
pub(super) fn ending(
    case: &Case<'_>,
    call: &Call,
    answer: &Answer,
    actor: Actor,
    what: &str,
) -> Result<Ending, ProviderError> {
    if meets(&call.done, answer) {
        return Ok(Ending::Done);
    }
    if meets(&call.already, answer) || (actor == Actor::Itself && is_dead(case, answer)) {
        return Ok(Ending::Already);
    }
    let is_refused = meets(&call.refused, answer);
    Err(failed(case, answer, actor, is_refused, what))
}

/// Whether the answer is one that the rule calls "dead" in verification.
pub(super) fn is_dead(case: &Case<'_>, answer: &Answer) -> bool {
    case.rule
        .verify
        .as_ref()
        .is_some_and(|verify| match &verify.question {
            Question::Http(question) => meets(&question.dead, answer),
            Question::Native(_) => false,
        })
}

/// An answer that is no success, told apart by its status. Only what the definition lists, or HTTP defines so, is certain to have
/// changed nothing.
pub(super) fn failed(
    case: &Case<'_>,
    answer: &Answer,
    actor: Actor,
    is_refused: bool,
    what: &str,
) -> ProviderError {
    let provider = case.rule.provider.to_string();
    let said = said(answer, case.subject);
    let status = answer.status;
    let told = format!("{what}: answered {status}{said}");
    match status {
        401 if actor == Actor::Operator => ProviderError::LoggedOut {
            provider,
            why: format!("{status}{said}"),
        },
        403 => ProviderError::Denied {
            provider,
            what: format!("{what} ({status}{said})"),
        },
        429 => ProviderError::Unavailable {
            provider,
            why: format!("it asks for patience ({status})"),
        },
        503 if answer.header("retry-after").is_some() => ProviderError::Unavailable {
            provider,
            why: format!("{status}{said}"),
        },
        400..=499 => ProviderError::Refused {
            provider,
            what: told,
        },
        _ if is_refused => ProviderError::Refused {
            provider,
            what: told,
        },
        _ => ProviderError::OutcomeUnknown {
            provider,
            what: format!("{what} ({status})"),
        },
    }
}

/// A call without an answer.
pub(super) fn unanswered(case: &Case<'_>, error: &CallError, what: &str) -> ProviderError {
    let provider = case.rule.provider.to_string();
    match error {
        CallError::NotAsked(reason) => ProviderError::Refused {
            provider,
            what: format!("{what}: {reason}"),
        },
        _ if error.is_before_sending() => ProviderError::Unavailable {
            provider,
            why: error.to_string(),
        },
        _ => ProviderError::OutcomeUnknown {
            provider,
            what: format!("{what} ({error})"),
        },
    }
}

/// The same for a call that only reads: nothing can have happened.
pub(super) fn unread(error: ProviderError) -> ProviderError {
    match error {
        ProviderError::OutcomeUnknown { provider, what } => ProviderError::Unavailable {
            provider,
            why: what,
        },
        other => other,
    }
}

/// What the provider says, as far as that is harmless to repeat.
fn said(answer: &Answer, subject: &Subject) -> String {
    const PLACES: [&str; 7] = [
        "/message",
        "/error/message",
        "/error_description",
        "/error",
        "/errors/0/message",
        "/errors/0",
        "/detail",
    ];
    let json = answer.json().unwrap_or_default();
    PLACES
        .iter()
        .filter_map(|place| json.pointer(place)?.as_str())
        .find_map(|text| harmless(text, subject))
        .map(|text| format!(": {text}"))
        .unwrap_or_default()
}

/// The provider's own number of a request.
pub(super) fn request_id(answer: &Answer) -> Option<String> {
    const NAMES: [&str; 8] = [
        "x-request-id",
        "x-github-request-id",
        "x-amzn-requestid",
        "x-amz-request-id",
        "x-ms-request-id",
        "request-id",
        "cf-ray",
        "x-correlation-id",
    ];
    let id = NAMES.iter().find_map(|name| answer.header(name))?;
    // LIMIT: such numbers are short; whatever is longer is something else.
    (id.len() <= 100 && id.is_ascii()).then(|| id.to_owned())
}
