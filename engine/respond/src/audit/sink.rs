//! Where the audit log's lines go: a file, the database.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use super::AuditError;
use crate::ledger::Ledger;

/// Where lines go. Only ever adds.
pub trait AuditSink: Send + Sync {
    /// What it is, for people.
    fn name(&self) -> String;

    /// The last line that is there.
    ///
    /// # Errors
    /// It cannot be read.
    fn last(&self) -> Result<Option<String>, AuditError>;

    /// Adds a line. It is durable when this returns.
    ///
    /// # Errors
    /// It cannot be written, or has such a line already.
    fn append(&self, sequence: u64, line: &str) -> Result<(), AuditError>;

    /// All lines.
    ///
    /// # Errors
    /// They cannot be read.
    fn lines(&self) -> Result<Vec<String>, AuditError>;
}

/// A file of lines.
#[derive(Debug)]
pub struct FileSink {
    path: PathBuf,
}

/// How much of the file's end is read to find the last line.
const TAIL: u64 = 64 << 10;

impl FileSink {
    /// The file at `path`; it is made with the first line.
    #[must_use]
    pub fn new(path: PathBuf) -> Self {
        Self { path }
    }

    fn failed(&self, error: &std::io::Error) -> AuditError {
        AuditError::Sink {
            sink: self.name(),
            why: error.to_string(),
        }
    }

    fn open(&self) -> std::io::Result<File> {
        if let Some(folder) = self.path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let mut options = OpenOptions::new();
        options.read(true).append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(&self.path)
    }

    fn tail(&self) -> std::io::Result<Option<String>> {
        let mut file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(TAIL)))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let text = String::from_utf8_lossy(&bytes);
        // What does not end with a line break was torn while it was written, and nobody was told that it is there.
        let whole = text.rfind('\n').and_then(|end| text.get(..end));
        Ok(whole
            .and_then(|text| text.rsplit('\n').next())
            .map(str::to_owned))
    }

    fn add(&self, line: &str) -> std::io::Result<()> {
        let mut file = self.open()?;
        let length = file.metadata()?.len();
        if length > 0 {
            let mut last = [0];
            file.seek(SeekFrom::Start(length - 1))?;
            file.read_exact(&mut last)?;
            if last != *b"\n" {
                let text = std::fs::read(&self.path)?;
                let end = text.iter().rposition(|byte| *byte == b'\n');
                file.set_len(end.map_or(0, |end| end as u64 + 1))?;
            }
        }
        file.write_all(format!("{line}\n").as_bytes())?;
        file.sync_data()
    }
}

impl AuditSink for FileSink {
    fn name(&self) -> String {
        self.path.display().to_string()
    }

    fn last(&self) -> Result<Option<String>, AuditError> {
        self.tail().map_err(|error| self.failed(&error))
    }

    fn append(&self, _sequence: u64, line: &str) -> Result<(), AuditError> {
        self.add(line).map_err(|error| self.failed(&error))
    }

    fn lines(&self) -> Result<Vec<String>, AuditError> {
        match std::fs::read(&self.path) {
            Ok(bytes) => Ok(String::from_utf8_lossy(&bytes)
                .lines()
                .map(str::to_owned)
                .collect()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(self.failed(&error)),
        }
    }
}

/// Lines in the database.
#[derive(Debug)]
pub struct DatabaseSink {
    ledger: Ledger,
    /// Which log: several machines can share a database, each has a chain of its own.
    log: String,
}

impl DatabaseSink {
    /// The log that is also in `file` on this machine: whoever names the same file finds the same lines.
    #[must_use]
    pub fn beside(ledger: Ledger, file: &Path) -> Self {
        let file = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
        Self::new(ledger, &format!("{}:{}", machine(), file.display()))
    }

    /// The log called `log`.
    #[must_use]
    pub fn new(ledger: Ledger, log: &str) -> Self {
        Self {
            ledger,
            log: log.to_owned(),
        }
    }

    fn rows(&self, sql: &'static str) -> Result<Vec<String>, AuditError> {
        let failed = |why: String| AuditError::Sink {
            sink: self.name(),
            why,
        };
        let database = self.ledger.database();
        let rows = self
            .ledger
            .wait(database.rows(sql, vec![self.log.as_str().into()]))
            .map_err(|error| failed(error.to_string()))?;
        rows.iter()
            .map(|row| row.text(0).map_err(|error| failed(error.to_string())))
            .collect()
    }
}

/// The machine's name.
#[must_use]
pub fn machine() -> String {
    let named = std::env::var("HOSTNAME").ok();
    named
        .or_else(|| std::fs::read_to_string("/etc/hostname").ok())
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| "localhost".to_owned())
}

impl AuditSink for DatabaseSink {
    fn name(&self) -> String {
        format!("the database {}", self.ledger.database().name())
    }

    fn last(&self) -> Result<Option<String>, AuditError> {
        let rows =
            self.rows("SELECT record FROM audit WHERE log = $1 ORDER BY sequence DESC LIMIT 1")?;
        Ok(rows.into_iter().next())
    }

    fn append(&self, sequence: u64, line: &str) -> Result<(), AuditError> {
        let values = vec![self.log.as_str().into(), sequence.into(), line.into()];
        let database = self.ledger.database();
        let written = self.ledger.wait(database.execute(
            "INSERT INTO audit (log, sequence, record) VALUES ($1, $2, $3)",
            values,
        ));
        written.map(drop).map_err(|error| AuditError::Sink {
            sink: self.name(),
            why: error.to_string(),
        })
    }

    fn lines(&self) -> Result<Vec<String>, AuditError> {
        self.rows("SELECT record FROM audit WHERE log = $1 ORDER BY sequence")
    }
}
