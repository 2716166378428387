//! The triggers that record which accounts a command writes about; see `store::writes`.

use rusqlite::Connection;

use crate::store::Result;

/// Tables that no decision reads: they are only shown to people.
const ONLY_SHOWN: [&str; 4] = ["acknowledgement", "notice", "notice_delivery", "refused_file"];

/// Makes every change of this connection record its account.
pub(super) fn record(db: &Connection) -> Result<()> {
    let tables = db
        .prepare(
            "SELECT t.name, max(c.name = 'account'), max(c.name = 'job'), max(c.name = 'batch'),
                 max(c.name = 'series')
             FROM main.sqlite_schema AS t, pragma_table_info(t.name) AS c
             WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
               AND t.name <> 'account_change'
             GROUP BY t.name",
        )?
        .query_map([], |row| {
            Ok((row.get(0)?, [row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?]))
        })?
        .collect::<rusqlite::Result<Vec<(String, [bool; 4])>>>()?;
    let triggers: String = tables
        .iter()
        .filter(|(table, _)| !ONLY_SHOWN.contains(&table.as_str()))
        .flat_map(|(table, columns)| {
            [("INSERT", &["NEW"][..]), ("UPDATE", &["OLD", "NEW"]), ("DELETE", &["OLD"])]
                .map(|(event, rows)| trigger(table, *columns, (event, rows)))
        })
        .collect();
    Ok(db.execute_batch(&triggers)?)
}

fn trigger(table: &str, columns: [bool; 4], (event, rows): (&str, &[&str])) -> String {
    let steps = rows.iter().map(|row| {
        let account = match columns {
            _ if table == "account" => format!("{row}.name"),
            [true, ..] => format!("{row}.account"),
            [_, true, ..] => format!("(SELECT account FROM job WHERE id = {row}.job)"),
            [_, _, true, _] => format!("(SELECT account FROM batch WHERE id = {row}.batch)"),
            [_, _, _, true] => format!("(SELECT account FROM series WHERE id = {row}.series)"),
            [false, false, false, false] => "NULL".to_owned(),
        };
        // No constraint here can fail, so a statement's own conflict clause skips nothing.
        format!(
            "DELETE FROM account_change WHERE account IS {account};
             INSERT INTO account_change (account) VALUES ({account});\n"
        )
    });
    let steps: String = steps.collect();
    format!(
        "CREATE TEMP TRIGGER IF NOT EXISTS record_{event}_{table} AFTER {event} ON main.{table}
         BEGIN {steps} END;\n"
    )
}
