//! Removes secrets and content that the platform's messages may repeat from a request.
//!
//! An errmsg ends up in the log, in the database and on screens. A token or secret without a name
//! before it is removed where the request is known, in [`client`](crate::wechat::client).

/// Names in front of a secret value, in URLs and elsewhere.
const NAMES: [&str; 3] = ["access_token", "secret", "encodingaeskey"];
/// Replaces text that was removed.
const CUT: &str = "…";
/// The length of an OpenID, and its first character.
const OPENID: (usize, char) = (28, 'o');

/// Returns the words without bodies, tokens, secrets and OpenIDs; the request's `rid` is kept.
pub(super) fn cut(words: &str) -> String {
    cut_values(&without_bodies(words))
}

/// Returns the words without tokens, secrets and OpenIDs, if they are JSON and not text.
pub(super) fn cut_values(words: &str) -> String {
    let words = NAMES.iter().fold(words.to_owned(), |words, name| without_values(&words, name));
    without_openids(&words)
}

/// Cuts at the first text that looks like a JSON object.
fn without_bodies(words: &str) -> String {
    let Some(at) = words.find("{\"") else { return words.to_owned() };
    let rid = words[at..].rfind("rid:").map_or("", |rid| &words[at + rid..]);
    format!("{}{CUT}{rid}", &words[..at])
}

/// Removes the value after each occurrence of a name, in upper or lower case.
fn without_values(words: &str, name: &str) -> String {
    let lower = words.to_ascii_lowercase();
    let mut kept = String::with_capacity(words.len());
    let mut from = 0;
    while let Some(found) = lower[from..].find(name) {
        let after = from + found + name.len();
        let signs = |c: char| matches!(c, '=' | ':' | '"' | '\'' | '[');
        let value = after + span(&words[after..], signs);
        kept.push_str(&words[from..value]);
        from = value;
        if value > after {
            let end = |c: char| !(c.is_whitespace() || matches!(c, '&' | '"' | '\'' | ']' | ','));
            let length = span(&words[value..], end);
            kept.push_str(if length > 0 { CUT } else { "" });
            from += length;
        }
    }
    kept.push_str(&words[from..]);
    kept
}

/// Returns how many bytes at the start of a text are such characters.
fn span(text: &str, fits: impl Fn(char) -> bool) -> usize {
    text.find(|c| !fits(c)).unwrap_or(text.len())
}

fn without_openids(words: &str) -> String {
    let (length, first) = OPENID;
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let mut kept = String::with_capacity(words.len());
    let mut rest = words;
    while !rest.is_empty() {
        let word = &rest[..span(rest, is_part)];
        let is_openid = word.len() == length && word.starts_with(first);
        kept.push_str(if is_openid { CUT } else { word });
        rest = &rest[word.len()..];
        let between = &rest[..span(rest, |c| !is_part(c))];
        kept.push_str(between);
        rest = &rest[between.len()..];
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_secret_is_cut_out_and_the_rest_stays() {
        for (words, kept) in [
            (
                "invalid media_id hint: [a.b] rid: 6a-1-2",
                "invalid media_id hint: [a.b] rid: 6a-1-2",
            ),
            (
                "GET /cgi-bin/x?access_token=77_a-B&b=1 failed",
                "GET /cgi-bin/x?access_token=…&b=1 failed",
            ),
            ("?ACCESS_TOKEN=77_a", "?ACCESS_TOKEN=…"),
            ("appid=wx1&secret=abc&x", "appid=wx1&secret=…&x"),
            ("access_token: 77_a", "access_token: 77_a"),
            ("access_token:'77_a', 7", "access_token:'…', 7"),
            ("access_token is invalid or not latest", "access_token is invalid or not latest"),
            ("invalid access_token", "invalid access_token"),
            ("secret=", "secret="),
            ("bad body {\"touser\":[\"o1\"]} rid: 6a-1-2", "bad body …rid: 6a-1-2"),
            ("bad body {\"text\":{\"content\":\"x\"}}", "bad body …"),
            ("invalid openid oCanaryReceiver_AAAAAAAAAA01, 令牌", "invalid openid …, 令牌"),
            (
                "oCanaryReceiver_AAAAAAAAAA0123 is longer",
                "oCanaryReceiver_AAAAAAAAAA0123 is longer",
            ),
            ("密钥secret=秘密 后", "密钥secret=… 后"),
            ("", ""),
        ] {
            assert_eq!(cut(words), kept);
        }
    }
}
