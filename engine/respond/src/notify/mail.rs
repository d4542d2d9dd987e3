//! E-mail over SMTP.

use std::time::Duration;

use leakward_core::Secret;
use lettre::message::Mailbox;
use lettre::transport::smtp::authentication::Credentials;
use lettre::{SmtpTransport, Transport as _};

use super::channel::ChannelError;
use super::message::Message;

/// Longest time for one try.
const CALL: Duration = Duration::from_secs(10);

/// Where mail is handed in.
#[derive(Clone, Debug)]
pub struct MailServer {
    /// Its host.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Login and password, where it wants them.
    pub login: Option<(String, Secret)>,
    /// Who it is from.
    pub from: String,
    /// Who gets it.
    pub to: Vec<String>,
}

impl MailServer {
    #[expect(
        clippy::disallowed_methods,
        reason = "the mail server's password is sent to the mail server"
    )]
    pub(super) fn send(&self, message: &Message) -> Result<(), ChannelError> {
        let wrong = |what: &str| ChannelError::Setting(format!("{what} is no address of e-mail"));
        let mailbox = |text: &str| text.parse::<Mailbox>().map_err(|_| wrong(text));
        let mut builder = lettre::Message::builder()
            .from(mailbox(&self.from)?)
            .message_id(Some(format!(
                "<{}@leakward>",
                message.name.replace(' ', ".")
            )))
            .subject(format!(
                "[leakward] {}: {}",
                message.urgency.as_str(),
                message.title
            ));
        for to in &self.to {
            builder = builder.to(mailbox(to)?);
        }
        let mail = builder
            .body(format!("{}\n", message.text))
            .map_err(|error| ChannelError::Setting(error.to_string()))?;
        let mut transport = SmtpTransport::builder_dangerous(&self.host)
            .port(self.port)
            .timeout(Some(CALL));
        if let Some((name, password)) = &self.login {
            let password = String::from_utf8_lossy(password.expose()).into_owned();
            transport = transport.credentials(Credentials::new(name.clone(), password));
        }
        transport
            .build()
            .send(&mail)
            .map(drop)
            .map_err(|error| ChannelError::Failed {
                host: self.host.clone(),
                why: error.to_string(),
            })
    }
}
