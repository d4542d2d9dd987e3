//! Files that programs send and fetch: `curl -d @FILE -o FILE`, `wget --post-file=FILE -O FILE`, `scp FILE HOST:`.

use super::change;
use super::command_line::Word;
use super::options::{Options, Valued};

const CURL: Valued = Valued {
    letters: "AbcCdDeEFhHKmoPQrTuUwxXyYz",
    names: &[
        "cacert",
        "cert",
        "config",
        "connect-timeout",
        "cookie",
        "cookie-jar",
        "data",
        "data-ascii",
        "data-binary",
        "data-raw",
        "data-urlencode",
        "dump-header",
        "form",
        "form-string",
        "header",
        "json",
        "key",
        "max-time",
        "oauth2-bearer",
        "output",
        "output-dir",
        "proxy",
        "referer",
        "request",
        "resolve",
        "retry",
        "retry-delay",
        "trace",
        "trace-ascii",
        "upload-file",
        "url",
        "user",
        "user-agent",
        "write-out",
    ],
};

const WGET: Valued = Valued {
    letters: "aABDeiIlOoPQRtTUwX",
    names: &[
        "body-data",
        "body-file",
        "directory-prefix",
        "header",
        "input-file",
        "method",
        "output-document",
        "output-file",
        "password",
        "post-data",
        "post-file",
        "timeout",
        "tries",
        "user",
        "user-agent",
    ],
};

/// Files that are sent.
pub(super) fn sent(program: &str, arguments: &[Word]) -> Vec<Word> {
    match program {
        "curl" => {
            let options = Options::of(arguments, CURL);
            let whole = options.values(&["T", "upload-file"]).cloned();
            let data = [
                "d",
                "data",
                "data-ascii",
                "data-binary",
                "json",
                "H",
                "header",
            ];
            let is_file = |word: &&Word| word.text.starts_with('@');
            let data = options.values(&data).filter(is_file);
            let named = options.values(&["data-urlencode"]);
            let data = data.chain(named).filter_map(|word| behind(word, &["@"]));
            let form = options.values(&["F", "form"]);
            let form = form.filter_map(|word| behind(word, &["=@", "=<"]));
            whole.chain(data).chain(form).collect()
        }
        "wget" => {
            let options = Options::of(arguments, WGET);
            let files = options.values(&["post-file", "body-file"]);
            files.cloned().collect()
        }
        "scp" | "rsync" => to_other_machine(program, arguments),
        "aws" | "gsutil" | "gcloud" => to_store(arguments),
        "gh" if of(arguments, &["gist", "create"]) => {
            let options = Options::of(arguments, OF_GIST);
            options.operands.into_iter().skip(2).cloned().collect()
        }
        "gh" => Vec::new(),
        // httpie and its like: `name@FILE`, `name=@FILE`, `@FILE`.
        _ => {
            let fields = arguments.iter();
            fields.filter_map(|word| behind(word, &["@"])).collect()
        }
    }
}

/// Options of `gh gist create` that take a value.
const OF_GIST: Valued = Valued {
    letters: "df",
    names: &["desc", "filename"],
};

/// Whether it is this command of a program that has several.
fn of(arguments: &[Word], commands: &[&str]) -> bool {
    let words = arguments.iter().filter(|word| !word.text.starts_with('-'));
    let mut words = words.map(|word| word.text.as_str());
    commands.iter().all(|command| words.next() == Some(command))
}

/// `scp FILE HOST:`: those of this machine, when they go to another one.
fn to_other_machine(program: &str, arguments: &[Word]) -> Vec<Word> {
    // `C:\\x` is a folder of this one.
    let is_other = |word: &Word| {
        let host = word.text.split_once(':').map(|(host, _)| host);
        host.is_some_and(|host| host.chars().count() > 1 && !host.contains('/'))
    };
    let copies = change::copies(program, arguments);
    let files = copies
        .filter(|(_, into)| is_other(into))
        .map(|(files, _)| files);
    let mut files = files.unwrap_or_default();
    files.retain(|file| !is_other(file));
    files
}

/// `aws s3 cp FILE s3://…`, `gsutil cp FILE gs://…`
fn to_store(arguments: &[Word]) -> Vec<Word> {
    let is_store = |word: &&Word| word.text.starts_with("s3://") || word.text.starts_with("gs://");
    let copies = |word: &Word| matches!(word.text.as_str(), "cp" | "mv");
    let Some(at) = arguments.iter().position(copies) else {
        return Vec::new();
    };
    let operands = arguments.iter().skip(at + 1);
    let mut operands = operands.filter(|word| !word.text.starts_with('-'));
    match (operands.next(), operands.next()) {
        (Some(file), Some(into)) if is_store(&into) && !is_store(&file) => vec![file.clone()],
        _ => Vec::new(),
    }
}

/// Files that a program packs into its output: `tar c FILE`, `gzip -c FILE`.
pub(super) fn packed(program: &str, arguments: &[Word]) -> Vec<Word> {
    if program != "tar" {
        let options = Options::of(arguments, Valued::default());
        let is_output = options.has(&["c", "stdout", "to-stdout"]);
        let files = options.operands.into_iter().filter(|_| is_output);
        return files.cloned().collect();
    }
    // Its first word may be options without a mark.
    let mut words = arguments.to_vec();
    if let Some(first) = words
        .first_mut()
        .filter(|first| !first.text.starts_with('-'))
    {
        first.text.insert(0, '-');
    }
    let of_tar = Valued {
        letters: "fCTXbIKNV",
        names: &["file", "directory", "files-from", "exclude", "exclude-from"],
    };
    let options = Options::of(&words, of_tar);
    let is_packed = options.has(&["c", "create"]);
    let is_output = matches!(options.value(&["f", "file"]), None | Some("-"));
    let folder = options.value(&["C", "directory"]);
    let files = options.operands.iter().filter(|_| is_packed && is_output);
    let files = files.map(|word| match folder {
        Some(folder) => Word {
            text: format!("{folder}/{}", word.text),
            ..(*word).clone()
        },
        None => (*word).clone(),
    });
    files.collect()
}

/// Files that are written with what is fetched.
pub(super) fn written(program: &str, arguments: &[Word]) -> Vec<Word> {
    let (valued, names): (_, &[&str]) = match program {
        "wget" => (
            WGET,
            &[
                "O",
                "o",
                "a",
                "output-document",
                "output-file",
                "append-output",
            ],
        ),
        _ => (
            CURL,
            &[
                "o",
                "output",
                "c",
                "cookie-jar",
                "D",
                "dump-header",
                "trace",
                "trace-ascii",
            ],
        ),
    };
    let options = Options::of(arguments, valued);
    options.values(names).cloned().collect()
}

/// The file behind one of these marks.
fn behind(word: &Word, marks: &[&str]) -> Option<Word> {
    let file = marks.iter().find_map(|mark| word.text.split_once(mark));
    // More about the file may follow: `@a.txt;type=text/plain`.
    let (_, file) = file?;
    Some(Word {
        text: file.split(';').next().unwrap_or_default().to_owned(),
        ..word.clone()
    })
}

#[cfg(test)]
mod tests {
    use super::super::command_line::CommandLine;
    use super::*;

    #[test]
    fn files_that_go_to_other_machines_or_are_packed_are_known() {
        for (line, expected) in [
            ("scp a host:", vec!["a"]),
            ("scp -P 22 -i k a b me@host:/x", vec!["a", "b"]),
            ("scp host:a .", vec![]),
            ("scp a b", vec![]),
            ("scp a ./x:y", vec![]),
            ("scp a C:/x", vec![]),
            ("rsync -avP -e ssh a host:x", vec!["a"]),
            ("rsync -av a rsync://host/x", vec!["a"]),
            ("rsync -av a b/", vec![]),
            ("aws s3 cp a s3://x/a --acl private", vec!["a"]),
            ("aws s3 cp s3://x/a a", vec![]),
            ("aws s3 ls s3://x", vec![]),
            ("gsutil -m cp a gs://x", vec!["a"]),
            ("gh gist create -p a b", vec!["a", "b"]),
            ("gh gist create -d x a", vec!["a"]),
            ("gh gist list", vec![]),
            ("gh pr create -t x", vec![]),
        ] {
            let words = CommandLine::of(line).commands.remove(0).words;
            let sent = sent(&words[0].text, &words[1..]).into_iter();
            let sent: Vec<String> = sent.map(|word| word.text).collect();
            assert_eq!(sent, expected, "{line}");
        }
        for (line, expected) in [
            ("tar c a b", vec!["a", "b"]),
            ("tar czf - a", vec!["a"]),
            ("tar -cf - -C x a", vec!["x/a"]),
            ("tar --create --file=- a", vec!["a"]),
            ("tar czf x.tgz a", vec![]),
            ("tar -c --file x.tar a", vec![]),
            ("tar xf a", vec![]),
            ("tar tf a", vec![]),
            ("gzip -c a", vec!["a"]),
            ("gzip a", vec![]),
            ("zstd --stdout a", vec!["a"]),
        ] {
            let words = CommandLine::of(line).commands.remove(0).words;
            let packed = packed(&words[0].text, &words[1..]).into_iter();
            let packed: Vec<String> = packed.map(|word| word.text).collect();
            assert_eq!(packed, expected, "{line}");
        }
    }

    #[test]
    fn files_are_known_in_each_way_to_write_an_option() {
        for (line, expected_sent, expected_written) in [
            ("curl -d @a x", vec!["a"], vec![]),
            ("curl -d@a x", vec!["a"], vec![]),
            ("curl -sSd @a x", vec!["a"], vec![]),
            ("curl --data-binary=@a x", vec!["a"], vec![]),
            ("curl --data-urlencode n@a x", vec!["a"], vec![]),
            ("curl -F 'file=@a;type=text/plain' x", vec!["a"], vec![]),
            ("curl -Ta x", vec!["a"], vec![]),
            ("curl -u me@example.com x", vec![], vec![]),
            ("curl -d a=b@c https://me@x/", vec![], vec![]),
            ("curl -H 'X: a@b' x", vec![], vec![]),
            ("curl -oa x", vec![], vec!["a"]),
            ("curl -sSLo a x", vec![], vec!["a"]),
            ("curl --output a x", vec![], vec!["a"]),
            ("curl -O x", vec![], vec![]),
            ("curl -c a x", vec![], vec!["a"]),
            ("wget -qOa x", vec![], vec!["a"]),
            ("wget --post-file=a x", vec!["a"], vec![]),
            ("http POST x n@a", vec!["a"], vec![]),
        ] {
            let words = CommandLine::of(line).commands.remove(0).words;
            let program = words[0].text.as_str();
            let texts = |words: Vec<Word>| -> Vec<String> {
                words.into_iter().map(|word| word.text).collect()
            };
            assert_eq!(texts(sent(program, &words[1..])), expected_sent, "{line}");
            if program != "http" {
                assert_eq!(
                    texts(written(program, &words[1..])),
                    expected_written,
                    "{line}"
                );
            }
        }
    }
}
