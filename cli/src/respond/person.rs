//! Who runs the program, as the operating system says: not as a variable of the environment says, which anybody can set.

/// The user's name; `uid 1234` where the system has no name for it.
#[cfg(unix)]
pub(super) fn person() -> String {
    let Some(uid) = uid() else {
        return "unknown".to_owned();
    };
    // LIMIT: names that only a directory service knows are not looked up.
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    name_of(uid, &users).unwrap_or_else(|| format!("uid {uid}"))
}

/// The number of the user who runs this process: files that it makes are theirs.
#[cfg(unix)]
fn uid() -> Option<u32> {
    use std::os::unix::fs::MetadataExt as _;
    Some(tempfile::tempfile().ok()?.metadata().ok()?.uid())
}

/// The user's name as the session has it; Windows has no cheaper question.
#[cfg(not(unix))]
pub(super) fn person() -> String {
    std::env::var("USERNAME").unwrap_or_else(|_| "unknown".to_owned())
}

/// The name of a user in the text of `passwd`.
#[cfg(unix)]
fn name_of(uid: u32, users: &str) -> Option<String> {
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (name, _password, id) = (fields.next()?, fields.next()?, fields.next()?);
        (id.parse() == Ok(uid) && !name.is_empty()).then(|| name.to_owned())
    })
}

#[cfg(all(test, unix))]
mod tests {
    use super::name_of;

    #[test]
    fn a_user_is_named_by_number() {
        let users = "root:x:0:0:root:/root:/bin/bash\nbroken\nann:x:1000:1000::/home/ann:/bin/sh\n";
        assert_eq!(name_of(0, users).as_deref(), Some("root"));
        assert_eq!(name_of(1000, users).as_deref(), Some("ann"));
        assert_eq!(name_of(7, users), None);
    }
}
