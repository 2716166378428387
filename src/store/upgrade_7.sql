-- From version 6 to 7.

-- Menus and QR codes: the kinds of API calls are rows, so that a new kind needs no new table.
PRAGMA defer_foreign_keys = ON;
CREATE TABLE api_call_kind (kind TEXT NOT NULL PRIMARY KEY) STRICT, WITHOUT ROWID;
INSERT INTO api_call_kind (kind) VALUES ('preview'), ('delete'), ('speed_get'), ('speed_set'), ('menu'),
    ('menu_delete'), ('menu_read'), ('menu_conditional'), ('menu_conditional_delete'), ('qrcode'), ('picture');
CREATE TABLE api_call_6 AS SELECT * FROM api_call;
DROP TABLE api_call;
CREATE TABLE api_call (
    id         INTEGER PRIMARY KEY,
    account    TEXT NOT NULL,
    kind       TEXT NOT NULL REFERENCES api_call_kind (kind),
    role       TEXT NOT NULL CHECK (role IN ('command', 'pre_send', 'action')),
    job        TEXT REFERENCES job (id),
    batch      INTEGER REFERENCES batch (id),
    parameters TEXT NOT NULL,
    who        TEXT,
    why        TEXT,
    made_at    INTEGER NOT NULL,
    state      TEXT NOT NULL CHECK (state IN ('waiting', 'planned', 'asking', 'in_doubt', 'done',
                   'failed', 'dropped')),
    next_at    INTEGER,
    attempts   INTEGER NOT NULL DEFAULT 0,
    verifies   INTEGER NOT NULL DEFAULT 0 CHECK (verifies IN (0, 1)),
    errcode    INTEGER,
    errmsg     TEXT,
    answer     TEXT,
    ended_at   INTEGER,
    call       INTEGER,
    ahead_s    INTEGER CHECK (ahead_s >= 0),
    served_at  INTEGER,
    CHECK ((state IN ('planned', 'in_doubt')) = (next_at IS NOT NULL)),
    CHECK ((state IN ('done', 'failed', 'dropped')) = (ended_at IS NOT NULL)),
    CHECK (state NOT IN ('waiting', 'dropped') OR (role = 'pre_send' AND ahead_s IS NOT NULL)),
    CHECK (kind <> 'delete' OR batch IS NOT NULL),
    CHECK (role = 'command' OR job IS NOT NULL)
) STRICT;
INSERT INTO api_call (id, account, kind, role, job, batch, parameters, who, why, made_at, state, next_at,
    attempts, verifies, errcode, errmsg, answer, ended_at, call, ahead_s, served_at)
SELECT id, account, kind, role, job, batch, parameters, who, why, made_at, state, next_at,
    attempts, verifies, errcode, errmsg, answer, ended_at, call, ahead_s, served_at
FROM api_call_6;
DROP TABLE api_call_6;
CREATE INDEX api_call_next ON api_call (account, next_at) WHERE next_at IS NOT NULL;
CREATE INDEX api_call_job ON api_call (job) WHERE job IS NOT NULL;
CREATE INDEX api_call_menu ON api_call (account, id) WHERE kind IN ('menu', 'menu_delete', 'menu_read');
CREATE INDEX api_call_waiting ON api_call (account) WHERE state = 'waiting';
CREATE UNIQUE INDEX api_call_pre_send ON api_call (job, kind, parameters)
    WHERE state IN ('waiting', 'dropped');
CREATE INDEX api_call_qrcode ON api_call (account, parameters) WHERE kind = 'qrcode';
CREATE INDEX api_call_picture ON api_call (account, parameters) WHERE kind = 'picture';
CREATE TABLE code_scan (
    account TEXT NOT NULL,
    scene   TEXT NOT NULL CHECK (length(scene) BETWEEN 1 AND 64),
    day     TEXT NOT NULL CHECK (length(day) = 10),
    event   TEXT NOT NULL CHECK (event IN ('subscribe', 'scan')),
    count   INTEGER NOT NULL CHECK (count > 0),
    PRIMARY KEY (account, scene, day, event)
) STRICT, WITHOUT ROWID;

-- Notices and their deliveries, and the triggers that write them.
CREATE TABLE notice (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    kind      TEXT NOT NULL,
    account   TEXT,
    job       TEXT,
    subject   TEXT NOT NULL DEFAULT '',
    raised_at INTEGER NOT NULL,
    why       TEXT,
    what      TEXT,
    "do"      TEXT,
    state     TEXT NOT NULL DEFAULT 'new' CHECK (state IN ('new', 'open', 'ending', 'closed')),
    ended_at  INTEGER
) STRICT;

CREATE INDEX notice_job ON notice (job, state) WHERE job IS NOT NULL;
CREATE INDEX notice_kind ON notice (kind, account);
CREATE INDEX notice_untold ON notice (id) WHERE state IN ('new', 'ending');
CREATE INDEX notice_raised ON notice (raised_at);

CREATE TABLE notice_delivery (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    receiver TEXT NOT NULL,
    notice   INTEGER NOT NULL REFERENCES notice (id),
    event    TEXT NOT NULL CHECK (event IN ('raised', 'over', 'test')),
    message  TEXT NOT NULL,
    made_at  INTEGER NOT NULL,
    state    TEXT NOT NULL CHECK (state IN ('waiting', 'delivered', 'given_up')),
    attempts INTEGER NOT NULL DEFAULT 0,
    next_at  INTEGER,
    ended_at INTEGER,
    error    TEXT,
    UNIQUE (notice, event, receiver),
    CHECK ((state = 'waiting') = (next_at IS NOT NULL)),
    CHECK ((state = 'waiting') = (ended_at IS NULL))
) STRICT;

CREATE INDEX notice_delivery_waiting ON notice_delivery (receiver, id) WHERE state = 'waiting';
CREATE INDEX notice_delivery_given_up ON notice_delivery (ended_at) WHERE state = 'given_up';

CREATE INDEX job_held ON job (due_at) WHERE state = 'held';
CREATE INDEX job_awaited ON job (id) WHERE state = 'accepted';

CREATE TRIGGER notice_of_job AFTER INSERT ON history WHEN NEW.from_state <> NEW.to_state
BEGIN
    UPDATE notice SET state = iif(state = 'new' OR kind = NEW.to_state, 'closed', 'ending')
    WHERE job = NEW.job AND state IN ('new', 'open', 'ending')
      AND kind IN ('uncertain', 'missed', 'failed', 'partial', 'expired', 'approval_due', 'confirm',
          'no_result');
    INSERT INTO notice (kind, account, job, raised_at, why)
    SELECT NEW.to_state, account, id, NEW.at, NEW.why FROM job
    WHERE id = NEW.job AND (NEW.to_state IN ('uncertain', 'missed', 'failed', 'partial', 'expired')
        OR (NEW.to_state = 'sent' AND action = 'broadcast'));
END;

CREATE TRIGGER notice_of_move AFTER INSERT ON history
WHEN NEW.from_state = NEW.to_state
    AND CASE WHEN json_valid(NEW.why) THEN json_extract(NEW.why, '$.code') END
        IN ('deferred', 'advanced', 'on_quota_is_fail', 'window_beyond_expiry')
BEGIN
    UPDATE notice SET state = 'closed' WHERE job = NEW.job AND state = 'new' AND kind = 'moved';
    INSERT INTO notice (kind, account, job, raised_at, why)
    SELECT 'moved', account, id, NEW.at, NEW.why FROM job WHERE id = NEW.job;
END;

CREATE TRIGGER notice_of_alert AFTER INSERT ON alert
BEGIN
    UPDATE notice SET state = 'open', ended_at = NULL
    WHERE kind = NEW.kind AND account IS NEW.account AND job IS NEW.job AND state = 'ending';
    INSERT INTO notice (kind, account, job, raised_at, what, "do")
    SELECT NEW.kind, NEW.account, NEW.job, NEW.since_at, NEW.what, NEW."do"
    WHERE NOT EXISTS (SELECT 1 FROM notice WHERE kind = NEW.kind AND account IS NEW.account
        AND job IS NEW.job AND state IN ('new', 'open'));
END;

CREATE TRIGGER notice_of_alert_over AFTER DELETE ON alert
BEGIN
    UPDATE notice SET state = iif(state = 'new', 'closed', 'ending')
    WHERE kind = OLD.kind AND account IS OLD.account AND job IS OLD.job AND state IN ('new', 'open');
END;

CREATE TRIGGER notice_of_hold AFTER UPDATE OF hold_since_at ON account
WHEN (OLD.hold_since_at IS NULL) <> (NEW.hold_since_at IS NULL)
BEGIN
    UPDATE notice SET state = iif(state = 'new', 'closed', 'ending')
    WHERE kind = 'hold' AND account = NEW.name AND state IN ('new', 'open');
    INSERT INTO notice (kind, account, raised_at, why)
    SELECT 'hold', NEW.name, NEW.hold_since_at, NEW.hold_why WHERE NEW.hold_since_at IS NOT NULL;
END;

CREATE TRIGGER notice_of_hold_on_all AFTER UPDATE OF hold_since_at ON daemon
WHEN (OLD.hold_since_at IS NULL) <> (NEW.hold_since_at IS NULL)
BEGIN
    UPDATE notice SET state = iif(state = 'new', 'closed', 'ending')
    WHERE kind = 'hold' AND account IS NULL AND state IN ('new', 'open');
    INSERT INTO notice (kind, raised_at, why)
    SELECT 'hold', NEW.hold_since_at, NEW.hold_why WHERE NEW.hold_since_at IS NOT NULL;
END;

CREATE TRIGGER notice_of_pause AFTER UPDATE OF paused_since_at ON account
WHEN (OLD.paused_since_at IS NULL) <> (NEW.paused_since_at IS NULL)
BEGIN
    UPDATE notice SET state = iif(state = 'new', 'closed', 'ending')
    WHERE kind = 'paused' AND account = NEW.name AND state IN ('new', 'open');
    INSERT INTO notice (kind, account, raised_at, why)
    SELECT 'paused', NEW.name, NEW.paused_since_at, NEW.paused_why
    WHERE NEW.paused_since_at IS NOT NULL;
END;

CREATE TRIGGER notice_of_file AFTER INSERT ON refused_file
BEGIN
    INSERT INTO notice (kind, subject, raised_at) VALUES ('refused_file', NEW.name, NEW.refused_at);
END;

CREATE TRIGGER notice_of_file_again AFTER UPDATE OF refused_at ON refused_file
BEGIN
    UPDATE notice SET state = 'closed'
    WHERE kind = 'refused_file' AND account IS NULL AND subject = NEW.name AND state <> 'closed';
    INSERT INTO notice (kind, subject, raised_at) VALUES ('refused_file', NEW.name, NEW.refused_at);
END;

CREATE TRIGGER notice_of_file_over AFTER DELETE ON refused_file
BEGIN
    UPDATE notice SET state = iif(state = 'new', 'closed', 'ending')
    WHERE kind = 'refused_file' AND account IS NULL AND subject = OLD.name AND state IN ('new', 'open');
END;
