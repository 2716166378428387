//! Broadcasts that are wrong. Each with everything that is said about it.

/// What it is, the file, and what is said.
pub(super) const CASES: &[(&str, &str, &str)] = &[
    (
        "a broadcast of nothing",
        r"jobs:
  - id: a
    account: club
    broadcast:
",
        r"f.yaml:4:5: a broadcast must have keys, not nothing
      broadcast:
      ^^^^^^^^^
help: its keys are: filter, touser, touser_file, text, mpnews, articles, image, images, voice, mpvideo, wxcard, msgtype, send_ignore_reprint",
    ),
    (
        "no audience",
        r"jobs:
  - id: a
    account: club
    broadcast: {text: 春天}
",
        r"f.yaml:4:5: the broadcast has no audience; everyone must be asked for by name
      broadcast: {text: 春天}
      ^^^^^^^^^
help: write `filter: {is_to_all: true}`, `filter: {tag_id: …}`, `touser` or `touser_file`",
    ),
    (
        "a misspelt audience",
        r"jobs:
  - id: a
    account: club
    broadcast: {fliter: {is_to_all: true}, text: 春天}
",
        r"f.yaml:4:5: the broadcast has no audience; everyone must be asked for by name
      broadcast: {fliter: {is_to_all: true}, text: 春天}
      ^^^^^^^^^
help: write `filter: {is_to_all: true}`, `filter: {tag_id: …}`, `touser` or `touser_file`

f.yaml:4:17: unknown key `fliter` in a broadcast
      broadcast: {fliter: {is_to_all: true}, text: 春天}
                  ^^^^^^
help: did you mean `filter`?",
    ),
    (
        "an empty filter",
        r"jobs:
  - id: a
    account: club
    broadcast: {filter: {}, text: 春天}
",
        r"f.yaml:4:17: `filter` names nobody; everyone must be asked for by name
      broadcast: {filter: {}, text: 春天}
                  ^^^^^^
help: write `is_to_all: true` for everyone, or a `tag_id`",
    ),
    (
        "a filter without its value",
        r"jobs:
  - id: a
    account: club
    broadcast: {filter: , text: 春天}
",
        r"f.yaml:4:17: `filter` must have keys, not nothing
      broadcast: {filter: , text: 春天}
                  ^^^^^^
help: its keys are: is_to_all, tag_id",
    ),
    (
        "a misspelt filter",
        r"jobs:
  - id: a
    account: club
    broadcast: {filter: {is_to_al: true}, text: 春天}
",
        r"f.yaml:4:17: `filter` names nobody; everyone must be asked for by name
      broadcast: {filter: {is_to_al: true}, text: 春天}
                  ^^^^^^
help: write `is_to_all: true` for everyone, or a `tag_id`

f.yaml:4:26: unknown key `is_to_al` in `filter`
      broadcast: {filter: {is_to_al: true}, text: 春天}
                           ^^^^^^^^
help: did you mean `is_to_all`?",
    ),
    (
        "is_to_all as text",
        r#"jobs:
  - id: a
    account: club
    broadcast: {filter: {is_to_all: "true"}, text: 春天}
"#,
        r#"f.yaml:4:37: `is_to_all` must be true or false
      broadcast: {filter: {is_to_all: "true"}, text: 春天}
                                      ^^^^^^
help: without quotes; `yes` and `1` are neither"#,
    ),
    (
        "is_to_all false alone",
        r"jobs:
  - id: a
    account: club
    broadcast: {filter: {is_to_all: false}, text: 春天}
",
        r"f.yaml:4:17: `filter` names nobody; everyone must be asked for by name
      broadcast: {filter: {is_to_all: false}, text: 春天}
                  ^^^^^^
help: write `is_to_all: true` for everyone, or a `tag_id`",
    ),
    (
        "everyone beside a tag",
        r"jobs:
  - id: a
    account: club
    broadcast: {filter: {is_to_all: true, tag_id: 2}, text: 春天}
",
        r"f.yaml:4:17: `is_to_all: true` and a `tag_id` contradict each other
      broadcast: {filter: {is_to_all: true, tag_id: 2}, text: 春天}
                  ^^^^^^
help: keep one of the two",
    ),
    (
        "a tag that is no number",
        r"jobs:
  - id: a
    account: club
    broadcast: {filter: {tag_id: vip}, text: 春天}
",
        r"f.yaml:4:34: `vip` is no tag
      broadcast: {filter: {tag_id: vip}, text: 春天}
                                   ^^^
help: a tag is given by its number",
    ),
    (
        "two audiences",
        r"jobs:
  - id: a
    account: club
    broadcast: {filter: {tag_id: 2}, touser: [oAbc1, oAbc2], text: 春天}
",
        r"f.yaml:4:38: `filter` and `touser` cannot stand together
      broadcast: {filter: {tag_id: 2}, touser: [oAbc1, oAbc2], text: 春天}
                                       ^^^^^^
help: keep one of filter, touser, touser_file",
    ),
    (
        "an empty list of OpenIDs",
        r"jobs:
  - id: a
    account: club
    broadcast: {touser: [], text: 春天}
",
        r"f.yaml:4:17: `touser` names nobody
      broadcast: {touser: [], text: 春天}
                  ^^^^^^
help: it needs at least two OpenIDs",
    ),
    (
        "one OpenID",
        r"jobs:
  - id: a
    account: club
    broadcast: {touser: [oAbc1], text: 春天}
",
        r"f.yaml:4:17: `touser` names one OpenID; the platform refuses fewer than two
      broadcast: {touser: [oAbc1], text: 春天}
                  ^^^^^^
help: to show it to one person write `preview: {to: …}` or say `qunfa preview JOB --to …`; to send it, add a second OpenID, such as your own",
    ),
    (
        "one OpenID twice",
        r"jobs:
  - id: a
    account: club
    broadcast: {touser: [oAbc1, oAbc1], text: 春天}
",
        r"f.yaml:4:17: `touser` names one OpenID; the platform refuses fewer than two
      broadcast: {touser: [oAbc1, oAbc1], text: 春天}
                  ^^^^^^
help: to show it to one person write `preview: {to: …}` or say `qunfa preview JOB --to …`; to send it, add a second OpenID, such as your own",
    ),
    (
        "an OpenID with a space",
        r"jobs:
  - id: a
    account: club
    broadcast: {touser: [oAbc1, 张三 oAbc2, oAbc3], text: 春天}
",
        r"f.yaml:4:33: `张三 oAbc2` is no OpenID
      broadcast: {touser: [oAbc1, 张三 oAbc2, oAbc3], text: 春天}
                                  ^^^^^^^^^^
help: an OpenID is up to 64 characters of A-Z a-z 0-9 _ -",
    ),
    (
        "OpenIDs that are no list",
        r"jobs:
  - id: a
    account: club
    broadcast: {touser: oAbc1, text: 春天}
",
        r#"f.yaml:4:25: `touser` must be a list, not text
      broadcast: {touser: oAbc1, text: 春天}
                          ^^^^^
help: write `touser: ["…", "…"]`"#,
    ),
    (
        "a list on a subscription account",
        r"jobs:
  - id: a
    account: daily
    broadcast: {touser: [oAbc1, oAbc2], text: 春天}
",
        r"f.yaml:4:17: `touser` needs a service account
      broadcast: {touser: [oAbc1, oAbc2], text: 春天}
                  ^^^^^^
help: a subscription account (订阅号) sends by `filter` only",
    ),
    (
        "a list file without a folder",
        r"jobs:
  - id: a
    account: club
    broadcast: {touser_file: vip.txt, text: 春天}
",
        r"f.yaml:4:30: `touser_file` needs a folder: drop one with the job file and its list
      broadcast: {touser_file: vip.txt, text: 春天}
                               ^^^^^^^",
    ),
    (
        "a list file outside",
        r"jobs:
  - id: a
    account: club
    broadcast: {touser_file: ../vip.txt, text: 春天}
",
        r"f.yaml:4:30: `../vip.txt` is outside the job's folder
      broadcast: {touser_file: ../vip.txt, text: 春天}
                               ^^^^^^^^^^
help: name a file of the job's own folder, such as `vip.txt`",
    ),
    (
        "no content",
        r"jobs:
  - id: a
    account: club
    broadcast: {filter: {tag_id: 2}}
",
        r"f.yaml:4:5: the broadcast has no content
      broadcast: {filter: {tag_id: 2}}
      ^^^^^^^^^
help: write one of text, mpnews, articles, image, images, voice, mpvideo, wxcard",
    ),
    (
        "two contents",
        r"jobs:
  - id: a
    account: club
    broadcast: {filter: {tag_id: 2}, text: 春天, mpnews: {media_id: M}}
",
        r"f.yaml:4:48: `text` and `mpnews` cannot stand together
      broadcast: {filter: {tag_id: 2}, text: 春天, mpnews: {media_id: M}}
                                                   ^^^^^^
help: keep one of text, mpnews, articles, image, images, voice, mpvideo, wxcard",
    ),
    (
        "an empty text",
        r#"jobs:
  - id: a
    account: club
    broadcast: {filter: {tag_id: 2}, text: "  "}
"#,
        r#"f.yaml:4:44: `text` is empty
      broadcast: {filter: {tag_id: 2}, text: "  "}
                                             ^^^^
help: give it a value, or take the key out"#,
    ),
    (
        "an empty media_id",
        r#"jobs:
  - id: a
    account: club
    broadcast: {filter: {tag_id: 2}, mpnews: {media_id: ""}}
"#,
        r#"f.yaml:4:57: `media_id` is empty
      broadcast: {filter: {tag_id: 2}, mpnews: {media_id: ""}}
                                                          ^^
help: give it a value, or take the key out"#,
    ),
    (
        "a local file",
        r"jobs:
  - id: a
    account: club
    broadcast: {filter: {tag_id: 2}, image: {file: a.jpg}}
",
        r"f.yaml:4:52: `a.jpg` needs a folder: drop one with the job file and its media
      broadcast: {filter: {tag_id: 2}, image: {file: a.jpg}}
                                                     ^^^^^
help: name a file of the job's own folder, such as `cover.png`",
    ),
    (
        "articles without what they need",
        r"jobs:
  - id: a
    account: club
    broadcast: {filter: {tag_id: 2}, articles: [{title: 春}]}
",
        r"f.yaml:4:49: the article has no text
      broadcast: {filter: {tag_id: 2}, articles: [{title: 春}]}
                                                  ^
help: write `content: <p>…</p>`, or `content_file: article.md`

f.yaml:4:49: `thumb` is missing
      broadcast: {filter: {tag_id: 2}, articles: [{title: 春}]}
                                                  ^
help: write `thumb: cover.png`, or `cover:` in the front matter of a .md file",
    ),
    (
        "music",
        r"jobs:
  - id: a
    account: club
    broadcast: {filter: {tag_id: 2}, music: {media_id: M}}
",
        r"f.yaml:4:38: `music` cannot be broadcast
      broadcast: {filter: {tag_id: 2}, music: {media_id: M}}
                                       ^^^^^
help: the platform documents no form for it",
    ),
    (
        "video",
        r"jobs:
  - id: a
    account: club
    broadcast: {filter: {tag_id: 2}, video: {media_id: M}}
",
        r"f.yaml:4:38: `video` cannot be broadcast
      broadcast: {filter: {tag_id: 2}, video: {media_id: M}}
                                       ^^^^^
help: use `mpvideo` with the id that uploadvideo gave",
    ),
    (
        "another msgtype",
        r"jobs:
  - id: a
    account: club
    broadcast: {filter: {tag_id: 2}, msgtype: mpnews, text: 春天}
",
        r"f.yaml:4:47: `msgtype` is `mpnews`, the content is text
      broadcast: {filter: {tag_id: 2}, msgtype: mpnews, text: 春天}
                                                ^^^^^^
help: leave `msgtype` out",
    ),
    (
        "a clientmsgid",
        r"jobs:
  - id: a
    account: club
    broadcast: {filter: {tag_id: 2}, text: 春天, clientmsgid: x}
",
        r"f.yaml:4:48: `clientmsgid` is not for job files
      broadcast: {filter: {tag_id: 2}, text: 春天, clientmsgid: x}
                                                   ^^^^^^^^^^^
help: leave it out: it is derived from the account and the job's id",
    ),
    (
        "a reprint flag on a text",
        r"jobs:
  - id: a
    account: club
    broadcast: {filter: {tag_id: 2}, text: 春天, send_ignore_reprint: 1}
",
        r"f.yaml:4:48: `send_ignore_reprint` is for `mpnews`
      broadcast: {filter: {tag_id: 2}, text: 春天, send_ignore_reprint: 1}
                                                   ^^^^^^^^^^^^^^^^^^^
help: leave it out: only articles can be reprints",
    ),
    (
        "a reprint flag that is no flag",
        r"jobs:
  - id: a
    account: club
    broadcast: {filter: {tag_id: 2}, mpnews: {media_id: M}, send_ignore_reprint: 2}
",
        r"f.yaml:4:82: `send_ignore_reprint` must be 0 or 1
      broadcast: {filter: {tag_id: 2}, mpnews: {media_id: M}, send_ignore_reprint: 2}
                                                                                   ^",
    ),
    (
        "pictures without ids",
        r"jobs:
  - id: a
    account: club
    broadcast: {filter: {tag_id: 2}, images: {media_ids: []}}
",
        r#"f.yaml:4:58: `media_ids` must be a list of ids
      broadcast: {filter: {tag_id: 2}, images: {media_ids: []}}
                                                           ^
help: write `media_ids: ["…"]`"#,
    ),
    (
        "several mistakes",
        r"jobs:
  - id: a
    account: shop
    at: 2027-03-20 25:00
    grace: soon
    broadcast: {filter: {is_to_all: yes}, txt: 春天}
",
        r"f.yaml:3:14: there is no account `shop`
      account: shop
               ^^^^
help: the config has: club, daily

f.yaml:4:9: `2027-03-20 25:00` is no time of a day
      at: 2027-03-20 25:00
          ^^^^^^^^^^^^^^^^
help: a day goes from 00:00 to 23:59:59

f.yaml:5:12: `soon` is no duration
      grace: soon
             ^^^^
help: write it as 30m, 2h or 7d

f.yaml:6:37: `is_to_all` must be true or false
      broadcast: {filter: {is_to_all: yes}, txt: 春天}
                                      ^^^
help: without quotes; `yes` and `1` are neither

f.yaml:6:43: unknown key `txt` in a broadcast
      broadcast: {filter: {is_to_all: yes}, txt: 春天}
                                            ^^^
help: did you mean `text`?",
    ),
];
