//! What a command prints of the environment's variables: `env`, `printenv NAME`, `echo $NAME`.
//!
//! The guard has the same environment as the commands of its agent, so what is in it can be looked at.

use super::command_line::Word;
use super::site::Site;
use super::view::View;

/// What is printed of the environment's variables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Environment {
    /// So much of all of them, a line each.
    All(View),
    /// The values of these.
    Named(Vec<String>),
}

/// `env`, `printenv NAME`, `export -p`, `echo $NAME`: what is printed of the environment.
pub(super) fn shown(words: &[Word], site: Site<'_>) -> Option<Environment> {
    let (first, arguments) = words.split_first()?;
    let named = |names: Vec<String>| (!names.is_empty()).then_some(Environment::Named(names));
    // In which order the variables come is not known.
    let all = || match site.shown()? {
        View::Lines(..) | View::Last(_) => Some(Environment::All(View::Whole)),
        view => Some(Environment::All(view)),
    };
    let texts = || arguments.iter().map(|word| word.text.as_str());
    match first.program().as_str() {
        "env" if texts().all(|word| word.starts_with('-') && word != "-i") => all(),
        "export" | "declare" | "set" if texts().all(|word| matches!(word, "-p" | "-x")) => all(),
        "printenv" => {
            let names = texts().filter(|word| !word.starts_with('-'));
            named(names.map(str::to_owned).collect()).or_else(all)
        }
        "echo" | "printf" => {
            let variables = arguments.iter().filter(|word| word.has_variable);
            let names = variables.flat_map(|word| named_variables(&word.text));
            named(names.map(str::to_owned).collect())
        }
        _ => None,
    }
}

/// The variables whose values a text takes as they are: `$NAME`, `${NAME}`.
fn named_variables(text: &str) -> impl Iterator<Item = &str> {
    text.split('$').skip(1).filter_map(|behind| {
        let is_of_name = |letter: char| letter.is_alphanumeric() || letter == '_';
        let (inner, end) = match behind.strip_prefix('{') {
            Some(inner) => (inner, Some('}')),
            None => (behind, None),
        };
        let name = inner.split(|letter| !is_of_name(letter)).next()?;
        // `${NAME:0:4}` and `${NAME:+set}` show less than the value.
        let is_whole = end.is_none_or(|end| {
            inner
                .get(name.len()..)
                .is_some_and(|rest| rest.starts_with(end))
        });
        (is_whole && !name.is_empty()).then_some(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guard::shell::{Start, files_shown_by};

    #[test]
    fn what_is_printed_of_the_environment_is_known() {
        let all = |view| vec![Environment::All(view)];
        let named = |name: &str| vec![Environment::Named(vec![name.to_owned()])];
        for (command, expected) in [
            ("env", all(View::Whole)),
            ("env | sort | cut -d= -f1", all(View::Before('='))),
            ("env | head", all(View::Whole)),
            ("printenv", all(View::Whole)),
            ("printenv TOKEN", named("TOKEN")),
            ("echo \"a $TOKEN\"", named("TOKEN")),
            ("echo ${TOKEN}", named("TOKEN")),
            ("echo ${TOKEN:+set} ${TOKEN:0:4} '$TOKEN'", vec![]),
            ("export -p", all(View::Whole)),
            ("env A=1 make", vec![]),
            ("export A=1", vec![]),
            ("set -e", vec![]),
            ("curl -H \"$(printenv TOKEN)\" x", vec![]),
            ("echo $TOKEN | docker login --password-stdin", vec![]),
            ("echo $TOKEN > x", vec![]),
            ("TOKEN=a; echo $TOKEN", vec![]),
            ("node -e 'console.log(process.env.TOKEN)'", named("TOKEN")),
            (
                "python3 -c \"import os; print(os.environ['TOKEN'])\"",
                named("TOKEN"),
            ),
            ("python3 -c \"import os; f(os.environ['TOKEN'])\"", vec![]),
        ] {
            let shown = files_shown_by(command, &Start::nowhere());
            assert_eq!(shown.environment, expected, "{command}");
        }
    }
}
