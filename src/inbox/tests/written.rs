//! Readers see what was written, or the author is told where they do not.

use super::markdown::{html, read};

/// Checks what a Markdown text becomes, and the notes about it by their beginnings.
fn check(cases: &[(&str, &str, &[&str])]) {
    for &(markdown, expected, told) in cases {
        assert_eq!(html(markdown), expected, "{markdown}");
        let (_, notes) = read(markdown).unwrap();
        assert_eq!(notes.len(), told.len(), "{markdown}: {notes:?}");
        for told in told {
            assert!(notes.iter().any(|note| note.starts_with(told)), "{markdown}: {notes:?}");
        }
    }
}

#[test]
fn asterisks_and_tildes_inside_words_stay() {
    let told = "a.md:1: asterisks inside words are shown as they stand";
    check(&[
        (
            "中奖名单：138****5678、139****1234，恭喜！",
            "<p>中奖名单：138****5678、139****1234，恭喜！</p>",
            &[],
        ),
        (
            "| 奖 |\n|---|\n| 138****5678、139****1234 |\n",
            "<table><thead><tr><th>奖</th></tr></thead><tbody><tr><td>138****5678、139****1234</td>\
             </tr></tbody></table>",
            &[],
        ),
        (
            "身份证3101**********1234 和 3102**********5678",
            "<p>身份证3101**********1234 和 3102**********5678</p>",
            &[],
        ),
        ("1***5、2***6", "<p>1***5、2***6</p>", &[]),
        ("138****5678、139****", "<p>138****5678、139****</p>", &["a.md:1: asterisks"]),
        ("王*明、李*华", "<p>王*明、李*华</p>", &[told]),
        (
            "王*明、李*华、张*军，司**南、欧**娜\n\n**王*明、李*华**",
            "<p>王*明、李*华、张*军，司**南、欧**娜</p><p><strong>王*明、李*华</strong></p>",
            &["a.md:1, 3: asterisks inside words are shown as they stand"],
        ),
        ("电话*、地址*（必填）", "<p>电话*、地址*（必填）</p>", &[told]),
        ("A*算法和B*算法", "<p>A*算法和B*算法</p>", &[told]),
        ("班次 9~~11点、14~~16点", "<p>班次 9~~11点、14~~16点</p>", &[]),
        (
            "周一~~周五、周六~~周日",
            "<p>周一~~周五、周六~~周日</p>",
            &["a.md:1: `~~` inside words is shown as it stands"],
        ),
        ("王\\*明、李\\*华", "<p>王*明、李*华</p>", &[]),
        (
            "1*2*3 文^[获奖的 王*明、李*华]",
            "<p>1*2*3 文<sup>[1]</sup></p><section class=\"footnotes\"><ol><li>获奖的 王*明、李*华</li>\
             </ol></section>",
            &[told],
        ),
        (
            "价==100、200==300，若a==b，则c==d",
            "<p>价==100、200==300，若a==b，则c==d</p>",
            &["a.md:1: `==` inside words is shown as it stands"],
        ),
        (
            "王*明获奖，这是*重点",
            "<p>王<em>明获奖，这是</em>重点</p>",
            &["a.md:1: asterisks inside words are read as emphasis"],
        ),
        (
            "这是*重点*与**重点**的内容",
            "<p>这是<em>重点</em>与<strong>重点</strong>的内容</p>",
            &[],
        ),
    ]);
}

#[test]
fn emphasis_may_end_after_half_width_punctuation() {
    check(&[
        (
            "**时间:**20:00，**地点:**3楼，**iOS:**13以上",
            "<p><strong>时间:</strong>20:00，<strong>地点:</strong>3楼，<strong>iOS:</strong>13以上</p>",
            &[],
        ),
        ("- **涨幅50%**3天内", "<ul><li><strong>涨幅50%</strong>3天内</li></ul>", &[]),
        (
            "> 用Rust**“语言”**写，`**a:**1`",
            "<blockquote><p>用Rust<strong>“语言”</strong>写，<code>**a:**1</code></p></blockquote>",
            &[],
        ),
        ("*(Beta)*v3 ![x](a.png)", "<p><em>(Beta)</em>v3 <img src=\"a.png\" alt=\"x\"></p>", &[]),
    ]);
    let told = read("**时间:**20:00 ![x](没 有.png)").unwrap_err();
    assert!(told.starts_with("a.md:1:19: there is no"), "{told}");
}

#[test]
fn line_ends_beside_chinese_characters_are_counted() {
    check(&[
        (
            "时间：周五 20:00\n地点：ABC Hall\n电话：13800000000\n网址 https://a.com",
            "<p>时间：周五 20:00 地点：ABC Hall 电话：13800000000 网址 https://a.com</p>",
            &["a.md:1: 3 single line ends do not break the line, the first one here (so \
               `地点：ABC Hall` begins no line); end a line with `\\` or two spaces"],
        ),
        ("春天 April\n来了", "<p>春天 April 来了</p>", &["a.md:1: 1 single line ends"]),
        ("Tel: 1\nMail: 2", "<p>Tel: 1 Mail: 2</p>", &["a.md:1: 1 single line ends"]),
        ("a line\nof text", "<p>a line of text</p>", &[]),
        ("春天\\\n来了", "<p>春天<br>来了</p>", &[]),
    ]);
}

#[test]
fn a_number_of_a_list_that_is_shown_otherwise_is_told() {
    check(&[
        (
            "3. 甲\n7. 乙\n9. 丙",
            "<ol start=\"3\"><li>甲</li><li>乙</li><li>丙</li></ol>",
            &["a.md:2: the number 7 of this list is shown as 4"],
        ),
        (
            "> 0. 甲\n> 1. 乙\n>\n> 10. 丙",
            "<blockquote><ol start=\"0\"><li><p>甲</p></li><li><p>乙</p></li><li><p>丙</p></li></ol>\
             </blockquote>",
            &["a.md:4: the number 10 of this list is shown as 2"],
        ),
        ("1. 甲\n1. 乙\n1. 丙", "<ol><li>甲</li><li>乙</li><li>丙</li></ol>", &[]),
        ("- 甲\n- 乙", "<ul><li>甲</li><li>乙</li></ul>", &[]),
    ]);
}

#[test]
fn marks_of_other_dialects_are_told_with_their_places() {
    for (markdown, expected, told) in [
        ("^上标^", "<p>^上标^</p>", "a.md:3: `^上标^` is shown"),
        ("水~下标~文", "<p>水~下标~文</p>", "a.md:3: `~下标~` is shown"),
        ("与 ~下标~ 同", "<p>与 ~下标~ 同</p>", "a.md:3: `~下标~` is shown"),
        ("术语  \n: 定义一", "<p>术语<br>: 定义一</p>", "a.md:4: `:` is shown"),
        ("*[HTML]: 超文本", "<p>*[HTML]: 超文本</p>", "a.md:3: `*[HTML]:` is shown"),
        ("- [/] 做", "<ul><li>[/] 做</li></ul>", "a.md:3: `[/]` is shown"),
        (
            "- [ ] 做\n- [>] 做",
            "<ul><li>☐ 做</li><li>[&gt;] 做</li></ul>",
            "a.md:4: `[>]` is shown",
        ),
        ("评分:: 9", "<p>评分:: 9</p>", "a.md:3: `评分:: 9` is shown"),
        ("| 行", "<p>| 行</p>", "a.md:3: `|` is shown"),
        ("写 `代码", "<p>写 `代码</p>", "a.md:3: a backquote is shown"),
    ] {
        let markdown = format!("春\n\n{markdown}");
        check(&[(&markdown, &format!("<p>春</p>{expected}"), &[told])]);
    }
    check(&[
        ("写 \\`代码", "<p>写 `代码</p>", &[]),
        ("好呀~来吧~ 价100~200~300元", "<p>好呀~来吧~ 价100~200~300元</p>", &[]),
        ("- [1] 书", "<ul><li>[1] 书</li></ul>", &[]),
    ]);
}
