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

-- The third-party platforms (第三方平台) of the config. The tokens here and in the two tables below are
-- secrets: `backup` leaves them out of its copy, and nothing shows them.
CREATE TABLE component (
    appid          TEXT PRIMARY KEY,
    -- The newest component_verify_ticket; null if none came yet, or the platform refused it.
    ticket         TEXT,
    -- The platform's time of that push: an older push that comes late changes nothing.
    ticket_at      INTEGER,
    -- The component's access token, and when it was given and ends.
    token          TEXT,
    token_at       INTEGER CHECK ((token_at IS NULL) = (token IS NULL)),
    token_until_at INTEGER CHECK ((token_until_at IS NULL) = (token IS NULL)),
    CHECK (ticket IS NULL OR ticket_at IS NOT NULL)
) STRICT, WITHOUT ROWID;

-- The accounts that authorised a component, or ended that, also those that the config does not contain.
CREATE TABLE authorizer (
    component     TEXT NOT NULL REFERENCES component (appid),
    appid         TEXT NOT NULL,
    -- `sought`: whether it is authorised, and by which refresh token, must be asked of the platform.
    state         TEXT NOT NULL CHECK (state IN ('sought', 'authorized', 'unauthorized')),
    since_at      INTEGER NOT NULL,
    -- The platform's time of the newest event about it: an older one that comes late changes nothing.
    event_at      INTEGER,
    refresh_token TEXT,
    -- The refresh token that the platform refused last; it is not used again.
    refused_token TEXT,
    -- The ids of the permission sets that it granted, as JSON; null until they are read.
    func_info     TEXT,
    -- No request is made for it without a refresh token.
    CHECK ((state = 'authorized') = (refresh_token IS NOT NULL)),
    PRIMARY KEY (component, appid)
) STRICT, WITHOUT ROWID;

-- Authorization codes that are to be redeemed.
CREATE TABLE authorization_code (
    component   TEXT NOT NULL REFERENCES component (appid),
    code        TEXT NOT NULL,
    -- The account, if the push says so; the address that a browser lands on does not.
    appid       TEXT,
    received_at INTEGER NOT NULL,
    PRIMARY KEY (component, code)
) STRICT, WITHOUT ROWID;

-- Links by which an administrator authorises a component.
CREATE TABLE authorization_link (
    -- A digest of the pre-authorization code: only a browser that comes from this link knows it.
    key       TEXT PRIMARY KEY,
    component TEXT NOT NULL REFERENCES component (appid),
    appid     TEXT NOT NULL,
    -- The platform's page that it leads to.
    target    TEXT NOT NULL,
    until_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
