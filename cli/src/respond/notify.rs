//! From `--notify KIND=WHERE` to channels.

use anyhow::{Context as _, bail};
use leakward_core::Secret;
use leakward_respond::notify::{Channel, ChannelKind, MailServer};

use super::identities::Source;

/// The channels that the user named.
pub(super) fn channels(given: &[String]) -> anyhow::Result<Vec<Channel>> {
    given
        .iter()
        .map(|text| {
            let (kind, place) = text
                .split_once('=')
                .context("--notify takes KIND=WHERE, such as slack=env:SLACK_WEBHOOK")?;
            let kind_of = of(kind, place).with_context(|| format!("--notify {kind}"))?;
            // The place can be a credential; its fingerprint is not needed, its kind is name enough.
            let name = match &kind_of {
                ChannelKind::GithubIssue { repository, .. } => format!("{kind} {repository}"),
                ChannelKind::GitlabIssue { project, .. } => format!("{kind} {project}"),
                _ => kind.to_owned(),
            };
            Ok(Channel {
                name,
                kind: kind_of,
            })
        })
        .collect()
}

fn of(kind: &str, place: &str) -> anyhow::Result<ChannelKind> {
    let variable = |name: &str| Source::Variable(name.to_owned()).read();
    let or = |name: &str, default: &str| std::env::var(name).unwrap_or_else(|_| default.to_owned());
    Ok(match kind {
        "slack" => ChannelKind::Slack {
            url: Source::parse(place)?.read()?,
        },
        "teams" => ChannelKind::Teams {
            url: Source::parse(place)?.read()?,
        },
        "webhook" => ChannelKind::Webhook {
            url: Secret::new(place.as_bytes()),
            key: variable("LEAKWARD_WEBHOOK_KEY")
                .context("messages to a webhook are signed; put the key there")?,
        },
        "mail" => ChannelKind::Mail(mail(place)?),
        "github-issue" => ChannelKind::GithubIssue {
            api: or("GITHUB_API_URL", "https://api.github.com"),
            repository: place.to_owned(),
            token: variable("GITHUB_TOKEN")?,
        },
        "gitlab-issue" => ChannelKind::GitlabIssue {
            api: or("CI_API_V4_URL", "https://gitlab.com/api/v4"),
            project: place.to_owned(),
            token: variable("GITLAB_TOKEN")?,
        },
        _ => bail!("there are slack, teams, webhook, mail, github-issue and gitlab-issue"),
    })
}

/// The login is in LEAKWARD_SMTP_USER and LEAKWARD_SMTP_PASSWORD.
fn mail(place: &str) -> anyhow::Result<MailServer> {
    let login = match std::env::var("LEAKWARD_SMTP_USER") {
        Ok(user) => {
            let password = Source::Variable("LEAKWARD_SMTP_PASSWORD".to_owned()).read()?;
            Some((user, password))
        }
        Err(_) => None,
    };
    Ok(MailServer::of_url(place, login)?)
}
