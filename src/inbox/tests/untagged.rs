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
        "<p>正文</p>\n<pre># 标题\n![x](a.png)</pre><code>[x](https://x.cn)</code>",
        "138****5678、139****1234",
        "<p>一</p>\n---\n<p>二</p>",
    ] {
        assert!(file("a.html", text).is_ok(), "{text}");
    }
}

#[test]
fn markdown_beside_tags_is_refused_or_told() {
    for (text, location) in [
        ("<p>**粗** 与 ![x](a.png)</p>", "a.html:1:12: `![x](a.png)` is Markdown"),
        ("<p>正文</p>\n见[前文](https://x.cn)\n", "a.html:2:2: `[前文](https://x.cn)` is Markdown"),
    ] {
        let refused = file("a.html", text).unwrap_err();
        assert!(refused.starts_with(location), "{text}: {refused}");
    }
    let inline = refused(&article("content: |\n        <p>![x](a.png)</p>"), &folder());
    assert!(inline.contains("`![x](a.png)` is Markdown"), "{inline}");
    let block = file("a.md", "<div>\n[x](https://x.cn)\n</div>\n").unwrap_err();
    assert!(block.starts_with("a.md:2:1: Markdown is not read inside of HTML"), "{block}");
    for (text, told) in [
        ("<p>**粗** 与</p>", "a.html:1: `**粗**` is Markdown"),
        ("<p>文</p>\n# 标题\n", "a.html:2: `# 标题` is Markdown"),
    ] {
        let parsed = file("a.html", text).unwrap();
        let notes = &parsed.jobs[0].notes;
        assert!(notes.iter().any(|note| note.starts_with(told)), "{text}: {notes:?}");
    }
    let parsed = file("a.html", "<p>2 ** 3 ** 4，138****5678、139****1234</p>").unwrap();
    assert!(!parsed.jobs[0].notes.iter().any(|note| note.contains("Markdown")));
}

#[test]
fn characters_that_no_file_may_have_are_refused_as_references_too() {
    for (name, text, location) in [
        ("a.html", "<p>春&#7;</p>", "a.html:1:5: the control character U+0007"),
        (
            "a.html",
            "<p title='&#x202e;'>春</p>",
            "a.html:1:11: the text direction character U+202E",
        ),
        ("a.md", "春 &#0;天", "a.md:1:3: the control character U+0000"),
        ("a.md", "春\n\n**天 &#x202E;**", "a.md:3:5: the text direction character U+202E"),
        ("a.md", "<p>\n春&rlm;</p>", "a.md:2:2: the text direction character U+200F"),
        ("a.md", "春 ![&#27;](a.png)", "a.md:1:3: the control character U+001B"),
    ] {
        let refused = file(name, text).unwrap_err();
        assert!(refused.starts_with(location), "{text}: {refused}");
        assert_eq!(refused.matches("is not allowed").count(), 1, "{text}: {refused}");
    }
    for text in ["`&#7;` 春 &amp;#7; \\&#7;", "```\n&#7;\n```\n", "&#10; &#x200d; 春"] {
        assert!(file("a.md", text).is_ok(), "{text}: {}", file("a.md", text).unwrap_err());
    }
}

#[test]
fn end_tags_without_a_start_are_read_as_browsers_do() {
    for (name, text, expected, told) in [
        ("a.html", "<p>一</br>二</p>", "<p>一<br>二</p>", None),
        ("a.html", "一</p>二", "一<p></p>二", Some("a.html:1: `</p>` stands without `<p>`")),
        ("a.html", "<p>一</b>二</p>", "<p>一二</p>", Some("a.html:1: `</b>` stands without `<b>`")),
        ("a.html", "<p>一<img src='a.png'></img></p>", "<p>一<img src=", None),
        ("a.md", "一</br>二", "<p>一<br>二</p>", None),
        ("a.md", "一\n\n二</i>三", "<p>二三</p>", Some("a.md:3: `</i>` stands without `<i>`")),
    ] {
        let mut files = folder();
        files.0.insert(name, text.as_bytes().to_vec());
        let job = article(&format!("theme: none\n      content_file: {name}"));
        let (material, notes) = material(&job, &files);
        let content = &material.articles[0].content;
        assert!(content.contains(expected), "{text}: {content}");
        let found = notes.iter().find(|note| note.contains("stands without"));
        assert_eq!(found.is_some(), told.is_some(), "{text}: {notes:?}");
        assert!(told.is_none_or(|told| found.unwrap().starts_with(told)), "{text}: {notes:?}");
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
