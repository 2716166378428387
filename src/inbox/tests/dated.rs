//! Series whose dates have files of their own.

use super::articles::{Folder, folder, png};
use super::*;
use crate::model::{Action, Audience, Content};

fn job(keys: &str, broadcast: &str) -> String {
    format!("jobs:\n- id: weekly\n  account: club\n{keys}  broadcast:\n{broadcast}")
}

fn articles(file: &str) -> String {
    job(
        "  cron: 0 20 * * FRI\n  from: 2027-03-01\n",
        &format!(
            "    filter: {{tag_id: 2}}\n    articles:\n    - title: \"第{{n}}期\"\n      \
             thumb: cover.png\n      content_file: \"{file}\"\n"
        ),
    )
}

fn read(text: &str, folder: &Folder) -> ParsedJob {
    let parsed = parse_bytes("f.yaml", text.as_bytes(), folder);
    parsed.unwrap_or_else(|error| panic!("{error}")).jobs.remove(0)
}

fn refused(text: &str, folder: &Folder) -> String {
    parse_bytes("f.yaml", text.as_bytes(), folder).unwrap_err()
}

fn content(action: &Action) -> &Content {
    &action.broadcast().unwrap().content
}

#[test]
fn each_date_has_the_text_of_its_own_file_and_the_others_wait_for_theirs() {
    let mut folder = folder();
    folder.0.insert("2027-03-12.md", "三月".into());
    folder.0.insert("2027-03-13.md", "a day without a date".into());

    let weekly = read(&articles("{date:%Y-%m-%d}.md"), &folder);

    let dates: Vec<_> = weekly.dated.keys().map(ToString::to_string).collect();
    assert_eq!(dates, ["2027-03-12"]);
    let Content::Prepared { material, .. } = content(weekly.dated.values().next().unwrap()) else {
        panic!("prepared")
    };
    assert!(material.articles[0].content.contains("三月"));
    assert_eq!(weekly.spec.awaited(), ["{date:%Y-%m-%d}.md"]);
    assert!(weekly.spec.templated);
    let note = weekly.notes.last().unwrap();
    assert_eq!(
        note,
        "1 date has its files, 2027-03-12; each other date waits for its `{date:%Y-%m-%d}.md`: \
         submit the job file again with it"
    );
}

#[test]
fn a_date_waits_for_what_is_missing_of_its_files() {
    let mut folder = folder();
    folder.0.insert("2027-03-12/text.md", "三月".into());
    folder.0.insert("2027-03-19/cover.png", png(900, 383));
    let text = articles("{date}/text.md").replace("cover.png", "\"{date}/cover.png\"");

    let weekly = read(&text, &folder);

    let waits: Vec<_> = weekly.dated.values().map(|action| content(action).awaited()).collect();
    assert_eq!(waits, [["2027-03-12/cover.png"], ["2027-03-19/text.md"]]);
}

#[test]
fn a_list_of_receivers_and_a_picture_may_be_those_of_a_date() {
    let mut folder = folder();
    folder.0.insert("vip-3.txt", "oA\noB\n".into());
    folder.0.insert("3.png", png(5, 5));
    let keys = "  cron: 0 20 * * FRI\n  from: 2027-03-01\n";
    let text = job(keys, "    touser_file: \"vip-{n}.txt\"\n    image: {file: \"{n}.png\"}\n");

    let weekly = read(&text, &folder);

    let (date, action) = weekly.dated.iter().next().unwrap();
    let broadcast = action.broadcast().unwrap();
    assert_eq!(date.to_string(), "2027-03-19");
    assert_eq!(broadcast.audience, Audience::List(vec!["oA".into(), "oB".into()]));
    assert!(broadcast.content.awaited().is_empty());
    assert_eq!(weekly.spec.awaited(), ["vip-{n}.txt", "{n}.png"]);
}

#[test]
fn a_name_that_cannot_be_resolved_or_that_dates_share_is_refused_at_once() {
    let without_from = articles("{n}.md").replace("  from: 2027-03-01\n", "");
    let without_from = without_from.replace("第{n}期", "春");
    let twice = articles("{date}.md").replace("0 20 * * FRI", "0 8,20 * * FRI");
    for (text, expected) in [
        (articles("{day}.md"), "there is no placeholder `{day}`"),
        (articles("{date:%Q}.md"), "a date cannot be written as `%Q`"),
        (without_from, "`{n}` needs `from`"),
        (
            articles("{date:%m-%d}.md"),
            "the dates 2027-03-05 and 2032-03-05 would both use `{date:%m-%d}.md`",
        ),
        (articles("{date:%a}.md"), "the dates 2027-03-05 and 2027-03-12 would both use"),
        (twice, "the dates 2027-03-05-0800 and 2027-03-05-2000 would both use `{date}.md`"),
    ] {
        let error = refused(&text, &folder());
        assert!(error.contains(expected), "{expected}: {error}");
    }
}

#[test]
fn what_all_dates_share_and_what_a_file_has_wrong_are_told_when_the_folder_is_dropped() {
    let mut with_file = folder();
    with_file.0.insert("2027-03-12.md", "![x](gone.png)".into());
    let error = refused(&articles("{date}.md"), &with_file);
    assert!(error.contains("2027-03-12.md:1:"), "{error}");

    let mut without_cover = folder();
    without_cover.0.remove("cover.png");
    let error = refused(&articles("{date}.md"), &without_cover);
    assert!(error.contains("there is no `cover.png` in the folder"), "{error}");

    let error = parse_text(&articles("{date}.md").replace("cover.png", "a.png")).unwrap_err();
    assert!(error.contains("needs"), "{error}");
}

#[test]
fn a_name_with_a_placeholder_and_without_quotes_is_told_to_need_them() {
    let text = articles("{date:%Y-%m-%d}.md").replace('"', "").replace("第{n}期", "春");

    let error = refused(&text, &folder());

    let help = "write a text with a placeholder in quotes: \"{date:%Y-%m-%d}.md\"";
    assert!(error.contains(help), "{error}");
}

#[test]
fn a_permanent_code_and_a_short_lived_one_are_not_made_anew() {
    let code = |keys: &str| {
        let code = format!("qrcode: {{ {keys}, action_info: {{ scene: {{ scene_id: 7 }} }} }}");
        parse_text(&format!("jobs:\n- id: door\n  account: club\n  {code}\n"))
    };
    for (keys, expected) in [
        ("action_name: QR_LIMIT_SCENE, renew: true", "a permanent one never expires"),
        ("action_name: QR_SCENE, expire_seconds: 3600, renew: true", "at least 86400, one day"),
    ] {
        let error = code(keys).unwrap_err();
        assert!(error.contains(expected), "{error}");
    }
    let job = code("action_name: QR_SCENE, expire_seconds: 86400, renew: true").unwrap();
    let Action::Qrcode(code) = &job.jobs[0].spec.action else { panic!("a code") };
    assert!(code.renew);
}
