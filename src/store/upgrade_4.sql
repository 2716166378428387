-- From version 3 to version 4. What is new stands here as in schema.sql.

ALTER TABLE daemon ADD COLUMN stopped_at INTEGER;
ALTER TABLE daemon ADD COLUMN copied_at INTEGER;
ALTER TABLE daemon ADD COLUMN gap_from_at INTEGER;
ALTER TABLE daemon ADD COLUMN gap_to_at INTEGER CHECK ((gap_from_at IS NULL) = (gap_to_at IS NULL));
-- Version 3 did not write down how it stopped; its rule was the long absence alone.
UPDATE daemon SET stopped_at = seen_at;

ALTER TABLE job ADD COLUMN recall_until_at INTEGER;
CREATE INDEX job_recall ON job (account, due_at) WHERE recall_until_at IS NOT NULL;

ALTER TABLE account ADD COLUMN appid TEXT;
ALTER TABLE account ADD COLUMN barred_since_at INTEGER;
ALTER TABLE account ADD COLUMN barred_why TEXT CHECK ((barred_why IS NULL) = (barred_since_at IS NULL));
ALTER TABLE account ADD COLUMN barred_do TEXT CHECK ((barred_do IS NULL) = (barred_since_at IS NULL));
CREATE UNIQUE INDEX account_appid ON account (appid) WHERE appid IS NOT NULL;
CREATE TABLE former_name (
    name  TEXT PRIMARY KEY,
    appid TEXT NOT NULL
) STRICT, WITHOUT ROWID;
ALTER TABLE job ADD COLUMN written_for TEXT;
ALTER TABLE series ADD COLUMN written_for TEXT;
