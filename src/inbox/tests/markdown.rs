//! Markdown articles: what goes out is what was written, and the rest is refused or told.

use proptest::prelude::*;

use super::articles::{Folder, article, folder, job, material, png, refused};
use super::*;
use crate::inbox::markdown::render;
use crate::model::{Material, UploadKind};

/// Reads a Markdown file as the only article of a job, beside pictures of many names.
pub(super) fn read(markdown: &str) -> Result<(Material, Vec<String>), String> {
    let mut folder = pictures();
    folder.0.insert("a.md", markdown.into());
    let text = article("theme: none\n      content_file: a.md");
    parse_bytes("f.yaml", text.as_bytes(), &folder)?;
    let (material, mut notes) = material(&text, &folder);
    notes.retain(|note| !note.starts_with("uploads "));
    Ok((material, notes))
}

/// Returns the plain HTML of a Markdown file, after making sure that the article says the same.
pub(super) fn html(markdown: &str) -> String {
    let (material, _) = read(markdown).unwrap_or_else(|told| panic!("{markdown}\n{told}"));
    let rendered = render(markdown, 0).html;
    let article = &material.articles[0].content;
    assert_eq!(words(article), words(&rendered), "{markdown}\n{article}");
    assert_eq!(article.matches("<img").count(), rendered.matches("<img").count(), "{markdown}");
    rendered
}

/// Returns what a reader sees of HTML, without its blanks.
fn words(html: &str) -> String {
    let texts = html.split('<').map(|part| part.split_once('>').map_or(part, |(_, text)| text));
    let text: String = texts.collect();
    text.replace("&nbsp;", "").replace("&quot;", "\"").split_whitespace().collect()
}

fn pictures() -> Folder {
    let mut folder = folder();
    for (size, name) in (10..).zip([
        "图 片/a.png",
        "图 片/b (1).png",
        "花.png",
        "a b.png",
        "100%.png",
        "caf\u{e9}.png",
    ]) {
        folder.0.insert(name, png(size, size));
    }
    folder
}

#[test]
fn emphasis_works_beside_chinese_punctuation() {
    for (markdown, expected) in [
        ("**“加粗”**文字", "<strong>“加粗”</strong>文字"),
        ("**注意：**请看。", "<strong>注意：</strong>请看。"),
        ("**（重要）**通知", "<strong>（重要）</strong>通知"),
        ("请看**《春》**和**【夏】**。", "请看<strong>《春》</strong>和<strong>【夏】</strong>。"),
        ("*“斜体”*文字", "<em>“斜体”</em>文字"),
        ("文字***“都要”***文字", "文字<em><strong>“都要”</strong></em>文字"),
        ("**Rust：**好", "<strong>Rust：</strong>好"),
        ("原价~~“100”~~元", "原价<del>“100”</del>元"),
        ("请看==“这里”==吧", "请看<mark>“这里”</mark>吧"),
        ("**活动（Beta）**上线", "<strong>活动（Beta）</strong>上线"),
    ] {
        assert_eq!(html(markdown), format!("<p>{expected}</p>"), "{markdown}");
    }
}

#[test]
fn blocks_become_plain_html_without_blanks_between_the_tags() {
    for (markdown, expected) in [
        ("# 春\n\n花\n", "<h1>春</h1><p>花</p>"),
        ("- 一\n- 二\n  1. 三\n", "<ul><li>一</li><li>二<ol><li>三</li></ol></li></ul>"),
        ("3. 三\n\n4. 四\n", "<ol start=\"3\"><li><p>三</p></li><li><p>四</p></li></ol>"),
        ("- [ ] 做\n- [x] 完\n", "<ul><li>☐ 做</li><li>☑ 完</li></ul>"),
        ("- [x] 完\n\n  好\n", "<ul><li><p>☑ 完</p><p>好</p></li></ul>"),
        (
            "| 花 | 价 |\n|---|--:|\n| 桃 | `3` |\n| 李 | 5 |\n",
            "<table><thead><tr><th>花</th><th style=\"text-align:right\">价</th></tr></thead><tbody>\
             <tr><td>桃</td><td style=\"text-align:right\"><code>3</code></td></tr>\
             <tr><td>李</td><td style=\"text-align:right\">5</td></tr></tbody></table>",
        ),
        ("| 花 |\n|---|\n", "<table><thead><tr><th>花</th></tr></thead></table>"),
        (
            "> [!NOTE]\n> 请看\n",
            "<blockquote class=\"alert alert-note\"><p class=\"alert-title\"><strong>注意</strong></p><p>请看</p></blockquote>",
        ),
        (
            "> [!warning]- 当*心*\n> 请看\n",
            "<blockquote class=\"alert alert-warning\"><p class=\"alert-title\"><strong>当<em>心</em></strong></p>\
             <p>请看</p></blockquote>",
        ),
        ("> 引\n\n---\n", "<blockquote><p>引</p></blockquote><hr>"),
        (
            "```js title=\"题\"\na < b\n\n  c\n```\n",
            "<pre><code class=\"language-js\">a &lt; b\n\n  c\n</code></pre>",
        ),
        ("一  \n二\\\n三", "<p>一<br>二<br>三</p>"),
        ("完\\", "<p>完</p>"),
        ("## 春 {#spring}", "<h2>春</h2>"),
        ("价格100~200元，时间3~5天", "<p>价格100~200元，时间3~5天</p>"),
        (
            "[x]: a.png\n~~春~~ a==b==c ==d== ![x]",
            "<p><del>春</del> a==b==c <mark>d</mark> <img src=\"a.png\" alt=\"x\"></p>",
        ),
        ("若a==b，则c==d", "<p>若a==b，则c==d</p>"),
        ("每张$5，两张$9，会员$8", "<p>每张$5，两张$9，会员$8</p>"),
        ("太好了![鼓掌]", "<p>太好了![鼓掌]</p>"),
        ("尺寸10*20*30cm", "<p>尺寸10*20*30cm</p>"),
        ("5*6=30，7*8=56，*好*", "<p>5*6=30，7*8=56，<em>好</em></p>"),
        ("10cm*20cm*30cm，Top*10*强", "<p>10cm*20cm*30cm，Top<em>10</em>强</p>"),
        ("2**10和3**4，**5*6*7**", "<p>2**10和3**4，<strong>5*6*7</strong></p>"),
        ("\\*春\\* \\[x] &amp; &#x6625; <b>粗</b>", "<p>*春* [x] &amp; 春 <b>粗</b></p>"),
        (
            "[前文](https://mp.weixin.qq.com/s/a \"题\")",
            "<p><a href=\"https://mp.weixin.qq.com/s/a\" title=\"题\">前文</a></p>",
        ),
        (
            "[[1]](https://mp.weixin.qq.com/s/a)",
            "<p><a href=\"https://mp.weixin.qq.com/s/a\">[1]</a></p>",
        ),
        ("　　春天", "<p>　　春天</p>"),
    ] {
        assert_eq!(html(markdown), expected, "{markdown}");
    }
}

#[test]
fn footnotes_stand_numbered_at_the_end() {
    let markdown =
        "春[^b]，夏^[热的 *夏*]，又春[^b]，秋[^注]。\n\n[^注]: 凉\n\n    更凉\n\n[^b]: 暖\n\n后\n";

    assert_eq!(
        html(markdown),
        "<p>春<sup>[1]</sup>，夏<sup>[2]</sup>，又春<sup>[1]</sup>，秋<sup>[3]</sup>。</p><p>后</p>\
         <section class=\"footnotes\"><ol><li>暖</li><li>热的 <em>夏</em></li>\
         <li><p>凉</p><p>更凉</p></li></ol></section>"
    );
}

#[test]
fn the_five_alerts_have_chinese_names() {
    for (name, label, class) in [
        ("NOTE", "注意", "note"),
        ("Tip", "提示", "tip"),
        ("IMPORTANT", "重要", "important"),
        ("WARNING", "警告", "warning"),
        ("CAUTION", "小心", "caution"),
        ("info", "信息", "note"),
    ] {
        let expected = format!(
            "<blockquote class=\"alert alert-{class}\"><p class=\"alert-title\"><strong>{label}</strong></p>\
             <p>好</p></blockquote>"
        );
        assert_eq!(html(&format!("> [!{name}]\n> 好")), expected);
    }
}

#[test]
fn a_picture_is_found_in_every_spelling() {
    for (markdown, written, file, rest) in [
        ("![[a.png]]", "a.png", "a.png", " alt=\"\""),
        ("![[a.png|300]]", "a.png", "a.png", " alt=\"\" width=\"300\""),
        ("![[图 片/a.png|花]]", "图 片/a.png", "图 片/a.png", " alt=\"花\""),
        ("![x](图 片/a.png)", "图 片/a.png", "图 片/a.png", " alt=\"x\""),
        ("![x](图 片/b (1).png)", "图 片/b (1).png", "图 片/b (1).png", " alt=\"x\""),
        ("![x](a.png =300x200)", "a.png", "a.png", " alt=\"x\" width=\"300\" height=\"200\""),
        ("![x](a.png \"花\")", "a.png", "a.png", " alt=\"x\" title=\"花\""),
        ("![x](a.png '花')", "a.png", "a.png", " alt=\"x\" title=\"花\""),
        ("![x](a b.png \"花\")", "a b.png", "a b.png", " alt=\"x\" title=\"花\""),
        ("![r]\n\n[r]: <图 片/a.png>", "图 片/a.png", "图 片/a.png", " alt=\"r\""),
        ("![r]\n\n[r]: <图 片/a.png>\n", "图 片/a.png", "图 片/a.png", " alt=\"r\""),
        ("![x][r]\n\n[r]: a.png", "a.png", "a.png", " alt=\"x\""),
        ("![花][]\n\n[花]: 花.png", "花.png", "花.png", " alt=\"花\""),
        ("![x](<a b.png>)", "a b.png", "a b.png", " alt=\"x\""),
        ("![x](a%20b.png)", "a%20b.png", "a b.png", " alt=\"x\""),
        ("![x](%E8%8A%B1.png?v=2)", "%E8%8A%B1.png?v=2", "花.png", " alt=\"x\""),
        ("![x](100%.png)", "100%.png", "100%.png", " alt=\"x\""),
        ("![x](a.png?v=2)", "a.png?v=2", "a.png", " alt=\"x\""),
        ("![x](./a.png)", "./a.png", "a.png", " alt=\"x\""),
        ("![x](图%20片\\a.png)", "图%20片\\a.png", "图 片/a.png", " alt=\"x\""),
        ("![花|300](a.png)", "a.png", "a.png", " alt=\"花\" width=\"300\""),
        ("![x](a.png){width=50% .big}", "a.png", "a.png", " alt=\"x\" width=\"50%\""),
        ("![x](a b.png){width=50px}", "a b.png", "a b.png", " alt=\"x\" width=\"50\""),
    ] {
        let expected = format!("<p><img src=\"{written}\"{rest}></p>");
        assert_eq!(html(markdown), expected, "{markdown}");
        let (material, _) = read(markdown).unwrap();
        let pictures = material.assets.iter().filter(|asset| asset.kind == UploadKind::Picture);
        let files: Vec<_> = pictures.map(|asset| &*asset.media.file).collect();
        assert_eq!(files, [file], "{markdown}");
    }
    for (markdown, expected) in [
        ("<img src=\"花.png?v=2\" width=\"9\">", "<img src=\"花.png?v=2\" width=\"9\">"),
        ("好 <img src=\"a%20b.png\"> 好", "<p>好 <img src=\"a%20b.png\"> 好</p>"),
        (
            "前![x](a b.png)中![[a.png]]后",
            "<p>前<img src=\"a b.png\" alt=\"x\">中<img src=\"a.png\" alt=\"\">后</p>",
        ),
        ("- 一 ![x](a b.png)\n", "<ul><li>一 <img src=\"a b.png\" alt=\"x\"></li></ul>"),
        (
            "| 花 |\n|---|\n| ![[a.png\\|30]] |\n",
            "<table><thead><tr><th>花</th></tr></thead><tbody><tr><td>\
             <img src=\"a.png\" alt=\"\" width=\"30\"></td></tr></tbody></table>",
        ),
        (
            "[![x](a b.png)](https://mp.weixin.qq.com/s/a)",
            "<p><a href=\"https://mp.weixin.qq.com/s/a\"><img src=\"a b.png\" alt=\"x\"></a></p>",
        ),
        ("`![x](a.png =3x3)` \\![x]", "<p><code>![x](a.png =3x3)</code> ![x]</p>"),
    ] {
        assert_eq!(html(markdown), expected, "{markdown}");
    }
}

#[test]
fn what_cannot_be_shown_is_refused_where_it_stands() {
    for (markdown, told) in [
        ("春 $x^2$ 天", "a.md:1:3: a formula cannot be shown"),
        ("春\n\n$$\nx\n$$\n", "a.md:3:1: a formula cannot be shown"),
        ("$$ 利润 = 收入 $$", "a.md:1:1: a formula cannot be shown"),
        ("$利润=收入$", "a.md:1:1: a formula cannot be shown"),
        ("![r]\n\n[r]: 图 片/a.png\n", "a.md:1:1: the line `[r]:` gives no address"),
        ("春 [报名][r]\n\n[r]: https://x.cn b\n", "a.md:1:7: the line `[r]:` gives no address"),
        ("春[^注]", "a.md:1:2: this footnote has no text"),
        ("春\n\n$$\na\n\nb\n$$\n", "a.md:3:1: a formula cannot be shown"),
        ("春\n\n\\begin{equation}\nx\n\\end{equation}", "a.md:3:1: a formula cannot be shown"),
        ("<div class=\"mermaid\">\ngraph\n</div>", "a.md:1:1: `mermaid` cannot be drawn"),
        ("```{mermaid}\ngraph\n```", "a.md:1:1: `mermaid` cannot be drawn"),
        ("``` {.mermaid}\ngraph\n```", "a.md:1:1: `mermaid` cannot be drawn"),
        ("春\n\n> [!NOTE]内容\n", "a.md:3:3: `[!NOTE]` is no box: words stand behind it"),
        ("> [!tip]：内容\n", "a.md:1:3: `[!tip]` is no box: words stand behind it"),
        ("[a] (https://mp.weixin.qq.com/s/1)", "a.md:1:3: this is no link as it is written"),
        ("```math\nx\n```", "a.md:1:1: `math` cannot be drawn"),
        ("春\n\n天 \\(x^2\\) 好", "a.md:3:3: a formula cannot be shown"),
        ("\\[ \\frac{1}{2} \\]", "a.md:1:1: a formula cannot be shown"),
        ("设 \\(x\\)，则好", "a.md:1:3: a formula cannot be shown"),
        ("设好，则 \\[x+1\\]", "a.md:1:6: a formula cannot be shown"),
        ("第 \\(n+1\\) 项", "a.md:1:3: a formula cannot be shown"),
        ("春\n\n\\[\nx+1\n\\]\n", "a.md:3:1: a formula cannot be shown"),
        ("春\n\n\\[\n\nx+1\n\n\\]\n", "a.md:3:1: a formula cannot be shown"),
        ("面积 \\(长 \\times 宽\\)", "a.md:1:4: a formula cannot be shown"),
        ("春\n\n@startuml\na -> b\n@enduml\n", "a.md:3:1: PlantUML cannot be drawn"),
        ("春\n@startmindmap\n* a\n@endmindmap\n", "a.md:2:1: PlantUML cannot be drawn"),
        ("春\n\n```mermaid\ngraph\n```", "a.md:3:1: `mermaid` cannot be drawn"),
        ("- 春\n\n  ```plantuml\n  x\n  ```", "a.md:3:3: `plantuml` cannot be drawn"),
        ("```js\nx\n", "a.md:1:1: the code that begins here does not end"),
        ("好 ![x][r] 好", "a.md:1:3: nothing says which file this picture is"),
        ("好\n> ![x](花.png", "a.md:2:3: a picture begins here and does not end"),
        ("![x] (a.png)", "a.md:1:1: this picture is misspelt"),
        ("![x]（a.png）", "a.md:1:1: this picture is misspelt"),
        ("![x]( )", "a.md:1:1: "),
        ("春 ![`x`](a b.png) 天", "a.md:1:8: this is no link as it is written"),
        ("春\n\n天 ![x](没 有.png) 好", "a.md:3:8: there is no `没 有.png` in the folder"),
        ("春 ![[没有.png]]", "a.md:1:6: there is no `没有.png` in the folder"),
        ("春 ![x](../a.png =3x3)", "a.md:1:8: `../a.png` is outside the job's folder"),
        ("春 ![x](https://x.cn/a.png)", "a.md:1:8: the picture `https://x.cn/a.png` lies outside"),
        ("[x](https://x.cn/a b)", "a.md:1:3: this is no link as it is written"),
        ("[x](https://x.cn)", "a.md:1:5: the account may not link to `https://x.cn`"),
        ("春[^1]", "a.md:1:2: this footnote has no text"),
        ("春\n\n[^1]: 注\n", "a.md:3:1: nothing refers to `[^1]`"),
        ("春[^1]\n\n[^1]: 注\n\n[^1]: 又\n", "a.md:3:1: nothing refers to `[^1]`"),
        ("> [!盒子]\n> 春", "a.md:1:1: there is no box `[!盒子]`"),
        ("春\n\n%%\n秘密\n", "a.md:3:1: the comment `%%` does not end"),
        ("<div>\n![x](a.png)\n</div>", "a.md:2:1: Markdown is not read inside of HTML"),
        ("| 花 |\n|---|\n| 桃 | 3 元 |\n", "a.md:3:7: `3 元` stands in no column of the table"),
        ("春\n\n好 <script>x</script>", "a.md:3:3: the tag `<script>` cannot stand"),
        ("<style>\np {}\n</style>", "a.md:1:1: the tag `<style>` cannot stand"),
        ("<div>\n<p>春</p>\n<iframe>\n</div>", "a.md:3:1: the tag `<iframe>` cannot stand"),
        ("[温馨\n提示]: 请提前到场\n\n春", "a.md:1:1: `温馨` would be seen by nobody"),
    ] {
        let found = read(markdown).map(|(_, notes)| format!("{notes:?}"));
        let found = found.expect_err(markdown);
        assert!(found.starts_with(told), "{markdown}:\n{found}\ninstead of\n{told}");
    }
}

#[test]
fn brackets_that_enclose_no_formula_stay() {
    for (markdown, expected) in [
        ("\\[提示] 请到场", "[提示] 请到场"),
        ("\\(一) 请到场", "(一) 请到场"),
        ("`\\(x\\)` 好", "<code>\\(x\\)</code> 好"),
        ("甲 \\\\(x\\) 乙", "甲 \\(x) 乙"),
        ("写 \\( 与 `\\)` 好", "写 ( 与 <code>\\)</code> 好"),
    ] {
        assert_eq!(html(markdown), format!("<p>{expected}</p>"), "{markdown}");
    }
}

#[test]
fn html_that_does_not_end_is_refused_where_it_begins() {
    for (markdown, told) in [
        ("春\n\n<!-- 未关\n天\n\n花", "a.md:3:1: a comment is not closed"),
        (
            "春\n\n> 草 <b>好</b>\n>\n> <p>x <!-- 未关\n> 天\n\n花",
            "a.md:5:8: a comment is not closed",
        ),
        ("春 <!-- 未关\n天", "a.md:1:3: a comment is not closed"),
        ("春\n\n<?php 天\n花", "a.md:3:1: `<?` is not closed"),
        ("春 <?php 天", "a.md:1:3: `<?` is not closed"),
        ("<![CDATA[ 春\n天", "a.md:1:1: a CDATA section is not closed"),
        ("春 <![CDATA[ 天", "a.md:1:3: a CDATA section is not closed"),
        ("<!DOCTYPE x\n春\n\n花 <b>x</b>", "a.md:1:1: `<!` is not closed"),
        ("春 <!DOCTYPE x", "a.md:1:3: `<!` is not closed"),
        ("<p\n春\n\n花", "a.md:1:1: a tag is not closed"),
        ("<div\n\n春", "a.md:1:1: a tag is not closed"),
        ("<div>\n<p class=\"a>春</p>\n</div>", "a.md:2:1: a quote is not closed"),
        ("前 <img src=\"a.png>后文", "a.md:1:3: a tag is misspelt"),
        (
            "前\n后 <a href=\"https://mp.weixin.qq.com/s/1>链接</a> 文",
            "a.md:2:3: a tag is misspelt",
        ),
        ("文<span style=\"color:red>红</span>后", "a.md:1:2: a tag is misspelt"),
        ("文<span\n后", "a.md:1:2: a tag is misspelt"),
        ("文<b>粗</b 后", "a.md:1:6: a tag is misspelt"),
    ] {
        let found = read(markdown).map(|(_, notes)| format!("{notes:?}"));
        let found = found.expect_err(markdown);
        assert!(found.starts_with(told), "{markdown}:\n{found}\ninstead of\n{told}");
    }
    for markdown in [
        "若 a < b 则 5 <6，a<b，a<c",
        "写 &lt;img src=\"a&gt; 或 \\<img src 或 `<img src=\"a`",
        "```\n<!-- 春\n<p\n```",
        "<p>春</p>\n\n<!-- 天\n\n花 -->\n\n<br/>",
    ] {
        read(markdown).unwrap_or_else(|told| panic!("{markdown}\n{told}"));
    }
}

#[test]
fn what_is_left_out_or_shown_raw_is_told() {
    for (markdown, expected, told) in [
        (
            "春\n\n<!-- 备注 -->\n",
            "<p>春</p><!-- 备注 -->",
            "a.md:3: the comment `备注` is taken out",
        ),
        ("春 %%备注%%天", "<p>春 天</p>", "a.md:1: the comment `备注` is taken out"),
        ("春%% 备注 %%天", "<p>春天</p>", "a.md:1: the comment `备注` is taken out"),
        ("涨幅5%%到6%%之间", "<p>涨幅5%%到6%%之间</p>", "a.md:1: `%%` is shown as it stands"),
        ("%%\n备注\n%%\n\n春", "<p>春</p>", "a.md:1: the comment `备注` is taken out"),
        (
            "春\n\n[a]: https://x.cn\n",
            "<p>春</p>",
            "a.md:3: `[a]: https://x.cn` is taken out: nothing refers to it",
        ),
        ("春\n\n[//]: # (备注)\n", "<p>春</p>", "a.md:3: the comment `(备注)` is taken out"),
        ("[TOC]\n\n春\n", "<p>春</p>", "a.md:1: the table of contents `[TOC]` is taken out"),
        ("春 [[天]]", "<p>春 [[天]]</p>", "a.md:1: `[[天]]` is shown as it stands"),
        ("#春天\n", "<p>#春天</p>", "a.md:1: this is shown with its `#`"),
        ("春\n---\n", "<h2>春</h2>", "a.md:1: the line of `---` below it makes this a headline"),
        ("<div>\n**春**\n</div>", "<div>\n**春**\n</div>", "a.md:2: `**` is shown as it stands"),
        ("春 **天", "<p>春 **天</p>", "a.md:1: `**` is shown as it stands"),
        (
            "    春天\n",
            "<pre><code>春天\n</code></pre>",
            "a.md:1: four spaces at a line's beginning",
        ),
        ("春天\n来了", "<p>春天来了</p>", "a.md:1: 1 single line ends do not break the line"),
        (
            "![x](a.png){.big}",
            "<p><img src=\"a.png\" alt=\"x\"></p>",
            "a.md:1: of `{.big}` only width and height",
        ),
    ] {
        let (_, notes) = read(markdown).unwrap_or_else(|told| panic!("{markdown}\n{told}"));
        assert_eq!(html(markdown), expected, "{markdown}");
        assert!(notes.len() == 1 && notes[0].starts_with(told), "{markdown}: {notes:?}");
    }
}

#[test]
fn marks_of_other_dialects_are_told_and_kept() {
    for (line, told) in [
        ("H~2~O 好", "`~2~`"),
        ("x^2^", "`^2^`"),
        ("++x++", "`++x++`"),
        ("::: tip", "`::: tip`"),
        ("!!! note", "`!!! note`"),
        (":smile:", "`:smile:`"),
        ("{% x %}", "`{% x %}`"),
        ("[[wiki]]", "`[[wiki]]`"),
        ("正文 {#id .class}", "`{#id .class}`"),
        ("_注：内容_后", "`_注：内容_`"),
        ("__“x”__文", "`__“x”__`"),
        ("[TOC]\nx", "`[TOC]`"),
        ("| a | b |\n| 1 | 2 |", "`|`"),
        ("【a】(https://x.cn)", "`】(http`"),
        ("[文][none]", "`[文][none]`"),
    ] {
        let (material, notes) = read(&format!("春\n\n{line}\n")).unwrap();
        let kept = words(&material.articles[0].content);
        let written: String = line.split_whitespace().collect();
        assert_eq!(kept, format!("春{written}"));
        assert!(
            notes.iter().any(|note| note.starts_with(&format!("a.md:3: {told} is shown"))
                || note.starts_with(&format!("a.md:3, 4: {told} is shown"))),
            "{line}: {notes:?}"
        );
        assert_eq!(notes.len(), 1, "{line}: {notes:?}");
    }
}

#[test]
fn lines_that_are_points_of_a_list_are_told_where_they_are_joined() {
    for markdown in [
        "1.第一\n2.第二",
        "1、第一\n2、第二",
        "(1) 第一\n(2) 第二",
        "① 一\n② 二",
        "-第一\n-第二",
        "📅 时间：周五\n📍 地点：北京",
    ] {
        let (_, notes) = read(markdown).unwrap();
        let told = "a.md:1: 1 single line ends do not break the line, the first one here (so `";
        assert!(notes.len() == 1 && notes[0].starts_with(told), "{markdown}: {notes:?}");
    }
    let (_, notes) = read("about\n1.5 times\nof it").unwrap();
    assert_eq!(notes, Vec::<String>::new());
}

#[test]
fn a_line_that_only_looks_like_an_address_stays() {
    for (markdown, expected) in [
        ("[温馨提示]: 请提前十分钟到场", "<p>[温馨提示]: 请提前十分钟到场</p>"),
        ("春\n\n[提示]:\n请到场\n", "<p>春</p><p>[提示]: 请到场</p>"),
        ("> [提示]: 请到场\n", "<blockquote><p>[提示]: 请到场</p></blockquote>"),
        ("- [提示]: 请到场\n", "<ul><li>[提示]: 请到场</li></ul>"),
        ("[时间]: 20:00\n", "<p>[时间]: 20:00</p>"),
        ("春[1][2]\n\n[2]: 某书 三页", "<p>春[1][2]</p><p>[2]: 某书 三页</p>"),
        (
            "[提示]: 请到场\n\n![x][r] `[提示]`\n\n[r]: a.png\n",
            "<p>[提示]: 请到场</p><p><img src=\"a.png\" alt=\"x\"> <code>[提示]</code></p>",
        ),
        ("```\n[提示]: 请到场\n```", "<pre><code>[提示]: 请到场\n</code></pre>"),
        (
            "[链]\n\n[链]: https://mp.weixin.qq.com/s/a\n",
            "<p><a href=\"https://mp.weixin.qq.com/s/a\">链</a></p>",
        ),
    ] {
        assert_eq!(html(markdown), expected, "{markdown}");
    }
    let told = read("[提示]: 请到场\n\n请看 [没有](x y) 好").unwrap_err();
    assert!(told.starts_with("a.md:3:7: this is no link"), "places stay right: {told}");
}

#[test]
fn a_single_line_end_is_a_space_only_where_there_is_one() {
    for (markdown, expected) in [
        ("春天\n来了", "春天来了"),
        ("春天，\n来了", "春天，来了"),
        ("春天，\nApril", "春天，April"),
        ("春天\nApril\ncomes", "春天 April comes"),
        ("**春**\n*天*", "<strong>春</strong><em>天</em>"),
        ("他说\n“好”\n的", "他说“好”的"),
        ("`春`\n天", "<code>春</code>天"),
    ] {
        assert_eq!(html(markdown), format!("<p>{expected}</p>"), "{markdown}");
    }
}

#[test]
fn too_many_footnotes_and_too_long_texts_are_refused() {
    let told = read(&"^[".repeat(501)).unwrap_err();
    assert!(told.starts_with("a.md:1:1001: more than 500 footnotes"), "{told}");
    let told = read(&"春".repeat(350_000)).unwrap_err();
    assert!(told.starts_with("a.md:1:1: the article's text has 1.0 MiB"), "{told}");
}

/// Reads a Markdown file whose article says nothing else of itself.
fn matter(markdown: &str) -> Result<(crate::model::Article, Vec<String>, Vec<String>), String> {
    let mut folder = pictures();
    folder.0.insert("text/a.md", markdown.into());
    let text = job("    articles: [{theme: none, content_file: text/a.md}]\n");
    parse_bytes("f.yaml", text.as_bytes(), &folder)?;
    let (material, mut notes) = material(&text, &folder);
    notes.retain(|note| !note.starts_with("uploads "));
    let files = material.assets.iter().map(|asset| asset.media.file.clone()).collect();
    Ok((material.articles[0].clone(), notes, files))
}

#[test]
fn front_matter_gives_what_the_job_leaves_out() {
    for markdown in [
        "---\ntitle: 春\nauthor: 小群\ndigest: 摘要\ncover: ../cover.png\nsource_url: https://x.cn/a\n---\n花\n",
        "\n---  \r\ntitle: \"春\"\r\nauthors: [小群]\r\nsummary: 摘要\r\nimage: a.png\r\nsourceUrl: https://x.cn/a\r\n...\r\n花\r\n",
        "+++\ntitle = \"春\"\nauthor = '小群'\ndescription = \"摘要\"\ncoverImage = \"./a.png?v=2\"\n\
         content_source_url = \"https://x.cn/a\"\n+++\n\n花\n",
        "---\ntitle: 春\nauthor: 小群\ndescription:\nexcerpt: >\n  摘要\nthumb: a%2Epng\nsource-url: https://x.cn/a\n---\n花",
    ] {
        let (article, notes, files) = matter(markdown).unwrap_or_else(|told| panic!("{told}"));
        assert_eq!((&*article.title, article.author.as_deref()), ("春", Some("小群")));
        assert_eq!((article.digest.as_deref(), &*article.content), (Some("摘要"), "<p>花</p>"));
        assert_eq!(article.content_source_url.as_deref(), Some("https://x.cn/a"));
        assert_eq!((notes, files.len()), (vec![], 1), "{markdown}");
    }
    let mut folder = pictures();
    folder.0.insert("a.md", "---\ntitle: 夏\nauthor: 群\ncover: 没有.png\n---\n花".into());
    let (material, _) =
        material(&article("author: 小群\n      theme: none\n      content_file: a.md"), &folder);
    let read = &material.articles[0];
    assert_eq!(
        (&*read.title, read.author.as_deref(), &*read.content),
        ("春", Some("小群"), "<p>花</p>")
    );
}

#[test]
fn several_authors_are_one_line() {
    let (article, ..) = matter("---\ntitle: 春\ncover: a.png\nauthor: [甲, 乙]\n---\n花").unwrap();

    assert_eq!(article.author.as_deref(), Some("甲、乙"));
}

#[test]
fn a_key_that_gives_nothing_is_told() {
    let markdown = "---\ntitle: 春\ndate: 2027-03-20\ntags: [花, 草]\nautor: 小群\nsummary: 二\n\
                    digest: 一\ncover: a.png\nseo: {a: b}\n---\n花\n";

    let (article, notes, _) = matter(markdown).unwrap();

    assert_eq!(article.digest.as_deref(), Some("一"));
    assert_eq!(
        notes,
        [
            "text/a.md:3: the front matter's `date` is not used",
            "text/a.md:4: the front matter's `tags` is not used",
            "text/a.md:5: the front matter's `autor` is not used; did you mean `author`?",
            "text/a.md:6: the front matter's `summary` is not used",
            "text/a.md:9: the front matter's `seo` is not used",
        ]
    );
}

#[test]
fn wrong_front_matter_is_refused_where_it_stands() {
    let long = |key: &str, length| format!("---\n{key}: {}\n---\n花", "长".repeat(length));
    for (markdown, told) in [
        ("---\ntitle: [春]\n---\n花", "f.yaml:6:16: `thumb` is missing\n"),
        (
            "---\ntitle: [春]\ncover: a.png\n---\n花",
            "text/a.md:2:8: `title` must be text, not a list",
        ),
        ("---\ntitle: 春\ncover: {image: a.png}\n---\n花", "text/a.md:3:8: `cover` must be text"),
        ("---\ntitle: 春\ncover: 没有.png\n---\n花", "text/a.md:3:8: there is no `text/没有.png`"),
        (
            "---\ntitle: 春\ncover: https://x.cn/a.png\n---\n花",
            "text/a.md:3:8: the cover `https://x.cn/a.png` is no file of the folder",
        ),
        (
            "---\ntitle: 春\ncover: a.png\nauthors: [a, {b: c}]\n---\n花",
            "text/a.md:4:10: `authors` must be text",
        ),
        (
            "---\ntitle: 春\ncover: a.png\nsource_url: 花\n---\n花",
            "text/a.md:4:13: `花` is no address",
        ),
        (&long("title", 33), "text/a.md:2:8: `title` has 33 characters"),
        (
            "+++\ntitle = \"春\"\ncover = [1]\n+++\n花",
            "text/a.md:3:9: `cover` must be text, not a list",
        ),
        ("+++\ntitle = 春\n+++\n花", "text/a.md:2:9: this is not TOML"),
        (
            "+++\ntitle = \"a\"\ntitle = \"b\"\n+++\n花",
            "text/a.md:3:1: this is not TOML: duplicate key",
        ),
        ("---\ntitle: 春: 天\n---\n花", "text/a.md:2:9: this is not YAML"),
        ("---\ntitle: a\ntitle: b\n---\n花", "text/a.md:3:1: the key `title` is already there"),
        ("---\ntitle: 春\n\n花\n", "text/a.md:1:1: the front matter begins here and does not end"),
        (
            "+++\ntitle = \"春\"\n\n花\n",
            "text/a.md:1:1: the front matter begins here and does not end",
        ),
        ("---\n标题: 春\n---\n花", "text/a.md:2:1: the front matter has no key `标题`"),
    ] {
        let found = matter(markdown).map(|_| ()).expect_err(markdown);
        assert!(found.contains(told), "{markdown}:\n{found}\ninstead of\n{told}");
    }
}

#[test]
fn text_between_two_rules_stays_text() {
    let mut folder = pictures();
    for (markdown, expected) in [
        ("---\n\n春天来了\n\n---\n花", "<hr><p>春天来了</p><hr><p>花</p>"),
        ("---\n\n春天", "<hr><p>春天</p>"),
        ("---\n---\n花", "<p>花</p>"),
        ("---\n# 标题\n---\n花", "<hr><h1>标题</h1><hr><p>花</p>"),
        ("---\n\n# 标题\n\n---\n花", "<hr><h1>标题</h1><hr><p>花</p>"),
        ("花\n\n---\ntitle: 春\n", "<p>花</p><hr><p>title: 春</p>"),
    ] {
        folder.0.insert("a.md", markdown.into());
        let (material, _) = material(&article("theme: none\n      content_file: a.md"), &folder);
        assert_eq!(material.articles[0].content, expected, "{markdown}");
    }
}

#[test]
fn front_matter_without_its_first_line_is_refused() {
    for (markdown, told) in [
        ("title: 春\ndate: 2027-03-20\n---\n花\n", "text/a.md:1:1: front matter begins here"),
        ("\ntags:\n- a\n- b\n# 注\n---\n花\n", "text/a.md:2:1: front matter begins here"),
        ("layout: post\nCategories: [a]\n---\n花\n", "text/a.md:1:1: front matter begins here"),
        ("\"title\": \"春\",\n\"date\": \"x\"\n;;;\n花\n", "text/a.md:1:1: front matter as JSON"),
        (";;;\n\"title\": \"春\"\n;;;\n花\n", "text/a.md:1:1: front matter as JSON"),
        ("{\n  \"title\": \"春\",\n}\n\n花\n", "text/a.md:1:1: front matter as JSON"),
        ("{\"draft\": true, \"Title\" : \"春\"}\n花\n", "text/a.md:1:1: front matter as JSON"),
    ] {
        let found = matter_of_a_title(markdown).expect_err(markdown);
        assert!(found.starts_with(told), "{markdown}:\n{found}\ninstead of\n{told}");
        assert!(found.contains("`---`"), "{found}");
    }
    for markdown in [
        "title: 春\n\n花\n",
        "地点: 北京\n---\n花\n",
        "Author: 小群\n\n---\n\n花\n",
        "Date: 周五\n我们出门走走\n---\n花\n",
        "note: 春\n---\n花\n",
        "{名字}，你好：\"title\" 是题目\n",
        "{\"a\": 1}\n",
        ";;;\n花\n",
    ] {
        matter_of_a_title(markdown).unwrap_or_else(|told| panic!("{markdown}\n{told}"));
    }
}

/// Reads a Markdown file for an article that has its title and its cover.
fn matter_of_a_title(markdown: &str) -> Result<(), String> {
    let mut folder = pictures();
    folder.0.insert("text/a.md", markdown.into());
    let text = job(
        "    articles: [{theme: none, title: 春, thumb: cover.png, content_file: text/a.md}]\n",
    );
    parse_bytes("f.yaml", text.as_bytes(), &folder).map(|_| ())
}

#[test]
fn places_are_right_behind_front_matter_and_in_lists() {
    let mut folder = pictures();
    for (markdown, location) in [
        ("---\ntitle: 春\n---\n\n花 ![x](没有.png)\n", "a.md:5:8: there is no"),
        (
            "---\r\ntitle: 春\r\n---\r\n\r\n花\r\n\r\n- 草 ![x](没有.png)\r\n",
            "a.md:7:10: there is no",
        ),
        ("春 ![x](a.png)\n\n> 一\n> 二 ![[没有.png]]\n", "a.md:4:8: there is no"),
        ("[提示]: 请到场\n春 ![x](没 有.png)\n", "a.md:2:8: there is no"),
        ("1*2*3%%4%%5 ![x](没 有.png)\n", "a.md:1:18: there is no"),
        ("一^[二 ![x](没有.png)]", "a.md:1:11: there is no"),
    ] {
        folder.0.insert("a.md", markdown.into());
        let told = refused(&article("theme: none\n      content_file: a.md"), &folder);
        assert!(told.starts_with(location), "{markdown}\n{told}");
    }
}

/// Pieces of Markdown, right and wrong; `W` stands for Chinese words.
#[rustfmt::skip]
const SHAPES: &[&str] = &[
    "W", "W", "**W**W", "*W*", "~~W~~", "~W~W", "==W==", "`W`", "[W]: W", "[W]: W W", "[W]:",
    "[W][W]", "[W]", "[^W]", "[^W]: W", "^[W]", "# W", "#W", "- W", "- [ ] W", "- [x] W",
    "1. W", "> W", "> [!NOTE]", "> [!tip] W", "> [!W]", "|W|W|", "|---|---|", "|W|W|W|", "---",
    "***", "```", "```W", "    W", "<!-- W -->", "<!--", "-->", "<b>W</b>", "<div>", "</div>",
    "<W>", "%%W%%", "%%", "$W$", "$$", "$W", "![W](花.png)", "![[花.png|W]]", "![W](花 花.png)",
    "![W]", "![W][W]", "[W](W)", "[W](https://mp.weixin.qq.com/W \"W\")", "W\\", "\\[W\\]",
    "[[W]]", "&lt;W&gt;", "W  ", "[//]: # (W)", "[W]: 花.png", "{W}", "{.W}", "+++", "\\", "\t",
    "W：W",
];

/// Pieces that nothing is wrong with, each for a paragraph of its own.
#[rustfmt::skip]
const RIGHT: &[&str] = &[
    "W", "**W**W", "W*W*W", "~~W~~W", "W~W", "==W==W", "`W`W", "[提示W]: W", "# W", "- W\n- W", "1. W",
    "- [ ] W\n- [x] W", "> W\n> W", "> [!NOTE]\n> W", "> [!tip] W\n> W", "| W | W |\n|---|---|\n| W | W |",
    "---", "```\nW\n```", "```js\nW\n```", "<!-- W -->", "<b>W</b>W", "W %%W%%W", "![W](花.png)", "![[花.png|W]]",
    "![W](图 片/a.png =3x3)", "W\\\nW", "W  \nW", "W\nW", "\\[W]", "W^[W]", "[W](https://mp.weixin.qq.com/W \"W\")",
    "W &lt;W&gt;", "W：$5，W：$6", "　　W",
];

/// Returns one of the shapes with its words.
fn piece(shapes: &'static [&'static str]) -> impl Strategy<Value = String> {
    let words = "[一-十春夏秋冬花草（），。：“”]{1,6}";
    let shape = prop::sample::select(shapes);
    (shape, prop::collection::vec(words, 4)).prop_map(|(shape, words)| {
        let mut words = words.into_iter();
        let mut text = String::new();
        for c in shape.chars() {
            match c {
                'W' => text.push_str(&words.next().unwrap_or_default()),
                c => text.push(c),
            }
        }
        text
    })
}

/// Returns pieces of all kinds with all kinds of ends.
fn anything() -> impl Strategy<Value = String> {
    let end = prop::sample::select(vec!["\n", "\n\n", "", " ", "\n  ", "\n> "]);
    let piece = (piece(SHAPES), end).prop_map(|(piece, end)| piece + end);
    prop::collection::vec(piece, 1..14).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 400,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn no_character_goes_away_in_silence(pieces in anything()) {
        let markdown = format!("春\n\n{pieces}");
        let Ok((material, notes)) = read(&markdown) else { return Ok(()) };
        let shown = &material.articles[0].content;
        let told = notes.join("\n");
        // A long comment is told by its beginning.
        let is_told = |word: &str| {
            let marks = ["taken out: comments", "…` is taken out"];
            told.contains(word) || marks.iter().any(|mark| told.contains(mark))
        };
        // What only names a footnote, an address or a code's language is never seen.
        let is_name = |word: &str| {
            material.assets.iter().any(|asset| asset.media.file.contains(word)) || ["[^", "[", "```"].iter().any(|open| markdown.contains(&format!("{open}{word}")))
        };
        let prose = |c: &char| !c.is_ascii() && c.is_alphanumeric();
        let shown: String = shown.chars().filter(prose).collect();
        for word in markdown.split(|c| !prose(&c)).filter(|word| !word.is_empty()) {
            prop_assert!(
                shown.contains(word) || is_told(word) || is_name(word),
                "{word} went away:\n{markdown}\n---\n{shown}\n{told}"
            );
        }
    }

    #[test]
    fn what_is_written_rightly_is_taken_whole(
        pieces in prop::collection::vec(piece(RIGHT), 1..10),
    ) {
        let markdown = pieces.join("\n\n");
        let read = read(&format!("春\n\n{markdown}\n"));
        let (material, notes) = read.unwrap_or_else(|told| panic!("{markdown}\n{told}"));
        let article = &material.articles[0].content;
        for piece in &pieces {
            let is_out = notes.iter().any(|note| note.contains("taken out"));
            let prose = |c: &char| !c.is_ascii() && c.is_alphanumeric();
            let names = ["花.png", "图 片/a.png"];
            let piece = names.iter().fold(piece.clone(), |piece, name| piece.replace(name, ""));
            for word in piece.split(|c| !prose(&c)).filter(|word| !word.is_empty()) {
                prop_assert!(article.contains(word) || is_out, "{word}\n{markdown}\n{article}");
            }
        }
    }
}
