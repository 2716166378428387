//! Articles whose text is nothing, is not HTML, or is longer than it looks.

use super::articles::{article, folder, job, material, refused};
use super::*;

/// An article whose text is this file of this name.
fn file(name: &'static str, text: &str) -> Result<Parsed, String> {
    let mut files = folder();
    files.0.insert(name, text.as_bytes().to_vec());
    let job = article(&format!("content_file: {name}"));
    parse_bytes("f.yaml", job.as_bytes(), &files)
}

#[test]
fn a_text_of_which_nothing_is_seen_is_empty() {
    for (name, text) in [
        ("a.html", ""),
        ("a.html", "<p></p>"),
        ("a.html", "<p>&nbsp;\u{200b}<br></p><hr>"),
        ("a.html", "<!-- 春 -->"),
        ("a.html", "<section style=\"padding:8px\"><p style=\"display: none\">春</p></section>"),
        ("a.html", "<svg><title>春</title></svg>"),
        ("a.html", "<mp-style-type></mp-style-type>"),
        ("a.md", "---\ntitle: 春\n---\n"),
        ("a.md", "<!-- 春 -->\n"),
        ("a.md", "***\n"),
    ] {
        let refused = file(name, text).unwrap_err();
        assert!(refused.contains("the article's text is empty"), "{text}: {refused}");
    }
    for (name, text) in [
        ("a.html", "<p>。</p>"),
        ("a.html", "<img src='a.png'>"),
        ("a.html", "<section style=\"background-image:url('a.png')\"></section>"),
        ("a.html", "<svg><g><rect width='1'/></g></svg>"),
        ("a.html", "<svg><foreignObject><p>春</p></foreignObject></svg>"),
        ("a.html", "<mpvoice voice_encode_fileid='a'></mpvoice>"),
        ("a.md", "![](a.png)\n"),
    ] {
        assert!(file(name, text).is_ok(), "{text}: {}", file(name, text).unwrap_err());
    }
}

#[test]
fn markdown_under_another_name_is_refused() {
    for (text, location) in [
        ("# 标题\n正文", "a.html:1:1: `# 标题` is Markdown"),
        ("正文\n\n  ## 标题", "a.html:3:3: `## 标题` is Markdown"),
        ("正文\n![](a.png)\n", "a.html:2:1: `![](a.png)` is Markdown"),
        ("这是**重点**。", "a.html:1:1: `这是**重点**。` is Markdown"),
        ("见[前文](https://mp.weixin.qq.com/s/a)", "a.html:1:1: "),
        ("---\ntitle: 春\n---\n<p>正文</p>", "a.html:1:1: front matter begins here (`---`)"),
        ("\n+++\ntitle = '春'\n+++\n<p>正文</p>", "a.html:2:1: front matter begins here (`+++`)"),
    ] {
        let refused = file("a.html", text).unwrap_err();
        assert!(refused.contains(location), "{text}: {refused}");
        assert!(refused.contains("`content_file: x.md`"), "{refused}");
    }
    let inline = refused(&article("content: |\n        # 标题\n        **粗**"), &folder());
    assert!(inline.contains("`# 标题` is Markdown"), "{inline}");
    for text in [
        "#1 春",
        "2 ** 3 ** 4",
        "a[1](b)",
        "****",
        "<p>正文</p>\n# 标题\n**粗**",
        "<p>一</p>\n---\n<p>二</p>",
    ] {
        assert!(file("a.html", text).is_ok(), "{text}");
    }
}

#[test]
fn lines_without_a_tag_are_told_to_run_together() {
    let notes = |text: &str| file("a.html", text).unwrap().jobs[0].notes.clone();
    let told = |text: &str| notes(text).iter().filter(|note| note.contains("run together")).count();

    assert_eq!(told("第一行\n第二行\n"), 1);
    assert!(notes("\n第一行\n第二行\n").iter().any(|note| note.starts_with("a.html:2: the text")));
    assert_eq!(told("\n第一行\n") + told("<p>第一行\n第二行</p>"), 0);
    let text = job(
        "    articles:\n    - title: 春\n      thumb: cover.png\n      content: |\n        一\n        二\n",
    );
    assert!(material(&text, &folder()).1.iter().any(|note| note.starts_with("content: the text")));
}

#[test]
fn of_a_text_that_is_too_long_the_themes_part_is_told() {
    let text = "- 春\n\n  天\n\n".repeat(420);

    let told = file("a.md", &text).unwrap_err();

    let part = told.lines().next().unwrap().split_once("bytes: ").unwrap().1;
    let numbers: Vec<usize> =
        part.split(|c: char| !c.is_ascii_digit()).filter_map(|word| word.parse().ok()).collect();
    let all: usize =
        told.split_once("HTML has ").unwrap().1.split(' ').next().unwrap().parse().unwrap();
    assert_eq!(numbers.iter().sum::<usize>(), all, "{told}");
    assert!(numbers[0] < 20_000 && told.contains("`theme: none`"), "{told}");
    let mut files = folder();
    files.0.insert("a.md", text.into_bytes());
    material(&article("content_file: a.md\n      theme: none"), &files);
    let plain = file("a.html", &"<p>春天</p>".repeat(3_000)).unwrap_err();
    assert!(!plain.contains("theme"), "{plain}");
}
