//! Jobs that are a `qrcode:`: one code in the platform's own JSON, or many `scenes:`.

use std::collections::HashSet;

use super::media::check_path;
use super::reader::Reader;
use crate::l10n::{Sentence, t};
use crate::model::{
    Action, EXPIRE_SECONDS_MOST, PERMANENT_SCENE_MOST, Qrcode, Qrcodes, SCENES_MOST, Scene, Scenes,
};
use crate::yaml::diagnostic::{Location, quote};
use crate::yaml::{Entry, Fields, Node, Shape, Value};

pub(super) const QRCODE: Shape = Shape {
    what: || "`qrcode`".to_owned(),
    known: &["expire_seconds", "action_name", "action_info", "scenes", "out", "renew"],
    refused: &[
        ("scene", || t!("inbox-scene-stands-action-info"), || t!("inbox-write-action-info-scene")),
        (
            "scene_id",
            || t!("inbox-scene-id-stands-scene"),
            || t!("inbox-write-action-info-scene-scene"),
        ),
        (
            "scene_str",
            || t!("inbox-scene-str-stands-scene"),
            || t!("inbox-write-action-info-scene-scene-2"),
        ),
    ],
};

pub(super) const ACTION_INFO: Shape =
    Shape { what: || "`action_info`".to_owned(), known: &["scene"], refused: &[] };

pub(super) const SCENE: Shape =
    Shape { what: || "`scene`".to_owned(), known: &["scene_id", "scene_str"], refused: &[] };

/// The maximum bytes of a scene's text; the documents do not say whether they mean bytes or
/// letters.
const SCENE_STR_BYTES: usize = 64;

/// The shortest validity of codes that are made anew: each time is a job of its own.
const RENEWED_LEAST: u32 = 86_400;
/// The longest id with room for `@renew-` and a number.
const RENEWED_ID_MOST: usize = 52;

/// The meaning of a code's `action_name`.
#[derive(Clone, Copy)]
struct Wanted {
    permanent: bool,
    by_text: bool,
}

const ACTION_NAMES: [(&str, Wanted); 4] = [
    ("QR_SCENE", Wanted { permanent: false, by_text: false }),
    ("QR_STR_SCENE", Wanted { permanent: false, by_text: true }),
    ("QR_LIMIT_SCENE", Wanted { permanent: true, by_text: false }),
    ("QR_LIMIT_STR_SCENE", Wanted { permanent: true, by_text: true }),
];

pub(super) const SCENES: Shape =
    Shape { what: || "`scenes`".to_owned(), known: &["from", "to", "file"], refused: &[] };

const TOO_MANY: Sentence = || t!("inbox-job-makes-most-10-000");
const SPLIT: Sentence = || t!("inbox-split-into-several-jobs");

/// The values of many codes as they were written, each with its place.
type Written = Vec<(String, Location)>;

impl Reader<'_, '_> {
    /// Returns the code or the codes to be made, or `None` after reporting why.
    pub(crate) fn qrcodes(&mut self, entry: &Entry<'_>) -> Option<Action> {
        let fields = entry.node.fields(entry.key_location, &QRCODE, self.report)?;
        let Some(scenes) = fields.get("scenes") else {
            if let Some(entry) = fields.get("out") {
                let help = t!("inbox-one-code-no-picture-own");
                self.report.say_with(entry.key_location, t!("inbox-out-needs-scenes"), help);
                return None;
            }
            return self.qrcode(&fields).map(Action::Qrcode);
        };
        if let Some(entry) = fields.get("action_info") {
            let message = t!("inbox-action-info-cannot-stand-beside");
            self.report.say_with(entry.key_location, message, t!("inbox-put-scene-into-scenes"));
            return None;
        }
        let wanted = self.wanted(&fields)?;
        let expire_seconds = self.life(&fields, wanted);
        let renew = self.renew(&fields, (wanted, expire_seconds.flatten()));
        let scenes = self.scenes(scenes, wanted);
        let out = match fields.get("out") {
            Some(entry) => Some(self.out(entry)?),
            None => None,
        };
        let (expire_seconds, scenes, renew) = (expire_seconds?, scenes?, renew?);
        Some(Action::Qrcodes(Qrcodes { expire_seconds, scenes, out, renew }))
    }

    /// Returns whether codes are made anew before they expire, or `None` after reporting why they
    /// cannot be.
    fn renew(
        &mut self,
        fields: &Fields<'_, '_>,
        (wanted, life): (Wanted, Option<u32>),
    ) -> Option<bool> {
        let Some(entry) = fields.get("renew") else { return Some(false) };
        let renew = entry.boolean(self.report)?;
        let (message, help) = if !renew {
            return Some(false);
        } else if wanted.permanent {
            (t!("inbox-permanent-code-no-renew"), t!("inbox-leave-renew-out"))
        } else if life.is_some_and(|life| life < RENEWED_LEAST) {
            (t!("inbox-renew-needs-a-day"), t!("inbox-renew-is-a-job"))
        } else if self.job.as_ref().is_some_and(|job| job.as_str().len() > RENEWED_ID_MOST) {
            let most = RENEWED_ID_MOST;
            (t!("inbox-renew-id-too-long", most = %most), t!("inbox-renew-is-a-job"))
        } else {
            return Some(true);
        };
        self.report.say_with(entry.key_location, message, help);
        None
    }

    fn wanted(&mut self, fields: &Fields<'_, '_>) -> Option<Wanted> {
        let help = || t!("inbox-qr-scene-qr-str-scene");
        let named = fields.require("action_name", help, self.report);
        named.and_then(|entry| entry.choice(&ACTION_NAMES, self.report))
    }

    /// Returns the folder of the pictures. The daemon may write to its state directory only, and
    /// a job file decides over nothing else there.
    fn out(&mut self, entry: &Entry<'_>) -> Option<String> {
        let text = entry.text(self.report)?;
        let plain = |part: &str| {
            !part.is_empty()
                && !part.starts_with('.')
                && part.len() <= 100
                && part.chars().all(|c| c.is_alphanumeric() || "._@-".contains(c))
        };
        if text.len() <= 200 && text.split('/').all(plain) {
            return Some(text.to_owned());
        }
        let message = t!("inbox-no-folder-pictures", text = %quote(text));
        let help = || t!("inbox-lies-qrcodes-state-directory-only");
        self.report.say_with(entry.node.location, message, help());
        None
    }

    fn scenes(&mut self, entry: &Entry<'_>, wanted: Wanted) -> Option<Scenes> {
        let help = || t!("inbox-list-1-100-file-scenes");
        match &entry.node.value {
            Value::List(nodes) => {
                let before = self.report.count();
                let written: Written =
                    nodes.iter().filter_map(|node| self.scene_of(node)).collect();
                if self.report.count() > before {
                    return None;
                }
                self.listed(&written, entry, wanted)
            }
            Value::Map(_) => {
                let fields = entry.node.fields(entry.key_location, &SCENES, self.report)?;
                match fields.get("file") {
                    Some(file) => {
                        let other = ["from", "to"].iter().find_map(|key| fields.get(key));
                        if let Some(other) = other {
                            let message = t!("inbox-cannot-stand-beside-file", key = %other.key);
                            self.report.say_with(other.key_location, message, help());
                            return None;
                        }
                        let written = self.scenes_of_file(file)?;
                        self.listed(&written, entry, wanted)
                    }
                    None => self.range(&fields, wanted),
                }
            }
            Value::Empty | Value::Text { .. } => {
                self.report.say_with(
                    entry.node.location,
                    t!("inbox-scenes-must-name-scenes"),
                    help(),
                );
                None
            }
        }
    }

    fn scene_of(&mut self, node: &Node<'_>) -> Option<(String, Location)> {
        if let Value::Text { text, .. } = &node.value {
            return Some((text.to_string(), node.location));
        }
        let help = || t!("inbox-number-text-scenes-1-2");
        self.report.say_with(node.location, t!("inbox-scene-must-one-value"), help());
        None
    }

    /// Returns the lines of a file beside the job file. Their places are that of its name.
    fn scenes_of_file(&mut self, entry: &Entry<'_>) -> Option<Written> {
        let path = entry.text(self.report)?;
        let location = entry.node.location;
        if let Err(message) = check_path(path) {
            let help = t!("inbox-name-file-job-own-folder-3");
            self.report.say_with(location, message, help);
            return None;
        }
        let read = self.lists.list(path).and_then(|bytes| {
            let text = std::str::from_utf8(&bytes).map(str::to_owned);
            text.map_err(|_| t!("inbox-not-text-utf-8", path = %quote(path)))
        });
        match read {
            Ok(text) => {
                let text = text.trim_start_matches('\u{feff}');
                let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
                Some(lines.map(|line| (line.to_owned(), location)).collect())
            }
            Err(message) => {
                self.report.say_with(location, message, t!("inbox-write-one-scene-line"));
                None
            }
        }
    }

    fn range(&mut self, fields: &Fields<'_, '_>, wanted: Wanted) -> Option<Scenes> {
        let help = || "`scenes: {from: 1, to: 100}`".to_owned();
        let most = i64::from(if wanted.permanent { PERMANENT_SCENE_MOST } else { u32::MAX });
        let [from, to] = ["from", "to"].map(|key| fields.require(key, help, self.report));
        let (from_entry, to) = (from?, to?);
        let from = from_entry.number(1, most, self.report)?;
        let last = to.number(1, most, self.report)?;
        let count = usize::try_from(last - from + 1).unwrap_or_default();
        let (message, help) = if wanted.by_text {
            (t!("inbox-range-numbers"), t!("inbox-use-qr-scene-qr-limit"))
        } else if count == 0 {
            (t!("inbox-must-not-less-than"), help())
        } else if count > SCENES_MOST {
            (TOO_MANY(), SPLIT())
        } else {
            let [from, to] = [from, last].map(u32::try_from);
            return Some(Scenes::Range { from: from.ok()?, to: to.ok()? });
        };
        self.report.say_with(to.key_location, message, help);
        None
    }

    /// Returns the scenes of a list. Each must be one that the platform takes, and there once.
    fn listed(&mut self, written: &Written, entry: &Entry<'_>, wanted: Wanted) -> Option<Scenes> {
        if written.is_empty() || written.len() > SCENES_MOST {
            let (message, help) = match written.len() {
                0 => (t!("inbox-scenes-names-no-scene"), t!("inbox-write-least-one")),
                _ => (TOO_MANY(), SPLIT()),
            };
            self.report.say_with(entry.key_location, message, help);
            return None;
        }
        let most = if wanted.permanent { PERMANENT_SCENE_MOST } else { u32::MAX };
        let (mut seen, mut ids, mut texts) = (HashSet::new(), Vec::new(), Vec::new());
        for (text, location) in written {
            let id = text.parse::<u32>().ok().filter(|id| (1..=most).contains(id));
            let fits =
                !text.contains(char::is_control) && (1..=SCENE_STR_BYTES).contains(&text.len());
            let problem = match (wanted.by_text, id, fits) {
                _ if !seen.insert(text.as_str()) => t!("inbox-twice", text = %quote(text)),
                (false, None, _) => t!("inbox-no-number-1", text = %quote(text), most = %most),
                (true, _, false) => {
                    t!("inbox-not-1-bytes", text = %quote(text), scene_str_bytes = %SCENE_STR_BYTES)
                }
                (false, Some(id), _) => {
                    ids.push(id);
                    continue;
                }
                (true, _, true) => {
                    texts.push(text.clone());
                    continue;
                }
            };
            let help = t!("inbox-numbers-qr-scene-qr-limit");
            self.report.say_with(*location, problem, help);
            return None;
        }
        Some(match wanted.by_text {
            true => Scenes::Texts { scene_str: texts },
            false => Scenes::Ids { scene_id: ids },
        })
    }

    fn qrcode(&mut self, fields: &Fields<'_, '_>) -> Option<Qrcode> {
        let wanted = self.wanted(fields);
        let help = || t!("inbox-what-scan-brings-along-action");
        let info = fields.require("action_info", help, self.report);
        let wanted = wanted?;
        let expire_seconds = self.life(fields, wanted);
        let renew = self.renew(fields, (wanted, expire_seconds.flatten()));
        let scene = info.and_then(|entry| self.scene(entry, wanted));
        Some(Qrcode { expire_seconds: expire_seconds?, scene: scene?, renew: renew? })
    }

    /// Returns how long the code is valid, `Some(None)` if it has no end; or `None` after reporting
    /// why.
    fn life(&mut self, fields: &Fields<'_, '_>, wanted: Wanted) -> Option<Option<u32>> {
        if wanted.permanent {
            if let Some(entry) = fields.get("expire_seconds") {
                let help = t!("inbox-take-out-make-temporary-code");
                let message = t!("inbox-permanent-code-no-expire-seconds");
                self.report.say_with(entry.key_location, message, help);
                return None;
            }
            return Some(None);
        }
        let help = || t!("inbox-1-30-days-left-out", expire_seconds_most = %EXPIRE_SECONDS_MOST);
        let entry = fields.require("expire_seconds", help, self.report)?;
        let seconds = entry.number(1, i64::from(EXPIRE_SECONDS_MOST), self.report)?;
        Some(u32::try_from(seconds).ok())
    }

    fn scene(&mut self, entry: &Entry<'_>, wanted: Wanted) -> Option<Scene> {
        let fields = entry.node.fields(entry.key_location, &ACTION_INFO, self.report)?;
        let help = || t!("inbox-scene-scene-id-123-scene");
        let scene = fields.require("scene", help, self.report)?;
        let fields = scene.node.fields(scene.key_location, &SCENE, self.report)?;
        let (key, other, help) = if wanted.by_text {
            ("scene_str", "scene_id", t!("inbox-number-qr-scene-qr-limit"))
        } else {
            ("scene_id", "scene_str", t!("inbox-text-qr-str-scene-qr"))
        };
        if let Some(entry) = fields.get(other) {
            let message = t!("inbox-action-name-needs-not", key = %key, other = %other);
            self.report.say_with(entry.key_location, message, help);
            return None;
        }
        let entry = fields.require(key, || help, self.report)?;
        if wanted.by_text {
            return self.bounded(entry, SCENE_STR_BYTES, &t!("inbox-scene")).map(Scene::Text);
        }
        let most = if wanted.permanent { PERMANENT_SCENE_MOST } else { u32::MAX };
        let id = entry.number(1, i64::from(most), self.report)?;
        u32::try_from(id).ok().map(Scene::Id)
    }
}
