-- From version 4 to 5: tables and columns get the terms of the field, and reasons become values.

-- How many events were dropped while a batch was in flight or in doubt.
ALTER TABLE account ADD COLUMN events_dropped INTEGER NOT NULL DEFAULT 0 CHECK (events_dropped >= 0);

-- Renaming a table or a column also changes what refers to it, but not the names of indexes.
DROP INDEX job_yields;
DROP INDEX job_wake;
DROP INDEX claim_window;
ALTER TABLE job RENAME COLUMN taken TO seq;
ALTER TABLE job RENAME COLUMN yields TO can_advance;
ALTER TABLE job RENAME COLUMN asked TO attempted;
ALTER TABLE job RENAME COLUMN first_asked_at TO first_attempt_at;
ALTER TABLE claim RENAME COLUMN taken TO seq;
ALTER TABLE claim RENAME COLUMN behind TO neg_priority;
CREATE INDEX job_wake ON job (account, wake_at, priority DESC, seq) WHERE wake_at IS NOT NULL;
CREATE INDEX job_can_advance ON job (account, priority DESC, seq) WHERE can_advance = 1;
CREATE INDEX claim_window ON claim (account, rule, "window", neg_priority, seq);

DROP INDEX attention_one;
ALTER TABLE attention RENAME TO alert;
CREATE UNIQUE INDEX alert_one ON alert (ifnull(account, ''), ifnull(job, ''), kind);
CREATE INDEX alert_account ON alert (account, kind);
CREATE INDEX alert_job ON alert (job) WHERE job IS NOT NULL;

DROP INDEX reading_open;
DROP INDEX reading_complete;
DROP INDEX reading_over;
DROP INDEX reading_account;
DROP INDEX audience_reading;
ALTER TABLE reading RENAME TO follower_sync;
ALTER TABLE reading_set RENAME COLUMN reading TO follower_sync;
ALTER TABLE reading_set RENAME COLUMN told TO reported;
ALTER TABLE reading_set RENAME TO follower_sync_set;
ALTER TABLE reading_part RENAME COLUMN reading TO follower_sync;
ALTER TABLE reading_part RENAME TO staged_page;
ALTER TABLE member RENAME COLUMN reading TO follower_sync;
ALTER TABLE audience RENAME COLUMN reading TO follower_sync;
ALTER TABLE reading_wish RENAME TO sync_request;
CREATE UNIQUE INDEX follower_sync_open ON follower_sync (account) WHERE state IN ('asking', 'counting');
CREATE UNIQUE INDEX follower_sync_complete ON follower_sync (account) WHERE state = 'complete';
CREATE INDEX follower_sync_over ON follower_sync (account) WHERE state IN ('replaced', 'failed');
CREATE INDEX follower_sync_account ON follower_sync (account, begun_at);
CREATE INDEX audience_follower_sync ON audience (follower_sync) WHERE done = 0;

-- A CHECK of the calls changes, so their table is made anew. What refers to its rows waits until they
-- are back.
PRAGMA defer_foreign_keys = ON;
DROP INDEX charge_errand;
ALTER TABLE errand RENAME TO api_call;
ALTER TABLE charge RENAME COLUMN errand TO api_call;
CREATE TABLE api_call_4 AS SELECT * FROM api_call;
UPDATE api_call_4 SET role = 'pre_send' WHERE role = 'prelude';
DROP TABLE api_call;
CREATE TABLE api_call (
    id         INTEGER PRIMARY KEY,
    account    TEXT NOT NULL,
    kind       TEXT NOT NULL CHECK (kind IN ('preview', 'delete', 'speed_get', 'speed_set', 'menu',
                   'qrcode')),
    role       TEXT NOT NULL CHECK (role IN ('command', 'pre_send', 'action')),
    job        TEXT REFERENCES job (id),
    batch      INTEGER REFERENCES batch (id),
    parameters TEXT NOT NULL,
    who        TEXT,
    why        TEXT,
    made_at    INTEGER NOT NULL,
    state      TEXT NOT NULL CHECK (state IN ('planned', 'asking', 'in_doubt', 'done', 'failed')),
    next_at    INTEGER,
    attempts   INTEGER NOT NULL DEFAULT 0,
    verifies   INTEGER NOT NULL DEFAULT 0 CHECK (verifies IN (0, 1)),
    errcode    INTEGER,
    errmsg     TEXT,
    answer     TEXT,
    ended_at   INTEGER,
    call       INTEGER,
    CHECK ((state IN ('planned', 'in_doubt')) = (next_at IS NOT NULL)),
    CHECK ((state IN ('done', 'failed')) = (ended_at IS NOT NULL)),
    CHECK (kind <> 'delete' OR batch IS NOT NULL),
    CHECK (role = 'command' OR job IS NOT NULL)
) STRICT;
INSERT INTO api_call SELECT * FROM api_call_4;
DROP TABLE api_call_4;
CREATE INDEX api_call_next ON api_call (account, next_at) WHERE next_at IS NOT NULL;
CREATE INDEX api_call_job ON api_call (job) WHERE job IS NOT NULL;
CREATE INDEX api_call_qrcode ON api_call (account, parameters) WHERE kind = 'qrcode';
CREATE INDEX charge_api_call ON charge (api_call) WHERE api_call IS NOT NULL;

DROP INDEX prelude_open;
ALTER TABLE prelude RENAME TO pre_send;
CREATE INDEX pre_send_open ON pre_send (account) WHERE closed = 0;

-- Reasons are values (src/reason.rs): those that decide something get their code. Every other
-- sentence stays, and is read as one that was written.
UPDATE job SET reason = json_object('code', 'database_lost')
WHERE reason = 'the database that knew it is lost: it may have been sent';
UPDATE job SET reason = json_object('code', 'database_lost_before_due')
WHERE reason = 'the database that knew it is lost; its time has not come: it was not sent unless an edit that accepted/ lacks moved it forward';
UPDATE job SET reason = json_object('code', 'database_may_be_old')
WHERE reason = 'the database may be an older one: this may have been sent at its own time, which the platform would not know any more when it is due';
-- However it was said: a job that ended so is never mended by dropping it again.
UPDATE job SET reason = json_object('code', 'written_in_question', 'text', reason)
WHERE instr(reason, 'may have been sent') > 0 AND NOT json_valid(reason);
UPDATE job SET reason = json_object('code', 'waits_for_uploads')
WHERE reason = 'waits for its uploads';
UPDATE job SET reason = json_object('code', 'waits_for_uploads', 'cause',
    json_object('code', 'written', 'text', substr(reason, length('waits for its uploads: ') + 1)))
WHERE reason GLOB 'waits for its uploads: *';
UPDATE job SET reason = json_object('code', 'deferred', 'cause',
    json_object('code', 'written', 'text', substr(reason, length('deferred: ') + 1)))
WHERE reason GLOB 'deferred: *';
UPDATE history SET why = json_object('code', 'deferred', 'cause',
    json_object('code', 'written', 'text', substr(why, length('deferred: ') + 1)))
WHERE why GLOB 'deferred: *';
-- What stands after the last `, line ` is the line, and before it the file.
UPDATE history SET why = json_object('code', 'taken_from',
    'file', substr(rtrim(why, '0123456789'), 12, length(rtrim(why, '0123456789')) - 18),
    'line', CAST(substr(why, length(rtrim(why, '0123456789')) + 1) AS INTEGER))
WHERE why GLOB 'taken from *, line [0-9]*' AND rtrim(why, '0123456789') GLOB '*, line ';
UPDATE history SET why = json_object('code', 'changed_by',
    'file', substr(rtrim(why, '0123456789'), 12, length(rtrim(why, '0123456789')) - 18),
    'line', CAST(substr(why, length(rtrim(why, '0123456789')) + 1) AS INTEGER))
WHERE why GLOB 'changed by *, line [0-9]*' AND rtrim(why, '0123456789') GLOB '*, line ';
UPDATE daemon SET hold_why = json_object('code', 'written_in_question', 'text', hold_why)
WHERE instr(hold_why, 'these jobs may have been sent already') > 0;

-- Which accounts commands wrote about, for the daemon: the latest change of each has the highest id.
-- A change that is about every account has none. Triggers of the commands' connections write it.
CREATE TABLE account_change (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    account TEXT
) STRICT;

CREATE INDEX account_change_account ON account_change (account);
