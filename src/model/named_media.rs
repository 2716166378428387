//! The media ids that a job names.

use super::{Action, Button, Content, MediaUse, Medium, NewMenu};

impl Medium {
    fn new(used_as: MediaUse, media_id: &str) -> Self {
        Self { used_as, media_id: media_id.to_owned() }
    }

    /// Returns the media ids that an action names, as far as the platform can be asked for them,
    /// each once.
    ///
    /// Not those of `mpvideo`: no call returns what `uploadvideo` made.
    pub fn of_action(action: &Action) -> Vec<Self> {
        match action {
            Action::Broadcast(broadcast) => Self::of_content(&broadcast.content),
            Action::Menu(change) => match &change.to {
                NewMenu::Menu(menu) => Self::of_buttons(&menu.button),
                NewMenu::Conditional(menu) => Self::of_buttons(&menu.button),
                NewMenu::Nothing { .. }
                | NewMenu::WithoutConditional { .. }
                | NewMenu::Before { .. } => Vec::new(),
            },
            Action::Delete(_) | Action::Speed(_) | Action::Qrcode(_) | Action::Qrcodes(_) => {
                Vec::new()
            }
        }
    }

    fn of_content(content: &Content) -> Vec<Self> {
        let mut media: Vec<_> = match content {
            Content::Mpnews { media_id } => vec![Self::new(MediaUse::Articles, media_id)],
            Content::Image { media_id } | Content::Voice { media_id } => {
                vec![Self::new(MediaUse::File, media_id)]
            }
            Content::Images(images) => {
                images.media_ids.iter().map(|id| Self::new(MediaUse::File, id)).collect()
            }
            Content::Text { .. }
            | Content::Mpvideo { .. }
            | Content::Wxcard { .. }
            // What is uploaded for a job is no author's id.
            | Content::Prepared { .. }
            | Content::Awaited { .. } => Vec::new(),
        };
        media.sort_unstable();
        media.dedup();
        media
    }

    fn of_buttons(buttons: &[Button]) -> Vec<Self> {
        let pressed = buttons.iter().flat_map(|button| match button {
            Button::Group { sub_button, .. } => sub_button.as_slice(),
            Button::Press(press) => std::slice::from_ref(press),
        });
        let ids = pressed.filter_map(|press| press.media_id.as_deref());
        let mut media: Vec<_> = ids.map(|id| Self::new(MediaUse::Material, id)).collect();
        media.sort_unstable();
        media.dedup();
        media
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Images, Menu};
    use super::*;

    #[test]
    fn the_media_ids_of_a_content_are_those_that_its_author_wrote() {
        let id = |id: &str| id.to_owned();
        let images = |ids: &[&str]| {
            let media_ids = ids.iter().map(|id| (*id).to_owned()).collect();
            Content::Images(Images {
                media_ids,
                recommend: None,
                title: None,
                need_open_comment: None,
                only_fans_can_comment: None,
            })
        };
        let rows: [(Content, &[(MediaUse, &str)]); 6] = [
            (Content::Mpnews { media_id: id("D") }, &[(MediaUse::Articles, "D")]),
            (Content::Voice { media_id: id("V") }, &[(MediaUse::File, "V")]),
            (images(&["B", "A", "B"]), &[(MediaUse::File, "A"), (MediaUse::File, "B")]),
            (Content::Text { content: id("x") }, &[]),
            (Content::Wxcard { card_id: id("C") }, &[]),
            (Content::Mpvideo { media_id: id("M"), title: None, description: None }, &[]),
        ];
        for (content, expected) in rows {
            let found = Medium::of_content(&content);

            let expected: Vec<_> =
                expected.iter().map(|(used_as, id)| Medium::new(*used_as, id)).collect();
            assert_eq!(found, expected, "{content:?}");
        }
    }

    #[test]
    fn the_media_ids_of_a_menu_are_those_of_all_its_buttons() {
        let menu: Menu = serde_json::from_str(
            r#"{"button":[{"type":"media_id","name":"a","media_id":"B"},
                {"name":"g","sub_button":[{"type":"view_limited","name":"b","media_id":"A"},
                {"type":"media_id","name":"c","media_id":"B"}]}]}"#,
        )
        .unwrap();

        let ids: Vec<_> =
            Medium::of_buttons(&menu.button).into_iter().map(|one| one.media_id).collect();
        assert_eq!(ids, ["A", "B"]);
    }
}
