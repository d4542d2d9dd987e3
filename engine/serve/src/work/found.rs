//! Credentials that were found, wherever: verified, written down as incidents, and responded to.

use leakward_core::{Finding, Fingerprint, Severity, Verdict};
use leakward_respond::incident::{Exposure, Place, Sighting};
use leakward_scan::run::Scanned;
use leakward_verify::{Subject, Value, ValueSource};

use super::failure::Failure;
use super::{RepositoryName, settle};
use crate::service::Shared;
use crate::time::Moment;

/// One credential that was found.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    /// What it is.
    pub(crate) subject: Subject,
    /// What it is, for people.
    pub(crate) title: String,
    /// Who issues it.
    pub(crate) provider: String,
    /// How bad it usually is.
    pub(crate) severity: Severity,
    /// Where it stands.
    pub(crate) places: Vec<Place>,
}

/// How something came to be found.
#[derive(Clone, Debug)]
pub(crate) struct Context {
    /// The repository, when it stood in one.
    pub(crate) repository: Option<RepositoryName>,
    /// Who told us, as events are signed.
    pub(crate) actor: String,
    /// When it was pushed.
    pub(crate) pushed_at: Option<Moment>,
    /// Whether everybody could read it.
    pub(crate) public: bool,
    /// Where else it was seen.
    pub(crate) seen_at: Option<String>,
}

impl Found {
    /// The findings of a scan, with their credentials.
    pub(crate) fn of_scan(scanned: Scanned) -> Vec<Self> {
        let Scanned {
            outcome,
            credentials,
            ..
        } = scanned;
        let of = |finding: Finding| {
            let credential = credentials
                .iter()
                .find(|credential| credential.fingerprint == finding.fingerprint)?;
            Some(Self {
                subject: subject(credential),
                title: finding.title.clone(),
                provider: finding.provider.clone(),
                severity: finding.severity,
                places: finding.locations.iter().map(place).collect(),
            })
        };
        outcome.findings.into_iter().filter_map(of).collect()
    }
}

/// A scan's credential as verification takes it.
pub(crate) fn subject(credential: &leakward_scan::credential::Credential) -> Subject {
    Subject {
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
    }
}

fn place(location: &leakward_core::Location) -> Place {
    Place {
        target: String::new(),
        kind: location.kind.as_str().to_owned(),
        path: location.path.clone(),
        line: location.range.start.line.into(),
        commit: location.commit.clone(),
        author: location.author.clone(),
        date: location.date.clone(),
        url: None,
    }
}

/// Sees to everything that was found; the identities of what was.
pub(crate) async fn see_to(
    service: &Shared,
    context: &Context,
    found: Vec<Found>,
) -> Result<Vec<Fingerprint>, Failure> {
    if found.is_empty() {
        return Ok(Vec::new());
    }
    let subjects: Vec<Subject> = found.iter().map(|one| one.subject.clone()).collect();
    let verdicts = service.response.verify(service, subjects).await?;
    let mut seen = Vec::new();
    for one in found {
        let fingerprint = one.subject.fingerprint;
        let verified = verdicts
            .iter()
            .find(|verified| verified.fingerprint == fingerprint);
        let verdict = verified.map_or(Verdict::NotChecked, |verified| verified.verdict.clone());
        service.metrics.finding(one.severity.as_str());
        service.metrics.verdict(verdict.as_str());
        let sighting = sighting(service, context, &one, &verdict);
        let now = crate::incidents::now();
        let (incident, is_new) = service.database.saw(&sighting, &context.actor, now).await?;
        tracing::info!(
            incident = %fingerprint, rule = %one.subject.rule, verdict = verdict.as_str(), is_new, state = %incident.state,
            "a leaked credential",
        );
        if let Some(verified) = verified {
            service
                .response
                .note_verdict(service, &incident, verified)
                .await?;
        }
        settle(service, one.subject).await?;
        seen.push(fingerprint);
    }
    Ok(seen)
}

fn sighting(service: &Shared, context: &Context, one: &Found, verdict: &Verdict) -> Sighting {
    // A credential that works is one step worse than its rule says.
    let severity = if *verdict == Verdict::Live {
        one.severity.raised()
    } else {
        one.severity
    };
    let mut places = one.places.clone();
    for place in &mut places {
        if let Some(repository) = &context.repository {
            place.target = format!("{}:{}", repository.host, repository.path);
            if place.url.is_none() {
                place.url = page_of(service, repository, place);
            }
        }
    }
    if let Some(seen_at) = &context.seen_at {
        places.push(Place {
            target: seen_at.clone(),
            ..Place::default()
        });
    }
    Sighting {
        fingerprint: one.subject.fingerprint,
        rule: one.subject.rule.to_string(),
        title: one.title.clone(),
        provider: one.provider.clone(),
        masked: one.subject.secret.masked(),
        severity,
        verdict: verdict.as_str().to_owned(),
        exposure: if context.public {
            Exposure::Public
        } else {
            Exposure::NotKnown
        },
        places,
        owner: None,
        pushed_at: context
            .pushed_at
            .map(|moment| u64::try_from(moment.0 / 1_000).unwrap_or(0)),
    }
}

/// The page of a code host that shows a place.
fn page_of(service: &Shared, repository: &RepositoryName, place: &Place) -> Option<String> {
    use super::HostKind;
    let config = &service.config;
    let (base, middle) = match repository.host {
        HostKind::Github => (&config.github.as_ref()?.url, "blob"),
        HostKind::Gitlab => (&config.gitlab.as_ref()?.url, "-/blob"),
        HostKind::Gitea => (&config.gitea.as_ref()?.url, "src/commit"),
    };
    let commit = place.commit.as_ref()?;
    if place.path.is_empty() {
        return None;
    }
    let encoded: Vec<String> = place
        .path
        .split('/')
        .map(|part| {
            percent_encoding::utf8_percent_encode(part, percent_encoding::NON_ALPHANUMERIC)
                .to_string()
        })
        .collect();
    let base = base.trim_end_matches('/');
    Some(format!(
        "{base}/{}/{middle}/{commit}/{}#L{}",
        repository.path,
        encoded.join("/"),
        place.line
    ))
}
