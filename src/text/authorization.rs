//! The two pages that an account's administrator sees while authorising a third-party platform.

use askama::Template;

use crate::l10n::t;

#[derive(Template)]
#[template(path = "authorization.html")]
struct Page<'a> {
    text: String,
    /// The platform's page; empty once the administrator comes back from it.
    target: &'a str,
    link: String,
}

/// Returns the page with the link to the platform.
pub fn before(target: &str) -> String {
    page(&Page { text: t!("component-page-before"), target, link: t!("component-page-go") })
}

/// Returns the page after the authorization.
pub fn after() -> String {
    page(&Page { text: t!("component-page-after"), target: "", link: String::new() })
}

fn page(page: &Page<'_>) -> String {
    page.render().expect("a page of texts can always be written")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_cannot_leave_its_link() {
        let page = before("https://x.example/?a=1&b=\"><script>");

        assert!(page.contains("https://x.example/?a=1"), "{page}");
        assert!(!page.contains("\"><script>"), "{page}");
        assert!(!after().contains("<a "));
    }
}
