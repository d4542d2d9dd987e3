//! Files that a search goes through: `find … -name .env -exec cat {} \;`, `grep -r TOKEN config`.
//!
//! INVARIANT: files are told only where it is known of each that the search comes to it. Of a search with a condition that is not
//! known here none is: what it comes to may be less.

use super::command_line::Word;
use super::options::Options;
use super::view::OF_GREP;

/// LIMIT: starts and names of one search.
const MOST: usize = 16;

/// The patterns of the files that `find` finds, and the programs that it runs on them. None when it does not look for names.
pub(super) fn of_find(arguments: &[Word]) -> Option<(Vec<String>, Vec<&[Word]>)> {
    let is_start = |word: &&Word| !word.text.starts_with(['-', '(', '!']);
    let starts = arguments.iter().take_while(is_start).count();
    let (starts, mut rest) = arguments.split_at(starts);
    let (mut names, mut runs, mut is_flat) = (Vec::new(), Vec::new(), false);
    // Without brackets, a program is run for the last of several names alone.
    let (mut has_choice, mut has_brackets) = (false, false);
    while let Some((word, behind)) = rest.split_first() {
        rest = behind;
        match (word.text.as_str(), behind.first()) {
            ("-print" | "-print0" | "-follow", _) => {}
            ("-o" | "-or", _) => has_choice = true,
            ("(" | ")", _) => has_brackets = true,
            ("-type", Some(kind)) if kind.text == "f" => rest = behind.get(1..)?,
            ("-maxdepth", Some(depth)) if depth.text == "1" => {
                (rest, is_flat) = (behind.get(1..)?, true);
            }
            ("-name", Some(name)) => {
                names.push(known(name)?);
                rest = behind.get(1..)?;
            }
            ("-exec" | "-execdir" | "-ok", _) => {
                let is_end = |word: &Word| matches!(word.text.as_str(), ";" | "+");
                let end = behind.iter().position(is_end)?;
                runs.push(behind.get(..end)?);
                rest = behind.get(end + 1..)?;
            }
            _ => return None,
        }
    }
    let starts: Option<Vec<&str>> = starts.iter().map(known).collect();
    let starts = starts.filter(|starts| starts.len() * names.len() <= MOST)?;
    let starts = if starts.is_empty() { vec!["."] } else { starts };
    let is_sure = !names.is_empty() && (runs.is_empty() || has_brackets || !has_choice);
    is_sure.then(|| (patterns(&starts, &names, is_flat), runs))
}

/// The patterns of the files that `grep -r` goes through.
pub(super) fn of_grep(arguments: &[Word]) -> Option<Vec<String>> {
    let options = Options::of(arguments, OF_GREP);
    let leaves_out = [
        "exclude",
        "exclude-dir",
        "exclude-from",
        "f",
        "file",
        "d",
        "D",
        "I",
    ];
    if !options.has(&["r", "R", "recursive", "dereference-recursive"]) || options.has(&leaves_out) {
        return None;
    }
    let expressions = usize::from(!options.has(&["e", "regexp"]));
    let folders = options.operands.iter().skip(expressions).copied();
    let folders: Option<Vec<&str>> = folders.map(known).collect();
    let names: Option<Vec<&str>> = options.values(&["include"]).map(known).collect();
    let (mut folders, mut names) = (folders?, names?);
    if folders.is_empty() {
        folders.push(".");
    }
    if names.is_empty() {
        names.push("*");
    }
    (folders.len() * names.len() <= MOST).then(|| patterns(&folders, &names, false))
}

/// The text of a word, where all of it is known.
fn known(word: &Word) -> Option<&str> {
    word.is_known().then_some(word.text.as_str())
}

/// Files with these names in these folders, and in those below. A star of a search stands for a dot at the beginning as well.
fn patterns(folders: &[&str], names: &[&str], is_flat: bool) -> Vec<String> {
    let between = if is_flat { "/" } else { "/**/" };
    let all = folders.iter().flat_map(|folder| {
        let folder = folder.trim_end_matches('/');
        names.iter().flat_map(move |name| {
            let behind_star = name.strip_prefix('*').filter(|rest| !rest.starts_with('*'));
            let hidden = behind_star.map(|rest| format!(".*{rest}"));
            let dot = behind_star.filter(|rest| rest.starts_with('.'));
            let all = [Some((*name).to_owned()), hidden, dot.map(str::to_owned)];
            let named = move |name: String| format!("{folder}{between}{name}");
            all.into_iter().flatten().map(named)
        })
    });
    all.collect()
}

#[cfg(test)]
mod tests {
    use super::super::command_line::CommandLine;
    use super::*;

    #[test]
    fn what_find_comes_to_is_told_only_where_it_is_sure() {
        for (line, patterns, runs) in [
            (
                "find . -name .env -exec cat {} \\;",
                Some(vec!["./**/.env"]),
                vec!["cat {}"],
            ),
            (
                "find a b/ -type f -name '*.env' -exec head -5 {} + -print",
                Some(vec![
                    "a/**/*.env",
                    "a/**/.*.env",
                    "a/**/.env",
                    "b/**/*.env",
                    "b/**/.*.env",
                    "b/**/.env",
                ]),
                vec!["head -5 {}"],
            ),
            ("find -maxdepth 1 -name x", Some(vec!["./x"]), vec![]),
            (
                "find . -name a -o -name b",
                Some(vec!["./**/a", "./**/b"]),
                vec![],
            ),
            ("find . -name a -o -name b -exec cat {} +", None, vec![]),
            (
                "find . \\( -name a -o -name b \\) -exec cat {} +",
                Some(vec!["./**/a", "./**/b"]),
                vec!["cat {}"],
            ),
            ("find . -exec cat {} +", None, vec![]),
            ("find . -not -name x -exec cat {} +", None, vec![]),
            ("find . ! -name x -exec cat {} +", None, vec![]),
            ("find . -name x -size -5k -exec cat {} +", None, vec![]),
            ("find . -maxdepth 2 -name x", None, vec![]),
            ("find . -name $x -exec cat {} +", None, vec![]),
            ("find . -name x -exec cat {}", None, vec![]),
        ] {
            let words = CommandLine::of(line).commands.remove(0).words;
            let found = of_find(&words[1..]);
            let told = found.as_ref().map(|(patterns, _)| patterns.clone());
            let patterns = patterns.map(|all| all.into_iter().map(str::to_owned).collect());
            assert_eq!(told, patterns, "{line}");
            let found = found.map(|(_, runs)| runs).unwrap_or_default().into_iter();
            let text = |run: &[Word]| -> String {
                let texts: Vec<&str> = run.iter().map(|word| word.text.as_str()).collect();
                texts.join(" ")
            };
            assert_eq!(found.map(text).collect::<Vec<_>>(), runs, "{line}");
        }
        for (line, patterns) in [
            ("grep -r a", Some(vec!["./**/*", "./**/.*"])),
            (
                "grep -rn a b/ c",
                Some(vec!["b/**/*", "b/**/.*", "c/**/*", "c/**/.*"]),
            ),
            ("grep -r -e a b --include=x", Some(vec!["b/**/x"])),
            ("grep a b", None),
            ("grep -r --exclude-dir=x a .", None),
            ("grep -r a $b", None),
        ] {
            let words = CommandLine::of(line).commands.remove(0).words;
            let patterns = patterns.map(|all| all.into_iter().map(str::to_owned).collect());
            assert_eq!(of_grep(&words[1..]), patterns, "{line}");
        }
    }
}
