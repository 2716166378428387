-- From version 9 to 10.

-- Alerts: a move names the time before it.
DROP TRIGGER notice_of_move;
CREATE TRIGGER notice_of_move AFTER INSERT ON history
WHEN NEW.from_state = NEW.to_state
    AND CASE WHEN json_valid(NEW.why) THEN json_extract(NEW.why, '$.code') END
        IN ('deferred', 'advanced', 'on_quota_is_fail', 'window_beyond_expiry')
BEGIN
    INSERT INTO notice (kind, account, job, subject, raised_at, why)
    SELECT 'moved', account, id, coalesce(
        (SELECT nullif(subject, '') FROM notice WHERE job = NEW.job AND state = 'new' AND kind = 'moved'),
        NEW.why ->> 'was_due', ''), NEW.at, NEW.why FROM job WHERE id = NEW.job;
    UPDATE notice SET state = 'closed' WHERE job = NEW.job AND state = 'new' AND kind = 'moved'
        AND id < (SELECT max(id) FROM notice WHERE job = NEW.job AND kind = 'moved');
END;

-- What the dates of a series do that have files of their own, as JSON. The newest file of the series counts.
CREATE TABLE date_action (
    series TEXT NOT NULL REFERENCES series (id),
    -- As in `occurrence`; the date need not have a job yet.
    date   TEXT NOT NULL CHECK (length(date) IN (10, 15)),
    action TEXT NOT NULL,
    PRIMARY KEY (series, date)
) STRICT, WITHOUT ROWID;

-- The names of the files that a job waits for, as a JSON list: it has no batch before they come.
CREATE TABLE awaited_file (
    job   TEXT PRIMARY KEY REFERENCES job (id),
    files TEXT NOT NULL CHECK (json_array_length(files) > 0)
) STRICT, WITHOUT ROWID;

DROP TRIGGER notice_of_job;
CREATE TRIGGER notice_of_job AFTER INSERT ON history WHEN NEW.from_state <> NEW.to_state
BEGIN
    UPDATE notice SET state = iif(state = 'new' OR kind = NEW.to_state, 'closed', 'ending')
    WHERE job = NEW.job AND state IN ('new', 'open', 'ending')
      AND kind IN ('uncertain', 'missed', 'failed', 'partial', 'expired', 'approval_due', 'confirm',
          'files_due', 'no_result');
    INSERT INTO notice (kind, account, job, raised_at, why)
    SELECT NEW.to_state, account, id, NEW.at, NEW.why FROM job
    WHERE id = NEW.job AND (NEW.to_state IN ('uncertain', 'missed', 'failed', 'partial', 'expired')
        OR (NEW.to_state = 'sent' AND action = 'broadcast'));
END;

INSERT INTO api_call_kind VALUES ('menu_try');

-- Approvals: who gave them, and who handed a file in.
-- Who approved which content of a job. A change of the job removes them.
CREATE TABLE approval (
    job    TEXT NOT NULL REFERENCES job (id),
    -- The name alone: a person counts once, however an approval comes in.
    person TEXT NOT NULL,
    who    TEXT NOT NULL,
    why    TEXT,
    at     INTEGER NOT NULL,
    -- The digest of what was approved.
    digest TEXT NOT NULL,
    PRIMARY KEY (job, person)
) STRICT, WITHOUT ROWID;

-- Who approved the dates of a series up to a local date, also those without a job. An edit removes them.
CREATE TABLE series_approval (
    series TEXT NOT NULL REFERENCES series (id),
    person TEXT NOT NULL,
    who    TEXT NOT NULL,
    why    TEXT,
    at     INTEGER NOT NULL,
    until  TEXT NOT NULL,
    PRIMARY KEY (series, person)
) STRICT, WITHOUT ROWID;

-- Who handed in a file over the API or the console. Its name has a part of the digest of its content.
CREATE TABLE submission (
    file TEXT PRIMARY KEY,
    who  TEXT NOT NULL,
    at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- One-time links to approve a job. Whoever reads a row can use no link: it has the token's digest only.
CREATE TABLE approval_link (
    token_sha256 TEXT PRIMARY KEY,
    job          TEXT NOT NULL REFERENCES job (id),
    -- Whose approval it is.
    person       TEXT NOT NULL,
    -- The digest of the content that it approves.
    digest       TEXT NOT NULL,
    expires_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX approval_link_job ON approval_link (job);
