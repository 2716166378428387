-- From version 6 to 7.

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
WHEN NEW.from_state = NEW.to_state AND json_valid(NEW.why)
    AND json_extract(NEW.why, '$.code') IN ('deferred', 'advanced', 'on_quota_is_fail',
        'window_beyond_expiry')
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
