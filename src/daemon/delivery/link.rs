//! The one-time links of messages that ask for an approval.
//!
//! A link is made when a message is about to leave, for a receiver whose config says whose approval it
//! is. An attempt that is repeated has another link: nobody knows whether the first one arrived.

use chrono::{DateTime, Utc};
use sha2::{Digest as _, Sha256};

use crate::alert::{Fact, Link, Message};
use crate::config::Approver;
use crate::engine::Engine;
use crate::model::{Account, JobId, hex};
use crate::server;
use crate::store::{DeliveryOutcome, StoreError};

/// Adds links to the messages that ask a receiver's person for an approval.
pub(super) fn add<'a>(
    engine: &mut Engine,
    (approver, accounts): (&Approver, impl Iterator<Item = &'a Account> + Clone),
    messages: &mut [Message],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    for message in messages.iter_mut().filter(|one| one.fact == Fact::ApprovalDue) {
        let account = accounts.clone().find(|one| Some(&one.name) == message.account.as_ref());
        let job = message.job.as_deref().and_then(JobId::parse);
        let asked = account.filter(|account| approver.user.sees(&account.name)).zip(job);
        // Without randomness there is no link; the message goes all the same.
        let (Some((account, job)), Some(token)) = (asked, server::random()) else { continue };
        let sha256 = hex(&Sha256::digest(&token));
        let person = &approver.user.name;
        let is_made =
            engine.change(|tx| tx.make_approval_link((&job, account), person, &sha256, now))?;
        message.link = is_made.then(|| Link::new(format!("{}/approve/{token}", approver.url)));
    }
    Ok(())
}

/// Takes links out of what went wrong, which is stored and shown.
pub(super) fn withheld(outcome: DeliveryOutcome, messages: &[Message]) -> DeliveryOutcome {
    let DeliveryOutcome::Failed(error) = outcome else { return outcome };
    let links = messages.iter().filter_map(|message| message.link.as_ref());
    let tokens = links.filter_map(|link| link.expose().rsplit('/').next());
    DeliveryOutcome::Failed(tokens.fold(error, |error, token| error.replace(token, "…")))
}
