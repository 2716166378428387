//! Renders what the platform reported about each article of a broadcast.

use super::text::{Page, Tone};
use crate::l10n::t;
use crate::store::ArticleResult;

/// Writes a line about each article.
pub(super) fn render(page: &mut Page, articles: &[ArticleResult]) {
    if articles.is_empty() {
        return;
    }
    page.blank_line();
    page.heading(&t!("article-heading"));
    for article in articles {
        let label = format!("{}  ", article.article_idx);
        let (tone, words) = told(article);
        page.labelled(tone, 2, &label, &words);
    }
}

/// Returns what is known about one article, and how bad it is.
fn told(article: &ArticleResult) -> (Tone, String) {
    let mut words: Vec<String> = article.url.clone().into_iter().collect();
    let declared = article.user_declare_state.map(|state| match state {
        0 => t!("article-declared-nothing"),
        1 => t!("article-declared-original"),
        2 => t!("article-declared-reprint"),
        other => t!("article-declared-other", state = %other),
    });
    words.extend(declared);
    let (tone, audit) = match article.audit_state {
        None => (Tone::Plain, None),
        Some(0) => (Tone::Plain, Some(t!("article-unchecked"))),
        Some(1) => (Tone::Plain, Some(t!("article-checking"))),
        Some(11) => (Tone::Plain, Some(t!("article-passed"))),
        Some(other) => (Tone::Warn, Some(t!("article-failed", state = %other))),
    };
    words.extend(audit);
    if let Some(url) = &article.original_url {
        let url = url.as_str();
        words.push(match article.original_type {
            Some(1) => t!("article-like-original", url = url),
            Some(2) => t!("article-like-older", url = url),
            Some(3) => t!("article-like-news", url = url),
            Some(4) => t!("article-like-banned", url = url),
            Some(_) | None => t!("article-like-another", url = url),
        });
    }
    words.extend(match article.can_reprint {
        Some(0) => Some(t!("article-no-reprint")),
        Some(1) => Some(t!("article-may-reprint")),
        Some(_) | None => None,
    });
    if article.need_replace == Some(1) {
        words.push(t!("article-replaced"));
    }
    if article.need_show_source == Some(1) {
        words.push(t!("article-source-named"));
    }
    (tone, words.join(&t!("resume-separator")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_article_that_failed_the_check_says_what_it_resembles_and_what_follows() {
        let article = ArticleResult {
            article_idx: 1,
            user_declare_state: Some(0),
            audit_state: Some(2),
            original_url: Some("http://mp.weixin.qq.com/s/original".to_owned()),
            original_type: Some(1),
            can_reprint: Some(1),
            need_replace: Some(1),
            need_show_source: Some(1),
            ..ArticleResult::default()
        };

        let (tone, words) = told(&article);

        assert_eq!(tone, Tone::Warn);
        assert_eq!(
            words,
            "nothing declared (未声明); originality check failed (审核未通过): 2; resembles an \
             original article (原创): http://mp.weixin.qq.com/s/original; which may be reprinted \
             (可以转载); its content takes the place of ours (替换为原文内容); its source is named \
             (注明转载来源)"
        );
    }

    #[test]
    fn an_article_that_went_out_is_its_address() {
        let url = Some("http://mp.weixin.qq.com/s/7".to_owned());
        let article = ArticleResult { article_idx: 2, url, ..ArticleResult::default() };

        assert_eq!(told(&article), (Tone::Plain, "http://mp.weixin.qq.com/s/7".to_owned()));
    }
}
