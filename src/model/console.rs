//! The places on the platform's websites: 公众平台, for broadcasts, 微信开发者平台, for the
//! developer's settings, and 微信开放平台, for third-party platforms. All advice takes their names from here.

use crate::l10n::t;

/// Returns where the `AppSecret` and the IP list are.
pub fn keys() -> String {
    t!("place-keys")
}

/// Returns where the callback's URL, token and key are.
pub fn callback() -> String {
    t!("place-callback")
}

/// Returns where it stands which APIs the account may use, and how often.
pub fn rights() -> String {
    t!("place-rights")
}

/// Returns where what the account published is listed, by any means.
pub fn history() -> String {
    t!("place-history")
}

/// Returns where the platform's notices to the account are.
pub fn notices() -> String {
    t!("place-notices")
}

/// Returns the website for everything else: broadcasts, menus, linked mini programs.
pub fn site() -> String {
    t!("place-site")
}

/// Returns where the settings of a third-party platform are.
pub fn component() -> String {
    t!("place-component")
}
