//! From what was typed about verification to verdicts on the findings of a scan.

use std::fs;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, bail};
use leakward_core::{Outcome, Rule, Secret, Verdict};
use leakward_scan::credential::Credential;
use leakward_scan::grouping;
use leakward_scan::run::Scanned;
use leakward_verify::{
    AddressPolicy, Audit, Cache, Clock as _, ControlProbe, Details, FoundHosts, Limits, Network,
    NetworkSettings, PlannedCall, Reach, Settings, Subject, SystemClock, Value, ValueSource,
    Verified, Verifier,
};

use crate::args::{VerdictArg, VerificationArgs};
use crate::messages::Messages;
use crate::user_folders;

/// LIMIT: bytes of a file of certificates.
const LARGEST_CA_FILE: u64 = 16 << 20;

const DEFAULT_KEEP: Duration = Duration::from_secs(3_600);

/// Verification, resolved and ready.
pub(crate) struct Verification {
    settings: Settings,
    network: Network,
    cache: Option<(PathBuf, Duration)>,
    audit_file: Option<PathBuf>,
}

impl Verification {
    /// What was typed, resolved.
    pub(crate) fn new(args: &VerificationArgs) -> anyhow::Result<Self> {
        let settings = settings(args)?;
        let extra_authorities = match &args.ca_file {
            Some(path) => {
                let name = || path.display().to_string();
                let size = fs::metadata(path).with_context(name)?.len();
                if size > LARGEST_CA_FILE {
                    bail!("{}: too large for a file of certificates", path.display());
                }
                fs::read(path).with_context(name)?
            }
            None => Vec::new(),
        };
        let policy = if args.allow_private {
            AddressPolicy::PrivateAllowed
        } else {
            AddressPolicy::PublicOnly
        };
        let network = Network::new(
            &NetworkSettings {
                policy,
                extra_authorities,
                proxy: args.proxy.clone(),
            },
            &settings.limits,
        )?;
        let keep = match &args.verify_cache_ttl {
            Some(text) => seconds(text).context("--verify-cache-ttl")?,
            None => DEFAULT_KEEP,
        };
        let cache = args
            .verify_cache
            .clone()
            .or_else(|| Some(user_folders::cache()?.join("verify.json")))
            .filter(|_| !keep.is_zero());
        Ok(Self {
            settings,
            network,
            cache: cache.map(|path| (path, keep)),
            audit_file: args
                .verify_audit
                .clone()
                .or_else(|| Some(user_folders::state()?.join("verify-audit.jsonl"))),
        })
    }

    /// Settings, the way out and the log of calls, for whoever asks without a cache.
    pub(crate) fn into_way(self) -> anyhow::Result<(Settings, Network, Audit)> {
        let audit = self.audit()?;
        Ok((self.settings, self.network, audit))
    }

    /// Asks about every subject.
    pub(crate) fn verify(
        &self,
        rules: &[Rule],
        subjects: &[Subject],
        messages: Messages,
    ) -> anyhow::Result<Vec<Verified>> {
        let audit = self.audit()?;
        let clock = SystemClock;
        let mut verifier = Verifier::new(rules, &self.settings, &self.network, &audit, &clock);
        if let Some((path, keep)) = &self.cache {
            verifier = verifier.with_cache(Cache::open(path, *keep, clock.now()));
        }
        let verified = verifier.verify(subjects);
        // Without the cache the next run asks again; the verdicts are right all the same.
        if self.cache.is_some()
            && let Err(error) = verifier.into_cache().save()
        {
            messages.warning(&format!("verdicts are not kept: {error}"));
        }
        Ok(verified)
    }

    /// What would be asked.
    pub(crate) fn plan(&self, rules: &[Rule], subjects: &[Subject]) -> Vec<PlannedCall> {
        let audit = Audit::new(io::sink());
        Verifier::new(rules, &self.settings, &self.network, &audit, &SystemClock).plan(subjects)
    }

    /// The log, opened for appending: what cannot be written down is not asked.
    fn audit(&self) -> anyhow::Result<Audit> {
        if self.settings.reach == Reach::OfflineOnly {
            return Ok(Audit::new(io::sink()));
        }
        let path = self.audit_file.as_ref().context(
            "say with --verify-audit where calls are written down: there is no home folder",
        )?;
        let name = || format!("the audit log {}", path.display());
        if let Some(folder) = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
        {
            fs::create_dir_all(folder).with_context(name)?;
        }
        let mut options = fs::OpenOptions::new();
        options.append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        Ok(Audit::new(options.open(path).with_context(name)?))
    }
}

fn settings(args: &VerificationArgs) -> anyhow::Result<Settings> {
    let default = Limits::default();
    let duration = |typed: Option<u64>, default| typed.map_or(default, Duration::from_secs);
    let limits = Limits {
        call: duration(args.verify_call_timeout, default.call),
        run: duration(args.verify_timeout, default.run),
        per_host: args.verify_per_host.map_or(default.per_host, Into::into),
        spacing: args
            .verify_rate
            .map_or(default.spacing, |rate| Duration::from_secs(1) / rate.get()),
        ..default
    };
    Ok(Settings {
        endpoints: args.endpoint.clone(),
        found_hosts: if args.allow_found_hosts {
            FoundHosts::Ask
        } else {
            FoundHosts::Refuse
        },
        reach: if args.offline {
            Reach::OfflineOnly
        } else {
            Reach::Network
        },
        control: if args.control {
            ControlProbe::Always
        } else {
            ControlProbe::WhereNeeded
        },
        ask_canaries: args.ask_canaries,
        details: if args.details {
            Details::Read
        } else {
            Details::Skip
        },
        given: given(&args.with)?,
        limits,
    })
}

pub(crate) fn given(texts: &[String]) -> anyhow::Result<Vec<(String, Secret)>> {
    texts
        .iter()
        .map(|text| {
            // The text can be secret, so that it is not repeated.
            let (name, value) = text.split_once('=').context("--with takes NAME=VALUE")?;
            Ok((name.to_owned(), Secret::new(value.as_bytes())))
        })
        .collect()
}

/// `90`, `90s`, `15m`, `12h`, `7d`
pub(crate) fn seconds(text: &str) -> anyhow::Result<Duration> {
    let digits = text.trim_end_matches(|last: char| last.is_ascii_alphabetic());
    let factor = match text.get(digits.len()..) {
        Some("" | "s") => 1,
        Some("m") => 60,
        Some("h") => 3_600,
        Some("d") => 86_400,
        _ => bail!("{text:?} is no time; write 90, 15m, 12h or 7d"),
    };
    let number: u64 = digits
        .parse()
        .with_context(|| format!("{text:?} is no time; write 90, 15m, 12h or 7d"))?;
    Ok(Duration::from_secs(number.saturating_mul(factor)))
}

/// What the scan kept, as verification takes it.
pub(crate) fn subjects(credentials: &[Credential]) -> Vec<Subject> {
    let of = |credential: &Credential| Subject {
        fingerprint: credential.fingerprint,
        rule: credential.rule.clone(),
        secret: credential.secret.clone(),
        values: credential
            .values
            .iter()
            .map(|(name, secret)| Value {
                name: name.clone(),
                secret: secret.clone(),
                source: ValueSource::Found,
            })
            .collect(),
    };
    credentials.iter().map(of).collect()
}

/// The credentials of the findings that are reported, and no others: what a baseline leaves out is not asked about.
pub(crate) fn reported(scanned: &Scanned) -> Vec<Subject> {
    let mut all = subjects(&scanned.credentials);
    all.retain(|subject| {
        scanned
            .outcome
            .findings
            .iter()
            .any(|finding| finding.fingerprint == subject.fingerprint)
    });
    all
}

/// Writes the verdicts into the findings. A live credential is one step worse than its rule says.
pub(crate) fn apply(outcome: &mut Outcome, verified: Vec<Verified>) {
    let mut by_fingerprint: std::collections::HashMap<_, _> = verified
        .into_iter()
        .map(|verified| (verified.fingerprint, verified))
        .collect();
    for finding in &mut outcome.findings {
        let Some(verified) = by_fingerprint.remove(&finding.fingerprint) else {
            continue;
        };
        if verified.verdict == Verdict::Live {
            finding.severity = finding.severity.raised();
        }
        finding.verdict = verified.verdict;
        finding.evidence = Some(Box::new(verified.evidence));
    }
    grouping::sort(&mut outcome.findings);
}

/// Leaves out findings with other verdicts, and says how many.
pub(crate) fn keep_only(outcome: &mut Outcome, only: &[VerdictArg]) {
    if only.is_empty() {
        return;
    }
    let before = outcome.findings.len();
    outcome.findings.retain(|finding| {
        only.iter().any(|verdict| {
            matches!(
                (verdict, &finding.verdict),
                (VerdictArg::Live, Verdict::Live)
                    | (VerdictArg::Dead, Verdict::Dead)
                    | (VerdictArg::Unknown, Verdict::Unknown(_))
                    | (VerdictArg::NotChecked, Verdict::NotChecked)
            )
        })
    });
    let left_out = before - outcome.findings.len();
    if left_out > 0 {
        outcome.stats.suppressed += left_out as u64;
        outcome.notes.push(format!(
            "{left_out} findings with other verdicts are left out (--only)"
        ));
    }
}

/// Says what would be sent where, one line for each kind of call, and who would not be asked and why.
pub(crate) fn print_plan(plan: &[PlannedCall], rules: &[Rule]) -> anyhow::Result<()> {
    let mut calls = std::collections::BTreeMap::<_, u64>::new();
    let mut silent = std::collections::BTreeMap::<_, u64>::new();
    for planned in plan {
        let rule = planned.rule.to_string();
        match &planned.call {
            Ok(call) => *calls.entry((call.clone(), rule)).or_default() += 1,
            Err(reason) => *silent.entry((rule, reason.to_string())).or_default() += 1,
        }
    }
    let title = |id: &str| {
        leakward_rules::find(rules, id).map_or_else(|| id.to_owned(), |rule| rule.title.to_string())
    };
    let mut out = io::stdout().lock();
    let mut text = String::new();
    for ((call, rule), count) in &calls {
        text += &format!(
            "{} {}{}\n    {count} × {} ({rule})\n",
            call.method,
            call.server,
            call.path,
            title(rule)
        );
    }
    for ((rule, reason), count) in &silent {
        text += &format!("not asked: {count} × {rule}: {reason}\n");
    }
    text += &format!("{} calls, nothing was sent\n", calls.values().sum::<u64>());
    match out.write_all(text.as_bytes()) {
        // The reader (head, a pager) has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other.context("standard output"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_with_their_units() {
        for (text, expected) in [
            ("0", 0),
            ("90", 90),
            ("90s", 90),
            ("15m", 900),
            ("12h", 43_200),
            ("7d", 604_800),
        ] {
            assert_eq!(
                seconds(text).ok(),
                Some(Duration::from_secs(expected)),
                "{text}"
            );
        }
        for wrong in ["", "h", "1y", "-1", "1.5h"] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
    }
}
