//! Sentences for people are made in rendering modules, and nothing that decides has any.

use std::path::Path;

/// The modules that decide, or whose sentences all stand in the catalogues. The list only grows.
const WITHOUT: &[&str] = &[
    "src/alert.rs",
    "src/alert/gather.rs",
    "src/alert/pace.rs",
    "src/alert/redact.rs",
    "src/alert/route.rs",
    "src/alert/told.rs",
    "src/approval.rs",
    "src/calendar/recurrence.rs",
    "src/calendar/template.rs",
    "src/cli/again.rs",
    "src/cli/alert.rs",
    "src/cli/alerts.rs",
    "src/cli/api_calls.rs",
    "src/cli/articles.rs",
    "src/cli/backup.rs",
    "src/cli/check.rs",
    "src/cli/config_check.rs",
    "src/cli/database.rs",
    "src/cli/decisions.rs",
    "src/cli/doctor.rs",
    "src/cli/doctor/judge.rs",
    "src/cli/doctor/platform.rs",
    "src/cli/events.rs",
    "src/cli/followers.rs",
    "src/cli/forecast.rs",
    "src/cli/format.rs",
    "src/cli/help.rs",
    "src/cli/init/prompt.rs",
    "src/cli/jobs.rs",
    "src/cli/lookup.rs",
    "src/cli/manual.rs",
    "src/cli/menus.rs",
    "src/cli/moves.rs",
    "src/cli/places.rs",
    "src/cli/plan.rs",
    "src/cli/plan/grid.rs",
    "src/cli/plan/html.rs",
    "src/cli/plan/ics.rs",
    "src/cli/plan/list.rs",
    "src/cli/plan/with.rs",
    "src/cli/qrcodes.rs",
    "src/cli/quota.rs",
    "src/cli/rehearsal.rs",
    "src/cli/render.rs",
    "src/cli/reply.rs",
    "src/cli/reschedule.rs",
    "src/cli/resume.rs",
    "src/cli/retry.rs",
    "src/cli/sandbox.rs",
    "src/cli/schedules.rs",
    "src/cli/series.rs",
    "src/cli/show.rs",
    "src/cli/status.rs",
    "src/cli/status/lines.rs",
    "src/cli/submit.rs",
    "src/cli/text.rs",
    "src/cli/text/fit.rs",
    "src/cli/wait.rs",
    "src/cli/watch.rs",
    "src/cli/watch/keyboard.rs",
    "src/cli/zone_data.rs",
    "src/config.rs",
    "src/config/account.rs",
    "src/config/alerts.rs",
    "src/config/network.rs",
    "src/daemon/heartbeat.rs",
    "src/engine/account_pass.rs",
    "src/engine/crash_context.rs",
    "src/engine/identity.rs",
    "src/engine/menu.rs",
    "src/engine/outcome.rs",
    "src/engine/prepare.rs",
    "src/engine/recovery.rs",
    "src/engine/series.rs",
    "src/engine/session.rs",
    "src/model/console.rs",
    "src/model/material.rs",
    "src/model/menu.rs",
    "src/model/qrcode.rs",
    "src/model/title.rs",
    "src/plan.rs",
    "src/plan/gap.rs",
    "src/reason.rs",
    "src/schedule.rs",
    "src/schedule/pace.rs",
    "src/schedule/receivers.rs",
    "src/store/alerts.rs",
    "src/store/approval_links.rs",
    "src/store/approvals.rs",
    "src/store/articles.rs",
    "src/store/back.rs",
    "src/store/bound.rs",
    "src/store/call_end.rs",
    "src/store/clock_ahead.rs",
    "src/store/decisions.rs",
    "src/store/deletion.rs",
    "src/store/events.rs",
    "src/store/followers.rs",
    "src/store/followers/view.rs",
    "src/store/ingest.rs",
    "src/store/ledger.rs",
    "src/store/list.rs",
    "src/store/listed.rs",
    "src/store/mistake.rs",
    "src/store/moved.rs",
    "src/store/notices.rs",
    "src/store/notices/delivery.rs",
    "src/store/notices/signs.rs",
    "src/store/notices/timed.rs",
    "src/store/pre_send.rs",
    "src/store/qrcodes.rs",
    "src/store/reach.rs",
    "src/store/reasons.rs",
    "src/store/recall.rs",
    "src/store/receivers.rs",
    "src/store/receivers/ahead.rs",
    "src/store/refused.rs",
    "src/store/release.rs",
    "src/store/reschedule.rs",
    "src/store/results.rs",
    "src/store/retry.rs",
    "src/store/schedule.rs",
    "src/store/series.rs",
    "src/store/series/ahead.rs",
    "src/store/series/change.rs",
    "src/store/series/extend.rs",
    "src/store/series/lost.rs",
    "src/store/settle.rs",
    "src/store/strangers.rs",
    "src/store/upload.rs",
    "src/text/alert.rs",
    "src/text/moved.rs",
    "src/text/names.rs",
    "src/text/reason.rs",
    "src/text/told.rs",
    "src/wechat/callback/crypto.rs",
    "src/wechat/listener/auth.rs",
];

/// What a sentence may be part of all the same: an error that tells of our own fault, a line of the
/// log, a proof that something cannot fail, an attribute.
const MAY_HAVE: &[&str] = &[
    "StoreError::Conflict(",
    "StoreError::Corrupt(",
    "tracing::",
    "expect(",
    "unreachable!(",
    "panic!(",
    "assert!(",
    "assert_eq!(",
    "Error::custom(",
    "#[error(",
    "reason = ",
    "reason(",
    "help = ",
];

/// Words that only SQL has.
const SQL: &[&str] = &[
    "SELECT", "INSERT", "UPDATE", "DELETE", "WHERE", "PRAGMA", "FROM", "JOIN", "AND", "NULL",
    "CASE", "IN",
];

/// The string literals of a file's production code, each with the statement up to it.
fn literals(text: &str) -> Vec<(String, String)> {
    let code = text.split("#[cfg(test)]").next().unwrap_or_default();
    let mut found = Vec::new();
    let mut statement = String::new();
    let mut chars = code.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '/' if chars.peek() == Some(&'/') => {
                chars.by_ref().find(|c| *c == '\n');
            }
            // A quote as a character, or a lifetime.
            '\'' if chars.peek() == Some(&'"') => {
                chars.next();
            }
            '"' => {
                let mut literal = String::new();
                while let Some(c) = chars.next().filter(|c| *c != '"') {
                    literal.push(c);
                    if c == '\\' {
                        literal.extend(chars.next());
                    }
                }
                found.push((literal, statement.clone()));
            }
            ';' | '{' | '}' => statement.clear(),
            other => statement.push(other),
        }
    }
    found
}

/// Says whether a literal reads like a sentence: several words with nothing of a program in them.
fn is_sentence(literal: &str) -> bool {
    let words: Vec<_> = literal.split_whitespace().filter(|word| *word != "\\").collect();
    let plain = |word: &&&str| {
        let bare = word.trim_matches(|c: char| ",.;:()`'\"\\".contains(c));
        bare.len() > 1 && bare.chars().all(|c| c.is_ascii_lowercase())
    };
    words.iter().filter(plain).count() >= 3 && !words.iter().any(|word| SQL.contains(word))
}

fn sentences(text: &str) -> Vec<String> {
    let literals = literals(text).into_iter();
    let sentences = literals.filter(|(literal, before)| {
        is_sentence(literal) && !MAY_HAVE.iter().any(|form| before.contains(form))
    });
    sentences.map(|(literal, _)| literal).collect()
}

#[test]
fn what_decides_has_no_sentence_for_people() {
    let found: Vec<_> = WITHOUT
        .iter()
        .flat_map(|file| {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
            let text = std::fs::read_to_string(path).unwrap();
            sentences(&text).into_iter().map(move |sentence| format!("{file}: {sentence}"))
        })
        .collect();

    assert!(found.is_empty(), "give these a message in the catalogues: {found:#?}");
}

#[test]
fn a_sentence_is_told_from_sql_a_log_line_and_a_proof() {
    for (code, expected) in [
        (r#"let why = "its window is full";"#, 1),
        (r#"let why = format!("{rule} of {window} is used up");"#, 1),
        (r#"const WAITS: &str = "waits for its uploads";"#, 1),
        (r#"self.run("DELETE FROM batch WHERE job is this", [])"#, 0),
        (r#"tracing::info!(id, "the job is no longer there");"#, 0),
        (r#"x.expect("it was just looked at");"#, 0),
        (r#"Err(StoreError::Refused(format!("job {id} is no longer there")))"#, 1),
        (r#"Err(StoreError::Conflict(format!("job {id} is no longer there")))"#, 0),
        (r#"state == "in_doubt""#, 0),
        (r#"// let why = "its window is full";"#, 0),
        (r#"tracing::info!("the job is there"); let why = "its window is full";"#, 1),
        (r#"fn a() { Err(StoreError::Refused(b)) } const WHY: &str = "its window is full";"#, 1),
    ] {
        assert_eq!(sentences(code).len(), expected, "{code}");
    }
}
