//! A job's row, in the form that the decisions use.

use rusqlite::Row;

use crate::model::{JobId, JobState, OnFullReceivers, OnQuota};
use crate::plan::{Job, Rank};
use crate::quota::Demand;
use crate::store::{instant, seconds, unreadable};

pub(super) const JOB_COLUMNS: &str =
    "id, account, state, priority, seq, planned_at, due_at, zone,
    grace_s, retry_for_s, expires_at, on_quota, on_full, everyone, calls, first_attempt_at, attempted,
    written_at IS NULL, recall_until_at, not_before_at,
    -- Permanent codes: one of a scene that has none yet, neither made nor planned by a job before it;
    -- of many scenes those that the job did not create yet.
    CASE WHEN action <> 'qrcode' OR json_extract(job.parameters, '$.expire_seconds') IS NOT NULL THEN 0
        WHEN json_extract(job.parameters, '$.scenes') IS NOT NULL THEN max(0,
            coalesce(json_array_length(job.parameters, '$.scenes.scene_id'),
                json_array_length(job.parameters, '$.scenes.scene_str'),
                json_extract(job.parameters, '$.scenes.to')
                    - json_extract(job.parameters, '$.scenes.from') + 1)
            - (SELECT count(DISTINCT api_call.parameters) FROM api_call
                   JOIN charge ON charge.api_call = api_call.id
               WHERE api_call.job = job.id AND kind = 'qrcode' AND rule = 'permanent_qrcodes'
                 AND charge.state <> 'returned'))
        ELSE NOT EXISTS (SELECT 1 FROM api_call JOIN charge ON charge.api_call = api_call.id
                WHERE api_call.account = job.account AND kind = 'qrcode'
                  AND api_call.parameters = job.parameters AND rule = 'permanent_qrcodes'
                  AND charge.state <> 'returned')
            AND NOT EXISTS (SELECT 1 FROM job other
                WHERE other.account = job.account AND other.action = 'qrcode'
                  AND other.parameters = job.parameters AND other.wake_at IS NOT NULL
                  AND other.seq < job.seq) END";

pub(super) fn state(row: &Row<'_>, column: usize) -> rusqlite::Result<JobState> {
    let word: String = row.get(column)?;
    JobState::parse(&word).ok_or_else(|| unreadable("job.state", &word))
}

pub(super) fn read_job(row: &Row<'_>) -> rusqlite::Result<Job> {
    let id: String = row.get(0)?;
    let zone: String = row.get(7)?;
    let on_quota: String = row.get(11)?;
    let on_full: String = row.get(12)?;
    Ok(Job {
        id: JobId::parse(&id).ok_or_else(|| unreadable("job.id", &id))?,
        account: row.get(1)?,
        state: state(row, 2)?,
        rank: Rank { neg_priority: -row.get::<_, i32>(3)?, taken: row.get(4)? },
        planned_at: instant(row.get(5)?),
        due_at: instant(row.get(6)?),
        zone: zone.parse().map_err(|_| unreadable("job.zone", &zone))?,
        grace: seconds(row.get(8)?),
        retry_for: seconds(row.get(9)?),
        expires_at: instant(row.get(10)?),
        on_quota: if on_quota == "fail" { OnQuota::Fail } else { OnQuota::Defer },
        on_full_receivers: match on_full.as_str() {
            "drop" => OnFullReceivers::Drop,
            "defer" => OnFullReceivers::Defer,
            _ => OnFullReceivers::Send,
        },
        demand: Demand { everyone: row.get(13)?, calls: row.get(14)?, codes: row.get(20)? },
        first_attempt_at: row.get::<_, Option<i64>>(15)?.map(instant),
        asked: row.get(16)?,
        anytime: row.get(17)?,
        recall_until: row.get::<_, Option<i64>>(18)?.map(instant),
        not_before: row.get::<_, Option<i64>>(19)?.map(instant),
    })
}
