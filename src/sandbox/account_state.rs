//! What the platform stores about an account.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::account::{AccountSpec, MediaKind};
use super::count::{Reach, Tally};
use super::held::{Held, Scene};
use super::job::Broadcast;
use super::repeat::Repeats;

/// An account with everything that the platform stores about it.
#[derive(Clone, Debug)]
pub(super) struct Account {
    pub(super) spec: AccountSpec,
    pub(super) tally: Tally,
    pub(super) reach: Reach,
    pub(super) repeats: Repeats,
    /// Empty until a medium is registered: after that no other medium exists.
    pub(super) media: BTreeMap<String, MediaKind>,
    /// What was uploaded to it.
    pub(super) held: BTreeMap<String, Held>,
    /// Drafts that were deleted with the broadcast that used them.
    pub(super) consumed: BTreeSet<String>,
    pub(super) broadcasts: BTreeMap<i64, Broadcast>,
    pub(super) speed: i64,
    /// The last menu that it received.
    pub(super) menu: Option<Value>,
    /// The menu published on the website since, which followers see in place of it.
    pub(super) website_menu: Option<Value>,
    /// The menus for some followers only, each with its number.
    pub(super) conditional_menus: Vec<(i64, Value)>,
    /// The permanent codes, by the value that a scan reports, with their tickets.
    pub(super) permanent_codes: BTreeMap<Scene, String>,
    /// The content of a ticket's code.
    pub(super) codes: BTreeMap<String, String>,
}

impl Account {
    pub(super) fn new(spec: AccountSpec) -> Self {
        Self {
            spec,
            tally: Tally::default(),
            reach: Reach::default(),
            repeats: Repeats::default(),
            media: BTreeMap::new(),
            held: BTreeMap::new(),
            consumed: BTreeSet::new(),
            broadcasts: BTreeMap::new(),
            speed: 3,
            menu: None,
            website_menu: None,
            conditional_menus: Vec::new(),
            permanent_codes: BTreeMap::new(),
            codes: BTreeMap::new(),
        }
    }

    /// The type of content of an id, registered or uploaded.
    pub(super) fn kind(&self, media_id: &str) -> Option<MediaKind> {
        let held = self.held.get(media_id).map(|held| held.kind);
        held.or_else(|| self.media.get(media_id).copied())
    }

    /// How many articles an id has; unknown if it was not uploaded here.
    pub(super) fn articles(&self, media_id: &str) -> Option<u8> {
        self.held.get(media_id).map(Held::articles).filter(|articles| *articles > 0)
    }

    /// Whether these articles are deleted once they are mass-sent.
    pub(super) fn consumes(&self, media_id: &str) -> bool {
        self.spec.consumes_drafts || self.kind(media_id) == Some(MediaKind::Draft)
    }
}
