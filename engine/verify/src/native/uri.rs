//! Connection URIs: `postgresql://user:password@host:5432/database?sslmode=require`.
//!
//! No `Debug`: it holds the password.

use percent_encoding::percent_decode_str;
use zeroize::Zeroizing;

/// A connection URI, its parts decoded.
#[derive(Clone)]
pub(crate) struct Uri {
    pub(crate) scheme: String,
    pub(crate) user: String,
    pub(crate) password: Zeroizing<String>,
    pub(crate) host: String,
    pub(crate) port: Option<u16>,
    /// Without the leading slash.
    pub(crate) path: String,
    pub(crate) parameters: Vec<(String, String)>,
}

impl Uri {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (scheme, rest) = text.trim().split_once("://")?;
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let at = rest.rfind('@');
        let (login, rest) = match at {
            Some(at) => (rest.get(..at)?, rest.get(at + 1..)?),
            None => ("", rest),
        };
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        // Of several hosts the first is asked.
        let (host, port) = host_and_port(authority.split(',').next()?)?;
        let (user, password) = login.split_once(':').unwrap_or((login, ""));
        Some(Self {
            scheme: scheme.to_ascii_lowercase(),
            user: decoded(user),
            password: Zeroizing::new(decoded(password)),
            host,
            port,
            path: decoded(path),
            parameters: query
                .split('&')
                .filter_map(|pair| pair.split_once('='))
                .map(|(name, value)| (name.to_owned(), decoded(value)))
                .collect(),
        })
    }

    /// `host`, `host:port` or a whole URI.
    pub(crate) fn of_host(text: &str) -> Option<Self> {
        Self::parse(text).or_else(|| Self::parse(&format!("default://{text}")))
    }

    /// The URI of which a password is a part.
    pub(crate) fn around(before: &str, password: &str, after: &str) -> Option<Self> {
        let is_end = |character: char| {
            character.is_whitespace()
                || matches!(
                    character,
                    '"' | '\'' | '`' | '<' | '>' | '|' | ')' | ']' | '}' | '\\'
                )
        };
        let start = before.rfind(is_end).map_or(0, |at| {
            at + before
                .get(at..)
                .and_then(|tail| tail.chars().next())
                .map_or(1, char::len_utf8)
        });
        let end = after.find(is_end).unwrap_or(after.len());
        let head = before.get(start..)?;
        // `DATABASE_URL=postgres://…`: the scheme is the word before `://`.
        let scheme_end = head.rfind("://")?;
        let scheme_start = head
            .get(..scheme_end)?
            .rfind(|character: char| {
                !(character.is_ascii_alphanumeric() || "+.-".contains(character))
            })
            .map_or(0, |at| at + 1);
        let text = Zeroizing::new(format!(
            "{}{password}{}",
            head.get(scheme_start..)?,
            after.get(..end)?.trim_end_matches([',', ';', '.'])
        ));
        Self::parse(&text)
    }

    /// With a password as it stands in a URI, percent-encoded.
    pub(crate) fn with_password(mut self, password: &str) -> Self {
        // The credential can be the whole URI, which has its password already.
        if !password.contains("://") {
            self.password = Zeroizing::new(decoded(password));
        }
        self
    }

    /// With a password as it is.
    pub(crate) fn with_plain_password(mut self, password: &str) -> Self {
        self.password = Zeroizing::new(password.to_owned());
        self
    }

    pub(crate) fn with_user(mut self, user: Option<&str>) -> Self {
        if let Some(user) = user {
            user.clone_into(&mut self.user);
        }
        self
    }

    /// The whole, its parts encoded.
    pub(crate) fn text(&self) -> Zeroizing<String> {
        let encoded =
            |text: &str| percent_encoding::utf8_percent_encode(text, crate::fill::KEPT).to_string();
        let mut text = Zeroizing::new(format!("{}://", self.scheme));
        if !self.user.is_empty() || !self.password.is_empty() {
            text.push_str(&format!(
                "{}:{}@",
                encoded(&self.user),
                encoded(&self.password)
            ));
        }
        text.push_str(&self.host);
        if let Some(port) = self.port {
            text.push_str(&format!(":{port}"));
        }
        if !self.path.is_empty() {
            text.push_str(&format!("/{}", encoded(&self.path).replace("%2F", "/")));
        }
        for (at, (name, value)) in self.parameters.iter().enumerate() {
            let mark = if at == 0 { '?' } else { '&' };
            text.push_str(&format!("{mark}{name}={}", encoded(value)));
        }
        text
    }

    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

fn host_and_port(authority: &str) -> Option<(String, Option<u16>)> {
    let bare = authority.rfind(']').map_or(0, |end| end + 1);
    let (host, port) = match authority.get(bare..)?.split_once(':') {
        Some((name, port)) => (
            authority.get(..bare + name.len())?,
            Some(port.parse().ok()?),
        ),
        None => (authority, None),
    };
    let is_host = !host.is_empty()
        && host
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-._:[]".contains(&b));
    is_host.then(|| (host.to_ascii_lowercase(), port))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(uri: Option<Uri>) -> Option<String> {
        uri.map(|uri| {
            let port = uri.port.map(|port| port.to_string()).unwrap_or_default();
            format!(
                "{}|{}|{}|{}|{port}|{}",
                uri.scheme, uri.user, &*uri.password, uri.host, uri.path
            )
        })
    }

    #[test]
    fn the_parts_of_a_uri_are_read_and_decoded() {
        for (text, expected) in [
            (
                concat!("postgres://u:", "p%40w@h:5432/db?sslmode=require"),
                "postgres|u|p@w|h|5432|db",
            ),
            (concat!("redis://:", "pw@h"), "redis||pw|h||"),
            (
                concat!("amqp://u:", "p@[::1]:5672/%2f"),
                "amqp|u|p|[::1]|5672|/",
            ),
            (
                concat!("mongodb://u:", "p@a:1,b:2/db"),
                "mongodb|u|p|a|1|db",
            ),
        ] {
            assert_eq!(shown(Uri::parse(text)).as_deref(), Some(expected));
        }
        assert!(Uri::parse("no uri").is_none());
        assert!(Uri::parse("x://a b").is_none());
    }

    #[test]
    fn the_uri_around_a_password_is_found() {
        let around = Uri::around(
            "export DB=\"postgres://app:",
            "pw",
            "@db.corp:6432/orders\" # x",
        );
        assert_eq!(
            shown(around).as_deref(),
            Some("postgres|app|pw|db.corp|6432|orders")
        );
        assert!(Uri::around("password: ", "pw", "\n").is_none());
    }
}
