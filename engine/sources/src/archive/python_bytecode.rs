//! The texts in a compiled Python module, apart from each other: in the file the kind and length of a text stand right before
//! it, and are often letters. And what the module assigns to names, as source code would say it: in the file the name is
//! far from the value.
//!
//! Format: CPython's `Python/marshal.c` and `Lib/importlib/_bootstrap_external.py` (the magic numbers). The numbers of
//! instructions are known for 2.7 and 3.3 to 3.12; of other versions the texts are told, without names.
//!
//! INVARIANT: never reads outside of the file, whatever it says; depth and the number of objects are bounded.

use std::collections::HashSet;

use super::fault::Fault;

/// LIMIT: objects in objects.
const DEEPEST: usize = 200;

/// LIMIT: what the names and values of a module may have together, as many times its own size. One value can be put under many names;
/// of fifteen hundred modules none has more than once its size.
const MOST_TIMES: usize = 4;

/// `LOAD_CONST`, and the instructions that put a value under a name. The same from 2.7 to 3.12.
const LOAD_CONST: u8 = 100;
const STORE_NAME: u8 = 90;
const STORE_ATTR: u8 = 95;
const STORE_GLOBAL: u8 = 97;
const STORE_FAST: u8 = 125;

/// Where versions of the format differ.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Dialect {
    /// 2.7.
    Two,
    /// 3.3 to 3.5: instructions of one or three bytes.
    Three,
    /// 3.6 and 3.7: instructions of two bytes from here on.
    Wordcode,
    /// 3.8 to 3.10: positional-only arguments.
    Positional,
    /// 3.11 and 3.12: locals in one list.
    Locals,
    /// 3.13 and later: other numbers of instructions.
    Renumbered,
}

/// The version that a file of these first bytes is of: two bytes of a magic number, and the line break that tells a file that
/// was changed by a text-mode transfer.
fn dialect(head: &[u8]) -> Option<Dialect> {
    let (&[low, high], b"\r\n") = head.split_at_checked(4).and_then(|(magic, _)| {
        let (number, ending) = magic.split_at_checked(2)?;
        Some((<&[u8; 2]>::try_from(number).ok()?, ending))
    })?
    else {
        return None;
    };
    Some(match u16::from_le_bytes([low, high]) {
        62_171..=62_211 => Dialect::Two,
        3_220..=3_351 => Dialect::Three,
        3_360..=3_394 => Dialect::Wordcode,
        3_400..=3_439 => Dialect::Positional,
        3_450..=3_531 => Dialect::Locals,
        3_550..=3_999 => Dialect::Renumbered,
        _ => return None,
    })
}

impl Dialect {
    /// Bytes before the first object.
    fn header(self) -> usize {
        match self {
            Self::Two => 8,
            Self::Three => 12,
            // 3.6 has twelve and 3.7 sixteen; the object's kind tells.
            Self::Wordcode | Self::Positional | Self::Locals | Self::Renumbered => 16,
        }
    }

    /// Numbers at the beginning of a code object.
    fn counts(self) -> usize {
        match self {
            Self::Two => 4,
            Self::Positional => 6,
            Self::Three | Self::Wordcode | Self::Locals | Self::Renumbered => 5,
        }
    }
}

/// Whether these first bytes are those of a compiled module: its magic number, and a code object where it must be.
pub(crate) fn is_module(head: &[u8]) -> bool {
    dialect(head).is_some_and(|dialect| start(dialect, head).is_some())
}

/// Where the code object of the module begins.
fn start(dialect: Dialect, bytes: &[u8]) -> Option<usize> {
    let is_code = |at: &usize| bytes.get(*at).is_some_and(|kind| kind & 0x7f == b'c');
    let older = (dialect == Dialect::Wordcode).then_some(12);
    [dialect.header()].into_iter().chain(older).find(is_code)
}

/// What a module says.
#[derive(Debug, Default)]
pub(crate) struct Texts {
    /// Its texts, one a line, and `name = "text"` for what it assigns.
    pub(crate) lines: Vec<u8>,
    /// Why not all that it assigns is there.
    pub(crate) fault: Option<Fault>,
}

/// The texts of a module.
pub(crate) fn texts(module: &[u8]) -> Texts {
    let Some(dialect) = dialect(module) else {
        return Texts::default();
    };
    let Some(rest) = start(dialect, module).and_then(|start| module.get(start..)) else {
        return Texts::default();
    };
    let mut reader = Reader {
        dialect,
        rest,
        seen: Vec::new(),
        texts: Texts::default(),
        told: HashSet::new(),
        left: module.len().saturating_mul(MOST_TIMES),
    };
    // What makes no sense ends it; what was read before is told.
    let _end: Option<Object<'_>> = reader.object(0);
    reader.texts
}

/// An object, as far as it matters.
#[derive(Clone)]
enum Object<'b> {
    Text(&'b [u8]),
    Many(Vec<Object<'b>>),
    Other,
}

impl<'b> Object<'b> {
    fn text(&self) -> Option<&'b [u8]> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    fn item(&self, index: usize) -> Option<&'b [u8]> {
        match self {
            Self::Many(items) => items.get(index)?.text(),
            _ => None,
        }
    }
}

struct Reader<'b> {
    dialect: Dialect,
    rest: &'b [u8],
    /// What later objects refer to; texts only, since nothing else is asked for.
    seen: Vec<Option<&'b [u8]>>,
    texts: Texts,
    told: HashSet<&'b [u8]>,
    /// What the names and values that are still to come may have.
    left: usize,
}

impl<'b> Reader<'b> {
    fn take(&mut self, count: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(taken)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    fn number(&mut self) -> Option<u32> {
        let bytes = self.take(4)?;
        Some(u32::from_le_bytes(bytes.try_into().ok()?))
    }

    fn size(&mut self) -> Option<usize> {
        usize::try_from(self.number()?).ok()
    }

    /// Reads one object; none when it makes no sense.
    fn object(&mut self, depth: usize) -> Option<Object<'b>> {
        if depth > DEEPEST {
            return None;
        }
        let byte = self.byte()?;
        let (kind, is_kept) = (byte & 0x7f, byte & 0x80 != 0);
        // An object takes its number when it begins, before those inside of it.
        let kept_as = (is_kept || (self.dialect == Dialect::Two && kind == b't')).then(|| {
            self.seen.push(None);
            self.seen.len() - 1
        });
        let object = self.content(kind, depth)?;
        if let Some(slot) = kept_as.and_then(|index| self.seen.get_mut(index)) {
            *slot = object.text();
        }
        Some(object)
    }

    fn content(&mut self, kind: u8, depth: usize) -> Option<Object<'b>> {
        Some(match kind {
            b'0' | b'N' | b'F' | b'T' | b'S' | b'.' => Object::Other,
            b'i' => self.skip(4)?,
            b'I' | b'g' => self.skip(8)?,
            b'y' => self.skip(16)?,
            b'f' => {
                let size = self.byte()?;
                self.skip(usize::from(size))?
            }
            b'l' => {
                let digits = self.number()?.cast_signed().unsigned_abs();
                self.skip(usize::try_from(digits).ok()?.checked_mul(2)?)?
            }
            b'z' | b'Z' => {
                let size = usize::from(self.byte()?);
                self.text(size)?
            }
            b's' | b't' | b'u' | b'a' | b'A' => {
                let size = self.size()?;
                self.text(size)?
            }
            b'r' | b'R' => {
                let index = self.size()?;
                let text = self.seen.get(index).copied().flatten();
                text.map_or(Object::Other, Object::Text)
            }
            b')' => {
                let count = usize::from(self.byte()?);
                self.many(count, depth)?
            }
            b'(' | b'[' | b'<' | b'>' => {
                let count = self.size()?;
                self.many(count, depth)?
            }
            b':' => self.many(3, depth)?,
            b'{' => self.dictionary(depth)?,
            b'c' => self.code(depth)?,
            _ => return None,
        })
    }

    fn skip(&mut self, count: usize) -> Option<Object<'b>> {
        self.take(count).map(|_| Object::Other)
    }

    fn text(&mut self, size: usize) -> Option<Object<'b>> {
        let text = self.take(size)?;
        // Instructions and tables of lines are texts to the format.
        let is_readable =
            !text.is_empty() && !text.contains(&0) && std::str::from_utf8(text).is_ok();
        if is_readable && self.told.insert(text) {
            self.texts.lines.extend_from_slice(text);
            self.texts.lines.push(b'\n');
        }
        Some(Object::Text(text))
    }

    fn many(&mut self, count: usize, depth: usize) -> Option<Object<'b>> {
        // Each takes a byte at least, so that a size that lies is noticed before memory is taken for it.
        if count > self.rest.len() {
            return None;
        }
        let mut items = Vec::new();
        for _ in 0..count {
            items.push(self.object(depth + 1)?);
        }
        Some(Object::Many(items))
    }

    fn dictionary(&mut self, depth: usize) -> Option<Object<'b>> {
        while self.rest.first()? & 0x7f != b'0' {
            self.object(depth + 1)?;
            self.object(depth + 1)?;
        }
        self.skip(1)
    }

    /// A code object: numbers, instructions, constants, names, the names of local variables, and more.
    fn code(&mut self, depth: usize) -> Option<Object<'b>> {
        self.take(self.dialect.counts() * 4)?;
        let instructions = self.object(depth + 1)?;
        let constants = self.object(depth + 1)?;
        let names = self.object(depth + 1)?;
        let locals = self.object(depth + 1)?;
        self.assignments(&instructions, &constants, (&names, &locals));
        for _ in 0..4 {
            self.object(depth + 1)?;
        }
        self.take(4)?;
        // The table of lines; and since 3.11 that of exceptions.
        let after_line = if self.dialect >= Dialect::Locals {
            2
        } else {
            1
        };
        for _ in 0..after_line {
            self.object(depth + 1)?;
        }
        Some(Object::Other)
    }

    /// Tells what the instructions put under a name right after they have loaded it.
    fn assignments(
        &mut self,
        instructions: &Object<'b>,
        constants: &Object<'b>,
        (names, locals): (&Object<'b>, &Object<'b>),
    ) {
        if self.dialect == Dialect::Renumbered {
            return;
        }
        let Some(code) = instructions.text() else {
            return;
        };
        let mut loaded = None;
        for (operation, argument) in steps(code, self.dialect) {
            let name = match operation {
                STORE_NAME | STORE_ATTR | STORE_GLOBAL => names.item(argument),
                STORE_FAST => locals.item(argument),
                _ => None,
            };
            if let (Some(value), Some(name)) = (loaded, name) {
                self.assigned(name, value);
            }
            loaded = (operation == LOAD_CONST)
                .then(|| constants.item(argument))
                .flatten();
        }
    }

    fn assigned(&mut self, name: &[u8], value: &[u8]) {
        let Some(left) = self.left.checked_sub(name.len() + value.len()) else {
            let reason = format!("its names have values of more than {MOST_TIMES} times its size");
            self.texts.fault = Some(Fault::Limit(reason));
            return;
        };
        self.left = left;
        let is_plain = std::str::from_utf8(value).is_ok()
            && !value.is_empty()
            && !value
                .iter()
                .any(|byte| matches!(byte, b'"' | b'\\' | b'\n'));
        if is_plain {
            let lines = &mut self.texts.lines;
            lines.extend_from_slice(name);
            lines.extend_from_slice(b" = \"");
            lines.extend_from_slice(value);
            lines.extend_from_slice(b"\"\n");
        }
    }
}

/// The instructions and their arguments, without the empty slots that 3.11 leaves for itself. An argument of more than one
/// byte has its upper part before it; such instructions are left alone.
fn steps(code: &[u8], dialect: Dialect) -> impl Iterator<Item = (u8, usize)> {
    const HAS_ARGUMENT: u8 = 90;
    const CACHE: u8 = 0;
    let mut rest = code;
    std::iter::from_fn(move || {
        loop {
            let (&operation, after) = rest.split_first()?;
            let size = match dialect {
                Dialect::Two | Dialect::Three if operation < HAS_ARGUMENT => 0,
                Dialect::Two | Dialect::Three => 2,
                _ => 1,
            };
            let (argument, after) = after.split_at_checked(size)?;
            rest = after;
            if dialect == Dialect::Locals && operation == CACHE {
                continue;
            }
            let argument = argument
                .iter()
                .rev()
                .fold(0, |number, &byte| number << 8 | usize::from(byte));
            return Some((operation, argument));
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A module of 3.8 that says `token = "ab"` and whose code is never closed.
    fn module() -> Vec<u8> {
        let mut module = vec![0x55, 0x0d, b'\r', b'\n'];
        module.extend([0; 12]);
        module.push(b'c' | 0x80);
        module.extend([0; 24]);
        module.extend(b"s\x04\0\0\0\x64\x00\x5a\x00");
        module.extend(b")\x01z\x02ab");
        module.extend(b")\x01Z\x05token");
        module.extend(b")\0");
        module
    }

    #[test]
    fn a_value_is_told_with_the_name_that_it_is_given() {
        assert!(is_module(&module()));
        assert_eq!(texts(&module()).lines, b"ab\ntoken\ntoken = \"ab\"\n");
    }

    #[test]
    fn a_module_that_lies_about_sizes_or_refers_to_itself_is_read_to_where_it_makes_sense() {
        let whole = module();
        for cut in 0..whole.len() {
            assert!(texts(&whole[..cut]).lines.len() <= texts(&whole).lines.len());
        }
        let mut nested = whole[..16].to_vec();
        nested.extend(b"c".repeat(1 << 16));
        assert_eq!(texts(&nested).lines, b"");
        let mut large = whole[..whole.len() - 2].to_vec();
        large.extend(b"(\xff\xff\xff\xff");
        assert_eq!(texts(&large).lines, b"ab\ntoken\n");
    }

    #[test]
    fn other_files_are_no_modules() {
        assert!(!is_module(b""));
        assert!(!is_module(b"\x55\x0d\r\n"));
        assert!(!is_module(b"ab\r\ncd ef gh ij klmnopq"));
    }
}
