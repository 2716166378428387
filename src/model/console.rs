//! The places on the platform's two websites: 公众平台, for broadcasts, and 微信开发者平台, for the
//! developer's settings. All advice takes their names from here.

use crate::l10n::t;

/// One place, inside a sentence that is put together at compile time.
macro_rules! place {
    (settings) => {
        "微信开发者平台 (developers.weixin.qq.com/platform), 我的业务, 公众号 or 服务号"
    };
    // The AppSecret and the IP list.
    (keys) => {
        concat!(place!(settings), ", 基础信息, 开发密钥")
    };
    // The callback's URL, token and key, and its mode.
    (callback) => {
        concat!(place!(settings), ", 基础信息, 域名与消息推送配置")
    };
    // Which APIs the account may use, and how often.
    (rights) => {
        concat!(place!(settings), ", 接口管理, 接口权限与额度")
    };
    // What the account published, by any means.
    (history) => {
        "发表记录 on mp.weixin.qq.com"
    };
    // The platform's notices to the account.
    (notices) => {
        "通知中心 on mp.weixin.qq.com"
    };
    // Everything else: broadcasts, menus, linked mini programs.
    (site) => {
        "mp.weixin.qq.com"
    };
}
pub(crate) use place;

/// Where the `AppSecret` and the IP list are.
pub const KEYS: &str = place!(keys);
/// Where the callback's URL, token and key are.
pub const CALLBACK: &str = place!(callback);
/// Where the account's broadcasts are listed.
pub const HISTORY: &str = place!(history);

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
