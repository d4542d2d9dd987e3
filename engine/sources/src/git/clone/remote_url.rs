//! The address of a repository on another machine, taken apart so that what is secret in it stays apart.

use std::fmt;

use leakward_core::Secret;

/// Who we are to the other machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// The user's name.
    pub user: String,
    /// The password or token.
    pub password: Secret,
}

impl Credentials {
    /// A token without a user: the forges take any name beside it, and this is the one they document.
    #[must_use]
    pub fn token(token: &[u8]) -> Self {
        Self {
            user: "x-access-token".to_owned(),
            password: Secret::new(token),
        }
    }
}

/// The address of a repository on another machine. Prints without anything secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteUrl {
    shown: String,
    host: String,
    credentials: Option<Credentials>,
}

/// Why something is not the address of a repository that can be cloned.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// It is no URL, or one without a host.
    #[error("this is not the URL of a repository")]
    NotAUrl,
    /// Its scheme is none that can be cloned from.
    #[error("{scheme}:// cannot be cloned from: use https:// or ssh://")]
    Scheme {
        /// The scheme.
        scheme: String,
    },
    /// It would go over the network unencrypted.
    #[error("{host} would be asked in clear text: use https:// (http:// is only for this machine)")]
    ClearText {
        /// The host.
        host: String,
    },
    /// A password in an ssh URL: ssh itself asks for one or uses a key.
    #[error("the ssh URL for {host} has a password in it, which ssh cannot use: use a key")]
    PasswordForSsh {
        /// The host.
        host: String,
    },
}

/// How the other machine is spoken to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scheme {
    Https,
    Http,
    Ssh,
}

impl RemoteUrl {
    /// Reads `https://…`, `ssh://…`, `user@host:path`, and `http://` for this machine only.
    ///
    /// # Errors
    /// When it is none of these. The error holds nothing of the user part.
    pub fn parse(text: &str) -> Result<Self, UrlError> {
        let Some((scheme, rest)) = text.split_once("://") else {
            return Self::parse_scp(text);
        };
        let scheme = match scheme.to_ascii_lowercase().as_str() {
            "https" => Scheme::Https,
            "http" => Scheme::Http,
            "ssh" | "git+ssh" | "ssh+git" => Scheme::Ssh,
            other
                if other
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte)) =>
            {
                return Err(UrlError::Scheme {
                    scheme: other.to_owned(),
                });
            }
            _ => return Err(UrlError::NotAUrl),
        };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let (user_part, host) = authority
            .rsplit_once('@')
            .map_or((None, authority), |(user, host)| (Some(user), host));
        if !is_host(host) || path.len() < 2 || path.bytes().any(|byte| byte.is_ascii_control()) {
            return Err(UrlError::NotAUrl);
        }
        Self::assemble(
            scheme,
            user_part.filter(|user| !user.is_empty()),
            host,
            path,
        )
    }

    fn assemble(
        scheme: Scheme,
        user_part: Option<&str>,
        host: &str,
        path: &str,
    ) -> Result<Self, UrlError> {
        let name = || host.to_owned();
        if scheme == Scheme::Http && !is_this_machine(host) {
            return Err(UrlError::ClearText { host: name() });
        }
        if scheme == Scheme::Ssh {
            let user = match user_part {
                Some(user) if user.contains(':') => {
                    return Err(UrlError::PasswordForSsh { host: name() });
                }
                Some(user) => format!("{user}@"),
                None => String::new(),
            };
            return Ok(Self {
                shown: format!("ssh://{user}{host}{path}"),
                host: name(),
                credentials: None,
            });
        }
        let credentials = user_part.map(|part| {
            let (user, password) = part.split_once(':').unwrap_or((part, ""));
            if password.is_empty() {
                // `https://TOKEN@host`: all there is, is secret.
                return Credentials::token(&percent_decoded(user));
            }
            Credentials {
                user: String::from_utf8_lossy(&percent_decoded(user)).into_owned(),
                password: Secret::new(&percent_decoded(password)),
            }
        });
        let scheme = if scheme == Scheme::Https {
            "https"
        } else {
            "http"
        };
        Ok(Self {
            shown: format!("{scheme}://{host}{path}"),
            host: name(),
            credentials,
        })
    }

    /// `user@host:path`, as ssh programs write it.
    fn parse_scp(text: &str) -> Result<Self, UrlError> {
        let (authority, path) = text.split_once(':').ok_or(UrlError::NotAUrl)?;
        let (user, host) = authority.rsplit_once('@').ok_or(UrlError::NotAUrl)?;
        let odd = |byte: u8| byte.is_ascii_control() || byte == b'/' || byte == b' ';
        if !is_host(host)
            || path.is_empty()
            || user.is_empty()
            || user.bytes().any(odd)
            || path.bytes().any(|byte| byte.is_ascii_control())
        {
            return Err(UrlError::NotAUrl);
        }
        Ok(Self {
            shown: text.to_owned(),
            host: host.to_owned(),
            credentials: None,
        })
    }

    /// The host, with its port when one was given.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Who we are to the host, when the URL or somebody else said so.
    #[must_use]
    pub fn credentials(&self) -> Option<&Credentials> {
        self.credentials.as_ref()
    }

    /// Says who we are, unless the URL did. Without effect for ssh.
    #[must_use]
    pub fn or_credentials(mut self, credentials: Option<Credentials>) -> Self {
        if self.shown.starts_with("http") {
            self.credentials = self.credentials.or(credentials);
        }
        self
    }

    /// Whether `host` (with its port, when there is one) is the one that the credentials are for.
    pub(super) fn is_for(&self, host: &str) -> bool {
        self.host.eq_ignore_ascii_case(host)
    }
}

impl fmt::Display for RemoteUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

/// Whether it can be a host with an optional port. What begins with a dash would be an option to a program.
fn is_host(host: &str) -> bool {
    !host.is_empty()
        && !host.starts_with('-')
        && host
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte) || byte >= 0x80)
}

fn is_this_machine(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name.eq_ignore_ascii_case("localhost") || name == "127.0.0.1" || name == "::1"
}

/// `%41` as `A`; what is not two hexadecimal digits stays.
fn percent_decoded(text: &str) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        let byte = match (first, tail) {
            (b'%', [high, low, after @ ..]) => {
                let pair = [*high, *low];
                let digits = std::str::from_utf8(&pair)
                    .ok()
                    .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
                digits
                    .and_then(|digits| u8::from_str_radix(digits, 16).ok())
                    .inspect(|_| rest = after)
            }
            _ => None,
        };
        decoded.push(byte.unwrap_or(*first));
    }
    decoded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> RemoteUrl {
        RemoteUrl::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    fn expose(credentials: &Credentials) -> &[u8] {
        #[expect(clippy::disallowed_methods, reason = "a test looks at what was parsed")]
        credentials.password.expose()
    }

    #[test]
    fn what_is_secret_in_a_url_is_kept_apart_from_what_is_shown() {
        let url = parse("https://me:p%40ss%zz@Example.com:8443/group/repo.git");
        assert_eq!(url.to_string(), "https://Example.com:8443/group/repo.git");
        assert_eq!(url.host(), "Example.com:8443");
        assert!(url.is_for("example.com:8443") && !url.is_for("example.com"));
        let credentials = url.credentials().unwrap();
        assert_eq!(
            (credentials.user.as_str(), expose(credentials)),
            ("me", &b"p@ss%zz"[..])
        );
        assert!(!format!("{url:?}").contains("p@ss"));
        let token = parse("https://only-a-token@example.com/repo");
        assert_eq!(expose(token.credentials().unwrap()), b"only-a-token");
        assert_eq!(token.to_string(), "https://example.com/repo");
    }

    #[test]
    fn credentials_from_elsewhere_count_only_when_the_url_has_none() {
        let other = Some(Credentials::token(b"other"));
        let url = parse("https://me:own@example.com/repo").or_credentials(other.clone());
        assert_eq!(expose(url.credentials().unwrap()), b"own");
        let url = parse("https://example.com/repo").or_credentials(other.clone());
        assert_eq!(expose(url.credentials().unwrap()), b"other");
        assert!(
            parse("ssh://git@example.com/repo")
                .or_credentials(other)
                .credentials()
                .is_none()
        );
    }

    #[test]
    fn ssh_is_understood_in_both_spellings() {
        assert_eq!(
            parse("ssh://git@example.com:22/group/repo").to_string(),
            "ssh://git@example.com:22/group/repo"
        );
        assert_eq!(
            parse("git@example.com:group/repo.git").to_string(),
            "git@example.com:group/repo.git"
        );
        assert_eq!(
            parse("git@example.com:group/repo.git").host(),
            "example.com"
        );
    }

    #[test]
    fn clear_text_is_for_this_machine_only() {
        for host in ["localhost", "localhost:8080", "127.0.0.1:1", "[::1]:80"] {
            parse(&format!("http://{host}/repo"));
        }
        for host in [
            "example.com",
            "localhost.example.com",
            "127.0.0.1.example.com",
            "[::2]",
        ] {
            assert!(
                matches!(
                    RemoteUrl::parse(&format!("http://{host}/repo")),
                    Err(UrlError::ClearText { .. })
                ),
                "{host}"
            );
        }
    }

    #[test]
    fn what_cannot_be_cloned_is_refused_by_name_and_without_its_user_part() {
        assert_eq!(
            RemoteUrl::parse("git://example.com/repo"),
            Err(UrlError::Scheme {
                scheme: "git".to_owned()
            })
        );
        assert_eq!(RemoteUrl::parse("ext::sh -c x"), Err(UrlError::NotAUrl));
        assert!(matches!(
            RemoteUrl::parse("ssh://me:pw@example.com/repo"),
            Err(UrlError::PasswordForSsh { .. })
        ));
        for text in [
            "",
            "repo",
            "https://",
            "https:///repo",
            "https://example.com",
            "https://-oProxyCommand=x/repo",
            "git@-oProxyCommand=x:repo",
            "ssh://git@-x/repo",
            "https://ex ample.com/x",
            "https://example.com/a\nb",
            "C:\\repo",
        ] {
            assert_eq!(RemoteUrl::parse(text), Err(UrlError::NotAUrl), "{text:?}");
        }
    }
}
