//! Loads the config with its secrets, as far as a command at a terminal can read them.

use std::cell::Cell;
use std::env;
use std::path::Path;

use crate::config::{self, Config, ConfigError, Secrets};

/// The folder in which the service manager passes secrets to the daemon alone.
const CREDENTIALS: &str = "CREDENTIALS_DIRECTORY";

/// A config, and whether its secrets were read.
pub(super) struct Loaded {
    pub(super) config: Config,
    /// [`Secrets::Leave`] if only the unit has them.
    pub(super) secrets: Secrets,
}

/// Loads a config as `run` does; if it names secrets that only the unit has, without all secrets.
pub(super) fn load(path: &Path) -> Result<Loaded, ConfigError> {
    let of_the_unit = Cell::new(false);
    let variable = |name: &str| {
        let value = env::var(name).ok().filter(|value| !value.is_empty());
        if name == CREDENTIALS && value.is_none() {
            of_the_unit.set(true);
        }
        value
    };
    match config::load(path, &variable, Secrets::Read) {
        Ok(config) => Ok(Loaded { config, secrets: Secrets::Read }),
        Err(ConfigError::Invalid(_)) if of_the_unit.get() => {
            let config = config::load(path, &variable, Secrets::Leave)?;
            Ok(Loaded { config, secrets: Secrets::Leave })
        }
        Err(error) => Err(error),
    }
}

/// Returns the command that runs another one with the secrets of the unit.
pub(super) fn with_secrets_of_the_unit(command: &str) -> String {
    format!(
        "sudo systemd-run --pipe --wait --quiet --collect -p User=qunfa \
         -p LoadCredential=qunfa:/etc/qunfa/credentials qunfa {command}"
    )
}
