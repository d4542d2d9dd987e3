//! Words of other languages: what prints, opens, takes, runs, asks and sends. Not for how they are looked for.

/// Words that print what stands behind them, in brackets or up to the end of the statement.
pub(super) const PRINTS: &[&str] = &[
    "print",
    "printf",
    "println",
    "pprint",
    "puts",
    "echo",
    "say",
    "stdout.write",
    "stderr.write",
    "console.log",
    "console.error",
    "console.info",
    "console.warn",
    "console.dir",
    "console.table",
    "print_r",
    "var_dump",
    "sys.exit",
    "Write-Output",
    "Write-Host",
    "die",
];

/// Words that open the file whose name stands behind them.
pub(super) const OPENS: &[&str] = &[
    "open(",
    "readFileSync(",
    "readFile(",
    "File.read(",
    "File.readlines(",
    "IO.readlines(",
    "Path(",
    "IO.read(",
    "file_get_contents(",
    "readfile(",
    "readTextFile(",
    "readTextFileSync(",
    "Bun.file(",
    "require(",
    "dotenv_values(",
    "Get-Content ",
];

/// Words that take the variable whose name stands behind them.
pub(super) const VARIABLES: &[&str] = &[
    "process.env.",
    "process.env[",
    "Bun.env.",
    "Deno.env.get(",
    "environ[",
    "environ.get(",
    "getenv(",
    "ENV[",
    "ENV.fetch(",
    "$ENV{",
    "$_ENV[",
    "$env:",
];

/// Words that take all of them.
pub(super) const ALL_VARIABLES: &[&str] = &[
    "process.env",
    "os.environ",
    "os.environ.items",
    "os.environ.values",
    "os.environ.copy",
    "environ",
    "environ.items",
    "ENV",
    "ENV.to_h",
    "ENV.each",
    "ENV.inspect",
    "Deno.env.toObject",
];

/// Words that run the command line that stands behind them.
pub(super) const RUNS: &[&str] = &[
    "system(",
    "popen(",
    "check_output(",
    "getoutput(",
    "execSync(",
    "exec(",
    "shell_exec(",
    "subprocess.run(",
];

/// Before what is taken, or before brackets around it: it is only counted, compared, or asked for.
pub(super) const ASKED_BEFORE: &[&str] = &[
    "len",
    "bool",
    "Boolean",
    "!",
    "typeof ",
    "type",
    "if ",
    "if (",
    "hash",
    "isset",
    "empty",
    "strlen",
    "defined ",
    "not ",
    "Object.keys",
    "list",
    "sorted",
    "exists",
    "unless ",
    "sum",
];

/// Behind what is taken.
pub(super) const ASKED_BEHIND: &[&str] = &[
    "is ",
    "!=",
    "==",
    "? ",
    "?'",
    "?\"",
    ".length",
    ".size",
    ".count",
    ".status",
    ".ok",
    ".keys(",
    ".nil?",
    ".startswith(",
    ".startsWith(",
    ".start_with?",
    ".exists(",
    ".stat(",
    ".reason",
    "in ",
];

/// Words of statements that send what they take, in a header or as a client's key.
pub(super) const SENDS: &[&str] = &[
    "requests.",
    "httpx.",
    "fetch(",
    "urlopen",
    "urllib",
    "axios",
    "Request(",
    "Client(",
    "http.",
    "https.",
    "session.",
    "headers",
    "Authorization",
    "api_key",
    "apiKey",
    "auth=",
    "token=",
    "password=",
    "connect(",
    "Net::HTTP",
];
