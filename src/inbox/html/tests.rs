//! What an article keeps, what is refused, and how it is written.

use super::*;

fn read(html: &str, links: bool) -> (String, Vec<String>) {
    let mut pictures = |path: &str, purpose| match path {
        "a.png" if purpose == PictureUse::Text => Ok("qunfa:picture:aa".to_owned()),
        "card.png" => Ok("qunfa:picture:cc".to_owned()),
        _ => Err((format!("no {path}"), "help".to_owned())),
    };
    let cleaned = clean(html, Rules { links, ..Rules::default() }, &mut pictures);
    let problems = cleaned.problems.iter().map(|problem| {
        format!("{}: {}", &html[problem.location.start..problem.location.end], problem.message)
    });
    (cleaned.html, problems.collect())
}

#[test]
fn what_an_article_shows_stays_as_it_is() {
    for html in [
        "<p style=\"color:red\">春天 &amp; 花 &lt;3</p>",
        "<section><h1>一</h1><br><ul><li>二</li></ul></section>",
        "<img alt=\"\" src=\"http://mmbiz.qpic.cn/mmbiz_jpg/demo/0?wx_fmt=jpg\">",
        "<a href=\"https://mp.weixin.qq.com/s/abc\">前文</a>",
        "<p><a data-miniprogram-appid=\"wx123123123\" data-miniprogram-path=\"pages/index\" \
         href=\"\">点击文字跳转小程序</a></p>",
    ] {
        assert_eq!(read(html, false), (html.to_owned(), vec![]));
    }
}

#[test]
fn a_local_picture_becomes_its_placeholder() {
    let (html, problems) = read("<p><img src='a.png'/></p>", false);

    assert_eq!(html, "<p><img src=\"qunfa:picture:aa\"></p>");
    assert_eq!(problems, Vec::<String>::new());
}

#[test]
fn what_the_platform_would_filter_is_refused_where_it_stands() {
    for (html, problem) in [
        ("<p>x</p><script>y</script>", "<script>: the tag `<script>` cannot stand in an article"),
        ("<iframe>", "<iframe>: the tag `<iframe>` cannot stand in an article"),
        (
            "<img src=\"https://example.com/a.png\">",
            "src=\"https://example.com/a.png\": the picture `https://example.com/a.png` lies \
             outside the platform",
        ),
        (
            "<img src=\"https://mmbiz.qpic.cn@example.com/a.png\">",
            "src=\"https://mmbiz.qpic.cn@example.com/a.png\": the picture \
             `https://mmbiz.qpic.cn@example.com/a.png` lies outside the platform",
        ),
        ("<img src=\"b.png\">", "src=\"b.png\": no b.png"),
        (
            "<img src=\"a.png\" data-src=\"//x/a\">",
            "data-src=\"//x/a\": the picture `//x/a` lies outside the platform",
        ),
        ("<img>", "<img>: a picture without `src`"),
        (
            "<p style=\"background:url('http://x/a')\">",
            "style=\"background:url('http://x/a')\": the picture `http://x/a` \
                 lies outside the platform",
        ),
        ("<a href=\"javascript:x\">", "href=\"javascript:x\": `javascript:x` is no address"),
    ] {
        assert_eq!(read(html, true).1, [problem]);
    }
}

#[test]
fn a_link_elsewhere_needs_wechat_pay() {
    let html = "<a href=\"https://example.com/\">x</a>";

    assert_eq!(read(html, true).1, Vec::<String>::new());
    assert_eq!(
        read(html, false).1,
        ["href=\"https://example.com/\": the account may not link to `https://example.com/`"]
    );
}

#[test]
fn a_link_to_a_mini_program_is_a_link_all_the_same() {
    let html = |href: &str| {
        format!(
            "<a data-miniprogram-appid=\"wx1\" data-miniprogram-path=\"p\" \
             href=\"{href}\">x</a>"
        )
    };

    assert_eq!(read(&html("https://evil.example/"), true).1, Vec::<String>::new());
    for href in ["", "https://mp.weixin.qq.com/s/abc"] {
        assert_eq!(read(&html(href), false).1, Vec::<String>::new());
    }
    for href in ["https://evil.example/", "//evil.example/", "javascript:x"] {
        assert_eq!(read(&html(href), false).1.len(), 1, "{href}");
    }
}

#[test]
fn no_style_shows_a_picture_of_elsewhere() {
    let ours = "url(https://mmbiz.qpic.cn/a)";
    for style in [
        "background:url(http://x/a)",
        "background:URL(http://x/a)",
        "background:Url( \"http://x/a\" )",
        &format!("background:{ours},url(http://x/a)"),
        &format!("background:{ours},{ours},uRl('http://x/a')"),
        "background:url(https://mmbiz.qpic.cn.x/a)",
        "background:url(https://mmbiz.qpic.cn@x/a)",
        "background:url(b.png)",
        "background:url()",
    ] {
        let (html, problems) = read(&format!("<p style='{style}'>"), false);
        assert_eq!((html.as_str(), problems.len()), ("<p></p>", 1), "{style}");
    }
    for style in [
        "background:u\\72l(http://x/a)",
        "background:\\75rl(http://x/a)",
        "background:ur/**/l(http://x/a)",
        "background:image-set('http://x/a' 1x)",
        "background:-webkit-image-set('http://x/a' 1x)",
        "background:src('http://x/a')",
        "background:var(--a)",
        "background image:red",
    ] {
        let style = style.replace('\'', "&#39;");
        let (html, problems) = read(&format!("<p style='{style}'>"), false);
        assert_eq!((html.as_str(), problems), ("<p></p>", vec![]), "{style}");
    }
}

#[test]
fn a_style_of_known_functions_stays() {
    for style in [
        "background:url(https://mmbiz.qpic.cn/a),url('https://mmbiz.qpic.cn/b')",
        "background:linear-gradient(to right,rgb(1,2,3),rgba(1,2,3,.5))",
        "width:calc((1px + 2em)*2)",
        "transform:rotate(45deg) translate(1px,2px)",
    ] {
        let html = format!("<p style=\"{style}\"></p>");
        assert_eq!(read(&html, false), (html, vec![]));
    }
}

#[test]
fn a_mini_programs_card_is_complete_and_its_title_short() {
    let card = |title: &str, cover: &str| {
        format!(
            "<mp-miniprogram data-miniprogram-appid=\"wx1\" data-miniprogram-imageurl=\
             \"{cover}\" data-miniprogram-path=\"p\" data-miniprogram-title=\"{title}\">\
             </mp-miniprogram>"
        )
    };

    let (html, problems) = read(&card(&"长".repeat(35), "card.png"), false);
    assert!(html.contains("data-miniprogram-imageurl=\"qunfa:picture:cc\""), "{html}");
    assert_eq!(problems, Vec::<String>::new());
    assert_eq!(read(&card(&"长".repeat(36), "card.png"), false).1.len(), 1);
    assert_eq!(read(&card("x", "a.png"), false).1.len(), 1);
    assert_eq!(read("<mp-miniprogram></mp-miniprogram>", false).1.len(), 3);
}

#[test]
fn unknown_attributes_and_styles_are_taken_out_and_said() {
    let mut none = |_: &str, _| Err((String::new(), String::new()));
    let html = "<p onclick=\"x\" id=\"i\" style=\"position:fixed;color:red\">y</p><!-- z -->";

    let cleaned = clean(html, Rules::default(), &mut none);

    assert_eq!(cleaned.html, "<p style=\"color:red\">y</p>");
    let mut dropped: Vec<_> = cleaned.remarks.iter().map(|remark| remark.what.as_str()).collect();
    dropped.sort_unstable();
    assert_eq!(
        dropped,
        [
            "the attribute `id`",
            "the attribute `onclick`",
            "the comment `z`",
            "the style `position`"
        ]
    );
}

fn cleaned(html: &str, theme: Option<&Theme>) -> Cleaned {
    let mut pictures = |path: &str, _| match path {
        "a.png" => Ok("qunfa:picture:aa".to_owned()),
        _ => Err((format!("no {path}"), "help".to_owned())),
    };
    clean(html, Rules { theme, ..Rules::default() }, &mut pictures)
}

/// Templates as the usual editors make them.
const TEMPLATES: [(&str, &str); 6] = [
    ("a divider with a drawing", include_str!("samples/divider.html")),
    ("a headline in a grid", include_str!("samples/headline.html")),
    ("a picture that is clicked", include_str!("samples/click.html")),
    ("cards of the platform", include_str!("samples/cards.html")),
    ("a text copied from the platform", include_str!("samples/copied.html")),
    ("a rendered Markdown", include_str!("samples/rendered.html")),
];

#[test]
fn templates_of_the_usual_editors_are_kept() {
    for (name, html) in TEMPLATES {
        let found = cleaned(html, None);

        assert_eq!(found.problems, [], "{name}");
        let told: Vec<_> = found.remarks.iter().map(|remark| &*remark.what).collect();
        assert_eq!(told, Vec::<&str>::new(), "{name}");
        // What was kept is kept again, byte for byte.
        let html = found.html.replace("qunfa:picture:aa", "a.png");
        assert_eq!(cleaned(&html, None).html, found.html, "{name}");
    }
}

#[test]
fn a_drawing_keeps_its_names_and_runs_nothing() {
    let html = "<svg viewbox='0 0 1 1'><g><animatetransform attributename='transform' \
                repeatcount='2'/><rect onclick='x' width='1'/></g><foreignobject><p>a</p>\
                </foreignobject></svg>";
    let found = cleaned(html, None);
    assert_eq!(
        found.html,
        "<svg viewBox=\"0 0 1 1\"><g><animateTransform attributeName=\"transform\" \
         repeatCount=\"2\"></animateTransform><rect width=\"1\"></rect></g>\
         <foreignObject><p>a</p></foreignObject></svg>"
    );
    assert_eq!(found.problems, []);
    for html in [
        "<svg><script>x</script></svg>",
        "<svg><foreignObject><script>x</script></foreignObject></svg>",
        "<svg><foreignObject><iframe></iframe></foreignObject></svg>",
        "<svg><image href='https://x.cn/a.png'/></svg>",
        "<svg><image xlink:href='https://x.cn/a.png'/></svg>",
        "<svg><use href='https://x.cn/a.svg#b'/></svg>",
        "<svg><rect fill='url(https://x.cn/a.svg#b)'/></svg>",
        "<svg><a href='javascript:x'><rect/></a></svg>",
        "<svg><set attributeName='href' to='javascript:x'/></svg>",
        "<svg><animate attributeName='xlink:href' values='https://x.cn'/></svg>",
    ] {
        assert_eq!(cleaned(html, None).problems.len(), 1, "{html}");
    }
    for html in ["<svg onload='x'></svg>", "<svg><g onclick='x'/></svg>", "<mpvoice onerror='x'>"] {
        assert!(!cleaned(html, None).html.contains("on"), "{html}");
    }
}

#[test]
fn an_open_quote_or_comment_is_refused_where_it_opened() {
    for (html, at, message) in [
        ("<p>一</p>\n<p style=\"color:red>二</p>\n<p class=\"a\">三</p>", "style", "the quote of"),
        ("<p>一</p><p style=\"color:red>二</p><p>三</p>", "\"color", "a quote is not closed"),
        ("<p>一</p><img alt='二 src=\"a.png\"><p>三</p>", "'二", "a quote is not closed"),
        ("<p title=\"a>一<b class=\"b\">二</b></p>", "title", "the quote of"),
        ("<p>一</p><!-- 二 <p>三</p>", "<!--", "a comment is not closed"),
        ("<!-- 一 <p>二</p> <!-- 三 --><p>四</p>", "<!-- 一", "a comment holds the beginning"),
        ("<p>一</p><p class=a", "<p class", "a tag is not closed"),
        ("<p>5 < 6 且 a<b 好</p>", "<b 好", "a tag is not closed where another"),
        ("<p 文字</p><p>后</p>", "<p 文字", "a tag is not closed where another"),
        ("<p>一</p 二<b>三</b>", "</p 二", "a tag is not closed where another"),
        ("<p>一<b<i>二</i></p>", "<b<", "a tag is not closed where another"),
        ("<p>一</p><img alt=a<b>二</b>", "<img", "a tag is not closed where another"),
    ] {
        let found = cleaned(html, None);
        let first = found.problems.first().unwrap_or_else(|| panic!("{html}"));
        assert_eq!(first.location.start, html.find(at).unwrap(), "{html}: {}", first.message);
        assert!(first.message.starts_with(message), "{html}: {}", first.message);
    }
    for html in [
        "<p title=\"a > b\">一</p>",
        "<p title='\"'>一</p>",
        "<p title = \"a<b\">一</p>",
        "<!-- a --><p>1 &lt; 2</p>",
        "<p>1 < 2，3<4</p>",
    ] {
        assert_eq!(cleaned(html, None).problems, [], "{html}");
    }
}

#[test]
fn code_and_lists_are_written_as_the_draft_interface_leaves_them() {
    for (html, expected) in [
        ("<pre>\na  b\n\tc\n</pre>", "<pre>a\u{a0}\u{a0}b<br>\u{a0}\u{a0}\u{a0}\u{a0}c</pre>"),
        ("<pre><code>a b\nc\n</code></pre>", "<pre><code>a\u{a0}b<br>c</code></pre>"),
        (
            "<p>x <code>a b</code></p>",
            "<p>x <span style=\"font-family:Menlo,Consolas,monospace\">a b</span></p>",
        ),
        (
            "<ul>\n  <li>a\n  <li><p>b</p>\n  <ol>\n<li>c</ol>\n</ul>",
            "<ul><li>a\n  </li><li><p>b</p><ol><li>c</li></ol></li></ul>",
        ),
        (
            "<table>\n<tr>\n<td>a\n<td>b\n</table>\n<p>c</p>",
            "<table><tr><td>a\n</td><td>b\n</td></tr></table><p>c</p>",
        ),
        ("<p><b>a</b> <i>b</i></p>", "<p><b>a</b> <i>b</i></p>"),
    ] {
        assert_eq!(cleaned(html, None).html, expected, "{html}");
    }
}

#[test]
fn a_text_that_cannot_be_seen_is_told() {
    for (html, told) in [
        ("<p style='color:#fff'>春</p>", Some("the text `春` has the colour of what is behind it")),
        (
            "<section style='background:var(--a)'><p style='color:#fff'>春</p></section>",
            Some("the text `春` has the colour of what is behind it, which was taken out"),
        ),
        ("<p style='color:transparent'>春</p>", Some("the text `春` is transparent")),
        ("<table bgcolor='#000'><tr><td style='color:#fff'>春</table>", None),
        ("<p style='background:#07c160'><b style='color:#fff'>春</b></p>", None),
        ("<p style='color:#fff'> </p>", None),
        ("<p style='display:none;color:#fff'>春</p>", None),
    ] {
        let found = cleaned(html, None);
        let warned = found.remarks.iter().find(|remark| remark.kind == RemarkKind::Warned);
        assert_eq!(warned.is_some(), told.is_some(), "{html}: {:?}", found.remarks);
        if let (Some(warned), Some(told)) = (warned, told) {
            assert!(warned.what.starts_with(told), "{html}: {}", warned.what);
        }
    }
}

#[test]
fn a_picture_copied_from_the_platform_is_the_one_in_data_src() {
    for (html, expected) in [
        ("<img data-src='a.png'>", "<img src=\"qunfa:picture:aa\">"),
        ("<img src='data:image/gif;base64,R0' data-src='a.png'>", "<img src=\"qunfa:picture:aa\">"),
        (
            "<img src='https://res.wx.qq.com/t/wx_fed/we-emoji/res/a.png'>",
            "<img src=\"https://res.wx.qq.com/t/wx_fed/we-emoji/res/a.png\">",
        ),
        (
            "<p style='background-image:url(\"a.png\")'>x</p>",
            "<p style=\"background-image:url(qunfa:picture:aa)\">x</p>",
        ),
        (
            "<svg><image href='a.png'/></svg>",
            "<svg><image href=\"qunfa:picture:aa\"></image></svg>",
        ),
    ] {
        let found = cleaned(html, None);
        assert_eq!((&*found.html, &*found.problems), (expected, &[][..]), "{html}");
    }
}

#[test]
fn a_themes_styles_stand_before_a_tags_own() {
    let (theme, _) =
        Theme::read("body{color:#222} p{color:red;margin:0} code{color:blue} .a>b{color:green}");
    let html = "<p class='a' style='color:black'><b>x</b><code>y</code></p>";

    assert_eq!(
        cleaned(html, Some(&theme)).html,
        "<section style=\"color:#222\"><p class=\"a\" style=\"margin:0;color:black\">\
         <b style=\"color:green\">x</b><span style=\"color:blue\">y</span></p></section>"
    );
}

#[test]
fn a_remark_belongs_in_front_of_what_it_is_about() {
    let html = "<p>a</p><p id='x'>b</p><ul><li id='y'>c</li></ul>";

    let found = cleaned(html, None);

    let rest: Vec<_> = found.remarks.iter().map(|remark| &found.html[remark.at..]).collect();
    assert_eq!(rest, ["<p>b</p><ul><li>c</li></ul>", "<ul><li>c</li></ul>"]);
}

#[test]
fn tags_may_not_stand_too_deep() {
    let found = cleaned(&"<section>".repeat(100_000), None);

    assert_eq!(found.problems.len(), 1);
}
