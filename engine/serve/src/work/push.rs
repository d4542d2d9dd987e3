//! A push: fetch what is new, scan it, and see to what is found.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use leakward_core::{Outcome, SkippedKind};
use leakward_scan::progress::Silent;
use leakward_scan::request::{Credentials, Request, Scope};
use leakward_scan::run::{Scanned, run};
use leakward_scan::target::Target;

use super::failure::Failure;
use super::foreman::HeadOfLine;
use super::found::{Context, Found, see_to};
use super::{How, Installation, Push, RepositoryName, Telling, Told};
use crate::config::Tell;
use crate::mirror::{Mirror, MirrorError, wanted};
use crate::queue::{Claimed, NewJob};
use crate::service::{Service, Shared};
use crate::time::Moment;
use crate::work::{HostKind, Task};

/// Sees to a push, at the `head` of its repository's line until it is scanned.
pub(super) async fn handle(
    service: &Shared,
    claimed: &Claimed,
    push: Push,
    head: HeadOfLine,
) -> Result<String, Failure> {
    let mirror = Arc::new(service.mirrors.of(&push.repository).await);
    let Some(scope) = bring(service, &mirror, &push).await? else {
        return Ok("nothing in it is new".to_owned());
    };
    let what = scope.note.clone();
    let scanned = scan(service, mirror.path().to_owned(), scope.scope).await?;
    // Providers and the response take their time; other pushes of the repository need not wait for them.
    drop((mirror, head));
    let complete = is_complete(&scanned.outcome) && what.is_none();
    let context = Context {
        repository: Some(push.repository.clone()),
        actor: format!("webhook {}", push.repository.host),
        pushed_at: Some(claimed.received_at),
        public: false,
        seen_at: None,
    };
    let found = Found::of_scan(scanned);
    let leaks = see_to(service, &context, found).await?;
    if let Some(after) = &push.after {
        tell_about_commit(service, &push.repository, after, leaks.len(), complete).await?;
        let mirror = service.mirrors.of(&push.repository).await;
        let (reference, after) = (push.reference.clone(), after.clone());
        tokio::task::spawn_blocking(move || mirror.mark_seen(&reference, &after)).await??;
    }
    let leaks = leaks.len();
    let whole = if complete {
        String::new()
    } else {
        format!("; incomplete{}", what.unwrap_or_default())
    };
    Ok(format!("{leaks} leaked credentials{whole}"))
}

/// What is looked at, and why it is not everything, if it is not.
struct Chosen {
    scope: Scope,
    note: Option<String>,
}

/// Brings what a push is about here, and chooses what of it is looked at; nothing when all of it was.
async fn bring(
    service: &Shared,
    mirror: &Arc<Mirror>,
    push: &Push,
) -> Result<Option<Chosen>, Failure> {
    let seen = mirror.seen()?;
    let is_new = seen.is_empty();
    let dropped = push.before.clone().filter(|before| !seen.contains(before));
    if let Some(after) = &push.after {
        if seen.contains(after) && dropped.is_none() {
            return Ok(None);
        }
        fetch(service, mirror, &push.repository, after, "after").await?;
        // A branch that is made of old commits, a merge that only moves a name.
        let gone = dropped
            .iter()
            .all(|before| mirror.is_reached_by(before, &seen));
        if gone && mirror.is_reached_by(after, &seen) {
            return of_known_commit(service, mirror, push, after, &seen);
        }
    }
    let mut known = seen;
    // Where nothing was looked at yet, the branch that others grow from is what was there before.
    let base = push
        .default_branch
        .as_ref()
        .map(|branch| format!("refs/heads/{branch}"));
    if let Some(base) = base.filter(|base| is_new && *base != push.reference)
        && fetch(service, mirror, &push.repository, &base, "base")
            .await
            .is_ok()
    {
        known.extend(mirror.got("base")?);
    }
    // What was dropped by force may be gone; then it is told, and the rest is looked at.
    let dropped = match dropped {
        None => None,
        Some(before) => match fetch(service, mirror, &push.repository, &before, "before").await {
            Ok(()) => Some(before),
            Err(_) if push.after.is_some() => {
                return Ok(Some(Chosen {
                    scope: Scope::Pushed {
                        tips: push.after.iter().cloned().collect(),
                        known,
                    },
                    note: Some(": the commits that were there before are gone".to_owned()),
                }));
            }
            Err(failure) => return Err(failure),
        },
    };
    // A mirror that had to be made anew has forgotten what it held.
    known.retain(|id| mirror.has(id));
    let scope = match (&push.after, dropped) {
        // What exactly one of them reaches: with a push by force, what was dropped too.
        (Some(after), Some(before)) => Scope::Range(format!("{before}...{after}")),
        (Some(after), None) => Scope::Pushed {
            tips: vec![after.clone()],
            known,
        },
        (None, Some(before)) => Scope::Pushed {
            tips: vec![before],
            known,
        },
        (None, None) => return Ok(None),
    };
    Ok(Some(Chosen { scope, note: None }))
}

/// Of a commit that was looked at before, what it brought itself, when the host wants to hear of it and has not.
fn of_known_commit(
    service: &Shared,
    mirror: &Mirror,
    push: &Push,
    commit: &str,
    told: &[String],
) -> Result<Option<Chosen>, Failure> {
    let wants_none = wanted_tellings(service, push.repository.host).is_empty();
    if wants_none || told.iter().any(|tip| tip == commit) {
        return Ok(None);
    }
    let scope = Scope::Pushed {
        tips: vec![commit.to_owned()],
        known: mirror.parents(commit)?,
    };
    Ok(Some(Chosen { scope, note: None }))
}

/// Brings one object, or what a ref names, into a mirror. What is there already is not asked for.
pub(super) async fn fetch(
    service: &Shared,
    mirror: &Arc<Mirror>,
    repository: &RepositoryName,
    from: &str,
    name: &str,
) -> Result<(), Failure> {
    if mirror.has(from) {
        return Ok(());
    }
    let url = service.hosts.remote(repository).await?;
    let (mirror, wanted) = (Arc::clone(mirror), wanted(from, name));
    let fetched: Result<(), MirrorError> =
        tokio::task::spawn_blocking(move || mirror.fetch(&url, &[wanted])).await?;
    Ok(fetched?)
}

/// Scans a part of a mirror. Configuration in the repository does not count: a push cannot switch its own scan off.
pub(super) async fn scan(
    service: &Shared,
    path: PathBuf,
    scope: Scope,
) -> Result<Scanned, Failure> {
    let request = Request {
        targets: vec![Target::Git(path)],
        scope,
        prepared: Some(service.eye.prepared()),
        credentials: Credentials::Keep,
        threads: service
            .config
            .scan
            .threads
            .unwrap_or_else(|| std::thread::available_parallelism().map_or(1, Into::into)),
        today: leakward_scan::date::Date::from_unix_days(
            u64::try_from(Moment::now().0 / 86_400_000).unwrap_or(0),
        ),
        ..Request::default()
    };
    let scanned =
        tokio::task::spawn_blocking(move || run(&request, &Silent, &AtomicBool::new(false)))
            .await?;
    Ok(scanned?)
}

/// Whether everything was looked at. That a push brought no commit of its own is no gap.
pub(super) fn is_complete(outcome: &Outcome) -> bool {
    !outcome
        .skipped
        .iter()
        .any(|skipped| skipped.kind.makes_incomplete() && skipped.kind != SkippedKind::Nothing)
}

async fn tell_about_commit(
    service: &Shared,
    repository: &RepositoryName,
    commit: &str,
    leaks: usize,
    complete: bool,
) -> Result<(), Failure> {
    for tell in wanted_tellings(service, repository.host) {
        let how = match tell {
            Tell::Status => How::Status,
            Tell::Check => How::Check,
            Tell::Comment if leaks == 0 => continue,
            Tell::Comment => How::Comment,
        };
        let summary = summary(service, leaks, complete);
        let telling = Telling {
            repository: repository.clone(),
            what: Told::Commit {
                commit: commit.to_owned(),
                leaks,
                complete,
                summary,
                how,
            },
        };
        enqueue_telling(
            service,
            &format!("{commit} {how:?} {leaks} {complete}"),
            telling,
        )
        .await?;
    }
    Ok(())
}

fn wanted_tellings(service: &Service, host: HostKind) -> Vec<Tell> {
    let config = &service.config;
    match host {
        HostKind::Github => config.github.as_ref().map(|one| one.tell.clone()),
        HostKind::Gitlab => config.gitlab.as_ref().map(|one| one.tell.clone()),
        HostKind::Gitea => config.gitea.as_ref().map(|one| one.tell.clone()),
    }
    .unwrap_or_default()
}

fn summary(service: &Service, leaks: usize, complete: bool) -> String {
    let page = service.config.public_url();
    let found = match leaks {
        0 => "No leaked credentials were found.".to_owned(),
        1 => format!("**1 leaked credential** was found: see [Leakward]({page}/?state=unsettled)."),
        leaks => format!(
            "**{leaks} leaked credentials** were found: see [Leakward]({page}/?state=unsettled)."
        ),
    };
    if complete {
        found
    } else {
        format!("{found} Not everything could be looked at.")
    }
}

/// Puts into the queue what a code host is to be told, once for each `id`.
pub(super) async fn enqueue_telling(
    service: &Service,
    id: &str,
    telling: Telling,
) -> Result<(), Failure> {
    let repository = telling.repository.path.clone();
    let delivery = format!("{} {repository} {id}", telling.repository.host);
    let task = Task::Tell(telling);
    let job = NewJob {
        source: "tell",
        digest: delivery.clone(),
        delivery,
        event: "tell".to_owned(),
        repository,
        content: task.to_bytes()?,
    };
    service.queue.store(&[job]).await?;
    Ok(())
}

/// Makes mirrors of what an App may read now, so that the first push is as quick as others.
pub(super) async fn warm(service: &Shared, installation: &Installation) -> Result<String, Failure> {
    service.hosts.forget_installation(installation.number);
    if !matches!(
        installation.action.as_str(),
        "created" | "added" | "unsuspend" | "new_permissions_accepted"
    ) {
        return Ok(format!("noted: {}", installation.action));
    }
    let mut made = 0;
    for path in &installation.repositories {
        let name = RepositoryName {
            host: HostKind::Github,
            path: path.clone(),
            installation: Some(installation.number),
            project: None,
        };
        let mirror = Arc::new(service.mirrors.of(&name).await);
        if !mirror.is_there() && fetch(service, &mirror, &name, "HEAD", "base").await.is_ok() {
            made += 1;
        }
    }
    Ok(format!("{made} mirrors made"))
}
