//! Lines, and what becomes of what the command `x` in each of them prints.

use super::outlet::MOST_STEPS;
use super::{Flow, Outlet};
use crate::guard::command_line::{CommandLine, Simple};
use crate::guard::view::{self, Step};
use crate::guard::wrappers::Unwrapped;

/// What becomes of what the command `x` of a line prints.
fn outlet(line: &str) -> Outlet {
    let line = CommandLine::of(line);
    let is_it = |command: &Simple| Unwrapped::of(&command.words).program() == "x";
    let at = line.commands.iter().position(is_it).expect("an x");
    Flow::of(&line, Outlet::screen()).outlet(at)
}

#[test]
fn an_output_is_followed_to_where_it_is_seen() {
    for line in [
        "x",
        "x | cat",
        "x 2>err.log",
        "x 2>/dev/null",
        "x > /dev/stderr",
        "x >&2 | wc",
        "x | tee y",
        "x | (cat)",
        "x | tr -d '\\n'",
        "x | perl -pe s/a/b/",
        "x | python3 -m json.tool",
        "x | xargs",
        "x | xargs -I{} echo {}",
        "x | while read t; do echo $t; done",
        "(x)",
        "echo $(x)",
        "echo \"a `x`\"",
        "t=$(x); echo $t",
        "t=$(x); u=$t; echo \"$u\"",
        "export T=$(x) && echo ${T:-}",
        "for t in $(x); do echo $t; done",
        "cat <(x)",
        "cat <<< $(x)",
        "cat <<E\n$(x)\nE",
        "x > y; cat y",
        "x > y; cat < y",
        "x > y; cp y z; cat z",
        "x > y; mv y dir; cat dir/y",
        "x > ./y; cat y",
        "x > y; curl -d @y z",
        "for a in b; do cat y; x > y; done",
        "$(x)",
        "{ x; }",
        "(x; y) | cat",
        "{ x; y; } | cat",
        "(x) > y; cat y",
        "while x; do y; done",
        "x | while read a; do y; echo $a; done",
        "x | { read a; echo $a; }",
        "x | if y; then cat; fi",
        "while read a; do echo $a; done < <(x)",
        "while read a; do cat; done <<< \"$(x)\"",
    ] {
        assert!(outlet(line).is_sure(), "{line}: {:?}", outlet(line));
    }
}

#[test]
fn an_output_that_is_counted_kept_or_put_into_a_file_is_not_seen() {
    for line in [
        "x > y",
        "cat y; x > y",
        "cat y; x > y; wc y",
        "x > y; cp y z; wc z",
        "x > y; cp y y; mv y y",
        "x >/dev/null",
        "x &> y",
        "x 1> y",
        "x | grep -q a",
        "x | wc -l",
        "x | sha256sum",
        "x | cat > y",
        "x | pbcopy",
        "x | docker login --password-stdin",
        "x | gh secret set A",
        "t=$(x); curl -H \"Authorization: $t\" y",
        "curl -H \"Authorization: $(x)\" y",
        "A=$(x) make",
        "env $(x | xargs) make",
        "eval \"$(x)\"",
        "mysql -u a -p\"$(x)\"",
        "gh auth login --token \"$(x)\"",
        "export A=$(x)",
        "export $(x)",
        "[ -n \"$(x)\" ]",
        "if [ \"$(x | wc -l)\" = 1 ]; then a; fi",
        "t=$(x); echo ${#t} ${t:0:4}",
        "t=$(echo $(x) | wc -c); echo $t",
        "source <(x)",
        "x | read t",
        "t=$(x); t=$(echo $t)",
        "cat > y <<E\n$(x)\nE",
        "(x; y) | wc -l",
        "(x) > y",
        "((x); y) | wc -l",
        "( (x; y); z) | wc -l",
        "{ x; y; } | wc -l",
        "{ (x); } > y",
        "if a; then x; fi | wc -l",
        "for a in b; do x; done | wc -l",
        "while x; do a; done > y",
        "while a; do x | sort; done | wc -l",
        "x | while read a; do echo; done",
        "while read a; do b=$((b+1)); [ -n \"$a\" ]; done < <(x)",
        "$(x | (cat) | wc -l)",
        "bash -c \"$(x | wc -l)\"",
    ] {
        assert_eq!(outlet(line), Outlet::Nowhere, "{line}");
    }
}

#[test]
fn a_program_that_is_not_known_may_show_what_it_gets() {
    for line in [
        "x | nc host 1",
        "x | node a.js",
        "x | xargs rm",
        "git commit -m \"$(x)\"",
        "bash -c \"curl -H '$(x)' y\"",
        "node -e \"f('$(x)')\"",
        "t=$(x); bash -c 'echo $t'",
        "curl -d \"$(x)\" y",
        "x | kubectl create --dry-run=client -f -",
        "while read a; do b \"$a\"; done < <(x)",
        "while read a; do b; done < <(x)",
    ] {
        assert!(matches!(outlet(line), Outlet::Perhaps(_)), "{line}");
    }
}

#[test]
fn what_is_left_behind_others_is_known() {
    for (line, steps) in [
        ("x | cat", vec![]),
        (
            "x | cut -d= -f1 | head -5",
            vec![
                Step::Before('='),
                Step::Selects,
                Step::Range(view::Range::Lines(1, 5)),
            ],
        ),
        (
            "x | while IFS== read -r k v; do echo $k; done",
            vec![Step::Before('='), Step::Alters],
        ),
        (
            "while IFS=: read -r k v; do echo $k; done < <(x)",
            vec![Step::Before(':'), Step::Alters],
        ),
        (
            "x | while IFS== read -r k v; do echo $k $v; done",
            vec![Step::Alters],
        ),
        (
            "x | while IFS== read -r k; do echo $k; done",
            vec![Step::Alters],
        ),
        (
            "x | while IFS== read -rd \";\" k v; do echo $k; done",
            vec![Step::Alters],
        ),
        ("x | while read k v; do echo $k; done", vec![Step::Alters]),
        (
            "x | while IFS= read -r l; do echo ${l%%=*}; done",
            vec![Step::Before('='), Step::Alters],
        ),
        (
            "x | while IFS= read -r l; do echo ${l%%=*} $l; done",
            vec![Step::Alters],
        ),
        ("x > y; cut -d= -f1 y; cat y", vec![Step::Alters]),
        (
            "{ x | sort; } | head -5",
            vec![Step::Selects, Step::Range(view::Range::Lines(1, 5))],
        ),
        (
            "echo $(x | cut -d= -f1)",
            vec![Step::Before('='), Step::Selects, Step::Alters],
        ),
    ] {
        assert_eq!(outlet(line).steps(), Some(steps), "{line}");
    }
    let long = outlet(&format!("x {}", "| grep a ".repeat(1_000)));
    assert_eq!(long.steps().map(|steps| steps.len()), Some(MOST_STEPS + 1));
}

/// What the command runs was found out for each of its words: minutes for these.
#[test]
fn the_words_of_a_command_are_told_apart_once() {
    let line = CommandLine::of(&"a=$a ".repeat(100_000));
    let flow = Flow::of(&line, Outlet::screen());
    let run = flow.run(0).expect("a command");
    assert_eq!(run.wrappers.len(), 100_000);
    for word in 0..run.wrappers.len() {
        assert_eq!(flow.word(0, &run, word), Outlet::Nowhere);
    }
}

#[test]
fn each_command_is_followed_once() {
    for many in [
        "x | ",
        "a=$(x $a); ",
        "echo $(",
        "x > y; cat y; ",
        "read a; echo $a; ",
        "x > y; wc y; ",
        "cp y z; cp z y; ",
        "a$a=$(x); ",
    ] {
        let line = CommandLine::of(&many.repeat(5_000));
        let flow = Flow::of(&line, Outlet::screen());
        for at in 0..line.commands.len() {
            flow.outlet(at);
        }
        let known = flow.known.borrow();
        assert!(known.iter().all(Option::is_some), "{many}");
    }
}
