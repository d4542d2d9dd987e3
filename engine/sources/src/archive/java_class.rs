//! The texts in a compiled Java class, apart from each other: in the file the length of a text stands right before it, and
//! is often a letter.
//!
//! Format: "The Java Virtual Machine Specification", section 4.4.

/// Whether these first bytes are those of a class: the mark, and a version that there is. (Programs for several processors
/// of macOS have the same mark, and a small number where the version is.)
pub(crate) fn is_class(head: &[u8]) -> bool {
    let version = head.get(6..8).map(|bytes| {
        bytes
            .iter()
            .fold(0_u32, |number, &byte| number << 8 | u32::from(byte))
    });
    head.starts_with(b"\xca\xfe\xba\xbe")
        && version.is_some_and(|version| (45..100).contains(&version))
}

/// The texts among the constants, one a line, up to the first constant that makes no sense.
pub(crate) fn texts(class: &[u8]) -> Vec<u8> {
    let mut lines = Vec::new();
    let mut rest = class.get(10..).unwrap_or_default();
    let count = class.get(8..10).map_or(0, |bytes| {
        bytes
            .iter()
            .fold(0, |number, &byte| number << 8 | usize::from(byte))
    });
    let mut index = 1;
    while index < count {
        let Some((&tag, after)) = rest.split_first() else {
            break;
        };
        let size = match tag {
            1 => match after.first_chunk::<2>() {
                Some(size) => 2 + usize::from(u16::from_be_bytes(*size)),
                None => break,
            },
            7 | 8 | 16 | 19 | 20 => 2,
            15 => 3,
            3 | 4 | 9..=12 | 17 | 18 => 4,
            5 | 6 => 8,
            _ => break,
        };
        let (constant, after) = after.split_at_checked(size).unwrap_or((after, &[]));
        if tag == 1 {
            lines.extend_from_slice(constant.get(2..).unwrap_or_default());
            lines.push(b'\n');
        }
        // Numbers of eight bytes count twice.
        index += if matches!(tag, 5 | 6) { 2 } else { 1 };
        rest = after;
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_text_is_a_line_of_its_own() {
        let class = b"\xca\xfe\xba\xbe\0\0\0\x34\0\x06\x01\0\x03abc\x08\0\x01\x05\0\0\0\0\0\0\0\0\x01\0\x02de\xff";
        assert!(is_class(class));
        assert_eq!(texts(class), b"abc\nde\n");
        assert!(!is_class(b"\xca\xfe\xba\xbe\0\0\0\x02"));
        assert_eq!(texts(&class[..14]), b"a\n");
    }
}
