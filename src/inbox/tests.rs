//! The claims of this module.

use super::*;

#[test]
fn zz_probe() {
    for text in [
        "jobs:\n  - id: a\n    acount: b\n    at:\n    broadcast:\n      text: {content: 你好, x: 1}\n      filter:\n        is_to_all: yes\n",
        "a：b\n",
        "jobs:\n- id: \"x\n",
        "jobs: [{id: &a b, account: *a, id: c}]",
        "a: b\n---\nc: d",
        "",
        "---\n",
        "# x\n",
        "jobs:\n  - id: a\n\taccount: b\n",
        "\u{feff}jobs: []\r\n",
        "jobs:\n  id: x\n",
        "[[[[[[[[[[[[[[[[[[[[[[",
        "%YAML 1.2\n---\na: b\n",
        "jobs: !x []\n",
        "- a\n",
        "id: x\n",
        "jobs: \"\\u0000\\ud83d\\ude00\"",
        "x: *nope\n",
        "<<: {a: b}\n",
    ] {
        match parse("f.yaml", text.as_bytes(), &NoLists, &[]) {
            Ok(p) => panic!("{p:?}"),
            Err(e) => {
                for d in e {
                    eprintln!("{d}\n")
                }
            }
        }
        eprintln!("=====");
    }
}
