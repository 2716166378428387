//! Classifies a response: the return-code table combined with the batch's state; and what an event
//! reports about articles.

use std::collections::BTreeMap;

use chrono::TimeDelta;

use crate::store::{ArticleResult, SendOutcome};
use crate::wechat::Verdict;
use crate::wechat::callback::MassEvent;

/// Decides what a response means for a batch, which may be in doubt from an earlier attempt.
///
/// While it is in doubt only 0 and 45065 settle it: any other code may be the echo of our own first
/// attempt, which the platform accepted although its response did not reach us.
pub fn classify(verdict: Verdict, in_doubt: bool) -> SendOutcome {
    match (verdict, in_doubt) {
        (Verdict::Accepted, _) => SendOutcome::Accepted,
        (Verdict::Adopt, _) => SendOutcome::Adopted,
        (Verdict::InvalidToken, _) => SendOutcome::Token,
        (Verdict::InDoubt, _)
        | (
            Verdict::Retry { .. }
            | Verdict::NextWindow(_)
            | Verdict::Reject
            | Verdict::PauseAccount,
            true,
        ) => SendOutcome::InDoubt,
        (Verdict::Retry { after_s }, false) => {
            SendOutcome::Later(TimeDelta::seconds(i64::from(after_s)))
        }
        (Verdict::NextWindow(_), false) => SendOutcome::NextWindow,
        (Verdict::Reject, false) => SendOutcome::Refused,
        (Verdict::PauseAccount, false) => SendOutcome::Later(TimeDelta::zero()),
    }
}

/// Combines the two places in which an event reports on each article.
pub(super) fn articles(event: &MassEvent) -> Vec<ArticleResult> {
    let mut articles: BTreeMap<i64, ArticleResult> = BTreeMap::new();
    let text = |url: &String| (!url.is_empty()).then(|| url.clone());
    for check in event.copyright.iter().flat_map(|copyright| &copyright.articles) {
        let Some(article_idx) = check.article_idx else { continue };
        let result = ArticleResult {
            article_idx,
            url: None,
            user_declare_state: check.user_declare_state,
            audit_state: check.audit_state,
            original_url: text(&check.original_article_url),
            original_type: check.original_article_type,
            can_reprint: check.can_reprint,
            need_replace: check.need_replace_content,
            need_show_source: check.need_show_reprint_source,
        };
        articles.insert(article_idx, result);
    }
    for place in &event.article_urls {
        let Some(article_idx) = place.article_idx else { continue };
        let article = articles.entry(article_idx).or_default();
        (article.article_idx, article.url) = (article_idx, text(&place.url));
    }
    articles.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wechat::codes;

    /// Every code of the documents, with what it does to a batch that was never in doubt.
    const FIRST: &[(i64, &str)] = &[
        (0, "accepted"),
        (45065, "adopted"),
        (-1, "in doubt"),
        (45066, "in doubt"),
        (268_488_001, "in doubt"),
        (99_999_999, "in doubt"),
        (40001, "token"),
        (40014, "token"),
        (42001, "token"),
        (42010, "later"),
        (45011, "later"),
        (46007, "later"),
        (40164, "later"),
        (50002, "later"),
        (45009, "next window"),
        (45028, "next window"),
        (45040, "next window"),
        (45093, "next window"),
        (40003, "refused"),
        (40007, "refused"),
        (40008, "refused"),
        (40032, "refused"),
        (40050, "refused"),
        (40130, "refused"),
        (44003, "refused"),
        (45067, "refused"),
        (45062, "refused"),
        (47001, "refused"),
        (48001, "refused"),
        (48021, "refused"),
    ];

    fn word(outcome: SendOutcome) -> &'static str {
        match outcome {
            SendOutcome::Accepted => "accepted",
            SendOutcome::Adopted => "adopted",
            SendOutcome::InDoubt => "in doubt",
            SendOutcome::Later(_) => "later",
            SendOutcome::Token => "token",
            SendOutcome::Refused => "refused",
            SendOutcome::NextWindow => "next window",
        }
    }

    #[test]
    fn every_code_on_a_first_attempt_does_what_the_table_says() {
        for (code, expected) in FIRST {
            let outcome = classify(codes::for_send(*code).verdict, false);

            assert_eq!(word(outcome), *expected, "{code}");
        }
    }

    #[test]
    fn while_in_doubt_only_0_and_45065_settle_and_only_the_token_codes_are_no_attempt() {
        for (code, first) in FIRST {
            let outcome = classify(codes::for_send(*code).verdict, true);

            let expected = match *first {
                settles @ ("accepted" | "adopted" | "token") => settles,
                _ => "in doubt",
            };
            assert_eq!(word(outcome), expected, "{code}");
        }
    }
}
