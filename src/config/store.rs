//! Where the jobs and the ledger are stored, if not on this host alone.

use secrecy::SecretString;

use super::{Config, Loader, Secrets};
use crate::l10n::t;
use crate::yaml::Fields;

/// How a URL of PostgreSQL begins.
const SCHEMES: [&str; 2] = ["postgres://", "postgresql://"];

impl Config {
    /// Returns the path of the database file: the truth, or the working memory beside a shared one,
    /// which may be deleted while no daemon runs.
    pub fn database(&self) -> std::path::PathBuf {
        self.state_dir.join(if self.store.is_some() { "cache.db" } else { "qunfa.db" })
    }
}

impl Loader<'_, '_> {
    /// Returns the URL of the shared database, `None` within if there is none. It is read for
    /// commands as well, for they write there too; no message ever repeats it.
    pub(super) fn store(&mut self, fields: &Fields<'_, '_>) -> Option<Option<SecretString>> {
        let keys = ["store", "store_file", "store_env"];
        let Some(entry) = self.one_of(fields, keys)? else { return Some(None) };
        let url = if entry.key == "store" {
            SecretString::from(entry.text(self.report)?)
        } else {
            let secrets = std::mem::replace(&mut self.secrets, Secrets::Read);
            let url = self.secret(fields, "store_file", "store_env");
            self.secrets = secrets;
            url?
        };
        if is_postgres(&url) {
            return Some(Some(url));
        }
        let help = t!("config-write-store-postgres");
        self.report.say_with(entry.node.location, t!("config-no-postgres-url"), help);
        None
    }
}

fn is_postgres(url: &SecretString) -> bool {
    use secrecy::ExposeSecret as _;
    SCHEMES.iter().any(|scheme| url.expose_secret().starts_with(scheme))
}
