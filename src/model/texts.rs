//! The texts of a job in which a series may have placeholders.

use super::{Action, Content, JobSpec};

/// A text in which a series may have placeholders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextOf {
    /// The job's title in lists.
    Job,
    /// A text message.
    Message,
    /// The title of pictures.
    Pictures,
    /// The line shown with pictures.
    Recommendation,
    /// An article's title.
    Title,
    /// An article's digest.
    Digest,
    /// The name of a file that has not come yet.
    File,
}

impl JobSpec {
    /// Returns the texts in which a series may have placeholders.
    pub fn texts_mut(&mut self) -> Vec<(TextOf, &mut String)> {
        let mut texts: Vec<_> = self.title.iter_mut().map(|title| (TextOf::Job, title)).collect();
        texts.extend(self.action.texts_mut());
        texts
    }
}

impl Action {
    /// Returns its texts in which a series may have placeholders.
    pub fn texts_mut(&mut self) -> Vec<(TextOf, &mut String)> {
        let mut texts = Vec::new();
        if let Self::Broadcast(broadcast) = self {
            texts_of(&mut broadcast.content, &mut texts);
        }
        texts
    }
}

fn texts_of<'a>(content: &'a mut Content, texts: &mut Vec<(TextOf, &'a mut String)>) {
    match content {
        Content::Text { content } => texts.push((TextOf::Message, content)),
        Content::Images(images) => {
            texts.extend(images.title.iter_mut().map(|text| (TextOf::Pictures, text)));
            texts.extend(images.recommend.iter_mut().map(|text| (TextOf::Recommendation, text)));
        }
        Content::Prepared { content, material } => {
            texts_of(content, texts);
            for article in &mut material.articles {
                texts.push((TextOf::Title, &mut article.title));
                texts.extend(article.digest.iter_mut().map(|text| (TextOf::Digest, text)));
            }
        }
        Content::Awaited { title, files, .. } => {
            texts.extend(title.iter_mut().map(|text| (TextOf::Title, text)));
            texts.extend(files.iter_mut().map(|text| (TextOf::File, text)));
        }
        Content::Mpnews { .. }
        | Content::Image { .. }
        | Content::Voice { .. }
        | Content::Mpvideo { .. }
        | Content::Wxcard { .. } => {}
    }
}
