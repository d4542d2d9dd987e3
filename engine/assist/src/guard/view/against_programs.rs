//! What is said of programs is held against the programs themselves: whatever a pipe of them prints of a file must be in what
//! the view of the file shows. More may be.

use std::collections::HashSet;
use std::path::Path;
use std::process::Command;

use crate::guard::shell::{Start, files_shown_by};

/// First commands of a pipe.
const FIRST: &[&str] = &[
    "cat f",
    "cat f g",
    "cat -n f",
    "head -7 f",
    "head -n 12 f g",
    "head -n -3 f",
    "tail -n +5 f",
    "tail -4 f g",
    "sed -n 5,9p f",
    "sed -n 5,9p f g",
    "sed -n '3p;9p' f",
    "sed 6q f",
    "cut -d= -f1 f",
    "cut -d= -f2 f",
    "grep K1 f",
    "grep -n K f",
    "grep K f g",
    "grep -v K2 f",
    "grep -A1 K3 f",
    "grep -oE '^[A-Z0-9]+' f",
    "grep -oE '[a-z0-9]+' f",
    "grep -m2 K f",
    "awk 'NR>=3 && NR<=5' f",
    "awk -F= '{print $1}' f",
    "sed 's/=.*//' f",
    "sed -E 's/^([^=]+)=.*/\\1=x/' f",
    "sed -E 's/(=).*/\\1x/' f",
    "nl -ba f",
    "tac f",
    "sort f",
    "cat < f",
    "head -3 < f",
    "cat f > h; cat h",
    "x=$(cat f); echo \"$x\"",
    "echo \"$(tail -3 f)\"",
    "bash -c 'sed -n 2,4p f'",
    "while read l; do echo $l; done < f",
    "cat <(cut -d= -f1 f)",
    "cat f | (cat)",
    "awk -F= '/1/ {print $1}' f",
    "head -vn 3 f",
    "cat -A f",
    "sed -ne 5p f",
    "sed -n '5,+2p' f",
    "head -q -n 3 f g",
    "grep -h K1 f g",
    "sort f | uniq -c",
    "{ cat f; cat g; } | head -4",
    "(cat f) | sed 2d",
    "while IFS== read -r k v; do echo $k; done < f",
    "while IFS== read -r k v; do echo $v; done < f",
    "while read -r l; do echo ${l%%=*}; done < f",
    "for a in f g; do cat $a; done | tail -3",
];

/// Further ones.
const FURTHER: &[&str] = &[
    "cat",
    "cat -n",
    "nl",
    "head -5",
    "tail -3",
    "tail -n +2",
    "sed -n 2,4p",
    "sed -n '/K1/p'",
    "cut -d= -f1",
    "cut -d= -f2",
    "cut -d: -f1",
    "grep K1",
    "grep 3",
    "grep -v 3",
    "grep -n v",
    "grep -c K",
    "grep -q K",
    "sort",
    "sort -r",
    "uniq",
    "tac",
    "tr K X",
    "sed s/K/X/",
    "grep X",
    "sed 's/=.*//'",
    "sed 's/=.*/=X/'",
    "wc -l",
    "tee h",
    "awk 'NR==2'",
    "awk -F= '{print $1}'",
    "rev",
    "head -n -2",
    "(cat)",
    "xargs -n1 echo",
    "while read l; do echo $l; done",
    "grep -F 1",
    "grep -i k",
    "sed 3d",
    "sed '/K1/d'",
    "sed '/^K1/d;/3w$/d'",
    "grep -vi k1",
    "grep -vE 'K2|K3='",
    "grep -v 'K[12]'",
];

/// Pipes that were taken to show less than they do.
const WERE_WRONG: &[&str] = &[
    "cat f | tr K X | grep X",
    "sed s/K/X/ f | grep X",
    "sed 's/=/:/' f | cut -d= -f1",
    "cut -d= -f2 f | cut -d: -f1",
    "grep -n K f | grep 3",
    "cat -n f | grep 3",
    "head -vn 3 f | sed -n 2,4p",
    "sed -n 17,19p f g",
    "cat f | (cat)",
];

fn values(text: &str) -> HashSet<&str> {
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric());
    words
        .filter(|word| word.starts_with('v') && word.ends_with('w'))
        .collect()
}

#[test]
fn what_programs_print_is_in_what_is_shown() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, from: usize| {
        let lines: String = (from..from + 15)
            .map(|at| format!("K{at}=v{at}w\n"))
            .collect();
        std::fs::write(folder.path().join(name), lines).expect("a file");
    };
    write("f", 1);
    write("g", 101);
    let start = Start::at(folder.path());
    let mut state = 7_u64;
    let mut next = |count: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap_or_default() % count
    };
    let given = FIRST.iter().chain(WERE_WRONG);
    let mut lines: Vec<String> = given.map(|line| (*line).to_owned()).collect();
    let (mut less, mut passed_over) = (0, 0);
    for _ in 0..200 {
        let first = FIRST[next(FIRST.len())];
        let further = (0..=next(3)).map(|_| FURTHER[next(FURTHER.len())]);
        let further: Vec<&str> = further.collect();
        lines.push(format!("{first} | {}", further.join(" | ")));
    }
    for line in lines {
        let printed = run(&line, folder.path());
        let mut shown = String::new();
        for read in files_shown_by(&line, &start).files.iter() {
            if let Ok(bytes) = std::fs::read(folder.path().join(&read.path)) {
                let text = read.view.text(&bytes);
                if read.view.shows_nothing_of(&bytes) {
                    assert_eq!(text, "", "{line}");
                    passed_over += 1;
                }
                shown.push_str(&text);
            }
        }
        let (printed, shown) = (values(&printed), values(&shown));
        let missing: Vec<_> = printed.difference(&shown).collect();
        assert!(missing.is_empty(), "{line}: {missing:?}");
        less += usize::from(shown.len() < 15);
    }
    assert!(less > 100, "of {less} lines less than a file is shown");
    assert!(passed_over > 0, "no file was passed over");
}

fn run(line: &str, folder: &Path) -> String {
    let output = Command::new("bash")
        .args(["-c", line])
        .current_dir(folder)
        .output();
    String::from_utf8_lossy(&output.expect("a shell").stdout).into_owned()
}
