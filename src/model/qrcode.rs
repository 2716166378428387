//! QR codes with a scene value, which the platform reports when a user scans one.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The longest validity of a temporary code: 30 days.
pub const EXPIRE_SECONDS_MOST: u32 = 2_592_000;
/// The largest number of a permanent code; it is also how many of them an account can have.
pub const PERMANENT_SCENE_MOST: u32 = 100_000;

/// A QR code to create.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Qrcode {
    /// How long it is valid; none means without end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expire_seconds: Option<u32>,
    /// The value that a scan reports.
    pub scene: Scene,
}

/// The value that a scan of a code reports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Scene {
    /// A number, from 1.
    #[serde(rename = "scene_id")]
    Id(u32),
    /// A text of 1 to 64 bytes.
    #[serde(rename = "scene_str")]
    Text(String),
}

impl Qrcode {
    /// Returns whether it is valid without end, and so uses one of the account's permanent codes.
    pub fn is_permanent(&self) -> bool {
        self.expire_seconds.is_none()
    }

    /// Returns the platform's word for this kind of code.
    pub fn action_name(&self) -> &'static str {
        match (self.is_permanent(), &self.scene) {
            (false, Scene::Id(_)) => "QR_SCENE",
            (false, Scene::Text(_)) => "QR_STR_SCENE",
            (true, Scene::Id(_)) => "QR_LIMIT_SCENE",
            (true, Scene::Text(_)) => "QR_LIMIT_STR_SCENE",
        }
    }
}

impl fmt::Display for Scene {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => write!(f, "scene {id}"),
            Self::Text(text) => write!(f, "scene \"{text}\""),
        }
    }
}

impl fmt::Display for Qrcode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lives = if self.is_permanent() { "permanent" } else { "temporary" };
        write!(f, "{lives} code of {}", self.scene)
    }
}
