//! How languages write a comment and how they look up a variable of the environment.

/// How a value is looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reference {
    /// An expression, which takes the place of a literal with its quotes. `NAME` stands for the variable.
    Expression(&'static str),
    /// A text that is filled in, which takes the place of the value alone.
    InText(&'static str),
}

/// What is known of a language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Language {
    /// What begins, and what ends, a comment at the end of a line; nothing when there are no comments.
    pub(super) comment: Option<(&'static str, &'static str)>,
    /// How a variable is looked up.
    pub(super) reference: Option<Reference>,
}

const HASH: Option<(&str, &str)> = Some(("# ", ""));
const SLASHES: Option<(&str, &str)> = Some(("// ", ""));
const DASHES: Option<(&str, &str)> = Some(("-- ", ""));
const SEMICOLON: Option<(&str, &str)> = Some(("; ", ""));
const ANGLES: Option<(&str, &str)> = Some(("<!-- ", " -->"));
const STARS: Option<(&str, &str)> = Some(("/* ", " */"));

/// The language that an editor names so, or that a file of this name is in.
pub(super) fn of(id: &str, path: &str) -> Language {
    known(id)
        .or_else(|| known(by_name(path)))
        .unwrap_or(Language {
            comment: None,
            reference: None,
        })
}

fn known(id: &str) -> Option<Language> {
    use Reference::{Expression, InText};
    let (comment, reference) = match id {
        "python" => (HASH, Some(Expression("os.environ[\"NAME\"]"))),
        "javascript" | "javascriptreact" | "typescript" | "typescriptreact" | "vue" | "svelte" => {
            (SLASHES, Some(Expression("process.env.NAME")))
        }
        "rust" => (
            SLASHES,
            Some(Expression(
                "std::env::var(\"NAME\").expect(\"NAME is set\")",
            )),
        ),
        "go" => (SLASHES, Some(Expression("os.Getenv(\"NAME\")"))),
        "java" | "kotlin" | "groovy" => (SLASHES, Some(Expression("System.getenv(\"NAME\")"))),
        "scala" => (SLASHES, Some(Expression("sys.env(\"NAME\")"))),
        "csharp" => (
            SLASHES,
            Some(Expression("Environment.GetEnvironmentVariable(\"NAME\")")),
        ),
        "ruby" => (HASH, Some(Expression("ENV.fetch(\"NAME\")"))),
        "php" => (SLASHES, Some(Expression("getenv('NAME')"))),
        "swift" => (
            SLASHES,
            Some(Expression("ProcessInfo.processInfo.environment[\"NAME\"]")),
        ),
        "dart" => (SLASHES, Some(Expression("Platform.environment['NAME']"))),
        "elixir" => (HASH, Some(Expression("System.fetch_env!(\"NAME\")"))),
        "perl" => (HASH, Some(Expression("$ENV{NAME}"))),
        "lua" => (DASHES, Some(Expression("os.getenv(\"NAME\")"))),
        "r" => (HASH, Some(Expression("Sys.getenv(\"NAME\")"))),
        "julia" => (HASH, Some(Expression("ENV[\"NAME\"]"))),
        "c" | "cpp" | "objective-c" => (SLASHES, Some(Expression("getenv(\"NAME\")"))),
        "powershell" => (HASH, Some(Expression("$env:NAME"))),
        "terraform" | "hcl" => (HASH, Some(Expression("var.name"))),
        "nix" => (HASH, Some(Expression("builtins.getEnv \"NAME\""))),
        "shellscript" | "sh" | "bash" | "zsh" | "dockerfile" | "dockercompose" | "yaml"
        | "makefile" => (HASH, Some(InText("${NAME}"))),
        "dotenv" | "properties" | "toml" => (HASH, Some(InText("${NAME}"))),
        "ini" => (SEMICOLON, Some(InText("${NAME}"))),
        "json" | "jsonc" => (None, Some(InText("${NAME}"))),
        "xml" | "html" => (ANGLES, Some(InText("${NAME}"))),
        "bat" => (None, Some(InText("%NAME%"))),
        "markdown" => (ANGLES, None),
        "css" | "scss" | "less" => (STARS, None),
        "sql" => (DASHES, None),
        "haskell" => (DASHES, Some(Expression("getEnv \"NAME\""))),
        "clojure" => (SEMICOLON, Some(Expression("(System/getenv \"NAME\")"))),
        _ => return None,
    };
    Some(Language { comment, reference })
}

/// The name of the language that files with such a name are in.
fn by_name(path: &str) -> &'static str {
    let name = path.rsplit('/').next().unwrap_or(path);
    if name == "Dockerfile" || name.starts_with("Dockerfile.") {
        return "dockerfile";
    }
    if name == ".env" || name.starts_with(".env.") {
        return "dotenv";
    }
    match name.rsplit('.').next().unwrap_or_default() {
        "py" => "python",
        "js" | "mjs" | "cjs" | "jsx" => "javascript",
        "ts" | "mts" | "tsx" => "typescript",
        "rs" => "rust",
        "go" => "go",
        "java" => "java",
        "kt" | "kts" => "kotlin",
        "rb" => "ruby",
        "php" => "php",
        "cs" => "csharp",
        "sh" | "bash" | "zsh" => "shellscript",
        "yml" | "yaml" => "yaml",
        "toml" => "toml",
        "ini" | "cfg" => "ini",
        "json" => "json",
        "tf" | "hcl" => "terraform",
        "md" => "markdown",
        "properties" => "properties",
        "env" => "dotenv",
        _ => "",
    }
}

/// A name for the variable that is to hold a value: what the value is called where it stands, or, when that says little,
/// whose it is.
pub(super) fn variable(before: &str, provider: &str) -> String {
    const SAYS_LITTLE: [&str; 10] = [
        "",
        "TOKEN",
        "KEY",
        "SECRET",
        "PASSWORD",
        "PASS",
        "PWD",
        "VALUE",
        "AUTH",
        "CREDENTIAL",
    ];
    let name = upper(called(before));
    if !SAYS_LITTLE.contains(&name.as_str()) {
        return name;
    }
    let owner: String = provider
        .chars()
        .map(|letter| {
            if letter.is_ascii_alphanumeric() {
                letter.to_ascii_uppercase()
            } else {
                '_'
            }
        })
        .collect();
    let owner = owner.trim_matches('_');
    let kind = if name.is_empty() { "TOKEN" } else { &name };
    match owner {
        "" | "GENERIC" => format!("APP_{kind}"),
        _ => format!("{owner}_{kind}"),
    }
}

/// The word that a value is assigned to, at the end of the text before it.
fn called(before: &str) -> &str {
    let before = before.trim_end_matches(|letter: char| !letter.is_alphanumeric() && letter != '_');
    let is_part = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '-');
    let start = before
        .char_indices()
        .rev()
        .take_while(|(_, letter)| is_part(*letter))
        .last();
    start.map_or("", |(at, _)| before.get(at..).unwrap_or_default())
}

/// `apiKey` and `api-key` as `API_KEY`.
fn upper(word: &str) -> String {
    let mut upper = String::new();
    let mut before_was_lower = false;
    for letter in word.chars() {
        if letter.is_ascii_uppercase() && before_was_lower {
            upper.push('_');
        }
        before_was_lower = letter.is_ascii_lowercase() || letter.is_ascii_digit();
        match letter {
            '-' => upper.push('_'),
            letter if letter.is_ascii_alphanumeric() || letter == '_' => {
                upper.push(letter.to_ascii_uppercase());
            }
            _ => {}
        }
    }
    upper.trim_matches('_').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_is_called_what_the_value_is_called() {
        for (before, name) in [
            ("const stripeApiKey = ", "STRIPE_API_KEY"),
            ("  \"db-password\": ", "DB_PASSWORD"),
            ("token = ", "GIT_HUB_TOKEN"),
            ("connect(", "CONNECT"),
            ("", "GIT_HUB_TOKEN"),
            ("password: ", "GIT_HUB_PASSWORD"),
            ("SLACK_TOKEN=", "SLACK_TOKEN"),
        ] {
            assert_eq!(variable(before, "Git Hub"), name, "{before}");
        }
    }

    #[test]
    fn languages_are_known_by_id_or_by_the_name_of_the_file() {
        assert_eq!(of("python", ""), of("", "src/a.py"));
        assert_eq!(of("plaintext", "x/.env.local"), of("dotenv", ""));
        assert_eq!(of("plaintext", "notes.txt").comment, None);
    }
}
