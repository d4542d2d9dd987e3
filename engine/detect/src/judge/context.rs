//! What the line around a candidate says.

use crate::word_list::WordList;
use leakward_core::Span;
use memchr::{memchr, memrchr};

/// LIMIT: how far before and after a candidate its line is looked at.
pub(super) const LINE_REACH: usize = 256;

/// Words that stand beside digests and ids.
const DIGEST_WORDS: &[&str] = &[
    "commit",
    "sha1",
    "sha-1",
    "sha256",
    "sha512",
    "sha_",
    "md5",
    "digest",
    "checksum",
    "integrity",
    "fingerprint",
    "thumbprint",
    "revision",
    "etag",
    "blob",
    "git_",
    "hash",
    "uses:",
    "resolved",
    "rev ",
    "rev=",
    "rev:",
    "?ref=",
    "&ref=",
    "tree ",
    "parent ",
    "submodule",
];

/// Words in the addresses of badges and invitations, whose tokens show a picture or a door that is open.
const BADGE_WORDS: &[&str] = &["badge", "shields.io", "codecov.io/gh/", "qm.qq.com/"];

/// Words beside keys that are made to be seen: those of search in the browser, and publishable ones.
const PUBLIC_WORDS: &[&str] = &[
    "publishable",
    "algolia_search",
    "docsearch",
    "search_only",
    "search-only",
    "searchonly",
    "search_api_key",
    "searchapikey",
    "cf-beacon",
];

/// Words of the own machine.
const LOCAL_WORDS: &[&str] = &["localhost", "127.0.0.1", "[::1]", "0.0.0.0"];

/// Words that mark samples.
const SAMPLE_WORDS: WordList = WordList::new(" example sample dummy fake placeholder e.g. lorem ");

/// Whether a line begins as a comment does. `--env` is an option, and `#define` no comment.
pub(crate) fn begins_comment(line: &[u8]) -> bool {
    const MARKS: [&[u8]; 6] = [b"#", b"//", b"/*", b"-- ", b";", b"<!--"];
    let start = line.trim_ascii_start();
    let word = start.strip_prefix(b"#").map(<[u8]>::trim_ascii_start);
    let is_directive = word.is_some_and(|word| word.starts_with(b"define"));
    !is_directive && MARKS.iter().any(|mark| start.starts_with(mark))
}

/// The line around a candidate, and what stands above and below it, in lower case, without the candidate.
#[derive(Debug)]
pub(crate) struct Context {
    before: Vec<u8>,
    after: Vec<u8>,
    /// The line above, as far as it is looked at.
    above: Vec<u8>,
    /// What stands around, over lines.
    around: Vec<u8>,
}

impl Context {
    /// The line around `span`.
    pub(crate) fn of(bytes: &[u8], span: Span) -> Context {
        let head = bytes
            .get(span.start.saturating_sub(LINE_REACH)..span.start)
            .unwrap_or_default();
        let tail = bytes
            .get(span.end..span.end.saturating_add(LINE_REACH).min(bytes.len()))
            .unwrap_or_default();
        let around = [head, b" ", tail].concat().to_ascii_lowercase();
        let line = memrchr(b'\n', head).map_or(0, |at| at + 1);
        let (above, head) = head.split_at(line);
        let above = above.strip_suffix(b"\n").unwrap_or(above);
        let above = above
            .get(memrchr(b'\n', above).map_or(0, |at| at + 1)..)
            .unwrap_or_default();
        let tail = tail
            .get(..memchr(b'\n', tail).unwrap_or(tail.len()))
            .unwrap_or_default();
        Context {
            before: head.to_ascii_lowercase(),
            after: tail.to_ascii_lowercase(),
            above: above.to_ascii_lowercase(),
            around,
        }
    }

    fn holds_any(&self, words: &[&str]) -> bool {
        words.iter().any(|word| {
            let word = word.as_bytes();
            memchr::memmem::find(&self.before, word).is_some()
                || memchr::memmem::find(&self.after, word).is_some()
        })
    }

    /// Whether it speaks of digests or revisions.
    pub(crate) fn speaks_of_digests(&self) -> bool {
        self.holds_any(DIGEST_WORDS)
    }

    /// Whether a badge's address stands before the candidate.
    pub(crate) fn speaks_of_badges(&self) -> bool {
        let holds = |word: &&str| memchr::memmem::find(&self.before, word.as_bytes()).is_some();
        holds(&"://") && BADGE_WORDS.iter().any(holds)
    }

    /// Whether it opens a meeting to which an address in the text invites.
    pub(crate) fn invites_to_a_meeting(&self) -> bool {
        const PLACES: [&[u8]; 3] = [b"zoom.us/j/", b"zoom.us/my/", b"webex.com/"];
        let start = memchr::memmem::rfind(&self.before, b"://").unwrap_or(self.before.len());
        let address = self.before.get(start..).unwrap_or_default();
        !address.contains(&b' ')
            && PLACES
                .iter()
                .any(|place| memchr::memmem::find(address, place).is_some())
    }

    /// Whether it is a part of the name of a resource in AWS: `arn:aws:secretsmanager:…:secret:name`.
    pub(crate) fn stands_in_resource_name(&self) -> bool {
        let is_end = |byte: &u8| !byte.is_ascii_alphanumeric() && !b":-_/*".contains(byte);
        let start = self.before.iter().rposition(is_end).map_or(0, |at| at + 1);
        let head = self.before.get(start..).unwrap_or_default();
        head.starts_with(b"arn:aws")
    }

    /// Whether it is a parameter of an address that also says until when it holds: `?e=1573634298&token=`.
    pub(crate) fn stands_in_signed_address(&self) -> bool {
        const UNTIL: [&[u8]; 9] = [
            b"?e=",
            b"&e=",
            b"expires=",
            b"&se=",
            b"x-amz-date=",
            b".png?",
            b".jpg?",
            b".jpeg?",
            b".svg?",
        ];
        let address = |byte: &u8| byte.is_ascii_whitespace() || b"\"'`<>".contains(byte);
        let start = self.before.iter().rposition(address).map_or(0, |at| at + 1);
        let end = self
            .after
            .iter()
            .position(address)
            .unwrap_or(self.after.len());
        let head = self.before.get(start..).unwrap_or_default();
        let tail = self.after.get(..end).unwrap_or_default();
        let is_address = head.contains(&b'?') && memchr::memmem::find(head, b"://").is_some();
        let says_until = |half: &[u8]| {
            UNTIL.iter().any(|name| {
                memchr::memmem::find(half, name)
                    .and_then(|at| half.get(at + name.len()))
                    .is_some_and(u8::is_ascii_digit)
            })
        };
        is_address && (says_until(head) || says_until(tail))
    }

    /// Whether what stands right before the candidate speaks of keys that are made to be seen. Farther away it may be about
    /// another key.
    pub(crate) fn speaks_of_public_keys(&self) -> bool {
        const NEAR: usize = 64;
        let from = self.before.len().saturating_sub(NEAR);
        let near = self.before.get(from..).unwrap_or_default();
        PUBLIC_WORDS
            .iter()
            .any(|word| memchr::memmem::find(near, word.as_bytes()).is_some())
    }

    /// Whether it stands among the settings of Algolia's search box: beside the name of an index and of an application.
    pub(crate) fn stands_in_search_settings(&self) -> bool {
        let holds = |word: &[u8]| memchr::memmem::find(&self.around, word).is_some();
        holds(b"indexname") && (holds(b"appid") || holds(b"algolia") || holds(b"docsearch"))
    }

    /// Whether a comment behind it says that it is none.
    pub(crate) fn calls_it_a_sample(&self) -> bool {
        // Only what asks for the reader's own value: `TODO: replace with env var` stands behind keys that are in use.
        const SAYS: [&[u8]; 8] = [
            b"replace with your",
            b"replace with an actual",
            b"replace this with your",
            b"dummy",
            b"fake",
            b"not real",
            b"not a real",
            b"placeholder",
        ];
        const MARKS: [&[u8]; 2] = [b"# ", b"/*"];
        // Behind a colon the slashes are those of an address, and the words behind them are names of hosts.
        let slashes = memchr::memmem::find_iter(&self.after, b"//")
            .find(|at| at.checked_sub(1).and_then(|at| self.after.get(at)) != Some(&b':'));
        let others = MARKS
            .iter()
            .filter_map(|mark| memchr::memmem::find(&self.after, mark));
        let mark = others.chain(slashes).min();
        mark.and_then(|at| self.after.get(at..))
            .is_some_and(|comment| {
                SAYS.iter()
                    .any(|words| memchr::memmem::find(comment, words).is_some())
            })
    }

    /// Whether a salt stands close by, as it does beside digests of passwords.
    pub(crate) fn stands_beside_a_salt(&self) -> bool {
        memchr::memmem::find_iter(&self.around, b"salt").any(|at| {
            let rest = self.around.get(at + b"salt".len()..).unwrap_or_default();
            rest.trim_ascii_start()
                .first()
                .is_some_and(|byte| b"=:\"'".contains(byte))
        })
    }

    /// Whether the line above names a digest's algorithm, and not that of an image: `// md5`.
    pub(crate) fn stands_below_a_digests_name(&self) -> bool {
        const NAMES: [&[u8]; 5] = [b"md5", b"sha1", b"sha-1", b"sha256", b"sha512"];
        let holds = |word: &&[u8]| memchr::memmem::find(&self.above, word).is_some();
        NAMES.iter().any(holds) && !holds(&&b"sha256:"[..])
    }

    /// Whether its line is a comment from the first character on: a setting that nobody set.
    pub(crate) fn is_commented_out(&self) -> bool {
        begins_comment(&self.before)
    }

    /// Whether it is the value of something that is called an example, as in descriptions of interfaces: `'example' => …`.
    pub(crate) fn is_called_example(&self) -> bool {
        let is_joint = |byte: &u8| !byte.is_ascii_alphanumeric() && *byte != b'_';
        let joint = self
            .before
            .iter()
            .rev()
            .take_while(|byte| is_joint(byte))
            .count();
        let (head, joint) = self.before.split_at(self.before.len() - joint);
        let name = head.iter().rev().take_while(|byte| !is_joint(byte)).count();
        let name = head.get(head.len() - name..).unwrap_or_default();
        joint.iter().any(|byte| b":=".contains(byte)) && matches!(name, b"example" | b"placeholder")
    }

    /// Whether it is a statement that writes into a database.
    pub(crate) fn is_statement(&self) -> bool {
        let start = self.before.trim_ascii_start();
        start.starts_with(b"insert into ") || start.starts_with(b"update ")
    }

    /// Whether it speaks of the own machine.
    pub(crate) fn speaks_of_this_machine(&self) -> bool {
        self.holds_any(LOCAL_WORDS)
    }

    /// Whether it speaks of samples.
    pub(crate) fn speaks_of_samples(&self) -> bool {
        SAMPLE_WORDS.any_in(&self.before) || SAMPLE_WORDS.any_in(&self.after)
    }

    /// Whether a user or a host is set close by: what stands there is how a program logs in somewhere.
    pub(crate) fn stands_beside_a_login(&self) -> bool {
        const NAMES: [&[u8]; 6] = [
            b"user",
            b"username",
            b"login",
            b"host",
            b"hostname",
            b"dbname",
        ];
        let is_set = |name: &[u8]| {
            memchr::memmem::find_iter(&self.around, name).any(|at| {
                let rest = self.around.get(at + name.len()..).unwrap_or_default();
                let rest = match rest {
                    [b'"' | b'\'', rest @ ..] => rest,
                    _ => rest,
                };
                let rest = rest.trim_ascii_start();
                let is_pair = match rest {
                    [b':', rest @ ..] => {
                        let blanks = rest.iter().take_while(|byte| **byte == b' ').count();
                        blanks > 0 && rest.get(blanks).is_some_and(u8::is_ascii_graphic)
                    }
                    _ => false,
                };
                is_pair || matches!(rest, [b'=', value, ..] if *value != b'=' && *value != b'>')
            })
        };
        NAMES.into_iter().any(is_set)
    }

    /// Whether the line is part of minified or generated text: no line end within reach on either side.
    pub(crate) fn is_endless(&self) -> bool {
        self.before.len() >= LINE_REACH && self.after.len() >= LINE_REACH
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_called_a_sample(text: &str) -> bool {
        let start = text.find("KEY").expect("a key");
        Context::of(text.as_bytes(), Span::new(start, start + 3)).calls_it_a_sample()
    }

    #[test]
    fn a_comment_calls_a_key_a_sample_and_an_address_does_not() {
        for text in [
            "x = KEY // fake",
            "x = KEY; //dummy",
            "x = KEY# not real",
            "x = KEY /* placeholder */",
            "x = KEY, \"https://a.io\" // fake",
            "x = KEY // see https://a.io, it is fake",
        ] {
            assert!(is_called_a_sample(text), "{text}");
        }
        for text in [
            "curl -H \"Authorization: Bearer KEY\" https://fake-store.corp.io/v1",
            "curl -u KEY http://a.io ftp://dummy.io",
            "x = KEY, \"fake\" // the real one",
            "// fake\nx = KEY",
        ] {
            assert!(!is_called_a_sample(text), "{text}");
        }
    }

    #[test]
    fn addresses_of_meetings_and_names_of_resources_are_told() {
        let after = |text: &str| Context::of(text.as_bytes(), Span::new(text.len(), text.len()));
        assert!(after("at [Zoom](https://zoom.us/j/123?pwd=").invites_to_a_meeting());
        assert!(!after("https://zoom.us/j/123 password: ").invites_to_a_meeting());
        assert!(
            after("x = \"arn:aws:secretsmanager:eu-west-1:1:secret:").stands_in_resource_name()
        );
        assert!(!after("arn:aws:iam::1:role/x, secret:").stands_in_resource_name());
    }

    #[test]
    fn salts_comments_and_examples_are_told() {
        assert!(around("<user password=\"porkchop\" salt=\"x\"/>").stands_beside_a_salt());
        assert!(around("'password' => 'porkchop',\n'passwordSalt' => 'x'").stands_beside_a_salt());
        assert!(!around("saltstack: 1\npassword: porkchop").stands_beside_a_salt());
        assert!(around("# password: porkchop").is_commented_out());
        assert!(!around("#define PASSWORD porkchop").is_commented_out());
        assert!(around("'example' => 'porkchop'").is_called_example());
        assert!(around("  example: porkchop").is_called_example());
        assert!(!around("example password: porkchop").is_called_example());
    }

    fn around(text: &str) -> Context {
        let start = text.find("porkchop").unwrap();
        Context::of(text.as_bytes(), Span::new(start, start + "porkchop".len()))
    }

    #[test]
    fn settings_of_a_login_stand_beside_a_user_or_a_host() {
        for text in [
            "  user: derek\n  password: porkchop\n",
            "  user:     derek\n  password: porkchop\n",
            "db.username = shop\ndb.password = porkchop",
            "\"host\": \"db1\", \"password\": \"porkchop\"",
        ] {
            assert!(around(text).stands_beside_a_login(), "{text}");
        }
        for text in [
            "title: Users\npassword: porkchop",
            "the user\npassword: porkchop",
            "if user == x: password = porkchop",
        ] {
            assert!(!around(text).stands_beside_a_login(), "{text}");
        }
    }

    #[test]
    fn comments_that_ask_for_another_value_call_it_a_sample() {
        assert!(around("password: porkchop # Replace with an actual one").calls_it_a_sample());
        assert!(around("password: porkchop # replace this with your own").calls_it_a_sample());
        assert!(!around("password: porkchop # of the shop").calls_it_a_sample());
    }

    #[test]
    fn comments_that_ask_for_a_better_place_stand_behind_real_values() {
        for comment in [
            "// TODO: replace with env var",
            "# replace this before the audit",
            "// the old one is invalid since May",
        ] {
            let text = format!("password = porkchop {comment}");
            assert!(!around(&text).calls_it_a_sample(), "{text}");
        }
    }
}
