//! Values that only say where the credential is: variables, templates, environment look-ups, entries of secret stores.

use memchr::memmem::find;

use super::name_like::is_shouted;
use super::traits::Traits;
use crate::byte_set::ByteSet;

/// What a template opens and closes with.
const TEMPLATES: [(&[u8], &[u8]); 11] = [
    (b"${", b"}"),
    (b"{$", b"}"),
    (b"{{", b"}}"),
    (b"$(", b")"),
    (b"<%", b"%>"),
    (b"{%", b"%}"),
    // Symfony's parameters that are read from the environment.
    (b"%env(", b")%"),
    (b"#{", b"}"),
    (b"<<", b">>"),
    (b"[[", b"]]"),
    (b"`", b"`"),
];

/// What a reference to an entry of a secret store, an environment or a configuration starts with.
const STARTS: &[&str] = &[
    "@microsoft.keyvault(",
    "credentials('",
    "credentials(\"",
    "process.env",
    "import.meta.env",
    "os.environ",
    "os.getenv",
    "env.",
    "env[",
    "env(",
    "environ",
    "getenv",
    "system.getenv",
    "std::env",
    "deno.env",
    "viper.",
    "config.",
    "config(",
    "config[",
    "configuration.",
    "configuration[",
    "settings.",
    "settings[",
    "secrets.",
    "secret.",
    "vault.",
    "vault:",
    "vault ",
    "op://",
    "arn:aws:",
    "ssm:",
    "ms-resource:",
    "akv://",
    "!ref",
    "!sub",
    "!getatt",
    "!vault",
    "var.",
    "local.",
    "data.",
    "module.",
    "random_password.",
    "valuefrom",
    "ref+",
    "secretsmanager:",
    "keyring:",
    "file:",
    "{{resolve:",
    "/run/secrets/",
    "awssm://",
    "gcpsm://",
];

/// Printf directives and positional parameters that are a whole value.
const PARAMETERS: &[&[u8]] = &[
    b"%s", b"%d", b"%v", b"%q", b"%@", b"{}", b"{0}", b"{1}", b"?", b"$1", b"$2", b"%r", b"%x",
    b"%p",
];

/// Why the value is a reference, when it is one.
pub(crate) fn reason(value: &[u8]) -> Option<&'static str> {
    let value = value.trim_ascii();
    // Quotes in quotes are a shell's: `"'$name'"`.
    let value = match value {
        [b'\'', inner @ .., b'\''] | [b'"', inner @ .., b'"'] => inner,
        _ => value,
    };
    if PARAMETERS.contains(&value) {
        return Some("it is a parameter that is filled in later");
    }
    // A format with more than one: `%s\\ncipher=%s`.
    if let [b'%', b's' | b'v' | b'q', next, ..] = value
        && !next.is_ascii_alphanumeric()
    {
        return Some("it is a parameter that is filled in later");
    }
    if is_generated_anew(value) {
        return Some("it is a template");
    }
    if is_variable(value) {
        return Some("it is the name of a variable");
    }
    if is_template(value)
        || is_path_with_names(value)
        || begins_with_variable(value)
        || is_made_of_variables(value)
    {
        return Some("it is a template");
    }
    let lower = value.to_ascii_lowercase();
    if STARTS
        .iter()
        .any(|start| lower.starts_with(start.as_bytes()))
    {
        return Some("it says where the value is kept");
    }
    None
}

/// `@word(6)`, `@string(8, 16)`: what libraries that make up data fill in.
fn is_generated_anew(value: &[u8]) -> bool {
    let inner = value
        .strip_prefix(b"@")
        .and_then(|rest| rest.strip_suffix(b")"));
    let mut parts = inner.unwrap_or_default().splitn(2, |byte| *byte == b'(');
    let (name, numbers) = (parts.next().unwrap_or_default(), parts.next());
    let is_number = |byte: &u8| byte.is_ascii_digit() || b", ".contains(byte);
    name.len() >= 3
        && name.iter().all(u8::is_ascii_alphabetic)
        && numbers.is_some_and(|numbers| numbers.iter().all(is_number))
}

/// `$NAME`, `%NAME%`, `!NAME!`, `@NAME@`, `__NAME__`, `%%NAME%%`, `:name`, `@Model.Name`, `%(name)s`.
fn is_variable(value: &[u8]) -> bool {
    let is_name = |name: &[u8]| {
        !name.is_empty()
            && name
                .iter()
                .all(|byte| ByteSet::WORD.with(b".-:").contains(*byte))
    };
    let inner = match value {
        [b'$', name @ .., b'$'] => {
            return is_name(name) && Traits::of(name).reads_like_words();
        }
        [b'$', name @ ..] => {
            let starts_like_a_name = name
                .first()
                .is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'_');
            // `$MYSQLROOTPWD` makes no word, and is a name all the same.
            return starts_like_a_name
                && is_name(name)
                && (is_capitals(name) || !Traits::of(name).looks_random());
        }
        [b'%', b'%', name @ .., b'%', b'%'] | [b'_', b'_', name @ .., b'_', b'_'] => name,
        // `_ADMIN_PASS_`.
        [b'_', name @ .., b'_'] => {
            return is_capitals(name);
        }
        [b'%', b'(', name @ .., b')', _] => name,
        [b'%', name @ .., b'%'] | [b'!', name @ .., b'!'] | [b'@', name @ .., b'@'] => name,
        [b':' | b'@', name @ ..] => {
            let traits = Traits::of(name);
            // `@Summer24` is a password.
            return is_name(name)
                && name.first().is_some_and(u8::is_ascii_alphabetic)
                && traits.digits < 2
                && traits.reads_like_words();
        }
        _ => return false,
    };
    is_name(inner)
}

/// At least four capitals and underscores: with digits it could be drawn.
fn is_capitals(name: &[u8]) -> bool {
    name.len() >= 4 && is_shouted(name) && !name.iter().any(u8::is_ascii_digit)
}

/// `$ACCOUNT_ID.dkr.$REGION`: a shell's variable, and something else behind it.
fn begins_with_variable(value: &[u8]) -> bool {
    let name = value.strip_prefix(b"$").unwrap_or_default();
    let length = name
        .iter()
        .take_while(|byte| byte.is_ascii_uppercase() || **byte == b'_')
        .count();
    length >= 4 && name.get(length).is_some_and(|next| b".:/-".contains(next))
}

/// `$RANDOM***$RANDOM`, `%RANDOM%@%RANDOM%`, `-h$dbhost`, `unix:$PGHOST/.s`: a shell's variables, and between them nothing that is
/// drawn. Small letters behind a dollar are those of `pa$$word`, except in an option.
fn is_made_of_variables(value: &[u8]) -> bool {
    const SHORTEST: usize = 4;
    if memchr::memchr2(b'$', b'%', value).is_none() {
        return false;
    }
    let is_option = matches!(value, [b'-', letter, b'$', ..] if letter.is_ascii_alphabetic());
    let mut rest = Vec::new();
    let (mut at, mut found) = (0, false);
    while let Some(&byte) = value.get(at) {
        if byte != b'$' && byte != b'%' {
            rest.push(byte);
            at += 1;
            continue;
        }
        let end = ByteSet::WORD.run_end(value, at + 1, value.len());
        let name = value.get(at + 1..end).unwrap_or_default();
        let is_name = name.len() >= SHORTEST
            && name.iter().all(|byte| {
                byte.is_ascii_uppercase()
                    || *byte == b'_'
                    || (is_option && byte.is_ascii_lowercase())
            });
        let stands_alone = is_option || !rest.last().is_some_and(u8::is_ascii_alphanumeric);
        let is_variable = match byte {
            b'$' => is_name && stands_alone,
            _ => is_name && value.get(end) == Some(&b'%'),
        };
        if is_variable {
            found = true;
            at = end + usize::from(byte == b'%');
        } else {
            rest.push(byte);
            at += 1;
        }
    }
    if is_joined_variables(value) {
        return true;
    }
    found && (rest.len() < 8 || Traits::of(&rest).digits == 0)
}

/// `$username:$password`: two variables or more, in small letters as well, and between them a sign.
fn is_joined_variables(value: &[u8]) -> bool {
    let mut count = 0;
    let are_variables = value.split(|byte| b":@/".contains(byte)).all(|part| {
        count += 1;
        part.strip_prefix(b"$").is_some_and(|name| {
            name.len() >= 3
                && name.first().is_some_and(u8::is_ascii_alphabetic)
                && name.iter().all(|byte| ByteSet::WORD.contains(*byte))
        })
    });
    are_variables && count >= 2
}

/// Whether a template stands in the value and what is left of it is no value of its own.
fn is_template(value: &[u8]) -> bool {
    /// What every template begins with.
    const SIGNS: ByteSet = ByteSet::EMPTY.with(b"${<%#[`");
    if !SIGNS.meets_any(value) {
        return false;
    }
    let mut rest = value.to_vec();
    let mut found = false;
    for (open, close) in TEMPLATES {
        if let Some(without) = without_templates(&rest, open, close) {
            found = true;
            rest = without;
        }
    }
    // `/app/${{`: the value was cut inside of a template.
    if rest.ends_with(b"{{") {
        return true;
    }
    found && {
        let traits = Traits::of(&rest);
        rest.len() < 8 || traits.digits < 2 || !traits.looks_random()
    }
}

/// `/concourse/{team}/{secret}`, `{row[2]}`: the whole or the parts of a path are names in brackets.
fn is_path_with_names(value: &[u8]) -> bool {
    let inside = |part: &[u8]| match part {
        [b'{', name @ .., b'}'] => {
            let word = ByteSet::WORD.run_end(name, 0, name.len());
            let rest = name.get(word..).unwrap_or_default();
            let is_index = rest.is_empty()
                || matches!(rest, [b'[', .., b']'])
                || matches!(rest, [b'.', member @ ..] if is_identifier(member));
            is_identifier(name.get(..word).unwrap_or_default()) && is_index
        }
        _ => false,
    };
    let is_said = |part: &[u8]| {
        part.iter()
            .all(|byte| byte.is_ascii_alphabetic() || b"-_".contains(byte))
    };
    let mut names = 0;
    let are_names = value.split(|byte| *byte == b'/').all(|part| {
        let is_name = inside(part);
        names += usize::from(is_name);
        is_name || is_said(part)
    });
    are_names && names > 0
}

/// The text without everything from `open` to the next `close`; nothing when there is no such thing.
/// `${NAME:-default}` holds a value of its own, which is looked at by itself.
fn without_templates(text: &[u8], open: &[u8], close: &[u8]) -> Option<Vec<u8>> {
    let mut kept = Vec::new();
    let mut rest = text;
    while let Some(at) = find(rest, open) {
        let inner = rest.get(at + open.len()..)?;
        let Some(length) = find(inner, close) else {
            break;
        };
        kept.extend(rest.get(..at)?);
        rest = inner.get(length + close.len()..)?;
    }
    (rest.len() < text.len()).then(|| {
        kept.extend(rest);
        kept
    })
}

/// Whether an unquoted value is code rather than a value: a call, a member, an index, a cast, an operator.
pub(crate) fn is_code(value: &[u8]) -> bool {
    let traits = Traits::of(value);
    // Drawn passwords hold brackets, too.
    let is_drawn = traits.looks_random() && traits.digits > 0;
    // `asn1_NOVALUE}).`: brackets close that were opened before.
    let closers = value
        .iter()
        .rev()
        .take_while(|byte| b")]}.;".contains(byte))
        .filter(|byte| b")]}".contains(byte))
        .count();
    let is_tail = closers >= 2 && !value.iter().any(|byte| b"([{".contains(byte));
    let has_call = !is_drawn && value.iter().any(|byte| b"()[]{}<>".contains(byte));
    let is_member = value.contains(&b'.') && value.split(|byte| *byte == b'.').all(is_identifier);
    let is_path = find(value, b"::").is_some() || find(value, b"->").is_some();
    has_call
        || is_tail
        || is_member
        || is_path
        || value.first().is_some_and(|byte| {
            b"&*$@!".contains(byte) && is_identifier(value.get(1..).unwrap_or_default())
        })
}

/// Whether the text could be a name in a program.
pub(crate) fn is_identifier(text: &[u8]) -> bool {
    text.first()
        .is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'_')
        && text.iter().all(|byte| ByteSet::WORD.contains(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_told() {
        for value in [
            "$VAR",
            "$encrypted$",
            "'$password_hash'",
            "$MYSQLROOTPWD",
            "barryIsTheBest{$i}",
            "{row[2]}",
            "/concourse/{team}/{secret}",
            "/ab2d/${{",
            "ms-resource:loc.messages.pwd",
            "${VAR}",
            "$(command)",
            "`command`",
            "%VAR%",
            "!VAR!",
            "@VAR@",
            "__TOKEN__",
            "_ADMIN_PASS_",
            "$RANDOM***$RANDOM",
            "%RANDOM%@%RANDOM%",
            "-h$dbhost",
            "unix:$PGHOST/.s.PGSQL",
            "%%X%%",
            "${{ secrets.X }}",
            "{{ .Values.password }}",
            "<%= token %>",
            "#{secret}",
            "%env(string:key:pass:url:MONGODB_URL)%",
            "$username:$password",
            "%s",
            "%s\\ncipher=%s\\n",
            "@word(6)",
            "{0}",
            ":password",
            "?",
            "process.env.TOKEN",
            "os.environ['X']",
            "op://vault/item/field",
            "var.password",
            "prefix-${VAR}-end",
            "rg_oidc_akr_#{suffix}",
            "%(password)s",
            "arn:aws:secretsmanager:x",
        ] {
            assert!(reason(value.as_bytes()).is_some(), "{value}");
        }
    }

    #[test]
    fn values_with_odd_characters_are_not_references() {
        for value in [
            "hunter2",
            "pa$$word",
            "100%sure",
            "$2b$10$abcdefgh",
            "$9xK!2mQ",
            "a:b",
            "qW8zK2vPxL7m-${N}",
            "@Bluesky42",
            "pa$word12x9!k",
            "x9$Kq",
            "{x9!kQ}",
            "ab{cde}1!/x",
        ] {
            assert_eq!(reason(value.as_bytes()), None, "{value}");
        }
    }

    #[test]
    fn code_is_told_from_unquoted_values() {
        for value in [
            "getPassword()",
            "config.db.password",
            "keys[i]",
            "Foo::bar",
            "ptr->field",
            "&password",
            "Option<String>",
            "keys[0].value",
            "asn1_NOVALUE}).",
        ] {
            assert!(is_code(value.as_bytes()), "{value}");
        }
        for value in ["hunter2", "p.ss-w0rd!", "abc123", "Hq3(xV9]k<Zt7w"] {
            assert!(!is_code(value.as_bytes()), "{value}");
        }
    }
}
