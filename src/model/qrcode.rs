//! QR codes with a scene value, which the platform reports when a user scans one.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::JobId;

/// The longest validity of a temporary code: 30 days.
pub const EXPIRE_SECONDS_MOST: u32 = 2_592_000;
/// The largest number of a permanent code; it is also how many of them an account can have.
pub const PERMANENT_SCENE_MOST: u32 = 100_000;

/// The most codes that one job creates.
pub const SCENES_MOST: usize = 10_000;

/// A QR code to create.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Qrcode {
    /// How long it is valid; none means without end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expire_seconds: Option<u32>,
    /// The value that a scan reports.
    pub scene: Scene,
    /// Whether its job makes it anew before it expires.
    #[serde(default, skip_serializing_if = "is_false")]
    pub renew: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a field by reference")]
fn is_false(value: &bool) -> bool {
    !value
}

/// QR codes that one job creates, in this order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Qrcodes {
    /// How long each is valid; none means without end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expire_seconds: Option<u32>,
    /// The values that scans of them report, each once; at most [`SCENES_MOST`].
    pub scenes: Scenes,
    /// The folder of their pictures, inside that of all pictures; none for one named after the job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub out: Option<String>,
    /// Whether the job makes them anew before they expire.
    #[serde(default, skip_serializing_if = "is_false")]
    pub renew: bool,
}

/// What separates the id of a job of codes from how many times they are made by then.
const RENEWS: &str = "@renew-";

/// Returns the id of the job that makes the codes of a job anew.
pub fn renewal_id(job: &JobId) -> Option<JobId> {
    let (first, times) = first_of(job);
    JobId::parse(&format!("{first}{RENEWS}{}", times + 1))
}

/// Returns the id of the job that made codes first, and how many times they are made with this one.
fn first_of(job: &JobId) -> (&str, u32) {
    let renewed = job.as_str().rsplit_once(RENEWS);
    renewed
        .and_then(|(first, times)| Some((first, times.parse().ok()?)))
        .unwrap_or((job.as_str(), 1))
}

/// The values of many codes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Scenes {
    /// Every number of a range.
    Range {
        /// The first.
        from: u32,
        /// The last.
        to: u32,
    },
    /// Numbers.
    Ids {
        /// Each once.
        scene_id: Vec<u32>,
    },
    /// Texts.
    Texts {
        /// Each once.
        scene_str: Vec<String>,
    },
}

impl Scenes {
    /// Returns how many there are.
    pub fn count(&self) -> usize {
        match self {
            Self::Range { from, to } => {
                usize::try_from(to.saturating_sub(*from)).unwrap_or(usize::MAX).saturating_add(1)
            }
            Self::Ids { scene_id } => scene_id.len(),
            Self::Texts { scene_str } => scene_str.len(),
        }
    }

    /// Returns the one at a place, from 0.
    pub fn get(&self, place: usize) -> Option<Scene> {
        match self {
            Self::Range { from, to } => {
                let id = from.checked_add(u32::try_from(place).ok()?)?;
                (id <= *to).then_some(Scene::Id(id))
            }
            Self::Ids { scene_id } => scene_id.get(place).copied().map(Scene::Id),
            Self::Texts { scene_str } => scene_str.get(place).cloned().map(Scene::Text),
        }
    }

    /// Returns the place of one.
    pub fn place(&self, scene: &Scene) -> Option<usize> {
        match (self, scene) {
            (Self::Range { from, to }, Scene::Id(id)) if (from..=to).contains(&id) => {
                usize::try_from(id - from).ok()
            }
            (Self::Ids { scene_id }, Scene::Id(id)) => scene_id.iter().position(|of| of == id),
            (Self::Texts { scene_str }, Scene::Text(text)) => {
                scene_str.iter().position(|of| of == text)
            }
            (Self::Range { .. } | Self::Ids { .. } | Self::Texts { .. }, _) => None,
        }
    }
}

impl Qrcodes {
    /// Returns the code at a place, from 0.
    pub fn code(&self, place: usize) -> Option<Qrcode> {
        let scene = self.scenes.get(place)?;
        Some(Qrcode { expire_seconds: self.expire_seconds, scene, renew: false })
    }

    /// Returns the folder of their pictures; codes that are made anew take the place of the old ones.
    pub fn folder(&self, job: &JobId) -> String {
        self.out.clone().unwrap_or_else(|| file_word(first_of(job).0))
    }

    /// Returns the file of the list of them.
    pub fn list_file(&self, job: &JobId) -> String {
        format!("{}/{}.csv", self.folder(job), file_word(first_of(job).0))
    }
}

/// The picture of a code that was created.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Picture {
    /// The value of its code.
    #[serde(flatten)]
    pub scene: Scene,
    /// What fetches it.
    pub ticket: String,
    /// The file that it is written to, inside the folder of all pictures.
    pub file: String,
}

/// Returns a name for a file: whatever could be part of a path is encoded.
pub fn file_word(text: &str) -> String {
    let plain = |(place, byte): (usize, u8)| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' | b'@' => {
            char::from(byte).to_string()
        }
        b'.' if place > 0 => ".".to_owned(),
        other => format!("%{other:02X}"),
    };
    text.bytes().enumerate().map(plain).collect()
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

impl Scene {
    /// Returns the name of its picture.
    pub fn file_name(&self) -> String {
        format!("{}.jpg", file_word(&self.value()))
    }

    /// Returns the value as a scan reports it.
    pub fn value(&self) -> String {
        match self {
            Self::Id(id) => id.to_string(),
            Self::Text(text) => text.clone(),
        }
    }
}

impl fmt::Display for Qrcodes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lives = if self.expire_seconds.is_none() { "permanent" } else { "temporary" };
        let count = self.scenes.count();
        match (self.scenes.get(0), self.scenes.get(count.saturating_sub(1))) {
            (Some(first), Some(last)) if count > 1 => {
                write!(f, "{count} {lives} codes, {first} to {last}")
            }
            _ => write!(f, "{count} {lives} codes"),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_scene_has_a_place_and_is_found_at_it() {
        let ids = |ids: &[u32]| Scenes::Ids { scene_id: ids.to_vec() };
        let texts = Scenes::Texts { scene_str: vec!["a".to_owned(), "门".to_owned()] };
        for (scenes, count) in [
            (Scenes::Range { from: 5, to: 9 }, 5),
            (Scenes::Range { from: 5, to: 5 }, 1),
            (ids(&[9, 3]), 2),
            (texts, 2),
        ] {
            assert_eq!(scenes.count(), count);
            for place in 0..count {
                assert_eq!(scenes.place(&scenes.get(place).unwrap()), Some(place), "{scenes:?}");
            }
            assert_eq!(scenes.get(count), None);
            assert_eq!(scenes.place(&Scene::Id(77)), None);
            let stored = serde_json::to_string(&scenes).unwrap();
            assert_eq!(serde_json::from_str::<Scenes>(&stored).unwrap(), scenes);
        }
    }

    #[test]
    fn the_name_of_a_file_is_never_part_of_a_path() {
        for (text, expected) in [
            ("door-1", "door-1"),
            ("..", "%2E."),
            ("../x", "%2E.%2Fx"),
            (".tmp", "%2Etmp"),
            ("a/b", "a%2Fb"),
            ("门", "%E9%97%A8"),
            ("a b%", "a%20b%25"),
            ("week@2027-03-05", "week@2027-03-05"),
        ] {
            assert_eq!(file_word(text), expected);
        }
    }
}
