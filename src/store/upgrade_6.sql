-- From version 5 to 6: what a waiting job owns follows from its due time and is not stored; a series
-- may have several times of a day, and operators may change its dates.

DROP TABLE claim;
DROP INDEX job_can_advance;
ALTER TABLE job ADD COLUMN not_before_at INTEGER;
-- A job that was deferred for another reason than the claims of others keeps its later time.
UPDATE job SET not_before_at = due_at
    WHERE wake_at IS NOT NULL AND can_advance = 0 AND due_at > planned_at;
ALTER TABLE job DROP COLUMN can_advance;
CREATE INDEX job_due ON job (account, due_at) WHERE wake_at IS NOT NULL;
CREATE INDEX job_code ON job (account, parameters) WHERE action = 'qrcode' AND wake_at IS NOT NULL;
CREATE INDEX job_deferred ON job (account) WHERE wake_at IS NOT NULL AND due_at > planned_at;

ALTER TABLE series ADD COLUMN count INTEGER CHECK (count > 0);
ALTER TABLE series ADD COLUMN except_dates TEXT;
ALTER TABLE series ADD COLUMN ends_on TEXT;
ALTER TABLE series ADD COLUMN ends_why TEXT CHECK ((ends_on IS NULL) = (ends_why IS NULL));

ALTER TABLE series ADD COLUMN approved_until TEXT;
ALTER TABLE series ADD COLUMN approved_why TEXT
    CHECK ((approved_until IS NULL) = (approved_why IS NULL));

-- A CHECK of the dates changes, so their table is made anew.
CREATE TABLE occurrence_5 AS SELECT * FROM occurrence;
DROP TABLE occurrence;
CREATE TABLE occurrence (
    series    TEXT NOT NULL REFERENCES series (id),
    date      TEXT NOT NULL CHECK (length(date) IN (10, 15)),
    job       TEXT NOT NULL UNIQUE REFERENCES job (id),
    withdrawn INTEGER NOT NULL DEFAULT 0 CHECK (withdrawn IN (0, 1)),
    PRIMARY KEY (series, date),
    CHECK (job = series || '@' || date)
) STRICT, WITHOUT ROWID;
INSERT INTO occurrence (series, date, job, withdrawn)
SELECT series, date, job, withdrawn FROM occurrence_5;
DROP TABLE occurrence_5;

CREATE TABLE date_change (
    series   TEXT NOT NULL REFERENCES series (id),
    date     TEXT NOT NULL CHECK (length(date) IN (10, 15)),
    moved_at INTEGER,
    said_at  INTEGER NOT NULL,
    why      TEXT NOT NULL,
    PRIMARY KEY (series, date)
) STRICT, WITHOUT ROWID;
