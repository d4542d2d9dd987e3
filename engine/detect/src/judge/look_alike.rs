//! Values that look random and are known to be something else: ids, digests, versions, dates, addresses, paths, data.

use super::traits::Traits;
use crate::byte_set::ByteSet;

/// What a value turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LookAlike {
    /// Why it is no credential, in words.
    pub(crate) reason: &'static str,
    /// Whether a name such as `api_key` can still make it one (UUIDs and hexadecimal digits are used as keys).
    pub(crate) may_be_key: bool,
}

/// What data starts with when it is put into text.
const DATA: &[&[u8]] = &[
    b"iVBORw0KGgo",
    b"/9j/",
    b"R0lGOD",
    b"UklGR",
    b"JVBERi0",
    b"UEsDB",
    b"H4sI",
    b"AAEAAAA",
    b"d09GR",
    b"T2dn",
    b"SUQz",
    b"data:",
    b"ssh-rsa ",
    b"ssh-ed25519 ",
    b"ecdsa-sha2-",
    b"AAAAB3NzaC1",
    b"AAAAC3NzaC1",
    b"AAAAE2VjZHNh",
    b"-----BEGIN CERT",
    b"-----BEGIN PUB",
    b"-----BEGIN PGP PUB",
    b"MIID",
    // Public keys: RSA of 512, 1,024 and 2,048 bits, elliptic curves, Ed25519.
    b"MFwwDQYJKoZIhvcNAQEB",
    b"MIGfMA0GCSqGSIb3DQEB",
    b"MIIBIjANBgkqhkiG",
    b"MFkwEwYHKoZIzj0C",
    b"MHYwEAYHKoZIzj0C",
    b"MCowBQYDK2Vw",
    b"rO0AB",
];

/// What digests and pins start with.
const DIGESTS: &[&[u8]] = &[
    b"sha1-",
    b"sha256-",
    b"sha384-",
    b"sha512-",
    b"sha256:",
    b"sha512:",
    b"SHA256:",
    b"md5:",
    b"h1:",
    b"hmac-sha1:",
    b"hmac-sha256:",
    b"hmac-sha512:",
    b"MD5:",
    b"SHA:",
    b"SHA1:",
    b"sha1:",
];

/// How encodings of text are called, in lower case.
const ENCODINGS: &[&[u8]] = &[
    b"utf-",
    b"utf8",
    b"utf16",
    b"iso-8859-",
    b"iso8859",
    b"latin-",
    b"latin1",
    b"windows-12",
    b"cp125",
    b"us-ascii",
    b"koi8-",
    b"euc-",
    b"shift_jis",
    b"gb18030",
];

/// The name of an encoding: how one begins, and not much behind it.
fn is_encoding(value: &[u8]) -> bool {
    const LONGEST: usize = 14;
    value.len() <= LONGEST
        && ENCODINGS.iter().any(|start| {
            value
                .get(..start.len())
                .is_some_and(|head| head.eq_ignore_ascii_case(start))
        })
}

/// What the value is known to be, when it is something.
pub(crate) fn find(value: &[u8]) -> Option<LookAlike> {
    let drop = |reason| {
        Some(LookAlike {
            reason,
            may_be_key: false,
        })
    };
    if is_encoding(value) {
        return drop("it is the name of an encoding");
    }
    if DIGESTS.iter().any(|start| value.starts_with(start)) {
        return drop("it is a digest");
    }
    if DATA.iter().any(|start| value.starts_with(start)) {
        return drop("it is public or binary data");
    }
    if is_uuid(value) {
        return Some(LookAlike {
            reason: "it is a UUID",
            may_be_key: !is_plain_uuid(value),
        });
    }
    if value
        .iter()
        .all(|byte| byte.is_ascii_digit() || b"+-.,:/ TZ".contains(byte))
        && !value.is_empty()
    {
        return number_like(value);
    }
    if is_address(value) {
        return drop("it is an address");
    }
    if is_path(value) {
        return drop("it is a path");
    }
    let after_colon = value.rsplit(|byte| *byte == b':').next().unwrap_or(value);
    if is_version(value) || (after_colon.len() >= 5 && is_version(after_colon)) {
        return drop("it is a version");
    }
    None
}

/// 8-4-4-4-12 hexadecimal digits.
pub(crate) fn is_uuid(value: &[u8]) -> bool {
    let value = match value {
        [b'{', inner @ .., b'}'] => inner,
        _ => value,
    };
    value.len() == 36
        && value.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// All zeros, all f, or digits in order.
fn is_plain_uuid(value: &[u8]) -> bool {
    let traits = Traits::of(value);
    let node = value.rsplit(|byte| *byte == b'-').next();
    traits.distinct < 8
        || super::sequence::share_of_walks(value) > 0.5
        || node.is_some_and(super::sequence::repeats_a_block)
}

/// Digits and separators: a number, a date, a version. Long digit rows may be passwords (PINs, phone numbers are not).
fn number_like(value: &[u8]) -> Option<LookAlike> {
    let is_digits = value.iter().all(u8::is_ascii_digit);
    Some(LookAlike {
        reason: "it is a number or a date",
        may_be_key: is_digits && value.len() >= 6,
    })
}

/// An e-mail address, a URL without credentials, a host and port, an IP address.
fn is_address(value: &[u8]) -> bool {
    let scheme = memchr::memmem::find(value, b"://");
    if scheme.is_some_and(|at| {
        at > 0
            && value.get(..at).is_some_and(|head| {
                head.iter()
                    .all(|byte| ByteSet::ALNUM.with(b"+-.").contains(*byte))
            })
    }) {
        return true;
    }
    if let Some(at) = memchr::memchr(b'@', value) {
        let (user, host) = value.split_at(at);
        let host = host.get(1..).unwrap_or_default();
        let is_host = host
            .iter()
            .all(|byte| ByteSet::ALNUM.with(b".-").contains(*byte))
            && host.contains(&b'.');
        let ends_in_letters = host
            .rsplit(|byte| *byte == b'.')
            .next()
            .is_some_and(|top| top.len() >= 2 && top.iter().all(u8::is_ascii_alphabetic));
        return !user.is_empty()
            && is_host
            && ends_in_letters
            && user
                .iter()
                .all(|byte| ByteSet::ALNUM.with(b"._%+-").contains(*byte));
    }
    is_host_name(value)
}

/// Labels of words joined by dots, the last of them a top-level domain that is common.
fn is_host_name(value: &[u8]) -> bool {
    const TOPS: &[&[u8]] = &[
        b"com",
        b"org",
        b"net",
        b"io",
        b"dev",
        b"local",
        b"internal",
        b"app",
        b"cloud",
        b"co",
        b"us",
        b"eu",
        b"de",
        b"uk",
        b"ru",
        b"cn",
        b"edu",
        b"gov",
    ];
    let host = value.split(|byte| *byte == b':').next().unwrap_or_default();
    let mut labels = host.split(|byte| *byte == b'.');
    let top = labels.next_back().unwrap_or_default();
    let has_label = labels.clone().next().is_some();
    has_label
        && TOPS.contains(&top)
        && labels.all(|label| {
            !label.is_empty()
                && label
                    .iter()
                    .all(|byte| ByteSet::ALNUM.with(b"-").contains(*byte))
        })
        && Traits::of(host).surprise < 6.0
}

/// How files are called whose names stand where secrets stand.
const SUFFIXES: &[&str] = &[
    ".pem",
    ".key",
    ".crt",
    ".cer",
    ".p12",
    ".pfx",
    ".jks",
    ".txt",
    ".json",
    ".xml",
    ".yml",
    ".yaml",
    ".ini",
    ".cfg",
    ".conf",
    ".properties",
    ".env",
    ".html",
    ".htm",
    ".php",
    ".js",
    ".ts",
    ".py",
    ".rb",
    ".java",
    ".go",
    ".css",
    ".png",
    ".svg",
    ".jpg",
    ".log",
    ".db",
    ".md",
];

/// Several segments of words between slashes, or a file name with a known suffix.
fn is_path(value: &[u8]) -> bool {
    let lower = value.to_ascii_lowercase();
    let has_suffix = SUFFIXES
        .iter()
        .any(|suffix| lower.ends_with(suffix.as_bytes()));
    let starts_as_path = [&b"/"[..], b"./", b"../", b"~/", b"C:\\", b"\\\\"]
        .iter()
        .any(|start| value.starts_with(start));
    let slashes = value.iter().filter(|byte| b"/\\".contains(byte)).count();
    let plain = value
        .iter()
        .all(|byte| ByteSet::ALNUM.with(b"/\\._-~:@ {}*$").contains(*byte));
    // `\2\1word\1\2`: backslashes before single characters are escapes.
    let segments = || value.split(|byte| b"/\\".contains(byte));
    let single = segments().filter(|segment| segment.len() <= 1).count();
    let is_escaped = value.contains(&b'\\') && single * 2 > segments().count();
    let traits = Traits::of(value);
    // `C:\\`, in a program with the backslash escaped.
    let is_drive = matches!(value, [drive, b':', rest @ ..]
        if drive.is_ascii_alphabetic() && rest.iter().all(|byte| b"/\\".contains(byte)));
    // `/tmp`: one folder below the root.
    let is_root = matches!(value, [b'/', rest @ ..]
        if !rest.is_empty() && rest.iter().all(u8::is_ascii_lowercase));
    is_drive
        || is_root
        || plain
            && !is_escaped
            && ((has_suffix && (slashes > 0 || traits.surprise < 6.8))
            || (slashes > 0 && (starts_as_path || slashes > 1) && traits.surprise < 6.0)
            || (slashes > 0 && traits.reads_like_words())
            // The home folder of whoever runs it.
            || value.starts_with(b"~/")
            || (starts_as_path && is_path_of_words(value)))
}

/// `/sonarqube/token`, `/app/`: from the root, segments of letters alone.
fn is_path_of_words(value: &[u8]) -> bool {
    let rest = value.strip_prefix(b"/").unwrap_or_default();
    rest.len() >= 4
        && rest.contains(&b'/')
        && rest.iter().all(|byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"/_-.".contains(byte)
        })
        && rest.iter().filter(|byte| byte.is_ascii_digit()).count() <= 3
}

/// `v1.2.3-beta.4`, `1.2.3+build`, `^1.0`.
fn is_version(value: &[u8]) -> bool {
    let rest = match value {
        [b'v' | b'^' | b'~', rest @ ..] => rest,
        _ => value,
    };
    let number = ByteSet::EMPTY
        .with_range(b'0', b'9')
        .with(b".")
        .run_end(rest, 0, rest.len());
    let dots = rest
        .iter()
        .take(number)
        .filter(|byte| **byte == b'.')
        .count();
    let suffix = rest.get(number..).unwrap_or_default();
    dots >= 1
        && rest.first().is_some_and(u8::is_ascii_digit)
        && (suffix.is_empty()
            || (b"-+".contains(suffix.first().unwrap_or(&b' ')) && suffix.len() <= 16)
            || is_pseudo_version(suffix))
}

/// What Go puts behind the number of a version that has no tag: `-20161001094733-a6f4afe4910c`.
fn is_pseudo_version(suffix: &[u8]) -> bool {
    let mut parts = suffix.rsplit(|byte| b"-.+".contains(byte));
    let is_hex = |part: &[u8]| part.len() == 12 && part.iter().all(u8::is_ascii_hexdigit);
    let is_time = |part: &[u8]| part.len() == 14 && part.iter().all(u8::is_ascii_digit);
    let mut last = parts.next();
    if last == Some(b"incompatible") {
        last = parts.next();
    }
    last.is_some_and(is_hex) && parts.next().is_some_and(is_time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn look_alikes_are_told() {
        for value in [
            "123e4567-e89b-42d3-a456-426614174000",
            "2024-01-31T12:00:00Z",
            "sha256-abc",
            "MD5:q83vEjRWeJA=",
            "hmac-sha256:0f3a5c71",
            "data:image/png;base64,AAAA",
            "a.user@mail.example.com",
            "https://host/path",
            "db.internal:5432",
            "/etc/ssl/private/server.key",
            "src/main/resources",
            "v1.2.3-beta.4",
            "1.20.300",
            "42",
            "certs/server.pem",
            "C:\\\\",
            "/tmp",
            "^1.0",
            "192.168.1.1",
            "v0.0.0-20161001094733-a6f4afe4910c",
            "v1.2.4-0.20161001094733-a6f4afe4910c+incompatible",
        ] {
            assert!(find(value.as_bytes()).is_some(), "{value}");
        }
    }

    #[test]
    fn values_are_left_alone() {
        for value in [
            "hunter2",
            "p@ssw0rd",
            "S3cr3t!/x",
            "qW8zK2vPxL7m",
            "wJx/k9Qz+mT4/LpR",
            "v3ryS3cure",
            "12ab34cd",
        ] {
            assert_eq!(find(value.as_bytes()), None, "{value}");
        }
        assert!(find(b"493817").is_some_and(|found| found.may_be_key));
    }
}
