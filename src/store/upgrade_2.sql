-- From version 1 to 2: local files and articles are uploaded before a broadcast.

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
