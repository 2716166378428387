//! Comments that would take a part of a value with them, and comments that are none of that.

use super::*;

fn broadcast(lines: &str) -> String {
    let head = "jobs:\n- id: a\n  account: club\n  broadcast:\n    filter: {tag_id: 2}\n";
    format!("{head}{lines}")
}

fn code(scene: &str) -> String {
    format!(
        "jobs:\n- id: a\n  account: club\n  qrcode:\n    action_name: QR_LIMIT_STR_SCENE\n{scene}"
    )
}

fn menu(button: &str) -> String {
    format!("jobs:\n- id: a\n  account: club\n  menu:\n    button:\n{button}")
}

#[test]
fn a_word_that_leaves_the_machine_is_not_cut() {
    for (text, location, message) in [
        (
            code("    action_info:\n      scene:\n        scene_str: door #1\n"),
            "f.yaml:8:25",
            "ends the text of `scene_str`",
        ),
        (
            code("    action_info: { scene: { scene_str: door #1 } }\n      }}\n"),
            "f.yaml:6:45",
            "needs quotes: scene_str: \"door #1\" } }",
        ),
        (code("    action_info:\n      scene: {scene_str: #1\n        }\n"), "f.yaml:7:26", "\"#1"),
        (
            menu(
                "    - {type: click, name: 歌, key: K}\n    - type: click\n      name: 诗\n      key: K #2\n",
            ),
            "f.yaml:9:14",
            "key: \"K #2\"",
        ),
        (
            menu(
                "    - type: view\n      name: 诗\n      url: https://mp.weixin.qq.com/s/a #top\n",
            ),
            "f.yaml:8:41",
            "ends the text of `url`",
        ),
        (broadcast("    image: {media_id: V #x\n      }\n"), "f.yaml:6:25", "`media_id`"),
        (broadcast("    wxcard:\n      card_id: p #x\n"), "f.yaml:7:18", "`card_id`"),
    ] {
        let refused = parse_text(&text).unwrap_err();
        assert!(refused.starts_with(location), "{location}: {refused}");
        assert!(refused.contains(message), "{message}: {refused}");
        assert_eq!(refused.matches("f.yaml:").count(), 1, "{refused}");
    }
}

#[test]
fn a_comment_behind_a_word_is_one() {
    for text in [
        code(
            "    action_info: # door\n      scene:\n        scene_str: door_1 # 门口\n        #old\n",
        ),
        menu("    - type: click # 1\n      name: 诗\n      key: K ## x\n"),
        broadcast("    image:\n      # of spring\n      media_id: V # 春\n"),
        broadcast("    text: 周五见\n    #need_check: 1\n"),
        broadcast("    text: |\n      周五见\n    #send_ignore_reprint: 1\n    # 注\n    #\n"),
        broadcast("    text: |\n      周五见\n    #- 注\n"),
        broadcast("    text:\n    #注\n    # 注\n      # 注\n      周五见\n"),
        broadcast("    text: # 注\n      周五见\n"),
    ] {
        assert!(parse_text(&text).is_ok(), "{text}\n{}", parse_text(&text).unwrap_err());
    }
}

#[test]
fn a_first_or_last_line_that_is_a_comment_is_refused() {
    for (lines, location, help) in [
        (
            "    text:\n        #福利日#\n        周五见\n",
            "f.yaml:7:9",
            "needs quotes: text: \"#福利日# 周五见\"",
        ),
        (
            "    text: # 注\n\n      # 注\n      #福利日#\n      周五见\n",
            "f.yaml:9:7",
            "needs quotes: text: \"#福利日# 周五见\"",
        ),
        (
            "    text: |\n        周五见\n\n    #福利日#\n",
            "f.yaml:9:5",
            "if it is a comment, write a blank behind its `#`",
        ),
        (
            "    text: |\n        周五见\n      #福利日#\n",
            "f.yaml:8:7",
            "if it is a comment, indent it like the key",
        ),
    ] {
        let refused = parse_text(&broadcast(lines)).unwrap_err();
        assert!(refused.starts_with(location), "{location}: {refused}");
        assert!(refused.contains(help), "{help}: {refused}");
    }
}

#[test]
fn the_hint_of_a_cut_text_in_a_collection_quotes_that_text_alone() {
    for (video, help) in [
        ("title: 甲 #x, description: y }", "needs quotes: title: \"甲 #x\"; a comment"),
        ("title: 甲 #x }", "needs quotes: title: \"甲 #x\" }; a comment"),
        ("title: 甲 #x, y }", "needs quotes; a comment"),
        ("title: 甲 #x{y}, description: z }", "needs quotes; a comment"),
    ] {
        let lines = format!("    mpvideo: {{ media_id: V, {video}\n      }}\n");
        let refused = parse_text(&broadcast(&lines)).unwrap_err();
        assert!(refused.contains(help), "{help}: {refused}");
    }
}

#[test]
fn a_text_whose_line_ends_yaml_would_fold_is_refused() {
    let video = |lines: &str| broadcast(&format!("    mpvideo:\n      media_id: V\n{lines}"));
    for (text, location, help) in [
        (
            broadcast("    text: 第一行\n      第二行\n"),
            "f.yaml:6:11: `text` goes over 2 lines",
            "`text: |`",
        ),
        (
            broadcast("    text: \"第一行\n\n      第二行\"\n"),
            "f.yaml:6:11: `text` goes over 3 lines",
            "`text: |`",
        ),
        (
            broadcast("    text: '第一行\r\n      第二行'\r\n"),
            "f.yaml:6:11: `text` goes over 2 lines",
            "`text: |`",
        ),
        (
            broadcast("    text:\n      第一行\n      第二行\n    # 注\n"),
            "f.yaml:7:7: `text` goes over 2 lines",
            "`text: |`",
        ),
        (
            video("      title: 春天\n        来了\n      description: 一\n"),
            "f.yaml:8:14: `title` goes over 2 lines",
            "`title: |`",
        ),
        (
            broadcast("    mpvideo: {media_id: V, title: 春天\n      来了, description: 一}\n"),
            "f.yaml:6:35: `title` goes over 2 lines",
            "write it on one line",
        ),
        (
            broadcast("    text: >\n      第一行\n      第二行\n"),
            "f.yaml:6:11: `>` joins the 2 lines of `text`",
            "`text: |`",
        ),
        (
            broadcast("    text: >-  # 注\n      第一行\n\n      第二行\n      三\n"),
            "f.yaml:6:11: `>` joins the 4 lines of `text`",
            "`text: |`",
        ),
        (
            broadcast("    text: \"第一行 \\\n      第二行\n      三\"\n"),
            "f.yaml:6:11: `text` goes over 3 lines",
            "`text: |`",
        ),
    ] {
        let refused = parse_text(&text).map(|_| ()).expect_err(&text);
        assert!(refused.starts_with(location), "{location}: {refused}");
        assert!(refused.contains(help), "{help}: {refused}");
        assert_eq!(refused.matches("f.yaml:").count(), 1, "{refused}");
    }
}

#[test]
fn line_ends_that_are_meant_stay() {
    for (lines, expected) in [
        ("    text: |\n      第一行\n      第二行\n", "第一行\\n第二行"),
        ("    text: >\n      第一行\n\n      第二行\n", "第一行\\n第二行"),
        ("    text: >-\n      第一行\n    # 注 > 注\n", "第一行"),
        ("    text: \"第一行\\n第二行\"\n", "第一行\\n第二行"),
        ("    text: \"第一行\\\n      第二行\"\n", "第一行第二行"),
        ("    text:\n      第一行\n\n    # 注\n", "第一行"),
        ("    text: 第一行\n\n\n", "第一行"),
    ] {
        let told = parse_text(&broadcast(lines));
        let told = told.map_or_else(|told| told, |jobs| format!("{jobs:?}"));
        assert!(!told.contains("goes over"), "{lines}: {told}");
        assert!(told.contains(expected), "{lines}: {told}");
    }
}
