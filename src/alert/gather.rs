//! Several messages in one, within the size that a channel takes.

/// What separates two messages.
const BETWEEN: &str = "\n\n";
/// What shows that a text was cut.
const CUT: &str = "…";

/// Returns as many of the first texts as fit into `most` bytes, as one, and how many they are. The
/// first one is cut if it alone is too long.
///
/// `most` must have room for a few characters.
pub fn gather(texts: &[String], most: usize) -> (String, usize) {
    let mut all = String::new();
    for (count, text) in texts.iter().enumerate() {
        let between = if count == 0 { "" } else { BETWEEN };
        if all.len() + between.len() + text.len() > most {
            return if count == 0 { (cut(text, most), 1) } else { (all, count) };
        }
        all.push_str(between);
        all.push_str(text);
    }
    (all, texts.len())
}

/// Returns a text that is cut to `most` bytes, between two characters.
pub fn cut(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(most.saturating_sub(CUT.len()));
    format!("{}{CUT}", &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_messages_are_gathered_in_order_and_a_long_one_is_cut() {
        for (texts, most, expected, count) in [
            (&["one"][..], 10, "one", 1),
            (&["one", "two"], 8, "one\n\ntwo", 2),
            (&["one", "two"], 7, "one", 1),
            (&["one", "two", "three"], 9, "one\n\ntwo", 2),
            (&["a long one", "two"], 9, "a long…", 1),
            (&["群发群发"], 9, "群发…", 1),
        ] {
            let texts: Vec<_> = texts.iter().map(|text| (*text).to_owned()).collect();
            let found = gather(&texts, most);
            assert_eq!(found, (expected.to_owned(), count), "{texts:?} {most}");
            assert!(found.0.len() <= most);
        }
    }
}
