//! The users of the HTTP API and the console: the checked values of `console` and `users`.

use std::net::{IpAddr, SocketAddr};

/// Where the HTTP API and the console listen, and who may use it.
#[derive(Clone, Debug)]
pub struct Console {
    /// Its address.
    pub listen: SocketAddr,
    /// The users, in the file's order.
    pub users: Vec<User>,
    /// Where people reach it, without a `/` at its end.
    pub url: Option<String>,
    /// The proxy that says who a user is.
    pub proxy: Option<UserProxy>,
}

/// A proxy that signs users in, and says who they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserProxy {
    /// The header with the user's name, in small letters.
    pub header: String,
    /// The only addresses from which that header counts.
    pub from: Vec<IpAddr>,
}

/// Somebody who may use the HTTP API and the console.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The name that is stored with each decision.
    pub name: String,
    /// What the user may do.
    pub role: Role,
    /// The only accounts that the user may see; `None` means all.
    pub accounts: Option<Vec<String>>,
    /// The SHA-256 of the token, if the user has one.
    pub token_hash: Option<[u8; 32]>,
    /// The hash of the password for the console, if the user has one: argon2id, as a PHC string.
    pub password_hash: Option<String>,
}

/// What a user may do: each role may do what the roles before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Reads.
    Viewer,
    /// Hands in job files.
    Editor,
    /// Approves jobs.
    Approver,
    /// Decides everything else.
    Operator,
}

impl Role {
    /// All roles, the least first.
    pub const ALL: [Self; 4] = [Self::Viewer, Self::Editor, Self::Approver, Self::Operator];

    /// Returns its word in the config.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Editor => "editor",
            Self::Approver => "approver",
            Self::Operator => "operator",
        }
    }
}

impl User {
    /// Returns whether the user may see an account.
    pub fn sees(&self, account: &str) -> bool {
        self.accounts.as_ref().is_none_or(|accounts| accounts.iter().any(|one| one == account))
    }
}

/// Returns whether a text can be a user's name.
pub fn is_user_name(name: &str) -> bool {
    (1..=64).contains(&name.chars().count())
        && name.chars().all(|c| c.is_alphanumeric() || "._@-".contains(c))
}
