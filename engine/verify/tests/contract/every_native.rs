//! Every verifier that is written in Rust has tests against a server: live, dead, and what proves nothing.

use std::collections::BTreeSet;

use leakward_verify::native::names;

/// The verifier, the file of its tests, and one of them.
const TESTED: [(&str, &str, &str); 18] = [
    ("amqp", LOGINS, "rabbitmq_with_a_password"),
    (
        "aws-sts",
        LOGINS,
        "aws_keys_against_a_server_that_checks_signatures",
    ),
    (
        "azure-cosmos",
        SIGNED,
        "a_cosmos_key_is_known_by_its_signature",
    ),
    (
        "azure-sas",
        SIGNED,
        "a_shared_access_signature_of_azure_is_known_by_itself",
    ),
    (
        "azure-service-bus",
        SIGNED,
        "a_service_bus_key_is_known_by_its_signature",
    ),
    (
        "azure-storage-key",
        SIGNED,
        "an_azure_storage_key_is_known_by_its_signature",
    ),
    (
        "gcp-service-account",
        SIGNED,
        "a_google_service_account_s_key_is_known_by_its_assertion",
    ),
    (
        "jwt-signature",
        SIGNED,
        "a_json_web_token_is_known_by_its_issuer_s_keys_and_not_sent",
    ),
    (
        "ldap",
        SERVERS,
        "a_directory_binds_whoever_has_the_password",
    ),
    (
        "mongodb",
        MONGO,
        "a_password_of_mongodb_is_live_where_it_is_proven_and_dead_where_it_is_refused",
    ),
    (
        "mssql",
        SQL_SERVER,
        "a_password_of_sql_server_is_live_where_it_is_let_in_and_dead_where_it_is_not",
    ),
    ("mysql", LOGINS, "mariadb_with_a_password"),
    (
        "offline-only",
        FAILURES,
        "what_the_credential_says_itself_is_not_asked",
    ),
    (
        "postgresql",
        LOGINS,
        "postgresql_with_scram_md5_and_clear_passwords",
    ),
    (
        "private-key",
        KEYS,
        "a_tls_key_is_live_until_its_authority_has_revoked_its_certificate",
    ),
    ("redis", LOGINS, "redis_with_and_without_users"),
    (
        "smtp",
        SERVERS,
        "a_mail_server_lets_in_whoever_has_the_password",
    ),
    (
        "ssh-key",
        KEYS,
        "an_ssh_key_is_live_where_it_is_accepted_and_dead_where_it_is_not",
    ),
];

const LOGINS: &str = include_str!("logins.rs");
const SIGNED: &str = include_str!("signed_keys.rs");
const SERVERS: &str = include_str!("directory_and_mail.rs");
const MONGO: &str = include_str!("mongo.rs");
const SQL_SERVER: &str = include_str!("sql_server.rs");
const FAILURES: &str = include_str!("failures.rs");
const KEYS: &str = include_str!("private_keys.rs");

#[test]
fn every_native_verifier_is_tried_on_a_server() {
    let tested: BTreeSet<&str> = TESTED.iter().map(|(name, ..)| *name).collect();
    let there: BTreeSet<&str> = names().map(|(name, _)| name).collect();
    assert_eq!(tested, there);
    for (name, file, test) in TESTED {
        assert!(
            file.contains(&format!("#[test]\nfn {test}(")),
            "{name}: {test}"
        );
    }
}
