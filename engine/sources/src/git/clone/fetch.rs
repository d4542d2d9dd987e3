//! The clone itself.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use gix::bstr::ByteSlice;
use gix::credentials::helper::Action;
use gix::credentials::protocol;
use gix::remote::Direction;
use gix::remote::fetch::Tags;
use gix::sec::identity::Account;

use super::error::Cause;
use super::{CloneError, CloneProgress, Credentials, RemoteUrl};

/// Everything the other side has: branches, tags, notes, pull and merge requests.
const ALL_REFS: &str = "+refs/*:refs/*";

/// Clones `url` into the folder `into`, which must be empty or not there yet. On an error nothing is left in it.
///
/// Setting `stop` ends it soon, with [`CloneError::Interrupted`].
///
/// # Errors
/// When the other side cannot be reached, does not let us in or has no repository there, or the folder cannot be used.
pub fn bare(
    url: &RemoteUrl,
    into: &Path,
    progress: &CloneProgress,
    stop: &AtomicBool,
) -> Result<(), CloneError> {
    let address = gix::url::parse(url.to_string().as_bytes().as_bstr())
        .map_err(|error| explain(url, &error.to_string()))?;
    let prepared = gix::clone::PrepareFetch::new(
        address,
        into,
        gix::create::Kind::Bare,
        gix::create::Options::default(),
        gix::open::Options::isolated(),
    )
    .map_err(|error| CloneError::Folder {
        path: into.to_owned(),
        reason: chain(&error),
    })?;
    let asked = Arc::new(url.clone());
    let refused = Arc::new(AtomicBool::new(false));
    let was_refused = Arc::clone(&refused);
    let mut prepared = prepared
        .configure_remote(|remote| {
            Ok(remote
                .with_refspecs(Some(ALL_REFS), Direction::Fetch)?
                .with_fetch_tags(Tags::None))
        })
        .with_fetch_options(gix::remote::ref_map::Options {
            // gix 0.90 would ask for refs that begin with a literal `refs/*`.
            prefix_from_spec_as_filter_on_remote: false,
            ..Default::default()
        })
        .configure_connection(move |connection| {
            let url = Arc::clone(&asked);
            let refused = Arc::clone(&refused);
            connection.set_credentials(move |action| Ok(answer(&url, action, &refused)));
            Ok(())
        });
    match prepared.fetch_only(progress.sink(), stop) {
        Ok(_) => without_hooks(into),
        Err(_) if stop.load(Ordering::Relaxed) => Err(CloneError::Interrupted),
        Err(_) if was_refused.load(Ordering::Relaxed) => Err(CloneError::Unauthorized {
            host: url.host().to_owned(),
        }),
        Err(error) => Err(explain(url, &chain(&error))),
    }
}

/// Removes the sample hooks that gix puts into a new repository. None would be run; none is needed either.
pub(super) fn without_hooks(copy: &Path) -> Result<(), CloneError> {
    let hooks = copy.join("hooks");
    match std::fs::remove_dir_all(&hooks) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(CloneError::Folder {
            path: hooks,
            reason: error.to_string(),
        }),
        _ => Ok(()),
    }
}

/// Says who we are, to the host that it is for and no other. Nothing is ever stored.
pub(super) fn answer(
    url: &RemoteUrl,
    action: Action,
    refused: &AtomicBool,
) -> Option<protocol::Outcome> {
    let Action::Get(mut context) = action else {
        if matches!(action, Action::Erase(_)) {
            refused.store(true, Ordering::Relaxed);
        }
        return None;
    };
    // The address as it is now, after a redirect perhaps. Without one to compare, nothing is said.
    if context.url.is_some() && context.destructure_url_in_place(false).is_err() {
        return None;
    }
    let is_asked = context.host.as_deref().is_some_and(|host| url.is_for(host));
    let Some(credentials) = url.credentials().filter(|_| is_asked) else {
        refused.store(true, Ordering::Relaxed);
        return None;
    };
    let identity = account(credentials)?;
    Some(protocol::Outcome {
        identity,
        next: context.into(),
    })
}

fn account(credentials: &Credentials) -> Option<Account> {
    #[expect(
        clippy::disallowed_methods,
        reason = "the user's own token, sent to the host the user gave it for"
    )]
    let password = std::str::from_utf8(credentials.password.expose())
        .ok()?
        .to_owned();
    Some(Account {
        username: credentials.user.clone(),
        password,
        oauth_refresh_token: None,
    })
}

/// All causes of an error, the outermost first.
pub(super) fn chain(error: &gix::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        let next = error.to_string();
        if !text.contains(&next) {
            text = format!("{text}: {next}");
        }
        cause = error.source();
    }
    text
}

/// What went wrong, in the user's terms and without anything secret.
pub(super) fn explain(url: &RemoteUrl, chain: &str) -> CloneError {
    let host = url.host().to_owned();
    match Cause::of(chain) {
        Cause::HostNotFound => CloneError::HostNotFound { host },
        Cause::Unauthorized => CloneError::Unauthorized { host },
        Cause::NotARepository => CloneError::NotARepository {
            url: url.to_string(),
        },
        Cause::Certificate => CloneError::Certificate {
            host,
            reason: without_secrets(url, chain),
        },
        Cause::Other => CloneError::Connection {
            url: url.to_string(),
            reason: without_secrets(url, chain),
        },
    }
}

/// `text` with the password starred out, should some library have put it there.
fn without_secrets(url: &RemoteUrl, text: &str) -> String {
    let Some(credentials) = url.credentials() else {
        return text.to_owned();
    };
    #[expect(clippy::disallowed_methods, reason = "to take it out of a text")]
    let password = String::from_utf8_lossy(credentials.password.expose()).into_owned();
    if password.is_empty() {
        return text.to_owned();
    }
    text.replace(&password, "********")
}
