//! The service from its start to its end.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;

use leakward_respond::Ledger;

use crate::acting::Acting;
use crate::config::{Address, Config};
use crate::database::StorageError;
use crate::eye::Eye;
use crate::host::Hosts;
use crate::http::{Certificate, Incoming, Peer, router};
use crate::login::{ApiTokens, Oidc, OneTime, Sessions};
use crate::metrics::Metrics;
use crate::mirror::Mirrors;
use crate::page::Pages;
use crate::queue::{Intake, Queue};
use crate::rate_limit::RateLimit;
use crate::response::Response;
use crate::sealing::Sealing;
use crate::secret_source::{SecretError, SecretSource};
use crate::service::{Service, Shared, WebhookSecrets};
use crate::signature::SigningSecrets;
use crate::telemetry;
use crate::verification::Verification;
use crate::work::{Foreman, going_on, housekeeping};

/// How long requests and deliveries that were begun may take when the service ends.
const GRACE: Duration = Duration::from_secs(25);

/// Refusals at once from one address.
const REFUSALS_AT_ONCE: f64 = 20.0;

/// Why the service did not start, or ended.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The database.
    #[error(transparent)]
    Database(#[from] StorageError),
    /// A secret.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// Something else, by its name.
    #[error("{what}: {reason}")]
    Other {
        /// What.
        what: String,
        /// What is wrong with it.
        reason: String,
    },
}

fn other(what: &str) -> impl Fn(&dyn std::fmt::Display) -> ServeError {
    let what = what.to_owned();
    move |reason| ServeError::Other {
        what: what.clone(),
        reason: reason.to_string(),
    }
}

/// Serves until somebody ends it.
///
/// # Errors
/// When something that it needs is not there.
pub fn serve(config: Config) -> Result<(), ServeError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_name("serve")
        .build()
        .map_err(|error| other("the runtime")(&error))?;
    let service = runtime.block_on(run(config))?;
    // It holds HTTP clients with a runtime of their own, which may not end inside of another one.
    drop(runtime);
    drop(service);
    Ok(())
}

async fn run(mut config: Config) -> Result<Shared, ServeError> {
    let exporter = telemetry::start(&config.telemetry).map_err(|error| other("logging")(&error))?;
    prepare(&config.data_dir)?;
    let listener = TcpListener::bind(config.listen)
        .await
        .map_err(|error| other(&config.listen.to_string())(&error))?;
    config.listen = listener
        .local_addr()
        .map_err(|error| other("the socket")(&error))?;
    let certificate = config.tls.as_ref().map(Certificate::new).transpose();
    let certificate = certificate
        .map_err(|error| other("TLS")(&error))?
        .map(Arc::new);
    let incoming = Incoming::new(listener, certificate.clone(), config.limits.connections)
        .map_err(|error| other("the socket")(&error))?;
    let database = crate::database::open(&address(&config)?).await?;
    let _alone = alone(&config, &database)?;
    let (service, token) = build(config, database).await?;
    announce(&service, token.as_deref())?;
    let (end, ending) = watch::channel(false);
    let foreman = Foreman::start(&service, &ending);
    tokio::spawn(read_again_on_hangup(certificate));
    let tidying = tokio::spawn(housekeeping(Arc::clone(&service), ending.clone()));
    let responses = tokio::spawn(going_on(Arc::clone(&service), ending.clone()));
    listen(incoming, &service, ending).await?;
    tracing::info!("ending: no more is taken; what was begun is finished");
    // Nobody listens any more only when all have ended.
    let _heard = end.send(true);
    let finished = tokio::time::timeout(GRACE, async {
        foreman.finish().await;
        (tidying.await, responses.await)
    })
    .await;
    if finished.is_err() {
        tracing::warn!("work was still going on; it is done again after the next start");
    }
    crate::database::close(&service.database).await;
    if let Some(exporter) = exporter {
        exporter.finish().await;
    }
    Ok(service)
}

/// Takes requests until a signal comes, and finishes those that were begun.
async fn listen(
    incoming: Incoming,
    service: &Shared,
    ending: watch::Receiver<bool>,
) -> Result<(), ServeError> {
    let routes = router(Arc::clone(service)).into_make_service_with_connect_info::<Peer>();
    let server = axum::serve(incoming, routes).with_graceful_shutdown(signal());
    drop(ending);
    let ended = async {
        signal().await;
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        served = async { server.await } => served.map_err(|error| other("the server")(&error)),
        // Somebody keeps a connection open.
        () = ended => Ok(()),
    }
}

/// SIGHUP reads the certificate again; without one it means nothing, and ends nothing.
#[cfg(unix)]
async fn read_again_on_hangup(certificate: Option<Arc<Certificate>>) {
    let mut hangups = match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup()) {
        Ok(hangups) => hangups,
        Err(error) => return tracing::warn!(%error, "SIGHUP cannot be waited for"),
    };
    while hangups.recv().await.is_some() {
        match certificate.as_ref().map(|one| one.reload()) {
            None => tracing::info!("SIGHUP: there is no certificate to be read again"),
            Some(Ok(())) => tracing::info!("SIGHUP: the certificate was read again"),
            Some(Err(error)) => {
                tracing::error!(%error, "SIGHUP: the certificate that we have stays");
            }
        }
    }
}

#[cfg(not(unix))]
async fn read_again_on_hangup(_certificate: Option<Arc<Certificate>>) {}

async fn signal() {
    let interrupted = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        let mut terminated =
            match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
                Ok(terminated) => terminated,
                Err(error) => {
                    tracing::warn!(%error, "SIGTERM cannot be waited for");
                    drop(interrupted.await);
                    return;
                }
            };
        tokio::select! {
            _ = interrupted => {}
            _ = terminated.recv() => {}
        }
    }
    #[cfg(not(unix))]
    drop(interrupted.await);
}

/// Makes the folder for everything, for its owner alone.
fn prepare(folder: &Path) -> Result<(), ServeError> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
        .create(folder)
        .map_err(|error| other(&folder.display().to_string())(&error))
}

/// The address of the database.
fn address(config: &Config) -> Result<String, ServeError> {
    match &config.database {
        None => Ok(config.data_dir.join("leakward.db").display().to_string()),
        Some(Address::Plain(text)) => Ok(text.clone()),
        Some(Address::Secret(source)) => {
            let secret = source.read()?;
            #[expect(
                clippy::disallowed_methods,
                reason = "the database's own address, to connect to"
            )]
            let text = String::from_utf8_lossy(secret.expose()).into_owned();
            Ok(text)
        }
    }
}

/// Keeps a second process from the same file of SQLite: each would take the other's deliveries back.
fn alone(
    config: &Config,
    database: &leakward_respond::Database,
) -> Result<Option<std::fs::File>, ServeError> {
    if !crate::database::is_ours_alone(database) {
        return Ok(None);
    }
    let path = config.data_dir.join("serve.lock");
    let shown = path.display().to_string();
    let wrong = other(&shown);
    let file = std::fs::File::create(&path).map_err(|error| wrong(&error))?;
    file.try_lock()
        .map_err(|_| wrong(&"another process serves from this folder"))?;
    Ok(Some(file))
}

/// Puts the service together; and the token of the printed link, when there is one.
async fn build(
    config: Config,
    database: leakward_respond::Database,
) -> Result<(Shared, Option<String>), ServeError> {
    let key_file: PathBuf = config
        .key_file
        .clone()
        .unwrap_or_else(|| config.data_dir.join("serve.key"));
    let sealing = Arc::new(Sealing::open(&key_file).map_err(|error| other("the key")(&error))?);
    let queue = Queue::new(database.clone(), Arc::clone(&sealing));
    let taken_back = queue.take_back().await?;
    let depth = queue.depth().await?;
    tracing::info!(
        waiting = depth.waiting,
        taken_back,
        parked = depth.parked,
        "the queue is open"
    );
    let (intake, _writer) = Intake::start(queue.clone(), config.limits.waiting);
    let tokens = ApiTokens::new(&config.login)?;
    let (one_time, token) = one_time(&config, &tokens);
    let public_url = config.public_url();
    let oidc = config
        .login
        .oidc
        .as_ref()
        .map(|settings| Oidc::new(settings, format!("{public_url}/login/oidc/callback")))
        .transpose()
        .map_err(|error| other("login.oidc")(&error))?;
    let lasting = Duration::from_secs(config.login.session_hours.saturating_mul(3_600));
    let limits = &config.limits;
    let mirrors = Mirrors::new(config.data_dir.join("mirrors"), limits.mirror_bytes);
    mirrors
        .recover()
        .map_err(|error| other("mirrors")(&error))?;
    let (secrets, pages) = (
        secrets(&config)?,
        Pages::new().map_err(|error| other("the page")(&error))?,
    );
    let hosts = Hosts::new(&config).map_err(|error| other("code hosts")(&error))?;
    let eye = Eye::new(&config.scan).map_err(|error| other("scan")(&error))?;
    let (verification, acting) = response(&config, &eye, &database).await?;
    let service = Service {
        queue,
        intake,
        metrics: Metrics::new(),
        secrets,
        hosts,
        mirrors,
        eye,
        response: Response::new(verification, acting),
        per_source: RateLimit::new(
            limits.deliveries_per_second,
            limits.deliveries_per_second * 3.0,
        ),
        refusals: RateLimit::new(limits.refusals_per_minute / 60.0, REFUSALS_AT_ONCE),
        sessions: Sessions::new(
            sealing.cookie_key().clone(),
            lasting,
            public_url.starts_with("https://"),
        ),
        tokens,
        one_time,
        oidc,
        pages,
        database,
        config,
    };
    Ok((Arc::new(service), token))
}

/// Their HTTP clients are made where a runtime of their own may begin.
async fn response(
    config: &Config,
    eye: &Eye,
    database: &leakward_respond::Database,
) -> Result<(Verification, Option<Acting>), ServeError> {
    let (config, rules, key) = (config.clone(), eye.rules().to_vec(), eye.key());
    let ledger = Ledger::new(database.clone(), tokio::runtime::Handle::current());
    let make = move || -> Result<(Verification, Option<Acting>), ServeError> {
        let calls = config.data_dir.join("verify-audit.jsonl");
        let verification = Verification::new(&config.verify, &calls)
            .map_err(|error| other("verification")(&error))?;
        let acting = Acting::new(&config, &rules, key, ledger)
            .map_err(|error| other("configuration")(&error))?;
        Ok((verification, acting))
    };
    let made = tokio::task::spawn_blocking(make).await;
    made.map_err(|error| other("verification")(&error))?
}

fn one_time(config: &Config, tokens: &ApiTokens) -> (OneTime, Option<String>) {
    let is_wanted = config
        .login
        .one_time
        .unwrap_or(config.login.oidc.is_none() && tokens.is_empty());
    match is_wanted.then(OneTime::new).flatten() {
        Some((one_time, token)) => (one_time, Some(token)),
        None => (OneTime::off(), None),
    }
}

fn secrets(config: &Config) -> Result<WebhookSecrets, SecretError> {
    let read = |sources: Option<&Vec<SecretSource>>| -> Result<SigningSecrets, SecretError> {
        let secrets = sources.into_iter().flatten().map(SecretSource::read);
        secrets.collect::<Result<_, _>>().map(SigningSecrets::new)
    };
    Ok(WebhookSecrets {
        github: read(config.github.as_ref().map(|one| &one.webhook_secrets))?,
        gitlab: read(config.gitlab.as_ref().map(|one| &one.webhook_tokens))?,
        gitea: read(config.gitea.as_ref().map(|one| &one.webhook_secrets))?,
        leaks: read(config.leaks.as_ref().map(|one| &one.secrets))?,
        pre_receive: read(config.pre_receive.as_ref().map(|one| &one.tokens))?,
    })
}

/// Says on standard output where the service is, and how to log in once.
fn announce(service: &Service, token: Option<&str>) -> Result<(), ServeError> {
    let url = service.config.public_url();
    let mut text = format!("Leakward serves at {url}\n");
    if let Some(token) = token {
        text += &format!("Log in once at {url}/login with the token {token}\n");
    }
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .map_err(|error| other("standard output")(&error))?;
    if service.config.repositories.is_empty() {
        tracing::warn!(
            "no repositories are served: every delivery is answered with 404 (set `repositories`)"
        );
    }
    Ok(())
}
