//! Weak passwords: single words, which are real where something is deployed with them, and samples elsewhere.

use super::context::Context;
use super::generic::Assigned;
use super::name_like::is_called_secret;
use crate::detection::Manner;
use crate::native::{is_setting, name_words};
use crate::word_list::WordList;

/// What a setting of a deployment speaks of before its password.
const SERVICES: WordList = WordList::new(
    " db database mysql mariadb postgres postgresql pg pgsql mongo mongodb redis rabbitmq mssql sa oracle sql root \
     admin smtp mail email ldap bind minio grafana keycloak vault keystore truststore jdbc datasource nats mqtt \
     kafka elastic elasticsearch influxdb couchdb neo4j amqp ftp sftp ssh vnc samba superuser ",
);

/// What people put before `password` when they have to write something.
const BEFORE: WordList = WordList::new(" my your some the a any ");

/// LIMIT: shorter words are labels.
const SHORTEST: usize = 4;

/// Whether a word is set for a password where deployments set theirs.
pub(super) fn is_of_a_deployment(assigned: Assigned<'_>, context: &Context) -> bool {
    let value = assigned.value.trim_ascii();
    let is_setting = is_setting(assigned.name);
    // A label begins with a capital; settings without quotes are no labels.
    let may_be_label = assigned.manner == Manner::Quoted || !is_setting;
    let starts_as_label = may_be_label && value.first().is_some_and(u8::is_ascii_uppercase);
    let is_word = value.len() >= SHORTEST && !starts_as_label
        || value.iter().all(u8::is_ascii_uppercase) && value.len() > SHORTEST;
    if !is_word || !value.iter().all(u8::is_ascii_alphabetic) {
        return false;
    }
    if context.is_commented_out() {
        return false;
    }
    let is_set = match assigned.manner {
        Manner::Quoted => names_a_service(assigned.name),
        Manner::Bare => {
            is_setting || names_a_service(assigned.name) || context.stands_beside_a_login()
        }
        _ => is_setting,
    };
    is_set && !says_password(value)
}

/// `mypassword`, `somepass`: it says what should stand there.
pub(super) fn says_password(value: &[u8]) -> bool {
    let lower = value.to_ascii_lowercase();
    BEFORE
        .iter()
        .filter_map(|before| lower.strip_prefix(before))
        .any(is_called_secret)
}

/// `MYSQL_ROOT_PASSWORD`, `mysqlPassword`, `ssl.truststore.password`, not `LABEL_PASSWORD`.
fn names_a_service(name: &[u8]) -> bool {
    name_words(name).iter().any(|word| SERVICES.contains(word))
}

#[cfg(test)]
mod tests {
    use leakward_core::Span;

    use super::*;
    use crate::native::NameKind;

    fn is_deployed(name: &str, value: &str, manner: Manner, around: &str) -> bool {
        let text = format!("{around}\n{name}: {value}\n");
        let start = text.rfind(value).unwrap();
        let assigned = Assigned {
            value: value.as_bytes(),
            name: name.as_bytes(),
            kind: NameKind::Password,
            manner,
        };
        let span = Span::new(start, start + value.len());
        is_of_a_deployment(assigned, &Context::of(text.as_bytes(), span))
    }

    #[test]
    fn words_are_passwords_where_something_is_deployed() {
        for (name, value, manner, around) in [
            ("MYSQL_ROOT_PASSWORD", "firefly", Manner::Quoted, ""),
            ("SMTP_PASSWORD", "firefly", Manner::Bare, ""),
            ("password", "porkchop", Manner::Bare, "user: derek"),
            ("password", "gorm", Manner::Bare, "spring.username=gorm"),
            ("password", "SYSDBA", Manner::Bare, "username: SYSDBA"),
            ("DB_PASSWORD", "Firefly", Manner::Bare, ""),
            ("ssl.truststore.password", "firefly", Manner::Bare, ""),
            ("mysqlPassword", "firefly", Manner::Quoted, ""),
            ("krusader_vnc_password", "firefly", Manner::Quoted, ""),
        ] {
            assert!(is_deployed(name, value, manner, around), "{name}: {value}");
        }
    }

    #[test]
    fn labels_and_samples_are_not() {
        for (name, value, manner, around) in [
            ("LABEL_PASSWORD", "passwort", Manner::Quoted, ""),
            ("database.password", "Database", Manner::Bare, ""),
            ("userPassword", "firefly", Manner::Quoted, ""),
            ("DB_PASSWORD", "mypassword", Manner::Bare, ""),
            ("DB_PASSWORD", "Firefly", Manner::Quoted, ""),
            ("password", "porkchop", Manner::Bare, "title: Login"),
            ("password", "Passwort", Manner::Bare, "username: Benutzer"),
            ("password", "porkchop", Manner::Quoted, "user: derek"),
            ("# DB_PASSWORD", "firefly", Manner::Inside, ""),
        ] {
            assert!(!is_deployed(name, value, manner, around), "{name}: {value}");
        }
    }
}
