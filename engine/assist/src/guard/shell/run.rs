//! A program that is run, and what its words say about how: `sudo`, `xargs`, `-c`, `-d FOLDER`.
//!
//! What comes of it is for `walk` to say.

use crate::guard::command_line::{CommandLine, Joint, Word};
use crate::guard::folders::Reached;
use crate::guard::foreign_program::Kind;
use crate::guard::program_names::PATCHERS;
use crate::guard::site::Site;
use crate::guard::variables::Variables;
use crate::guard::wrappers::Unwrapped;

/// A program that is run.
pub(super) struct Run<'s> {
    pub(super) name: String,
    /// The program as it is written.
    pub(super) program: &'s Word,
    pub(super) arguments: &'s [Word],
    /// Whether it gets more arguments than those.
    pub(super) is_fed: bool,
    pub(super) reached: Reached,
    pub(super) site: Site<'s>,
}

impl<'s> Run<'s> {
    /// What these words run.
    pub(super) fn of(words: &'s [Word], joints: (Joint, Joint), site: Site<'s>) -> Option<Self> {
        let unwrapped = Unwrapped::of(words);
        let (first, arguments) = unwrapped.rest.split_first()?;
        let keeps_shell = |word: &Word| matches!(word.text.as_str(), "{" | "command" | "builtin");
        let is_sure = matches!(joints.0, Joint::Next | Joint::And)
            && !matches!(joints.1, Joint::Pipe | Joint::Aside)
            && unwrapped.wrappers.iter().all(keeps_shell);
        Some(Self {
            name: first.program(),
            program: first,
            arguments,
            is_fed: unwrapped.is_fed(),
            reached: if is_sure {
                Reached::Surely
            } else {
                Reached::Perhaps
            },
            site,
        })
    }

    pub(super) fn text(&self) -> String {
        let texts = self.arguments.iter().map(|word| word.text.as_str());
        texts.collect::<Vec<_>>().join(" ")
    }

    pub(super) fn has(&self, words: &[&str]) -> bool {
        let mut arguments = self.arguments.iter();
        arguments.any(|argument| words.contains(&argument.text.as_str()))
    }

    /// Whether `set`, or a shell's options, make the shell print what it runs, or end that: `set -x`, `set +x`,
    /// `set -o xtrace`, `bash -xc`.
    pub(super) fn traces(&self) -> Option<bool> {
        self.sets('x', "xtrace")
    }

    /// Whether they make the shell hand on whatever it sets, or end that: `set -a`, `set +o allexport`.
    pub(super) fn exports_all(&self) -> Option<bool> {
        self.sets('a', "allexport")
    }

    /// Whether an option of a shell is set, or is set no more; nothing when nothing is said of it.
    fn sets(&self, letter: char, name: &str) -> Option<bool> {
        let texts = self.arguments.iter().map(|word| word.text.as_str());
        let of_word = |word: &str| match word.split_at_checked(1) {
            Some(("-", letters)) if !letters.starts_with('-') && letters.contains(letter) => {
                Some(true)
            }
            Some(("+", letters)) if letters.contains(letter) => Some(false),
            _ => None,
        };
        let (mut is_set, mut before) = (None, "");
        for word in texts {
            let is_option = word.starts_with(['-', '+']);
            match word {
                _ if word == name => is_set = Some(before != "+o"),
                // The name of another option, or what is to be run.
                _ if !is_option && !before.ends_with('o') => break,
                _ => is_set = of_word(word).or(is_set),
            }
            before = word;
        }
        is_set
    }

    /// Whether what a program in another language is worth is printed: `node -p`.
    pub(super) fn kind(&self) -> Kind {
        let is_node = matches!(self.name.as_str(), "node" | "nodejs" | "bun");
        let options = ["-p", "-pe", "--print"];
        match is_node && self.has(&options) {
            true => Kind::Expression,
            false => Kind::Program,
        }
    }

    /// Files that a program prints line by line, or as they are: `perl -ne 'print' FILE`, `python -m json.tool FILE`.
    pub(super) fn files_of_filter(&self) -> Vec<Word> {
        let texts = || self.arguments.iter().map(|word| word.text.as_str());
        let is_script = |word: &str| {
            let letters = word.strip_prefix('-').unwrap_or_default();
            !letters.starts_with('-') && letters.ends_with('e') && letters.contains(['n', 'p'])
        };
        // Behind these letters stands something else than flags.
        let flags = |word: &str| {
            word.split(['M', 'I', 'e'])
                .next()
                .unwrap_or_default()
                .to_owned()
        };
        let is_in_place = |word: &str| word.starts_with('-') && flags(word).contains('i');
        let start = match self.name.as_str() {
            "perl" | "ruby" if !texts().any(is_in_place) => texts().position(is_script),
            name if name.starts_with("python") => texts().position(|word| word == "-m"),
            _ => None,
        };
        let Some(start) = start else {
            return Vec::new();
        };
        let is_module = texts().nth(start + 1) == Some("json.tool");
        match self.name.starts_with("python") && !is_module {
            true => Vec::new(),
            false => self.arguments.iter().skip(start + 2).cloned().collect(),
        }
    }

    pub(super) fn applies_a_patch(&self) -> bool {
        PATCHERS.contains(&self.name.as_str()) || (self.name == "git" && self.has(&["apply", "am"]))
    }

    /// The folders that are entered, of which one is; nothing when nobody knows.
    pub(super) fn goes_to(&self, variables: &Variables) -> Option<Vec<String>> {
        if self.name == "popd" {
            return None;
        }
        let is_option = |word: &&Word| word.text.starts_with('-') && word.text != "-";
        let folders: Vec<&Word> = self
            .arguments
            .iter()
            .filter(|word| !is_option(word))
            .collect();
        if folders.is_empty() && self.name != "pushd" {
            let home = CommandLine::of("~").commands.pop()?;
            let home = variables.words(home.words.first()?);
            return Some(home.into_iter().map(|word| word.text).collect());
        }
        let is_known = |word: &&Word| {
            word.is_known() && !word.is_pattern && !word.text.starts_with(['-', '+'])
        };
        let is_known = !folders.is_empty() && folders.iter().all(is_known);
        is_known.then(|| folders.iter().map(|word| word.text.clone()).collect())
    }
}

/// `-c`, `-lc`, and the like.
pub(super) fn takes_a_command(word: &str) -> bool {
    word.strip_prefix('-')
        .is_some_and(|letters| !letters.starts_with('-') && letters.contains('c'))
}
