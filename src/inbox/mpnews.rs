//! `mpnews`: articles by the media id of their draft, or by its title.

use std::collections::BTreeMap;

use super::drafts::{BookEntry, FoundDraft, NamedDraft, Place};
use super::reader::Reader;
use crate::l10n::t;
use crate::model::Account;
use crate::yaml::diagnostic::quote;
use crate::yaml::{Entry, Shape};

/// A media id that stands for one that is looked up later. Nothing is ever sent with it.
const LATER: &str = "NOT-LOOKED-UP-YET";

pub(super) const MPNEWS: Shape =
    Shape { what: || t!("inbox-content"), known: &["media_id", "draft"], refused: &[] };

impl Reader<'_, '_> {
    /// Returns the media id of articles, given by itself or by the title of a draft.
    pub(super) fn mpnews(
        &mut self,
        entry: &Entry<'_>,
        account: Option<&Account>,
        notes: &mut Vec<String>,
    ) -> Option<String> {
        let fields = entry.node.fields(entry.key_location, &MPNEWS, self.report)?;
        let Some(draft) = fields.get("draft") else { return self.word(&fields, "media_id") };
        let title = draft.text(self.report)?.trim().to_owned();
        self.draft_title = Some(title.clone());
        if fields.get("media_id").is_some() {
            return self.word(&fields, "media_id");
        }
        let account = account?.name.clone();
        let job = self.job.as_ref().map(ToString::to_string);
        let named = NamedDraft { job, account: account.clone(), title: title.clone() };
        let (media_id, problem) = match self.lists.draft(&named) {
            BookEntry::Found(FoundDraft::One(media_id)) => (Some(media_id), None),
            BookEntry::Later => {
                notes.push(t!("inbox-draft-later", title = %quote(&title)));
                (Some(LATER.to_owned()), None)
            }
            BookEntry::Nothing => {
                let help = t!("inbox-draft-closed-help", account = account.as_str());
                (None, Some((t!("inbox-draft-closed", title = %quote(&title)), help)))
            }
            BookEntry::Found(found) => (None, Some(missing(&found, &title, &account))),
        };
        if let Some((message, help)) = problem {
            self.report.say_with(draft.key_location, message, help);
        }
        self.drafts.push(Place {
            named,
            start: draft.key_location.start,
            mapping: entry.node.location.start,
            media_id: media_id.clone(),
        });
        media_id
    }
}

/// Returns why a title means no draft, and what to write.
fn missing(found: &FoundDraft, title: &str, account: &str) -> (String, String) {
    let quoted = quote(title);
    match found {
        FoundDraft::Several(drafts) => {
            let message = t!("inbox-draft-several", title = %quoted, count = %drafts.len(), account = account);
            (message, t!("inbox-draft-several-help", drafts = drafts.join(", ")))
        }
        FoundDraft::None(nearest) if nearest.is_empty() => {
            let message = t!("inbox-draft-none", title = %quoted, account = account);
            (message, t!("inbox-draft-box-empty"))
        }
        FoundDraft::None(nearest) => {
            let message = t!("inbox-draft-none", title = %quoted, account = account);
            let nearest: Vec<_> = nearest.iter().map(|title| quote(title)).collect();
            (message, t!("inbox-draft-nearest", titles = nearest.join(", "), account = account))
        }
        FoundDraft::One(_) => unreachable!("it was found"),
    }
}

/// Writes the media ids that were found beside the titles, so that the inbox takes the file.
///
/// None if a title has no place for it: a mapping that two jobs share for two accounts, or one
/// written in an unusual way.
pub(super) fn with_media_ids(text: &str, places: &[Place]) -> Option<String> {
    let mut inserts = BTreeMap::new();
    for place in places {
        let Some(media_id) = &place.media_id else { continue };
        let insert = insert(text, place, media_id)?;
        if inserts.insert(place.start, insert.clone()).is_some_and(|other| other != insert) {
            return None;
        }
    }
    let mut written = text.to_owned();
    for (start, insert) in inserts.into_iter().rev() {
        written.insert_str(start, &insert);
    }
    Some(written)
}

fn insert(text: &str, place: &Place, media_id: &str) -> Option<String> {
    let before = text.get(..place.start)?;
    // `draft` is the only key, so a brace before it is that of its own mapping.
    if before.get(place.mapping..).is_some_and(|opening| opening.contains('{')) {
        return Some(format!("\"media_id\": \"{media_id}\", "));
    }
    let indent = before.rsplit('\n').next()?;
    let is_alone = indent.chars().all(|c| c == ' ');
    is_alone.then(|| format!("media_id: \"{media_id}\"\n{indent}"))
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::super::drafts::DraftBook;
    use super::super::tests::accounts;
    use super::super::{ListSource, Parsed, parse};
    use super::*;
    use crate::model::{Content, Draft, DraftArticle};

    fn draft(media_id: &str, title: &str) -> Draft {
        let article =
            DraftArticle { title: title.to_owned(), thumb_media_id: None, thumb_url: None };
        Draft { media_id: media_id.to_owned(), updated_at: None, articles: vec![article] }
    }

    struct Book(DraftBook);

    impl ListSource for Book {
        fn list(&self, path: &str) -> Result<Cow<'_, [u8]>, String> {
            Err(path.to_owned())
        }

        fn draft(&self, named: &NamedDraft) -> BookEntry {
            self.0.find(named)
        }
    }

    fn book(title: &str, drafts: &[Draft]) -> DraftBook {
        let (account, title) = ("club".to_owned(), title.to_owned());
        let found = FoundDraft::of(&title, drafts, |draft| draft.media_id.clone());
        let named = NamedDraft { job: Some("a".to_owned()), account, title };
        DraftBook::of(BTreeMap::from([(named, found)]))
    }

    fn read(text: &str, book: DraftBook) -> Result<Parsed, String> {
        let accounts = accounts();
        let accounts: Vec<_> = accounts.iter().collect();
        let parsed = parse("f.yaml", text.as_bytes(), &Book(book), &accounts);
        parsed.map_err(|problems| {
            problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
        })
    }

    fn job(mpnews: &str) -> String {
        format!(
            "jobs:\n  - id: a\n    account: club\n    broadcast:\n      filter: {{is_to_all: true}}\n      mpnews: {mpnews}\n"
        )
    }

    #[test]
    fn a_title_is_looked_up_and_names_the_job() {
        let parsed = read(&job("{draft: 春天来了}"), book("春天来了", &[draft("M1", "春天来了 ")]));

        let spec = &parsed.unwrap().jobs[0].spec;
        assert_eq!(spec.title.as_deref(), Some("春天来了"));
        let content = &spec.action.broadcast().unwrap().content;
        assert_eq!(*content, Content::Mpnews { media_id: "M1".to_owned() });
    }

    #[test]
    fn a_title_of_two_drafts_or_of_none_is_refused_with_what_there_is() {
        let two = [draft("M1", "春天"), draft("M2", "春天")];
        let told = read(&job("{draft: 春天}"), book("春天", &two)).unwrap_err();
        assert!(told.contains("f.yaml:6:16: the draft box of club has 2 drafts"), "{told}");
        assert!(told.contains("M1, M2"), "{told}");

        let others = [draft("M1", "春天来了"), draft("M2", "夏天")];
        let told = read(&job("{draft: 春天来}"), book("春天来", &others)).unwrap_err();
        assert!(told.contains("the draft box of club has no draft `春天来`"), "{told}");
        assert!(told.contains("`春天来了`, `夏天`"), "{told}");

        let told = read(&job("{draft: 春天}"), book("春天", &[])).unwrap_err();
        assert!(told.contains("empty"), "{told}");
    }

    #[test]
    fn the_inbox_takes_no_title_without_its_media_id() {
        let told = read(&job("{draft: 春天}"), DraftBook::default()).unwrap_err();
        assert!(told.contains("`qunfa submit`"), "{told}");

        let both = read(&job("{media_id: M1, draft: 春天}"), DraftBook::default()).unwrap();
        assert_eq!(both.jobs[0].spec.title.as_deref(), Some("春天"));
    }

    #[test]
    fn the_media_id_is_written_beside_the_title_and_the_jobs_stay_the_same() {
        for (mpnews, expected) in [
            ("{draft: 春天}", "{\"media_id\": \"M1\", draft: 春天}"),
            ("\n        draft: 春天", "\n        media_id: \"M1\"\n        draft: 春天"),
            ("{\n        draft: 春天 }", "{\n        \"media_id\": \"M1\", draft: 春天 }"),
            ("{\"draft\": \"春天\"}", "{\"media_id\": \"M1\", \"draft\": \"春天\"}"),
            ("  # which one\n        draft: >-\n          春天\n", ""),
        ] {
            let text = job(mpnews);
            let parsed = read(&text, book("春天", &[draft("M1", "春天")])).unwrap();

            let written = with_media_ids(&text, &parsed.drafts).unwrap();

            if !expected.is_empty() {
                assert_eq!(written, job(expected));
            }
            let again = read(&written, DraftBook::default()).unwrap();
            assert_eq!(again.jobs[0].spec, parsed.jobs[0].spec, "{written}");
        }
    }
}
