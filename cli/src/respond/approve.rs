//! `leakward respond approve` and `reject`: what people say to a plan, and how it is known who they are.

use std::process::ExitCode;

use anyhow::Context as _;
use leakward_core::Fingerprint;
use leakward_respond::RespondError;
use leakward_respond::approval::{Approvers, Asking, NAMESPACE, Proof, Waiting};
use leakward_verify::{SystemClock, ssh};

use super::args::{ProofArgs, StateArgs};
use super::person::person;
use super::setup::Memory;
use super::{print, text};

/// Whose yes counts.
pub(super) fn approvers(state: &StateArgs) -> anyhow::Result<Approvers> {
    Ok(match &state.approvers {
        Some(file) => Approvers::of_file(file)?,
        None => Approvers::OperatingSystem,
    })
}

/// How it is known who says yes to this.
#[expect(
    clippy::disallowed_methods,
    reason = "the approver's own key signs the approval"
)]
pub(super) fn proof(args: &ProofArgs, waiting: &Waiting) -> anyhow::Result<Proof> {
    if let Some(file) = &args.signature {
        let signature = std::fs::read_to_string(file)
            .with_context(|| format!("--signature {}", file.display()))?;
        return Ok(Proof::Signature { signature });
    }
    let Some(file) = &args.key else {
        return Ok(Proof::OperatingSystem);
    };
    let name = || format!("--key {}", file.display());
    let key = leakward_core::Secret::new(&std::fs::read(file).with_context(name)?);
    let text = std::str::from_utf8(key.expose()).with_context(name)?;
    let signature = ssh::sign(text, NAMESPACE, waiting.text().as_bytes());
    let signature = signature.map_err(|error| {
        anyhow::anyhow!(
            "{error}. For such a key: `leakward respond approve INCIDENT --print | ssh-keygen -Y sign -n {NAMESPACE} -f KEY`, \
             then give the signature with --signature FILE"
        )
    });
    Ok(Proof::Signature {
        signature: signature.with_context(name)?,
    })
}

/// Says yes to the plan that waits.
pub(super) fn approve(
    fingerprint: Fingerprint,
    is_printed: Printed,
    proven: &ProofArgs,
    state: &StateArgs,
) -> anyhow::Result<ExitCode> {
    let memory = Memory::open(state)?;
    let approvers = approvers(state)?;
    let asking = asking(&memory, &approvers);
    let ledger = &memory.ledger;
    let incident = ledger.wait(ledger.database().incident(fingerprint))?;
    let waiting = incident.waiting.as_deref();
    let waiting = waiting.ok_or(RespondError::NothingWaits(fingerprint))?;
    if is_printed == Printed::TextToSign {
        print(&waiting.text())?;
        return Ok(ExitCode::SUCCESS);
    }
    print(&text::steps(&waiting.plan))?;
    let incident = asking.approve(fingerprint, &person(), proof(proven, waiting)?)?;
    let yes = asking.said_yes(&incident, waiting);
    let have = if yes.len() == 1 { "has" } else { "have" };
    print(&format!(
        "{} {have} said yes to {fingerprint}\n",
        yes.join(", ")
    ))?;
    Ok(ExitCode::SUCCESS)
}

/// What is printed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Printed {
    /// The plan, and who has said yes.
    Plan,
    /// The text that has to be signed.
    TextToSign,
}

/// Says no to the plan that waits.
pub(super) fn reject(
    fingerprint: Fingerprint,
    because: &str,
    state: &StateArgs,
) -> anyhow::Result<ExitCode> {
    let memory = Memory::open(state)?;
    let approvers = approvers(state)?;
    let incident =
        asking(&memory, &approvers).reject(fingerprint, &person(), because, Proof::default())?;
    print(&format!(
        "{fingerprint}: {}. Nothing was changed.\n",
        incident.because
    ))?;
    Ok(ExitCode::SUCCESS)
}

fn asking<'a>(memory: &'a Memory, approvers: &'a Approvers) -> Asking<'a> {
    Asking {
        ledger: &memory.ledger,
        audit: &memory.audit,
        approvers,
        clock: &SystemClock,
    }
}
