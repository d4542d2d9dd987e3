//! Programs by what they do with what they are given.
//!
//! Those that change files are in `change`, those that print credentials of their own accord in `secret_printer`, those that
//! start others in `wrappers`.

/// Programs that print the files that they are given.
pub(super) const PRINTERS: &[&str] = &[
    "cat",
    "head",
    "tail",
    "less",
    "more",
    "bat",
    "batcat",
    "tac",
    "nl",
    "strings",
    "xxd",
    "od",
    "hexdump",
    "base64",
    "sed",
    "awk",
    "gawk",
    "cut",
    "sort",
    "uniq",
    "grep",
    "egrep",
    "fgrep",
    "rg",
    "jq",
    "yq",
    "diff",
    "type",
    "get-content",
    "gc",
    "paste",
    "fmt",
    "pr",
    "expand",
    "zcat",
    "zless",
    "zgrep",
    "look",
    "iconv",
    "column",
    "fold",
    "rev",
    "shuf",
    "gsed",
    "mawk",
    "gojq",
    "wc",
    "cksum",
    "md5sum",
    "sha1sum",
    "sha256sum",
    "sha512sum",
    "shasum",
    "cmp",
    "comm",
    "join",
    "base32",
];

/// Programs that take a command line behind `-c`, or as their input.
pub(super) const SHELLS: &[&str] = &["sh", "bash", "dash", "zsh", "ksh", "ash", "fish"];

/// Programs that apply a patch that they are given.
pub(super) const PATCHERS: &[&str] = &["apply_patch", "applypatch", "patch"];

/// Programs that send files that they are given.
pub(super) const SENDERS: &[&str] = &[
    "curl", "wget", "http", "https", "xh", "scp", "rsync", "aws", "gsutil", "gcloud", "gh",
];

/// Programs that pack files that they are given.
pub(super) const PACKERS: &[&str] = &["tar", "gzip", "bzip2", "xz", "zstd"];

/// Programs that copy or move files that they are given.
pub(super) const COPIERS: &[&str] = &["cp", "mv", "ln", "install", "rsync", "copy", "move"];

/// Words that go into another folder.
pub(super) const MOVERS: &[&str] = &["cd", "chdir", "pushd", "popd", "set-location", "sl"];

/// Programs that print what they get as their input, and read no files that they are given.
pub(super) const FILTERS: &[&str] = &["tr", "tee", "pv", "sponge", "true", ":"];

/// Programs that say their arguments.
pub(super) const SAYERS: &[&str] = &["echo", "printf", "print", "write-output", "write-host"];

/// Programs, and words of the shell's own, that do not show their arguments.
pub(super) const SILENT: &[&str] = &[
    "export", "local", "declare", "readonly", "typeset", "set", "unset", "[", "[[", "test", "case",
    "return", "exit", "cd", "pushd", "kill", "wait", "sleep", "source", ".", "if", "while",
    "ssh-add",
];

/// Programs, and words of the shell's own, that take no input.
pub(super) const DEAF: &[&str] = &[
    "ls", "mkdir", "cp", "mv", "rm", "touch", "chmod", "date", "pwd", "basename", "dirname",
    "which", "seq", "let", "shift", "break", "continue", "for", "select", "true", "false", ":",
];

/// Programs that put what they are given where nobody sees it.
pub(super) const KEEPERS: &[&str] = &[
    "pbcopy", "xclip", "xsel", "wl-copy", "clip", "ssh-add", "chpasswd", "passwd", "gpg",
];
