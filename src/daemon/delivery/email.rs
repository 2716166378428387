//! Mail, with lettre: several messages in one.

use std::error::Error as _;
use std::iter::successors;
use std::time::Duration;

use lettre::message::Mailbox;
use lettre::message::header::ContentType;
use lettre::transport::smtp;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor};
use secrecy::ExposeSecret as _;

use crate::alert::Message;
use crate::alert::gather::{cut, gather};
use crate::config::{Email, Security};
use crate::l10n::{Lang, within};
use crate::model::{Failure, Plain};
use crate::text::alert;
use crate::wechat::client;

/// How long each step of a conversation with the server may take.
const TIMEOUT: Duration = Duration::from_secs(20);
/// How many bytes of text one mail has at most.
const MOST: usize = 64 * 1024;
/// How many bytes of a server's own error are shown.
const SHOWN: usize = 200;

/// Sends the first messages, as many as fit; returns how many these are, and the outcome.
pub(super) async fn send(
    email: &Email,
    messages: &[Message],
    lang: Lang,
) -> (usize, Result<(), String>) {
    let (mail, count) = within(lang, || {
        let texts: Vec<_> = messages.iter().map(alert::body).collect();
        let (text, count) = gather(&texts, MOST);
        (compose(email, messages, (text, count)), count)
    });
    let sent = match (mail, transport(email)) {
        (Ok(mail), Ok(transport)) => {
            transport.send(mail).await.map(drop).map_err(|error| failure(&error).to_string())
        }
        (Err(error), _) | (_, Err(error)) => Err(error),
    };
    (count, sent)
}

fn compose(
    email: &Email,
    messages: &[Message],
    (text, count): (String, usize),
) -> Result<lettre::Message, String> {
    let first = messages.first().ok_or("there is no message")?;
    let subject = match count {
        0 | 1 => alert::headline(first),
        count => alert::headline_of_many(first, count - 1),
    };
    // A repetition has the same id, by which a mailbox shows it once.
    let mut mail = lettre::Message::builder()
        .message_id(Some(format!("<{}.{count}@qunfa>", first.id)))
        .from(mailbox(&email.from)?)
        .subject(subject)
        .header(ContentType::TEXT_PLAIN);
    for to in &email.to {
        mail = mail.to(mailbox(to)?);
    }
    mail.body(text).map_err(|error| error.to_string())
}

/// Returns what an error of a conversation means.
fn failure(error: &smtp::Error) -> Failure {
    let causes: Vec<_> = successors(error.source(), |cause| (*cause).source()).collect();
    let detail = cut(&error.to_string(), SHOWN);
    let last = causes.last().map_or_else(|| detail.clone(), ToString::to_string);
    if let Some(tls) = causes.iter().find_map(|cause| client::tls(*cause)) {
        return Failure::Tls { detail: tls.to_string() };
    }
    if error.is_timeout() {
        Plain::NoAnswer.into()
    } else if error.is_transient() || error.is_permanent() {
        Failure::MailRefused { detail }
    } else if error.is_tls() {
        Failure::Tls { detail: last }
    } else if error.is_client() || error.is_response() {
        Failure::Broken { detail }
    } else {
        Failure::NoConnection { detail: cut(&last, SHOWN) }
    }
}

fn mailbox(address: &str) -> Result<Mailbox, String> {
    address.parse().map_err(|_| format!("{address:?} is no mail address"))
}

fn transport(email: &Email) -> Result<AsyncSmtpTransport<Tokio1Executor>, String> {
    let parameters = || TlsParameters::new(email.server.clone()).map_err(|error| error.to_string());
    let tls = match email.security {
        Security::Starttls => Tls::Required(parameters()?),
        Security::Tls => Tls::Wrapper(parameters()?),
        Security::None => Tls::None,
    };
    let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&email.server)
        .port(email.port)
        .tls(tls)
        .timeout(Some(TIMEOUT));
    if let Some((user, password)) = &email.login {
        let password = password.expose_secret().to_owned();
        builder = builder.credentials(Credentials::new(user.clone(), password));
    }
    Ok(builder.build())
}
