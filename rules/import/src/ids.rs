//! Which of our rules stand for which of gitleaks' built-in ones, so that a configuration that switches one off, changes it or names it in an
//! allow list has its effect.
//!
//! Ids that are the same in both are not listed. Held to the rule pack by a test.

use leakward_core::Rule;

/// gitleaks' id, and ours.
#[rustfmt::skip]
const GITLEAKS: &[(&str, &[&str])] = &[
    ("1password-secret-key", &["onepassword-secret-key"]),
    ("1password-service-account-token", &["onepassword-service-account-token"]),
    ("adafruit-api-key", &["adafruit-io-key"]),
    ("age-secret-key", &["age-identity", "age-identity-post-quantum"]),
    ("airtable-api-key", &["airtable-api-key-legacy"]),
    ("airtable-personnal-access-token", &["airtable-pat"]),
    ("algolia-api-key", &["algolia-admin-key"]),
    ("alibaba-secret-key", &["alibaba-access-key-secret"]),
    ("anthropic-admin-api-key", &["anthropic-admin-key"]),
    ("artifactory-reference-token", &["jfrog-reference-token"]),
    ("aws-access-token", &["aws-access-key-id", "aws-temporary-access-key-id", "aws-other-bearer-ids", "aws-secret-access-key", "aws-secret-access-key-near-id", "aws-secret-access-key-after-id", "aws-session-token"]),
    ("aws-amazon-bedrock-api-key-long-lived", &["aws-bedrock-api-key-long-term"]),
    ("aws-amazon-bedrock-api-key-short-lived", &["aws-bedrock-api-key-short-term"]),
    ("azure-ad-client-secret", &["azure-entra-client-secret", "azure-entra-client-secret-legacy"]),
    ("beamer-api-token", &["beamer-api-key"]),
    ("bitbucket-client-secret", &["bitbucket-oauth-secret"]),
    ("clickhouse-cloud-api-secret-key", &["clickhouse-cloud-key-secret"]),
    ("clojars-api-token", &["clojars-token"]),
    ("cloudflare-api-key", &["cloudflare-user-api-token", "cloudflare-account-api-token", "cloudflare-api-token-legacy"]),
    ("cloudflare-global-api-key", &["cloudflare-global-api-key", "cloudflare-global-api-key-legacy"]),
    ("codecov-access-token", &["codecov-token"]),
    ("cohere-api-token", &["cohere-api-key"]),
    ("coinbase-access-token", &["coinbase-cdp-key", "coinbase-api-secret"]),
    ("confluent-access-token", &["confluent-cloud-api-secret"]),
    ("confluent-secret-key", &["confluent-cloud-api-secret"]),
    ("contentful-delivery-api-token", &["contentful-management-token"]),
    ("curl-auth-header", &["authorization-header"]),
    ("curl-auth-user", &["curl-user-option"]),
    ("databricks-api-token", &["databricks-pat"]),
    ("datadog-access-token", &["datadog-api-key", "datadog-app-key"]),
    ("defined-networking-api-token", &["defined-networking-token"]),
    ("digitalocean-access-token", &["digitalocean-oauth-token"]),
    ("discord-api-token", &["discord-bot-token"]),
    ("doppler-api-token", &["doppler-personal-token", "doppler-service-token", "doppler-other-tokens"]),
    ("droneci-access-token", &["droneci-token"]),
    ("dropbox-api-token", &["dropbox-app-secret"]),
    ("dropbox-long-lived-api-token", &["dropbox-long-lived-token"]),
    ("dropbox-short-lived-api-token", &["dropbox-short-lived-token", "dropbox-short-lived-token-u"]),
    ("duffel-api-token", &["duffel-access-token"]),
    ("easypost-api-token", &["easypost-api-key"]),
    ("easypost-test-api-token", &["easypost-api-key"]),
    ("etsy-access-token", &["etsy-open-api-key"]),
    ("facebook-page-access-token", &["facebook-access-token"]),
    ("facebook-secret", &["facebook-app-secret"]),
    ("finnhub-access-token", &["finnhub-api-key"]),
    ("flickr-access-token", &["flickr-api-key"]),
    ("flyio-access-token", &["flyio-token"]),
    ("frameio-api-token", &["frameio-token"]),
    ("freshbooks-access-token", &["freshbooks-api-key"]),
    ("gcp-api-key", &["google-api-key"]),
    ("generic-api-key", &["generic-password", "generic-secret", "generic-token", "generic-api-key"]),
    ("github-app-token", &["github-app-user-token", "github-app-installation-token", "github-app-installation-token-jwt"]),
    ("github-fine-grained-pat", &["github-pat-fine-grained"]),
    ("github-oauth", &["github-oauth-token"]),
    ("github-pat", &["github-pat-classic"]),
    ("github-refresh-token", &["github-app-refresh-token"]),
    ("gitlab-cicd-job-token", &["gitlab-ci-job-token"]),
    ("gitlab-feature-flag-client-token", &["gitlab-feature-flags-client-token"]),
    ("gitlab-kubernetes-agent-token", &["gitlab-agent-token"]),
    ("gitlab-oauth-app-secret", &["gitlab-oauth-application-secret"]),
    ("gitlab-ptt", &["gitlab-pipeline-trigger-token"]),
    ("gitlab-rrt", &["gitlab-runner-registration-token"]),
    ("gitlab-runner-authentication-token", &["gitlab-runner-token"]),
    ("gitlab-runner-authentication-token-routable", &["gitlab-runner-token-routable"]),
    ("gocardless-api-token", &["gocardless-access-token"]),
    ("grafana-api-key", &["grafana-api-key-legacy"]),
    ("grafana-cloud-api-token", &["grafana-cloud-token"]),
    ("hashicorp-tf-api-token", &["terraform-cloud-token"]),
    ("heroku-api-key", &["heroku-api-key-legacy"]),
    ("heroku-api-key-v2", &["heroku-api-key"]),
    ("hubspot-api-key", &["hubspot-api-key-legacy", "hubspot-private-app-token"]),
    ("huggingface-access-token", &["huggingface-user-token"]),
    ("huggingface-organization-api-token", &["huggingface-org-token"]),
    ("intercom-api-key", &["intercom-access-token"]),
    ("jfrog-api-key", &["artifactory-api-key"]),
    ("jfrog-identity-token", &["jfrog-access-token"]),
    ("jwt", &["generic-jwt"]),
    ("jwt-base64", &["generic-jwt"]),
    ("kraken-access-token", &["kraken-api-key"]),
    ("kucoin-access-token", &["kucoin-api-secret"]),
    ("kucoin-secret-key", &["kucoin-api-secret"]),
    ("launchdarkly-access-token", &["launchdarkly-api-token", "launchdarkly-sdk-key"]),
    ("mailgun-private-api-token", &["mailgun-private-api-key", "mailgun-api-key-new"]),
    ("mapbox-api-token", &["mapbox-secret-token"]),
    ("mattermost-access-token", &["mattermost-token"]),
    ("messagebird-api-token", &["messagebird-access-key"]),
    ("netlify-access-token", &["netlify-pat", "netlify-token-legacy"]),
    ("new-relic-browser-api-token", &["newrelic-browser-key"]),
    ("new-relic-insert-key", &["newrelic-insights-insert-key"]),
    ("new-relic-user-api-key", &["newrelic-user-key"]),
    ("notion-api-token", &["notion-integration-token", "notion-token-legacy"]),
    ("okta-access-token", &["okta-api-token", "okta-api-token-header"]),
    ("openai-api-key", &["openai-api-key-project", "openai-api-key-service-account", "openai-admin-key", "openai-api-key-legacy"]),
    ("plaid-api-token", &["plaid-access-token"]),
    ("plaid-secret-key", &["plaid-secret"]),
    ("planetscale-api-token", &["planetscale-service-token"]),
    ("postman-api-token", &["postman-api-key"]),
    ("prefect-api-token", &["prefect-api-key"]),
    ("private-key", &["private-key-pkcs1-rsa", "private-key-pkcs8", "private-key-pkcs8-encrypted", "private-key-ec", "private-key-dsa", "private-key-openssh", "private-key-putty-ppk", "private-key-ssh2", "private-key-pgp", "private-key-other", "private-key-base64-pem"]),
    ("pulumi-api-token", &["pulumi-access-token"]),
    ("pypi-upload-token", &["pypi-api-token"]),
    ("rapidapi-access-token", &["rapidapi-api-key"]),
    ("readme-api-token", &["readme-api-key"]),
    ("rubygems-api-token", &["rubygems-api-key"]),
    ("sendbird-access-token", &["sendbird-api-key"]),
    ("sendgrid-api-token", &["sendgrid-api-key"]),
    ("sendinblue-api-token", &["brevo-api-key"]),
    ("sentry-access-token", &["sentry-auth-token-legacy"]),
    ("sentry-org-token", &["sentry-org-auth-token"]),
    ("sentry-user-token", &["sentry-user-auth-token"]),
    ("shopify-custom-access-token", &["shopify-custom-app-token"]),
    ("shopify-private-app-access-token", &["shopify-private-app-password"]),
    ("shopify-shared-secret", &["shopify-app-secret"]),
    ("sidekiq-secret", &["sidekiq-contribsys-credentials"]),
    ("sidekiq-sensitive-url", &["sidekiq-contribsys-url"]),
    ("slack-app-token", &["slack-app-level-token"]),
    ("slack-legacy-bot-token", &["slack-bot-token"]),
    ("slack-legacy-workspace-token", &["slack-legacy-token"]),
    ("slack-webhook-url", &["slack-incoming-webhook", "slack-workflow-webhook"]),
    ("sonar-api-token", &["sonarqube-token", "sonarcloud-token", "sonar-token-legacy"]),
    ("squarespace-access-token", &["squarespace-api-key"]),
    ("stripe-access-token", &["stripe-secret-key", "stripe-restricted-key", "stripe-test-secret-key", "stripe-organization-key"]),
    ("sumologic-access-token", &["sumologic-access-key"]),
    ("telegram-bot-api-token", &["telegram-bot-token"]),
    ("travisci-access-token", &["travisci-token"]),
    ("twilio-api-key", &["twilio-api-key-secret"]),
    ("twitch-api-token", &["twitch-client-secret"]),
    ("twitter-access-secret", &["twitter-access-token-secret"]),
    ("twitter-api-secret", &["twitter-consumer-secret"]),
    ("twitter-bearer-token", &["twitter-bearer-token", "twitter-bearer-token-named"]),
    ("typeform-api-token", &["typeform-token"]),
    ("yandex-access-token", &["yandex-iam-token", "yandex-iam-token-named"]),
    ("yandex-aws-access-token", &["yandex-static-access-key"]),
    ("zendesk-secret-key", &["zendesk-api-token"]),
];

/// The ids of ours that stand for a built-in rule of gitleaks; none when it has another name for none of ours.
#[must_use]
pub fn of_gitleaks(id: &str) -> &'static [&'static str] {
    GITLEAKS
        .binary_search_by_key(&id, |(theirs, _)| *theirs)
        .ok()
        .and_then(|at| GITLEAKS.get(at))
        .map_or(&[], |(_, ours)| *ours)
}

/// The ids among `built_in` that an id stands for: gitleaks' own, or ours.
pub(crate) fn of<'r>(id: &str, built_in: &'r [Rule]) -> Vec<&'r str> {
    let named = of_gitleaks(id);
    built_in
        .iter()
        .map(|rule| rule.id.as_str())
        .filter(|ours| {
            if named.is_empty() {
                *ours == id
            } else {
                named.contains(ours)
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_id_is_one_of_the_rule_pack() {
        let rules = leakward_rules::built_in();
        for (theirs, ours) in GITLEAKS {
            for id in *ours {
                assert!(
                    rules.iter().any(|rule| rule.id.as_str() == *id),
                    "{theirs}: {id}"
                );
            }
        }
    }

    #[test]
    fn the_list_is_sorted() {
        assert!(GITLEAKS.is_sorted_by_key(|(theirs, _)| *theirs));
    }
}
