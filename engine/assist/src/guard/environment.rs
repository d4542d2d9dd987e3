//! What a command prints of the environment's variables: `env`, `printenv NAME`, `echo $NAME`.
//!
//! The guard has the same environment as the commands of its agent, so what is in it can be looked at.

use super::command_line::Word;
use super::options::{Options, Valued};
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

/// Who has the variables that are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holder {
    /// The shell, which has some for itself.
    Shell,
    /// A program, which has those that the shell hands on.
    Program,
}

/// `env`, `printenv NAME`, `export -p`, `echo $NAME`: what is printed of the environment, where it is surely seen. `words`
/// are those of the command with the values of variables that the line sets.
pub(super) fn shown(words: &[Word], site: Site<'_>) -> Vec<(Environment, Holder)> {
    let in_words = values_in_words(site).into_iter();
    let mut shown: Vec<_> = in_words.map(|one| (one, Holder::Shell)).collect();
    let run = Unwrapped::of(words);
    let printed = printed(&run);
    let holder = match run.program().as_str() {
        "set" | "declare" | "typeset" => Holder::Shell,
        _ => Holder::Program,
    };
    let outlet = match printed {
        Printed::Nothing => return shown,
        _ => site.outlet(),
    };
    match (printed, outlet.steps()) {
        (Printed::All, Some(steps)) if outlet.is_sure() => {
            shown.push((Environment::All(View::unordered().then(steps)), holder));
        }
        (Printed::Named(names), Some(_)) if outlet.is_sure() => {
            let names = names.into_iter().map(Environment::Named);
            shown.extend(names.map(|one| (one, holder)));
        }
        _ => {}
    }
    shown
}

/// What a command is there to print of the environment.
enum Printed {
    Nothing,
    All,
    Named(Vec<String>),
}

fn printed(run: &Unwrapped<'_>) -> Printed {
    let options = Options::of(run.arguments(), Valued::default());
    let names = || -> Vec<String> {
        let names = options.operands.iter().map(|word| word.text.clone());
        names.collect()
    };
    let all_or = |names: Vec<String>| match names.is_empty() {
        true => Printed::All,
        false => Printed::Named(names),
    };
    match run.program().as_str() {
        "" if run.rest.is_empty() && run.has_environment => Printed::All,
        "set" if run.arguments().is_empty() => Printed::All,
        "export" | "declare" | "typeset" if options.has(&["p"]) => all_or(names()),
        "export" | "declare" | "typeset"
            if options.operands.is_empty() && options.are_only("x", &[]) =>
        {
            Printed::All
        }
        "printenv" => all_or(names()),
        // PowerShell's folder of variables.
        "get-childitem" | "gci" | "dir" | "ls" | "get-item" | "gi" | "get-content" | "gc" => {
            let names = names().into_iter();
            let mut names = names.filter_map(|name| {
                let (drive, name) = name.split_once(':')?;
                drive
                    .eq_ignore_ascii_case("env")
                    .then(|| name.trim_start_matches(['/', '\\']).to_owned())
            });
            match names.next() {
                None => Printed::Nothing,
                Some(name) if name.is_empty() || name.contains('*') => Printed::All,
                Some(name) => Printed::Named(vec![name]),
            }
        }
        _ => Printed::Nothing,
    }
}

/// Variables whose values are put into words of the command, or into a text that it gets, that are seen.
fn values_in_words(site: Site<'_>) -> Vec<Environment> {
    let Some(command) = site.command() else {
        return Vec::new();
    };
    let run = Unwrapped::of(&command.words);
    let words = command.words.iter().enumerate();
    let is_seen = |(at, word): &(usize, &Word)| {
        word.has_variable && (site.is_traced || site.flow.word(site.at, &run, *at).is_sure())
    };
    let texts = words.filter(is_seen).map(|(_, word)| word);
    let documents = site
        .line
        .documents_of(command)
        .filter(|document| document.has_variable && site.flow.inlet(site.at).is_sure());
    let all = texts
        .chain(documents)
        .flat_map(|word| Variable::all(&word.text));
    let values = all.filter(|variable| variable.form != Form::Other);
    values
        .map(|variable| Environment::Named(variable.name.to_owned()))
        .collect()
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
            ("env -u PATH", all(vec![])),
            ("sudo env A=1", all(vec![])),
            ("env $(cat x) make", vec![]),
            ("if env; then a; fi", all(vec![])),
            ("if a; then printenv TOKEN; fi", named("TOKEN")),
            ("timeout 5 printenv TOKEN", named("TOKEN")),
            ("nice -n 5 printenv TOKEN", named("TOKEN")),
            ("true && env -i A=1", vec![]),
            ("echo ${TOKEN:-}", named("TOKEN")),
            ("echo ${TOKEN-none} ${TOKEN#g}", named("TOKEN")),
            ("echo ${#TOKEN}", vec![]),
            ("TOKEN=x make; echo $TOKEN", named("TOKEN")),
            ("t=$TOKEN; echo $t", named("TOKEN")),
            ("t=$TOKEN; make", vec![]),
            ("cat <<< $TOKEN", named("TOKEN")),
            ("cat <<E\n$TOKEN\nE", named("TOKEN")),
            ("cat > x <<E\n$TOKEN\nE", vec![]),
            ("cat <<'E'\n$TOKEN\nE", vec![]),
            ("declare -p TOKEN", named("TOKEN")),
            ("declare -p", all(vec![])),
            ("declare -x", all(vec![])),
            ("declare -f", vec![]),
            ("declare TOKEN", vec![]),
            ("set", all(vec![])),
            ("set -x", vec![]),
            ("set -euxo pipefail; make", vec![]),
            ("set -x; curl -H \"$TOKEN\" x", named("TOKEN")),
            ("set -x; set +x; curl -H \"$TOKEN\" x", vec![]),
            ("set -o xtrace; curl -H \"$TOKEN\" x", named("TOKEN")),
            ("set -x; set +o xtrace; curl -H \"$TOKEN\" x", vec![]),
            ("set -eo pipefail -x; curl -H \"$TOKEN\" x", named("TOKEN")),
            ("bash -xc 'curl -H \"$TOKEN\" x'", named("TOKEN")),
            ("bash -c 'set -x; make'; curl -H \"$TOKEN\" x", vec![]),
            ("bash -c 'curl -H \"$TOKEN\" x'", vec![]),
            ("gci env:", all(vec![])),
            ("ls env", vec![]),
            ("echo $env:TOKEN", named("TOKEN")),
            ("bash -c 'echo $TOKEN'", named("TOKEN")),
            ("bash -c \"curl -H '$TOKEN' x\"", vec![]),
            ("x=$(bash -c 'echo $TOKEN')", vec![]),
            ("[ -n \"$TOKEN\" ] && echo set", vec![]),
            ("env A=1 make", vec![]),
            ("export A=1", vec![]),
            ("set -e", vec![]),
            ("curl -H \"$(printenv TOKEN)\" x", vec![]),
            ("echo $TOKEN | docker login --password-stdin", vec![]),
            ("echo $TOKEN > x", vec![]),
            ("TOKEN=a; echo $TOKEN", vec![]),
            ("node -e 'console.log(process.env.TOKEN)'", named("TOKEN")),
            ("node -p process.env.TOKEN", named("TOKEN")),
            ("node -p process.env", all(vec![])),
            ("python3 -c 'import os; print(os.environ)'", all(vec![])),
            ("node -p process.env.TOKEN | wc -c", vec![]),
            (
                "python3 -c \"import os; print(os.environ['TOKEN'])\"",
                named("TOKEN"),
            ),
        ] {
            let shown = files_shown_by(command, &Start::nowhere());
            assert_eq!(shown.environment.as_slice(), expected, "{command}");
        }
    }
}
