//! `console` and `users`: where the HTTP API and the console listen, and who may use them.
//!
//! A user has a random token, a password, or both. The config has their hashes only: whoever reads
//! it can sign in as nobody.

use std::net::IpAddr;

use argon2::password_hash::phc::PasswordHash;
use argon2::{ARGON2ID_IDENT, Params};

use super::Loader;
use super::users::{Console, Role, User, UserProxy, is_user_name};
use crate::l10n::{Sentence, t};
use crate::yaml::diagnostic::quote;
use crate::yaml::{Entry, Node, Shape, Value};

/// What a digest of a token begins with.
const SHA256: &str = "sha256:";

/// The most memory that checking a password may take, in KiB.
const PASSWORD_MEMORY_MOST: u32 = 256 * 1024;

/// What a user's name may be.
const NAME_HELP: Sentence = || t!("config-user-name-help");
const HASH_HELP: Sentence = || t!("config-token-hash-help");
const PASSWORD_HELP: Sentence = || t!("config-password-hash-help");

const CONSOLE: Shape = Shape {
    what: || t!("config-console"),
    known: &["listen", "url", "proxy_user_header", "proxy_from"],
    refused: &[],
};

const USER: Shape = Shape {
    what: || t!("config-user"),
    known: &["name", "role", "accounts", "token_hash", "password_hash"],
    refused: &[
        ("token", || t!("config-token-is-a-secret"), HASH_HELP),
        ("password", || t!("config-password-is-a-secret"), PASSWORD_HELP),
    ],
};

impl Loader<'_, '_> {
    /// Returns where the HTTP API and the console are, still without their users.
    pub(super) fn console(&mut self, entry: &Entry<'_>) -> Option<Console> {
        let fields = entry.node.fields(entry.key_location, &CONSOLE, self.report)?;
        let listen = fields.require("listen", || t!("config-write-console-listen"), self.report)?;
        let listen = self.listen(listen);
        let url = match fields.get("url") {
            Some(entry) => Some(self.url(entry)?.trim_end_matches('/').to_owned()),
            None => None,
        };
        let proxy = match (fields.get("proxy_user_header"), fields.get("proxy_from")) {
            (Some(header), Some(from)) => Some(self.user_proxy(header, from)?),
            (Some(one), None) | (None, Some(one)) => {
                let help = t!("config-user-proxy-help");
                self.report.say_with(one.key_location, t!("config-user-proxy-half"), help);
                return None;
            }
            (None, None) => None,
        };
        Some(Console { listen: listen?, users: Vec::new(), url, proxy })
    }

    fn user_proxy(&mut self, header: &Entry<'_>, from: &Entry<'_>) -> Option<UserProxy> {
        let name = header.text(self.report)?;
        if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
            let message = t!("config-no-header", text = %quote(name));
            self.report.say_with(header.node.location, message, t!("config-user-proxy-help"));
            return None;
        }
        let words = self.words(from)?;
        let addresses: Option<Vec<IpAddr>> = words.iter().map(|one| one.parse().ok()).collect();
        if addresses.is_none() {
            let message = t!("config-no-addresses");
            self.report.say_with(from.node.location, message, t!("config-user-proxy-help"));
        }
        Some(UserProxy { header: name.to_ascii_lowercase(), from: addresses? })
    }

    /// Returns the users of the HTTP API. Whom a proxy signs in needs neither token nor password.
    pub(super) fn users(&mut self, entry: &Entry<'_>, by_proxy: bool) -> Option<Vec<User>> {
        let Value::List(items) = &entry.node.value else {
            let message = t!("config-users-list", kind = %entry.node.describe());
            self.report.say_with(entry.node.location, message, HASH_HELP());
            return None;
        };
        let mut users: Vec<User> = Vec::new();
        for node in items {
            let Some(user) = self.user(node, by_proxy) else { continue };
            if users.iter().any(|other| other.name == user.name) {
                let message = t!("config-user-twice", name = %quote(&user.name));
                self.report.say_with(node.location, message, t!("config-user-other-name"));
            } else if user.token_hash.is_some()
                && users.iter().any(|other| other.token_hash == user.token_hash)
            {
                let message = t!("config-token-twice");
                self.report.say_with(node.location, message, HASH_HELP());
            }
            users.push(user);
        }
        Some(users)
    }

    fn user(&mut self, node: &Node<'_>, by_proxy: bool) -> Option<User> {
        let fields = node.fields(node.location, &USER, self.report)?;
        let name = fields.require("name", NAME_HELP, self.report)?;
        let text = name.text(self.report)?;
        if !is_user_name(text) {
            let message = t!("config-user-no-name", text = %quote(text));
            self.report.say_with(name.node.location, message, NAME_HELP());
            return None;
        }
        let roles = Role::ALL.map(|role| (role.name(), role));
        let help = || t!("config-write-role");
        let role = fields.require("role", help, self.report)?.choice(&roles, self.report);
        let accounts = match fields.get("accounts") {
            Some(entry) => Some(self.words(entry)?),
            None => None,
        };
        let token_hash = match fields.get("token_hash") {
            Some(entry) => Some(self.token_hash(entry)?),
            None => None,
        };
        let password_hash = match fields.get("password_hash") {
            Some(entry) => Some(self.password_hash(entry)?),
            None => None,
        };
        if token_hash.is_none() && password_hash.is_none() && !by_proxy {
            self.report.say_with(node.location, t!("config-user-without-hash"), HASH_HELP());
        }
        Some(User { name: text.to_owned(), role: role?, accounts, token_hash, password_hash })
    }

    fn token_hash(&mut self, entry: &Entry<'_>) -> Option<[u8; 32]> {
        let text = entry.text(self.report)?;
        let digest = text.strip_prefix(SHA256).and_then(digest);
        if digest.is_none() {
            let message = t!("config-token-hash");
            self.report.say_with(entry.node.location, message, HASH_HELP());
        }
        digest
    }

    fn password_hash(&mut self, entry: &Entry<'_>) -> Option<String> {
        let text = entry.text(self.report)?;
        if is_password_hash(text) {
            return Some(text.to_owned());
        }
        let message = t!("config-password-hash");
        self.report.say_with(entry.node.location, message, PASSWORD_HELP());
        None
    }
}

/// Returns whether a text is a hash by argon2id that can be checked with a usual amount of memory.
fn is_password_hash(text: &str) -> bool {
    let Ok(hash) = PasswordHash::new(text) else { return false };
    let params = Params::try_from(&hash);
    hash.algorithm == ARGON2ID_IDENT
        && hash.hash.is_some()
        && params.is_ok_and(|params| params.m_cost() <= PASSWORD_MEMORY_MOST)
}

/// Returns the 32 bytes of 64 hexadecimal digits.
fn digest(hex: &str) -> Option<[u8; 32]> {
    if hex.len() != 64 || !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let mut bytes = [0; 32];
    for (byte, digits) in bytes.iter_mut().zip(hex.as_bytes().chunks(2)) {
        let digits = std::str::from_utf8(digits).ok()?;
        *byte = u8::from_str_radix(digits, 16).ok()?;
    }
    Some(bytes)
}
