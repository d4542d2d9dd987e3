//! Tells people: Slack, Teams, a webhook of your own (signed), e-mail, an issue on GitHub or GitLab.
//!
//! A message is written to the database before it is sent, one for each channel, under a name that is the same however
//! often the saga comes here: so it is not lost, and not sent twice by a saga that was resumed. (A channel whose answer was lost gets it
//! again: twice told is better than never.) INVARIANT: a message holds the incident's public words, never a value.

mod channel;
mod issue;
mod mail;
mod message;

use std::time::Duration;

use leakward_verify::Clock;

use crate::database::{DatabaseError, Row, SagaId};
use crate::ledger::Ledger;
use crate::plan::Plan;
use crate::saga::Messenger;

pub use channel::{Channel, ChannelError, ChannelKind};
pub use mail::{MailSecurity, MailServer};
pub use message::{Message, Urgency};

/// How often a message is tried.
const MOST_ATTEMPTS: u64 = 8;

/// First wait until a message is tried again; doubled each time.
const FIRST_RETRY: u64 = 30;

/// How long a message belongs to the process that sends it. Another one takes it afterwards: it may have ended.
const LEASE: u64 = 120;

/// Longest time for one try.
const CALL: Duration = Duration::from_secs(10);

/// Tells people.
pub struct Notifier {
    ledger: Ledger,
    channels: Vec<Channel>,
    client: reqwest::blocking::Client,
    clock: Box<dyn Clock>,
}

impl Notifier {
    /// Through these channels.
    ///
    /// # Errors
    /// There is no way out over HTTP.
    pub fn new(
        ledger: Ledger,
        channels: Vec<Channel>,
        clock: Box<dyn Clock>,
    ) -> Result<Self, ChannelError> {
        let client = reqwest::blocking::Client::builder()
            .user_agent(concat!("leakward/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .timeout(CALL)
            .build()
            .map_err(|error| ChannelError::of_http("the HTTP client", &error))?;
        Ok(Self {
            ledger,
            channels,
            client,
            clock,
        })
    }

    /// Writes the message down for every channel, and sends what can be sent now.
    ///
    /// # Errors
    /// It could not be written down.
    pub fn send(&self, message: &Message) -> Result<(), DatabaseError> {
        let database = self.ledger.database();
        let document = database.text_of(message, "a message")?;
        for channel in &self.channels {
            self.ledger.wait(database.execute(
                "INSERT INTO notifications (message, channel, fingerprint, written_at, attempts, retry_at, document) \
                 VALUES ($1, $2, $3, $4, 0, $4, $5) ON CONFLICT DO NOTHING",
                vec![
                    message.name.as_str().into(),
                    channel.name.as_str().into(),
                    message.fingerprint.to_string().into(),
                    self.clock.now().into(),
                    document.as_str().into(),
                ],
            ))?;
        }
        self.flush().map(drop)
    }

    /// Sends what waits and is due; how many could not be sent.
    ///
    /// # Errors
    /// The database cannot be read or written.
    pub fn flush(&self) -> Result<usize, DatabaseError> {
        let now = self.clock.now();
        let database = self.ledger.database();
        let rows = self.ledger.wait(database.rows(
            "SELECT message, channel, attempts, document FROM notifications \
             WHERE sent_at IS NULL AND retry_at <= $1 ORDER BY written_at, message, channel",
            vec![now.into()],
        ))?;
        let mut failures = 0;
        for row in &rows {
            failures += usize::from(!self.try_once(row, now)?);
        }
        Ok(failures)
    }

    fn try_once(&self, row: &Row, now: u64) -> Result<bool, DatabaseError> {
        let database = self.ledger.database();
        let failed = |error: sqlx::Error| database.failed(&error);
        let (name, channel_name) = (row.text(0).map_err(failed)?, row.text(1).map_err(failed)?);
        let attempts = row.number(2).map_err(failed)?;
        let Some(channel) = self.channels.iter().find(|one| one.name == channel_name) else {
            // It was taken out of the configuration; whoever puts it back gets what waits.
            return Ok(false);
        };
        if !self.claim(&name, &channel_name, attempts, now)? {
            // Another process sends it in this moment.
            return Ok(true);
        }
        let attempts = attempts + 1;
        let message: Message = database.parsed(&row.text(3).map_err(failed)?, "a message")?;
        let answer = channel.send(&self.client, &message);
        let is_sent = answer.is_ok();
        let wait = answer.as_ref().err().map_or(0, ChannelError::wait);
        let retry_at = (!is_sent && attempts < MOST_ATTEMPTS).then(|| {
            let backoff = FIRST_RETRY * 2_u64.saturating_pow(attempts as u32 - 1);
            now.saturating_add(backoff.max(wait))
        });
        let text = match answer {
            Ok(()) => "sent".to_owned(),
            Err(error) => error.to_string(),
        };
        self.ledger.wait(database.execute(
            "UPDATE notifications SET retry_at = $1, sent_at = $2, answer = $3 WHERE message = $4 AND channel = $5",
            vec![
                retry_at.into(),
                is_sent.then_some(now).into(),
                text.into(),
                name.into(),
                channel_name.into(),
            ],
        ))?;
        Ok(is_sent)
    }

    /// Takes a message for this process; false when another one was faster.
    fn claim(
        &self,
        name: &str,
        channel: &str,
        attempts: u64,
        now: u64,
    ) -> Result<bool, DatabaseError> {
        let taken = self.ledger.wait(self.ledger.database().execute(
            "UPDATE notifications SET attempts = $1, retry_at = $2 \
             WHERE message = $3 AND channel = $4 AND attempts = $5 AND sent_at IS NULL",
            vec![
                (attempts + 1).into(),
                now.saturating_add(LEASE).into(),
                name.into(),
                channel.into(),
                attempts.into(),
            ],
        ))?;
        Ok(taken > 0)
    }

    /// What was told, or not yet, about a credential: channel and how it went.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn told(
        &self,
        fingerprint: leakward_core::Fingerprint,
    ) -> Result<Vec<(String, String)>, DatabaseError> {
        let database = self.ledger.database();
        let rows = self.ledger.wait(database.rows(
            "SELECT channel, answer FROM notifications WHERE fingerprint = $1 ORDER BY written_at, channel",
            vec![fingerprint.to_string().into()],
        ))?;
        let read = |row: &Row| -> Result<_, sqlx::Error> {
            let answer = row.maybe_text(1)?;
            Ok((row.text(0)?, answer.unwrap_or_else(|| "waits".to_owned())))
        };
        let told: Result<Vec<_>, sqlx::Error> = rows.iter().map(read).collect();
        told.map_err(|error| database.failed(&error))
    }
}

impl Messenger for Notifier {
    fn tell(&self, plan: &Plan, saga: &SagaId, text: &str) -> Result<(), String> {
        let message = Message {
            name: format!("{saga} done"),
            fingerprint: plan.fingerprint,
            title: format!("{}: leaked credential {}", plan.rule, plan.fingerprint),
            text: text.to_owned(),
            urgency: Urgency::Info,
        };
        self.send(&message).map_err(|error| error.to_string())
    }
}

impl std::fmt::Debug for Notifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Notifier({} channels)", self.channels.len())
    }
}
