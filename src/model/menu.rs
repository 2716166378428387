//! The custom menu of an account.
//!
//! One request replaces the whole menu, so a repeat does no harm. The types here serialize to the
//! platform's own JSON, in the order of its documents.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The most first-level buttons.
pub const BUTTONS_MOST: usize = 3;
/// The most buttons under one of them.
pub const SUB_BUTTONS_MOST: usize = 5;

/// A whole menu: one to three buttons.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Menu {
    /// The first-level buttons, from the left.
    pub button: Vec<Button>,
}

/// A first-level button.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Button {
    /// It opens others, and does nothing else.
    Group {
        /// Its label.
        name: String,
        /// One to five buttons, from the top.
        sub_button: Vec<Press>,
    },
    /// It does something.
    Press(Press),
}

impl Button {
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Group { name, .. } => name,
            Self::Press(press) => &press.name,
        }
    }
}

/// A button that does something, with the keys that its type needs ([`ButtonType::needs`]).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Press {
    /// What pressing it does.
    #[serde(rename = "type")]
    pub kind: ButtonType,
    /// Its label.
    pub name: String,
    /// The value that the account's program receives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The page that it opens; for a mini program, on phones that do not support one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The permanent material that it sends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_id: Option<String>,
    /// The mini program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub appid: Option<String>,
    /// The mini program's page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pagepath: Option<String>,
    /// The published article.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub article_id: Option<String>,
}

/// What pressing a button does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ButtonType {
    /// The account's program receives an event.
    Click,
    /// A page opens.
    View,
    /// The scanner opens, and shows what it read.
    ScancodePush,
    /// The scanner opens, and a message is awaited.
    ScancodeWaitmsg,
    /// The camera opens.
    PicSysphoto,
    /// The camera or the album opens.
    PicPhotoOrAlbum,
    /// The WeChat album opens.
    PicWeixin,
    /// A place is chosen.
    LocationSelect,
    /// Permanent material is sent.
    MediaId,
    /// The page of a permanent article opens.
    ViewLimited,
    /// A mini program opens.
    Miniprogram,
    /// A published article is sent.
    ArticleId,
    /// A published article opens.
    ArticleViewLimited,
}

impl ButtonType {
    /// Every type by the platform's word: those of the older documents first, in their order.
    pub const ALL: [(&str, Self); 13] = [
        ("click", Self::Click),
        ("view", Self::View),
        ("scancode_push", Self::ScancodePush),
        ("scancode_waitmsg", Self::ScancodeWaitmsg),
        ("pic_sysphoto", Self::PicSysphoto),
        ("pic_photo_or_album", Self::PicPhotoOrAlbum),
        ("pic_weixin", Self::PicWeixin),
        ("location_select", Self::LocationSelect),
        ("media_id", Self::MediaId),
        ("view_limited", Self::ViewLimited),
        ("miniprogram", Self::Miniprogram),
        ("article_id", Self::ArticleId),
        ("article_view_limited", Self::ArticleViewLimited),
    ];

    /// Returns the keys that a button of this type needs; it may have no others.
    pub fn needs(self) -> &'static [&'static str] {
        match self {
            Self::Click
            | Self::ScancodePush
            | Self::ScancodeWaitmsg
            | Self::PicSysphoto
            | Self::PicPhotoOrAlbum
            | Self::PicWeixin
            | Self::LocationSelect => &["key"],
            Self::View => &["url"],
            Self::MediaId | Self::ViewLimited => &["media_id"],
            Self::Miniprogram => &["url", "appid", "pagepath"],
            Self::ArticleId | Self::ArticleViewLimited => &["article_id"],
        }
    }
}

impl fmt::Display for Menu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.button.iter().map(Button::name).collect();
        f.write_str(&names.join(" | "))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_type_has_the_platforms_word() {
        for (word, kind) in ButtonType::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), word);
        }
    }

    #[test]
    fn a_menu_reads_back_as_it_was_written_in_the_documents_order() {
        let text = r#"{"button":[{"type":"click","name":"今日歌曲","key":"V1001_TODAY_MUSIC"},{"name":"菜单","sub_button":[{"type":"view","name":"搜索","url":"http://www.soso.com/"},{"type":"miniprogram","name":"wxa","url":"http://mp.weixin.qq.com","appid":"wx286b93c14bbf93aa","pagepath":"pages/lunar/index"}]}]}"#;

        let menu: Menu = serde_json::from_str(text).unwrap();

        assert_eq!(serde_json::to_string(&menu).unwrap(), text);
        assert_eq!(menu.to_string(), "今日歌曲 | 菜单");
        let stored = json!(menu).to_string();
        assert_eq!(serde_json::from_str::<Menu>(&stored).unwrap(), menu);
    }
}
