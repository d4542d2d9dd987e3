//! What differs between PostgreSQL and MySQL or MariaDB where users are concerned.

use leakward_verify::database::{
    Dialect as Session, Escapes, SqlError, SqlSession, quoted, quoted_name,
};

/// Which server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// PostgreSQL.
    Postgresql,
    /// MySQL and MariaDB.
    Mysql,
}

impl Dialect {
    /// The name in rules.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Postgresql => "postgresql",
            Self::Mysql => "mysql",
        }
    }

    /// The identity of the operator.
    pub(super) fn admin(self) -> &'static str {
        match self {
            Self::Postgresql => "postgresql-admin",
            Self::Mysql => "mysql-admin",
        }
    }

    pub(super) fn session(self) -> Session {
        match self {
            Self::Postgresql => Session::Postgresql,
            Self::Mysql => Session::Mysql,
        }
    }

    /// A name as it stands in a statement.
    pub(super) fn name_in_sql(self, name: &str) -> String {
        match self {
            Self::Postgresql => quoted_name(name),
            Self::Mysql => quoted(name, Escapes::Backslash),
        }
    }

    /// A value as it stands in a statement.
    pub(super) fn value_in_sql(self, value: &str) -> String {
        match self {
            Self::Postgresql => quoted(value, Escapes::None),
            Self::Mysql => quoted(value, Escapes::Backslash),
        }
    }

    /// How a user stands: none where there is no such user.
    pub(super) fn may_log_in(
        self,
        session: &mut SqlSession<'_>,
        user: &str,
    ) -> Result<Option<bool>, SqlError> {
        let name = self.value_in_sql(user);
        let statement = match self {
            Self::Postgresql => {
                format!("SELECT rolcanlogin FROM pg_catalog.pg_roles WHERE rolname = {name}")
            }
            // A locked account is told in words that both servers write.
            Self::Mysql => format!("SELECT Host FROM mysql.user WHERE User = {name}"),
        };
        let rows = session.query(&statement)?;
        let first = rows
            .into_iter()
            .next()
            .and_then(|row| row.into_iter().next())
            .flatten();
        match (self, first) {
            (_, None) => Ok(None),
            (Self::Postgresql, Some(flag)) => Ok(Some(flag == "t")),
            (Self::Mysql, Some(host)) => {
                let shown = format!("SHOW CREATE USER {name}@{}", self.value_in_sql(&host));
                let rows = session.query(&shown)?;
                let text = rows
                    .into_iter()
                    .flatten()
                    .flatten()
                    .next()
                    .unwrap_or_default();
                Ok(Some(!text.contains("ACCOUNT LOCK")))
            }
        }
    }

    /// The machines that a MySQL user may come from; one entry without a name for PostgreSQL.
    pub(super) fn hosts(
        self,
        session: &mut SqlSession<'_>,
        user: &str,
    ) -> Result<Vec<String>, SqlError> {
        if self == Self::Postgresql {
            return Ok(vec![String::new()]);
        }
        let statement = format!(
            "SELECT Host FROM mysql.user WHERE User = {}",
            self.value_in_sql(user)
        );
        let rows = session.query(&statement)?;
        Ok(rows.into_iter().flatten().flatten().collect())
    }

    /// A user as a statement about it names it.
    pub(super) fn account(self, user: &str, host: &str) -> String {
        match self {
            Self::Postgresql => self.name_in_sql(user),
            Self::Mysql => format!("{}@{}", self.name_in_sql(user), self.value_in_sql(host)),
        }
    }

    /// Statements that make `new` able to do what `old` can, with this password. Again, they change nothing more.
    pub(super) fn successor(
        self,
        session: &mut SqlSession<'_>,
        (old, base): (&str, &str),
        new: &str,
        password: &str,
    ) -> Result<Vec<String>, SqlError> {
        let password = self.value_in_sql(password);
        match self {
            Self::Postgresql => {
                let account = self.name_in_sql(new);
                let mut statements = Vec::new();
                if self.may_log_in(session, new)?.is_none() {
                    statements.push(format!("CREATE ROLE {account} NOLOGIN"));
                }
                // Owner of everything stays the one role that the pair stands for, so that both see the same.
                if new != base {
                    let base = self.name_in_sql(base);
                    statements.push(format!("GRANT {base} TO {account}"));
                    statements.push(format!("ALTER ROLE {account} SET role = {base}"));
                }
                statements.push(format!("ALTER ROLE {account} LOGIN PASSWORD {password}"));
                Ok(statements)
            }
            Self::Mysql => {
                let mut statements = Vec::new();
                for host in self.hosts(session, old)? {
                    let (from, to) = (self.account(old, &host), self.account(new, &host));
                    statements.push(format!(
                        "CREATE USER IF NOT EXISTS {to} IDENTIFIED BY {password}"
                    ));
                    statements.push(format!("ALTER USER {to} IDENTIFIED BY {password}"));
                    statements.push(format!("ALTER USER {to} ACCOUNT UNLOCK"));
                    for row in session.query(&format!("SHOW GRANTS FOR {from}"))? {
                        if let Some(Some(grant)) = row.into_iter().next() {
                            statements.extend(grant_to(&grant, &to));
                        }
                    }
                }
                Ok(statements)
            }
        }
    }

    /// Statements after which nobody logs in as this user, and nobody is logged in.
    pub(super) fn barred(self, user: &str, hosts: &[String]) -> Vec<String> {
        match self {
            Self::Postgresql => {
                let (account, value) = (self.name_in_sql(user), self.value_in_sql(user));
                vec![
                    format!("ALTER ROLE {account} NOLOGIN"),
                    format!(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = {value} AND pid <> pg_backend_pid()"
                    ),
                ]
            }
            Self::Mysql => hosts
                .iter()
                .map(|host| format!("ALTER USER {} ACCOUNT LOCK", self.account(user, host)))
                .collect(),
        }
    }

    /// Statements after which the user logs in again.
    pub(super) fn allowed(self, user: &str, hosts: &[String]) -> Vec<String> {
        match self {
            Self::Postgresql => vec![format!("ALTER ROLE {} LOGIN", self.name_in_sql(user))],
            Self::Mysql => hosts
                .iter()
                .map(|host| format!("ALTER USER {} ACCOUNT UNLOCK", self.account(user, host)))
                .collect(),
        }
    }

    /// Sessions of a user that are to be ended one by one; PostgreSQL ends them by a statement of [`Dialect::barred`].
    pub(super) fn sessions(
        self,
        session: &mut SqlSession<'_>,
        user: &str,
    ) -> Result<Vec<String>, SqlError> {
        if self == Self::Postgresql {
            return Ok(Vec::new());
        }
        let statement = format!(
            "SELECT ID FROM information_schema.PROCESSLIST WHERE USER = {} AND ID <> CONNECTION_ID()",
            self.value_in_sql(user)
        );
        let rows = session.query(&statement)?;
        Ok(rows
            .into_iter()
            .flatten()
            .flatten()
            .filter(|id| id.bytes().all(|byte| byte.is_ascii_digit()))
            .map(|id| format!("KILL {id}"))
            .collect())
    }

    /// The statement that replaces a user's password at once.
    pub(super) fn replaced(self, account: &str, password: &str) -> String {
        let password = self.value_in_sql(password);
        match self {
            Self::Postgresql => format!("ALTER ROLE {account} PASSWORD {password}"),
            Self::Mysql => format!("ALTER USER {account} IDENTIFIED BY {password}"),
        }
    }
}

/// Two passwords of one MySQL user, from version 8.0.14 on (MariaDB has no such thing):
/// <https://dev.mysql.com/doc/refman/8.4/en/password-management.html#dual-passwords>.
pub(super) mod two_passwords {
    use super::{Dialect, SqlError, SqlSession};

    /// Statements after which the new password works beside the one that is there. INVARIANT: not to be run again with the same
    /// password, because then the one that is kept is the new one.
    pub(in super::super) fn added(user: &str, hosts: &[String], password: &str) -> Vec<String> {
        let password = Dialect::Mysql.value_in_sql(password);
        let account = |host: &String| Dialect::Mysql.account(user, host);
        hosts
            .iter()
            .map(|host| {
                format!(
                    "ALTER USER {} IDENTIFIED BY {password} RETAIN CURRENT PASSWORD",
                    account(host)
                )
            })
            .collect()
    }

    /// Statements after which only the newer one works.
    pub(in super::super) fn older_gone(user: &str, hosts: &[String]) -> Vec<String> {
        let account = |host: &String| Dialect::Mysql.account(user, host);
        hosts
            .iter()
            .map(|host| format!("ALTER USER {} DISCARD OLD PASSWORD", account(host)))
            .collect()
    }

    /// Statements after which only this one works.
    pub(in super::super) fn only(user: &str, hosts: &[String], password: &str) -> Vec<String> {
        let account = |host: &String| Dialect::Mysql.account(user, host);
        let replaced = hosts
            .iter()
            .map(|host| Dialect::Mysql.replaced(&account(host), password));
        replaced.chain(older_gone(user, hosts)).collect()
    }

    /// Whether the user has two.
    pub(in super::super) fn are_there(
        session: &mut SqlSession<'_>,
        user: &str,
    ) -> Result<bool, SqlError> {
        let name = Dialect::Mysql.value_in_sql(user);
        let statement = format!(
            "SELECT COUNT(*) FROM mysql.user WHERE User = {name} AND \
             JSON_EXTRACT(User_attributes, '$.additional_password') IS NOT NULL"
        );
        let rows = session.query(&statement)?;
        let count = rows.into_iter().flatten().flatten().next();
        Ok(count.is_some_and(|count| count != "0"))
    }
}

/// The same grant for another user: what stands behind `TO` is replaced, and a password's hash is left out.
fn grant_to(grant: &str, account: &str) -> Option<String> {
    let (what, rest) = grant.rsplit_once(" TO ")?;
    let is_option = rest.contains("WITH GRANT OPTION");
    let option = if is_option { " WITH GRANT OPTION" } else { "" };
    what.starts_with("GRANT ")
        .then(|| format!("{what} TO {account}{option}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grant_is_given_to_another_user_without_its_hash() {
        let grant = "GRANT USAGE ON *.* TO `app`@`%` IDENTIFIED BY PASSWORD '*AB'";
        assert_eq!(
            grant_to(grant, "'app_b'@'%'").as_deref(),
            Some("GRANT USAGE ON *.* TO 'app_b'@'%'")
        );
        let grant = "GRANT ALL PRIVILEGES ON `shop`.* TO `app`@`%` WITH GRANT OPTION";
        assert_eq!(
            grant_to(grant, "x").as_deref(),
            Some("GRANT ALL PRIVILEGES ON `shop`.* TO x WITH GRANT OPTION")
        );
        assert_eq!(grant_to("SET DEFAULT ROLE r FOR `app`@`%`", "x"), None);
    }

    #[test]
    fn two_passwords_are_written_as_the_manual_says() {
        let hosts = ["%".to_owned(), "10.0.0.%".to_owned()];
        assert_eq!(
            two_passwords::added("app", &hosts, "n'ew"),
            [
                "ALTER USER 'app'@'%' IDENTIFIED BY 'n''ew' RETAIN CURRENT PASSWORD",
                "ALTER USER 'app'@'10.0.0.%' IDENTIFIED BY 'n''ew' RETAIN CURRENT PASSWORD",
            ]
        );
        let one = &hosts[..1];
        assert_eq!(
            two_passwords::older_gone("app", one),
            ["ALTER USER 'app'@'%' DISCARD OLD PASSWORD"]
        );
        assert_eq!(
            two_passwords::only("app", one, "old"),
            [
                "ALTER USER 'app'@'%' IDENTIFIED BY 'old'",
                "ALTER USER 'app'@'%' DISCARD OLD PASSWORD",
            ]
        );
    }

    #[test]
    fn a_name_with_quotes_stays_a_name() {
        let name = "a\"'; DROP TABLE x; --";
        assert_eq!(
            Dialect::Postgresql.account(name, ""),
            "\"a\"\"'; DROP TABLE x; --\""
        );
        assert_eq!(
            Dialect::Mysql.account(name, "%"),
            "'a\"''; DROP TABLE x; --'@'%'"
        );
    }
}
