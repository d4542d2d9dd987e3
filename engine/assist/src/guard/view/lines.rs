//! The lines of a text, found once however often one of them is asked for.

/// Where each line of a text begins.
pub(in crate::guard) struct Lines<'b> {
    bytes: &'b [u8],
    starts: Vec<usize>,
}

impl<'b> Lines<'b> {
    /// The lines of this text.
    pub(in crate::guard) fn of(bytes: &'b [u8]) -> Self {
        let ends = bytes.iter().enumerate();
        let ends = ends.filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at);
        let starts = std::iter::once(0).chain(ends.map(|end| end + 1));
        Self {
            bytes,
            starts: starts.filter(|start| *start < bytes.len()).collect(),
        }
    }

    /// How many there are.
    pub(super) fn count(&self) -> u32 {
        u32::try_from(self.starts.len()).unwrap_or(u32::MAX)
    }

    /// The line with this number, counted from 1, with its end; nothing when there is none.
    pub(super) fn get(&self, number: u32) -> &'b [u8] {
        let number = usize::try_from(number).unwrap_or(usize::MAX);
        let Some(start) = number.checked_sub(1).and_then(|at| self.starts.get(at)) else {
            return &[];
        };
        let end = self.starts.get(number).copied();
        let end = end.unwrap_or(self.bytes.len());
        self.bytes.get(*start..end).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_is_found_by_its_number() {
        for (text, expected) in [
            (&b""[..], vec![]),
            (b"a", vec!["a"]),
            (b"a\n", vec!["a\n"]),
            (b"a\n\nb", vec!["a\n", "\n", "b"]),
        ] {
            let lines = Lines::of(text);
            let all: Vec<&[u8]> = (1..=lines.count())
                .map(|number| lines.get(number))
                .collect();
            let expected: Vec<&[u8]> = expected.into_iter().map(str::as_bytes).collect();
            assert_eq!(all, expected, "{text:?}");
            assert_eq!(lines.get(0), b"");
            assert_eq!(lines.get(lines.count() + 1), b"");
        }
    }
}
