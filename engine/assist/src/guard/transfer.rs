//! Files that programs send and fetch: `curl -d @FILE -o FILE`, `wget --post-file=FILE -O FILE`.

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
                "data-urlencode",
                "json",
                "H",
                "header",
            ];
            let data = options
                .values(&data)
                .filter_map(|word| behind(word, &["@"]));
            let form = options.values(&["F", "form"]);
            let form = form.filter_map(|word| behind(word, &["=@", "=<"]));
            whole.chain(data).chain(form).collect()
        }
        "wget" => {
            let options = Options::of(arguments, WGET);
            let files = options.values(&["post-file", "body-file"]);
            files.cloned().collect()
        }
        // httpie and its like: `name@FILE`, `name=@FILE`, `@FILE`.
        _ => {
            let fields = arguments.iter();
            fields.filter_map(|word| behind(word, &["@"])).collect()
        }
    }
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
            ("curl -d a=b@c https://me@x/", vec!["c"], vec![]),
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
