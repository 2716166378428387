//! Text that YAML would change, and what it takes for its own. Each with everything that is said.

/// Text of which a part would be missing.
pub(super) const CUT: &[(&str, &str, &str)] = &[
    (
        "a comment behind a text",
        r"jobs:
  - id: a
    account: club
    at: 2027-03-20 20:00
    broadcast:
      filter: {is_to_all: true}
      text: 周五见 #福利日# 不见不散
",
        r#"f.yaml:7:17: ` #` begins a comment, which ends the text of `text`
        text: 周五见 #福利日# 不见不散
                     ^^^^^^^^^^^^^^^^^
help: text with ` #` in it needs quotes: text: "周五见 #福利日# 不见不散"; a comment goes on a line of its own"#,
    ),
    (
        "a comment within a text of several lines",
        r"jobs:
  - id: a
    account: club
    at: 2027-03-20 20:00
    broadcast:
      filter: {is_to_all: true}
      text: 周五见 # x
        又见
",
        r#"f.yaml:7:17: ` #` begins a comment, which ends the text of `text`
        text: 周五见 # x
                     ^^^
help: text with ` #` in it needs quotes: text: "周五见 # x"; a comment goes on a line of its own"#,
    ),
    (
        "a line of a text that is a comment",
        r"jobs:
  - id: a
    account: club
    at: 2027-03-20 20:00
    broadcast:
      filter: {is_to_all: true}
      text: 周五见
        又见
        #福利日# 不见
        不散
",
        r#"f.yaml:9:9: this line is a comment, which ends the text of `text`
          #福利日# 不见
          ^^^^^^^^^^^^^
help: text with ` #` in it needs quotes: text: "周五见 又见 #福利日# 不见"; a comment is indented like its key"#,
    ),
    (
        "a comment behind a text in braces",
        r"jobs:
  - id: a
    account: club
    at: 2027-03-20 20:00
    broadcast: {filter: {is_to_all: true}, text: 周五见 #福利日# }
      }
",
        r#"f.yaml:5:54: ` #` begins a comment, which ends the text of `text`
      broadcast: {filter: {is_to_all: true}, text: 周五见 #福利日# }
                                                          ^^^^^^^^^^
help: text with ` #` in it needs quotes: text: "周五见 #福利日#" }; a comment goes on a line of its own"#,
    ),
    (
        "a comment within a block text",
        r"jobs:
  - id: a
    account: club
    at: 2027-03-20 20:00
    broadcast:
      filter: {is_to_all: true}
      text: |
          周五见
        #福利
",
        r"f.yaml:9:9: this line is a comment, which ends the text of `text`
          #福利
          ^^^^^
help: if it is text, indent it like the text; if it is a comment, indent it like the key",
    ),
    (
        "a text that begins with a number sign",
        r"jobs:
  - id: a
    account: club
    at: 2027-03-20 20:00
    broadcast:
      filter: {is_to_all: true}
      text: #福利日# 周五
",
        r##"f.yaml:7:13: `#` begins a comment, which is not part of `text`
        text: #福利日# 周五
              ^^^^^^^^^^^^^
help: text that begins with `#` needs quotes: text: "#福利日# 周五"; a comment gets a blank behind its `#`"##,
    ),
    (
        "a text that goes on after a comment in front of it",
        r"jobs:
  - id: a
    account: club
    at: 2027-03-20 20:00
    broadcast:
      filter: {is_to_all: true}
      text: #福利日# 周五
        不见不散
",
        r##"f.yaml:7:13: `#` begins a comment, which is not part of `text`
        text: #福利日# 周五
              ^^^^^^^^^^^^^
help: text that begins with `#` needs quotes: text: "#福利日# 周五 不见不散"; a comment gets a blank behind its `#`"##,
    ),
    (
        "a comment behind a title and a content",
        r"jobs:
  - id: a
    title: 第 #3 期 # 注
    account: club
    at: 2027-03-20 20:00
    broadcast:
      filter: {is_to_all: true}
      text: {content: 周五见 #福利
        }
",
        r#"f.yaml:3:14: ` #` begins a comment, which ends the text of `title`
      title: 第 #3 期 # 注
                ^^^^^^^^^^
help: text with ` #` in it needs quotes: title: "第 #3 期 # 注"; a comment goes on a line of its own

f.yaml:8:27: ` #` begins a comment, which ends the text of `content`
        text: {content: 周五见 #福利
                               ^^^^^
help: text with ` #` in it needs quotes: content: "周五见 #福利"; a comment goes on a line of its own"#,
    ),
    (
        "comments behind the names of buttons",
        r"jobs:
  - id: a
    account: club
    menu:
      button:
        - type: click
          name: 歌 #1
          key: K # ok
        - {type: click, name: 歌 #2
          , key: K}
",
        r#"f.yaml:7:19: ` #` begins a comment, which ends the text of `name`
            name: 歌 #1
                     ^^
help: text with ` #` in it needs quotes: name: "歌 #1"; a comment goes on a line of its own

f.yaml:9:33: ` #` begins a comment, which ends the text of `name`
          - {type: click, name: 歌 #2
                                   ^^
help: text with ` #` in it needs quotes: name: "歌 #2"; a comment goes on a line of its own"#,
    ),
    (
        "a comment behind a text with quotes in it",
        r#"jobs:
  - id: a
    account: club
    at: 2027-03-20 20:00
    broadcast:
      filter: {is_to_all: true}
      text: 他说"好" 'x' #x
"#,
        r#"f.yaml:7:23: ` #` begins a comment, which ends the text of `text`
        text: 他说"好" 'x' #x
                           ^^
help: text with ` #` in it needs quotes: text: '他说"好" ''x'' #x'; a comment goes on a line of its own"#,
    ),
    (
        "a comment behind a text, with CR LF",
        "jobs:\r\n\
         \x20 - id: a\r\n\
         \x20   account: club\r\n\
         \x20   at: 2027-03-20 20:00\r\n\
         \x20   broadcast:\r\n\
         \x20     filter: {is_to_all: true}\r\n\
         \x20     text: 周五见 #福利日\r\n\
         ",
        r#"f.yaml:7:17: ` #` begins a comment, which ends the text of `text`
        text: 周五见 #福利日
                     ^^^^^^^
help: text with ` #` in it needs quotes: text: "周五见 #福利日"; a comment goes on a line of its own"#,
    ),
    (
        "a text behind a name that nothing uses",
        r"jobs:
  - id: a
    account: club
    at: 2027-03-20 20:00
    broadcast:
      filter: {is_to_all: true}
      text: &重要 通知
",
        r#"f.yaml:7:13: `&重要` only names the value behind it, and nothing uses it
        text: &重要 通知
              ^^^^^
help: a value that begins with `&` needs quotes: text: "&重要 通知""#,
    ),
    (
        "a text that is taken for a name",
        r"jobs:
  - id: a
    account: club
    at: 2027-03-20 20:00
    broadcast:
      filter: {is_to_all: true}
      text: &nbsp;周五
",
        r#"f.yaml:7:13: `&nbsp;周五` only names the value behind it, and nothing uses it
        text: &nbsp;周五
              ^^^^^^^^^^
help: a value that begins with `&` needs quotes: text: "&nbsp;周五""#,
    ),
];

/// Aliases that cannot be followed.
pub(super) const ALIASES: &[(&str, &str, &str)] = &[
    (
        "an alias that leads nowhere",
        r"jobs:
  - id: a
    account: club
    at: 2027-03-20 20:00
    broadcast:
      filter: *f
      text: a
",
        r#"f.yaml:6:15: `*f` stands for `&f`, which is not there before it
        filter: *f
                ^^
help: a value that begins with `*` needs quotes: filter: "*f""#,
    ),
    (
        "a text that is taken for an alias",
        r"jobs:
  - id: a
    account: club
    at: 2027-03-20 20:00
    broadcast:
      filter: {is_to_all: true}
      text: *重要* 通知
",
        r#"f.yaml:7:13: `*重要*` stands for `&重要*`, which is not there before it
        text: *重要* 通知
              ^^^^^^
help: a value that begins with `*` needs quotes: text: "*重要* 通知""#,
    ),
    (
        "a mistake in what is used twice",
        r"jobs:
  - id: a
    account: club
    at: 2027-03-20 20:00
    broadcast: &id001
      filter: {is_to_all: true}
      texte: 春
  - id: b
    account: club
    at: 2027-04-20 20:00
    broadcast: *id001
",
        r"f.yaml:7:7: unknown key `texte` in a broadcast
        texte: 春
        ^^^^^
help: did you mean `text`?",
    ),
    (
        "an alias inside of what it names",
        r"jobs: &a
  - id: a
    broadcast: *a
",
        r"f.yaml:3:16: `*a` stands inside of what it names
      broadcast: *a
                 ^^
help: write out what `&a` begins",
    ),
    (
        "aliases that would fill the memory",
        r"a0: &a0 [x,x,x,x,x,x,x,x,x,x]
a1: &a1 [*a0,*a0,*a0,*a0,*a0,*a0,*a0,*a0,*a0,*a0]
a2: &a2 [*a1,*a1,*a1,*a1,*a1,*a1,*a1,*a1,*a1,*a1]
a3: &a3 [*a2,*a2,*a2,*a2,*a2,*a2,*a2,*a2,*a2,*a2]
a4: &a4 [*a3,*a3,*a3,*a3,*a3,*a3,*a3,*a3,*a3,*a3]
a5: &a5 [*a4,*a4,*a4,*a4,*a4,*a4,*a4,*a4,*a4,*a4]
a6: &a6 [*a5,*a5,*a5,*a5,*a5,*a5,*a5,*a5,*a5,*a5]
a7: &a7 [*a6,*a6,*a6,*a6,*a6,*a6,*a6,*a6,*a6,*a6]
a8: &a8 [*a7,*a7,*a7,*a7,*a7,*a7,*a7,*a7,*a7,*a7]
a9: &a9 [*a8,*a8,*a8,*a8,*a8,*a8,*a8,*a8,*a8,*a8]
a10: &a10 [*a9,*a9,*a9,*a9,*a9,*a9,*a9,*a9,*a9,*a9]
a11: &a11 [*a10,*a10,*a10,*a10,*a10,*a10,*a10,*a10,*a10,*a10]
",
        r"f.yaml:6:34: more than 1000000 values in one file
  a5: &a5 [*a4,*a4,*a4,*a4,*a4,*a4,*a4,*a4,*a4,*a4]
                                   ^^^",
    ),
    (
        "aliases that lie too deep",
        r"a0: &a0 [x]
a1: &a1 [*a0]
a2: &a2 [*a1]
a3: &a3 [*a2]
a4: &a4 [*a3]
a5: &a5 [*a4]
a6: &a6 [*a5]
a7: &a7 [*a6]
a8: &a8 [*a7]
a9: &a9 [*a8]
a10: &a10 [*a9]
a11: &a11 [*a10]
a12: &a12 [*a11]
a13: &a13 [*a12]
a14: &a14 [*a13]
a15: &a15 [*a14]
a16: &a16 [*a15]
",
        r"f.yaml:16:12: what this stands for lies too deep
  a15: &a15 [*a14]
             ^^^^
help: nothing in a job file lies that deep",
    ),
    (
        "a merge of what has no keys",
        r"jobs:
  - id: a
    account: club
    <<: 5
    at: 2027-03-20 20:00
    broadcast:
      filter: {is_to_all: true}
      text: a
",
        r"f.yaml:4:9: `<<` must stand for keys and values, or a list of such
      <<: 5
          ^",
    ),
    (
        "a merge of an alias that leads nowhere",
        r"jobs:
  - id: a
    account: club
    <<: *no
    at: 2027-03-20 20:00
    broadcast:
      filter: {is_to_all: true}
      text: a
",
        r#"f.yaml:4:9: `*no` stands for `&no`, which is not there before it
      <<: *no
          ^^^
help: a value that begins with `*` needs quotes: <<: "*no""#,
    ),
    (
        "a tag",
        r"jobs:
  - id: a
    account: club
    at: 2027-03-20 20:00
    broadcast:
      filter: {is_to_all: true}
      text: !important 通知
",
        r#"f.yaml:7:24: tags (`!name`) are not allowed
        text: !important 通知
                         ^^^^
help: leave it out; a value that begins with `!` needs quotes: text: "!important 通知""#,
    ),
];

/// What a keyboard or a text puts where YAML wants its own.
pub(super) const HINTS: &[(&str, &str, &str)] = &[
    (
        "an at sign",
        r"jobs:
  - id: a
    account: club
    at: 2027-03-20 20:00
    broadcast:
      filter: {is_to_all: true}
      text: @小群 你好
",
        r#"f.yaml:7:13: this is not YAML: unexpected character: `@'
        text: @小群 你好
              ^
help: a value that begins with `@` needs quotes: text: "@小群 你好""#,
    ),
    (
        "an at sign in braces",
        r"jobs:
  - id: a
    account: club
    at: 2027-03-20 20:00
    broadcast: {filter: {is_to_all: true}, text: @x, msgtype: text}
",
        r#"f.yaml:5:50: this is not YAML: unexpected character: `@'
      broadcast: {filter: {is_to_all: true}, text: @x, msgtype: text}
                                                   ^
help: a value that begins with `@` needs quotes: text: "@x""#,
    ),
    (
        "a percent sign",
        r"jobs:
  - id: a
    account: club
    at: 2027-03-20 20:00
    broadcast:
      filter: {is_to_all: true}
      text: %x 50
",
        r#"f.yaml:7:13: this is not YAML: unexpected character: `%'
        text: %x 50
              ^
help: a value that begins with `%` needs quotes: text: "%x 50""#,
    ),
    (
        "a backtick",
        r"jobs:
  - id: a
    account: club
    at: 2027-03-20 20:00
    broadcast:
      filter: {is_to_all: true}
      text: `x`
",
        r#"f.yaml:7:13: this is not YAML: unexpected character: ``'
        text: `x`
              ^
help: a value that begins with a backtick needs quotes: text: "`x`""#,
    ),
    (
        "full-width braces",
        r"jobs:
  - id: a
    account: club
    at: 2027-03-20 20:00
    broadcast:
      filter: ｛is_to_all: true｝
      text: a
",
        r"f.yaml:6:25: this is not YAML: mapping values are not allowed in this context
        filter: ｛is_to_all: true｝
                           ^
help: `｛｝` and `［］` are full-width; YAML's own are `{}` and `[]`",
    ),
    (
        "a full-width comma",
        r"jobs:
  - id: a
    account: club
    at: 2027-03-20 20:00
    broadcast:
      filter: {is_to_all: true，tag_id: 2}
      text: a
",
        r"f.yaml:6:38: this is not YAML: while parsing a flow mapping, did not find expected ',' or '}'
        filter: {is_to_all: true，tag_id: 2}
                                        ^
help: `，` is a full-width comma; between values goes `,` and a space",
    ),
    (
        "a full-width comma behind a value",
        r"jobs:
  - id: a
    account: club
    at: 2027-03-20 20:00
    broadcast:
      filter: {is_to_all: true，}
      text: a
",
        r"f.yaml:6:27: `is_to_all` must be true or false
        filter: {is_to_all: true，}
                            ^^^^^^
help: `，` is a full-width comma; between values goes `,` and a space",
    ),
    (
        "a full-width comma between names",
        r"jobs:
  - id: a
    account: club
    at: 2027-03-20 20:00
    preview: {to: [anne，bob]}
    broadcast:
      filter: {is_to_all: true}
      text: a
",
        r"f.yaml:5:20: this is neither an OpenID nor a WeChat name
      preview: {to: [anne，bob]}
                     ^^^^^^^^^
help: `，` is a full-width comma; between values goes `,` and a space",
    ),
    (
        "a full-width colon in the first key",
        r"jobs:
  - id：a
    account: club
    at: 2027-03-20 20:00
    broadcast:
      filter: {is_to_all: true}
      text: a
",
        r"f.yaml:3:12: this is not YAML: mapping values are not allowed in this context
      account: club
             ^
help: `：` is a full-width colon; after a key goes `:` and a space",
    ),
    (
        "a full-width colon in braces",
        r"jobs:
  - id: a
    account: club
    at: 2027-03-20 20:00
    broadcast:
      filter: ｛is_to_all：true｝
      text: a
",
        r"f.yaml:6:15: `filter` must have keys, not text
        filter: ｛is_to_all：true｝
                ^^^^^^^^^^^^^^^^^^^
help: `：` is a full-width colon; after a key goes `:` and a space",
    ),
    (
        "full-width quotes around a key",
        r"jobs:
  - id: a
    account: club
    at: 2027-03-20 20:00
    broadcast:
      filter: {“is_to_all”: true}
      text: a
",
        r#"f.yaml:6:7: `filter` names nobody; everyone must be asked for by name
        filter: {“is_to_all”: true}
        ^^^^^^
help: write `is_to_all: true` for everyone, or a `tag_id`

f.yaml:6:16: unknown key `“is_to_all”` in `filter`
        filter: {“is_to_all”: true}
                 ^^^^^^^^^^^
help: quotes are `"` or `'`, not `“` and `”`"#,
    ),
    (
        "a tab within a text",
        "jobs:\n\
         \x20 - id: a\n\
         \x20   account: club\n\
         \x20   at: 2027-03-20 20:00\n\
         \x20   broadcast:\n\
         \x20     filter: {is_to_all: true}\n\
         \x20     text: a\n\
         \tb\n\
         ",
        r"f.yaml:7:13: this is not YAML: while scanning a plain scalar, found a tab
        text: a
              ^
help: indent with spaces, here and on the next line",
    ),
    (
        "a colon in a text",
        r"jobs:
  - id: a
    account: club
    at: 2027-03-20 20:00
    broadcast:
      filter: {is_to_all: true}
      text: 时间: 8点
",
        r#"f.yaml:7:15: this is not YAML: mapping values are not allowed in this context
        text: 时间: 8点
                  ^
help: check the indentation; text with `: ` in it needs quotes: text: "时间: 8点""#,
    ),
    (
        "a text that begins with a bracket",
        r"jobs:
  - id: a
    account: club
    at: 2027-03-20 20:00
    broadcast:
      filter: {is_to_all: true}
      text: [重要] 通知
",
        r#"f.yaml:7:18: this is not YAML: while parsing a block mapping, did not find expected key
        text: [重要] 通知
                     ^^
help: a value that begins with `[` needs quotes: text: "[重要] 通知""#,
    ),
    (
        "a text that begins with a sign of quotation",
        r"jobs:
  - id: a
    account: club
    at: 2027-03-20 20:00
    broadcast:
      filter: {is_to_all: true}
      text: >重要
",
        r#"f.yaml:7:13: this is not YAML: while scanning a block scalar, did not find expected comment or line break
        text: >重要
              ^
help: a value that begins with `>` needs quotes: text: ">重要""#,
    ),
    (
        "a text that begins with a quoted word",
        r#"jobs:
  - id: a
    account: club
    at: 2027-03-20 20:00
    broadcast:
      filter: {is_to_all: true}
      text: "周五"见
"#,
        r#"f.yaml:7:17: this is not YAML: invalid trailing content after double-quoted scalar
        text: "周五"见
                    ^^
help: a value that begins with `"` needs quotes: text: '"周五"见'"#,
    ),
    (
        "a text that begins with a dash",
        r"jobs:
  - id: a
    account: club
    at: 2027-03-20 20:00
    broadcast:
      filter: {is_to_all: true}
      text: - 通知
",
        r#"f.yaml:7:13: this is not YAML: block sequence entries are not allowed in this context
        text: - 通知
              ^
help: a value that begins with `-` needs quotes: text: "- 通知""#,
    ),
    (
        "no blank behind a colon",
        r"jobs:
  - id:a
    account: club
    at: 2027-03-20 20:00
    broadcast:
      filter: {is_to_all: true}
      text: a
",
        r"f.yaml:3:12: this is not YAML: mapping values are not allowed in this context
      account: club
             ^
help: after a key goes `:` and a space",
    ),
];
