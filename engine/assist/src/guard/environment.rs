//! What a command prints of the environment's variables: `env`, `printenv NAME`, `echo $NAME`.
//!
//! The guard has the same environment as the commands of its agent, so what is in it can be looked at.

use super::command_line::Word;
use super::site::Site;
use super::variable::{Form, Variable};
use super::view::View;
use super::wrappers::Unwrapped;

/// What is printed of the environment's variables.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Environment {
    /// So much of all of them, a line each.
    All(View),
    /// The value of this one.
    Named(String),
}

/// `env`, `printenv NAME`, `export -p`, `echo $NAME`: what is printed of the environment, where it is surely seen.
pub(super) fn shown(words: &[Word], site: Site<'_>) -> Vec<Environment> {
    let run = Unwrapped::of(words);
    let arguments = run.arguments();
    let named = |name: &str| Environment::Named(name.to_owned());
    // In which order the variables come is not known.
    let all = || {
        let steps = site.outlet().steps().into_iter();
        let view = |steps| Environment::All(View::unordered().then(steps));
        steps.map(view).collect::<Vec<_>>()
    };
    let texts = || arguments.iter().map(|word| word.text.as_str());
    let shown = match run.program().as_str() {
        "" if run.has_environment => all(),
        "export" | "declare" | "set" if texts().all(|word| matches!(word, "-p" | "-x")) => all(),
        "printenv" => {
            let names = texts().filter(|word| !word.starts_with('-'));
            let names: Vec<Environment> = names.map(named).collect();
            if names.is_empty() { all() } else { names }
        }
        "echo" | "printf" => {
            let variables = arguments.iter().filter(|word| word.has_variable);
            let all = variables.flat_map(|word| Variable::all(&word.text));
            let seen = all.filter(|variable| variable.form != Form::Other);
            seen.map(|variable| named(variable.name)).collect()
        }
        _ => Vec::new(),
    };
    match shown.is_empty() || site.outlet().is_sure() {
        true => shown,
        false => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guard::shell::{Start, files_shown_by};
    use crate::guard::view::{Range, Step};

    #[test]
    fn what_is_printed_of_the_environment_is_known() {
        let all = |steps: Vec<Step>| vec![Environment::All(View::unordered().then(steps))];
        let named = |name: &str| vec![Environment::Named(name.to_owned())];
        for (command, expected) in [
            ("env", all(vec![])),
            (
                "env | sort | cut -d= -f1",
                all(vec![Step::Selects, Step::Before('='), Step::Selects]),
            ),
            ("env | head", all(vec![Step::Range(Range::Lines(1, 10))])),
            ("printenv", all(vec![])),
            ("printenv TOKEN", named("TOKEN")),
            ("echo \"a $TOKEN\"", named("TOKEN")),
            ("echo ${TOKEN}", named("TOKEN")),
            ("echo ${TOKEN:+set} ${TOKEN:0:4} '$TOKEN'", vec![]),
            ("export -p", all(vec![])),
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
            assert_eq!(shown.environment.as_slice(), expected, "{command}");
        }
    }
}
