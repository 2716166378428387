//! What a test looks at: jobs as `show` has them, and the platform's log.

use qunfa::model::JobState;
use qunfa::reason::Reason;
use qunfa::store::JobView;
use qunfa::text::{self};

use crate::world::{World, beijing};

impl World {
    /// A job as `show` would show it.
    pub(crate) fn view(&self, id: &str) -> JobView {
        let engine = self.engine.as_ref().expect("the daemon runs");
        engine.store().read().job_view(id).unwrap().unwrap_or_else(|| panic!("no job {id}"))
    }

    pub(crate) fn state(&self, id: &str) -> JobState {
        self.view(id).state
    }

    pub(crate) fn reason(&self, id: &str) -> String {
        self.view(id).reason.as_ref().map(told).unwrap_or_default()
    }

    /// When a job is due, as a Beijing time to the minute.
    pub(crate) fn due(&self, id: &str) -> String {
        beijing(self.view(id).due)[..16].to_owned()
    }

    /// What needs a person, as words for programs, beside the question every new account begins
    /// with.
    pub(crate) fn attention(&self) -> Vec<String> {
        let engine = self.engine.as_ref().expect("the daemon runs");
        let notes = engine.store().read().attention(self.now()).unwrap();
        let kinds = notes.into_iter().map(|note| note.kind);
        kinds.filter(|kind| kind != "first_day" && kind != "first_month").collect()
    }

    /// What a new account begins with: whether anything was sent before.
    pub(crate) fn questions(&self) -> Vec<(String, String)> {
        let engine = self.engine.as_ref().expect("the daemon runs");
        let notes = engine.store().read().attention(self.now()).unwrap();
        let questions = notes.into_iter().filter(|note| note.kind.starts_with("first_"));
        questions.map(|note| (note.account.unwrap(), note.kind)).collect()
    }

    /// When each broadcast of ours was accepted, as Beijing times to the second.
    pub(crate) fn accepted(&self) -> Vec<String> {
        let ours = self.platform.accepted().iter().filter(|accepted| !accepted.website);
        ours.map(|accepted| beijing(accepted.at)[..19].to_owned()).collect()
    }

    /// The mass sends that reached the platform: seconds since the first, and the code decided.
    pub(crate) fn sends(&self) -> Vec<(i64, Option<i64>)> {
        let mut sends = self.platform.requests().iter().filter(|logged| {
            logged.path.ends_with("/mass/sendall") || logged.path.ends_with("/mass/send")
        });
        let first = sends.clone().next().map(|logged| logged.at).unwrap_or_default();
        sends.by_ref().map(|logged| ((logged.at - first).num_seconds(), logged.errcode)).collect()
    }

    /// The codes that the platform decided on for the mass sends.
    pub(crate) fn codes(&self) -> Vec<Option<i64>> {
        self.sends().into_iter().map(|(_, code)| code).collect()
    }

    /// Sends made elsewhere that are booked: confirmed, and not.
    pub(crate) fn external(&self) -> (u32, u32) {
        let sql =
            "SELECT count(*) FILTER (WHERE confirmed = 1), count(*) FILTER (WHERE confirmed = 0)
                   FROM external_send WHERE returned = 0";
        self.disk.witness.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap()
    }

    /// Sends made elsewhere that were ever booked.
    pub(crate) fn count_external(&self) -> u32 {
        let sql = "SELECT count(*) FROM external_send";
        self.disk.witness.query_row(sql, [], |row| row.get(0)).unwrap()
    }
}

/// A reason as people read it.
pub(crate) fn told(reason: &Reason) -> String {
    text::reason::sentence(reason)
}

/// A reason that is nothing but its sentence.
pub(crate) fn written(text: &str) -> Reason {
    Reason::Written { text: text.to_owned() }
}
