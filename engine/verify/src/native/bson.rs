//! BSON as far as MongoDB's commands need it: texts, numbers, flags, bytes, lists and documents.
//!
//! <https://bsonspec.org/spec.html>. What has another type is kept as it is told apart by nobody: [`Bson::Other`].

use super::bytes::Reader;

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub enum Bson {
    /// A text.
    Text(String),
    /// A whole number of 32 bits.
    Int(i32),
    /// A whole number of 64 bits.
    Long(i64),
    /// Another number.
    Double(f64),
    /// Yes or no.
    Flag(bool),
    /// Bytes.
    Binary(Vec<u8>),
    /// Nothing.
    Null,
    /// A document.
    Document(Document),
    /// A list.
    List(Vec<Bson>),
    /// Another type, whose value nobody here asks for.
    Other,
}

/// Names and values, in their order: the first name of a command is the command.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Document(pub Vec<(String, Bson)>);

/// LIMIT: how deep documents lie in each other; MongoDB's own limit is a hundred.
const DEEPEST: u32 = 100;

impl Document {
    /// With one value more.
    #[must_use]
    pub fn with(mut self, name: &str, value: Bson) -> Self {
        self.0.push((name.to_owned(), value));
        self
    }

    /// With one text more.
    #[must_use]
    pub fn text(self, name: &str, value: &str) -> Self {
        self.with(name, Bson::Text(value.to_owned()))
    }

    /// With one number more.
    #[must_use]
    pub fn int(self, name: &str, value: i32) -> Self {
        self.with(name, Bson::Int(value))
    }

    /// The value of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Bson> {
        self.0
            .iter()
            .find(|(found, _)| found == name)
            .map(|(_, value)| value)
    }

    /// The number of that name, whatever it was written as.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        reason = "small whole numbers, which some servers write as doubles or in 64 bits"
    )]
    pub fn number(&self, name: &str) -> Option<i32> {
        match self.get(name)? {
            Bson::Int(number) => Some(*number),
            Bson::Long(number) => i32::try_from(*number).ok(),
            Bson::Double(number) => Some(*number as i32),
            Bson::Flag(flag) => Some(i32::from(*flag)),
            _ => None,
        }
    }

    /// The text of that name.
    #[must_use]
    pub fn word(&self, name: &str) -> Option<&str> {
        match self.get(name)? {
            Bson::Text(text) => Some(text),
            _ => None,
        }
    }

    /// As it is sent.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (name, value) in &self.0 {
            let (kind, content) = value.encoded();
            bytes.push(kind);
            bytes.extend_from_slice(name.as_bytes());
            bytes.push(0);
            bytes.extend_from_slice(&content);
        }
        let mut whole = length(bytes.len() + 5);
        whole.extend_from_slice(&bytes);
        whole.push(0);
        whole
    }

    /// As it was sent; none when it is damaged.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Option<Self> {
        document(bytes, 0)
    }
}

impl Bson {
    fn encoded(&self) -> (u8, Vec<u8>) {
        match self {
            Self::Double(number) => (0x01, number.to_le_bytes().to_vec()),
            Self::Text(text) => {
                let mut bytes = length(text.len() + 1);
                bytes.extend_from_slice(text.as_bytes());
                bytes.push(0);
                (0x02, bytes)
            }
            Self::Document(document) => (0x03, document.to_bytes()),
            Self::List(items) => {
                let named = items.iter().enumerate();
                let list = named.map(|(index, item)| (index.to_string(), item.clone()));
                (0x04, Document(list.collect()).to_bytes())
            }
            Self::Binary(content) => {
                let mut bytes = length(content.len());
                bytes.push(0);
                bytes.extend_from_slice(content);
                (0x05, bytes)
            }
            Self::Flag(flag) => (0x08, vec![u8::from(*flag)]),
            Self::Null | Self::Other => (0x0a, Vec::new()),
            Self::Int(number) => (0x10, number.to_le_bytes().to_vec()),
            Self::Long(number) => (0x12, number.to_le_bytes().to_vec()),
        }
    }
}

fn length(length: usize) -> Vec<u8> {
    u32::try_from(length)
        .unwrap_or_default()
        .to_le_bytes()
        .to_vec()
}

fn document(bytes: &[u8], depth: u32) -> Option<Document> {
    if depth > DEEPEST {
        return None;
    }
    let mut reader = Reader(bytes.get(4..)?);
    let mut found = Vec::new();
    loop {
        let kind = reader.byte()?;
        if kind == 0 {
            return Some(Document(found));
        }
        let name = String::from_utf8(reader.c_text()?.to_vec()).ok()?;
        let value = value(kind, &mut reader, depth)?;
        found.push((name, value));
    }
}

fn value(kind: u8, reader: &mut Reader<'_>, depth: u32) -> Option<Bson> {
    let number = |bytes: &[u8]| Some(i64::from_le_bytes(bytes.try_into().ok()?));
    Some(match kind {
        0x01 => Bson::Double(f64::from_le_bytes(reader.take(8)?.try_into().ok()?)),
        0x02 => {
            let bytes = sized(reader, 4)?;
            let text = bytes.get(4..)?.strip_suffix(b"\0")?;
            Bson::Text(String::from_utf8(text.to_vec()).ok()?)
        }
        0x03 => Bson::Document(document(sized(reader, 0)?, depth + 1)?),
        0x04 => {
            let items = document(sized(reader, 0)?, depth + 1)?;
            Bson::List(items.0.into_iter().map(|(_, item)| item).collect())
        }
        0x05 => Bson::Binary(sized(reader, 5)?.get(5..)?.to_vec()),
        0x08 => Bson::Flag(reader.byte()? != 0),
        0x0a => Bson::Null,
        0x10 => Bson::Int(i32::from_le_bytes(reader.take(4)?.try_into().ok()?)),
        0x12 => Bson::Long(number(reader.take(8)?)?),
        // An object's id, a time, a time stamp, a decimal.
        0x07 => reader.take(12).map(|_| Bson::Other)?,
        0x09 | 0x11 => reader.take(8).map(|_| Bson::Other)?,
        0x13 => reader.take(16).map(|_| Bson::Other)?,
        _ => return None,
    })
}

/// A value that begins with its length, the length included; `more` bytes are not counted in it.
fn sized<'b>(reader: &mut Reader<'b>, more: usize) -> Option<&'b [u8]> {
    let length = usize::try_from(Reader(reader.0).little_u32()?).ok()?;
    reader.take(length.checked_add(more)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_read_as_it_was_written() {
        let role = Document::default()
            .text("role", "readWrite")
            .text("db", "shop");
        let document = Document::default()
            .text("createUser", "app")
            .int("code", 18)
            .with("ok", Bson::Double(1.0))
            .with("big", Bson::Long(1 << 40))
            .with("yes", Bson::Flag(true))
            .with("none", Bson::Null)
            .with("payload", Bson::Binary(b"r=1".to_vec()))
            .with("roles", Bson::List(vec![Bson::Document(role)]));
        let read = Document::read(&document.to_bytes());
        assert_eq!(read.as_ref(), Some(&document));
        assert_eq!(document.number("ok"), Some(1));
        assert_eq!(document.word("createUser"), Some("app"));
    }

    #[test]
    fn what_is_damaged_is_no_document_and_no_panic() {
        let whole = Document::default()
            .text("a", "b")
            .with("c", Bson::List(vec![Bson::Int(1)]))
            .to_bytes();
        for end in 0..whole.len() {
            assert_eq!(Document::read(&whole[..end]), None, "{end}");
        }
        for at in 0..whole.len() {
            for byte in [0, 0x7f, 0xff] {
                let mut other = whole.clone();
                other[at] = byte;
                // Whatever it is taken for; it ends.
                let _seen = Document::read(&other).is_some();
            }
        }
        let mut deep = Document::default();
        for _ in 0..200 {
            deep = Document::default().with("d", Bson::Document(deep));
        }
        assert_eq!(Document::read(&deep.to_bytes()), None);
    }
}
