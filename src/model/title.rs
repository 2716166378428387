//! The title of a job in lists, if its author gave none.

use super::{Action, Button, Content, NewMenu, Scene};

/// How many characters of a text its title shows.
const TEXT_SHOWN: usize = 20;

/// Returns the beginning of a text on one line.
fn beginning(text: &str) -> String {
    let words: Vec<_> = text.split_whitespace().collect();
    let line = words.join(" ");
    line.chars().take(TEXT_SHOWN).collect()
}

fn named(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

impl Action {
    /// Returns its title in lists; none if only an id is known.
    ///
    /// A deletion's title names its target, so the caller that has the target makes it.
    pub(super) fn title(&self) -> Option<String> {
        match self {
            Self::Broadcast(broadcast) => broadcast.content.title(),
            Self::Delete(deletion) => Some(format!("delete {}", deletion.job)),
            Self::Speed(speed) => Some(format!("speed {}", speed.level())),
            Self::Menu(change) => Some(match &change.to {
                NewMenu::Menu(menu) => {
                    let names: Vec<_> = menu.button.iter().map(Button::name).collect();
                    format!("menu {}", names.join(" / "))
                }
                NewMenu::Conditional(menu) => format!("menu {menu}"),
                NewMenu::WithoutConditional { delete_menuid } => {
                    format!("delete menu {delete_menuid}")
                }
                NewMenu::Before { restore, .. } => format!("menu before {restore}"),
                NewMenu::Nothing { .. } => "delete menu".to_owned(),
            }),
            Self::Qrcodes(codes) => Some(format!("{} codes", codes.scenes.count())),
            Self::Qrcode(code) => Some(match &code.scene {
                Scene::Id(id) => format!("code {id}"),
                Scene::Text(text) => format!("code {text}"),
            }),
        }
    }
}

impl Content {
    fn title(&self) -> Option<String> {
        match self {
            Self::Text { content } => named(&beginning(content)),
            Self::Images(images) => {
                let lines = [&images.title, &images.recommend];
                lines.into_iter().flatten().find_map(|line| named(&beginning(line)))
            }
            Self::Mpvideo { title, .. } | Self::Awaited { title, .. } => {
                title.as_deref().and_then(named)
            }
            Self::Prepared { content, material } => {
                let article = material.articles.first().map(|article| article.title.as_str());
                let video = material.caption.as_ref().map(|caption| caption.title.as_str());
                let file = || material.assets.first().map(|asset| asset.media.file.clone());
                article.or(video).and_then(named).or_else(|| content.title()).or_else(file)
            }
            Self::Mpnews { .. } | Self::Image { .. } | Self::Voice { .. } | Self::Wxcard { .. } => {
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{
        Article, Audience, Broadcast, ButtonType, Caption, Deletion, Images, JobId, Material, Menu,
        Press, Qrcode, Speed,
    };

    fn broadcast(content: Content) -> Action {
        Action::Broadcast(Broadcast {
            audience: Audience::Everyone,
            content,
            send_ignore_reprint: false,
        })
    }

    fn prepared(material: Material) -> Action {
        let content = Box::new(Content::Mpnews { media_id: "qunfa:news".to_owned() });
        broadcast(Content::Prepared { content, material })
    }

    fn article(title: &str) -> Article {
        Article {
            title: title.to_owned(),
            author: None,
            digest: None,
            content: String::new(),
            content_source_url: None,
            thumb: String::new(),
            show_cover_pic: None,
            need_open_comment: None,
            only_fans_can_comment: None,
        }
    }

    #[test]
    fn a_title_says_what_a_job_does_in_few_words() {
        let text = |content: &str| broadcast(Content::Text { content: content.to_owned() });
        let images = Images {
            media_ids: vec!["a".to_owned()],
            recommend: Some("春天的颜色".to_owned()),
            title: None,
            need_open_comment: None,
            only_fans_can_comment: None,
        };
        let press = |name: &str| {
            Button::Press(Press {
                kind: ButtonType::Click,
                name: name.to_owned(),
                key: None,
                url: None,
                media_id: None,
                appid: None,
                pagepath: None,
                article_id: None,
            })
        };
        let code =
            Qrcode { expire_seconds: None, scene: Scene::Text("门店".to_owned()), renew: false };
        let job = JobId::parse("spring").unwrap();
        let deletion = Deletion { job, article_idx: None, force: false };
        let caption = Caption { title: "片".to_owned(), description: String::new() };
        let articles = vec![article("春天来了"), article("第二篇")];
        for (action, expected) in [
            (text("春天来了"), Some("春天来了")),
            (text("  今天\n晚上  八点"), Some("今天 晚上 八点")),
            (text(&"春".repeat(21)), Some("春春春春春春春春春春春春春春春春春春春春")),
            (broadcast(Content::Images(images)), Some("春天的颜色")),
            (broadcast(Content::Mpnews { media_id: "x".to_owned() }), None),
            (prepared(Material { articles, ..Material::default() }), Some("春天来了")),
            (prepared(Material { caption: Some(caption), ..Material::default() }), Some("片")),
            (Action::Speed(Speed::new(4).unwrap()), Some("speed 4")),
            (
                Action::Menu(Menu { button: vec![press("首页"), press("我的")] }.into()),
                Some("menu 首页 / 我的"),
            ),
            (Action::Qrcode(code), Some("code 门店")),
            (Action::Delete(deletion), Some("delete spring")),
        ] {
            assert_eq!(action.title().as_deref(), expected, "{action:?}");
        }
    }
}
