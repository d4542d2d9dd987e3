//! Command lines that print a credential, because that is what they are for: `gh auth token`, `vault kv get`.
//!
//! One line of [`PRINTERS`] each. Commands that list names, or that only print what is no secret, are none.

use super::command_line::Word;

/// A command that prints credentials.
struct Printer {
    program: &'static str,
    /// Words that follow the program in this order, options left out.
    words: &'static [&'static str],
    /// What one of the other words must begin with, if anything.
    with: &'static [&'static str],
}

const fn printer(
    program: &'static str,
    words: &'static [&'static str],
    with: &'static [&'static str],
) -> Printer {
    Printer {
        program,
        words,
        with,
    }
}

/// Forms of output in which kubectl shows what is in a secret.
const OUTPUTS: &[&str] = &[
    "yaml",
    "json",
    "go-template",
    "custom-columns",
    "-oyaml",
    "-ojson",
    "-ogo-template",
    "-o=yaml",
    "-o=json",
    "-o=go-template",
    "--output=yaml",
    "--output=json",
    "--output=go-template",
    "--template",
];

const PRINTERS: &[Printer] = &[
    printer("gh", &["auth", "token"], &[]),
    printer("gh", &["auth", "status"], &["--show-token", "-t"]),
    printer("glab", &["auth", "status"], &["--show-token", "-t"]),
    printer("aws", &["secretsmanager", "get-secret-value"], &[]),
    printer("aws", &["secretsmanager", "batch-get-secret-value"], &[]),
    printer("aws", &["ssm", "get-parameter"], &["--with-decryption"]),
    printer("aws", &["ssm", "get-parameters"], &["--with-decryption"]),
    printer(
        "aws",
        &["ssm", "get-parameters-by-path"],
        &["--with-decryption"],
    ),
    printer("aws", &["configure", "export-credentials"], &[]),
    printer(
        "aws",
        &["configure", "get"],
        &["aws_secret_access_key", "aws_session_token"],
    ),
    printer("aws", &["sts", "get-session-token"], &[]),
    printer("aws", &["sts", "assume-role"], &[]),
    printer("aws", &["sts", "assume-role-with-web-identity"], &[]),
    printer("aws", &["sts", "assume-role-with-saml"], &[]),
    printer("aws", &["sts", "get-federation-token"], &[]),
    printer("aws", &["iam", "create-access-key"], &[]),
    printer("aws", &["rds", "generate-db-auth-token"], &[]),
    printer("aws", &["codeartifact", "get-authorization-token"], &[]),
    printer("aws", &["cognito-idp", "initiate-auth"], &[]),
    printer("aws", &["ecr", "get-login-password"], &[]),
    printer("aws", &["ecr-public", "get-login-password"], &[]),
    printer("aws", &["ecr", "get-authorization-token"], &[]),
    printer("gcloud", &["secrets", "versions", "access"], &[]),
    printer("gcloud", &["auth", "print-access-token"], &[]),
    printer("gcloud", &["auth", "print-identity-token"], &[]),
    printer(
        "gcloud",
        &["auth", "application-default", "print-access-token"],
        &[],
    ),
    printer("az", &["keyvault", "secret", "show"], &[]),
    printer("gcloud", &["config", "config-helper"], &[]),
    printer("az", &["account", "get-access-token"], &[]),
    printer("az", &["acr", "credential", "show"], &[]),
    printer("az", &["storage", "account", "keys", "list"], &[]),
    printer("az", &["storage", "account", "show-connection-string"], &[]),
    printer("az", &["cosmosdb", "keys", "list"], &[]),
    printer("az", &["redis", "list-keys"], &[]),
    printer("az", &["ad", "sp", "create-for-rbac"], &[]),
    printer("vault", &["kv", "get"], &[]),
    printer(
        "vault",
        &["read"],
        &["secret/", "kv/", "database/creds", "aws/creds"],
    ),
    printer("vault", &["print", "token"], &[]),
    printer("vault", &["token", "create"], &[]),
    printer("bao", &["token", "create"], &[]),
    printer("bao", &["kv", "get"], &[]),
    printer("kubectl", &["get", "secret"], OUTPUTS),
    printer("kubectl", &["create", "secret"], OUTPUTS),
    printer("oc", &["create", "secret"], OUTPUTS),
    printer("kubectl", &["config", "view"], &["--raw"]),
    printer("kubectl", &["create", "token"], &[]),
    printer("oc", &["get", "secret"], OUTPUTS),
    printer("oc", &["create", "token"], &[]),
    printer("oc", &["whoami"], &["-t", "--show-token"]),
    printer("argocd", &["account", "generate-token"], &[]),
    printer("argocd", &["admin", "initial-password"], &[]),
    printer("terraform", &["output"], &["-raw", "-json"]),
    printer("tofu", &["output"], &["-raw", "-json"]),
    printer("op", &["read"], &[]),
    printer("op", &["item", "get"], &["--reveal"]),
    printer("op", &["inject"], &[]),
    printer("op", &["document", "get"], &[]),
    printer("bw", &["get", "password"], &[]),
    printer("bw", &["get", "item"], &[]),
    printer("bw", &["get", "totp"], &[]),
    printer("bw", &["list", "items"], &[]),
    printer("bw", &["export"], &[]),
    printer("rbw", &["get"], &[]),
    printer("lpass", &["show"], &[]),
    printer(
        "keepassxc-cli",
        &["show"],
        &["-s", "--show-protected", "-a"],
    ),
    printer("pass", &["show"], &[]),
    printer("gopass", &["show"], &[]),
    printer("secret-tool", &["lookup"], &[]),
    printer("security", &["find-generic-password"], &["-w", "-g"]),
    printer("security", &["find-internet-password"], &["-w", "-g"]),
    printer("doppler", &["secrets", "get"], &[]),
    printer("doppler", &["secrets", "download"], &[]),
    printer("infisical", &["secrets", "get"], &[]),
    printer("infisical", &["export"], &[]),
    printer("chamber", &["read"], &[]),
    printer("chamber", &["export"], &[]),
    printer("chamber", &["env"], &[]),
    printer("aws-vault", &["export"], &[]),
    printer("teller", &["env"], &[]),
    printer("teller", &["show"], &[]),
    printer("netlify", &["env:get"], &[]),
    printer("npm", &["config", "get"], &["//", "_auth"]),
    printer("npm", &["token", "create"], &[]),
    printer("cf", &["oauth-token"], &[]),
    printer("ibmcloud", &["iam", "oauth-tokens"], &[]),
    printer("databricks", &["auth", "token"], &[]),
    printer("heroku", &["config"], &[]),
    printer("heroku", &["config:get"], &[]),
    printer("heroku", &["auth:token"], &[]),
    printer("heroku", &["authorizations:create"], &[]),
    printer("fly", &["tokens", "create"], &[]),
    printer("flyctl", &["tokens", "create"], &[]),
    printer("fly", &["auth", "token"], &[]),
    printer("flyctl", &["auth", "token"], &[]),
    printer("sops", &["decrypt"], &[]),
    printer("sops", &[], &["-d", "--decrypt"]),
    printer("ansible-vault", &["view"], &[]),
    printer("gpg", &[], &["-d", "--decrypt"]),
    printer("age", &[], &["-d", "--decrypt"]),
    printer("git", &["credential", "fill"], &[]),
    printer("pulumi", &[], &["--show-secrets"]),
];

/// What to call the command, if it prints credentials.
pub(super) fn name_of(program: &str, arguments: &[Word]) -> Option<String> {
    let texts = || arguments.iter().map(|word| word.text.as_str());
    let is = |printer: &&Printer| {
        let mut words = texts();
        let follows = |wanted: &&str| words.any(|word| is_word(word, wanted));
        let with = |word: &str| printer.with.iter().any(|wanted| word.starts_with(wanted));
        printer.program == program
            && printer.words.iter().all(follows)
            && (printer.with.is_empty() || texts().any(with))
    };
    // Into a file of its own.
    let has_output = |word: &str| matches!(word, "-o" | "--output" | "--output-file");
    if matches!(program, "gpg" | "age" | "sops") && texts().any(has_output) {
        return None;
    }
    let printer = PRINTERS.iter().find(is)?;
    let words: Vec<&str> = std::iter::once(&printer.program)
        .chain(printer.words)
        .copied()
        .collect();
    Some(words.join(" "))
}

/// Kinds of Kubernetes are also written in the plural, and with a name behind them.
fn is_word(word: &str, wanted: &str) -> bool {
    let kind = word.split('/').next().unwrap_or(word);
    word == wanted || (wanted == "secret" && matches!(kind, "secret" | "secrets"))
}

#[cfg(test)]
mod tests {
    use super::super::command_line::CommandLine;
    use super::*;

    #[test]
    fn commands_that_print_credentials_are_known_and_others_are_not_taken_for_them() {
        for (line, expected) in [
            ("gh auth token", Some("gh auth token")),
            ("gh auth status", None),
            ("gh auth status --show-token", Some("gh auth status")),
            ("gh pr view 1", None),
            ("kubectl get secret db -o yaml", Some("kubectl get secret")),
            (
                "kubectl -n x get secrets/db -ojsonpath={.data.a}",
                Some("kubectl get secret"),
            ),
            ("kubectl get secrets", None),
            ("kubectl create secret generic x --from-env-file=.env", None),
            (
                "kubectl create secret generic x --from-env-file=.env --dry-run=client -o yaml",
                Some("kubectl create secret"),
            ),
            ("gpg --decrypt x.gpg", Some("gpg")),
            ("gpg -d -o out x.gpg", None),
            ("age -d -o out x.age", None),
            ("age -d x.age", Some("age")),
            ("terraform output -raw key", Some("terraform output")),
            ("terraform output", None),
            ("npm config get registry", None),
            ("npm config get //x/:_authToken", Some("npm config get")),
            (
                "az acr credential show -n x",
                Some("az acr credential show"),
            ),
            ("sops -d -o out x.yaml", None),
            ("sops --decrypt --output out x.yaml", None),
            ("kubectl get secret db -o name", None),
            ("kubectl get pods -o yaml", None),
            (
                "aws secretsmanager get-secret-value --secret-id x",
                Some("aws secretsmanager get-secret-value"),
            ),
            ("aws --profile p secretsmanager list-secrets", None),
            ("aws ssm get-parameter --name x", None),
            (
                "vault kv get -field=password secret/db",
                Some("vault kv get"),
            ),
            ("vault kv list secret/", None),
            ("vault read sys/health", None),
            ("op read op://vault/item/password", Some("op read")),
            ("op item list", None),
            ("sops -d x.yaml", Some("sops")),
            ("sops -e x.yaml", None),
        ] {
            let words = CommandLine::of(line).commands.remove(0).words;
            let name = name_of(&words[0].text, &words[1..]);
            assert_eq!(name.as_deref(), expected, "{line}");
        }
    }
}
