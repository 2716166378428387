//! What a request says: its parameters from the path, the query and the body, and its language.

use std::collections::BTreeMap;

use axum::http::HeaderMap;
use axum::http::header::ACCEPT_LANGUAGE;
use serde_json::{Map, Value};
use url::form_urlencoded;

use super::endpoint::Endpoint;
use super::problem::Refusal;
use crate::l10n::Lang;

/// How many characters a parameter may have.
const LONGEST: usize = 1_000;

/// The parameters of a request, each once, and all of them in the row of the endpoint.
#[derive(Debug, Default)]
pub(super) struct Said(BTreeMap<&'static str, String>);

impl Said {
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Returns parameters that the row has.
    pub(super) fn of(row: &Endpoint, pairs: &[(&str, &str)]) -> Result<Self, Refusal> {
        let mut said = Self::default();
        for (name, value) in pairs {
            said.set(row, name, (*value).to_owned())?;
        }
        Ok(said)
    }

    /// Takes a parameter that the row has.
    pub(super) fn set(&mut self, row: &Endpoint, name: &str, value: String) -> Result<(), Refusal> {
        let refuse = || Refusal::Parameter(name.chars().take(64).collect());
        let known = row.parameters.iter().find(|one| one.name == name).ok_or_else(refuse)?;
        let is_plain = value.chars().count() <= LONGEST && !value.chars().any(char::is_control);
        if !is_plain || self.0.insert(known.name, value).is_some() {
            return Err(refuse());
        }
        Ok(())
    }

    /// Takes the parameters of a path.
    pub(super) fn take_path<'p>(
        &mut self,
        row: &Endpoint,
        parts: impl Iterator<Item = (&'p str, &'p str)>,
    ) -> Result<(), Refusal> {
        for (name, value) in parts {
            self.set(row, name, value.to_owned())?;
        }
        Ok(())
    }

    /// Takes the parameters of a query.
    pub(super) fn take_query(&mut self, row: &Endpoint, query: &str) -> Result<(), Refusal> {
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            self.set(row, &name, value.into_owned())?;
        }
        Ok(())
    }

    /// Takes the parameters of a JSON body, which may be empty.
    pub(super) fn take_body(&mut self, row: &Endpoint, body: &[u8]) -> Result<(), Refusal> {
        if body.is_empty() {
            return Ok(());
        }
        let fields: Map<String, Value> = serde_json::from_slice(body).map_err(|_| Refusal::Body)?;
        for (name, value) in fields {
            let value = match value {
                Value::String(text) => text,
                Value::Bool(yes) => yes.to_string(),
                Value::Number(number) => number.to_string(),
                Value::Null | Value::Array(_) | Value::Object(_) => return Err(Refusal::Body),
            };
            self.set(row, &name, value)?;
        }
        Ok(())
    }

    /// Makes sure that nothing required is missing.
    pub(super) fn require(&self, row: &Endpoint) -> Result<(), Refusal> {
        let mut required = row.parameters.iter().filter(|one| one.required);
        match required.find(|one| self.get(one.name).is_none_or(str::is_empty)) {
            Some(missing) => Err(Refusal::Parameter(missing.name.to_owned())),
            None => Ok(()),
        }
    }
}

/// Returns the language that a request prefers, if it is one of ours.
pub(super) fn language(headers: &HeaderMap) -> Option<Lang> {
    let header = headers.get(ACCEPT_LANGUAGE)?.to_str().ok()?;
    let mut best: Option<(Lang, f32)> = None;
    for item in header.split(',') {
        let (tag, quality) = item.split_once(";q=").unwrap_or((item, "1"));
        let quality = quality.trim().parse::<f32>().unwrap_or(0.0);
        let Some(lang) = Lang::parse(tag.trim()) else { continue };
        if quality > best.map_or(0.0, |(_, best)| best) {
            best = Some((lang, quality));
        }
    }
    best.map(|(lang, _)| lang)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::endpoint::ENDPOINTS;

    fn row(path: &str) -> &'static Endpoint {
        ENDPOINTS.iter().find(|row| row.path == path).unwrap()
    }

    #[test]
    fn a_parameter_that_the_row_lacks_or_that_comes_twice_is_refused() {
        for query in
            ["config=x", "out=x", "json=true", "account=a&account=b", "account=a%00", "state=a%0Ab"]
        {
            assert!(Said::default().take_query(row("/jobs"), query).is_err(), "{query}");
        }
        let mut said = Said::default();
        said.take_query(row("/jobs"), "account=a&state=planned").unwrap();
        assert_eq!((said.get("account"), said.get("limit")), (Some("a"), None));
    }

    #[test]
    fn a_body_is_an_object_of_plain_values() {
        let resolve = row("/jobs/{id}/resolve");
        for body in ["[]", "{", "{\"why\": null}", "{\"why\": [\"a\"]}", "\"why\"", "{\"x\": 1}"] {
            assert!(Said::default().take_body(resolve, body.as_bytes()).is_err(), "{body}");
        }
        let mut said = Said::default();
        said.take_body(resolve, b"{\"sent\": 7, \"why\": \"seen\"}").unwrap();
        assert_eq!((said.get("sent"), said.get("why")), (Some("7"), Some("seen")));
    }

    #[test]
    fn the_language_is_the_one_of_ours_that_is_liked_most() {
        for (header, lang) in [
            ("zh-CN", Some(Lang::ZhCn)),
            ("en-GB, zh;q=0.9", Some(Lang::En)),
            ("fr, en;q=0.3, zh;q=0.9", Some(Lang::ZhCn)),
            ("fr", None),
            ("*", None),
            ("zh;q=0", None),
        ] {
            let headers = HeaderMap::from_iter([(ACCEPT_LANGUAGE, header.parse().unwrap())]);
            assert_eq!(language(&headers), lang, "{header}");
        }
    }
}
