-- From version 3 to version 4. What is new stands here as in schema.sql.

ALTER TABLE daemon ADD COLUMN stopped_at INTEGER;
ALTER TABLE daemon ADD COLUMN copied_at INTEGER;
ALTER TABLE daemon ADD COLUMN gap_from_at INTEGER;
ALTER TABLE daemon ADD COLUMN gap_to_at INTEGER CHECK ((gap_from_at IS NULL) = (gap_to_at IS NULL));
-- Version 3 did not write down how it stopped; its rule was the long absence alone.
UPDATE daemon SET stopped_at = seen_at;

ALTER TABLE job ADD COLUMN recall_until_at INTEGER;
CREATE INDEX job_recall ON job (account, due_at) WHERE recall_until_at IS NOT NULL;
