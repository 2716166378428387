-- From version 1 to version 2. What is new stands here as in schema.sql; new columns come last.

ALTER TABLE account ADD COLUMN known_at INTEGER;
-- Accounts of a database that is in use are not new to it.
UPDATE account SET known_at = (SELECT created_at FROM daemon);

ALTER TABLE external_send ADD COLUMN day_known INTEGER NOT NULL DEFAULT 1 CHECK (day_known IN (0, 1));

ALTER TABLE attention ADD COLUMN until_at INTEGER;

-- What persons decided about accounts and the ledger; decisions about a job stand in its story.
CREATE TABLE decision (
    id            INTEGER PRIMARY KEY,
    at            INTEGER NOT NULL,
    who           TEXT NOT NULL,
    what          TEXT NOT NULL CHECK (what IN ('hold', 'resume', 'record', 'return')),
    -- Null is every account.
    account       TEXT,
    why           TEXT,
    -- The entry of the ledger that it is about.
    charge        INTEGER REFERENCES charge (id),
    external_send INTEGER REFERENCES external_send (id),
    -- An entry was made or returned, or none was: `record` with neither says that nothing was sent.
    CHECK (charge IS NULL OR external_send IS NULL),
    CHECK (what <> 'return' OR charge IS NOT NULL OR external_send IS NOT NULL)
) STRICT;

CREATE INDEX decision_account ON decision (account, at);
CREATE INDEX decision_charge ON decision (charge) WHERE charge IS NOT NULL;
CREATE INDEX decision_external ON decision (external_send) WHERE external_send IS NOT NULL;

-- A CHECK of `job` changed: the table is made anew under its own name. What refers to its rows waits
-- until they are back; the commit fails if one of them were missing.
PRAGMA defer_foreign_keys = ON;
CREATE TABLE job_1 AS SELECT * FROM job;
DROP TABLE job;

CREATE TABLE job (
    id             TEXT PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 64),
    account        TEXT NOT NULL REFERENCES account (name),
    action         TEXT NOT NULL CHECK (action IN ('broadcast', 'delete', 'menu', 'qrcode', 'speed')),
    state          TEXT NOT NULL CHECK (state IN ('planned', 'held', 'releasing', 'accepted', 'sent',
                       'failed', 'partial', 'uncertain', 'cancelled', 'expired', 'missed')),
    -- The order in which jobs were taken: the earlier one owns a contested slot.
    taken          INTEGER NOT NULL UNIQUE,
    priority       INTEGER NOT NULL CHECK (priority BETWEEN -100 AND 100),
    -- What its author wrote; null is "as soon as allowed".
    written_at     INTEGER,
    -- The same, or when the file was first taken.
    planned_at     INTEGER NOT NULL,
    due_at         INTEGER NOT NULL,
    taken_at       INTEGER NOT NULL,
    zone           TEXT NOT NULL,
    grace_s        INTEGER NOT NULL CHECK (grace_s > 0),
    -- The platform remembers a clientmsgid for 24 h: nothing is asked for longer than 20 h.
    retry_for_s    INTEGER NOT NULL CHECK (retry_for_s > grace_s AND retry_for_s <= 72000),
    expires_at     INTEGER NOT NULL,
    on_quota       TEXT NOT NULL CHECK (on_quota IN ('defer', 'fail')),
    on_full        TEXT NOT NULL CHECK (on_full IN ('send', 'drop', 'defer')),
    digest         TEXT NOT NULL,
    file           TEXT NOT NULL,
    line           INTEGER NOT NULL,
    everyone       INTEGER NOT NULL CHECK (everyone IN (0, 1)),
    -- Mass-send calls; an action that is no broadcast makes none, and uses no quota of theirs.
    calls          INTEGER NOT NULL CHECK (calls >= 0),
    audience       TEXT NOT NULL,
    msgtype        TEXT NOT NULL,
    -- The first request since it became due (null again after a deferral).
    first_asked_at INTEGER,
    -- Whether a request of its own was ever made; then it can be neither edited nor moved forward.
    asked          INTEGER NOT NULL DEFAULT 0 CHECK (asked IN (0, 1)),
    -- It stands later than planned only because of another job's claim.
    yields         INTEGER NOT NULL DEFAULT 0 CHECK (yields IN (0, 1)),
    reason         TEXT,
    wake_at        INTEGER,
    ended_at       INTEGER,
    -- What an action that is no broadcast does, as JSON.
    parameters     TEXT,
    -- A job that waits is always looked at again: a send must not silently never happen.
    CHECK ((state IN ('planned', 'held', 'releasing')) = (wake_at IS NOT NULL)),
    CHECK ((state IN ('sent', 'failed', 'partial', 'cancelled', 'expired', 'missed')) = (ended_at IS NOT NULL)),
    CHECK (first_asked_at IS NULL OR asked = 1),
    CHECK ((action = 'broadcast') = (calls > 0)),
    CHECK ((action = 'broadcast') = (parameters IS NULL))
) STRICT;

INSERT INTO job (
    id, account, action, state, taken, priority, written_at, planned_at, due_at, taken_at,
    zone, grace_s, retry_for_s, expires_at, on_quota, on_full, digest, file, line,
    everyone, calls, audience, msgtype, first_asked_at, asked, yields, reason, wake_at,
    ended_at)
SELECT
    id, account, action, state, taken, priority, written_at, planned_at, due_at, taken_at,
    zone, grace_s, retry_for_s, expires_at, on_quota, on_full, digest, file, line,
    everyone, calls, audience, msgtype, first_asked_at, asked, yields, reason, wake_at,
    ended_at
FROM job_1;
DROP TABLE job_1;

-- Due work is read off this index, one account at a time.
CREATE INDEX job_wake ON job (account, wake_at, priority DESC, taken) WHERE wake_at IS NOT NULL;
CREATE INDEX job_file ON job (file) WHERE wake_at IS NOT NULL;
CREATE INDEX job_yields ON job (account, priority DESC, taken) WHERE yields = 1;
CREATE INDEX job_state ON job (state, due_at);
-- Jobs without a time of their own, for a clock that was ahead when they were taken.
CREATE INDEX job_anytime ON job (account, taken_at) WHERE written_at IS NULL AND wake_at IS NOT NULL;

-- Calls around the broadcasts: previews, deletes, the speed. Commands and jobs write them down, the
-- daemon makes them. All of them can be asked again without harm.
CREATE TABLE errand (
    id         INTEGER PRIMARY KEY,
    account    TEXT NOT NULL,
    kind       TEXT NOT NULL CHECK (kind IN ('preview', 'delete', 'speed_get', 'speed_set')),
    -- Who wants it: a person, a job before its broadcast, or a job that does nothing else.
    role       TEXT NOT NULL CHECK (role IN ('command', 'prelude', 'action')),
    -- The job in whose story it stands.
    job        TEXT REFERENCES job (id),
    -- The broadcast that is deleted.
    batch      INTEGER REFERENCES batch (id),
    parameters TEXT NOT NULL,
    who        TEXT,
    why        TEXT,
    made_at    INTEGER NOT NULL,
    state      TEXT NOT NULL CHECK (state IN ('planned', 'asking', 'in_doubt', 'done', 'failed')),
    -- When it may be asked (again).
    next_at    INTEGER,
    attempts   INTEGER NOT NULL DEFAULT 0,
    -- The platform may have deleted it: it is asked what became of the broadcast.
    verifies   INTEGER NOT NULL DEFAULT 0 CHECK (verifies IN (0, 1)),
    errcode    INTEGER,
    -- What was last said of it, for people.
    errmsg     TEXT,
    -- What the platform answered, as JSON.
    answer     TEXT,
    ended_at   INTEGER,
    -- The call in the sliding minute.
    call       INTEGER,
    -- What waits is always asked, and what has ended never again.
    CHECK ((state IN ('planned', 'in_doubt')) = (next_at IS NOT NULL)),
    CHECK ((state IN ('done', 'failed')) = (ended_at IS NOT NULL)),
    CHECK (kind <> 'delete' OR batch IS NOT NULL),
    CHECK (role = 'command' OR job IS NOT NULL)
) STRICT;

CREATE INDEX errand_next ON errand (account, next_at) WHERE next_at IS NOT NULL;
CREATE INDEX errand_job ON errand (job) WHERE job IS NOT NULL;

-- What a job wants done before its broadcast.
CREATE TABLE prelude (
    job         TEXT NOT NULL REFERENCES job (id),
    account     TEXT NOT NULL,
    kind        TEXT NOT NULL CHECK (kind IN ('preview', 'speed_set')),
    parameters  TEXT NOT NULL,
    -- How long before the job's time.
    ahead_s     INTEGER NOT NULL CHECK (ahead_s >= 0),
    -- The time that it was last done for: a job that moves is given its speed again.
    done_for_at INTEGER,
    -- Nothing of it is to be done any more.
    closed      INTEGER NOT NULL DEFAULT 0 CHECK (closed IN (0, 1)),
    PRIMARY KEY (job, kind, parameters)
) STRICT, WITHOUT ROWID;

CREATE INDEX prelude_open ON prelude (account) WHERE closed = 0;

ALTER TABLE charge ADD COLUMN errand INTEGER REFERENCES errand (id);

ALTER TABLE event ADD COLUMN proven INTEGER NOT NULL DEFAULT 0 CHECK (proven IN (0, 1));
ALTER TABLE event ADD COLUMN outcome TEXT CHECK (outcome IN ('sent', 'failed'));
ALTER TABLE event ADD COLUMN advice TEXT NOT NULL DEFAULT '';

-- What events told of each article; the numbers are the platform's own.
CREATE TABLE article_result (
    account            TEXT NOT NULL,
    msg_id             INTEGER NOT NULL,
    article_idx        INTEGER NOT NULL,
    url                TEXT,
    user_declare_state INTEGER,
    audit_state        INTEGER,
    original_url       TEXT,
    original_type      INTEGER,
    can_reprint        INTEGER,
    need_replace       INTEGER,
    need_show_source   INTEGER,
    -- A plain event never takes the place of an encrypted one.
    proven             INTEGER NOT NULL CHECK (proven IN (0, 1)),
    PRIMARY KEY (account, msg_id, article_idx)
) STRICT, WITHOUT ROWID;

-- Local files and articles are uploaded before a broadcast.
ALTER TABLE job ADD COLUMN material TEXT;
ALTER TABLE job ADD COLUMN prepare_s INTEGER;
ALTER TABLE job ADD COLUMN prepare_after_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE batch ADD COLUMN template TEXT;
ALTER TABLE batch ADD COLUMN prepared INTEGER NOT NULL DEFAULT 1 CHECK (prepared IN (0, 1));
ALTER TABLE batch ADD COLUMN ready_until_at INTEGER;

-- What the platform was given, so that nothing is given to it twice while it lives.
CREATE TABLE upload (
    account     TEXT NOT NULL,
    kind        TEXT NOT NULL CHECK (kind IN ('picture', 'cover', 'image', 'voice', 'video', 'mpvideo',
                    'draft', 'news')),
    -- The digest of the file, or of all that something was made of.
    sha256      TEXT NOT NULL,
    -- The platform's id or URL of it.
    value       TEXT NOT NULL,
    uploaded_at INTEGER NOT NULL,
    -- When the platform forgets it; null is never.
    expires_at  INTEGER,
    PRIMARY KEY (account, kind, sha256)
) STRICT, WITHOUT ROWID;

-- Requests that upload. One without an end may have arrived: it is made again, which does no harm.
CREATE TABLE upload_attempt (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    account   TEXT NOT NULL,
    job       TEXT NOT NULL REFERENCES job (id),
    kind      TEXT NOT NULL,
    sha256    TEXT NOT NULL,
    -- What it is, for people.
    name      TEXT NOT NULL,
    begun_at  INTEGER NOT NULL,
    ended_at  INTEGER,
    outcome   TEXT CHECK (outcome IN ('done', 'later', 'refused', 'token', 'lost')),
    errcode   INTEGER,
    errmsg    TEXT,
    CHECK ((ended_at IS NULL) = (outcome IS NULL))
) STRICT;

CREATE INDEX upload_attempt_job ON upload_attempt (job);
-- One upload is under way at a time within an account.
CREATE UNIQUE INDEX upload_attempt_open ON upload_attempt (account) WHERE ended_at IS NULL;
CREATE INDEX job_material ON job (account, due_at) WHERE material IS NOT NULL AND wake_at IS NOT NULL;
