//! Addresses of documents and the paths that they stand for.

use std::path::{Path, PathBuf};
use std::str::FromStr as _;

use lsp_types::Uri;
use percent_encoding::{
    AsciiSet, CONTROLS, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode,
};

/// What stays as it is in the path of an address.
const PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~')
    .remove(b':');

/// The path of a document in the file system; nothing for one that was never saved.
pub(super) fn path(uri: &Uri) -> Option<PathBuf> {
    let rest = uri.as_str().strip_prefix("file://")?;
    let path = rest.get(rest.find('/')?..)?;
    let path = percent_decode_str(path).decode_utf8_lossy().into_owned();
    // A drive of Windows: /C:/work
    let bytes = path.as_bytes();
    let has_drive =
        bytes.get(2) == Some(&b':') && bytes.get(1).is_some_and(u8::is_ascii_alphabetic);
    if has_drive && cfg!(windows) {
        return path.get(1..).map(PathBuf::from);
    }
    Some(PathBuf::from(path))
}

/// The address of a path.
pub(super) fn of(path: &Path) -> Option<Uri> {
    let text = path.to_string_lossy().replace('\\', "/");
    let slash = if text.starts_with('/') { "" } else { "/" };
    let encoded = utf8_percent_encode(&text, PATH);
    Uri::from_str(&format!("file://{slash}{encoded}")).ok()
}

/// An address with everything encoded that cannot stand in one.
pub(super) fn encoded(address: &str) -> String {
    const NOT_ALLOWED: &AsciiSet = &CONTROLS
        .add(b' ')
        .add(b'"')
        .add(b'<')
        .add(b'>')
        .add(b'\\')
        .add(b'^')
        .add(b'`')
        .add(b'{')
        .add(b'|')
        .add(b'}');
    utf8_percent_encode(address, NOT_ALLOWED).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_reads_back() {
        for text in ["/w/a b/ü#x%.py", "/w/.env"] {
            let uri = of(Path::new(text)).expect("an address");
            assert_eq!(path(&uri), Some(PathBuf::from(text)), "{}", uri.as_str());
        }
        assert_eq!(encoded("file:///a b/%20ü"), "file:///a%20b/%20%C3%BC");
        let untitled = Uri::from_str("untitled:Untitled-1").expect("an address");
        assert_eq!(path(&untitled), None);
    }
}
